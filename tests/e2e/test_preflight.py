# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real OpenStack would refuse is told before anything is made; the `name` fixture sees that nothing is left."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests
import yaml
from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat, _store

from tests.e2e.instances import wish
from tests.e2e.modules import ENVIRONMENT, TIMEOUT, command, run_tasks, task
from tests.e2e.playbooks import play

OUT = ["198.51.100.0/24"]
"""Networks in which this machine is not."""
NOBODY = "http://127.0.0.1:1/v1/AUTH_x"


@pytest.fixture(scope="module")
def admin() -> Any:
    return openstack.connect(cloud=f"{os.environ['OS_CLOUD']}-admin")


def use(directory: Path, patch: pytest.MonkeyPatch, **change: Any) -> None:
    """Have modules and playbooks use the cloud with another configuration."""
    known = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text(encoding="utf-8"))
    mine = known["clouds"][os.environ["OS_CLOUD"]]
    mine["auth"] |= change.pop("auth", {})
    changed = directory / "clouds.yaml"
    changed.write_text(yaml.safe_dump({"clouds": {"changed": mine | change}}), encoding="utf-8")
    patch.setitem(ENVIRONMENT, "OS_CLIENT_CONFIG_FILE", str(changed))
    patch.setitem(ENVIRONMENT, "OS_CLOUD", "changed")


@pytest.fixture
def reader(cloud: Any, admin: Any, tmp_path: Path) -> Iterator[None]:
    """A user who may only look is the one who runs modules."""
    login = {"username": f"e2e-{secrets.token_hex(3)}", "password": secrets.token_hex(16)}
    domain = admin.identity.get_project(cloud.current_project_id).domain_id
    user = admin.identity.create_user(name=login["username"], password=login["password"], domain_id=domain)
    try:
        role = admin.identity.find_role("reader")
        admin.identity.assign_project_role_to_user(cloud.current_project_id, user, role)
        with pytest.MonkeyPatch.context() as patch:
            use(tmp_path, patch, auth=login)
            yield
    finally:
        admin.identity.delete_user(user)


@pytest.fixture
def unshared(admin: Any) -> Iterator[Any]:
    """An external network that everybody sees and only an administrator may put servers on."""
    network = admin.network.create_network(
        name=f"e2e-{secrets.token_hex(3)}", is_router_external=True, provider_network_type="vxlan"
    )
    admin.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.198.0.0/24")
    yield network
    admin.network.delete_network(network)


@pytest.fixture
def unrouted(cloud: Any) -> Iterator[Any]:
    """A network of the project's own that no router leads out of."""
    network = cloud.network.create_network(name=f"e2e-{secrets.token_hex(3)}")
    cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.197.0.0/24")
    yield network
    cloud.network.delete_network(network)


@pytest.fixture
def heartbeats(cloud: Any) -> Iterator[str]:
    """A prefix of containers; what was made there is removed."""
    prefix = f"e2e{secrets.token_hex(4)}_"
    yield prefix
    if cloud.object_store.head(f"/{prefix}{_store.HEARTBEATS}").status_code == requests.codes.no_content:
        for found in cloud.object_store.objects(prefix + _store.HEARTBEATS):
            cloud.object_store.delete_object(found, container=prefix + _store.HEARTBEATS)
        cloud.object_store.delete_container(prefix + _store.HEARTBEATS)


def asked(name: str, **change: Any) -> dict[str, Any]:
    """Variables of the playbooks for a new instance."""
    named = {"instance": name, "datastore": "mariadb", "flavor": "m1.small", "volume_size": 1, "network": "private"}
    return {**named, "management_cidrs": ["0.0.0.0/0"], **change}


@pytest.mark.usefixtures("reader")
def test_who_may_only_look_is_refused(name: str, tmp_path: Path) -> None:
    refused, info, ticket = run_tasks(
        tmp_path,
        task("instance", **wish(name)),
        task("limits_info"),
        task("heartbeat_ticket", uid=secrets.token_hex(16), dest=str(tmp_path / "ticket")),
    )
    assert [(problem["option"], problem["value"]) for problem in refused["problems"]] == [("cloud", ["reader"])]
    # Swift refuses by itself: the store cannot be used, which is told and is no failure; the later refusal has the same reason.
    assert (info["store"]["reachable"], len(info["store"]["missing"])) == (False, 1)
    assert (ticket["failed"], ticket["http_status"]) == (True, 403)
    assert (refused["reason"], ticket["reason"]) == ("cloud", "cloud")


def test_what_neutron_would_refuse_is_told_at_once(
    name: str, cloud: Any, unshared: Any, unrouted: Any, tmp_path: Path
) -> None:
    provider = cloud.network.find_network("provider")
    subnet = next(iter(cloud.network.subnets(network_id=provider.id)))
    address = subnet.allocation_pools[0]["end"]
    options = wish(
        name,
        networks=[
            {"network": unrouted.name},
            {"network": "provider", "fixed_ips": [address]},
            {"network": unshared.name},
        ],
        management_network=unshared.id,
        is_public=True,
        floating_network="provider",
    )
    (refused,) = run_tasks(tmp_path, task("instance", check=True, **options))
    told = {(problem["option"], str(problem["value"]), problem["reason"]) for problem in refused["problems"]}
    assert told == {
        ("networks", str([address]), "cloud"),
        ("networks", unshared.name, "cloud"),
        ("management_network", unshared.name, "cloud"),
        ("floating_network", provider.name, "invalid"),
    }
    # Neutron itself says the same.
    for wrong in (
        {"network_id": unshared.id},
        {"network_id": provider.id, "fixed_ips": [{"ip_address": address}]},
    ):
        with pytest.raises(openstack.exceptions.ForbiddenException):
            cloud.network.create_port(**wrong)
    port = cloud.network.create_port(network_id=unrouted.id)
    try:
        with pytest.raises(openstack.exceptions.NotFoundException):
            cloud.network.create_ip(floating_network_id=provider.id, port_id=port.id)
    finally:
        cloud.network.delete_port(port)


def test_the_features_of_the_store_are_probed_and_nothing_is_written(
    cloud: Any, heartbeats: str, tmp_path: Path
) -> None:
    (before,) = run_tasks(tmp_path, task("limits_info", store_prefix=heartbeats))
    known = {"reachable": True, "fault": None, "tempurl": True, "missing": []}
    assert before["store"] == {**known, "tempurl_prefix": None, "listed_content_type": None}
    container = heartbeats + _store.HEARTBEATS
    assert cloud.object_store.head(f"/{container}").status_code == requests.codes.not_found
    url = _store.sign(cloud, container, "uid", method="PUT", expires=int(time.time()) + 600)
    requests.put(url, headers={"Content-Type": f"{_heartbeat.MEDIA_TYPE};status=ACTIVE"}, timeout=30).raise_for_status()
    (after,) = run_tasks(tmp_path, task("limits_info", store_prefix=heartbeats))
    assert after["store"] == {**known, "tempurl_prefix": True, "listed_content_type": True}
    assert [row.name for row in cloud.object_store.objects(container)] == ["uid"]


def test_without_a_store_and_from_elsewhere_an_instance_can_be_made(name: str, tmp_path: Path) -> None:
    """Both are told and refuse nothing."""
    with pytest.MonkeyPatch.context() as patch:
        use(tmp_path, patch, object_store_endpoint_override=NOBODY)
        done = play("preflight", asked(name, is_public=True, management_cidrs=OUT))
    assert done.ok
    assert len(done.results("ssh_way_info")[0]["warnings"]) == 1
    found = done.custom["dbaas_preflight"]
    assert (found["store"]["reachable"], len(found["store"]["missing"])) == (False, 1)
    assert {"action": "create", "resource": "server"}.items() <= found["plan"][-1].items()


def test_a_way_that_leads_nowhere_is_refused_with_the_rest(name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bastion:
        open_port = bastion.getsockname()[1]
        with socket.socket() as bound:  # and not listening
            bound.bind(("127.0.0.1", 0))
            closed_port = bound.getsockname()[1]
            done = play(
                "instance_create",
                asked(
                    name,
                    management_cidrs=[],
                    ssh_jump=f"me@127.0.0.1:{closed_port}",
                    users=[{"name": "root", "password": "x"}],
                    flavor="m1.huge",
                ),
            )
        common = {"networks": [{"network": "private"}], "management_cidrs": OUT}
        answering, unknown, none = run_tasks(
            tmp_path,
            task("ssh_way_info", **common, ssh_jump=f"127.0.0.1:{open_port}"),
            task("ssh_way_info", **common, ssh_jump="nowhere.invalid"),
            task("ssh_way_info", **common, ssh_jump="a,b"),
        )
    assert not done.ok
    assert done.changed == 0
    (way,) = done.results("ssh_way_info")
    assert [(p["option"], p["reason"]) for p in way["problems"]] == [
        ("management_cidrs", "invalid"),
        ("ssh_jump", "timeout"),
    ]
    (cloud_part,) = done.results("instance")
    (_host, _task, told) = done.failures[-1]
    assert all(problem["msg"] in told for problem in way["problems"] + cloud_part["problems"])
    assert answering["problems"] == []
    assert [problem["reason"] for problem in (*unknown["problems"], *none["problems"])] == ["not_found", "invalid"]
    assert "warnings" not in answering


def test_a_machine_that_is_not_let_in_is_warned(cloud: Any, tmp_path: Path) -> None:
    external = next(iter(cloud.network.subnets(network_id=cloud.network.find_network("provider").id)))
    fixed = {"networks": [{"network": "provider"}]}
    managed = {"networks": [{"network": "private"}], "is_public": True, "management_network": "provider"}
    floating, kept_out, let_in = run_tasks(
        tmp_path,
        task("ssh_way_info", networks=[{"network": "private"}], is_public=True, management_cidrs=OUT),
        task("ssh_way_info", **managed, management_cidrs=OUT),
        task("ssh_way_info", **fixed, management_cidrs=["0.0.0.0/0"]),
    )
    for result, number in ((floating, 1), (kept_out, 1), (let_in, 0)):
        assert set(result["sources"]) == {external.cidr}
        assert len(result.get("warnings", [])) == number
        assert result["problems"] == []


def test_a_guest_that_never_answers_is_named_with_what_to_look_at(tmp_path: Path) -> None:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        include = {
            "ansible.builtin.include_role": {"name": "dbaas.openstack.instance", "tasks_from": "ssh"},
            "vars": {
                "ansible_connection": "ssh",
                "ansible_host": "127.0.0.1",
                "ansible_port": bound.getsockname()[1],
                "instance_ssh_waited": 0,
                "instance_request": {"dbaas_timeout": 2, "ssh_jump": ""},
                "__instance_cloud": {"management_cidrs": OUT},
            },
        }
        done = subprocess.run(
            command(tmp_path, [include]), env=ENVIRONMENT, check=False, stdout=subprocess.PIPE, timeout=TIMEOUT
        )
    (told,) = json.loads(done.stdout)["plays"]
    last = told["tasks"][-1]["hosts"]["localhost"]
    assert (done.returncode, last["failed"]) == (2, True)
    assert all(part in last["msg"] for part in ("127.0.0.1", *OUT, "management_cidrs", "ssh_jump"))
