"""The verbs of rule sets: draft, prove, publish, bring back, retire, take out and in. Each change is one transaction.

Nobody publishes the own work, nothing unproved is published, and what was published never changes: the database
refuses that too. A version decides from its effective date until the next one takes over.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.errors import Busy, IllegalMove, Invalid, NotFound, OwnWork, Refused, StaleEdit
from agencies.models import Agency, Member
from agencies.permissions import require
from agencies.roles import Operation
from calls.models import RuleSet
from calls.proving import (
    moves_between,
    proof_of,
    read_json,
    read_rule_set,
    require_safe,
    setting_of,
    vocabulary_of,
)
from calls.queries import floor_in_force
from calls.triage import fitting, rules
from calls.triage.changes import changes
from calls.triage.proofs import Proof
from calls.words import active
from ledger.record import Book, record

if TYPE_CHECKING:
    from calls.triage.difference import Change

FARTHEST = timedelta(days=366)
# The programmes stand above calls. `cso` puts them here when it starts; until then there are none.
templates: Callable[[], Sequence[fitting.Template]] = tuple
DRAFT, PUBLISHED, RETIRED = RuleSet.Status.DRAFT, RuleSet.Status.PUBLISHED, RuleSet.Status.RETIRED


class Superseded(Refused):
    """Somebody published another version meanwhile. `more`: `version`, `by`, `at`, and in words what `differs`."""

    code, title = "superseded", gettext_lazy("Another version was published in the meantime")


def save_draft(
    document: Mapping[str, Any],
    *,
    by: Member,
    now: datetime,
    version: int | None = None,
    if_revision: int | None = None,
    origin: Mapping[str, Any] | None = None,
) -> RuleSet:
    """A new draft under the next version, or new words for the draft `version`. `origin`: where a new one comes from.

    `Invalid` names the path of what is wrong in the document. With `if_revision`, `StaleEdit` says who changed it.
    """
    require(by, Operation.EDIT_RULE_SETS)
    read_rule_set(document, agency=by.agency, setting=setting_of(by.agency))
    with record(by=by, now=now) as book:
        if version is None:
            return _begun(book, document, origin=origin)
        row = _locked(version)
        _refuse_unless_draft(row)
        _refuse_stale(row, if_revision)
        if row.document != document:
            row.document, row.revision = dict(document), row.revision + 1
            row.edited_by, row.edited_at = by, now
            row.authors = [*dict.fromkeys([*row.authors, by.pk])]
            row.save()
            book.add("rules.edited", data={"version": row.version, "revision": row.revision})
    return row


def prove(version: int, *, by: Member, now: datetime, language: str = "en") -> Proof:
    """What the proof says of a version against the floor in force. Nothing is kept but that it was asked for."""
    require(by, Operation.PROVE_RULE_SETS)
    row, proof = rule_set(version), proof_of_version(version, by=by, language=language)
    with record(by=by, now=now) as book:
        data = {"version": row.version, "revision": row.revision, "proved": proof.proved}
        book.add("rules.proved", data=data | {"failures": len(proof.failures)})
    return proof


def proof_of_version(version: int, *, by: Member, language: str = "en") -> Proof:
    """The proof alone, which was asked for before."""
    require(by, Operation.PROVE_RULE_SETS)
    return _proof(rule_set(version), by.agency, language)


def prove_document(document: Mapping[str, Any], *, by: Member, language: str = "en") -> Proof:
    """The same of a document that is not saved."""
    require(by, Operation.PROVE_RULE_SETS)
    floor = floor_in_force()
    return proof_of(document, floor.document, agency=by.agency, setting=setting_of(by.agency), language=language)


def publish(
    version: int,
    *,
    by: Member,
    now: datetime,
    effective_from: datetime | None = None,
    replaces: int | None = None,
) -> RuleSet:
    """Proves the draft and publishes it, now or from a later moment.

    `OwnWork` for whoever wrote on it; `UnsafeRuleSet` with a counter-example; `Superseded` where another version than
    the one it was begun from (or, with `replaces`, than the one the publisher has seen) was published meanwhile.
    """
    require(by, Operation.PUBLISH_RULE_SETS)
    seen = rule_set(version)
    _refuse_unless_draft(seen)
    _refuse_own_work(seen, by)
    since = _checked_since(effective_from, now)
    floor = floor_in_force()
    require_safe(_proof(seen, by.agency, active()))
    with record(by=by, now=now) as book:
        row = _locked(version)
        if row.status != DRAFT or row.revision != seen.revision or floor_in_force().pk != floor.pk:
            raise Busy(_("The draft or the safety floor changed while this was being proved. Look at it again."))
        _refuse_superseded(row, replaces)
        _retire_overtaken(since or now, now)
        row.status, row.published_by, row.published_at, row.effective_from = PUBLISHED, by, now, since
        row.save()
        data: dict[str, Any] = {"version": row.version, "effective_from": (since or now).isoformat()}
        book.add("rules.published", data=data | {"restored_from": row.restored_from})
    return row


def roll_back(version: int, *, by: Member, now: datetime) -> RuleSet:
    """Brings an earlier version back as a new draft, which another member publishes like any other."""
    require(by, Operation.EDIT_RULE_SETS)
    earlier = rule_set(version)
    if earlier.published_at is None:
        words = _("Version %(version)s was never published: edit the draft instead.")
        raise IllegalMove(words % {"version": version})
    read_rule_set(earlier.document, agency=by.agency, setting=setting_of(by.agency))
    with record(by=by, now=now) as book:
        return _begun(book, earlier.document, restored_from=version, origin=sources_of(earlier))


def retire(version: int, *, by: Member, now: datetime) -> RuleSet:
    """Discards a draft, or takes a version back that has not begun to decide yet. Never the one in force."""
    require(by, Operation.EDIT_RULE_SETS)
    with record(by=by, now=now) as book:
        row = _locked(version)
        if row.status == RETIRED:
            raise IllegalMove(_("Version %(version)s is retired already.") % {"version": version})
        if row.status == PUBLISHED and (row.since is None or row.since <= now):
            words = _("Version %(version)s decides calls: publish another one in its place.")
            raise IllegalMove(words % {"version": version})
        scheduled = row.status == PUBLISHED
        row.status, row.retired_at = RETIRED, now
        row.save()
        if scheduled:
            # What it would have taken over from goes on.
            RuleSet.objects.filter(status=PUBLISHED, retired_at=row.since).update(retired_at=None)
        book.add("rules.retired", data={"version": row.version})
    return row


def export_rule_set(version: int, *, by: Member) -> str:
    """The document of a version as one JSON file."""
    require(by, Operation.READ_RULE_SETS)
    return json.dumps(rules.arranged(rule_set(version).document), ensure_ascii=False, indent=2) + "\n"


def import_rule_set(text: str | bytes, *, by: Member, now: datetime) -> RuleSet:
    """A new draft from a JSON file. Too large, too deep, double keys, unknown or retired codes: `Invalid`."""
    require(by, Operation.EDIT_RULE_SETS)
    return save_draft(read_json(text), by=by, now=now)


def begin_from_template(slug: str, *, by: Member, now: datetime) -> RuleSet:
    """A new draft from another programme's rules; what the agency has no code for is told in its `origin`."""
    require(by, Operation.EDIT_RULE_SETS)
    template = next((found for found in templates() if found.slug == slug), None)
    if template is None:
        raise Invalid(errors={"template": [_("There is no such programme.")]})
    vocabulary = vocabulary_of(by.agency, setting_of(by.agency))
    document, missing = fitting.fitted(template.document, vocabulary)
    return save_draft(document, by=by, now=now, origin=fitting.origin(template, document, missing))


def sources_of(row: RuleSet) -> dict[str, Any]:
    """Where the parts of a version come from, for a draft that is begun from it. Before versions kept that themselves
    (`origin` None) the agency did."""
    if row.origin is None:
        return {"sources": row.agency.settings.get("sources", {})}
    return {"sources": row.origin.get("sources", {})}


def differences(version: int, against: int, *, by: Member, language: str = "en") -> tuple[str, ...]:
    """What `version` changes against another version, in words."""
    require(by, Operation.READ_RULE_SETS)
    old, new = rules.parse(rule_set(against).document), rules.parse(rule_set(version).document)
    return changes(old, new, language)


def differences_of(document: Mapping[str, Any], version: int, *, by: Member, language: str = "en") -> tuple[str, ...]:
    """What a document that is not saved would change in `version`, in words; `Invalid` where it cannot be read."""
    require(by, Operation.READ_RULE_SETS)
    new = read_rule_set(document, agency=by.agency, setting=setting_of(by.agency))
    return changes(rules.parse(rule_set(version).document), new, language)


def overtaken_by(row: RuleSet) -> RuleSet | None:
    """The version that was published since the draft was begun, if there is one."""
    last = _last_published()
    return last if row.status == DRAFT and last is not None and last.version != row.based_on else None


def moved_calls(version: int, against: int, *, by: Member) -> list["Change"]:
    """Which calls move to another route when `version` takes the place of another: all of them, as conditions."""
    require(by, Operation.PROVE_RULE_SETS)
    old, new = rule_set(against), rule_set(version)
    return moves_between(old, new, agency=by.agency, floor_document=floor_in_force().document)


def rule_set(version: int) -> RuleSet:
    """The version of the agency in scope, with its people; `NotFound` otherwise."""
    people = ("drafted_by", "edited_by", "published_by")
    found = RuleSet.objects.select_related(*people).filter(version=version).first()
    if found is None:
        raise NotFound(_("There is no rule set %(version)s.") % {"version": version})
    return found


def _proof(row: RuleSet, agency: Agency, language: str) -> Proof:
    floor = floor_in_force()
    return proof_of(row.document, floor.document, agency=agency, setting=setting_of(agency), language=language)


def _begun(
    book: Book,
    document: Mapping[str, Any],
    *,
    restored_from: int | None = None,
    origin: Mapping[str, Any] | None = None,
) -> RuleSet:
    _one_at_a_time(book.agency)
    last = RuleSet.objects.aggregate(last=Max("version"))["last"] or 0
    published = _last_published()
    row = RuleSet.objects.create(
        version=last + 1,
        document=dict(document),
        origin=dict(origin or {}),
        based_on=published.version if published else None,
        restored_from=restored_from,
        drafted_by=book.by,
        drafted_at=book.now,
        edited_by=book.by,
        edited_at=book.now,
        authors=[book.person.pk],
    )
    book.add("rules.drafted", data={"version": row.version, "restored_from": restored_from})
    return row


def _one_at_a_time(agency: Agency) -> None:
    """Versions are counted, and published, one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rule sets'), %s::int)", [agency.pk % 2**31])


def _locked(version: int) -> RuleSet:
    """The version, for whoever holds the agency's rule sets until the transaction ends."""
    found = rule_set(version)
    _one_at_a_time(found.agency)
    RuleSet.objects.select_for_update().filter(pk=found.pk).values_list("pk").get()
    return rule_set(version)


def _last_published() -> RuleSet | None:
    rows = RuleSet.objects.exclude(published_at=None).select_related("published_by")
    return rows.order_by("-published_at", "-version").first()


def _refuse_unless_draft(row: RuleSet) -> None:
    if row.status != DRAFT:
        words = _("Version %(version)s is %(status)s: it never changes. Begin a new draft from it.")
        raise IllegalMove(words % {"version": row.version, "status": _(row.status)})


def _refuse_own_work(row: RuleSet, by: Member) -> None:
    if by.pk in {*row.authors, row.drafted_by_id}:
        raise OwnWork(_("You wrote on this draft, so another administrator has to publish it."))


def _refuse_stale(row: RuleSet, if_revision: int | None) -> None:
    if if_revision is None or if_revision == row.revision:
        return
    who = row.edited_by.name if row.edited_by else _("Somebody")
    changed = [{"by": who, "at": row.edited_at, "kind": "rules.edited", "data": {"revision": row.revision}}]
    words = _("%(who)s changed draft %(version)s in the meantime.")
    raise StaleEdit(words % {"who": who, "version": row.version}, changed=changed)


def _refuse_superseded(row: RuleSet, replaces: int | None) -> None:
    last, expected = _last_published(), replaces if replaces is not None else row.based_on
    if last is None or expected is None or last.version == expected:
        return
    who = last.published_by.name if last.published_by else _("Somebody")
    differs = changes(rules.parse(last.document), rules.parse(row.document), active())
    assert last.published_at is not None, "it is published"
    words = _("%(who)s published version %(version)s meanwhile. Look at what differs, then publish in its place.")
    raise Superseded(
        words % {"who": who, "version": last.version},
        version=last.version,
        by=who,
        at=last.published_at,
        differs=list(differs),
    )


def _checked_since(effective_from: datetime | None, now: datetime) -> datetime | None:
    """None for a moment that has come: it decides at once."""
    if effective_from is None or effective_from <= now:
        return None
    if effective_from > now + FARTHEST:
        raise Invalid(errors={"effective_from": [_("This is more than a year ahead.")]})
    return effective_from


def _retire_overtaken(since: datetime, now: datetime) -> None:
    """What is in force goes on until `since`; what would begin later, or ended before, is retired."""
    for row in RuleSet.objects.filter(status=PUBLISHED):
        begins_later = row.since is not None and row.since > now and row.since >= since
        ended = row.retired_at is not None and row.retired_at <= now
        if ended or begins_later or since <= now:
            row.status, row.retired_at = RETIRED, min(row.retired_at or now, now)
        else:
            row.retired_at = since
        row.save()
