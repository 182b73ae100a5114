# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak NAME`: a long-running test with seeded chance; its figures are printed and kept as docs/evidence/NAME.json.
With another datastore than MariaDB, which DBAAS_E2E_DATASTORE names, as NAME_DATASTORE.json; `replication` with DBAAS_SOAK_MODE (semi_sync, sync) as
NAME_MODE.json, and with DBAAS_SOAK_SET=trio, for a set of three, as NAME_trio.json. With DBAAS_SOAK_ONCE=1, where it does a few things once, nothing is kept.

It runs on the cloud of OS_CLIENT_CONFIG_FILE and OS_CLOUD (`./dev cloud up` makes one) and removes what it makes.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".dev" / "collections")]

from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ASYNC  # noqa: E402

from tests.e2e.datastores import MARIADB, TESTED  # noqa: E402
from tests.soak import (  # noqa: E402
    agent,
    backup,
    datastore,
    day_two_kill,
    flow_kill,
    flows,
    guest_kill,
    kill,
    lock,
    replica_kill,
    replication,
    settings_kill,
)

SOAKS = {
    "agent": agent.soak,
    "backup": backup.soak,
    "backups": flows.backups,
    "configuration": flows.configuration,
    "datastore": datastore.soak,
    "endpoint": flows.endpoint,
    "day_two": flows.day_two,
    "day_two_kill": day_two_kill.soak,
    "faults": flows.faults,
    "flow_kill": flow_kill.soak,
    "guest_kill": guest_kill.soak,
    "instance": flows.instance,
    "kill": kill.soak,
    "lock": lock.soak,
    "logs": flows.logs,
    "replica_kill": replica_kill.soak,
    "replicas": flows.replicas,
    "replicas_day_two": flows.replicas_day_two,
    "replicas_several": flows.replicas_several,
    "replication": replication.soak,
    "settings_kill": settings_kill.soak,
}
WITHOUT_CLOUD = frozenset({"agent", "datastore", "replication"})
USUAL = frozenset({MARIADB.name, ASYNC, "pair"})
"""Settings that the evidence's name does not tell."""


def table(name: str, rows: list[dict[str, Any]]) -> str:
    """The rows as a page in Markdown."""
    lines = [f"# ./dev soak {name}", "", "|".join(["", *rows[0], ""]), "|".join(["", *["---"] * len(rows[0]), ""])]
    lines += ["|".join(["", *map(_word, row.values()), ""]) for row in rows]
    return "\n".join([*lines, ""])


def _word(value: Any) -> str:
    words = {"True": "yes", "False": "no", "None": "-", "[]": "none"}
    return ", ".join(map(str, value)) if value and isinstance(value, list) else words.get(str(value), str(value))


def main() -> int:
    """Run the soak test that is named; it fails when its figures show violations, or that its time was too short."""
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__)
    parser.add_argument("name", metavar="NAME", choices=list(SOAKS), help=f"one of {', '.join(SOAKS)}")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    options = parser.parse_args()
    if options.name not in WITHOUT_CLOUD and not os.environ.get("OS_CLOUD"):
        parser.error(f"{options.name} needs a cloud: OS_CLOUD is not set; ./dev cloud status says what to export")
    settings = [TESTED.name, *((replication.MODE, replication.SIZE) if options.name == "replication" else ())]
    name = "_".join([options.name, *(word for word in settings if word not in USUAL)])
    directory = ROOT / ".dev" / "soak" / name
    directory.mkdir(parents=True, exist_ok=True)
    figures = SOAKS[options.name](options.seed, options.minutes, directory)
    rows = figures.pop("rows", [])
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    evidence = {
        "soak": name,
        "commit": commit,
        "when": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
        "seed": options.seed,
        **figures,
    }
    text = json.dumps(evidence, indent=2)
    print(text)
    if not replication.ONCE:
        keep(name, text, rows)
    return 1 if figures["violations"] or not figures.get("complete", True) else 0


def keep(name: str, text: str, rows: list[dict[str, Any]]) -> None:
    """As evidence: the figures, and the rows as a table."""
    place = ROOT / "docs" / "evidence" / f"{name}.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"{text}\n", encoding="utf-8")
    if rows:
        place.with_suffix(".md").write_text(table(name, rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
