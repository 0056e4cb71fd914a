"""A container's health check: `python -m cso.alive worker` ends with 0 when the worker gave a sign of life lately."""

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")
    django.setup()
    from cso.health import heartbeat_state

    state = heartbeat_state(sys.argv[1])
    if state != "ok":
        sys.exit(state)


if __name__ == "__main__":
    main()
