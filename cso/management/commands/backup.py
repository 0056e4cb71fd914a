"""Writes everything the database holds into one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cso import backups


class Command(BaseCommand):
    help = "Backs the installation up into a file that is whole or not there. It holds residents' data: keep it safe."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help=f"default: a new one in {settings.BACKUP_DIR}")

    def handle(self, *_: Any, **options: Any) -> None:
        file: Path | None = options["file"]
        if file is None:
            file = settings.BACKUP_DIR / backups.default_name(timezone.now())
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            manifest = backups.backup(file, url=settings.DATABASE_BACKUP_URL)
        except backups.NotDone as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Backed up to {file}: {file.stat().st_size / 1e6:.1f} MB; {told(manifest)}")


def told(manifest: backups.Manifest) -> str:
    """What a backup holds, for people."""
    rows = manifest.rows
    tables = {"calls": "calls_call", "events": "ledger_event", "members": "agencies_member"}
    counts = ", ".join(f"{name}: {rows.get(table, 0)}" for name, table in tables.items())
    all_of_it = f"{sum(rows.values())} rows in {len(rows)} tables"
    return f"agencies: {len(manifest.agencies)}, {counts}; {all_of_it}; taken at {manifest.taken_at}"
