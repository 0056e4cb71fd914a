"""`python -m tests.bench`: measures, prints one JSON object and keeps it in .data/bench.json."""

import argparse
import json
import os
import pkgutil
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import psycopg
from django.db import DatabaseError

import tests.bench
from agencies.errors import Refused
from cso.local.services import ROOT, data_folder
from tests.bench.figures import Figure, table
from tests.bench.stage import Stage, TimeUp, stage, stop_after

LONGEST_S = 350
# What a subject may fail with by itself: the others are measured all the same.
FAULTS = (RuntimeError, OSError, ValueError, LookupError, Refused, DatabaseError, psycopg.Error, SubprocessError)
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> None:
    given = arguments()
    if given.write and given.from_file:
        return write(given.write, json.loads(given.from_file.read_text()))
    names = [name for name in subjects() if not given.only or name in given.only]
    if not names:
        sys.exit(f"--only takes one of: {', '.join(subjects())}")
    data = data_folder()  # before the stage puts its own into the environment
    found = run(names, data=data, quick=given.quick)
    text = json.dumps(found, indent=1)
    (data / "bench.json").write_text(text + "\n")
    print(text, flush=True)
    if given.write:
        write(given.write, found)
    return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", help="a subject; may be given several times")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to look at, not to keep")
    parser.add_argument("--write", type=Path, help="put the table into this file, between its two marks")
    parser.add_argument("--from-file", type=Path, help="with --write: the figures of an earlier run")
    return parser.parse_args()


def subjects() -> dict[str, Callable[[Stage], list[Figure]]]:
    """Every module here with `measure(stage)`, by its name; those that take longest (`TAKES_S`, 5 if not said) last."""
    names = sorted(each.name for each in pkgutil.iter_modules(tests.bench.__path__) if each.name != "__main__")
    modules = {name: import_module(f"tests.bench.{name}") for name in names}
    in_turn = sorted(modules.items(), key=lambda item: getattr(item[1], "TAKES_S", 5))
    return {name: module.measure for name, module in in_turn if hasattr(module, "measure")}


def run(names: list[str], *, data: Path, quick: bool) -> dict[str, Any]:
    """What was measured, in the order of the names; `unfinished` names what time or a fault did not allow."""
    began, figures, unfinished = time.monotonic(), list[Figure](), dict[str, str]()
    load_before = os.getloadavg()[0]
    todo = list(names)
    try:
        stop_after(LONGEST_S)
        with stage(data, quick=quick) as made:
            while todo:
                say(f"{todo[0]} ({time.monotonic() - began:.0f} s)")
                measured, fault = attempt(subjects()[todo[0]], made)
                figures += measured
                unfinished |= {todo[0]: fault} if fault else {}
                todo.pop(0)
    except TimeUp:
        unfinished |= dict.fromkeys(todo, f"not within {LONGEST_S} s")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {"load_before": round(load_before, 2)},
        "seconds": round(time.monotonic() - began),
        "quick": quick,
        "figures": {figure.name: figure.as_dict() for figure in figures},
        "unfinished": unfinished,
    }


def attempt(measure: Callable[[Stage], list[Figure]], made: Stage) -> tuple[list[Figure], str]:
    """The figures, or why there are none: one subject's fault takes the others nothing."""
    try:
        return measure(made), ""
    except FAULTS as error:
        say(f"{type(error).__name__}: {error}")
        return [], f"{type(error).__name__}: {error}"


def machine() -> dict[str, Any]:
    kind = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return {
        "cores": os.cpu_count(),
        "processor": kind or platform.processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def write(file: Path, found: dict[str, Any]) -> None:
    """Puts the table of figures between the marks of a document."""
    text = file.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    machine_ = found["machine"]
    when = f"{found['at'][:10]}, {machine_['cores']} cores ({machine_['processor']}), {machine_['system']}, "
    when += f"Python {machine_['python']}, load {machine_['load_before']} before the run"
    body = f"{BEGIN}\n{when}.\n\n{table(found['figures'].values())}{END}"
    file.write_text(before + body + after)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
