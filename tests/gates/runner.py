# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run gates: as many at a time as their cores allow, each with a log and a time limit."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.gates.table import Gate

CORES = 2
POLL_SECONDS = 0.1
NEWS_SECONDS = 60
KILL_SECONDS = 20
TAIL_LINES = 40
ANSIBLE_FAULT = re.compile(r"(?:fatal|failed): \[([^\] ]+)")
ANSIBLE_FAILED = re.compile(r"^(\S+)\s+: ok=\d+ .*\b(?:failed|unreachable)=[1-9]")
PYTEST_FAULT = re.compile(r"^E   ")
FAULT_LINES = 40
WHY_LENGTH = 400
BASH = ("bash", "-euo", "pipefail", "-O", "failglob", "-c")


@dataclass
class Running:
    """A gate under way."""

    gate: Gate
    process: subprocess.Popen[bytes]
    log: Path
    started: float
    news_due: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


def _start(gate: Gate, root: Path, state: Path) -> Running:
    scratch = state / "gates" / gate.name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    log = state / "logs" / f"{gate.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "COLLECTION": str(state / "collections/ansible_collections/dbaas/openstack"),
        "GATE_DIR": str(scratch),
        "NO_COLOR": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*BASH, gate.run],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    now = time.monotonic()
    return Running(gate, process, log, now, now + NEWS_SECONDS)


def _kill(running: Running) -> None:
    """End a gate with all of its process group, politely first."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(running.process.pid, signum)
            running.process.wait(KILL_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _tail(log: Path, lines: int) -> list[str]:
    with log.open(encoding="utf-8", errors="replace") as text:
        return [line.rstrip("\n") for line in deque(text, maxlen=lines)]


def _fault(lines: list[str]) -> int | None:
    """The line that tells why: pytest's first fault, or Ansible's last of a host that a recap calls failed.

    Faults of the other hosts were rescued. A run that was killed has no recap: its last fault.
    """
    faults, failed = dict[str, int](), None
    for number, line in enumerate(lines):
        if PYTEST_FAULT.search(line):
            return number
        if fault := ANSIBLE_FAULT.search(line):
            faults[fault[1]] = number
        if recap := ANSIBLE_FAILED.search(line):
            failed = faults.get(recap[1], failed)
    return max(faults.values(), default=None) if failed is None else failed


def _excerpt(log: Path) -> list[str]:
    """What tells why, and the last lines."""
    lines = _tail(log, sys.maxsize)
    tail_from = max(0, len(lines) - TAIL_LINES)
    fault = _fault(lines)
    first = [] if fault is None else lines[max(0, fault - 5) : min(fault + FAULT_LINES, tail_from)]
    return [*first, *(["..."] if first else []), *lines[tail_from:]]


def _why(log: Path) -> str:
    """One line that tells why, for where the rest is cut off."""
    lines = _tail(log, sys.maxsize)
    fault = _fault(lines)
    return ("" if fault is None else lines[fault].strip())[:WHY_LENGTH]


def _finished(running: Running) -> bool | None:
    """Whether the gate passed; None while it runs."""
    status = running.process.poll()
    if status is not None:
        return status == 0
    if running.seconds > running.gate.timeout:
        _kill(running)
        with running.log.open("a", encoding="utf-8") as log:
            log.write(f"\nkilled: it ran longer than its {running.gate.timeout} s\n")
        return False
    return None


def _report(running: Running, *, passed: bool) -> None:
    print(f"{running.gate.name:<14} {'passed' if passed else 'FAILED'} {running.seconds:8.1f} s")
    if not passed:
        print(*(f"    {line}" for line in _excerpt(running.log)), f"    log: {running.log}", sep="\n")


def _news(running: Running) -> None:
    if time.monotonic() < running.news_due:
        return
    running.news_due += NEWS_SECONDS
    print(f"{running.gate.name:<14} ... {running.seconds:11.0f} s  {''.join(_tail(running.log, 1))[:90]}")


@contextlib.contextmanager
def _interruptions() -> Iterator[list[int]]:
    """The numbers of SIGINT and SIGTERM as they come. An exception could come between the start of a process and its being known."""
    come: list[int] = []
    before = {
        one: signal.signal(one, lambda number, _frame: come.append(number)) for one in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield come
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def run(gates: Sequence[Gate], root: Path, state: Path) -> bool:
    """Run the gates, tell the results as they come, and go on after a failure.

    Args:
        gates: in the order in which they start.
        root: the checkout; each gate's working directory.
        state: where logs, scratch directories and the collection tree are.

    Returns:
        Whether all passed. What SIGINT or SIGTERM ended or left unstarted counts as failed.
    """
    waiting, under_way, passed, whys = deque(gates), list[Running](), list[str](), dict[str, str]()
    with _interruptions() as interrupted:
        while (waiting or under_way) and not interrupted:
            while waiting and sum(one.gate.cores for one in under_way) + min(waiting[0].cores, CORES) <= CORES:
                under_way.append(_start(waiting.popleft(), root, state))
            time.sleep(POLL_SECONDS)
            for one in list(under_way):
                result = _finished(one)
                if result is None:
                    _news(one)
                    continue
                under_way.remove(one)
                _report(one, passed=result)
                if result:
                    passed.append(one.gate.name)
                else:
                    whys[one.gate.name] = _why(one.log)
        if interrupted:
            print("interrupted")
        for one in under_way:
            _kill(one)
            _report(one, passed=False)
    failed = [gate.name for gate in gates if gate.name not in passed]
    for name in failed:
        print(f"failed: {name} {whys.get(name, 'interrupted')}".rstrip())
    print(f"{len(passed)} passed, {len(failed)} failed")
    return not failed
