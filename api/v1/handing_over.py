"""Transfer to sworn or another agency, its acknowledgement, and the way back."""

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from agencies.roles import Operation
from api.auth import allow
from api.fields import Body, Text, YesNo, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import describes
from api.v1.call_shapes import CallShape, shown
from api.v1.calls import tagged
from calls.models import Call
from calls.queries import call_by_number
from dispatch.actions import Acceptance, TransferOrder, acknowledge_transfer, hand_back, transfer_call

ANSWERS = {200: CallShape}


class CallVerb(Resource):
    """Something that is done to a call; answers the call as it is then."""

    def do(self, request: Request, call: Call, act: Callable[[], Any]) -> Response:
        """Acts once and answers the call."""

        def show(_: int | None) -> dict[str, Any]:
            return shown(call.pk, to=self.member, now=self.now)

        return tagged(once(request, act=act, show=show))


class TransferBody(Body):
    to = Text(max_length=80, required=False, allow_blank=False, help_text="`sworn` where nobody is named.")
    reason = Text(max_length=500, required=False)
    danger = YesNo(required=False, help_text="A CSO is in it: the receiver has 60 s, as shipped.")


class TransferCall(CallVerb):
    @describes("calls_transfer", tag="handing over", answers=ANSWERS, body=TransferBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Asks sworn, or another agency, to take the call.

        An officer may do it for the calls of the own unit. Units on scene stay on it until a person clears them.
        """
        call = call_by_number(number)
        allow(self.member, Operation.TRANSFER)
        order = TransferOrder(**parse(TransferBody, request))
        return self.do(request, call, lambda: transfer_call(call.pk, order, by=self.member, now=self.now))


class AcceptanceBody(Body):
    accepted_by = Text(max_length=120, allow_blank=False)
    external_number = Text(max_length=60, required=False)
    disposition = Text(max_length=8, required=False, allow_blank=False)


class AcknowledgeTransfer(CallVerb):
    @describes("calls_acknowledge_transfer", tag="handing over", answers=ANSWERS, body=AcceptanceBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Enters who accepted the call, and its number there.

        The call closes, as a rule with disposition 15, once no unit is open on it.
        """
        call = call_by_number(number)
        allow(self.member, Operation.ACKNOWLEDGE_TRANSFER)
        acceptance = Acceptance(**parse(AcceptanceBody, request))
        return self.do(request, call, lambda: acknowledge_transfer(call.pk, acceptance, by=self.member, now=self.now))


class HandBackBody(Body):
    reason = Text(max_length=500, required=False)


class HandBack(CallVerb):
    @describes("calls_hand_back", tag="handing over", answers=ANSWERS, body=HandBackBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Whoever had the call gives it back: it is queued again."""
        call = call_by_number(number)
        allow(self.member, Operation.HAND_BACK)
        reason = parse(HandBackBody, request).get("reason") or "Handed back."
        return self.do(request, call, lambda: hand_back(call.pk, reason=reason, by=self.member, now=self.now))
