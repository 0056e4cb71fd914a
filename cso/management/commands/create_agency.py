"""Makes a new tenant from a programme template."""

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError
from django.core.validators import slug_re
from django.utils import timezone

from agencies import doors
from cso import programmes
from cso.doctor.findings import MANAGE
from cso.programmes.loading import create_from_template

LONGEST_SLUG, LONGEST_NAME, LONGEST_NUMBER = 60, 160, 40


class Command(BaseCommand):
    help = "Makes a new agency with the call types, rules, clocks and units of a programme template."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="as it stands in addresses: lower-case letters, digits, hyphens")
        parser.add_argument("--name", required=True)
        parser.add_argument("--time-zone", required=True, help="for example America/Los_Angeles")
        parser.add_argument(
            "--round-the-clock", default="", help="the telephone that is always answered", metavar="NUMBER"
        )
        parser.add_argument("--template", default="seattle", choices=programmes.slugs())

    def handle(self, *_: Any, **options: Any) -> None:
        slug = options["slug"]
        if not slug_re.match(slug) or slug != slug.lower() or len(slug) > LONGEST_SLUG:
            raise CommandError(
                f"{slug} is not a slug: use lower-case letters, digits and hyphens, {LONGEST_SLUG} at most."
            )
        if not 0 < len(options["name"].strip()) <= LONGEST_NAME:
            raise CommandError(f"Give a name of at most {LONGEST_NAME} characters.")
        if len(options["round_the_clock"]) > LONGEST_NUMBER:
            raise CommandError(f"Give a number of at most {LONGEST_NUMBER} characters.")
        try:
            ZoneInfo(options["time_zone"])
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise CommandError(f"{options['time_zone']} is not a time zone.") from error
        if doors.agency_by_slug(slug) is not None:
            raise CommandError(f"There is an agency {slug} already.")
        create_from_template(
            programmes.read(options["template"]),
            now=timezone.now(),
            slug=slug,
            name=options["name"],
            time_zone=options["time_zone"],
            # The template's own number is invented: nobody answers there.
            round_the_clock_number=options["round_the_clock"],
        )
        self.stdout.write(
            f"Made the agency {slug}. Let its people in with: {MANAGE} invite {slug} EMAIL --name NAME --role ROLE\n"
            f"`{MANAGE} doctor` says what else it needs."
        )
