"""A process of the site does not start when the walls between agencies are open (agencies/checks.py says how)."""

import sys

from django.core.checks import Tags, run_checks
from django.db import DatabaseError, connection


def refuse_open_walls() -> None:
    """End with what is wrong. A database that is away ends the start too; whoever started us tries again."""
    try:
        found = run_checks(tags=[Tags.database], databases=["default"])
    except DatabaseError as error:
        sys.exit(f"The database does not answer: {type(error).__name__}")
    finally:
        connection.close()
    serious = [message for message in found if message.is_serious()]
    if serious:
        sys.exit("\n".join(f"{message.id}: {message.msg} {message.hint or ''}" for message in serious))
