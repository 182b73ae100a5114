# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Percona XtraBackup has beside mariadb-backup, without the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import subproc
from dbaas_agent.config import Config
from dbaas_agent.drivers.mysql import Driver
from dbaas_agent.drivers.mysql.xtrabackup import Xtrabackup
from dbaas_agent.subproc import Completed

from guest_agent.tests.fakes import FakeReport


@pytest.mark.parametrize(
    ("words", "locked"),
    [
        ([], False),
        (["Executing LOCK INSTANCE FOR BACKUP"], False),
        (["Executing FLUSH TABLES WITH READ LOCK"], True),
        (["Executing FLUSH TABLES WITH READ LOCK", "Executing UNLOCK TABLES"], False),
    ],
)
def test_it_holds_up_the_datastore_while_tables_are_locked(config: Config, words: list[str], locked: bool) -> None:
    assert Xtrabackup(Driver(config)).is_locked(words) is locked


def test_nothing_is_rolled_back_while_others_follow(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], *_: Any) -> Completed:
        ran.append(command)
        return Completed(0, "", "completed OK!")

    monkeypatch.setattr(subproc, "run", run)
    strategy, target = Xtrabackup(Driver(config)), tmp_path / "data.new"
    target.mkdir()
    for number in range(2):
        strategy.unpack(str(target), number)
        strategy.apply(str(target), number, FakeReport())
    (target / "xtrabackup_info").touch()
    strategy.complete(str(target), 2, FakeReport())
    common = ["xtrabackup", "--prepare", f"--target-dir={target}"]
    assert ran == [
        [*common, "--apply-log-only"],
        [*common, "--apply-log-only", f"--incremental-dir={target}.1"],
        common,
    ]
    assert not (tmp_path / "data.new.1").exists()
    assert list(target.iterdir()) == []
