"""Who may do what: the table of operations by role, as data.

Plain Python. `YES` is for the whole agency, `OWN` only for the member's own unit and the calls it is on,
`NO` is refused with 403 `forbidden`. Objects of another agency never get this far: they are not found.
"""

from enum import StrEnum


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Grant(StrEnum):
    NO = "no"
    OWN = "own"
    YES = "yes"


class Operation(StrEnum):
    TAKE_CALL = "take_call"
    AMEND_CALL = "amend_call"
    TRIAGE = "triage"
    OVERRIDE = "override"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    JOIN = "join"
    TRANSFER = "transfer"
    ACKNOWLEDGE_TRANSFER = "acknowledge_transfer"
    HAND_BACK = "hand_back"
    CANCEL = "cancel"
    REOPEN = "reopen"
    SELF_INITIATE = "self_initiate"
    ASSIGN = "assign"
    RADIO_CHECK = "radio_check"
    UNIT_STATUS = "unit_status"
    ANSWER_WELFARE = "answer_welfare"
    CLOSE = "close"
    NOTE = "note"
    STRIKE_NOTE = "strike_note"
    MAYDAY = "mayday"
    TAKE_ALARM = "take_alarm"
    READ_BOARD = "read_board"
    READ_RESIDENTS = "read_residents"
    READ_SHIFTS = "read_shifts"
    PLAN_SHIFT = "plan_shift"
    READ_ROLLUP = "read_rollup"
    SIGN_OFF = "sign_off"
    REVIEW = "review"
    READ_RULE_SETS = "read_rule_sets"
    EDIT_RULE_SETS = "edit_rule_sets"
    PROVE_RULE_SETS = "prove_rule_sets"
    PUBLISH_RULE_SETS = "publish_rule_sets"
    CHANGE_FLOOR = "change_floor"
    APPROVE_FLOOR = "approve_floor"
    MANAGE_MEMBERS = "manage_members"


_NO, _OWN, _YES = Grant.NO, Grant.OWN, Grant.YES

# Columns: dispatcher, officer, supervisor, administrator.
_TABLE: dict[Operation, tuple[Grant, Grant, Grant, Grant]] = {
    Operation.TAKE_CALL: (_YES, _NO, _YES, _NO),
    Operation.AMEND_CALL: (_YES, _NO, _YES, _NO),
    Operation.TRIAGE: (_YES, _NO, _YES, _NO),
    Operation.OVERRIDE: (_YES, _NO, _YES, _NO),
    Operation.APPROVE: (_NO, _NO, _YES, _NO),
    Operation.SCHEDULE: (_YES, _NO, _YES, _NO),
    Operation.JOIN: (_YES, _NO, _YES, _NO),
    Operation.TRANSFER: (_YES, _OWN, _YES, _NO),
    Operation.ACKNOWLEDGE_TRANSFER: (_YES, _NO, _YES, _NO),
    Operation.HAND_BACK: (_YES, _NO, _YES, _NO),
    Operation.CANCEL: (_YES, _NO, _YES, _NO),
    Operation.REOPEN: (_YES, _NO, _YES, _NO),
    Operation.SELF_INITIATE: (_YES, _OWN, _YES, _NO),
    Operation.ASSIGN: (_YES, _OWN, _YES, _NO),
    Operation.RADIO_CHECK: (_YES, _OWN, _YES, _NO),
    Operation.UNIT_STATUS: (_YES, _OWN, _YES, _NO),
    Operation.ANSWER_WELFARE: (_YES, _OWN, _YES, _NO),
    Operation.CLOSE: (_YES, _OWN, _YES, _NO),
    Operation.NOTE: (_YES, _OWN, _YES, _NO),
    Operation.STRIKE_NOTE: (_YES, _OWN, _YES, _NO),
    Operation.MAYDAY: (_YES, _OWN, _YES, _NO),
    Operation.TAKE_ALARM: (_YES, _NO, _YES, _NO),
    Operation.READ_BOARD: (_YES, _YES, _YES, _YES),
    Operation.READ_RESIDENTS: (_YES, _OWN, _YES, _NO),
    Operation.READ_SHIFTS: (_YES, _OWN, _YES, _NO),
    Operation.PLAN_SHIFT: (_NO, _NO, _YES, _NO),
    Operation.READ_ROLLUP: (_YES, _OWN, _YES, _NO),
    Operation.SIGN_OFF: (_NO, _NO, _YES, _NO),
    Operation.REVIEW: (_NO, _NO, _YES, _NO),
    Operation.READ_RULE_SETS: (_YES, _YES, _YES, _YES),
    Operation.EDIT_RULE_SETS: (_NO, _NO, _NO, _YES),
    Operation.PROVE_RULE_SETS: (_NO, _NO, _YES, _YES),
    Operation.PUBLISH_RULE_SETS: (_NO, _NO, _NO, _YES),
    Operation.CHANGE_FLOOR: (_NO, _NO, _NO, _YES),
    Operation.APPROVE_FLOOR: (_NO, _NO, _YES, _YES),
    Operation.MANAGE_MEMBERS: (_NO, _NO, _NO, _YES),
}

MAY: dict[Operation, dict[Role, Grant]] = {
    operation: dict(zip(Role, grants, strict=True)) for operation, grants in _TABLE.items()
}


def grant(role: Role, operation: Operation) -> Grant:
    """How far `role` may go with `operation`."""
    return MAY[operation][role]
