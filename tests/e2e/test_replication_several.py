# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several replicas made by one run on a real OpenStack: one flow in this order. `./dev soak replicas_several` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import replicas
from tests.e2e.guests import Database
from tests.e2e.modules import run_tasks, task
from tests.e2e.playbooks import Run, play
from tests.e2e.replicas import know, the_set

pytestmark = pytest.mark.soak
NAME = "e2e-many"
NAMES = [f"{NAME}-replica-1", f"{NAME}-replica-2"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """The primary. It is removed at the end with its replicas, and leaves nothing."""
    with replicas.leader(cloud, 195, tmp_path_factory.mktemp("many"), NAME) as made:
        yield made
        leave(made)
        replicas.remove(made, NAME)


@pytest.fixture(scope="module")
def followers(first: Database) -> list[Database]:
    """Its replicas, once they are made."""
    return [replicas.follower(first, name) for name in NAMES]


@pytest.fixture
def apart(cloud: Any) -> Iterator[str]:
    """A server group of the project's own for which one hypervisor is enough only once."""
    group = cloud.compute.create_server_group(name=f"{NAME}-apart", policy="anti-affinity")
    yield group.name
    cloud.compute.delete_server_group(group)


def several(first: Database, **change: Any) -> Run:
    """Have as many as there are names, which they have unless they are named."""
    wish = replicas.wish(first, "", replicas=[], replica_count=len(NAMES))
    return play("replica_create", {**wish, **change})


def leave(first: Database) -> None:
    """Remove the replicas, and the snapshots that a cloud may keep for the volumes that were made of them."""
    replicas.remove(first, *NAMES)
    (told,) = run_tasks(first.place, task("backup_info", instance=NAME))
    assert all(play("backup_delete", {"backup": one["name"]}).ok for one in told["backups"])


def members(first: Database) -> list[str]:
    return [one["name"] for one in the_set(first)["members"]]


def follow(first: Database, followers: list[Database]) -> None:
    """What is written now comes to each of them."""
    (last,) = first.rows("SELECT MAX(id) + 1 FROM t")
    first.rows(f"INSERT INTO t VALUES ({last})")  # noqa: S608 (a test's own word)
    for one in followers:
        know(one)
        one.until(lambda _info, one=one: last in one.rows("SELECT id FROM t"))


def test_the_others_go_on_without_one_that_cannot_be_made(
    first: Database, followers: list[Database], apart: str
) -> None:
    run = several(first, server_group=apart)
    assert not run.ok
    states = {one.name: one.info()["status"] for one in followers}
    (works,) = (one for one in followers if states[one.name] == "ACTIVE")
    (fails,) = (one for one in followers if one is not works)
    assert (states[fails.name], bool(fails.info()["fault"])) == ("ERROR", True)
    assert members(first) == [NAME, works.name]
    follow(first, [works])


def test_the_next_run_makes_it(first: Database, followers: list[Database]) -> None:
    run = several(first)
    assert run.ok, run.failures
    assert members(first) == [NAME, *NAMES]
    follow(first, followers)
    assert several(first).changed == 0


@pytest.mark.parametrize("begin", [{}, {"backup_strategy": "snapshot"}], ids=["stream", "snapshot"])
def test_all_begin_with_one_backup_while_a_client_writes(
    first: Database, followers: list[Database], begin: dict[str, str]
) -> None:
    leave(first)
    for one in followers:
        (one.place / "host").unlink(missing_ok=True)
    with first.writer(pace=replicas.PACE_SECONDS) as writer:
        run = several(first, **begin)
        assert run.ok, run.failures
        acknowledged = set(writer.acknowledged)
    assert members(first) == [NAME, *NAMES]
    assert len({told["backup"]["id"] for told in run.results("backup") if told.get("backup")}) == 1
    follow(first, followers)
    for one in followers:
        one.until(lambda _info, one=one: not one.lost(acknowledged), patience=600)
    assert several(first, **begin).changed == 0
