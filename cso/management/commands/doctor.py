"""Says what is wrong with the installation, and what to do."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cso import doctor
from cso.doctor.findings import Finding, Level


class Command(BaseCommand):
    help = "Looks at every part of the installation and says what is wrong and what to do. Ends with 1 if anything is."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object: {wrong, notes, findings}")

    def handle(self, *_: Any, **options: Any) -> None:
        found = []
        for finding in doctor.examine(timezone.now()):
            found.append(finding)
            if not options["json"]:
                self._say(finding)
        counts = {level: sum(finding.level is level for finding in found) for level in Level}
        wrong, notes = counts[Level.WRONG], counts[Level.NOTE]
        if options["json"]:
            content = {"wrong": wrong, "notes": notes, "findings": [asdict(finding) for finding in found]}
            self.stdout.write(json.dumps(content, indent=1))
        else:
            self.stdout.write(f"\n{wrong} wrong, {notes} to know, {counts[Level.OK]} well")
        if wrong:
            raise SystemExit(1)

    def _say(self, finding: Finding) -> None:
        style = {Level.OK: self.style.SUCCESS, Level.NOTE: self.style.WARNING, Level.WRONG: self.style.ERROR}
        self.stdout.write(f"{style[finding.level](f'{finding.level:<6}')}{finding.part}: {finding.says}")
        if finding.do:
            self.stdout.write(f"      -> {finding.do}")
