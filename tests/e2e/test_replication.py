# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replication sets on a real OpenStack with real servers and a real store: one flow in this order. `./dev soak replicas` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import replicas
from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.halt import killed_at
from tests.e2e.kill_cells import give_lock_back
from tests.e2e.modules import ENVIRONMENT, run_tasks, task
from tests.e2e.playbooks import Run, play, playbook
from tests.e2e.replicas import LOCALITY, create, has_addresses, know, lose_power, the_set

pytestmark = pytest.mark.soak
NAME, SECOND, THIRD = "e2e-led", "e2e-led-replica-1", "e2e-led-replica-2"


def copy_of(source: str) -> str:
    """The name of the replica that begins with a snapshot of that one."""
    return f"{source}-copy"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """The primary as the set is made. It is removed at the end with its replicas, and leaves nothing."""
    with replicas.leader(cloud, 198, tmp_path_factory.mktemp("led"), NAME) as made:
        yield made
        replicas.remove(made, NAME, SECOND, THIRD, *map(copy_of, (NAME, SECOND)))


@pytest.fixture(scope="module")
def second(first: Database) -> Database:
    """Its replica, which has an authority of its own."""
    return replicas.follower(first, SECOND)


@pytest.fixture(scope="module")
def third(first: Database) -> Database:
    """Another one."""
    return replicas.follower(first, THIRD)


def work(first: Database, name: str, well: bool = True, check: bool = False, **variables: Any) -> Run:
    """Run a playbook of sets, which ends well, or is refused."""
    run = play(f"replica_{name}", {**first.way, **variables}, check=check)
    assert run.ok is well, run.failures
    return run


@pytest.fixture(scope="module")
def writers(first: Database) -> Database:
    """The set as its clients know it."""
    return replicas.clients(first, "endpoint")


def parts(member: Database) -> dict[str, tuple[str, bool | None]]:
    """By member its role and whether it replicates, as heartbeats tell it: that comes some seconds later."""
    return {one["name"]: (one["role"], one["replicates"]) for one in the_set(member)["members"]}


def test_a_replica_is_made_while_a_client_writes(first: Database, second: Database) -> None:
    create(first, SECOND, check=True, locality=LOCALITY)
    assert first.info()["server_group"] is None
    with first.writer(pace=replicas.PACE_SECONDS) as writer:
        create(first, SECOND, locality=LOCALITY)
        acknowledged = set(writer.acknowledged)
    know(second)
    told = the_set(first)
    assert (told["primary"], [one["name"] for one in told["members"]]) == (NAME, [NAME, SECOND])
    second.until(lambda _info: not second.lost(acknowledged), patience=600)
    assert second.client("INSERT INTO t VALUES (3)").returncode != 0
    assert create(first, SECOND).changed == 0
    assert has_addresses(first, second, the_set(first))


def test_replicas_share_one_server_group(first: Database, second: Database) -> None:
    group = first.info()["server_group"]
    assert (group["policy"], second.info()["server_group"]) == (LOCALITY, group)
    assert create(first, SECOND, locality=LOCALITY).changed == 0
    assert not play("replica_create", replicas.wish(first, THIRD, locality="affinity")).ok


def test_clients_know_one_address(first: Database, writers: Database) -> None:
    writers.rows("INSERT INTO t VALUES (30)")
    assert "30" in first.rows("SELECT id FROM t")


def test_what_others_follow_is_not_deleted(first: Database) -> None:
    for name in (NAME, SECOND):
        assert not play("instance_delete", {"instance": name}).ok
    assert not work(first, "promote", well=False, instance="e2e-nobody").ok


def test_the_replica_takes_over_without_loss(first: Database, second: Database, writers: Database) -> None:
    work(first, "promote", check=True, instance=SECOND)
    assert the_set(first)["primary"] == NAME
    with writers.writer(pace=replicas.PACE_SECONDS) as writer:
        told = work(first, "promote", instance=SECOND).custom["dbaas_replication_set"]
        before = len(writer.acknowledged)
        first.until(lambda _info: len(writer.acknowledged) > before)
        acknowledged = set(writer.acknowledged)
    assert (told["primary"], told["reign"]) == (SECOND, 2)
    assert second.lost(acknowledged) == set()
    assert has_addresses(second, first, told)
    writers.rows("INSERT INTO t VALUES (4)")
    assert first.client("INSERT INTO t VALUES (5)").returncode != 0
    first.until(lambda _info: "4" in first.rows("SELECT id FROM t"))
    assert work(first, "promote", instance=SECOND).changed == 0


def test_a_takeover_that_was_killed_is_taken_back(first: Database, second: Database, writers: Database) -> None:
    promote = playbook("replica_promote", first.way)
    with writers.writer(pace=replicas.PACE_SECONDS) as writer:
        at, _ended_well = killed_at(
            promote, ENVIRONMENT, first.place / "halted", "Wait until the other one has all of them"
        )
        assert at is not None
        # Clients are cut off, and the record names the primary of before.
        drained = "SHUTDOWN" if TESTED.name == "postgresql" else "BLOCKED"
        second.until(lambda told: told["status"] == drained)
        for member in (first, second):
            give_lock_back(member.place, member.name)
        told = work(first, "rejoin").custom["dbaas_replication_set"]
        before = len(writer.acknowledged)
        first.until(lambda _info: len(writer.acknowledged) > before)
        acknowledged = set(writer.acknowledged)
    assert (told["primary"], told["reign"]) == (SECOND, 2)
    assert second.lost(acknowledged) == set()
    first.until(lambda _info: not first.lost(acknowledged))
    assert second.info()["status"] == "ACTIVE"


def test_a_primary_that_is_gone_is_ejected_and_comes_back(first: Database, second: Database, writers: Database) -> None:
    second.rows("INSERT INTO t VALUES (6)")
    first.until(lambda _info: "6" in first.rows("SELECT id FROM t"))
    lose_power(second)
    work(first, "eject", well=False, instance=SECOND)
    assert the_set(first)["primary"] == SECOND
    work(first, "eject", instance=SECOND, max_lost=10**9)
    assert the_set(first)["primary"] == NAME
    writers.rows("INSERT INTO t VALUES (7)")
    run = play("instance_start", second.way)
    assert run.ok, run.failures
    # It boots without taking writes.
    assert second.client("INSERT INTO t VALUES (8)").returncode != 0
    work(first, "rejoin")
    second.until(lambda _info: "7" in second.rows("SELECT id FROM t"))
    assert {one["name"]: one["role"] for one in the_set(first)["members"]} == {NAME: "primary", SECOND: "replica"}
    assert has_addresses(first, second, the_set(first))


def test_nothing_is_lost_where_receipts_were_waited_for(first: Database, second: Database) -> None:
    told = work(first, "rejoin", replica_mode=TESTED.mode).custom["dbaas_replication_set"]
    assert (told["mode"], told["receipts"], told["lapsed"]) == (TESTED.mode, 1, False)
    assert work(first, "rejoin", replica_mode=TESTED.mode).changed == 0
    with first.writer(pace=replicas.PACE_SECONDS) as writer:
        first.until(lambda _info: len(writer.acknowledged) > 5)
        lose_power(first)
        acknowledged = set(writer.acknowledged)
    told = work(first, "eject").custom["dbaas_replication_set"]
    assert (told["primary"], told["lapsed"]) == (SECOND, True)
    assert second.lost(acknowledged) == set()
    run = play("instance_start", first.way)
    assert run.ok, run.failures
    # What the old primary wrote without a receipt is its own, and nobody was told that it is kept: MySQL and MariaDB cannot take it back.
    run = play("replica_rejoin", second.way)
    if not run.ok:
        assert TESTED.name != "postgresql", run.failures
        work(first, "rebuild")
    told = the_set(second)
    assert (told["receipts"], told["lapsed"]) == (1, False)
    second.rows("INSERT INTO t VALUES (9)")
    first.until(lambda _info: "9" in first.rows("SELECT id FROM t"))
    work(first, "promote")


def test_a_replica_is_made_anew(first: Database, second: Database) -> None:
    first.rows("INSERT INTO t VALUES (10)")
    work(first, "rebuild", instance=SECOND)
    second.until(lambda _info: "10" in second.rows("SELECT id FROM t"))
    second.until(lambda _info: parts(first) == {NAME: ("primary", None), SECOND: ("replica", True)})


def test_another_one_begins_with_a_backup_of_a_replica(first: Database, third: Database) -> None:
    create(first, THIRD, replica_source=SECOND)
    know(third)
    first.rows("INSERT INTO t VALUES (11)")
    third.until(lambda _info: "11" in third.rows("SELECT id FROM t"))
    wanted = {NAME: ("primary", None), SECOND: ("replica", True), THIRD: ("replica", True)}
    third.until(lambda _info: parts(first) == wanted)
    renewed = play("ticket_renew", third.way)
    assert renewed.ok, renewed.failures


def test_a_replica_follows_a_replica_and_may_stay_behind(first: Database, second: Database, third: Database) -> None:
    told = work(first, "rejoin", instance=THIRD, replica_follows=SECOND).custom["dbaas_replication_set"]
    assert {one["name"]: one["follows"] for one in told["members"]} == {NAME: None, SECOND: None, THIRD: SECOND}
    first.rows("INSERT INTO t VALUES (16)")
    third.until(lambda _info: "16" in third.rows("SELECT id FROM t"))
    assert work(first, "rejoin", instance=THIRD, replica_follows=SECOND).changed == 0
    told = work(first, "rejoin", instance=THIRD, replica_delay=30).custom["dbaas_replication_set"]
    assert [one["delay"] for one in told["members"]] == [0, 0, 30]
    assert not play("replica_promote", third.way).ok
    first.rows("INSERT INTO t VALUES (17)")
    second.until(lambda _info: "17" in second.rows("SELECT id FROM t"))
    assert "17" not in third.rows("SELECT id FROM t")
    third.until(lambda _info: "17" in third.rows("SELECT id FROM t"))
    work(first, "rejoin", instance=THIRD, replica_delay=0)


def test_one_of_three_takes_over_and_all_follow(first: Database, second: Database, third: Database) -> None:
    told = work(first, "promote", instance=THIRD).custom["dbaas_replication_set"]
    assert (told["primary"], told["receipts"]) == (THIRD, 1)
    third.rows("INSERT INTO t VALUES (12)")
    for member in (first, second):
        member.until(lambda _info, member=member: "12" in member.rows("SELECT id FROM t"))
    lose_power(third)
    told = work(first, "eject", instance=THIRD).custom["dbaas_replication_set"]
    assert (told["primary"] in (NAME, SECOND), told["receipts"], told["lapsed"]) == (True, 1, False)
    if told["primary"] == SECOND:
        work(first, "promote", instance=NAME)
    first.rows("INSERT INTO t VALUES (13)")
    second.until(lambda _info: "13" in second.rows("SELECT id FROM t"))
    left = play("replica_detach", {**third.way, "force": True})
    assert left.ok, left.failures
    assert [one["name"] for one in the_set(first)["members"]] == [NAME, SECOND]


@pytest.mark.parametrize("source", [NAME, SECOND])
def test_a_replica_begins_with_a_snapshot(first: Database, source: str) -> None:
    name = copy_of(source)
    made = replicas.follower(first, name)
    with first.writer(pace=replicas.PACE_SECONDS) as writer:
        create(first, name, backup_strategy="snapshot", replica_source=source)
        acknowledged = set(writer.acknowledged)
    know(made)
    made.until(lambda _info: not made.lost(acknowledged), patience=600)
    assert create(first, name, backup_strategy="snapshot", replica_source=source).changed == 0
    work(first, "detach", instance=name)
    gone = play("instance_delete", {"instance": name})
    assert gone.ok, gone.failures
    # A cloud may keep it for the volume that was made of it.
    (told,) = run_tasks(first.place, task("backup_info", instance=source))
    assert all(play("backup_delete", {"backup": one["name"]}).ok for one in told["backups"])


def test_a_replica_leaves(first: Database, second: Database) -> None:
    work(first, "detach", instance=SECOND)
    (told,) = run_tasks(first.place, task("replica_info"))
    assert told["replication_sets"] == []
    first.rows("INSERT INTO t VALUES (20)")
    second.rows("INSERT INTO t VALUES (21)")
    run = play("instance_delete", {"instance": SECOND})
    assert run.ok, run.failures
