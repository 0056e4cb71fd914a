"""The verbs of dispatch, one transaction each. Every door (pages, API, tablet, clock) calls these and nothing else."""

from dispatch.actions.alerting import AlreadyTaken, take_alarm
from dispatch.actions.assigning import (
    ApprovalNeeded,
    AssignOrder,
    StatusOrder,
    UnitBusy,
    UnitUnqualified,
    assign_unit,
    move_assignment,
)
from dispatch.actions.ending import CloseOrder, cancel_call, close_call, join_call, reopen_call, schedule_call
from dispatch.actions.field import (
    UnitStatusOrder,
    add_note,
    answer_welfare,
    check_by_radio,
    open_self_initiated,
    report_position,
    send_mayday,
    set_unit_status,
    strike_note,
)
from dispatch.actions.handing_over import (
    Acceptance,
    TransferOrder,
    acknowledge_transfer,
    hand_back,
    transfer_call,
)
from dispatch.actions.shifts import RosterLine, ShiftOrder, plan_shift, sign_off

__all__ = [
    "Acceptance", "AlreadyTaken", "ApprovalNeeded", "AssignOrder", "CloseOrder", "RosterLine", "ShiftOrder",
    "StatusOrder", "TransferOrder", "UnitBusy", "UnitStatusOrder", "UnitUnqualified", "acknowledge_transfer",
    "add_note", "answer_welfare", "assign_unit", "cancel_call", "check_by_radio", "close_call", "hand_back",
    "join_call", "move_assignment", "open_self_initiated", "plan_shift", "reopen_call", "report_position",
    "schedule_call", "send_mayday", "set_unit_status", "sign_off", "strike_note", "take_alarm", "transfer_call",
]  # fmt: skip
