# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A data volume that is a copy of another one."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import copied_volume, data_directory, marker, membership
from dbaas_agent.backup.adopt import Adopt
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.membership import Membership
from dbaas_agent.replication import REPLICA

from guest_agent.tests.fakes import BackupDriver, FakeReport, FakeStrategy

OTHER = "f" * 32
VOLUME = "0a0b0c0d-0000-0000-0000-000000000000"


@pytest.fixture
def mount(config: Config) -> Path:
    """The volume of instance OTHER."""
    place = Path(config.mount_point)
    for name in ("data", "backups", "jobs", "logs"):
        (place / name).mkdir(parents=True, exist_ok=True)
        (place / name / "file").write_text(name)
    Path(config.tls_dir).mkdir(exist_ok=True)
    Path(config.tls_dir, "ca.key").write_text("theirs")
    marker.write(config, {**marker.new(config, "old"), "uid": OTHER, "state": marker.INITIALISED})
    return place


@pytest.mark.usefixtures("mount")
@pytest.mark.parametrize(
    ("change", "volume", "origin", "told"),
    [
        ({}, "new", OTHER, True),
        ({}, "new", None, False),
        ({}, "new", "e" * 32, False),
        ({}, "old", OTHER, False),
        ({"datastore": "other"}, "new", OTHER, False),
        (None, "new", OTHER, False),
    ],
)
def test_what_is_a_copy(
    config: Config, change: dict[str, str] | None, volume: str, origin: str | None, told: bool
) -> None:
    found = None if change is None else {**(marker.read(config) or {}), **change}
    assert copied_volume.is_copy(config, found, volume, origin) is told


def test_nothing_of_the_others_but_the_data_stays(config: Config, mount: Path) -> None:
    copied_volume.take_over(config, VOLUME, OTHER)
    assert not data_directory.is_own(config)
    assert marker.fault(config, marker.read(config)) == ""
    assert (marker.read(config) or {})["state"] == marker.EMPTY
    assert not os.path.exists(config.tls_dir)
    assert sorted(entry.name for entry in mount.iterdir() if entry.is_dir()) == ["data.copied"]


def test_its_own_keys_stay(config: Config, mount: Path) -> None:
    del mount
    copied_volume.take_over(config, VOLUME, config.uid)
    assert Path(config.tls_dir, "ca.key").exists()


def test_a_run_that_was_stopped_is_done_again(config: Config, mount: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(marker, "write", lambda *_: None)
        copied_volume.take_over(config, VOLUME, OTHER)
    assert copied_volume.is_copy(config, marker.read(config), VOLUME, OTHER)
    copied_volume.take_over(config, VOLUME, OTHER)
    assert (mount / "data.copied/file").read_text() == "data"


ALONE = {"follows": False}


class Usual(FakeStrategy):
    def revive(self, target: str) -> None:
        self._act("revive", target)


@pytest.fixture
def driver(config: Config) -> BackupDriver:
    made = BackupDriver(config)
    made.backup_strategies = lambda: {"file": Usual, "other": SimpleNamespace}  # type: ignore[method-assign,assignment,dict-item,return-value]
    return made


def test_the_data_become_this_instances(config: Config, driver: BackupDriver, mount: Path) -> None:
    copied_volume.take_over(config, VOLUME, OTHER)
    job = Adopt(driver, ALONE, {})
    job.verify()
    job.run(FakeReport())
    assert [act[0] for act in driver.acts] == ["take_seat", "revive", "settle"]
    assert data_directory.is_own(config)
    assert data_directory.is_restored(config)
    assert (mount / "data/file").read_text() == "data"
    assert not (mount / "data.copied").exists()


def test_the_data_follow_those_that_they_are_a_copy_of(config: Config, driver: BackupDriver, mount: Path) -> None:
    copied_volume.take_over(config, VOLUME, OTHER)
    member = Membership("s", 1, REPLICA, 7, "https://record")
    membership.keep(config, member)
    job = Adopt(driver, {"follows": True}, {})
    job.verify()
    job.run(FakeReport())
    assert [act[0] for act in driver.acts] == ["take_seat", "revive", "follow", "take_seat"]
    seats = [act[1] for act in driver.acts if act[0] == "take_seat"]
    assert seats == [None, member]
    assert (mount / "data/file").read_text() == "data"


def test_what_cannot_follow_is_not_touched(config: Config, driver: BackupDriver, mount: Path) -> None:
    copied_volume.take_over(config, VOLUME, OTHER)
    Usual.follows = False
    try:
        with pytest.raises(AgentError) as told:
            Adopt(driver, {"follows": True}, {}).verify()
    finally:
        Usual.follows = True
    assert told.value.reason == "unsupported"
    assert (mount / "data.copied/file").read_text() == "data"


def test_what_does_not_start_is_taken_for_nothing(config: Config, driver: BackupDriver, mount: Path) -> None:
    def fail(*_: Any) -> None:
        raise AgentError("agent", "no")

    copied_volume.take_over(config, VOLUME, OTHER)
    Usual.settle, kept = fail, Usual.settle  # type: ignore[method-assign,assignment]
    try:
        with pytest.raises(AgentError):
            Adopt(driver, ALONE, {}).run(FakeReport())
    finally:
        Usual.settle = kept  # type: ignore[method-assign]
    assert not (mount / "data").exists()
    Adopt(driver, ALONE, {}).verify()


@pytest.mark.parametrize(("there", "reason"), [("data", "conflict"), ("", "not_actionable")])
def test_without_a_copy_there_is_nothing_to_adopt(
    config: Config, driver: BackupDriver, there: str, reason: str
) -> None:
    if there:
        Path(config.mount_point, there).mkdir(exist_ok=True)
    with pytest.raises(AgentError) as told:
        Adopt(driver, ALONE, {}).verify()
    assert told.value.reason == reason
