"""A decision as it is given out, whether it is stored with a call or only asked for."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from api.fields import Moment
from api.v1.choices import DECIDERS, ROUTES
from calls.models import Decision
from calls.triage import decide as triage


class DecidedByShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DECIDERS)
    id = serializers.CharField()


class AlternativeShape(serializers.Serializer[Any]):
    route = serializers.CharField()
    id = serializers.CharField()
    because = serializers.CharField()


class AskedShape(serializers.Serializer[Any]):
    """A spoken question that answered several codes at once."""

    question = serializers.CharField()
    codes = serializers.ListField(child=serializers.CharField())


class DecisionShape(serializers.Serializer[Any]):
    """Who should have the call, and why. `route`, `priority` and `decided_by` are null while it is undecided."""

    route = serializers.ChoiceField(choices=ROUTES, allow_null=True)
    priority = serializers.IntegerField(allow_null=True)
    decided_by = DecidedByShape(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    open_questions = serializers.ListField(child=serializers.CharField())
    alternatives = AlternativeShape(many=True)
    rule_set = serializers.IntegerField(help_text="The version that decided.")
    at = Moment()
    asked = AskedShape(many=True)
    qualification = serializers.CharField(allow_null=True)
    mode = serializers.CharField(allow_null=True, help_text="in_person, phone or appointment.")
    approval = serializers.BooleanField(help_text="A supervisor must approve.")
    off_hours = serializers.CharField(allow_null=True, help_text="hold, phone or sworn, where no CSO is on duty.")
    override = serializers.CharField(allow_null=True, help_text="The code of the reason why a person chose otherwise.")


def stored(decision: Decision) -> dict[str, Any]:
    """A call's decision, ready for `DecisionShape`."""
    by = {"kind": decision.decided_kind, "id": decision.decided_id} if decision.decided_kind else None
    names = ("route", "priority", "reasons", "open_questions", "alternatives", "approval", "at")
    return {
        **{name: getattr(decision, name) for name in names},
        "decided_by": by,
        "rule_set": decision.rule_set.version,
        "asked": decision.asked_together,
        "qualification": decision.qualification or None,
        "mode": decision.mode or None,
        "off_hours": decision.off_hours or None,
        "override": decision.override_code or None,
    }


def asked_for(decision: triage.Decision, *, rule_set: int, at: datetime) -> dict[str, Any]:
    """A decision that is not stored, ready for `DecisionShape`."""
    return decision.as_dict() | {"rule_set": rule_set, "at": at, "override": None}
