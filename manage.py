#!/usr/bin/env python
"""Django's commands, on the servers that the environment names or else on the embedded ones."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from django.core.management import execute_from_command_line

# Only these connect as the owner of the tables; the site's role could not change them.
AS_OWNER = {"migrate", "pgtrigger", "restore"}
WITHOUT_SERVERS = {"collectstatic", "compilemessages", "help", "makemessages", "spectacular", "version"}


def servers(command: str) -> AbstractContextManager[object]:
    """The embedded PostgreSQL and Valkey, unless the environment names others or the command needs none."""
    if "DATABASE_URL" in os.environ or "DATABASE_URL_FILE" in os.environ or os.environ.get("CSO_OFFLINE") == "1":
        return nullcontext()
    if command in WITHOUT_SERVERS:
        os.environ["CSO_OFFLINE"] = "1"
        return nullcontext()
    try:
        from cso.local.services import borrowed
    except ImportError:
        return nullcontext()  # production carries no embedded servers; the settings say what is missing
    return borrowed()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in AS_OWNER:
        os.environ["CSO_AS_OWNER"] = "1"
    with servers(command):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
