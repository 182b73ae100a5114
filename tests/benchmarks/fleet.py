# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Benchmarks of seeing the fleet: heartbeats, real rows of Nova, Neutron and Cinder, and the joining of rows.

What they make carries the name LABEL; a run begins and ends with its removal, so that the next one removes what a killed one left.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import time
import types
import urllib.parse
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import openstack
import requests
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _anchor,
    _heartbeat,
    _instances_cloud,
    _instances_shown_cloud,
    _store,
)
from openstack.block_storage.v3.volume import Volume
from openstack.compute.v2.server import Server
from openstack.network.v2.floating_ip import FloatingIP
from openstack.network.v2.port import Port
from openstack.network.v2.security_group import SecurityGroup

LABEL = "bench-fleet"
PREFIX = f"{LABEL}_"
CONTAINER = PREFIX + _store.HEARTBEATS
HEARTBEATS = (1_000, 10_000)
INSTANCES = 200
JOINED = (1_000, 10_000)
WORKERS = 6
PATIENCE = 900
ROUNDS = 3
BEAT = f"{_heartbeat.MEDIA_TYPE};status=ACTIVE;role=primary;lag=0;used=12;expires=1826000000"
CREATED = "2026-11-20T18:00:00Z"
Figures = dict[str, float]


def fleet_heartbeats() -> Figures:
    """Listing heartbeats against the same requests by plain HTTP; stale_requests: when all are stale, so that the newest are asked again."""
    cloud = _cloud()
    figures: Figures = {}
    try:
        _clean_store(cloud)
        for size in HEARTBEATS:
            _put_heartbeats(cloud, [f"{number:032x}" for number in range(size)])
            with mock.patch.object(_heartbeat, "STALE_AFTER", float("inf")):
                figures |= _against_plain(f"{size}_", lambda: _store.list_heartbeats(cloud, prefix=PREFIX))
            with mock.patch.object(_heartbeat, "STALE_AFTER", -1):
                stale = _cost(lambda: _store.list_heartbeats(cloud, prefix=PREFIX))
            figures |= {f"{size}_stale_requests": len(stale.requests), f"{size}_stale_s": stale.seconds}
    finally:
        _clean_store(cloud)
    return figures


def fleet_shown() -> Figures:
    """What instance_info does for INSTANCES real anchors, ports, volumes, servers and heartbeats, against the same requests by plain HTTP.

    The servers are rows without a machine: their image asks for a hypervisor that no host has.
    """
    cloud = _cloud()
    try:
        _clean_store(cloud)
        _clean_project(cloud)
        _make_instances(cloud)
        rows, _reachable = _instances_shown_cloud.shown(cloud, prefix=PREFIX)
        ours = [row for row in rows if row["name"].startswith(LABEL)]
        assert len(ours) == INSTANCES
        assert all(row["heartbeat"] and row["volume"] and row["server_id"] and row["host"] for row in ours)
        return _against_plain("", lambda: _instances_shown_cloud.shown(cloud, prefix=PREFIX))
    finally:
        _clean_project(cloud)
        _clean_store(cloud)


def fleet_join() -> Figures:
    """CPU of joining rows to instances, against making the SDK's objects of the same rows, which a listing does anyway; growth is 1 when it is linear."""
    figures: Figures = {}
    for size in JOINED:
        began = time.process_time()
        connection = _answering(size)
        made = time.process_time() - began
        began = time.process_time()
        found = _instances_cloud.find_all(connection)
        joined = time.process_time() - began
        assert all(one.server and one.volume and one.ports and one.floating_addresses for one in found)
        assert len(found) == size
        figures |= {f"{size}_cpu_s": joined, f"{size}_sdk_objects_cpu_s": made, f"{size}_ratio": joined / made}
    first, last = JOINED[0], JOINED[-1]
    return {**figures, "growth": (figures[f"{last}_cpu_s"] / last) / (figures[f"{first}_cpu_s"] / first)}


BENCHMARKS: dict[str, Callable[[], Figures]] = {
    "fleet_heartbeats": fleet_heartbeats,
    "fleet_shown": fleet_shown,
    "fleet_join": fleet_join,
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """Wall-clock seconds, CPU seconds of this process, and the requests that were sent."""

    seconds: float
    cpu: float
    requests: list[requests.PreparedRequest]


def _cost(work: Callable[[], Any]) -> Cost:
    sent: list[requests.PreparedRequest] = []
    original = requests.Session.send

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(request)
        return original(session, request, **options)

    with mock.patch.object(requests.Session, "send", send):
        wall, cpu = time.monotonic(), time.process_time()
        work()
        return Cost(time.monotonic() - wall, time.process_time() - cpu, sent)


def _against_plain(name: str, work: Callable[[], Any]) -> Figures:
    """The fastest of ROUNDS, each beside the same requests sent plainly, their answers left unread."""
    pairs = []
    for _round in range(ROUNDS):
        done = _cost(work)
        with requests.Session() as session:
            pairs.append((done, _cost(lambda: [session.send(again.copy()).content for again in done.requests])))  # noqa: B023 - runs now
    ours = min((ours for ours, _plain in pairs), key=lambda cost: cost.seconds)
    plain = min((plain for _ours, plain in pairs), key=lambda cost: cost.seconds)
    return {
        f"{name}requests": len(ours.requests),
        f"{name}s": ours.seconds,
        f"{name}cpu_s": ours.cpu,
        f"{name}plain_s": plain.seconds,
        f"{name}plain_cpu_s": plain.cpu,
        f"{name}ratio": ours.seconds / plain.seconds,
    }


def _cloud(name: str = "") -> Any:
    """A connection that has logged in. The SDK's own code uses what it deprecates."""
    warnings.filterwarnings("ignore", module="openstack")
    cloud = openstack.connect(cloud=name or os.environ["OS_CLOUD"])
    cloud.authorize()
    return cloud


def _each(work: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, things))


def _put_heartbeats(cloud: Any, names: list[str]) -> None:
    cloud.object_store.put(f"/{CONTAINER}").raise_for_status()
    with _plain_store(cloud) as (session, url):
        headers = {"Content-Type": BEAT}
        for answer in _each(lambda name: session.put(f"{url}/{CONTAINER}/{name}", data=b"{}", headers=headers), names):
            answer.raise_for_status()


def _clean_store(cloud: Any) -> None:
    with _plain_store(cloud) as (session, url):
        while (listing := session.get(f"{url}/{CONTAINER}", params={"limit": 1000})).status_code == requests.codes.ok:
            names = listing.text.split()
            body = "\n".join(urllib.parse.quote(f"{CONTAINER}/{name}") for name in names)
            answer = session.post(f"{url}?bulk-delete", data=body, headers={"Content-Type": "text/plain"})
            answer.raise_for_status()
        session.delete(f"{url}/{CONTAINER}")


@contextlib.contextmanager
def _plain_store(cloud: Any) -> Iterator[tuple[requests.Session, str]]:
    with requests.Session() as session:
        session.mount("http", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))
        session.headers.update({"X-Auth-Token": cloud.auth_token, "Accept": "text/plain"})
        yield session, _store.public_endpoint(cloud)


def _make_instances(cloud: Any) -> None:
    admin, project = _cloud(f"{os.environ['OS_CLOUD']}-admin"), cloud.current_project_id
    enough = 2 * INSTANCES
    admin.set_compute_quotas(project, instances=enough, cores=enough, ram=-1)
    admin.set_network_quotas(project, port=enough, security_group=enough, security_group_rule=4 * enough)
    admin.set_volume_quotas(project, volumes=enough, gigabytes=enough)
    network = cloud.network.create_network(name=LABEL)
    cloud.network.create_subnet(
        name=LABEL, network_id=network.id, ip_version=4, cidr="10.198.0.0/16", enable_dhcp=False, gateway_ip=None
    )
    image = cloud.image.create_image(
        LABEL, data=io.BytesIO(b"nothing"), disk_format="raw", container_format="bare", img_hv_type="hyperv", wait=True
    )
    flavor = cloud.compute.find_flavor("m1.tiny")
    uids = _each(lambda number: _make_instance(cloud, f"{LABEL}-{number}", network, image, flavor), range(INSTANCES))
    _put_heartbeats(cloud, uids)
    _until(lambda: all(server.status == "ERROR" for server in _named(cloud.compute.servers())))
    _until(lambda: all(volume.status == "available" for volume in _named(cloud.block_storage.volumes())))


def _make_instance(cloud: Any, name: str, network: Any, image: Any, flavor: Any) -> str:
    uid = _anchor.new_uid()
    owned = _anchor.owned_description(uid)
    group = cloud.network.create_security_group(name=name, description=_anchor.Anchor(uid).encode())
    cloud.network.create_security_group_rule(
        security_group_id=group.id,
        direction="ingress",
        protocol="tcp",
        port_range_min=3306,
        port_range_max=3306,
        remote_ip_prefix="192.0.2.0/24",
    )
    cloud.network.create_port(name=name, network_id=network.id, security_groups=[group.id], description=owned)
    metadata = {_instances_cloud.UID: uid}
    cloud.block_storage.create_volume(name=name, size=1, metadata=metadata)
    cloud.compute.create_server(
        name=name,
        image_id=image.id,
        flavor_id=flavor.id,
        networks="none",
        metadata={**metadata, "dbaas_datastore": "mariadb", "dbaas_version": "10.11"},
        tags=[_anchor.TAG, _anchor.server_tag(uid)],
    )
    return uid


def _clean_project(cloud: Any) -> None:
    """Servers and volumes take a while to go, and their quotas are put back when they are gone."""
    network, compute, storage = cloud.network, cloud.compute, cloud.block_storage
    _each(compute.delete_server, _named(compute.servers()))
    _until(lambda: not _named(compute.servers()))
    _until(lambda: all(volume.status != "creating" for volume in _named(storage.volumes())))
    _each(storage.delete_volume, _named(storage.volumes()))
    _each(network.delete_port, _named(network.ports()))
    _each(network.delete_security_group, _named(network.security_groups()))
    _each(network.delete_network, _named(network.networks()))
    _each(cloud.image.delete_image, _named(cloud.image.images()))
    _until(lambda: not _named(storage.volumes()))
    admin, project = _cloud(f"{os.environ['OS_CLOUD']}-admin"), cloud.current_project_id
    admin.delete_compute_quotas(project)
    admin.delete_network_quotas(project)
    admin.delete_volume_quotas(project)


def _named(resources: Iterable[Any]) -> list[Any]:
    return [resource for resource in resources if (resource.name or "").startswith(LABEL)]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the cloud was not ready within {PATIENCE} s")
        time.sleep(2)


def _answering(size: int) -> Any:
    """A connection that lists this many instances as the SDK's own objects, without a cloud."""
    kinds: tuple[Any, ...] = (SecurityGroup, Port, FloatingIP, Volume, Server)
    columns = zip(*(_parts(number) for number in range(size)), strict=True)
    groups, ports, addresses, volumes, servers = (
        [kind.existing(**row) for row in rows] for kind, rows in zip(kinds, columns, strict=True)
    )
    return types.SimpleNamespace(
        current_project_id="",
        network=types.SimpleNamespace(
            security_groups=lambda **_asked: iter(groups),
            ports=lambda **_asked: iter(ports),
            ips=lambda **_asked: iter(addresses),
        ),
        block_storage=types.SimpleNamespace(volumes=lambda **_asked: iter(volumes)),
        compute=types.SimpleNamespace(servers=lambda **_asked: iter(servers), server_groups=lambda **_asked: iter(())),
    )


def _parts(number: int) -> tuple[dict[str, Any], ...]:
    """Group, port, floating address, volume and server of one instance, as the services' JSON tells them."""
    uid, group, port, volume, server = (uuid.uuid4().hex for _part in range(5))
    name, owned, metadata = f"db-{number}", _anchor.owned_description(uid), {_instances_cloud.UID: uid}
    rules = [_rule("egress"), _rule("egress"), _rule("ingress", 22), _rule("ingress", 3306)]
    return (
        {
            "id": group,
            "name": name,
            "description": _anchor.Anchor(uid).encode(),
            "created_at": CREATED,
            "tags": [_anchor.TAG],
            "security_group_rules": rules,
        },
        {
            "id": port,
            "name": name,
            "description": owned,
            "created_at": CREATED,
            "network_id": "n",
            "device_id": server,
            "fixed_ips": [{"ip_address": "10.0.0.1", "subnet_id": "s"}],
            "security_groups": [group],
        },
        {"id": uid, "description": owned, "floating_ip_address": "203.0.113.1", "port_id": port},
        {
            "id": volume,
            "name": name,
            "size": 2,
            "status": "in-use",
            "volume_type": "rbd",
            "created_at": CREATED,
            "metadata": metadata,
            "attachments": [{"server_id": server}],
        },
        {
            "id": server,
            "name": name,
            "status": "ACTIVE",
            "created": CREATED,
            "metadata": metadata,
            "tags": [_anchor.TAG, _anchor.server_tag(uid)],
            "flavor": {"original_name": "m1.small", "ram": 1024},
            "image": {"id": "i"},
            "os-extended-volumes:volumes_attached": [{"id": volume}],
        },
    )


def _rule(direction: str, port: int | None = None) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "direction": direction,
        "ethertype": "IPv4",
        "protocol": "tcp" if port else None,
        "port_range_min": port,
        "port_range_max": port,
        "remote_ip_prefix": "192.0.2.0/24" if port else None,
    }
