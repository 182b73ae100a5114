# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring pieces into the store, whatever the store does meanwhile, or say why that cannot be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dbaas_agent.errors import AgentError
from dbaas_agent.upload import Answer

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
_REFUSED = {
    "http_401": ("not_actionable", "the ticket does not allow it, or has ended: run it again"),
    "http_403": ("not_actionable", "the ticket does not allow it: run it again"),
    "http_404": ("not_actionable", "its container is gone: run it again"),
    "http_413": ("quota", "the project's quota in the object store does not suffice, or the segments are too large for it"),
}
"""Answers after which trying again is of no use."""


class Shipper:
    """Sends to names below a ticket's URL.

    patience: seconds without an answer of success after which it gives up, asked each time. ended: when the ticket ends, in seconds since 1970.
    """

    def __init__(
        self,
        put: Callable[[str, bytes, dict[str, str]], Answer],
        url_of: Callable[[str], str],
        *,
        patience: Callable[[], float],
        ended: float,
        log: Callable[..., None],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._put = put
        self._url_of = url_of
        self._patience = patience
        self._ended = ended
        self._log = log
        self._clock = clock
        self._sleep = sleep

    def send(self, name: str, data: bytes, headers: dict[str, str]) -> None:
        """Until the store has taken it. AgentError: quota, not_actionable when the ticket has ended, timeout when the store does not take it in time."""
        url, begun, pause = self._url_of(name), self._clock(), FIRST_PAUSE
        while True:
            answer = self._put(url, data, headers)
            if answer.ok:
                return
            self._log("not_stored", "warning", name=name, answer=answer.word)
            self._give_up(name, answer, self._clock() - begun)
            self._sleep(min(pause, self._patience()))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _give_up(self, name: str, answer: Answer, waited: float) -> None:
        details: dict[str, Any] = {"name": name, "answer": answer.word}
        if answer.word in _REFUSED:
            reason, text = _REFUSED[answer.word]
            raise AgentError(reason, f"the store refused {name} ({answer.word}): {text}", **details)
        if self._clock() >= self._ended:
            raise AgentError("not_actionable", f"the ticket ended before the store had taken {name}: run it again", **details)
        if waited >= self._patience():
            text = f"the store has not taken {name} in {waited:.0f} seconds ({answer.word}): run it again when it answers"
            raise AgentError("timeout", text, **details)
