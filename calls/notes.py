"""The narrative: append-only. A line is struck, never deleted, and stays visible as struck."""

from datetime import datetime

from django.utils.translation import gettext as _

from agencies.errors import Forbidden, NotFound
from calls.intake import NARRATIVE_LIMIT, check_text
from calls.models import Call, Note
from ledger.record import Book


def write_note(book: Book, call: Call, text: str, *, for_unit: str = "", occurred_at: datetime | None = None) -> Note:
    """Adds a line to the narrative of a locked call."""
    check_text("text", text, NARRATIVE_LIMIT, required=True)
    note = Note.objects.create(
        call=call, text=text, by=book.person, for_unit=for_unit, at=book.now, occurred_at=occurred_at or book.now
    )
    book.add("note.added", call=call, data={"note": note.pk}, occurred_at=note.occurred_at)
    return note


def strike(book: Book, note: Note) -> Note:
    """Strikes a line of the own hand. Striking it again changes nothing."""
    if book.by is None or note.by_id != book.by.pk:
        raise Forbidden(_("You can strike your own notes only."))
    if note.struck_at is None:
        note.struck_at, note.struck_by = book.now, book.by
        note.save(update_fields=["struck_at", "struck_by"])
        book.add("note.struck", call=note.call, data={"note": note.pk})
    return note


def keep_struck(book: Book, call: Call, text: str) -> None:
    """What the narrative said before it was written anew, kept as a struck line."""
    Note.objects.create(
        call=call,
        text=text,
        by=book.person,
        at=book.now,
        occurred_at=call.received_at,
        struck_at=book.now,
        struck_by=book.person,
    )


def find_note(note_id: int) -> Note:
    """The note with its call; `NotFound` otherwise."""
    note = Note.objects.select_related("call").filter(pk=note_id).first()
    if note is None:
        raise NotFound(_("There is no such note."))
    return note
