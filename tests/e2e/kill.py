# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed at a request which may change something; the product has no hook for it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.e2e.modules import ENVIRONMENT, kill_tree
from tests.e2e.proxy import Boundary, Cut, proxy

TIMEOUT = 900
Choose = Callable[[Boundary, int], bool]
"""Whether to kill at a boundary, given its number in the run, from 0."""


class Victim:
    """A command that runs behind a proxy and is killed, once, at the boundary that is chosen.

    how: `before` or `after` the request, with all of its processes, so that the answer reaches nobody; or `alone`:
    ansible-playbook only, before the request, while the module that sends it goes on as an orphan.
    """

    def __init__(self, arguments: list[str], choose: Choose, how: str) -> None:
        self._arguments = arguments
        self._choose = choose
        self._how = how
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self.boundaries: list[Boundary] = []
        """What it asked the cloud to change, in order, until it was killed."""
        self.killed_at: Boundary | None = None
        self.ended_well = False

    @contextlib.contextmanager
    def fate(self) -> Iterator[None]:
        """Run it to its end. Orphans that it left go on while the body runs, and have ended afterwards."""
        with proxy(self._hook) as url:
            environment = {**ENVIRONMENT, "http_proxy": url, "no_proxy": ""}
            self._process = subprocess.Popen(self._arguments, env=environment, stdout=subprocess.DEVNULL)
            self._started.set()
            try:
                self.ended_well = self._process.wait(TIMEOUT) == 0 and self.killed_at is None
            except subprocess.TimeoutExpired:
                kill_tree(self._process)
                raise
            yield
            deadline = time.monotonic() + TIMEOUT
            while any(_has(entry, f"http_proxy={url}") for entry in Path("/proc").glob("[0-9]*/environ")):
                assert time.monotonic() < deadline, "an orphan does not end"
                time.sleep(0.2)

    def _hook(self, at: Boundary, phase: str) -> None:
        self._started.wait()
        with self._turn:
            if self.killed_at is not None:
                if self._how == "alone":
                    return
                raise Cut
            if phase == "before":
                self.boundaries.append(at)
            if phase != ("after" if self._how == "after" else "before"):
                return
            if not self._choose(at, len(self.boundaries) - 1):
                return
            self.killed_at = at
            assert self._process is not None
            if self._how == "alone":
                self._process.kill()
                return
            kill_tree(self._process)
        raise Cut


def _has(environment: Path, entry: str) -> bool:
    with contextlib.suppress(OSError):  # it has ended
        return entry.encode() in environment.read_bytes().split(b"\0")
    return False
