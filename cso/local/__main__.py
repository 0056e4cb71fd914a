"""`make run`: from an environment to a console that takes calls, and cleanly down again."""

import errno
import fcntl
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from cso.local.servers import CannotStart
from cso.local.services import ROOT, Services, data_folder, demo_password, used
from cso.local.supervisor import Child, Supervisor, stop_leftovers

READY_WITHIN_S, SPEAK_EVERY_S = 240.0, 20.0
UNWATCHED_S = 300.0
BEGIN = time.monotonic()


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        run(port=read_port(), simulated=read_switch("CSO_SIMULATE"), data=data_folder())
    except CannotStart as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        # Its ordinary end: make calls any other status than 0 an error, and tells the shell of Ctrl-C by itself.
        with suppress(BrokenPipeError):  # whoever read what we say may have gone first
            print("Stopped.", flush=True)


def run(*, port: int, simulated: bool, data: Path) -> None:
    with (data / "run.lock").open("a+") as lock:
        _only_one(lock.fileno(), data=data)
        left = stop_leftovers(data)
        if left:
            say(f"Stopped what an earlier start had left running: {', '.join(left)}")
        check_port(port)
        services = Services(data)
        supervisor = Supervisor(services, children=children(port), folder=ROOT, say=say)
        print("Starting the console (Ctrl-C stops all of it)", flush=True)
        with used(services) as users:
            try:
                say("PostgreSQL and Valkey run")
                environment = os.environ | services.environment() | {"CSO_SESSION_COOKIE": f"cso_session_{port}"}
                with prepared(environment, data=data):
                    supervisor.start(environment=environment, lock=users)
                wait_ready(port, supervisor=supervisor)
                greet(port, password=demo_password(data))
                if simulated:
                    supervisor.add(Child("simulation", [sys.executable, "manage.py", "simulate"]))
                while True:
                    supervisor.watch()
                    time.sleep(0.2)
            finally:
                _deaf()
                supervisor.stop()


def children(port: int) -> list[Child]:
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "cso"]
    web = [python, "-m", "uvicorn", "cso.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    # Clients keep a connection for a minute or so; one that is closed just as it is used again costs them a request.
    web += ["--timeout-keep-alive", "75"]
    web += ["--lifespan", "off", "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "1"]
    worker = [*celery, "worker", "--pool=threads", "--concurrency=4", "--loglevel=WARNING"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--loglevel=WARNING", "--pidfile="]
    return [Child("web", [*web, "--log-level", "warning"]), Child("worker", worker), Child("beat", beat)]


def read_port() -> int:
    value = os.environ.get("PORT") or "8000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise CannotStart(f"PORT={value}: a number from 1 to 65535 is needed, 8000 when it is not set")
    return int(value)


def read_switch(name: str) -> bool:
    value = os.environ.get(name) or "1"
    if value not in ("0", "1"):
        raise CannotStart(f"{name}={value}: 0 or 1 is needed, 1 when it is not set")
    return value == "1"


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise CannotStart(f"Port {port} {why}: choose another, e.g. PORT={port % 65000 + 1} make run") from error


@contextmanager
def prepared(environment: dict[str, str], *, data: Path) -> Iterator[None]:
    """Tables, static files and the demo. Beside the start of the site when they are as the last start left them.

    After a while they come first: no clock may ring for the calls of a demonstration that nobody watched meanwhile.
    """
    note, now = data / "prepared", fingerprint()
    same = note.exists() and note.read_text() == now
    watched = same and time.time() - note.stat().st_mtime < UNWATCHED_S
    note.unlink(missing_ok=True)
    command = [sys.executable, "-m", "cso.local.prepare", *(["as-left"] if same else [])]
    preparing = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)  # Ctrl-C is for us
    try:
        if not watched:
            finish(preparing)
        yield
        finish(preparing)
        note.write_text(now)
    finally:
        if preparing.poll() is None:
            preparing.kill()
            preparing.wait()


def finish(preparing: "subprocess.Popen[bytes]") -> None:
    if preparing.wait():
        raise CannotStart("The database or the demo could not be prepared: what went wrong stands above")


def fingerprint() -> str:
    """What migrations and static files there are; the site cannot start before those that are new."""
    digest = hashlib.sha256()
    migrations = (file for file in ROOT.glob("*/migrations/*.py"))
    static = (file for file in (ROOT / "static").rglob("*") if file.is_file())
    for file in sorted([*migrations, *static, ROOT / "requirements.lock", ROOT / "cso" / "roles.sql"]):
        digest.update(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}\n".encode())
    return digest.hexdigest()


def wait_ready(port: int, *, supervisor: Supervisor) -> None:
    """Until /readyz and the sign-in page answer 200; meanwhile who dies is started again."""
    begin = spoken = time.monotonic()
    state = "nothing answers"
    while time.monotonic() - begin < READY_WITHIN_S:
        supervisor.watch()
        status, state = ask(port, "/readyz")
        if status == 200 and ask(port, "/accounts/login/")[0] == 200:
            return
        if time.monotonic() - spoken > SPEAK_EVERY_S:
            spoken = time.monotonic()
            say(f"Still waiting: {state.strip()[:200]}")
        time.sleep(0.1)
    logs = supervisor.services.data / "log"
    raise CannotStart(f"Not ready after {READY_WITHIN_S:.0f} s ({state.strip()}): see web.log and worker.log in {logs}")


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def greet(port: int, *, password: str) -> None:
    here, beside = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    print(
        f"\nReady: {here}/  ({time.monotonic() - BEGIN:.1f} s)\n"
        "\nFirst minute: sign in as the dispatcher, take a call, and see who should have it and why."
        "\n              Sign in as the officer in a second window, beside the first, and assign him the call."
        "\n              He acknowledges, is on scene and closes it; each console shows it at once.\n"
        f"\nDispatcher    {here}/accounts/login/    dora@seattle.example    {password}"
        f"\nOfficer       {beside}/accounts/login/    cole@seattle.example    {password}"
        "\n(also sue@ the supervisor and ada@ the administrator, in each of the four cities; all of them invented)",
        flush=True,
    )


def say(line: str) -> None:
    print(f"  {line} ({time.monotonic() - BEGIN:.1f} s)", flush=True)


def _only_one(lock: int, *, data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotStart(
            f"The console already runs from {data}: stop it there with Ctrl-C, "
            "or start a second one with another PORT and CSO_DATA_DIR"
        ) from error


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _deaf() -> None:
    """From here on all is being stopped; a second Ctrl-C must not leave half of it behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
