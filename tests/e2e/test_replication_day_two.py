# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a replication set lives through as a whole, replicas first: one flow in this order. `./dev soak replicas_day_two` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import replicas
from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.modules import run_tasks, task
from tests.e2e.playbooks import Run, play
from tests.e2e.replicas import has_addresses, the_set

pytestmark = pytest.mark.soak
NAME, SECOND, GROUP = "e2e-all", "e2e-all-replica-1", "e2e-all"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """The primary as the set is made. It is removed at the end with its replica, and leaves nothing."""
    with replicas.leader(cloud, 196, tmp_path_factory.mktemp("all"), NAME) as made:
        yield made
        replicas.remove(made, NAME, SECOND)
        run_tasks(made.place, task("configuration", name=GROUP, state="absent"))


@pytest.fixture(scope="module")
def second(first: Database) -> Database:
    """Its replica, which has an authority of its own."""
    return replicas.joined(first, SECOND)


@pytest.fixture(scope="module")
def writers(second: Database) -> Database:
    """The set as its clients know it."""
    return replicas.clients(second, "endpoint")


def whole(first: Database, operation: str, check: bool = False, **variables: Any) -> Run:
    """An operation on the whole set, as its playbook has it. Nothing goes wrong on the way, not even what is mended then."""
    run = play(operation, {**first.way, "whole_set": True, "max_lag": 60, **variables}, check=check)
    assert (run.ok, run.failures) == (True, [])
    return run


def test_all_are_restarted_and_the_replica_takes_over(first: Database, second: Database, writers: Database) -> None:
    with writers.writer(pace=replicas.PACE_SECONDS) as writer:
        whole(first, "instance_restart")
        before = len(writer.acknowledged)
        first.until(lambda _info: len(writer.acknowledged) > before)
        acknowledged = set(writer.acknowledged)
    told = the_set(first)
    assert (told["primary"], told["reign"]) == (SECOND, 2)
    assert second.lost(acknowledged) == set()
    first.until(lambda _info: not first.lost(acknowledged), patience=600)


def test_all_get_more_room_without_a_switch(first: Database, second: Database) -> None:
    before = the_set(first)
    whole(first, "instance_resize", volume_size=2)
    told = the_set(first)
    assert (told["primary"], told["reign"]) == (SECOND, before["reign"])
    assert [one.info()["volume"]["size"] for one in (first, second)] == [2, 2]


def test_all_get_another_flavor_and_the_first_leads_again(first: Database, second: Database, writers: Database) -> None:
    before = the_set(first)
    wish: dict[str, Any] = {"flavor": "m1.medium", "volume_size": 2}
    asked = whole(first, "instance_resize", check=True, **wish)
    assert (asked.custom["dbaas_decision"]["primary"], the_set(first)["reign"]) == (NAME, before["reign"])
    with writers.writer(pace=replicas.PACE_SECONDS) as writer:
        whole(first, "instance_resize", **wish)
        acknowledged = set(writer.acknowledged)
    told = the_set(first)
    assert (told["primary"], told["reign"]) == (NAME, before["reign"] + 1)
    assert [one.info()["flavor"] for one in (first, second)] == ["m1.medium", "m1.medium"]
    assert first.lost(acknowledged) == set()
    second.until(lambda _info: not second.lost(acknowledged), patience=600)
    assert has_addresses(first, second, told)
    assert whole(first, "instance_resize", **wish).changed == 0
    assert the_set(first)["reign"] == told["reign"]


def test_all_have_a_parameter_that_needs_a_restart(first: Database, second: Database, writers: Database) -> None:
    name, value, shown, _default = TESTED.tuning.waits
    run = play("configuration_set", {"configuration": GROUP, **TESTED.wish, "configuration_values": {name: value}})
    assert run.ok, run.failures
    wish: dict[str, Any] = {"instances": [NAME], "configuration": GROUP, "configuration_restart": True}
    with writers.writer(pace=replicas.PACE_SECONDS) as writer:
        whole(first, "configuration_attach", **wish)
        acknowledged = set(writer.acknowledged)
    assert the_set(first)["primary"] == SECOND
    assert second.lost(acknowledged) == set()
    assert [one.rows(TESTED.values(name)) for one in (first, second)] == [[shown], [shown]]
    assert whole(first, "configuration_attach", **wish).changed == 0


def test_members_get_a_new_system_and_keep_their_part(first: Database, second: Database) -> None:
    rows = "SELECT id FROM t ORDER BY id"
    for member in (first, second):
        run = play("instance_rebuild", {**member.way, "reinstall": True})
        assert run.ok, run.failures
        second.rows("INSERT INTO t SELECT MAX(id) + 1 FROM t")
        first.until(lambda _info: first.rows(rows) == second.rows(rows))
    assert {one["name"]: one["role"] for one in the_set(first)["members"]} == {NAME: "replica", SECOND: "primary"}
    assert has_addresses(second, first, the_set(first))
