# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance lives through after its first day, on a real OpenStack: one flow in this order, with a table that is compared after each operation.

It is left out of `./dev test` for want of time; `./dev soak day_two` runs it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

from tests.e2e.datastores import TESTED
from tests.e2e.guests import CIDRS, Database
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import ENVIRONMENT, run_tasks, task
from tests.e2e.playbooks import Run, play

DEFINITION = TESTED.definition
PACKAGE = DEFINITION["held_packages"][0]
SETTINGS = TESTED.values(TESTED.tuning.first)
pytestmark = pytest.mark.soak
CLOUD = os.environ.get("OS_CLOUD", "")
NAME, OTHER, GROUP = "e2e-days", "e2e-years", "e2e-own"
ROWS = ["1", "2", "3"]
SETTING = 55
"""Of the configuration group, which whatever configures the datastore has to keep."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """An instance with a configuration group and a table; they are removed at the end, and leave nothing."""
    with nothing_left(cloud):
        made = Database(NAME, tmp_path_factory.mktemp("days"))
        values = {"configuration_values": {TESTED.tuning.first: SETTING}}
        ended(play("configuration_set", {"configuration": GROUP, **TESTED.wish, **values}))
        ended(play("instance_create", made.wish(volume_size=1, configuration=GROUP)))
        made.rows("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)")
        yield made
        run_tasks(
            made.place,
            *(task("instance", name=name, state="absent", timeout=300) for name in (NAME, OTHER)),
            task("configuration", name=GROUP, state="absent"),
        )


@pytest.fixture(scope="module")
def smaller() -> Iterator[str]:
    """A flavor with less memory than m1.medium, and the same disk: Nova makes none smaller."""
    with less_memory() as flavor:
        yield flavor


@contextlib.contextmanager
def less_memory() -> Iterator[str]:
    """The name of such a flavor, which an administrator makes and removes."""
    compute: Any = openstack.connect(cloud=f"{CLOUD}-admin").compute
    medium = compute.find_flavor("m1.medium")
    made = compute.create_flavor(name=f"e2e-{secrets.token_hex(3)}", ram=1024, vcpus=medium.vcpus, disk=medium.disk)
    try:
        yield made.name
    finally:
        compute.delete_flavor(made)


def works(database: Database) -> None:
    """The instance is active, nobody works on it, and the data are there."""
    shown = database.info()
    assert (shown["status"], shown["fault"], shown["task"], shown["lock"]) == ("ACTIVE", "", "", None)
    assert database.rows("SELECT id FROM t ORDER BY id") == ROWS
    assert database.rows(SETTINGS) == [str(SETTING)]


def ended(run: Run, well: bool = True) -> Run:
    assert run.ok is well, run.failures
    return run


def shown(run: Run) -> dict[str, Any]:
    return dict(run.custom["dbaas_instance"])


def with_clouds(directory: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    """Have what follows use the clouds that are known, changed."""
    clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())
    change(clouds["clouds"])
    (directory / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    monkeypatch.setitem(ENVIRONMENT, "OS_CLIENT_CONFIG_FILE", str(directory / "clouds.yaml"))


GUARD = DEFINITION["package_guard"]
PACKAGED = f"dpkg-query -W -f '${{Version}}\\n' {PACKAGE}"
# The packages of the archive's main part are older than those of its security part, and a mirror has both.
ARCHIVED = rf"""
old=$(apt-cache madison {PACKAGE} | awk '{{print $3}}' | sort -V | head -n 1)
test "$old" != "$now"
wanted=$(printf "%s=$old " $names)
"""
# A stand-in where there is one release alone: its packages with an older number.
STAND_IN = r"""
old=$now~older
sudo apt-get -qq -y --no-install-recommends install dpkg-repack > /dev/null
# /tmp may be in memory.
cd "$(mktemp -d --tmpdir=/var/tmp)"
sudo dpkg-repack --deb-option=-Znone $names > /dev/null
for package in *.deb; do
    sudo dpkg-deb --raw-extract "$package" "$package.d"
    sudo sed -i "s/$now/$old/g" "$package.d/DEBIAN/control"
    sudo dpkg-deb -Znone --build "$package.d" "$package" > /dev/null
    sudo rm -r "$package.d"
done
wanted=$(ls "$PWD"/*.deb)
"""
OLDER = rf"""
set -eu
export DEBIAN_FRONTEND=noninteractive
sudo apt-get -qq update
now=$({PACKAGED})
names=$(dpkg-query -W -f '${{Package}} ${{Version}}\n' | awk -v now="$now" '$2 == now {{print $1}}')
{ARCHIVED if TESTED.older else STAND_IN}
printf '#!/bin/sh\nexit 101\n' | sudo tee /usr/sbin/policy-rc.d > /dev/null
sudo chmod 755 /usr/sbin/policy-rc.d
{f"sudo touch {GUARD}" if GUARD else ""}
sudo systemctl stop {TESTED.service}
sudo -E apt-get -qq -y --allow-downgrades --allow-change-held-packages --no-install-recommends install $wanted > /dev/null
sudo rm /usr/sbin/policy-rc.d {GUARD}
sudo systemctl start {TESTED.service}
echo "$old"
{TESTED.ask(TESTED.server_version)}
"""
DROP_IN = f"/etc/systemd/system/{TESTED.service}.service.d/e2e.conf"
BROKEN_WHEN_NEWER = rf"""
printf '[Service]\nExecStartPre=/bin/sh -c "dpkg-query --show {PACKAGE} | grep -qF %s"\n' 'VERSION' | sudo tee {DROP_IN} > /dev/null
sudo systemctl daemon-reload
"""
MENDED = f"sudo rm {DROP_IN}; sudo systemctl daemon-reload"
UNREAD = f"echo '[Unit]' | sudo tee {DROP_IN} > /dev/null"
IS_UNREAD = f"systemctl show --property NeedDaemonReload --value {TESTED.service}"
STATE = "; ".join(
    [
        PACKAGED,
        TESTED.ask(TESTED.server_version),
        TESTED.ask(TESTED.closed),
        "apt-mark showhold | wc -l; sudo ls /var/cache/dbaas",
    ]
)
OPEN = ["0", str(len(DEFINITION["held_packages"]))]


def test_an_upgrade_that_fails_is_taken_back_with_its_data(cloud: Any, database: Database) -> None:
    old, server = database.shell(OLDER, timeout=900)
    database.shell(BROKEN_WHEN_NEWER.replace("VERSION", old))
    predicted = ended(play("instance_upgrade", database.way, check=True))
    assert (shown(predicted)["server_version"], bool(shown(predicted)["packages"])) == (server, True)
    with database.writer() as writer:
        ended(play("instance_upgrade", database.way), well=False)
    assert database.lost(writer.acknowledged) == set()
    assert database.shell(STATE) == [old, server, *OPEN]
    database.shell(MENDED)
    works(database)
    assert list(cloud.block_storage.snapshots()) == []


def test_an_upgrade_that_gets_no_snapshot_changes_nothing(cloud: Any, database: Database) -> None:
    before = database.shell(STATE)
    admin: Any = openstack.connect(cloud=f"{CLOUD}-admin")
    admin.set_volume_quotas(cloud.current_project_id, snapshots=0)
    try:
        refused = ended(play("instance_upgrade", database.way), well=False)
    finally:
        admin.delete_volume_quotas(cloud.current_project_id)
    assert [result["reason"] for result in refused.results("instance_action") if result.get("failed")] == ["quota"]
    assert database.shell(STATE) == before
    works(database)


def test_an_upgrade_keeps_clients_out_and_their_data(cloud: Any, database: Database) -> None:
    old, server, *_rest = database.shell(STATE)
    assert database.shell(f"{UNREAD}; {IS_UNREAD}") == ["yes"]
    with database.writer() as writer:
        run = ended(play("instance_upgrade", database.way))
    assert database.shell(f"{IS_UNREAD}; {MENDED}") == ["no"]
    assert (shown(run)["server_version"] > server) is TESTED.older
    assert database.lost(writer.acknowledged) == set()
    new, *rest = database.shell(STATE)
    assert (new != old, rest) == (True, [shown(run)["server_version"], *OPEN])
    works(database)
    assert list(cloud.block_storage.snapshots()) == []
    assert play("instance_upgrade", database.way).changed == 0


CLOSED_WITHOUT_ITS_FILE = f"""
file={DEFINITION["config_dir"]}/{DEFINITION["config_files"]["closed"]}
sudo tee $file > /dev/null << 'END'
{Path(DEFINITION["files"]["closed"]).read_text()}
END
sudo systemctl restart {TESTED.service}
sudo rm $file
"""


def test_an_upgrade_that_was_killed_just_before_clients_come_lets_them_in(database: Database) -> None:
    database.shell(CLOSED_WITHOUT_ITS_FILE)
    database.until(lambda told: told["status"] == "BLOCKED")
    ended(play("instance_upgrade", database.way))
    works(database)


def test_nobody_works_on_data_that_an_interrupted_upgrade_may_take_back(cloud: Any, database: Database) -> None:
    run_tasks(database.place, task("instance_action", name=NAME, action="snapshot_volume"))
    assert database.info()["task"] == "upgrade"
    ended(play("database_set", {**database.way, "databases": [{"name": "late"}]}), well=False)
    ended(play("instance_resize", {**database.way, "volume_size": 2}), well=False)
    run_tasks(database.place, task("instance_action", name=NAME, action="delete_snapshot"))
    assert list(cloud.block_storage.snapshots()) == []
    works(database)


def test_ports_that_a_killed_run_left_open_are_closed(database: Database) -> None:
    run_tasks(
        database.place, task("instance", name=NAME, datastore_ports=[TESTED.port, TESTED.port + 1], allowed_cidrs=CIDRS)
    )
    assert database.info()["open_ports"] == [TESTED.port, TESTED.port + 1]
    ended(play("instance_access", {**database.way, "allowed_cidrs": CIDRS}))
    assert database.info()["open_ports"] == [TESTED.port]
    works(database)


def test_a_volume_grows_while_it_is_detached_where_the_cloud_wants_that(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cinder's API of before 3.42 refuses to extend a volume that is attached."""
    with_clouds(tmp_path, monkeypatch, lambda clouds: clouds[CLOUD].update(block_storage_default_microversion="3.41"))
    with database.writer() as writer:
        run = ended(play("instance_resize", {**database.way, "volume_size": 2}))
    acted = [step["action"] for result in run.results("instance_action") for step in result.get("plan", ())]
    assert acted == ["detach"]
    assert database.lost(writer.acknowledged) == set()
    (size,) = database.shell("df --output=size --block-size=M /var/lib/dbaas | tail -n 1")
    assert int(size.strip().rstrip("M")) > 1800
    works(database)


def test_a_rebuild_keeps_data_users_and_certificates(database: Database) -> None:
    ended(play("instance_access", {**database.way, "tls_mode": "required"}))
    before = database.info()
    assert play("instance_rebuild", database.way).changed == 0
    database.shell("sudo touch /root/before")
    ended(play("instance_rebuild", {**database.way, "reinstall": True}, check=True))
    ended(play("instance_rebuild", {**database.way, "reinstall": True}))
    after = database.info()
    assert database.shell("sudo ls /root") == []
    assert after["tls_mode"] == "required"
    assert database.shell(TESTED.ask(TESTED.tls_required)) == ["1"]
    same = ("uid", "server_id", "addresses", "allowed_cidrs", "flavor")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["volume"]["id"] == before["volume"]["id"]
    assert after["host_keys"] != before["host_keys"]
    assert len(after["host_keys"]) == 1
    assert play("instance_create", database.wish()).changed == 0
    works(database)


def test_a_name_is_a_label(database: Database, cloud: Any) -> None:
    assert not play("instance_rename", {**database.way, "new_name": "no_name"}).ok
    ended(play("instance_rename", {**database.way, "new_name": OTHER}))
    assert shown(ended(play("instance_rename", {**database.way, "new_name": OTHER})))["name"] == OTHER
    named = {pair for pair in names(cloud) if NAME in pair[1]}
    assert named == set()
    renamed = Database(OTHER, database.place)
    assert renamed.shell("hostname") == [OTHER]
    works(renamed)
    again = play("instance_create", {**renamed.wish(), "instance": OTHER})
    assert (again.ok, again.changed) == (True, 0), again.failures
    ended(play("instance_rename", {**renamed.way, "new_name": NAME}))
    works(database)


def names(cloud: Any) -> set[tuple[str, str]]:
    network = cloud.network
    kinds = {
        "server": cloud.compute.servers(),
        "volume": cloud.block_storage.volumes(),
        "port": network.ports(),
        "group": network.security_groups(),
    }
    return {(kind, resource.name or "") for kind, resources in kinds.items() for resource in resources}


def test_a_server_that_is_shelved_paused_or_locked_is_named_and_comes_back(cloud: Any, database: Database) -> None:
    compute, server = cloud.compute, database.info()["server_id"]

    def until(status: str) -> None:
        compute.wait_for_server(compute.get_server(server), status=status, wait=300)

    compute.pause_server(server)
    until("PAUSED")
    assert (database.info()["status"], bool(database.info()["advice"])) == ("SHUTDOWN", True)
    for operation in ("instance_restart", "instance_resize", "instance_stop"):
        ended(play(operation, {**database.way, "volume_size": 3}), well=False)
    ended(play("instance_start", {"instance": NAME}))
    works(database)
    compute.shelve_server(server)
    until("SHELVED_OFFLOADED")
    ended(play("instance_reboot", database.way), well=False)
    ended(play("instance_start", {"instance": NAME}))
    works(database)
    compute.lock_server(server)
    refused = ended(play("instance_reboot", database.way), well=False)
    assert [result["status"] for result in refused.results("instance_action") if result.get("failed")] == ["LOCKED"]
    works(database)
    compute.unlock_server(server)


def test_a_resize_that_waits_to_be_confirmed_is_finished_by_the_next_run(cloud: Any, database: Database) -> None:
    compute, server = cloud.compute, database.info()["server_id"]
    (before,) = database.shell(TESTED.ask(TESTED.memory))
    compute.resize_server(server, compute.find_flavor("m1.medium").id)
    compute.wait_for_server(compute.get_server(server), status="VERIFY_RESIZE", wait=300)
    ended(play("instance_stop", database.way), well=False)
    run = ended(play("instance_resize", {**database.way, "flavor": "m1.medium"}))
    assert (shown(run)["flavor"], shown(run)["status"]) == ("m1.medium", "ACTIVE")
    works(database)
    (larger,) = database.shell(TESTED.ask(TESTED.memory))
    assert int(larger) > 1.5 * int(before)


def test_a_resize_that_nova_confirms_by_itself_is_one(cloud: Any, database: Database, smaller: str) -> None:
    """As with resize_confirm_window: somebody else confirms before this project does."""
    flat = ended(play("instance_resize", {**database.way, "flavor": "m1.small"}), well=False)
    assert [problem["option"] for problem in flat.results("instance_action")[-1]["problems"]] == ["flavor"]
    (resized,) = run_tasks(database.place, task("instance_action", name=NAME, action="resize", flavor=smaller))
    assert resized["server_status"] == "VERIFY_RESIZE"
    cloud.compute.confirm_server_resize(database.info()["server_id"])
    run = ended(play("instance_resize", {**database.way, "flavor": smaller}))
    assert shown(run)["flavor"] == smaller
    works(database)


def test_a_migration_is_an_administrators_and_is_taken_back_where_there_is_no_other_host(
    cloud: Any, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = ended(play("instance_migrate", database.way), well=False)
    assert refused.results("instance_action")[-1]["reason"] == "unsupported"
    admin: Any = openstack.connect(cloud=f"{CLOUD}-admin")
    role, project = admin.identity.find_role("admin"), cloud.current_project_id
    admin.identity.assign_project_role_to_user(project, admin.current_user_id, role)

    def as_administrator(clouds: dict[str, Any]) -> None:
        clouds[CLOUD]["auth"].update(
            username=clouds[f"{CLOUD}-admin"]["auth"]["username"],
            password=clouds[f"{CLOUD}-admin"]["auth"]["password"],
        )

    try:
        with monkeypatch.context() as patch:
            with_clouds(tmp_path, patch, as_administrator)
            nowhere = ended(play("instance_migrate", database.way), well=False)
    finally:
        admin.identity.unassign_project_role_from_user(project, admin.current_user_id, role)
    assert [result["reason"] for result in nowhere.results("instance_action") if result.get("failed")] == ["cloud"]
    works(database)
