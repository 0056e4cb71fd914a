"""Says whom an agency's alarms lead to in the end."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agencies import doors
from agencies.models import Agency
from agencies.scope import agency_scope

LONGEST = 40


class Command(BaseCommand):
    help = "Sets an agency's 24-hour number: the last rung of its alarms, where nobody is on duty."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agency", help="the agency's slug")
        parser.add_argument("number", help="a telephone that is always answered")

    def handle(self, *_: Any, **options: Any) -> None:
        agency_id, number = doors.agency_by_slug(options["agency"]), options["number"].strip()
        if agency_id is None:
            raise CommandError(f"There is no agency {options['agency']}.")
        if not number or len(number) > LONGEST:
            raise CommandError(f"Give a number of at most {LONGEST} characters.")
        with agency_scope(agency_id):
            Agency.objects.filter(pk=agency_id).update(round_the_clock_number=number)
        self.stdout.write(f"Alarms of {options['agency']} that find nobody on duty say: call {number}")
