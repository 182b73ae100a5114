# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bound of bytes a second."""

from __future__ import annotations

import time
from collections.abc import Callable


class Throttle:
    """Nothing is saved up while there is nothing to send. rate: bytes a second, 0 for no bound."""

    def __init__(
        self,
        rate: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._free = 0.0

    def passed(self, count: int) -> None:
        """So many bytes have passed: wait until the next may."""
        if not self._rate:
            return
        now = self._clock()
        self._free = max(self._free, now) + count / self._rate
        self._sleep(self._free - now)
