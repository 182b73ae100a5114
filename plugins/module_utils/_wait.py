# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting with one deadline for everything that a module does. Private to the collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

T = t.TypeVar("T")


class Deadline:
    """The end of a module's patience: timeout seconds from now on."""

    def __init__(self, timeout: float, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + timeout
        self.timeout = timeout
        self.on_pause: t.Callable[[], None] = lambda: None
        """Called before each pause, for what has to go on meanwhile."""

    def until(self, probe: t.Callable[[], T | None], what: str, pause: float = 1.0) -> T:
        """Call probe until it answers something other than None; DbaasError timeout, naming what, at the deadline."""
        while True:
            answer = probe()
            if answer is not None:
                return answer
            if self._clock() + pause > self._end:
                raise DbaasError("timeout", f"gave up waiting after {self.timeout:.0f} s: {what}")
            self.on_pause()
            time.sleep(pause)
