"""Rule sets: read, draft, prove, publish, bring back, retire, and what differs between two of them."""

import re
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.errors import Forbidden, StaleEdit
from agencies.roles import Operation, Role
from api import pages
from api.auth import allow
from api.fields import Body, Moment, Text, Whole, parse, parse_query
from api.idempotency import once
from api.resource import Resource
from api.schema import CURSOR, IF_MATCH, describes, page_of
from api.shapes import given_out, rendered
from api.v1.choices import FITTED_AS, FITTED_KINDS, ROUTES, RULE_SET_STATUSES
from calls import rulesets
from calls.models import RuleSet
from calls.rulesets import (
    begin_from_template,
    differences,
    moved_calls,
    publish,
    retire,
    roll_back,
    rule_set,
    save_draft,
)
from calls.triage.proofs import Proof
from calls.triage.rules import arranged
from calls.words import active


class MissingShape(serializers.Serializer[Any]):
    """A code that a template named and the agency does not have, in the part `part`."""

    kind = serializers.ChoiceField(choices=FITTED_KINDS)
    code = serializers.CharField()
    part = serializers.CharField(help_text="The id of a question, disqualifier, rule or invariant.")
    became = serializers.ChoiceField(
        choices=FITTED_AS,
        help_text="`narrowed`: not named any more. `left_out`: the part was about nothing else. `asks`: a supervisor "
        "is asked first, since nobody here is trained for it.",
    )


class OriginShape(serializers.Serializer[Any]):
    """The programme's template that a version was begun from, and what of it did not fit."""

    template = serializers.CharField()
    name = serializers.CharField()
    missing = MissingShape(many=True)


class RuleSetShape(serializers.Serializer[RuleSet]):
    """A numbered version of the agency's triage rules. Once published, its document never changes."""

    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=RULE_SET_STATUSES, source="shown_status")
    document = serializers.SerializerMethodField()
    revision = serializers.IntegerField(help_text="Counts up with every change of a draft; the ETag.")
    based_on = serializers.IntegerField(allow_null=True, help_text="The version in force when it was begun.")
    restored_from = serializers.IntegerField(allow_null=True)
    begun_from = OriginShape(allow_null=True, help_text="Null where it was not begun from a template.")
    drafted_by = serializers.CharField(source="drafted_by.email", allow_null=True)
    drafted_at = Moment()
    edited_by = serializers.CharField(source="edited_by.email", allow_null=True)
    edited_at = Moment(allow_null=True)
    published_by = serializers.CharField(source="published_by.email", allow_null=True)
    published_at = Moment(allow_null=True)
    effective_from = Moment(source="since", allow_null=True, help_text="From when it decides calls.")
    retired_at = Moment(allow_null=True, help_text="May lie ahead: then the next version takes over.")

    def get_document(self, row: RuleSet) -> dict[str, Any]:
        return dict(arranged(row.document))


class ExampleShape(serializers.Serializer[Any]):
    """A call. `facts` are those in which it differs from an ordinary one (by phone, place not flagged, a CSO on duty,
    the type's priority); null is that nobody knows."""

    type = serializers.CharField(allow_null=True)
    answers = serializers.DictField(child=serializers.CharField())
    facts = serializers.DictField(child=serializers.JSONField(allow_null=True))


class FailureShape(serializers.Serializer[Any]):
    """A property that does not hold, of the rule, invariant, type or question `id`."""

    property = serializers.CharField()
    id = serializers.CharField()
    counter_example = ExampleShape(allow_null=True)
    because = serializers.CharField()


class ProofShape(serializers.Serializer[Any]):
    proved = serializers.BooleanField()
    failures = FailureShape(many=True)


class DraftBody(Body):
    document = serializers.DictField(
        child=serializers.JSONField(), help_text="Questions, disqualifiers, rules, default, invariants."
    )


class NewDraftBody(Body):
    """One of the two."""

    document = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="Questions, disqualifiers, rules, default, invariants.",
    )
    template = Text(required=False, max_length=40, help_text="A programme's template, by its slug.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError({"document": _("Give a document, or the slug of a template.")})
        if len(attrs) > 1:
            raise serializers.ValidationError({"template": _("Give a document or a template, not both.")})
        return attrs


class TemplateShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class TemplatesShape(serializers.Serializer[Any]):
    templates = TemplateShape(many=True)


class PublishBody(Body):
    effective_from = Moment(required=False, allow_null=True, help_text="Within a year; at once when it is left out.")
    replaces = Whole(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="The latest published version that the publisher has seen; default: what the draft was begun from.",
    )


class RuleSets(Resource):
    @describes("rule_sets_list", tag="rules", answers={200: page_of(RuleSetShape)}, problems=(400,), parameters=CURSOR)
    def get(self, request: Request) -> Response:
        """Rule sets, the latest version first; officers get the published ones."""
        allow(self.member, Operation.READ_RULE_SETS)
        rows = RuleSet.objects.select_related("drafted_by", "edited_by", "published_by")
        if self.member.role is Role.OFFICER:
            rows = rows.filter(Q(retired_at=None) | Q(retired_at__gt=self.now), status=RuleSet.Status.PUBLISHED)
        found, links = pages.page(rows, request, order=pages.Order({"version": pages.number}, rows=20))
        return Response(links | {"results": rendered(RuleSetShape, [_at(row, self) for row in found])})

    @describes("rule_sets_draft", tag="rules", answers={201: RuleSetShape}, body=NewDraftBody, writes=True)
    def post(self, request: Request) -> Response:
        """Begins a draft under the next version, from a document or from another programme's template.

        A fault of the document is 400 with its path in `errors`. A type that was retired is a fault. What a template
        names and the agency does not have is left out, and told in `begun_from`.
        """
        allow(self.member, Operation.EDIT_RULE_SETS)
        given = parse(NewDraftBody, request)
        if "template" in given:
            return _made(self, request, lambda: begin_from_template(given["template"], by=self.member, now=self.now))
        return _made(self, request, lambda: save_draft(given["document"], by=self.member, now=self.now))


class RuleSetTemplates(Resource):
    @describes("rule_sets_templates", tag="rules", answers={200: TemplatesShape})
    def get(self, request: Request) -> Response:
        """The programmes whose rules a draft can be begun from."""
        allow(self.member, Operation.EDIT_RULE_SETS)
        return Response(given_out(TemplatesShape, {"templates": rulesets.templates()}))


class OneRuleSet(Resource):
    @describes("rule_sets_read", tag="rules", answers={200: RuleSetShape})
    def get(self, request: Request, version: int) -> Response:
        """One version of the rules."""
        found = rule_set(version)
        allow(self.member, Operation.READ_RULE_SETS)
        if self.member.role is Role.OFFICER and found.status_at(self.now) != RuleSet.Status.PUBLISHED:
            raise Forbidden(_("Officers read the published rules."))
        return _tagged(Response(_shown(version, self)))

    @describes(
        "rule_sets_edit",
        tag="rules",
        answers={200: RuleSetShape},
        body=DraftBody,
        problems=(412,),
        parameters=[IF_MATCH],
    )
    def patch(self, request: Request, version: int) -> Response:
        """Gives a draft another document.

        What was published never changes: 409 `illegal_move`. With `If-Match`, a draft that was changed since is 412.
        """
        found = rule_set(version)
        allow(self.member, Operation.EDIT_RULE_SETS)
        document = parse(DraftBody, request)["document"]
        revision = _revision_wanted(request, found)
        save_draft(document, by=self.member, now=self.now, version=version, if_revision=revision)
        return _tagged(Response(_shown(version, self)))


class PublishRuleSet(Resource):
    @describes("rule_sets_publish", tag="rules", answers={200: RuleSetShape}, body=PublishBody, writes=True)
    def post(self, request: Request, version: int) -> Response:
        """Proves a draft and publishes it.

        Not by whoever wrote on it: 409 `own_work`. A property that fails is 409 `unsafe_rule_set` with a
        `counter_example`, null for a dead rule. Where another version was published since the draft was begun it is
        409 `superseded` with who did it and what `differs`; `replaces` says that the publisher has seen it.
        """
        rule_set(version)
        allow(self.member, Operation.PUBLISH_RULE_SETS)
        given = parse(PublishBody, request)
        return once(
            request,
            act=lambda: publish(version, by=self.member, now=self.now, **given),
            show=lambda _: _shown(version, self),
        )


class ProveRuleSet(Resource):
    @describes("rule_sets_prove", tag="rules", answers={200: ProofShape}, body=Body, writes=True)
    def post(self, request: Request, version: int) -> Response:
        """Proves a version against the safety floor in force, or shows a call for each property that fails."""
        rule_set(version)
        allow(self.member, Operation.PROVE_RULE_SETS)
        parse(Body, request)
        proofs: list[Proof] = []

        def show(_: int | None) -> dict[str, Any]:
            proof = proofs[0] if proofs else rulesets.proof_of_version(version, by=self.member, language=active())
            return given_out(ProofShape, proof.as_dict())

        return once(
            request,
            act=lambda: proofs.append(rulesets.prove(version, by=self.member, now=self.now, language=active())),
            show=show,
        )


class RetireRuleSet(Resource):
    @describes("rule_sets_retire", tag="rules", answers={200: RuleSetShape}, body=Body, writes=True)
    def post(self, request: Request, version: int) -> Response:
        """Discards a draft, or takes back a version that has not begun to decide."""
        rule_set(version)
        allow(self.member, Operation.EDIT_RULE_SETS)
        parse(Body, request)
        return once(
            request,
            act=lambda: retire(version, by=self.member, now=self.now),
            show=lambda _: _shown(version, self),
        )


class RollBackRuleSet(Resource):
    @describes("rule_sets_roll_back", tag="rules", answers={201: RuleSetShape}, body=Body, writes=True)
    def post(self, request: Request, version: int) -> Response:
        """Brings an earlier version back as a new draft, which another administrator publishes."""
        rule_set(version)
        allow(self.member, Operation.EDIT_RULE_SETS)
        parse(Body, request)
        return _made(self, request, lambda: roll_back(version, by=self.member, now=self.now))


class AgainstQuery(Body):
    against = serializers.IntegerField(min_value=1, max_value=1_000_000_000, help_text="The other version.")


class MoveShape(serializers.Serializer[Any]):
    """Calls of these types that move from one route to another, with one of them as an example."""

    types = serializers.ListField(child=serializers.CharField())
    assist = serializers.BooleanField(help_text="Secured assists, which triage reads in their own way.")
    old = serializers.ChoiceField(choices=ROUTES)
    new = serializers.ChoiceField(choices=ROUTES)
    because = serializers.CharField(help_text="Which calls, in words.")
    example = ExampleShape()


class DifferencesShape(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    against = serializers.IntegerField()
    differences = serializers.ListField(child=serializers.CharField(), help_text="What was changed, in words.")
    moves = MoveShape(many=True, help_text="Every call that changes route.")


class RuleSetDifferences(Resource):
    @describes(
        "rule_sets_differences",
        tag="rules",
        answers={200: DifferencesShape},
        problems=(400, 409),
        parameters=[
            OpenApiParameter("against", int, required=True, description="The other version."),
        ],
    )
    def get(self, request: Request, version: int) -> Response:
        """What a version changes against another one, in words, and exactly which calls change route by it."""
        rule_set(version)
        allow(self.member, Operation.PROVE_RULE_SETS)
        against = parse_query(AgainstQuery, request)["against"]
        found = differences(version, against, by=self.member, language=active())
        moves = [move.as_dict() for move in moved_calls(version, against, by=self.member)]
        body = {"version": version, "against": against, "differences": list(found), "moves": moves}
        return Response(given_out(DifferencesShape, body))


def _made(resource: Resource, request: Request, make: Callable[[], RuleSet]) -> Response:
    answer = once(
        request,
        act=lambda: make().version,
        show=lambda made: _shown(made or 0, resource),
        status=201,
        makes="rules.drafted",
    )
    answer.headers["Location"] = f"/api/v1/rule-sets/{answer.data['version']}"
    return _tagged(answer)


def _at(row: RuleSet, resource: Resource) -> RuleSet:
    row.shown_status = row.status_at(resource.now)  # type: ignore[attr-defined]
    row.begun_from = row.origin if row.origin and "template" in row.origin else None  # type: ignore[attr-defined]
    return row


def _shown(version: int, resource: Resource) -> dict[str, Any]:
    return given_out(RuleSetShape, _at(rule_set(version), resource))


def _tagged(answer: Response) -> Response:
    answer.headers["ETag"] = f'"{answer.data["revision"]}"'
    return answer


def _revision_wanted(request: Request, row: RuleSet) -> int | None:
    """The revision that `If-Match` names, None where it names none; `StaleEdit` for one that never was."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    tags = {int(tag) for tag in re.findall(r'"(\d{1,9})"', given)}
    if not tags:
        raise StaleEdit(f"Draft {row.version} is at revision {row.revision}; If-Match names none of it.", changed=[])
    return row.revision if row.revision in tags else max(tags)
