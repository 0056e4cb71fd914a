"""Prints one API token on stdout, nothing else."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agencies import doors
from agencies.actions import add_member, create_token
from agencies.errors import Invalid
from agencies.models import Member
from agencies.roles import Role
from agencies.scope import agency_scope


class Command(BaseCommand):
    help = "Makes an API token for a member of an agency; the member is made, or gains the role, where needed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agency", help="the agency's slug")
        parser.add_argument("email")
        parser.add_argument("--role", choices=[role.value for role in Role], help="default: the member's first role")

    def handle(self, *_: Any, **options: Any) -> None:
        agency_id = doors.agency_by_slug(options["agency"])
        if agency_id is None:
            raise CommandError(f"There is no agency {options['agency']}.")
        email = options["email"].strip().lower()
        with agency_scope(agency_id):
            member = Member.objects.filter(email=email).first()
            role = Role(options["role"]) if options["role"] else _first_role(member)
            name = member.name if member else email.partition("@")[0]
            try:
                member = add_member(email=email, name=name, roles=[role])
            except Invalid as refused:
                raise CommandError(refused.detail) from refused
            self.stdout.write(create_token(member, role=role, label="made on the command line"))


def _first_role(member: Member | None) -> Role:
    held = [role for role in Role if member is not None and role in member.roles]
    if not held:
        raise CommandError("A new member needs a role: --role dispatcher, officer, supervisor or administrator.")
    return held[0]
