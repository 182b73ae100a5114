# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup's folder in the store: whatever the store does meanwhile, a piece gets in or out, or it is said why that cannot be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from dbaas_agent.errors import AgentError
from dbaas_agent.upload import Answer

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
_REFUSED = {
    "http_401": ("not_actionable", "the ticket does not allow it, or has ended: run it again"),
    "http_403": ("not_actionable", "the ticket does not allow it: run it again"),
    "http_404": ("not_found", "it is not there"),
    "http_413": ("agent", "the project's quota in the object store does not suffice: give it more, and run it again"),
}
"""Answers after which asking again is of no use."""


def require_valid(expires: float) -> None:
    """AgentError(not_actionable) when a ticket that ends then has ended."""
    if expires <= time.time():
        raise AgentError("not_actionable", "the ticket has ended: run it again")


class Place:
    """url: a ticket for all names below it. ended: when it ends, in seconds since 1970.

    patience: how many seconds without success it goes on, asked each time. uploader: as dbaas_agent.upload.Uploader.
    """

    def __init__(
        self,
        uploader: Any,
        url: str,
        *,
        ended: float,
        patience: Callable[[], float],
        log: Callable[..., None],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._uploader = uploader
        self._url = urlsplit(url)
        self._ended = ended
        self._patience = patience
        self._log = log
        self._clock = clock
        self._sleep = sleep

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:
        """AgentError: not_actionable when the ticket has ended, timeout when the store does not take it in time, agent when there is no room for it."""
        self._insist(name, lambda: self._uploader.put(self._url_of(name), data, headers))

    def get(self, name: str) -> bytes:
        """AgentError: as put, and not_found."""
        return self._insist(name, lambda: self._uploader.get(self._url_of(name), {})).body

    def _url_of(self, name: str) -> str:
        return self._url._replace(path=f"{self._url.path}{name}").geturl()

    def _insist(self, name: str, ask: Callable[[], Answer]) -> Answer:
        begun, pause = self._clock(), FIRST_PAUSE
        while not (answer := ask()).ok:
            self._log("store_failed", "warning", name=name, answer=answer.word)
            self._give_up(name, answer, self._clock() - begun)
            self._pause(min(pause, self._patience()))
            pause = min(2 * pause, LONGEST_PAUSE)
        return answer

    def _pause(self, seconds: float) -> None:
        """In steps: meanwhile there may be less patience."""
        ends = self._clock() + seconds
        while (left := ends - self._clock()) > 0 and self._patience() >= seconds:
            self._sleep(min(left, FIRST_PAUSE))

    def _give_up(self, name: str, answer: Answer, waited: float) -> None:
        details: dict[str, Any] = {"name": name, "answer": answer.word}
        if answer.word in _REFUSED:
            reason, text = _REFUSED[answer.word]
            raise AgentError(reason, f"the store refused {name} ({answer.word}): {text}", **details)
        if self._clock() >= self._ended:
            raise AgentError("not_actionable", f"the ticket ended, {name} was not done: run it again", **details)
        if waited >= self._patience():
            text = f"the store failed for {name} in {waited:.0f} seconds ({answer.word}): run it again when it works"
            raise AgentError("timeout", text, **details)
