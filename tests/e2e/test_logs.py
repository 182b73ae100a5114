# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guest logs on a real OpenStack, a real server and a real store: one flow in this order. `./dev soak logs` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import run_tasks, task
from tests.e2e.playbooks import Run, play

pytestmark = pytest.mark.soak
NAME = "e2e-logged"
LOG = TESTED.log
SLOW, WORD = TESTED.sleep


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """An instance, which is removed at the end, and leaves nothing but what it published."""
    with nothing_left(cloud):
        made = Database(NAME, tmp_path_factory.mktemp("logged"))
        run = play("instance_create", made.wish(volume_size=1))
        assert run.ok, run.failures
        uid = made.info()["uid"]
        yield made
        run_tasks(
            made.place,
            task("instance", name=NAME, state="absent", timeout=300),
            *(task("log_archive", uid=uid, name=name, state="absent") for name in ("agent", "error", LOG)),
        )


def act(database: Database, verb: str, well: bool = True, check: bool = False, **variables: Any) -> Run:
    run = play(f"log_{verb}", {**database.way, **variables}, check=check)
    assert run.ok is well, run.failures
    return run


def refused(database: Database, verb: str, **variables: Any) -> str:
    """The action that refused."""
    run = act(database, verb, well=False, **variables)
    return str(next(result for _host, _name, result in run.tasks if result.get("failed"))["action"])


def test_wrong_names_are_refused(database: Database) -> None:
    check = "ansible.builtin.assert"
    assert refused(database, "set", enable_logs=["audit"]) == check
    assert refused(database, "set", enable_logs=[LOG], disable_logs=[LOG]) == check
    assert refused(database, "publish", logs=["audit"]) == check
    assert refused(database, "tail", log="error", log_lines=0) == check
    assert act(database, "tail", well=False, log="audit").results("guest_log_info")[-1]["reason"] == "not_found"
    assert database.info()["logs"] == []


def test_a_log_is_switched_on(database: Database) -> None:
    act(database, "set", check=True, enable_logs=[LOG])
    assert database.info()["logs"] == []
    assert act(database, "set", enable_logs=[LOG]).custom["dbaas_logs"] == {"enabled": [LOG]}
    assert database.info()["logs"] == [LOG]
    assert act(database, "set", enable_logs=[LOG]).changed == 0
    database.rows(SLOW)
    assert WORD in act(database, "tail", log=LOG).results("guest_log_info")[-1]["text"]


def test_what_comes_is_followed(database: Database) -> None:
    followed = act(database, "tail", log="error", log_lines=5, log_follow=5).results("guest_log_info")
    assert len(followed) > 1


def test_it_is_published_and_downloaded(database: Database, tmp_path: Path) -> None:
    act(database, "publish", check=True, logs=[LOG], log_directory=str(tmp_path / "logs"))
    assert not (tmp_path / "logs").exists()
    published = act(database, "publish", log_directory=str(tmp_path / "logs"), log_expire_after=1)
    assert set(published.custom["dbaas_logs"]) == {"agent", "error", LOG}
    kept = tmp_path / "logs" / f"{NAME}-{LOG}.log"
    assert WORD in kept.read_text()
    assert published.custom["dbaas_logs"][LOG]["bytes"] == kept.stat().st_size
    assert act(database, "publish", logs=[LOG], log_directory=str(tmp_path / "logs")).changed == 0
    database.rows(SLOW)
    more = act(database, "publish", logs=[LOG], log_directory=str(tmp_path / "logs")).custom["dbaas_logs"][LOG]
    assert (more["objects"], kept.read_text().count(WORD)) == (2, 2)


def test_the_store_removes_it_at_its_time(database: Database, cloud: Any) -> None:
    (first, *_rest) = cloud.object_store.objects("dbaas_logs", prefix=f"{database.info()['uid']}/{LOG}/")
    assert cloud.object_store.get_object_metadata(first.name, container="dbaas_logs").delete_at


def test_discarded_it_is_published_again(database: Database) -> None:
    again = act(database, "publish", logs=[LOG], log_discard=True).custom["dbaas_logs"][LOG]
    assert again["sent"]["bytes"] == again["bytes"]
    assert again["objects"] == 1


def test_it_stays_on_over_a_restart_and_is_switched_off(database: Database) -> None:
    run = play("instance_restart", database.way)
    assert run.ok, run.failures
    assert database.rows(TESTED.slow) == ["1"]
    again = play("instance_create", database.wish(volume_size=1))
    assert (again.ok, again.changed) == (True, 0), again.failures
    act(database, "set", disable_logs=[LOG])
    assert database.info()["logs"] == []
    assert database.rows(TESTED.slow) == ["0"]
