"""A POST with an `Idempotency-Key` has its effect once, however often it is sent.

What is guaranteed, per token and key:

- The key is written by the transaction that has the effect (`ledger.record.with_receipt`). A crash before its commit
  leaves neither, a crash after it leaves both: there is no moment in which one is there without the other.
- Of two requests at once, one has the effect. The other waits for it and gives the same answer; where the wait takes
  longer than the database's `lock_timeout`, it is refused with 409 `busy` and `Retry-After`.
- The same key with another method, address or body is 422 `idempotency_mismatch` and has no effect.
- A repeated request gets the first one's status and the object as it is now: answers are not kept, so no words are.
- A request that was refused had no effect and leaves no key: sent again, it is judged anew.
- Keys are kept for `KEPT`; after that a key is as good as new.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.errors import Refused
from agencies.models import Token
from api.models import IdempotencyKey
from api.problems import Mismatch
from ledger.record import Book, Line, with_receipt

KEPT = timedelta(days=3)
LONGEST = 255
HEADER = "Idempotency-Key"

# Which line of the ledger names the object that a request makes, and where its id stands in it.
MADE: dict[str, Callable[[Line], int]] = {
    "call.taken": lambda line: int(line.call_id or 0),
    "assignment.made": lambda line: int(line.data["assignment"]),
    "note.added": lambda line: int(line.data["note"]),
    "shift.planned": lambda line: int(line.data["shift"]),
    "rules.drafted": lambda line: int(line.data["version"]),
    "floor.proposed": lambda line: int(line.data["floor"]),
}


_KEEP = """
    INSERT INTO api_idempotencykey (agency_id, token_id, key, digest, status, made_id, at)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (agency_id, token_id, key) DO NOTHING
"""


class _Repeated(Exception):
    """Another request with this key came first; what this one did is rolled back."""


def once(
    request: Request,
    *,
    act: Callable[[], Any],
    show: Callable[[int | None], Any],
    status: int = 200,
    makes: str = "",
) -> Response:
    """Acts, unless the same request has acted before, and answers what `show` makes of the object's id.

    Where the request makes an object, `act` answers its id and `makes` is the line of the ledger (a key of `MADE`) from
    which a repetition learns that id. For an object that the address names, `makes` is left out and `show` gets None.
    """

    def first() -> Response:
        done = act()
        return Response(show(done if makes else None), status=status)

    token: Token = request.auth  # type: ignore[assignment]
    key = _key_of(request)
    if key is None:
        return first()
    digest = _digest(request)
    found = _known(token, key, digest)
    if found is None:
        try:
            with with_receipt(_receipt(token, key, digest, status=status, makes=makes)):
                return first()
        except _Repeated:
            found = _known(token, key, digest)
        except Refused:
            # The same request may have been faster, and have left this one nothing to do.
            found = _known(token, key, digest)
            if found is None:
                raise
    assert found is not None
    return Response(show(found.made_id), status=found.status)


def forget(now: datetime) -> int:
    """Deletes the keys of the agency in scope that are older than `KEPT`; answers how many."""
    return IdempotencyKey.objects.filter(at__lt=now - KEPT).delete()[0]


def _receipt(token: Token, key: str, digest: str, *, status: int, makes: str) -> Callable[[Book], None]:
    def write(book: Book) -> None:
        made = next((MADE[makes](line) for line in book.lines if line.kind == makes), None)
        with connection.cursor() as cursor:
            # Waits for a transaction that is writing the same key. No row came in: that one's effect stands, not ours.
            cursor.execute(_KEEP, [book.agency.pk, token.pk, key, digest, status, made, book.now])
            if cursor.rowcount == 0:
                raise _Repeated

    return write


def _known(token: Token, key: str, digest: str) -> IdempotencyKey | None:
    found = IdempotencyKey.objects.filter(token=token, key=key).first()
    if found is not None and found.digest != digest:
        raise Mismatch(f"The {HEADER} {key[:40]} was used for another request.")
    return found


def _key_of(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise ValidationError({HEADER: [f"A key is 1 to {LONGEST} printable ASCII characters."]})
    return key


def _digest(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    asked = f"{request.method} {request.path}\n{body}"
    return salted_hmac("api.idempotency", asked, algorithm="sha256").hexdigest()
