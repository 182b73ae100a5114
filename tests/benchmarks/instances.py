# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that benchmarks use for a while."""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.e2e.guests import Database
from tests.e2e.playbooks import Run, play

QUIET_SECONDS = 60


def must(run: Run) -> Run:
    """The run, which has to have gone well."""
    if not run.ok:
        sys.exit(f"a playbook failed: {run.failures}")
    return run


@contextlib.contextmanager
def databases(count: int) -> Iterator[list[Database]]:
    """So many instances with the same key, made one after the other."""
    with tempfile.TemporaryDirectory() as directory:
        first, *others = [f"bench-{secrets.token_hex(3)}" for _number in range(count)]
        database = Database(first, Path(directory))
        made = [database, *map(database.sibling, others)]
        try:
            for each in made:
                must(play("instance_create", each.wish(volume_size=1)))
            yield made
        finally:
            for each in made:
                play("instance_delete", {"instance": each.name})


def gap(database: Database, act: Callable[[], object], table: str = "written", pace: float = 0.0) -> float:
    """The longest time without a row that a client was told is kept, in seconds, while that is done; table: its own; pace: seconds from one to the next."""
    with database.writer(table, pace) as writer:
        act()
        seen = len(writer.times)
        deadline = time.monotonic() + QUIET_SECONDS
        while len(writer.times) == seen and time.monotonic() < deadline:  # it has to write again
            time.sleep(0.1)
    return writer.gap()
