"""An assignment as it is given out."""

from rest_framework import serializers

from api.fields import Moment
from api.v1.choices import ASSIGNMENT_STATUSES
from dispatch.models import Assignment


class AssignmentShape(serializers.Serializer[Assignment]):
    """A unit on a call."""

    id = serializers.IntegerField()
    call = serializers.CharField(source="call.number")
    unit = serializers.CharField(source="unit.callsign")
    status = serializers.ChoiceField(choices=ASSIGNMENT_STATUSES)
    primary = serializers.BooleanField(help_text="The call's status follows this one.")
    stack_order = serializers.IntegerField(help_text="Its place among the unit's stacked calls; 0 where not stacked.")
    since = Moment()
    assigned_at = Moment(allow_null=True)
    acknowledged_at = Moment(allow_null=True)
    en_route_at = Moment(allow_null=True)
    on_scene_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    welfare_answered_at = Moment(allow_null=True)
    disposition = serializers.CharField(source="disposition.code", allow_null=True)
    reason = serializers.CharField(source="end_reason", help_text="Why it was declined, cancelled or diverted.")
    override_reason = serializers.CharField(help_text="Why an unqualified unit was sent.")
