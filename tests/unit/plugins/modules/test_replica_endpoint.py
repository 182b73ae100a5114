# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoint of a set from its making to its end, in a Neutron in memory."""

from __future__ import annotations

import dataclasses
import itertools
import types
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _anchor,
    _endpoint_cloud,
    _replication_sets_cloud,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet, founded
from ansible_collections.dbaas.openstack.plugins.modules import replica_endpoint

NAMES = ("orders", "orders-2", "orders-3")
UIDS = {name: f"{number:032x}" for number, name in enumerate(NAMES)}
ID = "a" * 32
USERS = {"ip_address": "10.0.0.250", "mac_address": "user's"}


class StoppedError(Exception):
    """The run was killed."""


class RefusedError(Exception):
    def __init__(self, status_code: int) -> None:
        super().__init__("no")
        self.status_code = status_code


class Cloud:
    """Members with a port each, and one more that is not for clients; ports and floating addresses of the set.

    stop_after: writes until the run is killed. allows: whether policy lets ports have pairs. deaf: updates of ports change nothing.
    """

    current_project_id = "project"

    def __init__(self, public: bool = False) -> None:
        self.network = self
        self.stop_after: int | None = None
        self.allows = True
        self.deaf = False
        self.writes: list[str] = []
        self.made: dict[str, Any] = {}
        self.floats: dict[str, Any] = {}
        self.numbers = itertools.count(100)
        for number, (name, uid) in enumerate(UIDS.items()):
            owned = _anchor.owned_description(uid)
            self._port(f"port-{name}", name=f"{name}-0", description=owned, fixed_ips=self._fixed(10 + number))
            self._port(f"managed-{name}", name=f"{name}-a", description=owned, groups=[f"management-{name}"])
            if public:
                self._ip(f"float-{name}", description=owned, port_id=f"port-{name}", floating_network_id="outside")
        self.made["port-orders"].allowed_address_pairs = [USERS]
        record = founded(ID, UIDS["orders"], "gtid_set", "aaaa", "aaaa:1")
        for name in NAMES:
            record = record.with_member(UIDS[name])
        self.record: ReplicationSet | None = record

    def _fixed(self, number: int) -> list[dict[str, str]]:
        addresses = (("four", f"10.0.0.{number}"), ("six", f"fd00::{number}"))
        return [{"subnet_id": subnet, "ip_address": address} for subnet, address in addresses]

    def _port(self, identity: str, **given: Any) -> Any:
        more = {"network_id": "private", "fixed_ips": [], "created_at": "", "allowed_address_pairs": []}
        groups = given.pop("groups", [])
        self.made[identity] = types.SimpleNamespace(id=identity, security_group_ids=groups, **{**more, **given})
        return self.made[identity]

    def _ip(self, identity: str, **given: Any) -> Any:
        address = f"203.0.113.{next(self.numbers)}"
        where = {"port_id": None, "fixed_ip_address": None, **given}
        self.floats[identity] = types.SimpleNamespace(id=identity, floating_ip_address=address, **where)
        return self.floats[identity]

    def _written(self, what: str) -> None:
        if self.stop_after is not None:
            if self.stop_after == 0:
                raise StoppedError
            self.stop_after -= 1
        self.writes.append(what)

    def security_groups(self, *, project_id: str) -> list[Any]:
        assert project_id == "project"
        own = [{"id": name, "name": name, "description": _anchor.Anchor(uid).encode()} for name, uid in UIDS.items()]
        managing = [
            {"id": f"management-{name}", "name": f"{name}-management", "description": _anchor.owned_description(uid)}
            for name, uid in UIDS.items()
        ]
        more = {"tags": [], "created_at": "", "security_group_rules": []}
        return [types.SimpleNamespace(**one, **more) for one in (*own, *managing)]

    def ports(self, *, description: str) -> list[Any]:
        return [one for one in self.made.values() if one.description == description]

    def ips(self, *, project_id: str) -> list[Any]:
        assert project_id == "project"
        return list(self.floats.values())

    def get_port(self, identity: str) -> Any:
        return self.made[identity]

    def get_ip(self, identity: str) -> Any:
        return self.floats[identity]

    def create_port(self, **given: Any) -> Any:
        if given.get("allowed_address_pairs"):
            raise RefusedError(404 if self.allows else 403)
        self._written(f"port {given['name']}")
        given["fixed_ips"] = self._fixed(next(self.numbers))
        assert given.pop("security_groups") == []
        return self._port(given["name"], **given)

    def update_port(self, identity: str, *, allowed_address_pairs: list[Any]) -> None:
        self._written(f"pairs {identity}")
        if not self.deaf:
            self.made[identity].allowed_address_pairs = allowed_address_pairs
        self._never_shared()

    def delete_port(self, identity: str) -> None:
        self._written(f"delete {identity}")
        del self.made[identity]

    def create_ip(self, *, floating_network_id: str, description: str, port_id: str | None = None) -> Any:
        self._written(f"float {description}")
        assert floating_network_id == "outside"
        return self._ip(description, description=description, port_id=port_id)

    def update_ip(self, identity: str, *, port_id: str | None, fixed_ip_address: str | None = None) -> None:
        self._written(f"move {identity}")
        assert fixed_ip_address is None or "." in fixed_ip_address
        taken = [one for one in self.floats.values() if port_id and one.port_id == port_id]
        if taken:
            raise RefusedError(409)
        self.floats[identity].port_id = port_id

    def delete_ip(self, identity: str) -> None:
        self._written(f"delete {identity}")
        del self.floats[identity]

    def _never_shared(self) -> None:
        for one in ("writer", "reader"):
            assert len(self.at(one)) < 2

    def at(self, part: str) -> list[str]:
        """The members whose ports may use the addresses of a part, all of them."""
        own = self.made.get(f"dbaas-set-{ID}-{part}")
        addresses = {fixed["ip_address"] for fixed in own.fixed_ips} if own else set()
        found = []
        for name in NAMES:
            has = {pair["ip_address"] for pair in self.made[f"port-{name}"].allowed_address_pairs}
            assert not self.made[f"managed-{name}"].allowed_address_pairs
            if addresses & has:
                assert addresses <= has
                found.append(name)
        return found

    def floats_at(self, part: str) -> str | None:
        one = self.floats.get(f"dbaas_set={ID} {part}")
        return one.port_id if one else None

    def lead(self, name: str) -> None:
        assert self.record is not None
        self.record = self.record.under(UIDS[name], "bbbb", "aaaa:1")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return install(Cloud(), monkeypatch)


def install(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    def write(_connection: Any, wanted: ReplicationSet, there: ReplicationSet, _prefix: str) -> None:
        assert there == cloud.record
        cloud._written("record")
        cloud.record = wanted

    monkeypatch.setattr(
        replica_endpoint, "require", lambda _connection, name, _prefix: {"name": name, "uid": UIDS[name]}
    )
    monkeypatch.setattr(_replication_sets_cloud, "of_instance", lambda *_: cloud.record)
    monkeypatch.setattr(_replication_sets_cloud, "write", write)
    monkeypatch.setattr(_endpoint_cloud, "external_network", lambda *_: "outside")
    return cloud


def call(cloud: Cloud, check: bool = False, **given: Any) -> dict[str, Any]:
    params = {name: option.get("default") for name, option in replica_endpoint.argument_spec().items()}
    module: Any = types.SimpleNamespace(params={**params, "instance": "orders", **given}, check_mode=check)
    return replica_endpoint.body(module, cloud)


def refused(cloud: Cloud, **given: Any) -> str:
    with pytest.raises(DbaasError) as caught:
        call(cloud, **given)
    return caught.value.reason


def test_it_is_made_and_moves(cloud: Cloud) -> None:
    wish: dict[str, Any] = {"kind": "auto", "followers": ["orders-2", "orders-3"]}
    assert call(cloud, check=True, **wish)["changed"]
    assert cloud.writes == []
    told = call(cloud, **wish)
    endpoint = told["endpoint"]
    assert (told["changed"], endpoint["kind"], endpoint["writer_at"], endpoint["reader_at"]) == (
        True,
        "address",
        "orders",
        "orders-2",
    )
    assert [len(told["told"][f"{part}_addresses"]) for part in ("writer", "reader", "endpoint")] == [2, 2, 4]
    assert told["told"]["writer_addresses"] == endpoint["writer"]
    assert not call(cloud, **wish)["changed"]
    assert not call(cloud)["changed"]
    cloud.lead("orders-2")
    cloud.writes.clear()
    assert call(cloud, check=True)["changed"]
    moved = call(cloud)
    # The reader's stays until it is known who follows.
    assert (cloud.at("writer"), cloud.at("reader")) == (["orders-2"], ["orders-2"])
    assert cloud.writes == ["pairs port-orders", "pairs port-orders-2"]
    assert (moved["endpoint"]["writer"], moved["endpoint"]["writer_at"]) == (endpoint["writer"], "orders-2")
    call(cloud, followers=["orders-3"])
    assert (cloud.at("writer"), cloud.at("reader")) == (["orders-2"], ["orders-3"])
    call(cloud, followers=["orders", "orders-3"])
    assert cloud.at("reader") == ["orders-3"]
    assert USERS in cloud.made["port-orders"].allowed_address_pairs


@pytest.mark.parametrize("public", [False, True])
def test_it_goes_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, public: bool) -> None:
    cloud = install(Cloud(public), monkeypatch)
    before = (set(cloud.made), set(cloud.floats))
    told = call(cloud, kind="address", followers=["orders-2"])["endpoint"]
    assert [len(told[part]) for part in ("writer", "reader")] == [3, 3] if public else [2, 2]
    assert call(cloud, check=True, kind="none")["changed"]
    assert call(cloud, kind="none")["endpoint"] is None
    assert (set(cloud.made), set(cloud.floats)) == before
    assert cloud.record is not None
    assert cloud.record.endpoint == ""
    assert cloud.made["port-orders"].allowed_address_pairs == [USERS]
    assert not call(cloud, kind="none")["changed"]


def test_floating_addresses_move_where_pairs_are_forbidden(cloud: Cloud) -> None:
    cloud.allows = False
    assert refused(cloud, kind="address") == "unsupported"
    told = call(cloud, kind="auto", followers=["orders-2"])
    assert (told["endpoint"]["kind"], told["told"]["writer_addresses"]) == ("floating", [])
    assert len(told["told"]["endpoint_addresses"]) == 2
    assert (cloud.floats_at("writer"), cloud.floats_at("reader")) == ("port-orders", "port-orders-2")
    cloud.lead("orders-2")
    call(cloud)
    # A port has one: the writer's comes first.
    assert (cloud.floats_at("writer"), cloud.floats_at("reader")) == ("port-orders-2", None)
    again = call(cloud, followers=["orders"])["endpoint"]
    assert (cloud.floats_at("writer"), cloud.floats_at("reader")) == ("port-orders-2", "port-orders")
    assert again["writer"] == told["endpoint"]["writer"]
    call(cloud, kind="none")
    assert cloud.floats == {}


def test_members_that_cannot_have_it_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(install(Cloud(public=True), monkeypatch), kind="floating") == "not_actionable"
    cloud = install(Cloud(), monkeypatch)
    cloud.made["port-orders-3"].network_id = "elsewhere"
    assert refused(cloud, kind="address") == "not_actionable"
    assert cloud.writes == []


def test_in_check_mode_a_set_to_be_is_judged(cloud: Cloud) -> None:
    cloud.record = None
    assert refused(cloud, kind="auto") == "not_found"
    told = call(cloud, check=True, kind="auto")
    assert (told["changed"], told["endpoint"]["kind"], told["endpoint"]["writer"]) == (True, "address", [])
    cloud.allows = False
    assert refused(cloud, check=True, kind="address") == "unsupported"


def test_nobody_gets_what_was_not_taken_away(cloud: Cloud) -> None:
    call(cloud, kind="address", followers=["orders-3"])
    cloud.lead("orders-2")
    cloud.deaf = True
    assert refused(cloud) == "conflict"
    assert cloud.at("writer") == ["orders"]


@pytest.mark.parametrize(
    ("kind", "public"), [("address", False), ("address", True), ("floating", False), ("none", False), ("none", True)]
)
def test_a_run_that_was_killed_is_made_up_for(monkeypatch: pytest.MonkeyPatch, kind: str, public: bool) -> None:
    for writes in itertools.count():
        cloud = install(Cloud(public), monkeypatch)
        if kind == "none":
            call(cloud, kind="address", followers=["orders-2"])
        cloud.stop_after = writes
        try:
            call(cloud, kind=kind, followers=["orders-2"])
        except StoppedError:
            cloud.stop_after = None
        else:
            break
        call(cloud, kind=kind, followers=["orders-2"])
        assert not call(cloud, kind=kind, followers=["orders-2"])["changed"]
        own = [one for one in (*cloud.made, *cloud.floats) if ID in one]
        assert len(own) == {"address": 4 if public else 2, "floating": 2, "none": 0}[kind]


def test_who_leaves_has_none_of_it(cloud: Cloud) -> None:
    call(cloud, kind="address", followers=["orders-2"])
    assert cloud.record is not None
    assert _endpoint_cloud.leave(cloud, cloud.record, UIDS["orders-2"], check=True)
    assert cloud.at("reader") == ["orders-2"]
    assert _endpoint_cloud.leave(cloud, cloud.record, UIDS["orders-2"], check=False)
    assert (cloud.at("reader"), cloud.at("writer")) == ([], ["orders"])
    assert not _endpoint_cloud.leave(cloud, cloud.record, UIDS["orders-2"], check=False)
    without = dataclasses.replace(cloud.record, endpoint="")
    assert not _endpoint_cloud.leave(cloud, without, UIDS["orders"], check=False)
