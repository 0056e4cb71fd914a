"""Processes that are known by number and start time, so that a number used again by somebody else is never touched."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One running program: its number and when the system says that it started."""

    pid: int
    started: str


def look_up(pid: int) -> Process | None:
    """The process that has this number now; None when there is none, or one that is dead and only not yet reaped."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else Process(pid, fields[19])
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    return Process(pid, started.strip()) if started and not state.startswith("Z") else None


def is_alive(process: Process | None) -> bool:
    return process is not None and look_up(process.pid) == process


def is_traced(process: Process) -> bool:
    """Whether a debugger holds it, as far as the system says so."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    return any(line.split()[1] != "0" for line in status.splitlines() if line.startswith("TracerPid:"))


def send(process: Process, number: signal.Signals) -> None:
    if is_alive(process):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


def wait_gone(processes: list[Process], *, seconds: float) -> bool:
    """Whether all of them ended within the time; our own children are reaped."""
    until = time.monotonic() + seconds
    while True:
        for process in processes:
            _reap(process)
        if not any(is_alive(process) for process in processes):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.02)


def stop(processes: list[Process], *, ask: signal.Signals, seconds: float) -> None:
    """Ask all of them to end and end those by force that have not done so in time."""
    for process in processes:
        send(process, ask)
    if not wait_gone(processes, seconds=seconds):
        for process in processes:
            send(process, signal.SIGKILL)
        wait_gone(processes, seconds=2)


def _reap(process: Process) -> None:
    try:
        os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        return  # not ours, or reaped already
