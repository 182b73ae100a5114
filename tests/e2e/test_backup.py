# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and restores on a real OpenStack, a real server and a real store: one flow in this order. `./dev soak backups` runs it."""

from __future__ import annotations

import subprocess
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
NAME, AGAIN = "e2e-kept", "e2e-again"
WHOLE, SECOND, LAST, DUMP, SNAPSHOT = "e2e-whole", "e2e-second", "e2e-last", "e2e-dump", "e2e-snapshot"
ARCHIVE, ELSEWHERE = "e2e-archive", "e2e-elsewhere"
GROUP = "e2e-kept-group"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """An instance, which is removed at the end with its backups, and leaves nothing."""
    with nothing_left(cloud):
        made = Database(NAME, tmp_path_factory.mktemp("kept"))
        values = {TESTED.tuning.first: 77}
        assert play("configuration_set", {"configuration": GROUP, **TESTED.wish, "configuration_values": values}).ok
        run = play("instance_create", made.wish(volume_size=1, configuration=GROUP))
        assert run.ok, run.failures
        run = play("root_enable", {**made.way, "password_file": str(made.place / "root.password")})
        assert run.ok, run.failures
        made.rows("CREATE TABLE t (id INT PRIMARY KEY)")
        made.rows("INSERT INTO t VALUES (1), (2)")
        yield made
        for name in (WHOLE, LAST, DUMP, SNAPSHOT):
            play("backup_delete", {"backup": name, "backup_with_followers": True})
        run_tasks(
            made.place,
            *(task("instance", name=name, state="absent", timeout=300) for name in (NAME, AGAIN)),
            task("configuration", name=GROUP, state="absent"),
        )


@pytest.fixture(scope="module")
def key(database: Database) -> Path:
    """The secret key of age."""
    path = database.place / "backup.key"
    subprocess.run(["age-keygen", "-o", str(path)], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def acknowledged() -> dict[str, set[int]]:
    """What a client was told is kept, when a backup of that name began."""
    return {}


def public(key: Path) -> str:
    return subprocess.run(["age-keygen", "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()


def take(database: Database, name: str, well: bool = True, check: bool = False, **variables: Any) -> Run:
    run = play("backup_create", {**database.way, "backup": name, **variables}, check=check)
    assert run.ok is well, run.failures
    return run


def listed(database: Database, **variables: Any) -> list[dict[str, Any]]:
    (told,) = run_tasks(database.place, task("backup_info", **variables))
    return list(told["backups"])


def test_what_cannot_be_taken_is_refused_and_leaves_nothing(database: Database) -> None:
    take(database, "e2e/none", well=False)
    take(database, SECOND, well=False, backup_type="incremental")
    take(database, WHOLE, well=False, backup_recipients=["AGE-SECRET-KEY-1"])
    assert listed(database) == []


def test_a_whole_one_and_one_that_follows_while_a_client_writes(
    database: Database, key: Path, acknowledged: dict[str, set[int]]
) -> None:
    wish = {"backup_recipients": [public(key)]}
    with database.writer() as writer:
        take(database, WHOLE, check=True, **wish)
        assert listed(database) == []
        for name, kind in ((WHOLE, "full"), (SECOND, "incremental")):
            acknowledged[name] = set(writer.acknowledged)
            told = take(database, name, backup_type=kind, **wish).custom["dbaas_backup"]
            assert (told["status"], told["type"]) == ("COMPLETED", kind)
    whole, second = listed(database, instance=NAME)
    assert (second["parent"], whole["followers"]) == (whole["id"], [second["id"]])
    assert take(database, WHOLE, **wish).changed == 0


def restored(database: Database, well: bool = True, **variables: Any) -> Run:
    wish = database.sibling(AGAIN).wish() if not (database.place / AGAIN).exists() else again(database).wish()
    left_out = ("users", "databases", "volume_size", "datastore", "datastore_version")
    given = {name: value for name, value in wish.items() if name not in left_out}
    run = play("backup_restore", {**given, "backup": SECOND, **variables})
    assert run.ok is well, run.failures
    return run


def again(database: Database) -> Database:
    return Database(AGAIN, database.place / AGAIN, database.port)


def test_what_cannot_be_restored_is_refused_before_anything_is_made(database: Database, key: Path) -> None:
    other = database.place / "other.key"
    subprocess.run(["age-keygen", "-o", str(other)], check=True, capture_output=True)
    restored(database, well=False)
    restored(database, well=False, backup_identity_file=str(other))
    restored(database, well=False, backup_identity_file=str(key), backup="e2e-none")
    (told,) = run_tasks(database.place, task("instance_info"))
    assert [one["name"] for one in told["instances"]] == [NAME]


def test_what_was_acknowledged_is_restored(database: Database, key: Path, acknowledged: dict[str, set[int]]) -> None:
    restored(database, backup_identity_file=str(key))
    copy = again(database)
    # Its users have the passwords of the original.
    (copy.place / "password").write_text(database.password)
    there = set(map(int, copy.rows("SELECT id FROM written")))
    assert acknowledged[SECOND] - there == set()
    assert there - set(map(int, database.rows("SELECT id FROM written"))) == set()
    assert copy.rows("SELECT id FROM t ORDER BY id") == database.rows("SELECT id FROM t ORDER BY id")
    first, second = database.info(), copy.info()
    assert first["uid"] != second["uid"]
    assert (second["configuration"], bool(second["root_enabled"])) == (GROUP, True)
    assert copy.rows(TESTED.values(TESTED.tuning.first)) == ["77"]
    # What is taken of the copy follows nothing of the original.
    take(copy, "e2e-other", well=False, backup_type="incremental", backup_parent=SECOND)
    assert restored(database, backup_identity_file=str(key)).changed == 0


def test_the_copy_is_removed_after_a_last_backup(database: Database) -> None:
    copy = again(database)
    copy.rows("INSERT INTO t VALUES (3)")
    run = play("instance_delete", {**copy.way, "backup": LAST, "backup_container": ARCHIVE})
    assert run.ok, run.failures
    (told,) = listed(database, name=LAST)
    assert (told["status"], told["container"], told["instance"]) == ("COMPLETED", ARCHIVE, AGAIN)
    (rest,) = run_tasks(database.place, task("instance_info"))
    assert [one["name"] for one in rest["instances"]] == [NAME]
    assert play("instance_delete", {**copy.way, "backup": LAST, "backup_container": ARCHIVE}).changed == 0


def test_one_that_was_copied_is_registered_and_restored_in_place(database: Database, cloud: Any) -> None:
    (told,) = listed(database, name=LAST)
    folder = f"segments/{told['uid']}/{told['id']}"
    cloud.object_store.create_container(ELSEWHERE)
    for row in cloud.object_store.objects(ARCHIVE, prefix=folder):
        content = cloud.object_store.download_object(row.name, container=ARCHIVE)
        cloud.object_store.upload_object(ELSEWHERE, row.name.replace(folder, "old"), data=content)
    assert play("backup_delete", {"backup": LAST}).ok
    registered = play("backup_register", {"backup": LAST, "backup_container": ELSEWHERE, "backup_folder": "old"})
    assert registered.ok, registered.failures
    in_place(database, LAST)
    assert database.rows("SELECT id FROM t ORDER BY id") == ["1", "2", "3"]
    assert play("backup_delete", {"backup": LAST}).ok
    for row in list(cloud.object_store.objects(ELSEWHERE)):
        cloud.object_store.delete_object(row, container=ELSEWHERE)


def test_an_undo_tells_what_is_lost_and_goes_back(database: Database) -> None:
    ca = (database.place / "ca.pem").read_text()
    database.rows("INSERT INTO t VALUES (4)")
    assert not play("restore_undo", database.way).ok
    assert database.rows("SELECT id FROM t WHERE id = 4") == ["4"]
    # A second restore would lose the way back of the first.
    assert not play("restore_in_place", {**database.way, "backup": WHOLE}).ok
    run = play("restore_undo", {**database.way, "discard_writes": True})
    assert run.ok, run.failures
    lost = run.custom["dbaas_discarded"]
    assert lost["from"] != lost["to"]
    assert database.rows("SELECT id FROM t ORDER BY id") == ["1", "2"]
    assert (database.place / "ca.pem").read_text() == ca
    assert not play("restore_undo", {**database.way, "discard_writes": True}).ok


def in_place(database: Database, backup: str, **variables: Any) -> Run:
    run = play("restore_in_place", {**database.way, "backup": backup, **variables})
    assert run.ok, run.failures
    assert database.info()["volume"]["previous"]
    return run


def confirm(database: Database) -> None:
    confirmed = play("restore_confirm", {"instance": NAME})
    assert confirmed.ok, confirmed.failures
    assert database.info()["volume"]["previous"] is None


def test_statements_are_restored(database: Database) -> None:
    told = take(database, DUMP, backup_strategy=TESTED.definition["strategies"]["export"]).custom["dbaas_backup"]
    assert told["status"] == "COMPLETED"
    database.rows("INSERT INTO t VALUES (5)")
    in_place(database, DUMP)
    assert database.rows("SELECT id FROM t ORDER BY id") == ["1", "2"]
    assert play("restore_in_place", {**database.way, "backup": DUMP}).changed == 0
    confirm(database)


def test_a_snapshot_is_restored(database: Database) -> None:
    wish = {"backup_strategy": "snapshot", "backup_freeze": 30}
    with database.writer() as writer:
        take(database, SNAPSHOT, check=True, **wish)
        acknowledged = set(writer.acknowledged)
        told = take(database, SNAPSHOT, **wish).custom["dbaas_backup"]
    assert acknowledged
    assert told["status"] == "COMPLETED"
    database.rows("INSERT INTO t VALUES (6)")
    assert not play("instance_delete", {"instance": NAME}).ok
    in_place(database, SNAPSHOT)
    assert database.lost(acknowledged) == set()
    assert database.rows("SELECT id FROM t ORDER BY id") == ["1", "2"]
    # Its volume was made of it, and the one of before is needed by it.
    refused = play("backup_delete", {"backup": SNAPSHOT})
    assert refused.results("backup")[-1]["volumes"] == [f"{NAME}-data"]
    (told,) = listed(database, name=SNAPSHOT)
    assert told["status"] == "COMPLETED"
    confirm(database)


def test_a_snapshot_goes_when_nothing_was_made_of_it_any_more(database: Database, key: Path, cloud: Any) -> None:
    in_place(database, WHOLE, backup_identity_file=str(key))
    confirm(database)
    assert play("backup_delete", {"backup": SNAPSHOT}).ok
    assert [one.id for one in cloud.block_storage.volumes()] == [database.info()["volume"]["id"]]


def test_what_others_follow_is_not_removed_alone(database: Database) -> None:
    refused = play("backup_delete", {"backup": WHOLE})
    assert not refused.ok
    assert refused.results("backup")[-1]["followers"] == [SECOND]
    assert not play("backup_prune", {"instance": NAME}).ok
    # The newest two are the statements and the one that follows.
    pruned = play("backup_prune", {"instance": NAME, "backup_keep_minimum": 2})
    assert (pruned.ok, pruned.changed) == (True, 0)
    foretold = play("backup_prune", {"instance": NAME, "backup_keep_minimum": 1}, check=True)
    assert {one["name"] for one in foretold.custom["dbaas_backups"]["removed"]} == {WHOLE, SECOND}
    gone = play("backup_delete", {"backup": WHOLE, "backup_with_followers": True})
    assert gone.custom["dbaas_backups"] == [SECOND, WHOLE]
    assert play("backup_delete", {"backup": DUMP}).ok
    assert listed(database) == []
