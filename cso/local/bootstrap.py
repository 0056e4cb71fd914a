"""Make .venv from a hashed lock, with nothing but the standard library.

usage: python3 cso/local/bootstrap.py local|dev

`local` holds what `make run` needs, `dev` adds the tools. A stamp, written last, names the locks that are installed
complete: no stamp, no environment, and the next start makes it anew. This file also has to parse on Pythons that are
too old for the rest, so that they get a sentence instead of a syntax error.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed, this is %d.%d (%s). Choose one: make run PYTHON=python3.11"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "complete"
LOCKS = {"local": ["requirements-local.lock"], "dev": ["requirements-dev.lock", "requirements-local.lock"]}


def stamp_line(lock: str) -> str:
    return lock + " " + hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def installed() -> "set[str]":
    """The locks that are installed complete, as stamp lines; a moved or half-made environment holds none."""
    try:
        lines = STAMP.read_text().splitlines()
    except OSError:
        return set()
    works = lines[:1] == [str(ROOT)] and (VENV / "bin" / "python").exists()
    return set(lines[1:]) if works else set()


def run(command: "list[str]", failure: str) -> None:
    """Run a step quietly; when it fails show what it said, then one line of what to do."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-4000:])
        sys.exit(failure)


def make_environment() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    python = str(VENV / "bin" / "python")
    lock = str(ROOT / "requirements-uv.lock")
    no_network = "Could not install uv: is a package registry reachable? Then start again."
    if importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", str(VENV)], "Could not make the environment in " + str(VENV))
        pip = [python, "-m", "pip"]
    elif importlib.util.find_spec("pip"):
        # Debian ships Python without ensurepip; its own pip can install into an environment that has none.
        run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], "Could not make the environment")
        pip = [sys.executable, "-m", "pip", "--python", python]
    else:
        sys.exit(
            "%s can make no environments: install its venv package (Debian: apt-get install python3-venv)"
            % sys.executable
        )
    run([*pip, "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock], no_network)


def install(profile: str) -> None:
    wanted = [stamp_line(lock) for lock in LOCKS[profile]]
    if installed().issuperset(wanted):
        return
    try:
        probe = ROOT / (".writable-%d" % os.getpid())
        probe.touch()
        probe.unlink()
    except OSError as error:
        sys.exit("The environment cannot be made: %s is not writable (%s)" % (ROOT, error.strerror))
    begin = time.monotonic()
    print("Environment: installing (%s)" % LOCKS[profile][0], flush=True)
    if not installed() or not (VENV / "bin" / "uv").exists():
        make_environment()
    STAMP.unlink(missing_ok=True)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--python", str(VENV / "bin" / "python")]
    run(
        [*uv, "--require-hashes", "-r", LOCKS[profile][0]],
        "Could not install %s: is a package registry reachable? Then start again." % LOCKS[profile][0],
    )
    STAMP.write_text("\n".join([str(ROOT), *wanted]) + "\n")
    print("Environment: ready (%.1f s)" % (time.monotonic() - begin), flush=True)


def main() -> None:
    # Two starts at once (make run beside make test) wait for each other at the folder itself.
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    install(sys.argv[1])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
