# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replication sets on a real OpenStack with real servers and a real store: one flow in this order. `./dev soak replicas` runs it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.guests import CIDRS, Database
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import run_tasks, task
from tests.e2e.playbooks import Run, play

pytestmark = [
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]
NAME, SECOND = "e2e-led", "e2e-led-replica-1"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """An instance, which is removed at the end with its replica, and leaves nothing."""
    with nothing_left(cloud):
        made = Database(NAME, tmp_path_factory.mktemp("led"))
        run = play("instance_create", made.wish(volume_size=1))
        assert run.ok, run.failures
        made.rows("CREATE TABLE t (id INT PRIMARY KEY)")
        made.rows("INSERT INTO t VALUES (1), (2)")
        yield made
        for name in (SECOND, NAME):
            play("replica_detach", {**made.way, "instance": name, "force": True})
        run_tasks(made.place, *(task("instance", name=name, state="absent", timeout=300) for name in (NAME, SECOND)))


@pytest.fixture(scope="module")
def second(first: Database) -> Database:
    """Its replica, which has the same users and another authority."""
    made = first.sibling(SECOND)
    (made.place / "password").write_text(first.password)
    return made


def work(first: Database, name: str, well: bool = True, check: bool = False, **variables: Any) -> Run:
    run = play(f"replica_{name}", {**first.way, **variables}, check=check)
    assert run.ok is well, run.failures
    return run


def create(first: Database, check: bool = False) -> Run:
    wish = {
        "replica_of": NAME,
        "network": "private",
        "is_public": True,
        "allowed_cidrs": CIDRS,
        "management_cidrs": CIDRS,
        "ssh_private_key_file": first.way["ssh_private_key_file"],
    }
    run = play("replica_create", wish, check=check)
    assert run.ok, run.failures
    return run


def the_set(first: Database, name: str = NAME) -> dict[str, Any]:
    (told,) = run_tasks(first.place, task("replica_info", name=name))
    (found,) = told["replication_sets"]
    return dict(found)


def know(database: Database) -> None:
    """Write down its authority, for its clients."""
    told = "".join(f"{line}\n" for line in database.shell("sudo cat /var/lib/dbaas/tls/ca.pem"))
    (database.place / "ca.pem").write_text(told)


def test_a_replica_is_made_while_a_client_writes(first: Database, second: Database) -> None:
    create(first, check=True)
    with first.writer() as writer:
        create(first)
        acknowledged = set(writer.acknowledged)
    know(second)
    told = the_set(first)
    assert (told["primary"], [one["name"] for one in told["members"]]) == (NAME, [NAME, SECOND])
    second.until(lambda _info: not second.lost(acknowledged), patience=600)
    assert second.client("INSERT INTO t VALUES (3)").returncode != 0
    assert create(first).changed == 0


def test_what_others_follow_is_not_deleted(first: Database) -> None:
    for name in (NAME, SECOND):
        assert not play("instance_delete", {"instance": name}).ok
    assert not work(first, "promote", well=False, instance="e2e-nobody").ok


def test_the_replica_takes_over_without_loss(first: Database, second: Database) -> None:
    work(first, "promote", check=True, instance=SECOND)
    assert the_set(first)["primary"] == NAME
    with first.writer() as writer:
        told = work(first, "promote", instance=SECOND).custom["dbaas_replication_set"]
        acknowledged = set(writer.acknowledged)
    assert (told["primary"], told["reign"]) == (SECOND, 2)
    assert second.lost(acknowledged) == set()
    second.rows("INSERT INTO t VALUES (4)")
    assert first.client("INSERT INTO t VALUES (5)").returncode != 0
    first.until(lambda _info: "4" in first.rows("SELECT id FROM t"))
    assert work(first, "promote", instance=SECOND).changed == 0


def test_a_primary_that_is_gone_is_ejected_and_comes_back(first: Database, second: Database) -> None:
    second.rows("INSERT INTO t VALUES (6)")
    first.until(lambda _info: "6" in first.rows("SELECT id FROM t"))
    with contextlib.suppress(subprocess.SubprocessError):  # the connection ends with it
        second.shell("sudo sh -c 'echo o > /proc/sysrq-trigger'", timeout=20)
    work(first, "eject", well=False, instance=SECOND)
    assert the_set(first)["primary"] == SECOND
    told = work(first, "eject", well=False, instance=SECOND, max_lost=10**9)
    assert the_set(first)["primary"] == NAME, told.failures
    first.rows("INSERT INTO t VALUES (7)")
    run = play("instance_start", second.way)
    assert run.ok, run.failures
    # It boots without taking writes.
    assert second.client("INSERT INTO t VALUES (8)").returncode != 0
    work(first, "rejoin")
    second.until(lambda _info: "7" in second.rows("SELECT id FROM t"))
    assert {one["name"]: one["role"] for one in the_set(first)["members"]} == {NAME: "primary", SECOND: "replica"}


def test_a_replica_leaves(first: Database, second: Database) -> None:
    work(first, "detach", instance=SECOND)
    (told,) = run_tasks(first.place, task("replica_info"))
    assert told["replication_sets"] == []
    first.rows("INSERT INTO t VALUES (20)")
    second.rows("INSERT INTO t VALUES (21)")
    run = play("instance_delete", {"instance": SECOND})
    assert run.ok, run.failures
