"""Lets a person into an agency: makes the member and prints the link at which the person chooses a password."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from agencies import doors
from agencies.actions import add_member
from agencies.errors import Invalid
from agencies.roles import Role
from agencies.scope import agency_scope


class Command(BaseCommand):
    help = "Adds a member (or roles to one) and prints a link, good for three days, at which to choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agency", help="the agency's slug")
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, action="append", choices=[role.value for role in Role])

    def handle(self, *_: Any, **options: Any) -> None:
        agency_id = doors.agency_by_slug(options["agency"])
        if agency_id is None:
            raise CommandError(f"There is no agency {options['agency']}.")
        with agency_scope(agency_id):
            roles = [Role(role) for role in options["role"]]
            try:
                user = add_member(email=options["email"], name=options["name"], roles=roles).user
            except Invalid as refused:
                raise CommandError(refused.detail) from refused
        key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
        self.stdout.write(_site() + reverse("account_reset_password_from_key", kwargs=key))


def _site() -> str:
    """Where the console is, so that the link can be sent as it is; nothing where the settings do not say."""
    return next((origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin), "")
