# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak guest_kill`: the steps in the guest are killed one after another, on molecule's full systemd guests, and run again.

Each run of the scenario is killed one task later than the one before, in turns at the task's beginning and in its midst,
until one comes to its end. Then it changes nothing more, and all that the scenario verifies holds.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.e2e.halt import ROOT, TIMEOUT, killed_at

SCENARIO = "datastore"
DEEPEST = 4.0
"""Seconds into a task at which it is killed, at most."""


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: what the scenario does not find as it should be in the end."""
    chance = random.Random(seed)  # noqa: S311
    environment = {**os.environ, "MOLECULE_EPHEMERAL_DIRECTORY": str(directory / "molecule")}
    ends = time.monotonic() + 60 * minutes
    rows: list[dict[str, Any]] = []
    _molecule(environment, "destroy", "--all")
    try:
        _molecule(environment, "create", "-s", "default")
        _molecule(environment, "prepare", "-s", SCENARIO)
        while time.monotonic() < ends:
            depth = chance.uniform(0, DEEPEST) if len(rows) % 2 else None
            converge = ["molecule", "converge", "-s", SCENARIO]
            task, _ended_well = killed_at(converge, environment, directory / "halted", len(rows), depth)
            if task is None:
                break
            rows.append({"number": len(rows), "task": task, "killed": "in its midst" if depth else "at its beginning"})
            print(rows[-1], flush=True)
        checks = {name: _passes(environment, name) for name in ("converge", "idempotence", "verify")}
    finally:
        _molecule(environment, "destroy", "--all")
    return {
        "complete": time.monotonic() < ends,
        "kills": len(rows),
        "checks": checks,
        "violations": sum(not passed for passed in checks.values()),
        "rows": rows,
    }


def _passes(environment: dict[str, str], command: str) -> bool:
    done = subprocess.run(
        ["molecule", command, "-s", SCENARIO], env=environment, cwd=ROOT, check=False, timeout=TIMEOUT
    )
    return done.returncode == 0


def _molecule(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(["molecule", *arguments], env=environment, cwd=ROOT, check=True, timeout=TIMEOUT)
