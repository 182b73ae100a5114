# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configuration groups on a real OpenStack and a real server: one flow in this order. `./dev soak configuration` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import run_tasks, task
from tests.e2e.playbooks import Run, play

pytestmark = pytest.mark.soak
NAME, SECOND, GROUP = "e2e-tuned", "e2e-tuned-too", "e2e-tuning"
STARTED = f"systemctl show --value --property ExecMainStartTimestampMonotonic {TESTED.service}"
TUNING = TESTED.tuning
FIRST, SECOND_ONE = TUNING.first, TUNING.second[0]
WAITS, GIVEN, SHOWN, DEFAULT = TUNING.waits
MENDED = dict.fromkeys(TUNING.broken)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """An instance, which is removed at the end with the group, and leaves nothing."""
    with nothing_left(cloud):
        made = Database(NAME, tmp_path_factory.mktemp("tuned"))
        run = play("instance_create", made.wish(volume_size=1))
        assert run.ok, run.failures
        yield made
        run_tasks(
            made.place,
            task("instance", name=NAME, state="absent", timeout=300),
            task("configuration", name=GROUP, state="absent"),
        )


@pytest.fixture(scope="module")
def second(database: Database) -> Iterator[Database]:
    """Another instance, which is removed at the end."""
    made = database.sibling(SECOND)
    run = play("instance_create", made.wish(volume_size=1))
    assert run.ok, run.failures
    yield made
    run_tasks(made.place, task("instance", name=SECOND, state="absent", timeout=300))


def have(database: Database, well: bool = True, check: bool = False, **variables: Any) -> Run:
    way = {key: value for key, value in database.way.items() if key != "instance"}
    given = {"configuration": GROUP, **TESTED.wish, **variables}
    run = play("configuration_set", {**way, **given}, check=check)
    assert run.ok is well, run.failures
    return run


def act(database: Database, verb: str, well: bool = True, check: bool = False, **variables: Any) -> Run:
    way = {key: value for key, value in database.way.items() if key != "instance"}
    group = {} if verb == "detach" else {"configuration": GROUP}
    run = play(f"configuration_{verb}", {**way, "instances": [NAME], **group, **variables}, check=check)
    assert run.ok is well, run.failures
    return run


def told(run: Run) -> str:
    return str(run.custom["dbaas_instances"][NAME])


def outcomes(run: Run) -> list[str]:
    """The first word of what became of each instance."""
    return sorted(word.split(":")[0] for word in run.custom["dbaas_instances"].values())


def values(database: Database, *names: str) -> list[str]:
    return database.rows(TESTED.values(*names))


def test_a_group_without_an_instance(database: Database) -> None:
    values = {FIRST: TUNING.too_much, "no_such": 1, TUNING.reserved: "/tmp"}
    problems = have(database, well=False, configuration_values=values).results("configuration")[-1]["problems"]
    assert {problem["option"]: problem["reason"] for problem in problems} == {
        f"values.{TUNING.reserved}": "unsupported",
        f"values.{FIRST}": "invalid",
        "values.no_such": "not_found",
    }
    have(database, configuration_values={FIRST: 77, SECOND_ONE: 500}, check=True)
    (info,) = run_tasks(database.place, task("configuration_info", name=GROUP))
    assert info["configurations"] == []
    assert have(database, configuration_values={FIRST: 77, SECOND_ONE: 500}).changed == 1
    assert have(database, configuration_values={FIRST: 77}).changed == 0


def test_what_is_not_there_is_refused(database: Database) -> None:
    act(database, "attach", well=False, configuration="e2e-none")
    act(database, "attach", well=False, instances=["e2e-none"])
    assert database.info()["configuration"] == ""
    assert act(database, "detach").changed == 0


def test_attached_it_is_in_force(database: Database) -> None:
    (before,) = values(database, FIRST)
    assert told(act(database, "attach", check=True)) == "to be set"
    assert database.info()["configuration"] == ""
    assert told(act(database, "attach")) == "in force"
    assert values(database, FIRST, SECOND_ONE) == ["77", "500"]
    assert (database.info()["configuration"], database.info()["status"]) == (GROUP, "ACTIVE")
    assert act(database, "attach").changed == 0
    (info,) = run_tasks(database.place, task("configuration_info", name=GROUP))
    assert [instance["name"] for instance in info["configurations"][0]["instances"]] == [NAME]
    deleted = play("configuration_delete", {"configuration": GROUP})
    assert deleted.results("configuration")[-1]["reason"] == "conflict"
    assert before != "77"


def test_a_run_without_change_restarts_nothing(database: Database) -> None:
    before = database.shell(STARTED)
    again = play("instance_create", database.wish(volume_size=1))
    assert (again.ok, again.changed) == (True, 0), again.failures
    assert database.shell(STARTED) == before


def test_a_change_reaches_the_instance(database: Database) -> None:
    assert told(have(database, configuration_values={FIRST: 88})) == "in force"
    assert values(database, FIRST, SECOND_ONE) == ["88", "500"]
    replaced = have(database, configuration_values={FIRST: 90}, configuration_replace=True)
    assert told(replaced) == "in force"
    assert values(database, FIRST, SECOND_ONE) == ["90", TUNING.second[1]]


def test_an_edit_by_hand_is_shown_and_healed(database: Database) -> None:
    database.shell(TESTED.ask(*TUNING.by_hand))
    assert told(act(database, "attach", check=True)) == "to be set"
    assert values(database, FIRST) == ["99"]
    assert told(act(database, "attach")) == "in force"
    assert values(database, FIRST) == ["90"]


def test_what_needs_a_restart_says_so(database: Database) -> None:
    assert WAITS in told(have(database, configuration_values={WAITS: GIVEN}))
    database.until(lambda shown: shown["status"] == "RESTART_REQUIRED")
    assert values(database, WAITS) == [DEFAULT]
    run = play("instance_restart", database.way)
    assert run.ok, run.failures
    assert values(database, WAITS) == [SHOWN]
    database.until(lambda shown: shown["status"] == "ACTIVE")


def test_a_group_survives_a_resize(database: Database) -> None:
    run = play("instance_resize", {**database.way, "flavor": "m1.medium"})
    assert run.ok, run.failures
    assert values(database, FIRST, WAITS) == ["90", SHOWN]
    assert act(database, "attach").changed == 0


def test_a_value_with_which_the_server_does_not_start_is_taken_back(database: Database) -> None:
    failed = have(database, well=False, configuration_values=TUNING.broken, configuration_restart=True)
    assert outcomes(failed) == ["failed"]
    assert values(database, FIRST, WAITS) == ["90", SHOWN]
    database.until(lambda shown: shown["status"] == "ACTIVE")
    assert told(have(database, configuration_values=MENDED)) == "in force"


def test_a_restart_rolls_over_the_instances_and_ends_at_one_that_fails(database: Database, second: Database) -> None:
    each = (database, second)
    before = [one.shell(STARTED) for one in each]
    rolled = act(database, "attach", instances=[NAME, SECOND], configuration_restart=True)
    assert rolled.custom["dbaas_instances"] == {NAME: "in force", SECOND: "in force"}
    assert [values(one, WAITS) for one in each] == [[SHOWN], [SHOWN]]
    assert [one.shell(STARTED) == was for one, was in zip(each, before, strict=True)] == [True, False]
    failed = have(database, well=False, configuration_values=TUNING.broken, configuration_restart=True)
    assert outcomes(failed) == ["failed", "not reached"]
    assert all(one.until(lambda shown: shown["status"] == "ACTIVE") for one in each)
    assert told(have(database, configuration_values=MENDED)) == "in force"


def test_detached_it_has_the_values_of_the_template(database: Database) -> None:
    assert told(act(database, "detach", instances=[NAME, SECOND], configuration_restart=True)) == "in force"
    (connections,) = values(database, FIRST)
    assert connections not in ("77", "90")
    assert values(database, WAITS) == [DEFAULT]
    assert database.info()["configuration"] == ""
    assert act(database, "detach").changed == 0
    deleted = play("configuration_delete", {"configuration": GROUP})
    assert deleted.ok
    assert play("configuration_delete", {"configuration": GROUP}).changed == 0
