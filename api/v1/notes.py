"""The narrative: notes are added and struck, never deleted."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from agencies.roles import Operation
from api.auth import allow
from api.fields import Body, Moment, Text, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import describes
from api.shapes import given_out
from api.v1.call_shapes import NoteShape
from calls.intake import NARRATIVE_LIMIT
from calls.models import Note
from calls.notes import find_note
from calls.queries import call_by_number
from dispatch.actions import add_note, strike_note
from dispatch.queries import unit_by_callsign


class NoteBody(Body):
    text = Text(max_length=NARRATIVE_LIMIT, allow_blank=False)
    unit = Text(max_length=20, required=False, help_text="The callsign for whom it is entered, by radio.")
    occurred_at = Moment(required=False, allow_null=True)


class Notes(Resource):
    @describes("calls_note", tag="notes", answers={201: NoteShape}, body=NoteBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Adds a line to the narrative."""
        call = call_by_number(number)
        allow(self.member, Operation.NOTE)
        given = parse(NoteBody, request)
        unit = unit_by_callsign(given["unit"]).callsign if given.get("unit") else ""
        when = given.get("occurred_at")

        def act() -> int:
            note = add_note(call.pk, given["text"], for_unit=unit, occurred_at=when, by=self.member, now=self.now)
            return note.pk

        return once(request, act=act, show=lambda made: _shown(made or 0), status=201, makes="note.added")


class OneNote(Resource):
    @describes("notes_strike", tag="notes", answers={200: NoteShape}, problems=(409,))
    def delete(self, request: Request, note: int) -> Response:
        """Strikes a note of the own hand. It stays visible as struck."""
        found = find_note(note)
        allow(self.member, Operation.STRIKE_NOTE)
        strike_note(found.pk, by=self.member, now=self.now)
        return Response(_shown(found.pk))


def _shown(note_id: int) -> Any:  # noqa: ANN401 REST framework's dict
    return given_out(NoteShape, Note.objects.select_related("by", "struck_by").get(pk=note_id))
