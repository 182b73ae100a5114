# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of an instance on a real OpenStack, as an ordinary user: refused, planned, made, used, stopped, started, rebooted, removed.

The tests of this file are one flow in this order: each goes on from what the one before left.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest

from tests.e2e import replicas
from tests.e2e.datastores import TESTED
from tests.e2e.guests import CIDRS, Database
from tests.e2e.leaks import difference, inventory
from tests.e2e.modules import ENVIRONMENT, run_tasks, task
from tests.e2e.playbooks import Run, play

NAME, REPLICA, GROUP = "e2e-orders", "e2e-orders-2", "e2e-busy"
PORT = TESTED.port + 1
"""Not the datastore's own: whatever forgets the instance's port fails in this flow."""


@pytest.fixture(scope="module")
def cloud() -> Any:
    return openstack.connect(cloud=os.environ["OS_CLOUD"])


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(NAME, tmp_path_factory.mktemp("e2e"), PORT)


@pytest.fixture(scope="module")
def place(database: Database) -> Path:
    return database.place


@pytest.fixture(scope="module")
def wish(database: Database) -> dict[str, Any]:
    own = {"instance_tags": ["e2e"], "instance_metadata": {"purpose": "test"}}
    return database.wish(datastore_port=PORT, **own)


@pytest.fixture(scope="module")
def way(database: Database) -> dict[str, Any]:
    return database.way


@pytest.fixture(scope="module")
def before(cloud: Any, database: Database) -> Iterator[set[tuple[str, str]]]:
    """What the project had, with the version registered; whatever a failed flow left is removed at the end."""
    registered = play("datastore_register", TESTED.wish)
    assert registered.ok, registered.failures
    assert play("datastore_register", TESTED.wish).changed == 0
    yield inventory(cloud)
    replicas.remove(database, NAME, REPLICA)
    play("configuration_delete", {"configuration": GROUP})


def shown(run: Run) -> dict[str, Any]:
    return run.custom["dbaas_instance"]


WRONG: list[tuple[dict[str, Any], str | None]] = [
    ({"datastore_version": "9.9"}, None),
    ({"flavor": "m1.huge"}, "flavor"),
    ({"network": "nowhere"}, "networks"),
    ({"volume_size": 0}, "volume_size"),
    ({"users": [{"name": "root", "password": "x"}]}, None),
    ({"ca_file": "/no/such/directory/ca.pem"}, None),
]
"""A change of the variables, and the option that is to be named where the module judges it."""
ALSO_WRONG: list[tuple[dict[str, Any], str | None]] = [
    ({"datastore": "oracle"}, None),
    ({"flavor": "m1.nano"}, "flavor"),
    ({"availability_zone": "mars"}, "availability_zone"),
    ({"volume_type": "tape"}, "volume_type"),
    ({"instance": "no_name"}, "name"),
    ({"allowed_cidrs": ["10.0.0.1/8"]}, "allowed_cidrs"),
    ({"datastore_port": 22}, "port"),
    ({"databases": [TESTED.system]}, None),
    ({"users": [{"name": "nobody"}]}, None),
    ({"store_ca_file": "/no/such/ca.pem"}, None),
]


@pytest.mark.parametrize(
    ("change", "option"), [*WRONG, *(pytest.param(*wrong, marks=pytest.mark.soak) for wrong in ALSO_WRONG)]
)
def test_wrong_input_is_refused_before_anything_is_made(
    cloud: Any, before: set[tuple[str, str]], wish: dict[str, Any], change: dict[str, Any], option: str | None
) -> None:
    run = play("preflight", {**wish, **change})
    assert not run.ok
    if option is not None:
        assert [problem["option"] for problem in run.results("instance")[-1]["problems"]] == [option]
    assert inventory(cloud) == before


def test_check_mode_predicts_what_is_made(
    cloud: Any, before: set[tuple[str, str]], wish: dict[str, Any], place: Path
) -> None:
    predicted = play("instance_create", wish, check=True)
    assert predicted.ok
    assert predicted.custom["dbaas_instance"]["guest_steps"] == "not_predicted"
    assert inventory(cloud) == before
    made = play("instance_create", wish)
    assert made.ok, made.failures
    assert made.results("instance")[0]["plan"] == predicted.custom["dbaas_instance"]["plan"]
    assert shown(made)["status"] == "ACTIVE"
    assert made.remote_tasks <= 25
    assert (place / "password").stat().st_mode & 0o777 == 0o600
    (place / "host").write_text(shown(made)["host"])


def test_a_client_reads_and_writes_with_tls_verified(database: Database) -> None:
    assert database.rows("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2); SELECT id FROM t") == [
        "1",
        "2",
    ]
    assert database.rows(TESTED.secured) == ["1"]


def test_a_wrong_ca_is_refused(database: Database, place: Path) -> None:
    subject = ["-subj", "/CN=wrong", "-days", "1", "-out", str(place / "wrong.pem"), "-keyout", "/dev/null"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject], check=True, capture_output=True
    )
    assert database.client("SELECT 1", ca="wrong.pem").returncode != 0
    assert database.client("SELECT 1").returncode == 0


LOOK_AT_THE_GUEST = rf"""
sudo cat /proc/sys/vm/swappiness
grep -o '\[.*\]' /sys/kernel/mm/transparent_hugepage/enabled
pid=$(systemctl show -P MainPID {TESTED.service})
sudo cat /proc/$pid/oom_score_adj
sudo awk '/Max open files/ {{print $4}}' /proc/$pid/limits
systemctl is-active chrony
sudo readlink /proc/$pid/cwd
{TESTED.ask(TESTED.bare)}
ask='import urllib.error, urllib.request
try:
    print(urllib.request.urlopen("http://169.254.169.254/openstack", timeout=60).status)
except urllib.error.URLError as fault:
    print(type(fault.reason).__name__)'
python3 -c "$ask"
sudo python3 -c "$ask"
"""


def test_the_guest_is_as_the_datastore_wants_it(database: Database) -> None:
    told = database.shell(LOOK_AT_THE_GUEST)
    host = TESTED.definition["host"]
    assert told == [
        str(host["swappiness"]),
        f"[{host['transparent_hugepages']}]",
        str(host["oom_score_adjust"]),
        str(host["open_files"]),
        "active",
        "/var/lib/dbaas/data",
        "0",
        "ConnectionRefusedError",
        "200",
    ]


def test_a_second_run_changes_nothing(wish: dict[str, Any]) -> None:
    again = play("instance_create", wish)
    assert again.ok
    assert [(host, name) for host, name, result in again.tasks if result.get("changed")] == []
    assert play("preflight", wish).changed == 0


def test_databases_users_and_root(way: dict[str, Any], database: Database, place: Path) -> None:
    old = database.password
    databases = play("database_set", {**way, "databases": [{"name": "till", **TESTED.others}]})
    assert (databases.ok, databases.changed) == (True, 1), databases.failures

    subprocess.run(["age-keygen", "-o", place / "age.key"], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", place / "age.key"], check=True, capture_output=True, text=True)
    shop = {"name": "shop", "password_file": str(place / "password"), "rotate_password": True}
    auditor = {
        "name": "auditor",
        "password_recipients": [recipient.stdout.strip()],
        "grants": [{"database": "shop", "table": "t", "privileges": ["SELECT"]}],
    }
    made = play("user_set", {**way, "users": [{**shop, "retain_current_password": TESTED.passwords}, auditor]})
    assert made.ok, made.failures
    (label, encrypted) = next(iter(made.custom["dbaas_users"]["encrypted_passwords"].items()))
    assert label == "auditor@%"
    command = ["age", "--decrypt", "--identity", place / "age.key"]
    secret = subprocess.run(command, input=encrypted, check=True, capture_output=True, text=True).stdout
    new = database.password
    assert new != old
    for user, password in (("shop", new), ("auditor", secret)):
        assert database.client("SELECT id FROM t", user=user, password=password).returncode == 0
    assert (database.client("SELECT id FROM t", password=old).returncode == 0) == TESTED.passwords
    assert database.client("DELETE FROM t", user="auditor", password=secret).returncode != 0
    assert not any(secret in str(result) or new in str(result) for _host, _name, result in made.tasks)

    # The variables of the creation have the file with the new password, and end the old one.
    again = play("user_set", {**way, "users": [{**shop, "rotate_password": False}, auditor]})
    assert (again.ok, again.custom["dbaas_users"]["encrypted_passwords"]) == (True, {}), again.failures
    assert len(again.custom["dbaas_users"]["statements"]) == int(TESTED.passwords)
    assert database.client("SELECT 1", password=old).returncode != 0

    root = place / "root.password"
    opened = play("root_enable", {**way, "password_file": str(root)})
    assert opened.ok, opened.failures
    assert database.client(TESTED.of_root, user="root", password=root.read_text().strip()).stdout.split() == ["1"]
    closed = play("root_disable", way)
    assert closed.ok, closed.failures
    assert database.client("SELECT 1", user="root", password=root.read_text().strip()).returncode != 0
    info = database.info()
    assert info["root_enabled"].keys() == {"since", "by"}
    assert info["lock"] is None


SETTINGS = f"{TESTED.values(TESTED.tuning.first)}; {TESTED.slow}"
SET = ["77", "1"]


def test_a_configuration_group_and_a_log(way: dict[str, Any], database: Database) -> None:
    group = {"configuration": GROUP, **TESTED.wish, "configuration_values": {TESTED.tuning.first: int(SET[0])}}
    made = play("configuration_set", group)
    assert made.ok, made.failures
    key = {"ssh_private_key_file": way["ssh_private_key_file"]}
    attached = play("configuration_attach", {**key, "configuration": GROUP, "instances": [NAME]})
    assert attached.custom["dbaas_instances"] == {NAME: "in force"}
    logged = play("log_set", {**way, "enable_logs": [TESTED.log]})
    assert logged.ok, logged.failures
    assert database.rows(SETTINGS) == SET
    statement, word = TESTED.sleep
    database.rows(statement)
    read = play("log_tail", {**way, "log": TESTED.log})
    assert word in read.results("guest_log_info")[-1]["text"]


FILL = """
free=$(df --output=avail --block-size=1 /var/lib/dbaas | tail -n 1)
sudo fallocate --length $((free - 50 * 1024 * 1024)) /var/lib/dbaas/filler
"""


@pytest.mark.soak
def test_a_full_volume_stops_writes_and_growth_lets_them_go_on(
    wish: dict[str, Any], way: dict[str, Any], database: Database
) -> None:
    with database.writer(pace=replicas.PACE_SECONDS) as writer:
        database.shell(FILL)
        blocked = database.until(lambda told: told["status"] == "BLOCKED")
        assert (blocked["heartbeat"]["cause"], bool(blocked["fault"])) == ("space", True)
        assert database.rows("SELECT id FROM t") == ["1", "2"]
        written = len(writer.times)
        resized = play("instance_resize", {**way, "volume_size": 3})
        assert resized.ok, resized.failures
        database.until(lambda told: told["status"] == "ACTIVE" and len(writer.times) > written)
    wish["volume_size"] = 3
    assert database.lost(writer.acknowledged) == set()
    (size,) = database.shell(
        "sudo rm /var/lib/dbaas/filler; df --output=size --block-size=M /var/lib/dbaas | tail -n 1"
    )
    assert int(size.strip().rstrip("M")) > 2800
    assert play("instance_resize", {**way, "volume_size": 3}).changed == 0
    assert not play("instance_resize", {**way, "volume_size": 1}).ok


@pytest.mark.soak
def test_a_restart_keeps_the_data(way: dict[str, Any], database: Database) -> None:
    restarted = play("instance_restart", way)
    assert restarted.ok, restarted.failures
    assert shown(restarted)["status"] == "ACTIVE"
    assert database.rows("SELECT id FROM t") == ["1", "2"]


@pytest.mark.soak
def test_another_flavor_keeps_the_data_and_gives_its_memory_to_the_datastore(
    cloud: Any, wish: dict[str, Any], way: dict[str, Any], database: Database
) -> None:
    (before,) = database.shell(TESTED.ask(TESTED.memory))
    resized = play("instance_resize", {**way, "flavor": "m1.medium"})
    assert resized.ok, resized.failures
    assert (shown(resized)["flavor"], shown(resized)["status"]) == ("m1.medium", "ACTIVE")
    wish["flavor"] = "m1.medium"
    assert [server.flavor.original_name for server in cloud.compute.servers() if server.name == NAME] == ["m1.medium"]
    (after,) = database.shell(TESTED.ask(TESTED.memory))
    assert int(after) > int(before)
    assert database.rows("SELECT id FROM t") == ["1", "2"]
    assert play("instance_resize", {**way, "flavor": "m1.medium"}).changed == 0


@pytest.mark.soak
def test_access_follows_what_is_asked(cloud: Any, way: dict[str, Any], database: Database, place: Path) -> None:
    closed = play("instance_access", {**way, "is_public": False})
    assert closed.ok, closed.failures
    assert (shown(closed)["is_public"], shown(closed)["allowed_cidrs"]) == (False, CIDRS)
    cidrs = ["2001:db8::/32", *CIDRS]
    opened = play("instance_access", {**way, "is_public": True, "allowed_cidrs": cidrs, "datastore_port": PORT + 1})
    assert opened.ok, opened.failures
    assert (shown(opened)["is_public"], shown(opened)["allowed_cidrs"]) == (True, sorted(cidrs))
    host = shown(opened)["host"]
    (place / "host").write_text(host)
    assert database.client("SELECT 1", port=PORT + 1).stdout.split() == ["1"]
    asked = {"allowed_cidrs": CIDRS, "datastore_port": PORT, "tls_mode": "required", "renew_certificate": True}
    back = play("instance_access", {**way, **asked})
    assert (back.ok, shown(back)["allowed_cidrs"]) == (True, CIDRS), back.failures
    (group,) = cloud.network.security_groups(name=NAME)
    ingress = [rule for rule in group.security_group_rules if rule["direction"] == "ingress"]
    assert {rule["port_range_min"] for rule in ingress} == {22, PORT}
    assert database.rows("SELECT 1") == ["1"]
    relaxed = {"users": [{"name": "shop", "password_file": str(place / "password"), "require_tls": False}]}
    assert play("user_set", {**way, **relaxed}).ok
    assert database.client("SELECT 1", ca="").returncode != 0
    assert play("instance_access", {**way, "is_public": True, "allowed_cidrs": CIDRS}).changed == 0


def test_a_status_is_reset_and_a_lock_is_taken_by_order(database: Database, place: Path) -> None:
    run_tasks(place, task("instance", name=NAME, fault="it broke"))
    run_tasks(place, task("instance_lock", name=NAME, operation="e2e_dead", lease=600))
    assert not play("instance_reset_status", {"instance": NAME}).ok
    reset = play("instance_reset_status", {"instance": NAME, "force": True})
    assert reset.ok, reset.failures
    told = database.info()
    assert (told["status"], told["fault"], told["task"], told["lock"]) == ("ACTIVE", "", "", None)


@pytest.mark.soak
def test_the_lock_is_held_while_a_job_runs(way: dict[str, Any], database: Database) -> None:
    database.shell(TESTED.hold_up)
    request = {"ssh_user": "debian", "ssh_jump": "", "dbaas_store_prefix": "dbaas_", **way}
    job = {"kind": "datastore_check", "id": "e2e", "args": {"databases": ["shop"]}}
    run = play(str(Path(__file__).with_name("plays") / "job.yml"), {"instance_request": request, "instance_job": job})
    assert run.ok, run.failures
    ended = run.results("agent")[-1]["job"]
    assert (ended["state"], ended["result"]["tables"]) == ("DONE", TESTED.tables)
    leases = [result["lock"] for result in run.results("instance_lock")[:-1]]
    assert len({lock["holder"] for lock in leases}) == 1
    untils = [lock["until"] for lock in leases]
    assert len(untils) >= 3
    assert untils == sorted(untils)
    assert untils[-1] > untils[0]


def test_the_inventory_leads_into_the_guest(place: Path) -> None:
    source = place / "fleet.dbaas.yml"
    source.write_text(json.dumps({"plugin": "dbaas.openstack.instances", "ssh_private_key_file": str(place / "key")}))
    bin_directory = Path(sys.executable).parent
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "ANSIBLE_STDOUT_CALLBACK"}
    listed = subprocess.run(
        [bin_directory / "ansible-inventory", "-i", source, "--list"],
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    told = json.loads(listed.stdout)
    assert told["_meta"]["hostvars"][NAME]["dbaas"]
    version = f"datastore_{TESTED.name}_{TESTED.version.replace('.', '_')}"
    assert all(NAME in told[group]["hosts"] for group in ("status_active", "role_primary", version))
    pinged = [bin_directory / "ansible", "-i", source, "status_active", "--limit", NAME, "-m", "ansible.builtin.ping"]
    subprocess.run(pinged, env=environment, check=True, capture_output=True, timeout=300)


def test_stop_and_start_keep_the_data(way: dict[str, Any], database: Database) -> None:
    stopped = play("instance_stop", way)
    assert stopped.ok, stopped.failures
    assert shown(stopped)["server_status"] == "SHUTOFF"
    assert play("fleet_report", {}).custom["dbaas_fleet"][NAME] == "SHUTDOWN"
    started = play("instance_start", {"instance": NAME})
    assert started.ok, started.failures
    assert database.rows("INSERT INTO t VALUES (3); SELECT id FROM t") == ["1", "2", "3"]
    assert database.rows(SETTINGS) == SET


@pytest.mark.soak
def test_a_second_stop_and_a_second_start_change_nothing(way: dict[str, Any], database: Database) -> None:
    assert play("instance_start", {"instance": NAME}).changed == 0
    fleet = play("fleet_report", {})
    assert (fleet.custom["dbaas_fleet"][NAME], fleet.changed) == ("ACTIVE", 0)
    assert play("instance_stop", way).ok
    assert play("instance_stop", way).changed == 0
    assert play("instance_start", {"instance": NAME}).ok
    assert database.rows("SELECT id FROM t") == ["1", "2", "3"]


@pytest.mark.soak
def test_a_reboot_keeps_the_data(way: dict[str, Any], database: Database) -> None:
    rebooted = play("instance_reboot", way)
    assert rebooted.ok, rebooted.failures
    assert database.rows("SELECT id FROM t") == ["1", "2", "3"]


@pytest.mark.soak
def test_a_lost_server_is_made_anew_with_its_data(
    cloud: Any, wish: dict[str, Any], database: Database, place: Path
) -> None:
    (server,) = [server for server in cloud.compute.servers() if server.name == NAME]
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, wait=120)
    assert play("fleet_report", {}).custom["dbaas_fleet"][NAME] == "ERROR"
    known = (place / "ca.pem").read_text()
    made = play("instance_recreate", wish)
    assert made.ok, made.failures
    assert (place / "ca.pem").read_text() == known
    info = database.info()
    assert (info["port"], info["tls_mode"]) == (PORT, "required")
    assert database.client("SELECT 1", ca="").returncode != 0
    assert database.rows("SELECT id FROM t") == ["1", "2", "3"]
    assert database.rows(SETTINGS) == SET


@pytest.fixture(scope="module")
def replica(database: Database) -> Database:
    return replicas.follower(database, REPLICA)


def test_a_replica_takes_over_as_planned(database: Database, replica: Database) -> None:
    replicas.create(database, REPLICA, locality=replicas.LOCALITY)
    replicas.know(replica)
    assert replica.info()["server_group"]["policy"] == replicas.LOCALITY
    clients = replicas.clients(database, "clients")
    with clients.writer(pace=replicas.PACE_SECONDS) as writer:
        promoted = play("replica_promote", replica.way)
        assert promoted.ok, promoted.failures
        before = len(writer.acknowledged)
        replica.until(lambda _info: len(writer.acknowledged) > before)
        known = set(writer.acknowledged)
    assert replicas.the_set(database)["primary"] == REPLICA
    assert clients.lost(known) == set()
    assert database.client("INSERT INTO t VALUES (5)").returncode != 0
    database.until(lambda _info: not database.lost(known))


@pytest.mark.soak
def test_the_other_one_takes_over_when_its_primary_is_gone(database: Database, replica: Database) -> None:
    clients = replicas.clients(database, "clients_of_both")
    known = set(map(int, replica.rows("SELECT id FROM written")))
    database.until(lambda _info: not database.lost(known))
    replicas.lose_power(replica)
    ejected = play("replica_eject", {**replica.way, "max_lost": 10**9})
    assert ejected.ok, ejected.failures
    assert (ejected.custom["dbaas_replication_set"]["primary"], replica.info()["server_status"]) == (NAME, "SHUTOFF")
    clients.rows("INSERT INTO t VALUES (6)")
    assert database.lost(known) == set()


def test_who_follows_leaves(database: Database) -> None:
    leaves = ({NAME, REPLICA} - {replicas.the_set(database)["primary"]}).pop()
    left = play("replica_detach", {**database.way, "instance": leaves, "force": True})
    assert left.ok, left.failures
    database.rows("INSERT INTO t VALUES (7)")
    assert play("instance_delete", {"instance": REPLICA}).ok


@pytest.mark.soak
def test_a_backup_is_restored_in_place(way: dict[str, Any], database: Database) -> None:
    with database.writer() as writer:
        while not writer.acknowledged:
            time.sleep(0.1)
        known = set(writer.acknowledged)
        taken = play("backup_create", {**way, "backup": NAME})
    assert taken.ok, taken.failures
    assert taken.custom["dbaas_backup"]["status"] == "COMPLETED"
    database.rows("INSERT INTO t VALUES (4)")
    restored = play("restore_in_place", {**way, "backup": NAME})
    assert restored.ok, restored.failures
    assert database.lost(known) == set()
    assert database.rows("SELECT id FROM t WHERE id = 4") == []
    deleted = play("backup_delete", {"backup": NAME})
    assert deleted.custom.get("dbaas_backups") == [NAME], deleted.failures


def test_delete_leaves_nothing_in_any_service(cloud: Any, before: set[tuple[str, str]]) -> None:
    deleted = play("instance_delete", {"instance": NAME})
    assert deleted.ok, deleted.failures
    assert {line.split()[0] for line in deleted.custom["dbaas_removed"]["removed"]} == {
        "server",
        "floating_ip",
        "port",
        "volume",
        "heartbeat",
        "security_group",
        "server_group",
    }
    assert play("configuration_delete", {"configuration": GROUP}).ok
    assert difference(cloud, before) == []
    assert play("instance_delete", {"instance": NAME}).changed == 0
