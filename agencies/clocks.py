"""The lengths of the clocks: shipped defaults, overridden by the agency's settings (`Agency.clocks`, in seconds)."""

from datetime import timedelta

from agencies.models import Agency

DEFAULTS: dict[str, timedelta] = {
    "undecided": timedelta(seconds=60),
    "undecided_sworn": timedelta(seconds=120),
    "unassigned_1": timedelta(seconds=60),
    "unassigned_2": timedelta(minutes=15),
    "unassigned_3": timedelta(minutes=60),
    "unassigned_4": timedelta(hours=4),
    "acknowledge": timedelta(minutes=2),
    "en_route": timedelta(minutes=5),
    "welfare": timedelta(minutes=20),
    "welfare_marked": timedelta(minutes=10),
    "welfare_alarm": timedelta(seconds=60),
    "welfare_mayday": timedelta(seconds=120),
    "approval": timedelta(minutes=5),
    "approval_sworn": timedelta(minutes=10),
    "transfer": timedelta(minutes=5),
    "transfer_danger": timedelta(seconds=60),
    "delayed_caller": timedelta(minutes=60),
    "alarm_supervisor": timedelta(minutes=2),
    "duplicate_window": timedelta(hours=3),
    "earlier_calls": timedelta(days=30),
}


def allowed(agency: Agency, clock: str) -> timedelta:
    """How long `clock` (a key of `DEFAULTS`) may run in this agency."""
    seconds = agency.clocks.get(clock)
    return DEFAULTS[clock] if seconds is None else timedelta(seconds=float(seconds))
