# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of replication with a faked driver; the volume is a directory on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import verbs
from dbaas_agent.agent import Agent
from dbaas_agent.errors import AgentError
from dbaas_agent.replication import GTID_SET, Facts, Source, Upstream

from guest_agent.tests.fakes import KEPT, FakeDriver, Step

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
    wish = {"name": NAME, "password": "secret", "tls": True, "state": "present"}
    assert call(agent, PRIMARY, "replica_account", **wish)["changed"]
    assert call(agent, PRIMARY, "replica_account", **{**wish, "state": "absent"})["changed"]
    calls = [one for one in fake(agent).calls if one.startswith("account")]
    assert calls == [f"account {NAME} secret True", f"account {NAME} None True"]
    assert reason(agent, FOLLOWS, "replica_account", **wish) == "not_actionable"
    assert reason(agent, PRIMARY, "replica_account", **{**wish, "password": None}) == "invalid"


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


def test_nobody_is_followed_any_more(agent: Agent) -> None:
    assert call(agent, FOLLOWS, "replica_leave")["statements"] == [Step("leave", KEPT).shown()]


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
