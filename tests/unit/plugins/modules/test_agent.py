# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules agent and agent_info against the agent's own server, with handlers in the place of a datastore."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import VERBS
from ansible_collections.dbaas.openstack.plugins.modules import agent, agent_info
from dbaas_agent import dispatch
from dbaas_agent.agent import Agent
from dbaas_agent.dispatch import Dispatcher
from dbaas_agent.server import Server

PASSWORD = "hunter2hunter2"
USERS = {"users": [{"name": "clerk", "password": PASSWORD, "databases": ["shop"]}]}


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    server = Server(str(tmp_path / "agent.sock"), Dispatcher(cast(Agent, None), lambda: None).answer, os.getuid())
    server.start()
    yield str(tmp_path / "agent.sock")
    server.close()


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[..., Any]], None]:
    return lambda verb, act: monkeypatch.setitem(dispatch.HANDLERS, verb, act)


def run(module: Any, capfd: pytest.CaptureFixture[str], **params: Any) -> dict[str, Any]:
    with patch_module_args(params), pytest.raises(SystemExit):
        module.main()
    result: dict[str, Any] = json.loads(capfd.readouterr().out)
    return result


def test_a_verb_with_check_mode_and_diff(
    path: str, handle: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    checks = []
    answer = {"changed": True, "diff": {"before": {}, "after": {"clerk@%": {"databases": ["shop"]}}}, "more": "shop"}
    handle("user_set", lambda _agent, _args, check: checks.append(check) or dict(answer))
    for check in (True, False):
        result = run(agent, capfd, socket=path, verb="user_set", args=USERS, _ansible_check_mode=check)
        assert (result["changed"], result["diff"], result["result"]) == (True, answer["diff"], {"more": "shop"})
    assert checks == [True, False]


def test_a_password_is_never_shown(path: str, handle: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    handle("user_set", lambda _agent, args, _check: {"changed": False, "leak": args["users"][0]["password"]})
    result = run(agent, capfd, socket=path, verb="user_set", args=USERS)
    assert PASSWORD not in json.dumps(result)
    assert "clerk" in json.dumps(result["invocation"])


def test_a_misspelt_secret_is_not_shown_either(path: str, capfd: pytest.CaptureFixture[str]) -> None:
    result = run(agent, capfd, socket=path, verb="user_set", args={"users": [{"name": "clerk", "pasword": PASSWORD}]})
    assert (result["failed"], result["reason"]) == (True, "invalid")
    assert PASSWORD not in json.dumps(result)


def test_without_an_agent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for module, params in ((agent, {"verb": "status"}), (agent_info, {})):
        result = run(module, capfd, socket=str(tmp_path / "none"), **params)
        assert (result["failed"], result["reason"]) == (True, "agent")


def test_every_verb_but_hello_can_be_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    documented = agent.DOCUMENTATION
    assert [verb for verb in VERBS if f"- {verb}\n" not in documented] == ["hello"]
    assert run(agent, capfd, verb="hello")["failed"]


def test_agent_info_lists_what_is_asked_for(
    path: str, handle: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    handle("status", lambda *_: {"status": "ACTIVE"})
    handle("database_list", lambda *_: {"databases": [{"name": "shop"}]})
    handle("user_list", lambda *_: {"users": [{"name": "clerk"}]})
    seen = run(agent_info, capfd, socket=path)
    assert (seen["changed"], seen["status"]) == (False, {"status": "ACTIVE"})
    assert not {"databases", "users"} & set(seen)
    seen = run(agent_info, capfd, socket=path, verbs=["databases", "users"])
    assert (seen["databases"], seen["users"]) == ([{"name": "shop"}], [{"name": "clerk"}])
