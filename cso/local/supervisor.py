"""Keeps the processes of the site running: who dies is started again, with growing pauses, and the others stay up."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cso.local.processes import Process, is_alive, is_traced, look_up, send, stop
from cso.local.servers import CannotStart
from cso.local.services import Services, process_of, read_note, write_note

FROZEN_AFTER_S = 20.0  # a machine that is busy for seconds is no reason to cut off who is being answered
FIRST_PAUSE_S, LONGEST_PAUSE_S, HEALTHY_AFTER_S = 0.2, 10.0, 20.0
LARGEST_LOG = 20_000_000  # bytes


@dataclass
class Pause:
    """How long to wait before the next start: doubled each time, short again for who ran well."""

    seconds: float = FIRST_PAUSE_S
    until: float = 0.0

    def begin(self, *, ran_for: float) -> None:
        if ran_for > HEALTHY_AFTER_S:
            self.seconds = FIRST_PAUSE_S
        self.until = time.monotonic() + self.seconds
        self.seconds = min(self.seconds * 2, LONGEST_PAUSE_S)


@dataclass
class Child:
    """One process of the site. It is given the open files `files`.

    Where it has a file `ready`, it makes it once it is at work and touches it every second from then on.
    """

    name: str
    command: list[str]
    files: tuple[int, ...] = ()
    ready: Path | None = None
    process: Process | None = None
    popen: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    pause: Pause = field(default_factory=Pause)
    sign: tuple[int, float] = (0, 0.0)  # the last touch, by the file's clock, and when we saw it, by ours

    def start(self, *, environment: dict[str, str], log: Path, lock: int, folder: Path) -> None:
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
        if self.ready is not None:
            self.ready.unlink(missing_ok=True)
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                self.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, pass_fds=[lock, *self.files],
            )  # fmt: skip
        self.process = look_up(self.popen.pid)
        self.begun = time.monotonic()

    def is_ready(self) -> bool:
        return self.ready is None or self.ready.exists()

    def has_ended(self) -> bool:
        return self.popen is not None and self.popen.poll() is not None

    def is_frozen(self, now: float) -> bool:
        """Whether it was at work and has shown no sign of life for too long.

        The time is ours, which stands still while the machine sleeps. Whom somebody debugs is not frozen.
        """
        touched = _touched(self.ready) if self.ready is not None and self.process is not None else 0
        if not touched or touched != self.sign[0]:
            self.sign = (touched, now)
        return now - self.sign[1] > FROZEN_AFTER_S and not (self.process and is_traced(self.process))


class Supervisor:
    """The servers of a data folder and the processes that use them."""

    def __init__(self, services: Services, *, children: list[Child], folder: Path, say: Callable[[str], None]) -> None:
        self.services = services
        self.children = children
        self.folder = folder
        self.say = say
        self.note = services.data / "run.json"
        self.environment: dict[str, str] = {}
        self.lock = -1
        self.servers_pause = Pause()

    def start(self, *, environment: dict[str, str], lock: int) -> None:
        self.environment, self.lock = environment, lock
        for child in self.children:
            self._start(child)

    def add(self, child: Child) -> None:
        """One more, to be kept running like the others."""
        self.children.append(child)
        self._start(child)

    def watch(self) -> None:
        """Look once after everybody."""
        now = time.monotonic()
        if not self.services.are_alive() and now >= self.servers_pause.until:
            self._start_servers()
        for child in self.children:
            if child.has_ended():
                self._note_end(child)
            elif child.popen is None and now >= child.pause.until:
                self._start(child)
            elif child.is_frozen(now):
                self._end(child)

    def are_ready(self) -> bool:
        return all(child.is_ready() for child in self.children)

    def stop(self) -> None:
        """The site's processes first, then the servers; all together under 5 s."""
        stop([c.process for c in self.children if c.process], ask=signal.SIGTERM, seconds=2)
        self.services.stop()
        self.note.unlink(missing_ok=True)

    def _start(self, child: Child) -> None:
        log = self.services.data / "log" / f"{child.name}.log"
        child.start(environment=self.environment, log=log, lock=self.lock, folder=self.folder)
        self._write()

    def _end(self, child: Child) -> None:
        """By force: a process that is stopped hears nothing else. The next look finds it ended."""
        assert child.process is not None
        self.say(f"{child.name} has given no sign of life for {FROZEN_AFTER_S:.0f} s and is ended")
        send(child.process, signal.SIGKILL)
        child.sign = (0, time.monotonic())

    def _note_end(self, child: Child) -> None:
        assert child.popen is not None
        child.pause.begin(ran_for=time.monotonic() - child.begun)
        why = child.popen.returncode
        how = f"was ended by signal {-why}" if why < 0 else f"ended with {why}"
        self.say(f"{child.name} {how}; it starts again in {child.pause.until - time.monotonic():.1f} s")
        child.popen = child.process = None

    def _start_servers(self) -> None:
        gone = [
            n for n, p in (("PostgreSQL", self.services.postgres), ("Valkey", self.services.valkey)) if not is_alive(p)
        ]
        self.servers_pause.begin(ran_for=0)
        try:
            self.services.start()
        except CannotStart as error:
            self.say(f"{error}; next try in {self.servers_pause.seconds:.1f} s")
        else:
            self.servers_pause = Pause()
            self.say(f"{' and '.join(gone)} had ended and runs again")

    def _write(self) -> None:
        running = {c.name: asdict(c.process) for c in self.children if c.process}
        write_note(self.note, {"supervisor": asdict(_ourselves()), "children": running})


def _touched(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _ourselves() -> Process:
    process = look_up(os.getpid())
    assert process is not None, "a running process has a start time"
    return process


def stop_leftovers(data: Path) -> list[str]:
    """Stop what a killed supervisor left running, by number and start time; gives the names."""
    kept = read_note(data / "run.json").get("children") or {}
    found: Iterable[tuple[str, Process | None]] = ((name, process_of(content)) for name, content in kept.items())
    alive = {name: process for name, process in found if process and is_alive(process)}
    stop(list(alive.values()), ask=signal.SIGTERM, seconds=2)
    return list(alive)
