"""`make run`: from an environment to a console that takes calls, and cleanly down again."""

import errno
import fcntl
import hashlib
import http.client
import os
import shutil
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
        run(port=read_port(), web=read_web(), simulated=read_switch("CSO_SIMULATE"), data=data_folder())
    except CannotStart as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        # Its ordinary end: make calls any other status than 0 an error, and tells the shell of Ctrl-C by itself.
        with suppress(BrokenPipeError):  # whoever read what we say may have gone first
            print("Stopped.", flush=True)


def run(*, port: int, web: int, simulated: bool, data: Path) -> None:
    """`web`: how many web processes."""
    with (data / "run.lock").open("a+") as lock:
        _only_one(lock.fileno(), data=data)
        left = stop_leftovers(data)
        if left:
            say(f"Stopped what an earlier start had left running: {', '.join(left)}")
        with open_door(port) as door:
            shutil.rmtree(meters(data), ignore_errors=True)
            meters(data).mkdir()
            supervisor = Supervisor(Services(data), children=children(door, data=data, web=web), folder=ROOT, say=say)
            print("Starting the console (Ctrl-C stops all of it)", flush=True)
            keep_running(supervisor, door=door, port=port, simulated=simulated, data=data)


def keep_running(supervisor: Supervisor, *, door: socket.socket, port: int, simulated: bool, data: Path) -> None:
    """Until somebody interrupts it."""
    services = supervisor.services
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
            door.close()
            supervisor.stop()


def children(door: socket.socket, *, data: Path, web: int) -> list[Child]:
    """What runs beside the servers: so many web processes, which answer whoever knocks at `door`, worker and beat."""
    celery = [sys.executable, "-m", "celery", "-A", "cso"]
    worker = [*celery, "worker", "--pool=threads", "--concurrency=4", "--loglevel=WARNING"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--loglevel=WARNING", "--pidfile="]
    webs = [web_child(f"web-{number}", door, data=data) for number in range(1, web + 1)]
    return [*webs, Child("worker", worker), Child("beat", beat)]


def web_child(name: str, door: socket.socket, *, data: Path) -> Child:
    ready = data / f"{name}.ready"
    command = [sys.executable, "-m", "cso.web", "cso.asgi:application", "--fd", str(door.fileno())]
    command += ["--ready", str(ready), "--meters", str(meters(data))]
    return Child(name, command, files=(door.fileno(),), ready=ready)


def meters(data: Path) -> Path:
    """Where the web processes count together what each of them did."""
    return data / "meters"


def read_port() -> int:
    value = os.environ.get("PORT") or "8000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise CannotStart(f"PORT={value}: a number from 1 to 65535 is needed, 8000 when it is not set")
    return int(value)


def read_web() -> int:
    value = os.environ.get("CSO_WEB_PROCESSES") or "2"
    if not value.isdigit() or not 0 < int(value) < 65:
        raise CannotStart(f"CSO_WEB_PROCESSES={value}: a number from 1 to 64 is needed, 2 when it is not set")
    return int(value)


def read_switch(name: str) -> bool:
    value = os.environ.get(name) or "1"
    if value not in ("0", "1"):
        raise CannotStart(f"{name}={value}: 0 or 1 is needed, 1 when it is not set")
    return value == "1"


def open_door(port: int) -> socket.socket:
    """The console's port. Who comes waits here until a web process is there, or is there again."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
        door.listen(2048)
    except OSError as error:
        door.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise CannotStart(f"Port {port} {why}: choose another, e.g. PORT={port % 65000 + 1} make run") from error
    return door


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
    """Until every process is at work and /readyz and the sign-in page answer 200; who dies is started again."""
    begin = spoken = time.monotonic()
    state = "the web processes are starting"
    while time.monotonic() - begin < READY_WITHIN_S:
        supervisor.watch()
        if supervisor.are_ready():
            status, state = ask(port, "/readyz")
            if status == 200 and ask(port, "/accounts/login/")[0] == 200:
                return
        if time.monotonic() - spoken > SPEAK_EVERY_S:
            spoken = time.monotonic()
            say(f"Still waiting: {state.strip()[:200]}")
        time.sleep(0.1)
    logs = supervisor.services.data / "log"
    raise CannotStart(
        f"Not ready after {READY_WITHIN_S:.0f} s ({state.strip()}): see web-1.log and worker.log in {logs}"
    )


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
