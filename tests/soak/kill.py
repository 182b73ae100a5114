# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak kill`: module instance is killed at every request that changes something in the cloud, and run again.

The boundaries are what the proxy sees, not a list: cells go on until a run comes to its end without having been killed.
What is done is kept, and a soak that was ended goes on there.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from tests.e2e.instances import connect
from tests.e2e.kill_cells import HOWS, Cell

LAPSE = 0.15
"""Share of the cells in which the next run waits until the lock of the killed one lapses."""


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: cells after which something was doubled, left, foreign and changed, or not as in a run that nobody killed."""
    cloud = connect()
    ledger = directory / "cells.jsonl"
    rows = [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []
    ends = time.monotonic() + 60 * minutes
    for work in ("create", "delete"):
        for how in HOWS:
            done = [row for row in rows if (row["work"], row["how"]) == (work, how)]
            while (not done or done[-1]["boundary"]) and time.monotonic() < ends:
                chance = random.Random(f"{seed} {work} {how} {len(done)}")  # noqa: S311
                give_back = chance.random() >= LAPSE
                plan = {"work": work, "how": how, "give_back": give_back}
                done.append(_cell(cloud, directory, len(done), plan))
                rows.append(done[-1])
                with ledger.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(done[-1]) + "\n")
                print(done[-1], flush=True)
    _judge(rows)
    killed = [row for row in rows if row["boundary"]]
    return {
        "complete": len(rows) - len(killed) == 2 * len(HOWS),
        "kills": len(killed),
        "waited_for_the_lease": sum(row["waited"] for row in killed),
        "violations": sum(bool(row["faults"]) for row in rows),
        "rows": [
            {name: row[name] for name in ("work", "how", "number", "boundary", "waited", "faults")} for row in rows
        ],
    }


def _cell(cloud: Any, directory: Path, number: int, plan: dict[str, Any]) -> dict[str, Any]:
    seen = Cell(cloud, directory, choose=lambda _at, count: count == number, **plan).run()
    waited = plan["how"] == "alone" or not plan["give_back"]
    return {"work": plan["work"], "how": plan["how"], "number": number, "waited": waited, **seen}


def _judge(rows: list[dict[str, Any]]) -> None:
    """Compare what there was in the end with the runs that nobody killed."""
    for work in ("create", "delete"):
        mine = [row for row in rows if row["work"] == work]
        whole = next((row["parts"] for row in mine if not row["boundary"]), None)
        for row in mine:
            if whole is not None and row["parts"] != whole:
                row["faults"].append(f"parts: {row['parts']} instead of {whole}")
