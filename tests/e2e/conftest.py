# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the cloud's part share: a connection, a registered version, names for instances that leave nothing behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.instances import TIMEOUT, connect
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import run_tasks, task


@pytest.fixture(scope="session")
def cloud() -> Any:
    """A connection to the cloud in which the tested version is registered."""
    return connect()


@pytest.fixture
def name(cloud: Any, tmp_path: Path) -> Iterator[str]:
    """A name for an instance; whatever its test made is gone afterwards, and nothing else is there."""
    with nothing_left(cloud):
        name = f"e2e-{secrets.token_hex(3)}"
        yield name
        run_tasks(
            tmp_path,
            task("instance", name=name, deletion_protection=False, timeout=TIMEOUT),
            task("instance", name=name, state="absent", timeout=TIMEOUT),
        )
