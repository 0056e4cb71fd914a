"""Which role may see which kinds of event. What a role may not see reaches it as its number alone.

Officers and administrators see what the board shows: which calls there are, where units stand, who calls for help.
Why a call was routed so, who overrode it, what was amended or noted is for those who may read every call. A kind that
nobody listed here is for dispatchers and supervisors only.
"""

from agencies.roles import Role

ON_THE_BOARD = frozenset(
    {
        "call.taken",
        "call.moved",
        "call.joined",
        "call.joined_by",
        "transfer.requested",
        "transfer.acknowledged",
        "transfer.hurried",
        "assignment.made",
        "assignment.moved",
        "assignment.primary",
        "assignment.carried",
        "unit.status",
        "unit.radio_check",
        "welfare.asked",
        "welfare.answered",
        "alarm.raised",
        "alarm.lifted",
        "alarm.settled",
        "alarm.taken",
        "shift.planned",
    }
)
ABOUT_RULES = frozenset(
    {
        "rules.drafted",
        "rules.edited",
        "rules.proved",
        "rules.published",
        "rules.retired",
        "floor.proposed",
        "floor.approved",
        "floor.withdrawn",
    }
)
"""What administrators see besides: it is their work."""
_ALL = frozenset({Role.DISPATCHER, Role.SUPERVISOR})


def may_see(role: Role, kind: str) -> bool:
    """Whether `role` may see events of `kind`, everywhere in its agency."""
    if role is Role.ADMINISTRATOR and kind in ABOUT_RULES:
        return True
    return role in _ALL or kind in ON_THE_BOARD
