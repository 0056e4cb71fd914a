"""Boards that stand drawn: a page takes the rows that were drawn for the page, or the stream, before it.

A picture is right as long as nothing has happened since and no shift has begun or ended. So rows are drawn once per
change and not once per viewer, and a page costs one statement and its frame.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.utils.safestring import SafeString

from agencies.models import Agency
from dispatch import pictures
from dispatch.pictures import Picture

# Names can change without an event; the streams look all over as often.
KEEPS = timedelta(seconds=15)


@dataclass(frozen=True)
class Board:
    """The board as every viewer of one language sees it: the HTML of its lists, and the last event they contain."""

    calls: SafeString
    units: SafeString
    alarms: SafeString
    after: int | SafeString
    stream_url: str


@dataclass
class _Place:
    """Where an agency's board stands in one language. One at a time draws it again; the others wait for that."""

    picture: Picture | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_places: dict[tuple[int, str], _Place] = {}
# A shift is 24 hours long at most, so that older ones need not be looked at.
_STANDING = """
SELECT coalesce((SELECT last_seq FROM ledger_cursor WHERE agency_id = %(agency)s), 0),
       EXISTS (SELECT FROM dispatch_shift
               WHERE agency_id = %(agency)s AND starts_at <= %(now)s
                 AND starts_at > %(seen)s::timestamptz - interval '24 hours'
                 AND (starts_at > %(seen)s OR ends_at > %(seen)s AND ends_at <= %(now)s))
"""


def board(agency: Agency, language: str, now: datetime) -> Board:
    """The agency's board as it is."""
    picture = _present(agency.pk, language, now)
    return Board(**picture.lists, after=picture.seq, stream_url=f"/a/{agency.slug}/stream/")


def put(agency_id: int, language: str, picture: Picture) -> None:
    """Keeps a picture that was drawn for another purpose, if it is the latest."""
    place = _place(agency_id, language)
    if place.picture is None or place.picture.seq <= picture.seq:
        place.picture = picture


def _place(agency_id: int, language: str) -> _Place:
    return _places.setdefault((agency_id, language), _Place())


def _present(agency_id: int, language: str, now: datetime) -> Picture:
    place = _place(agency_id, language)
    standing = place.picture
    if standing is not None and _is_right(standing, agency_id, now):
        return standing
    with place.lock:
        drawn = place.picture
        # Somebody else may have drawn it while we waited: then a look is all that it costs.
        if drawn is None or drawn is standing or not _is_right(drawn, agency_id, now):
            all_over = drawn is None or now - drawn.all_over_at > KEEPS or _shifts_changed(drawn, agency_id, now)
            drawn = pictures.look(agency_id, language, drawn, all_over=all_over)
            put(agency_id, language, drawn)
        return drawn


def _is_right(picture: Picture, agency_id: int, now: datetime) -> bool:
    if now - picture.all_over_at > KEEPS:
        return False
    seq, shifts_changed = _standing(picture, agency_id, now)
    return picture.seq >= seq and not shifts_changed


def _shifts_changed(picture: Picture, agency_id: int, now: datetime) -> bool:
    return _standing(picture, agency_id, now)[1]


def _standing(picture: Picture, agency_id: int, now: datetime) -> tuple[int, bool]:
    """The agency's last event, and whether a shift began or ended after everything was last read."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"agency": agency_id, "now": now, "seen": picture.all_over_at})
        seq, shifts_changed = cursor.fetchone()
    return int(seq), bool(shifts_changed)
