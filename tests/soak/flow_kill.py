# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak flow_kill`: the playbook instance_create is killed at one kind of request to the cloud after the other, guest steps in between.

Each run goes on from where the one before was killed, until one comes to its end: one instance, one chain for each way of killing.
`./dev soak kill` has the cloud's part alone, from the beginning each time.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from tests.e2e.guests import Database
from tests.e2e.instances import connect
from tests.e2e.kill import Victim
from tests.e2e.kill_cells import HOWS, give_lock_back
from tests.e2e.leaks import difference, inventory
from tests.e2e.playbooks import play, playbook
from tests.e2e.proxy import Boundary


def soak(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: chains that end with something doubled, changed by a run without change, or left."""
    cloud = connect()
    ends = time.monotonic() + 60 * minutes
    rows: list[dict[str, Any]] = []
    chains = []
    for how in HOWS:
        if time.monotonic() < ends:
            chains.append(_chain(cloud, directory, how, rows))
            print(chains[-1], flush=True)
    return {
        "complete": len(chains) == len(HOWS),
        "kills": len(rows),
        "chains": chains,
        "violations": sum(bool(chain["faults"]) for chain in chains),
        "rows": rows,
    }


def _chain(cloud: Any, directory: Path, how: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    before = inventory(cloud)
    name = f"flow-{secrets.token_hex(3)}"
    wish = Database(name, directory).wish(volume_size=1)
    done: set[Boundary] = set()
    ended = False
    while not ended:
        victim = Victim(playbook("instance_create", wish), lambda at, _number: at not in done, how)
        with victim.fate():
            pass
        ended = victim.killed_at is None
        if victim.killed_at is not None:
            done.add(victim.killed_at)
            rows.append({"how": how, "number": len(done) - 1, "boundary": str(victim.killed_at)})
            print(rows[-1], flush=True)
            give_lock_back(directory, name)
    faults = [] if victim.ended_well else ["the last run, which nobody killed, failed"]
    again = play("instance_create", wish)
    faults += [f"again: {failure}" for failure in again.failures]
    faults += [f"a run without change changed {again.changed}"] if again.changed else []
    kinds = [kind for kind, _id in inventory(cloud) - before]
    faults += [
        f"{kinds.count(kind)} of {kind}"
        for kind in ("server", "volume", "port", "floating_ip")
        if kinds.count(kind) != 1
    ]
    gone = play("instance_delete", {"instance": name})
    faults += [f"delete: {failure}" for failure in gone.failures]
    faults += [f"left: {pair}" for pair in difference(cloud, before)]
    return {"how": how, "kills": len(done), "faults": faults}
