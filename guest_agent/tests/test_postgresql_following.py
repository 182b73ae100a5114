# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import data_directory, systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql.following import (
    SETTINGS,
    Placed,
    forget,
    plan_account,
    plan_follow,
    plan_leave,
    plan_slot,
    receipts,
)
from dbaas_agent.membership import Membership
from dbaas_agent.replication import PRIMARY, REPLICA, Source, Upstream

NAME = "dbaas_replica_01234567"
STANDBY = Source("192.0.2.1", 5432, receiving=True, applying=True)
UPSTREAM = Upstream("192.0.2.9", 5433, NAME, "se:cr\\et", "/tls/source.pem", 60)


def shown(plan: Any) -> list[str]:
    return [step.shown() for step in plan.statements]


def planned(source: Source | None, upstream: Upstream, config: Config) -> Plan:
    return plan_follow(source, upstream, config, "/bin/pg_rewind", "/etc/postgresql.conf")


def test_a_primary_is_rewound_and_started_again_to_follow(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(None, UPSTREAM, config)
    assert shown(plan) == ["source.password: written", "postgresql-follow.conf: written"]
    assert [step.shown() for step in plan.stopped] == ["pg_rewind", "pg_replslot: emptied", "standby.signal: written"]
    assert plan.restart
    password, settings = plan.statements
    rewind, _slots, signal = plan.stopped
    ran: list[Any] = []
    monkeypatch.setattr(systemd, "run_outside", lambda *words: ran.append(words))
    Path(config.data_dir, "pg_wal").mkdir(parents=True)
    rewind.put()
    assert data_directory.is_own(config)
    ((_unit, command, user, _group, _seconds),) = ran
    assert user == config.datastore_user
    assert command[:3] == ["/bin/pg_rewind", f"--target-pgdata={config.data_dir}", "--config-file=/etc/postgresql.conf"]
    assert "host=192.0.2.9" in command[3]
    assert "se:cr" not in repr(command)
    assert password.content == f"*:*:*:{NAME}:se\\:cr\\\\et\n"
    assert "host=192.0.2.9 port=5433" in settings.content
    assert "sslmode=verify-full sslrootcert=/tls/source.pem" in settings.content
    assert f"primary_slot_name = '{NAME}'" in settings.content
    assert "recovery_min_apply_delay = '60s'" in settings.content
    assert (signal.path, signal.content) == (f"{config.data_dir}/standby.signal", "")
    assert "se:cr" not in repr(plan)


def test_a_standby_reads_its_files_again(config: Config) -> None:
    plan = planned(STANDBY, UPSTREAM, config)
    assert shown(plan) == ["source.password: written", "postgresql-follow.conf: written"]
    assert not plan.restart


def test_whoever_is_followed_already_is_at_most_gone_on_with(config: Config) -> None:
    known = Upstream("192.0.2.1", 5432, NAME)
    assert shown(planned(STANDBY, known, config)) == []
    paused = Source("192.0.2.1", 5432, receiving=True, applying=False)
    assert shown(planned(paused, known, config)) == ["SELECT pg_wal_replay_resume()"]


def test_without_an_authority_there_is_no_tls(config: Config) -> None:
    settings = planned(STANDBY, Upstream("192.0.2.9", 5432, NAME, "p"), config).statements[1]
    assert "sslmode=disable" in settings.content


def test_nobody_is_followed_any_more(config: Config) -> None:
    promote, onward, *files = shown(plan_leave(STANDBY, config))
    assert promote.startswith("SELECT 1 / pg_promote(true")
    assert onward == "SELECT pg_switch_wal()"
    assert files == ["postgresql-follow.conf: removed", "source.password: removed"]
    assert shown(plan_leave(None, config)) == []


@pytest.mark.parametrize(("there", "verb"), [(False, "CREATE"), (True, "ALTER")])
def test_a_replica_has_a_role(there: bool, verb: str) -> None:
    at_once, first, *_others = shown(plan_account(NAME, "verifier", there))
    assert at_once == "SET synchronous_commit = local"
    assert first == f"""{verb} ROLE "{NAME}" LOGIN REPLICATION NOINHERIT PASSWORD '********'"""


def test_a_role_that_is_not_wanted_goes() -> None:
    assert shown(plan_account(NAME, None, there=True))[1:] == [f'DROP OWNED BY "{NAME}"; DROP ROLE "{NAME}"']
    assert shown(plan_account(NAME, None, there=False)) == []


@pytest.mark.parametrize(
    ("wanted", "there", "lost", "steps"),
    [
        (True, False, False, ["create"]),
        (True, True, False, []),
        (True, True, True, ["drop", "create"]),
        (False, True, False, ["drop"]),
        (False, False, False, []),
    ],
)
def test_a_replica_has_a_slot_that_it_can_use(wanted: bool, there: bool, lost: bool, steps: list[str]) -> None:
    functions = {"create": "pg_create_physical_replication_slot", "drop": "pg_drop_replication_slot"}
    called = [one.removeprefix("SELECT ").partition("(")[0] for one in shown(plan_slot(NAME, wanted, there, lost))]
    assert called == [functions[one] for one in steps]


def test_a_primary_waits_for_as_many_of_those_who_count() -> None:
    leads = Membership(
        "a" * 32, 1, PRIMARY, 1, "", receipts=1, wanted=2, receivers=["dbaas_replica_1", "dbaas_replica_2"]
    )
    assert receipts(leads) == "synchronous_standby_names = 'ANY 1 (dbaas_replica_1, dbaas_replica_2)'\n"
    for other in (None, replace(leads, receipts=0), replace(leads, role=REPLICA)):
        assert receipts(other) == ""


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "source.password"
    Placed(str(path), "x", str(tmp_path)).put()
    assert path.read_text() == "x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Placed(str(path), None, str(tmp_path)).put()
    assert not path.exists()


def test_a_stopped_server_keeps_its_log_for_nobody(config: Config) -> None:
    slots = Path(config.data_dir, "pg_replslot")
    (slots / NAME).mkdir(parents=True)
    (slots / NAME / "state").touch()
    _rewind, unreserved, _signal = planned(None, UPSTREAM, config).stopped
    unreserved.put()
    unreserved.put()
    assert list(slots.iterdir()) == []


def test_a_copy_of_a_replicas_volume_knows_of_no_source(config: Config) -> None:
    settings, password = Path(config.mount_point, SETTINGS), Path(config.tls_dir, "source.password")
    password.parent.mkdir(parents=True, exist_ok=True)
    for path in (settings, password):
        path.touch()
    forget(config)
    forget(config)
    assert not settings.exists()
    assert not password.exists()
