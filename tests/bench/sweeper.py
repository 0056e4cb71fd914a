"""A worker that does nothing but sweep, until nothing is due; writes when it began and ended, and how many it fired."""

import json
import sys
import time
from datetime import datetime

import django


def main(now: datetime) -> None:
    from dispatch import sweep

    print("ready", flush=True)
    sys.stdin.readline()
    began, fired = time.perf_counter(), 0
    while more := sweep.sweep(now):
        fired += more
    print(json.dumps({"began": began, "ended": time.perf_counter(), "fired": fired}))


if __name__ == "__main__":
    django.setup()
    main(datetime.fromisoformat(sys.argv[1]))
