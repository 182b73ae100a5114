# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a playbook does to a running instance, and what has to hold when it is done, however often it was killed on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from tests.e2e.guests import Database
from tests.e2e.playbooks import play

Look = Callable[[Database, set[int]], Any]
"""What is to be seen of an operation, given the rows that a client was told are kept."""


@dataclasses.dataclass(frozen=True)
class Operation:
    """A playbook with its variables. look, wanted: what is to be seen of it in the end."""

    label: str
    playbook: str
    wish: dict[str, Any]
    look: Look
    wanted: Any

    def faults(self, database: Database, acknowledged: set[int]) -> list[str]:
        """What does not hold. Runs it once more, which must change nothing."""
        lost = database.lost(acknowledged)
        faults = [f"{len(lost)} rows lost"] if lost else []
        seen = self.look(database, acknowledged)
        faults += [] if seen == self.wanted else [f"{seen} and not {self.wanted}"]
        again = play(self.playbook, self.wish)
        faults += [f"again: {failure}" for failure in again.failures]
        faults += [f"a run without change changed {again.changed}"] if again.changed else []
        shown = database.info()
        state = (shown["status"], shown["fault"], shown["task"], shown["lock"])
        return faults + ([] if state == ("ACTIVE", "", "", None) else [f"status: {', '.join(map(str, state))}"])
