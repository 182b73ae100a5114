# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the guest's clock is off, by the ``Date`` of the store's answers."""

from __future__ import annotations

import time

LIMIT = 30
"""Seconds beyond which a clock is wrong: certificates, logs and times of backups suffer."""
_GRAIN = 2.0
"""A ``Date`` has whole seconds: one that differs by less than this from what is known says nothing new."""


def wrong(offset: int | None) -> bool:
    """Whether an offset (seconds, None when unknown) is a fault."""
    return offset is not None and abs(offset) > LIMIT


class Clock:
    """The store's time, carried on by the monotonic clock, so that a step of the guest's own clock shows at once."""

    def __init__(self) -> None:
        self._base: float | None = None

    def heard(self, date: str | None, sent: float, received: float) -> None:
        """Learn from an answer's ``Date``; when it was asked and answered, by the monotonic clock."""
        from email.utils import parsedate_to_datetime

        try:
            told = parsedate_to_datetime(date or "").timestamp() + 0.5
        except (TypeError, ValueError, OverflowError):
            return
        base = told - (sent + received) / 2
        if self._base is None or abs(base - self._base) > _GRAIN:
            self._base = base

    def offset(self) -> int | None:
        """Seconds by which the guest's clock is ahead of the store's (negative: behind); None while nothing is known."""
        return None if self._base is None else round(time.time() - time.monotonic() - self._base)
