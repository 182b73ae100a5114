# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of Ansible that are killed at a task; the product has no hook for it."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.modules import kill_tree

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 900


def killed_at(
    command: list[str], environment: dict[str, str], told: Path, at: int | str, depth: float | None = None
) -> tuple[str | None, bool]:
    """The task at which it was killed, None if it ended before; and whether it ended well.

    at: the number of the task, from 0, or its name. depth: seconds after the task's beginning; None: before it. told: a file for the callback; beside it,
    as .log, is what the run printed.
    """
    told.unlink(missing_ok=True)
    halt = {
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callbacks")),
        "ANSIBLE_CALLBACKS_ENABLED": "halt",
        "HALT_AT": str(at),
        "HALT_FILE": str(told),
        "HALT_SECONDS": str(TIMEOUT if depth is None else 0),
    }
    with told.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(command, env={**environment, **halt}, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + TIMEOUT
    while process.poll() is None and not told.exists():
        assert time.monotonic() < deadline, "the run hangs"
        time.sleep(0.05)
    if not told.exists():
        return None, process.returncode == 0
    time.sleep(depth or 0)  # chance, not a wait for anything
    kill_tree(process)
    return told.read_text(encoding="utf-8"), False


def killed_until_done(
    command: list[str],
    environment: dict[str, str],
    told: Path,
    chance: random.Random,
    *,
    further: int,
    deepest: float,
    killed: Callable[[str, str], None],
) -> bool:
    """Whether the last run ended well, which nobody killed. Those before are killed at one task after the other, each by chance.

    further: tasks by which a run is killed later than the one before, at most. deepest: seconds into a task, at most. killed: told of each kill
    with the task and where in it.
    """
    kills, number = 0, -1
    while True:
        number += chance.randint(1, further)
        depth = chance.uniform(0, deepest) if kills % 2 else None
        task, well = killed_at(command, environment, told, number, depth)
        if task is None:
            return well
        kills += 1
        killed(task, "in its midst" if depth else "at its beginning")
