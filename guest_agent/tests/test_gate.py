# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients are let in on the primary of a set, and kept out everywhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from dbaas_agent import gate as module
from dbaas_agent import membership
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.gate import Gate
from dbaas_agent.membership import Membership
from dbaas_agent.replication import GTID_SET, PRIMARY, REPLICA, Facts, Source
from dbaas_agent.upload import Answer

from guest_agent.tests.fakes import FakeDriver, World

SET = "a" * 32
MEMBER = Membership(SET, 2, PRIMARY, 1, "https://store/record")


@pytest.fixture
def datastore(config: Config, world: World) -> FakeDriver:
    world._set(active="active")
    return FakeDriver(config, world)


@pytest.fixture
def gate(config: Config, datastore: FakeDriver) -> Gate:
    return Gate(config, datastore)


def rebooted(gate: Gate) -> Gate:
    again = Gate(gate._config, gate._driver)
    again._boot = "another boot"
    return again


def store(**told: Any) -> Callable[[str], Answer]:
    body = json.dumps({"id": SET, "primary": "11111111111111111111111111111111", "reign": 2, **told}).encode()
    return lambda _url: Answer(True, "sent", body=body)


def test_without_a_set_nothing_is_touched(gate: Gate, datastore: FakeDriver) -> None:
    assert gate.may_write()
    assert not gate.look(held=False)
    assert datastore.calls == []
    assert gate.ask(lambda _url: pytest.fail("nothing is to be asked")) == module.LOOK_SECONDS


def test_a_replica_is_kept_shut(gate: Gate, datastore: FakeDriver) -> None:
    gate.take(replace(MEMBER, role=REPLICA))
    gate.look(held=False)
    assert (datastore.shut, gate.may_write(), gate.uncertain()) == (True, False, False)
    datastore.shut = False  # somebody's hand
    gate.look(held=False)
    assert datastore.shut
    assert gate.ask(lambda _url: pytest.fail("nothing is to be asked")) == module.LOOK_SECONDS


def test_only_a_replica_that_follows_nobody_is_an_orphan(gate: Gate) -> None:
    alone = Facts(GTID_SET, "me", writable=False, received="", applied="")
    follows = replace(alone, source=Source("192.0.2.1", 3306, receiving=False, applying=False, fault="refused"))
    told = []
    for member in (None, MEMBER, replace(MEMBER, role=REPLICA)):
        gate.take(member)
        told.append((gate.orphan(alone), gate.orphan(follows)))
    assert told == [(False, False), (False, False), (True, False)]


def test_a_primary_opens_when_it_is_told_so(gate: Gate, datastore: FakeDriver) -> None:
    datastore.shut = True
    gate.take(MEMBER)
    gate.look(held=False)
    assert not datastore.shut
    # The server alone was started again.
    datastore.shut = True
    gate.look(held=False)
    assert not datastore.shut


def test_where_writes_are_held_they_stay_so(gate: Gate, datastore: FakeDriver) -> None:
    datastore.shut = True
    gate.take(MEMBER)
    gate.look(held=True)
    assert datastore.calls == ["let_in held"]


def test_a_primary_that_booted_reads_the_record_first(gate: Gate, datastore: FakeDriver, config: Config) -> None:
    gate.take(MEMBER)
    datastore.shut = True
    again = rebooted(gate)
    again.look(held=False)
    assert (datastore.shut, again.uncertain()) == (True, True)
    assert again.ask(lambda _url: Answer(False, "http_503")) == module.ASK_SECONDS
    assert again.ask(lambda _url: Answer(True, "sent", body=b"<html>")) == module.ASK_SECONDS
    assert again.ask(store(reign=1)) == module.ASK_SECONDS
    again.look(held=False)
    assert datastore.shut
    assert again.ask(store(primary=config.uid)) == module.LOOK_SECONDS
    again.look(held=False)
    assert (datastore.shut, again.uncertain()) == (False, False)


def test_one_that_reads_of_another_primary_shuts(gate: Gate, datastore: FakeDriver) -> None:
    gate.take(MEMBER)
    gate.look(held=False)
    gate.ask(store(primary="another", reign=3))
    gate.look(held=False)
    assert (datastore.shut, gate.may_write()) == (True, False)


def test_what_it_was_told_meanwhile_counts(gate: Gate) -> None:
    gate.take(MEMBER)
    newer = replace(MEMBER, reign=4)

    def answer(url: str) -> Answer:
        gate.take(newer)
        return store(primary="another", reign=3)(url)

    gate.ask(answer)
    assert gate.member == replace(newer, confirmed=membership.boot())


def test_a_datastore_that_does_not_follow_is_told_of(
    gate: Gate, datastore: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise AgentError("agent", "no")

    gate.take(replace(MEMBER, role=REPLICA))
    monkeypatch.setattr(datastore, "keep_out", refuse)
    assert gate.look(held=False)
    assert gate.trouble
    assert not gate.look(held=False)
    monkeypatch.undo()
    assert gate.look(held=False)
    assert gate.trouble == ""


def test_a_server_that_does_not_run_writes_nothing(gate: Gate, world: World) -> None:
    gate.take(replace(MEMBER, role=REPLICA))
    world._set(active="inactive")
    assert not gate.look(held=False)
    assert gate.trouble == ""


def test_a_replica_attends_to_its_primary_now_and_then(
    gate: Gate, datastore: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    attended: list[float] = []
    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    monkeypatch.setattr(datastore, "attend", lambda: attended.append(now))
    datastore.shut = True
    gate.take(replace(MEMBER, role=REPLICA))
    for now in (100.0, 101.0, 105.0, 110.0, 111.0):  # noqa: B007 (it is the clock)
        gate.look(held=False)
    assert attended == [100.0, 110.0]
    gate.take(MEMBER)
    now = 130.0
    gate.look(held=False)
    assert attended == [100.0, 110.0]
