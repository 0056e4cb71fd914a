"""Makes a tenant from a programme template: types, dispositions, rules, floor, units."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from agencies.actions import AgencyOrder, create_agency
from agencies.scope import agency_scope
from calls.areas import cells_around
from calls.models import CallType, Disposition, RuleSet, SafetyFloor
from calls.triage.fitting import origin
from cso import programmes
from cso.programmes import Programme
from dispatch.models import Unit


def create_from_template(
    programme: Programme,
    *,
    now: datetime,
    slug: str | None = None,
    name: str | None = None,
    time_zone: str | None = None,
    round_the_clock_number: str | None = None,
    demonstration: bool = False,
) -> int:
    """A new agency with everything the template says, its rules published. Answers its id."""
    order = AgencyOrder(
        slug=slug or programme.slug,
        name=name or programme.name,
        time_zone=time_zone or programme.time_zone,
        languages=list(programme.languages),
        round_the_clock_number=programme.phone_24h if round_the_clock_number is None else round_the_clock_number,
        demonstration=demonstration,
        hours=_hours(programme),
        authority=dict(programme.authority),
        clocks=dict(programme.clocks),
        settings=_settings(programme),
    )
    agency_id = create_agency(order)
    with agency_scope(agency_id), transaction.atomic(durable=True):
        _fill(agency_id, programme, now)
    return agency_id


def _fill(agency_id: int, programme: Programme, now: datetime) -> None:
    CallType.objects.bulk_create(_call_type(agency_id, t, programme) for t in programme.types)
    Disposition.objects.bulk_create(_disposition(agency_id, d, programme) for d in programme.dispositions)
    RuleSet.objects.create(
        version=1,
        status=RuleSet.Status.PUBLISHED,
        document=dict(programme.rule_set),
        origin=origin(programmes.template_of(programme), programme.rule_set),
        drafted_at=now,
        published_at=now,
    )
    SafetyFloor.objects.create(version=1, document=dict(programme.floor), at=now)
    Unit.objects.bulk_create(
        Unit(agency_id=agency_id, callsign=u.callsign, kind=u.kind, area=u.area or "", since=now)
        for u in programme.units
    )


def _call_type(agency_id: int, given: programmes.CallType, programme: Programme) -> CallType:
    return CallType(
        agency_id=agency_id,
        code=given.code,
        apco_code=given.apco,
        name=dict(given.names),
        category=given.category,
        family=given.family,
        juvenile=given.juvenile,
        synonyms={language: list(words) for language, words in given.synonyms.items()},
        codes=list(given.codes),
        priority=given.priority,
        qualification=given.qualification or "",
        mode=given.mode,
        never_cso=given.never_cso,
        welfare_marked=given.welfare_min * 60 < programme.clocks["welfare"],
    )


_CANCELS = ("10", "21", "32")


def _disposition(agency_id: int, given: programmes.Disposition, programme: Programme) -> Disposition:
    allowed = given.authority is None or programme.authority.get(given.authority) is True
    return Disposition(
        agency_id=agency_id,
        code=given.code,
        apco_code=given.code,
        name=dict(given.names),
        ends_by="cancel" if given.code in _CANCELS else "close",
        offered=given.offered and allowed,
    )


def _hours(programme: Programme) -> dict[str, Any]:
    hours: dict[str, list[list[str]]] = {}
    for window in programme.hours:
        for weekday in window.weekdays:
            hours.setdefault(str(weekday), []).append([window.opens, window.closes])
    return hours


def _settings(programme: Programme) -> dict[str, Any]:
    named = ("equipment", "qualifications", "override_reasons", "statuses")
    lists = {name: [asdict(entry) for entry in getattr(programme, name)] for name in named}
    return lists | {
        "priorities": dict(programme.priorities),
        "areas": list(programme.areas),
        "area_cells": cells_around({place.area: (place.lat, place.lon) for place in programme.places}),
        "positions_budgeted": programme.positions_budgeted,
        "sources": {key: asdict(source) for key, source in programme.sources.items()},
    }
