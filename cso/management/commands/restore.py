"""Brings a backup into an installation that is empty."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from cso import backups
from cso.management.commands.backup import told


class Command(BaseCommand):
    help = "Restores a backup, all of it or nothing, where there are no agencies and no people; then migrates."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_: Any, **options: Any) -> None:
        known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
        try:
            manifest = backups.restore(
                options["file"],
                owner_url=settings.DATABASE_OWNER_URL,
                backup_url=settings.DATABASE_BACKUP_URL,
                known=known,
            )
        except backups.NotDone as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write(f"Restored from {options['file']}: {told(manifest)}")
