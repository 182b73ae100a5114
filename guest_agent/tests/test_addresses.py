# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses of a set a server has: a unit for each part, of a faked systemd."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dbaas_agent import addresses as module
from dbaas_agent import systemd
from dbaas_agent.addresses import READER, WRITER, Addresses, canonical
from dbaas_agent.errors import AgentError
from hypothesis import given, strategies

from guest_agent.tests.fakes import World

NOTHING: dict[str, list[str]] = {WRITER: [], READER: []}
WRITES = {WRITER: ["10.0.0.9", "fd00::9"], READER: []}
UNIT = "dbaas-address-writer"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: time[0])
    return time


def test_they_come_and_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.install(monkeypatch)
    held = Addresses([])
    held.look(WRITES)
    assert world.held == {UNIT: "10.0.0.9 fd00::9"}
    held.look({WRITER: [], READER: ["10.0.0.8"]})
    assert world.held == {"dbaas-address-reader": "10.0.0.8"}
    held.look(NOTHING)
    assert world.held == {}


def test_what_an_agent_of_before_left_goes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.install(monkeypatch)
    world.held = {UNIT: "10.0.0.9", "dbaas-address-reader": "10.0.0.8"}
    Addresses([]).look(NOTHING)
    assert world.held == {}


def test_without_a_set_nothing_is_asked_twice(world: World, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    world.install(monkeypatch)
    held = Addresses([])
    held.look(NOTHING)
    now[0] += 1000
    monkeypatch.setattr(systemd, "show", lambda _unit: pytest.fail("nothing is to be asked"))
    assert not held.look(NOTHING)


def test_what_ended_is_begun_again(world: World, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    world.install(monkeypatch)
    held = Addresses([])
    held.look(WRITES)
    world.held.clear()
    held.look(WRITES)
    assert world.held == {}
    now[0] += module.LOOK_SECONDS
    held.look(WRITES)
    assert UNIT in world.held


def test_what_does_not_work_is_told_and_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.install(monkeypatch)
    held = Addresses([])

    def refuse(*_: object) -> None:
        raise AgentError("agent", "no")

    monkeypatch.setattr(systemd, "start_transient", refuse)
    assert held.look(WRITES)
    assert held.trouble
    assert not held.look(WRITES)
    world.install(monkeypatch)
    assert held.look(WRITES)
    assert (held.trouble, UNIT in world.held) == ("", True)


def test_what_keeps_one_of_them_away_is_told(world: World, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    world.install(monkeypatch)
    held = Addresses([])
    held.look(WRITES)
    show = systemd.show
    monkeypatch.setattr(systemd, "show", lambda unit: replace(show(unit), status="fd00::9 has no place"))
    now[0] += module.LOOK_SECONDS
    assert held.look(WRITES)
    assert "fd00::9" in held.trouble
    assert world.held == {UNIT: "10.0.0.9 fd00::9"}
    world.install(monkeypatch)
    now[0] += module.LOOK_SECONDS
    assert held.look(WRITES)
    assert held.trouble == ""


PARTS = strategies.lists(strategies.sampled_from(["10.0.0.8", "10.0.0.9", "fd00::9"]), unique=True)


@given(strategies.lists(strategies.tuples(PARTS, PARTS)))
def test_after_each_look_there_is_what_is_wanted_and_nothing_else(wishes: list[tuple[list[str], list[str]]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World()
        world.install(monkeypatch)
        held = Addresses([])
        for writer, reader in wishes:
            held.look({WRITER: writer, READER: reader})
            told = {UNIT: writer, "dbaas-address-reader": reader}
            assert world.held == {unit: " ".join(one) for unit, one in told.items() if one}


def test_addresses_have_one_form() -> None:
    assert canonical("name", ["FD00:0::9", "10.0.0.9", "fd00::9"]) == ["10.0.0.9", "fd00::9"]
    with pytest.raises(AgentError) as caught:
        canonical("name", ["10.0.0.900"])
    assert caught.value.reason == "invalid"
