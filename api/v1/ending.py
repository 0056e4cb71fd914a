"""How a call ends or waits: close, cancel, reopen, schedule, join."""

from rest_framework.request import Request
from rest_framework.response import Response

from agencies.roles import Operation
from api.auth import allow
from api.fields import Body, Moment, Text, parse
from api.schema import describes
from api.v1.handing_over import ANSWERS, CallVerb
from calls.queries import call_by_number
from dispatch.actions import CloseOrder, cancel_call, close_call, join_call, reopen_call, schedule_call


class CloseBody(Body):
    disposition = Text(max_length=8, allow_blank=False)
    comment = Text(max_length=2000, required=False)
    into = Text(max_length=12, required=False, help_text="The number of the other call, for disposition 22.")


class CloseCall(CallVerb):
    @describes("calls_close", tag="ending", answers=ANSWERS, body=CloseBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Closes a call with a disposition and clears its units with it."""
        call = call_by_number(number)
        allow(self.member, Operation.CLOSE)
        order = CloseOrder(**parse(CloseBody, request))
        return self.do(request, call, lambda: close_call(call.pk, order, by=self.member, now=self.now))


class CancelBody(Body):
    disposition = Text(max_length=8, allow_blank=False, help_text="10, 21 or 32.")
    reason = Text(max_length=500, allow_blank=False)


class CancelCall(CallVerb):
    @describes("calls_cancel", tag="ending", answers=ANSWERS, body=CancelBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Cancels a call and takes its units off it."""
        call = call_by_number(number)
        allow(self.member, Operation.CANCEL)
        given = parse(CancelBody, request)
        return self.do(request, call, lambda: cancel_call(call.pk, **given, by=self.member, now=self.now))


class ReopenBody(Body):
    reason = Text(max_length=500, allow_blank=False)


class ReopenCall(CallVerb):
    @describes("calls_reopen", tag="ending", answers=ANSWERS, body=ReopenBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Puts a closed or cancelled call back into the queue."""
        call = call_by_number(number)
        allow(self.member, Operation.REOPEN)
        given = parse(ReopenBody, request)
        return self.do(request, call, lambda: reopen_call(call.pk, **given, by=self.member, now=self.now))


class ScheduleBody(Body):
    at = Moment(help_text="In the future; the call is queued by itself then.")


class ScheduleCall(CallVerb):
    @describes("calls_schedule", tag="ending", answers=ANSWERS, body=ScheduleBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Sets a call aside until a time."""
        call = call_by_number(number)
        allow(self.member, Operation.SCHEDULE)
        given = parse(ScheduleBody, request)
        return self.do(request, call, lambda: schedule_call(call.pk, **given, by=self.member, now=self.now))


class JoinBody(Body):
    into = Text(max_length=12, allow_blank=False, help_text="The number of the call that stays open.")


class JoinCall(CallVerb):
    @describes("calls_join", tag="ending", answers=ANSWERS, body=JoinBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Joins this call to another.

        Its caller and its units go there, and it closes as a duplicate.
        """
        call = call_by_number(number)
        allow(self.member, Operation.JOIN)
        given = parse(JoinBody, request)
        return self.do(request, call, lambda: join_call(call.pk, **given, by=self.member, now=self.now))
