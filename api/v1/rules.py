"""Rule sets and the safety floor, to read."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.errors import Forbidden, NotFound
from agencies.roles import Operation, Role
from api import pages
from api.auth import allow
from api.fields import Moment
from api.resource import Resource
from api.schema import CURSOR, describes, page_of
from api.shapes import given_out, rendered
from api.v1.choices import RULE_SET_STATUSES
from calls import queries
from calls.models import RuleSet
from calls.triage.floor import floor_to_dict


class RuleSetShape(serializers.Serializer[RuleSet]):
    """A numbered version of the agency's triage rules. Once published, its document never changes."""

    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=RULE_SET_STATUSES)
    document = serializers.DictField(child=serializers.JSONField())
    drafted_by = serializers.CharField(source="drafted_by.email", allow_null=True)
    drafted_at = Moment()
    published_by = serializers.CharField(source="published_by.email", allow_null=True)
    published_at = Moment(allow_null=True)


class RuleSets(Resource):
    @describes("rule_sets_list", tag="rules", answers={200: page_of(RuleSetShape)}, problems=(400,), parameters=CURSOR)
    def get(self, request: Request) -> Response:
        """Rule sets, the latest version first; officers get the published one."""
        allow(self.member, Operation.READ_RULE_SETS)
        rows = RuleSet.objects.select_related("drafted_by", "published_by")
        if self.member.role is Role.OFFICER:
            rows = rows.filter(status=RuleSet.Status.PUBLISHED)
        found, links = pages.page(rows, request, order=pages.Order({"version": pages.number}, rows=20))
        return Response(links | {"results": rendered(RuleSetShape, found)})


class OneRuleSet(Resource):
    @describes("rule_sets_read", tag="rules", answers={200: RuleSetShape})
    def get(self, request: Request, version: int) -> Response:
        """One version of the rules."""
        found = RuleSet.objects.select_related("drafted_by", "published_by").filter(version=version).first()
        if found is None:
            raise NotFound(f"There is no rule set {version}.")
        allow(self.member, Operation.READ_RULE_SETS)
        if self.member.role is Role.OFFICER and found.status != RuleSet.Status.PUBLISHED:
            raise Forbidden("Officers read the published rules.")
        return Response(given_out(RuleSetShape, found))


class NotApplicableShape(serializers.Serializer[Any]):
    """A disqualifier that two people declared not to apply to a type."""

    type = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.DictField(child=serializers.CharField())
    by = serializers.ListField(child=serializers.CharField())


class SafetyFloorShape(serializers.Serializer[Any]):
    """What every rule set is held against."""

    version = serializers.IntegerField()
    invariants = serializers.ListField(child=serializers.DictField(child=serializers.JSONField()))
    never_cso = serializers.ListField(child=serializers.CharField())
    not_applicable = NotApplicableShape(many=True)


class OneSafetyFloor(Resource):
    @describes("safety_floor_read", tag="rules", answers={200: SafetyFloorShape})
    def get(self, request: Request) -> Response:
        """The safety floor in force."""
        allow(self.member, Operation.READ_RULE_SETS)
        rules = queries.rules_in_force()
        return Response(given_out(SafetyFloorShape, floor_to_dict(rules.floor) | {"version": rules.floor_row.version}))
