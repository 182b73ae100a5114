# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of replication with a faked driver; the volume is a directory on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import data_directory, marker, verbs
from dbaas_agent.agent import Agent
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Plan
from dbaas_agent.errors import AgentError
from dbaas_agent.replication import GTID_SET, Facts, Source, Upstream

from guest_agent.tests.fakes import KEPT, FakeDriver, Step, World

PRIMARY = Facts(GTID_SET, "me", writable=True, received="me:1-5", applied="me:1-5")
CLOSED = replace(PRIMARY, writable=False)
FOLLOWS = replace(CLOSED, source=Source("192.0.2.1", 3306, receiving=True, applying=True))
NAME = "dbaas_replica_01234567"
PEM = "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n"
WISH: dict[str, Any] = {
    "host": "192.0.2.9",
    "port": 3306,
    "user": NAME,
    "password": "secret",
    "ca_certificate": PEM,
    "delay": 0,
    "position": None,
}


@pytest.fixture(autouse=True)
def _volume(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.volume, "require", lambda: {"state": "initialised"})
    Path(agent.config.tls_dir).mkdir(parents=True, exist_ok=True)


def fake(agent: Agent) -> FakeDriver:
    assert isinstance(agent.driver, FakeDriver)
    return agent.driver


def call(agent: Agent, facts: Facts, verb: str, check: bool = False, **args: Any) -> dict[str, Any]:
    agent.driver.replication_facts = lambda: facts  # type: ignore[method-assign]
    return verbs.HANDLERS[verb](agent, args, check)


def reason(agent: Agent, facts: Facts, verb: str, **args: Any) -> str:
    with pytest.raises(AgentError) as caught:
        call(agent, facts, verb, **args)
    return caught.value.reason


def test_an_account_is_made_where_others_can_have_it_from(agent: Agent) -> None:
    wish = {"name": NAME, "password": "secret", "tls": True, "slot": True, "state": "present"}
    assert call(agent, PRIMARY, "replica_account", **wish)["changed"]
    assert call(agent, PRIMARY, "replica_account", **{**wish, "state": "absent"})["changed"]
    calls = [one for one in fake(agent).calls if one.startswith("account")]
    assert calls == [f"account {NAME} secret True", f"account {NAME} None True"]
    assert reason(agent, FOLLOWS, "replica_account", **wish) == "not_actionable"
    assert reason(agent, PRIMARY, "replica_account", **{**wish, "password": None}) == "invalid"


def test_what_a_replica_has_not_read_is_kept_where_it_comes(agent: Agent) -> None:
    wish = {"name": NAME, "password": "secret", "tls": True, "slot": True, "state": "present"}
    call(agent, PRIMARY, "replica_account", **wish)
    # It comes to another one, which has the account from here.
    call(agent, PRIMARY, "replica_account", **{**wish, "slot": False})
    call(agent, FOLLOWS, "replica_slot", name=NAME, state="present")
    call(agent, PRIMARY, "replica_slot", name=NAME, state="absent")
    call(agent, PRIMARY, "replica_account", **{**wish, "slot": False, "state": "absent"})
    slots = [one for one in fake(agent).calls if one.startswith("slot")]
    assert slots == [f"slot {NAME} {wanted}" for wanted in (True, True, False, False)]


def test_another_server_is_followed_once_nobody_can_write(agent: Agent) -> None:
    assert reason(agent, PRIMARY, "replica_follow", **WISH) == "not_actionable"
    ca_file = Path(agent.config.tls_dir) / "source.pem"
    assert call(agent, CLOSED, "replica_follow", check=True, **WISH)["changed"]
    assert not ca_file.exists()
    assert call(agent, CLOSED, "replica_follow", **WISH)["statements"] == [Step("follow", KEPT).shown()]
    assert ca_file.read_text() == PEM
    assert fake(agent).upstream == Upstream("192.0.2.9", 3306, NAME, "secret", str(ca_file))


def test_without_an_authority_nothing_is_trusted(agent: Agent) -> None:
    call(agent, CLOSED, "replica_follow", **{**WISH, "ca_certificate": None})
    assert fake(agent).upstream.ca_file == ""
    assert not (Path(agent.config.tls_dir) / "source.pem").exists()


@pytest.mark.parametrize("wrong", [{"delay": -1}, {"delay": 10**9}, {"port": 0}, {"port": 65536}])
def test_wrong_numbers_are_refused(agent: Agent, wrong: dict[str, int]) -> None:
    assert reason(agent, CLOSED, "replica_follow", **{**WISH, **wrong}) == "invalid"


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("database_set", {"databases": []}),
        ("user_set", {"users": [], "coming_databases": []}),
        ("root_set", {"enabled": True, "password": "x", "update_password": "always", "require_tls": True}),
    ],
)
def test_on_a_replica_nothing_is_written(agent: Agent, verb: str, args: dict[str, Any]) -> None:
    assert reason(agent, FOLLOWS, verb, **args) == "not_actionable"
    assert fake(agent).calls == []


KEEPS: dict[str, Any] = {"writer_addresses": None, "reader_addresses": None, "endpoint_addresses": None}
SEAT: dict[str, Any] = {
    "set": "a" * 32,
    "reign": 2,
    "role": "primary",
    "server_id": 3,
    "record": "https://store/record",
    "receipts": 0,
    "wanted": 0,
    "receivers": [],
    "followers": [],
    "record_expires": 1826500000,
    **KEEPS,
}
ENDPOINT = {
    "writer_addresses": ["10.0.0.9"],
    "reader_addresses": [],
    "endpoint_addresses": ["203.0.113.9", "10.0.0.9"],
}
WRITER = {"dbaas-address-writer": "10.0.0.9"}


@pytest.fixture
def _runs(world: World) -> None:
    world._set(active="active")


@pytest.mark.usefixtures("_runs")
def test_a_member_becomes_primary_and_is_drained(agent: Agent, world: World) -> None:
    driver = fake(agent)
    driver.shut = True
    assert call(agent, FOLLOWS, "member_set", check=True, **SEAT)["changed"]
    assert (driver.shut, agent.gate.member) == (True, None)
    assert call(agent, FOLLOWS, "member_set", **SEAT)["changed"]
    assert driver.seat
    assert (driver.shut, driver.seat.server_id, agent.gate.may_write()) == (False, 3, True)
    driver.plan_leave = lambda: Plan([], {}, {})  # type: ignore[method-assign]
    assert not call(agent, PRIMARY, "member_set", **SEAT)["changed"]

    assert call(agent, PRIMARY, "writes_drain", check=True)["position"] is None
    assert not driver.shut
    drained = call(agent, PRIMARY, "writes_drain")
    assert (drained["changed"], drained["position"]) == (True, "me:1-9")
    assert (driver.shut, agent.gate.may_write(), world.unit.active) == (True, False, "inactive")
    assert not agent.gate.uncertain()
    # And back: it is started for that.
    assert call(agent, CLOSED, "member_set", **SEAT)["changed"]
    assert (driver.shut, agent.gate.may_write(), world.unit.active) == (False, True, "active")


@pytest.mark.usefixtures("_runs")
def test_nobody_waits_for_more_receipts_than_can_come(agent: Agent) -> None:
    for wrong in ({"receipts": 1, "wanted": 2}, {"receipts": 2, "wanted": 1, "receivers": [NAME, "b"]}):
        assert reason(agent, PRIMARY, "member_set", **{**SEAT, **wrong}) == "invalid"
    assert fake(agent).seat is None
    right = {**SEAT, "receipts": 1, "wanted": 2, "receivers": ["b", NAME]}
    assert call(agent, PRIMARY, "member_set", **right)["changed"]
    seat = fake(agent).seat
    assert seat is not None
    assert (seat.receipts, seat.wanted, seat.receivers) == (1, 2, ["b", NAME])


@pytest.mark.usefixtures("_runs")
def test_what_its_followers_have_not_read_is_kept_before_it_writes(agent: Agent) -> None:
    seat = {**SEAT, "followers": [NAME, "dbaas_replica_76543210"]}
    planned = [f"slot {name} True" for name in seat["followers"]]
    call(agent, FOLLOWS, "member_set", **{**seat, "role": "replica"})
    assert not set(planned) & set(fake(agent).calls)
    fake(agent).calls.clear()
    assert call(agent, FOLLOWS, "member_set", check=True, **seat)["changed"]
    assert fake(agent).calls == planned
    fake(agent).calls.clear()
    call(agent, FOLLOWS, "member_set", **seat)
    # The last one has it follow nobody any more.
    assert fake(agent).calls[:5] == [*planned, "apply 1", "apply 1", "apply 1"]


@pytest.mark.usefixtures("_runs")
def test_a_replica_is_shut_before_it_follows(agent: Agent) -> None:
    assert call(agent, PRIMARY, "member_set", **{**SEAT, "role": "replica"})["changed"]
    assert (fake(agent).shut, agent.gate.may_write()) == (True, False)
    assert not call(agent, PRIMARY, "member_set", **{**SEAT, "role": "replica"})["changed"]
    fake(agent).let_in = lambda _held: opened.append(agent.gate.member)  # type: ignore[method-assign]
    opened: list[object] = []
    assert call(agent, PRIMARY, "member_unset")["changed"]
    # Opened when the gate shuts nobody any more.
    assert (opened, fake(agent).seat, agent.gate.member) == ([None], None, None)


@pytest.mark.usefixtures("_runs")
def test_who_knows_of_a_later_reign_is_told_nothing_of_an_earlier_one(agent: Agent) -> None:
    call(agent, PRIMARY, "member_set", **{**SEAT, "role": "replica"})
    assert reason(agent, PRIMARY, "member_set", **{**SEAT, "reign": 1}) == "conflict"
    assert reason(agent, FOLLOWS, "writes_drain") == "not_actionable"
    # The ticket that it has is kept when none comes with it.
    call(agent, PRIMARY, "member_set", **{**SEAT, "reign": 3, "record": None})
    assert agent.gate.member is not None
    assert (agent.gate.member.record, agent.gate.member.record_expires) == (SEAT["record"], 1826500000)


@pytest.mark.usefixtures("_runs")
@pytest.mark.parametrize("role", ["primary", "replica"])
def test_another_ticket_changes_nothing_else(agent: Agent, role: str) -> None:
    ticket = {"record": "https://store/another", "expires": 1826600000}
    assert reason(agent, PRIMARY, "member_ticket", **ticket) == "not_actionable"
    call(agent, PRIMARY, "member_set", **{**SEAT, "role": role})
    call(agent, PRIMARY, "writes_drain")
    before = agent.gate.member
    assert before is not None
    assert call(agent, PRIMARY, "member_ticket", check=True, **ticket)["changed"]
    assert agent.gate.member == before
    assert call(agent, PRIMARY, "member_ticket", **ticket)["changed"]
    assert agent.gate.member == replace(before, record="https://store/another", record_expires=1826600000)
    assert agent.observe()["record_expires"] == 1826600000
    assert not call(agent, PRIMARY, "member_ticket", **ticket)["changed"]


@pytest.mark.usefixtures("_runs")
def test_the_writers_address_is_where_writes_are_taken(agent: Agent, world: World) -> None:
    call(agent, FOLLOWS, "member_set", check=True, **{**SEAT, **ENDPOINT})
    assert world.held == {}
    call(agent, FOLLOWS, "member_set", **{**SEAT, **ENDPOINT})
    assert world.held == WRITER
    call(agent, PRIMARY, "writes_drain")
    assert world.held == {}
    call(agent, CLOSED, "member_set", **SEAT)
    assert world.held == WRITER
    # By whomever it is told that it is primary no more.
    assert agent.gate.member is not None
    agent.gate.take(replace(agent.gate.member, role="replica"))
    agent.guard()
    assert world.held == {}
    call(agent, CLOSED, "member_set", **{**SEAT, "role": "replica", "reader_addresses": ["10.0.0.8"]})
    assert world.held == {"dbaas-address-reader": "10.0.0.8"}
    call(agent, PRIMARY, "member_unset")
    assert world.held == {}


@pytest.mark.usefixtures("_runs")
def test_addresses_of_another_set_are_not_kept(agent: Agent, world: World) -> None:
    call(agent, PRIMARY, "member_set", **{**SEAT, **ENDPOINT})
    call(agent, PRIMARY, "member_set", **{**SEAT, "set": "b" * 32})
    assert world.held == {}
    assert reason(agent, PRIMARY, "member_set", **{**SEAT, "writer_addresses": ["nowhere"]}) == "invalid"


@pytest.mark.usefixtures("_runs")
def test_the_certificate_speaks_for_the_set_as_long_as_the_server_is_in_it(agent: Agent) -> None:
    def names() -> tuple[str, ...]:
        current = agent.tls.current()
        assert current is not None
        return current[0].addresses

    own: dict[str, Any] = {"names": ["orders"], "addresses": ["10.0.0.5"], "renew": False}
    # Before it has any.
    call(agent, PRIMARY, "member_set", **{**SEAT, **ENDPOINT})
    call(agent, PRIMARY, "tls_set", **own)
    assert names() == ("10.0.0.5", "10.0.0.9", "203.0.113.9")
    # Who names its own addresses only takes none of them away.
    assert not call(agent, PRIMARY, "tls_set", **own)["changed"]
    call(agent, PRIMARY, "member_set", **{**SEAT, "endpoint_addresses": ["10.0.0.9"]})
    assert names() == ("10.0.0.5", "10.0.0.9")
    call(agent, PRIMARY, "member_unset")
    assert names() == ("10.0.0.5",)


def test_outside_of_a_set_nothing_is_drained(agent: Agent) -> None:
    assert reason(agent, PRIMARY, "writes_drain") == "not_actionable"


@pytest.mark.usefixtures("_runs")
def test_a_position_is_waited_for(agent: Agent) -> None:
    assert call(agent, FOLLOWS, "replica_await", position="me:1-5", seconds=5)["replication"]["applied"] == "me:1-5"
    assert reason(agent, FOLLOWS, "replica_await", position="never", seconds=5) == "timeout"
    assert reason(agent, FOLLOWS, "replica_await", position="me:1-5", seconds=0) == "invalid"


@pytest.mark.usefixtures("_runs")
def test_only_the_data_of_a_replica_are_discarded(agent: Agent, world: World) -> None:
    data = Path(agent.config.data_dir)
    data.mkdir()
    (data / "data").write_text("x")
    assert reason(agent, PRIMARY, "replica_discard") == "not_actionable"
    call(agent, PRIMARY, "member_set", **SEAT)
    assert reason(agent, PRIMARY, "replica_discard") == "not_actionable"
    call(agent, PRIMARY, "member_set", **{**SEAT, "role": "replica"})
    assert call(agent, PRIMARY, "replica_discard", check=True)["changed"]
    assert (data / "data").exists()
    assert call(agent, PRIMARY, "replica_discard")["changed"]
    assert (data.exists(), world.unit.active) == (False, "inactive")
    assert marker.read(agent.config)["state"] == marker.EMPTY


def test_what_was_stopped_midway_leaves_no_half(config: Config) -> None:
    data, gone = Path(config.data_dir), Path(f"{config.data_dir}.gone")
    for directory in (data, gone):
        directory.mkdir()
        (directory / "x").touch()
    data_directory.discard(config)
    data_directory.discard(config)
    assert not data.exists()
    assert not gone.exists()
