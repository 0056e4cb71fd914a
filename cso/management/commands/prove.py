"""Proves a rule set of an agency, or shows a call for each property that fails."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agencies import doors
from agencies.errors import Refused
from agencies.models import Agency
from agencies.scope import agency_scope
from calls.proving import proof_of, read_json, setting_of
from calls.queries import floor_in_force, rules_in_force
from calls.rulesets import rule_set
from calls.triage.proofs import Proof


class Command(BaseCommand):
    help = "Proves that a rule set breaks nothing of the agency's safety floor. Exits with 1 where it does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agency", help="the agency's slug")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--rule-set", type=int, metavar="N", help="a version; default: the one in force")
        which.add_argument("--file", type=Path, metavar="F", help="a rule set's document; - is standard input")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:
        agency_id = doors.agency_by_slug(options["agency"])
        if agency_id is None:
            raise CommandError(f"There is no agency {options['agency']}.")
        with agency_scope(agency_id):
            agency = Agency.objects.get(pk=agency_id)
            try:
                document = _document(options["rule_set"], options["file"])
                floor = floor_in_force().document
                proof = proof_of(document, floor, agency=agency, setting=setting_of(agency))
            except Refused as refusal:
                raise CommandError(refusal.detail) from refusal
        self.stdout.write(json.dumps(proof.as_dict(), ensure_ascii=False) if options["json"] else _told(proof))
        if not proof.proved:
            sys.exit(1)


def _document(version: int | None, file: Path | None) -> Any:  # noqa: ANN401 what JSON holds is known to its reader
    if file is None:
        return (rule_set(version) if version is not None else rules_in_force().row).document
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    return read_json(text)


def _told(proof: Proof) -> str:
    if proof.proved:
        return f"Proved in {proof.seconds:.1f} s: no call breaks the safety floor, and every rule decides some call."
    lines = [f"{len(proof.failures)} properties do not hold."]
    for failure in proof.failures:
        lines.append(f"\n{failure.property} {failure.id}: {failure.because}")
        if failure.counter_example:
            example = failure.counter_example
            lines.append(f"  type     {example.case.type or 'not known'}")
            lines.append(f"  answers  {_pairs(example.answers)}")
            lines.append(f"  facts    {_pairs(example.facts)}")
    return "\n".join(lines)


def _pairs(values: Any) -> str:  # noqa: ANN401 a mapping of whatever
    return ", ".join(f"{name} {'not known' if value is None else value}" for name, value in values.items()) or "-"
