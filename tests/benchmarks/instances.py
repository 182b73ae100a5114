# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that benchmarks use for a while."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.guests import Database
from tests.e2e.playbooks import Run, play


def must(run: Run) -> Run:
    """The run, which has to have gone well."""
    if not run.ok:
        sys.exit(f"a playbook failed: {run.failures}")
    return run


@contextlib.contextmanager
def databases(count: int) -> Iterator[list[Database]]:
    """So many instances with the same key, made one after the other."""
    with tempfile.TemporaryDirectory() as directory:
        made: list[Database] = []
        for _number in range(count):
            name = f"bench-{secrets.token_hex(3)}"
            place = Path(directory, name)
            place.mkdir()
            if made:
                shutil.copy2(made[0].place / "key", place / "key")
            made.append(Database(name, place))
        try:
            for database in made:
                must(play("instance_create", database.wish(volume_size=1)))
            yield made
        finally:
            for database in made:
                play("instance_delete", {"instance": database.name})
