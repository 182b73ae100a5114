# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replication sets from the first replica to the last, with a store and volumes in memory."""

from __future__ import annotations

import itertools
import json
import types
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _instances_shown_cloud,
    _replication_listing,
    _replication_network_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import Port
from ansible_collections.dbaas.openstack.plugins.modules import replica, replica_info

FOUNDING: dict[str, Any] = {"kind": "gtid_set", "line": "aaaa", "base": "aaaa:1-5", "port": 3306}
NAMES = ("orders", "orders-2", "orders-3", "stock")
Facts = dict[str, Any]


class StoppedError(Exception):
    """The run was killed."""


class Cloud:
    """Instances with the metadata of their volumes, records, and heartbeats. stop_after: writes until the run is killed; None: it is not."""

    def __init__(self) -> None:
        self.metadata: dict[str, dict[str, str]] = {name: {} for name in NAMES}
        self.records: dict[str, str] = {}
        self.beats: dict[str, Facts] = {}
        self.tickets: list[str] = []
        self.stop_after: int | None = None
        self.groups: dict[str, dict[str, Any]] = {}
        self.ports: dict[str, list[str]] = {name: ["own"] for name in NAMES}
        self.current_project_id = "project"
        self.network = self
        self.block_storage = types.SimpleNamespace(
            set_volume_metadata=self._set_metadata, delete_volume_metadata=self._delete_metadata
        )

    def _written(self) -> None:
        if self.stop_after is not None:
            if self.stop_after == 0:
                raise StoppedError
            self.stop_after -= 1

    def _set_metadata(self, volume_id: str, **metadata: str) -> None:
        self._written()
        self.metadata[volume_id.removeprefix("volume-")].update(metadata)

    def _delete_metadata(self, volume_id: str, keys: list[str]) -> None:
        self._written()
        for key in keys:
            self.metadata[volume_id.removeprefix("volume-")].pop(key, None)

    def security_groups(self, *, name: str, description: str, project_id: str) -> list[Any]:
        assert (description, project_id) == (f"dbaas_set={name.removeprefix('dbaas-set-')}", "project")
        return [types.SimpleNamespace(**self.groups[name])] if name in self.groups else []

    def create_security_group(self, *, name: str, description: str) -> Any:
        self._written()
        self.groups[name] = {"id": name, "description": description, "security_group_rules": []}
        return types.SimpleNamespace(**self.groups[name])

    def create_security_group_rule(self, *, security_group_id: str, **rule: Any) -> None:
        self._written()
        self.groups[security_group_id]["security_group_rules"].append(rule)

    def delete_security_group(self, identity: str) -> None:
        self._written()
        assert not any(identity in groups for groups in self.ports.values())
        del self.groups[identity]

    def update_port(self, identity: str, *, security_groups: list[str]) -> None:
        self._written()
        self.ports[identity] = security_groups

    def find(self, _connection: Any, name: str) -> Any:
        ports = [Port(name, "net", group_ids=tuple(self.ports[name])), Port("user's", "net", owned=False)]
        return types.SimpleNamespace(data_ports=ports)

    def write(self, _connection: Any, name: str, body: str, *, content_type: str, prefix: str) -> None:
        assert prefix == "dbaas_"
        told = _replication_listing.parse(content_type)
        assert told
        assert (told.primary, told.mode) == (json.loads(body)["primary"], json.loads(body)["mode"])
        self._written()
        self.records[name] = body

    def delete(self, _connection: Any, container: str, name: str, *, prefix: str) -> None:
        assert (container, prefix) == ("records", "dbaas_")
        self._written()
        del self.records[name]

    def shown(self, _connection: Any, name: str | None = None, *, prefix: str) -> tuple[list[dict[str, Any]], bool]:
        assert prefix == "dbaas_"
        rows = [
            {
                "name": one,
                "uid": uid(one),
                "status": "ACTIVE",
                "fault": "",
                "host": f"host of {one}",
                "addresses": [{"address": one}],
                "volume": {"id": f"volume-{one}"},
                "replication_set": self.metadata[one].get("dbaas_set", ""),
            }
            for one in NAMES
        ]
        return [row for row in rows if name in (None, row["name"])], True


def uid(name: str) -> str:
    return f"{NAMES.index(name):032x}"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()

    def sign(_connection: Any, container: str, name: str, *, method: str, **_more: Any) -> str:
        made.tickets.append(f"{method} {container}/{name}")
        return "https://store/secret"

    def read(_connection: Any, name: str, *, prefix: str) -> Any:
        assert prefix == "dbaas_"
        return json.loads(made.records[name]) if name in made.records else None

    monkeypatch.setattr(_store, "read_record", read)
    monkeypatch.setattr(_store, "write_record", made.write)
    monkeypatch.setattr(_store, "delete_object", made.delete)
    monkeypatch.setattr(
        _store, "list_records", lambda *_args, **_more: [one.removeprefix("sets/") for one in made.records]
    )
    monkeypatch.setattr(_store, "heartbeat_body", lambda _connection, one, **_more: made.beats.get(one, {}))
    monkeypatch.setattr(_store, "sign", sign)
    monkeypatch.setattr(_instances_shown_cloud, "shown", made.shown)
    monkeypatch.setattr(replica_info, "shown", made.shown)
    monkeypatch.setattr(_replication_network_cloud, "find", made.find)
    return made


def call(cloud: Cloud, module: Any, check: bool = False, **given: Any) -> dict[str, Any]:
    spec = module.argument_spec()
    params = {**{name: option.get("default") for name, option in spec.items()}, **given}
    told: dict[str, Any] = module.body(types.SimpleNamespace(params=params, check_mode=check), cloud)
    return told


def refused(cloud: Cloud, module: Any = replica, **given: Any) -> str:
    with pytest.raises(DbaasError) as caught:
        call(cloud, module, **given)
    return caught.value.reason


def facts(name: str, *, leads: bool = False, applied: str = "aaaa:1-9", **more: Any) -> Facts:
    """What a member of the first reign tells."""
    running = {"receiving": True, "applying": True, "fault": "", "delay": 0}
    source = None if leads else {"host": "orders", "port": 1, **running}
    told = {
        "kind": "gtid_set",
        "line": name,
        "writable": leads,
        "received": applied,
        "applied": applied,
        "lag": 0,
        "source": source,
    }
    return {"status": "ACTIVE", "replication": {**told, **more}, "membership": {"reign": 1}}


def with_two(cloud: Cloud) -> dict[str, Any]:
    call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)
    return call(cloud, replica, instance="orders-3", replica_of="orders-2", port=3306)


def test_a_set_is_founded_and_grows(cloud: Cloud, tmp_path: Path) -> None:
    assert call(cloud, replica, check=True, instance="orders-2", replica_of="orders", **FOUNDING)["changed"]
    assert cloud.records == {}
    first = call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING, dest=str(tmp_path / "ticket"))
    assert first["changed"]
    identity = first["replication_set"]["id"]
    nobody = {"receipts": 0, "wanted": 0, "receivers": [], "followers": []}
    assert first["seat"] == {"set": identity, "reign": 1, "role": "replica", "server_id": 2, **nobody}
    leads = {"role": "primary", "server_id": 1, "followers": ["dbaas_replica_00000000"]}
    assert call(cloud, replica, instance="orders")["seat"] == {**first["seat"], **leads}
    assert cloud.tickets == [f"GET dbaas_records/sets/{identity}"]
    assert (tmp_path / "ticket").stat().st_mode & 0o777 == 0o600
    assert not call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)["changed"]
    # Whichever member is named.
    assert call(cloud, replica, instance="orders-3", replica_of="orders-2")["seat"]["server_id"] == 3
    assert {one.get("dbaas_set") for one in cloud.metadata.values()} == {identity, None}


def test_members_reach_each_other(cloud: Cloud) -> None:
    identity = with_two(cloud)["replication_set"]["id"]
    (group,) = cloud.groups.values()
    assert [
        (rule["ethertype"], rule["remote_group_id"], rule["port_range_min"]) for rule in group["security_group_rules"]
    ] == [
        ("IPv4", f"dbaas-set-{identity}", 3306),
        ("IPv6", f"dbaas-set-{identity}", 3306),
    ]
    assert cloud.ports == {**{one: ["own", f"dbaas-set-{identity}"] for one in NAMES[:3]}, "stock": ["own"]}
    # Somebody took a port out.
    cloud.ports["orders-3"] = ["own"]
    again: dict[str, Any] = {"instance": "orders-3", "replica_of": "orders", "port": 3306}
    assert call(cloud, replica, check=True, **again)["changed"]
    assert call(cloud, replica, **again)["changed"]
    assert not call(cloud, replica, **again)["changed"]


def test_what_cannot_join_is_refused(cloud: Cloud) -> None:
    assert refused(cloud, instance="orders-2") == "invalid"
    assert refused(cloud, instance="orders-2", replica_of="orders") == "invalid"
    assert refused(cloud, instance="nobody", replica_of="orders", **FOUNDING) == "not_found"
    with_two(cloud)
    assert refused(cloud, instance="orders-2", replica_of="stock", **FOUNDING) == "conflict"
    assert refused(cloud, instance="orders-2", dest="/nonexistent/file") == "invalid"


@pytest.mark.parametrize("writes", range(8))
def test_a_founding_that_was_stopped_is_done_again(cloud: Cloud, writes: int) -> None:
    cloud.stop_after = writes
    with pytest.raises(StoppedError):
        call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)
    cloud.stop_after = None
    seat = call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)["seat"]
    assert list(cloud.records) == [f"sets/{seat['set']}"]
    assert list(cloud.groups) == [f"dbaas-set-{seat['set']}"]
    assert {cloud.metadata[name]["dbaas_set"] for name in ("orders", "orders-2")} == {seat["set"]}


def test_members_leave_and_the_last_one_takes_the_set_along(cloud: Cloud) -> None:
    with_two(cloud)
    assert refused(cloud, instance="orders", state="absent") == "not_actionable"
    assert call(cloud, replica, instance="orders-2", state="absent")["seat"] is None
    assert not call(cloud, replica, instance="orders-2", state="absent")["changed"]
    # Its number is not given to another one.
    assert call(cloud, replica, instance="orders-2", replica_of="orders")["seat"]["server_id"] == 4
    for name in ("orders-2", "orders-3"):
        call(cloud, replica, instance=name, state="absent")
    last = call(cloud, replica, instance="orders", state="absent")
    assert (last["changed"], last["replication_set"], cloud.records) == (True, None, {})
    assert not any(cloud.metadata.values())
    assert cloud.groups == {}
    assert set(map(tuple, cloud.ports.values())) == {("own",)}


@pytest.mark.parametrize("writes", [0, 1, 2])
@pytest.mark.parametrize("alone", [False, True])
def test_a_leave_that_was_stopped_is_done_again(cloud: Cloud, writes: int, alone: bool) -> None:
    with_two(cloud)
    if alone:
        for name in ("orders-2", "orders-3"):
            call(cloud, replica, instance=name, state="absent")
    leaver = "orders" if alone else "orders-2"
    cloud.stop_after = writes
    with pytest.raises(StoppedError):
        call(cloud, replica, instance=leaver, state="absent")
    cloud.stop_after = None
    call(cloud, replica, instance=leaver, state="absent")
    assert cloud.metadata[leaver] == {}
    assert cloud.ports[leaver] == ["own"]
    assert bool(cloud.records) is not alone
    # And it may found one of its own.
    assert call(cloud, replica, instance="stock", replica_of=leaver, **FOUNDING)["seat"]["server_id"] == 2


def test_another_one_becomes_primary_once(cloud: Cloud) -> None:
    with_two(cloud)
    switch: dict[str, Any] = {"instance": "orders-2", "state": "primary", "reign": 1, "base": "aaaa:1-9"}
    assert refused(cloud, **{**switch, "instance": "stock"}) == "not_found"
    assert refused(cloud, **{**switch, "reign": 2}) == "conflict"
    told = call(cloud, replica, **switch)
    assert (told["seat"]["role"], told["seat"]["reign"]) == ("primary", 2)
    assert told["replication_set"]["base"] == "aaaa:1-9"
    assert not call(cloud, replica, **switch)["changed"]
    # Somebody who decided before the switch.
    assert refused(cloud, **{**switch, "instance": "orders-3"}) == "conflict"
    # What it writes into is known when it has begun.
    written = call(cloud, replica, **{**switch, "line": "2@0/5", "base": "aaaa:1-12"})["replication_set"]
    assert (written["line"], written["base"]) == ("2@0/5", "aaaa:1-12")


def test_sets_are_shown(cloud: Cloud) -> None:
    with_two(cloud)
    cloud.beats[uid("orders-2")] = {"lag": 3, **facts("orders-2")}
    for told in (call(cloud, replica_info), call(cloud, replica_info, name="orders-3")):
        (one,) = told["replication_sets"]
        assert (one["primary"], one["reign"], one["line"], one["mode"]) == ("orders", 1, "aaaa", "async")
        assert [(member["name"], member["role"]) for member in one["members"]] == [
            ("orders", "primary"),
            ("orders-2", "replica"),
            ("orders-3", "replica"),
        ]
        assert [
            (member["lag"], member["delay"], member["replicates"], member["applied"]) for member in one["members"]
        ] == [
            (None, 0, None, None),
            (3, 0, True, "aaaa:1-9"),
            (None, 0, None, None),
        ]
    assert call(cloud, replica_info, name="stock")["replication_sets"] == []
    assert refused(cloud, replica_info, name="nobody") == "not_found"


def test_who_would_take_over(cloud: Cloud) -> None:
    with_two(cloud)
    told = {
        "orders": facts("aaaa", leads=True),
        "orders-2": facts("bbbb", applied="aaaa:1-8", received="aaaa:1-8"),
        "orders-3": facts("cccc"),
    }
    decision = call(cloud, replica_info, name="orders", facts=told)["decision"]
    assert (decision["primary"], decision["followers"], decision["blockers"]) == (
        "orders-3",
        ["orders-2", "orders"],
        [],
    )
    silent = {**told, "orders-3": {"status": "SHUTDOWN", "replication": None}}
    decision = call(cloud, replica_info, name="orders", facts=silent, candidate="orders-3")["decision"]
    assert [one["reason"] for one in decision["blockers"]] == ["unreachable"]


def test_who_would_take_over_from_one_that_is_gone(cloud: Cloud) -> None:
    with_two(cloud)
    gone = {"orders-2": facts("bbbb", applied="aaaa:1-8"), "orders-3": facts("cccc", applied="aaaa:1-7")}
    cloud.beats[uid("orders")] = facts("aaaa", leads=True)
    asked: dict[str, Any] = {"name": "orders", "facts": gone, "planned": False, "fenced": True}
    refusal = call(cloud, replica_info, **asked)["decision"]
    assert ([one["reason"] for one in refusal["blockers"]], refusal["known_lost"]) == (["loss"], 1)
    decision = call(cloud, replica_info, **asked, max_lost=5)["decision"]
    assert (decision["primary"], decision["followers"], decision["lost"]) == ("orders-2", ["orders-3"], None)
    unfenced = call(cloud, replica_info, **{**asked, "fenced": False}, max_lost=5)["decision"]
    assert [one["reason"] for one in unfenced["blockers"]] == ["unfenced"]


def test_no_order_of_stops_leaves_two_sets(cloud: Cloud) -> None:
    """Founded by a run that was killed at each point in turn, each time begun again."""
    for writes in itertools.count():
        cloud.stop_after = writes
        try:
            call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)
        except StoppedError:
            assert len(cloud.records) <= 1
            continue
        break
    assert len(cloud.records) == 1


def test_a_primary_waits_for_those_that_follow(cloud: Cloud) -> None:
    for name in ("orders-2", "orders-3"):
        call(cloud, replica, instance=name, replica_of="orders", **FOUNDING)
    wish = {"instance": "orders", "replica_of": "orders", "mode": "semi_sync", "receipts": 2}
    assert call(cloud, replica, check=True, **wish)["changed"]
    assert call(cloud, replica, **wish)["changed"]
    assert not call(cloud, replica, **wish)["changed"]
    assert refused(cloud, instance="orders", replica_of="orders", mode="sync") == "invalid"
    asked: dict[str, Any] = {"name": "orders", "facts": {name: facts(name) for name in ("orders-2", "orders-3")}}
    told = call(cloud, replica_info, **asked)
    (shown,) = told["replication_sets"]
    assert (shown["mode"], shown["wanted"], shown["receipts"], shown["lapsed"]) == ("semi_sync", 2, 0, True)
    assert told["receipts"] == 2
    assert call(cloud, replica_info, **asked, leaving=["orders-3"])["receipts"] == 1
    # A primary of before follows nobody yet.
    alone = {**asked["facts"], "orders-3": facts("orders-3", leads=True)}
    assert call(cloud, replica_info, name="orders", facts=alone)["receipts"] == 1
    # One hears the primary of before, or this one without having been told that it is the primary.
    source = {"host": "orders-2", "receiving": True, "applying": True, "delay": 0}
    for stale in (facts("orders-3", source=source), {**facts("orders-3"), "membership": {"reign": 0}}):
        told = {**asked["facts"], "orders-3": stale}
        assert call(cloud, replica_info, name="orders", facts=told)["receipts"] == 1
    set_ = call(cloud, replica, instance="orders", replica_of="orders", waits_for=2)["replication_set"]
    assert set_["receipts"] == 2
    assert call(cloud, replica, instance="orders-3", state="absent")["replication_set"]["receipts"] == 1
    (shown,) = call(cloud, replica_info, name="orders")["replication_sets"]
    assert shown["lapsed"]
    assert [one["seat"]["receivers"] for one in shown["members"]] == [["dbaas_replica_00000000"]] * 2


def test_replicas_follow_a_replica(cloud: Cloud) -> None:
    call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)
    wish: dict[str, Any] = {"instance": "orders-3", "replica_of": "orders", "follows": "orders-2", "delay": 60}
    seats = call(cloud, replica, **wish)["replication_set"]["members"]
    assert (seats[uid("orders-3")]["follows"], seats[uid("orders-3")]["delay"]) == (uid("orders-2"), 60)
    assert not call(cloud, replica, **wish)["changed"]
    # What is not said stays.
    assert not call(cloud, replica, instance="orders-3", replica_of="orders")["changed"]
    assert refused(cloud, **{**wish, "follows": "nobody"}) == "not_found"
    assert refused(cloud, **{**wish, "follows": "stock"}) == "invalid"
    (shown,) = call(cloud, replica_info, name="orders")["replication_sets"]
    assert [(one["name"], one["follows"], one["delay"]) for one in shown["members"]] == [
        ("orders", None, 0),
        ("orders-2", None, 0),
        ("orders-3", "orders-2", 60),
    ]
    told = {"orders": facts("aaaa", leads=True), "orders-2": facts("bbbb"), "orders-3": facts("cccc")}
    asked: dict[str, Any] = {"name": "orders", "facts": told}
    links = [{"member": "orders-2", "source": "orders"}, {"member": "orders-3", "source": "orders-2"}]
    assert call(cloud, replica_info, **asked)["following"] == links
    alone = [{"member": "orders-3", "source": "orders"}]
    assert call(cloud, replica_info, **asked, leaving=["orders-2"])["following"] == alone
    silent = {name: one for name, one in told.items() if name != "orders-2"}
    assert call(cloud, replica_info, name="orders", facts=silent)["following"] == alone
    own = {**told, "orders-2": facts("bbbb", applied="aaaa:1-9,bbbb:1")}
    assert call(cloud, replica_info, name="orders", facts=own)["following"] == alone
    back = call(cloud, replica, instance="orders-3", follows="orders", delay=0)["replication_set"]["members"]
    assert (back[uid("orders-3")]["follows"], back[uid("orders-3")]["delay"]) == ("", 0)


def test_who_wrote_by_itself_does_not_follow(cloud: Cloud) -> None:
    call(cloud, replica, instance="orders-2", replica_of="orders", **FOUNDING)
    own = {"orders-2": facts("orders-2", applied="aaaa:1-9,bbbb:1")}
    (errant,) = call(cloud, replica_info, name="orders", facts=own)["errant"]
    assert (errant["member"], errant["reason"]) == ("orders-2", "errant")
    assert call(cloud, replica_info, name="orders", facts={"orders-2": facts("orders-2")})["errant"] == []
