# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the record of a replication set now and then, in a thread of its own so that no store can stop the loop."""

from __future__ import annotations

import threading

from dbaas_agent.gate import Gate
from dbaas_agent.upload import Uploader

_NEWEST = {"X-Newest": "true"}
"""Of a store with several copies, the newest one."""


class RecordWatch:
    """Asks for what the gate wants to know."""

    def __init__(self, gate: Gate, ca_file: str) -> None:
        self._gate = gate
        self._uploader = Uploader(ca_file)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ask no more; what is under way is not waited for longer than a second."""
        self._closing.set()
        self._thread.join(1)

    def _run(self) -> None:
        pause = 0.0
        while not self._closing.wait(pause):
            pause = self._gate.ask(lambda url: self._uploader.get(url, _NEWEST))
