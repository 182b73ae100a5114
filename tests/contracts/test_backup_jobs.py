# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs that the controller asks for are those that the agent knows."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _backup
from dbaas_agent import validate
from dbaas_agent.backup.backup import Backup
from dbaas_agent.backup.restore import Restore

TAKEN = _backup.Backup(
    id="1" * 32,
    uid="2" * 32,
    name="monday",
    status=_backup.COMPLETED,
    instance="orders",
    datastore="mariadb",
    datastore_version="10.11",
    type=_backup.FULL,
    strategy="mariadb-backup",
    sha256="3" * 64,
)


@pytest.mark.parametrize("parent", [None, {"lsn": "1"}])
def test_a_backup(parent: dict[str, str] | None) -> None:
    job = _backup.job(TAKEN, parent)
    assert job is not None
    given = {"args": job["args"], "secrets": {"url": "https://store", "expires": 1}}
    assert validate.arguments(Backup.spec(), given)["args"]["parent"] == parent


@pytest.mark.parametrize("recipients", [[], ["age1"]])
def test_a_restore(recipients: list[str]) -> None:
    chain: list[Any] = [dataclasses.replace(TAKEN, recipients=recipients)] * 2
    given = {"args": _backup.restore_args(chain), "secrets": {"urls": ["https://store"] * 2, "expires": 1}}
    told = validate.arguments(Restore.spec(), given)["args"]["chain"]
    assert [one["encrypted"] for one in told] == [bool(recipients)] * 2
