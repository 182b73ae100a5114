# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a real socket; at the other end a scripted agent, and the agent's own server and dispatcher."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _agent_client
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import (
    AgentClient,
    AgentError,
    AgentTimeoutError,
    AgentUnreachableError,
    plain_values,
    wait_for_job,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import VERSION
from dbaas_agent import schema
from dbaas_agent.agent import Agent
from dbaas_agent.dispatch import Dispatcher
from dbaas_agent.server import Server
from dbaas_agent.validate import secrets

HELLO = b'{"ok": true, "result": {"protocol": 1, "agent_version": "%s"}}\n' % VERSION.encode()
Script = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "agent.sock")


@pytest.fixture
def script(path: str) -> Iterator[Script]:
    """Play an agent that answers each line with the next of the given bytes (None: hang up), then waits."""
    done = threading.Event()
    threads = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def play(*answers: bytes | None) -> None:
        def run() -> None:
            client, _dummy = listener.accept()
            with client, client.makefile("rb") as lines:
                for answer in answers:
                    if not lines.readline() or answer is None:
                        return
                    client.sendall(answer)
                done.wait(10)

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield play
    done.set()
    for thread in threads:
        thread.join(10)
    listener.close()


def test_the_agents_own_server_is_understood(path: str) -> None:
    dispatcher = Dispatcher(cast(Agent, None), lambda: None)
    server = Server(path, dispatcher.answer, user=os.getuid())
    server.start()
    with AgentClient(path) as agent:
        assert agent.protocol == 1
        with pytest.raises(AgentError) as caught:
            agent.call("volume_prepare", {"volume_id": "nonsense"}, check=True)
    assert caught.value.reason == "invalid"
    assert [fault.split(":")[0] for fault in caught.value.details["faults"]] == ["volume_id", "initialised"]
    server.close()


@pytest.mark.parametrize(
    ("client", "agent", "agreed"),
    [([1, 2], [1], 1), ([1], [1, 2], 1), ([2, 3], [1, 2], 2), ([1, 2], [2, 3], 2), ([2, 3], [2, 3], 3)],
)
def test_neighbouring_versions_agree(
    path: str, monkeypatch: pytest.MonkeyPatch, client: list[int], agent: list[int], agreed: int
) -> None:
    monkeypatch.setattr(_agent_client, "PROTOCOLS", client)
    monkeypatch.setattr(schema, "PROTOCOLS", agent)
    server = Server(path, Dispatcher(cast(Agent, None), lambda: None).answer, user=os.getuid())
    server.start()
    with AgentClient(path) as connection:
        assert connection.protocol == agreed
        # What follows is understood: refused for what it asks, not for how.
        with pytest.raises(AgentError) as caught:
            connection.call("volume_prepare", check=True)
    assert caught.value.reason == "invalid"
    server.close()


def test_versions_that_are_no_neighbours_say_so(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_agent_client, "PROTOCOLS", [3, 4])
    server = Server(path, Dispatcher(cast(Agent, None), lambda: None).answer, user=os.getuid())
    server.start()
    with pytest.raises(AgentError) as caught, AgentClient(path):
        pass
    assert (caught.value.reason, caught.value.details) == ("unsupported", {"protocols": schema.PROTOCOLS})
    server.close()


@pytest.mark.parametrize(("version", "told"), [(VERSION, None), ("0.0.1", "0.0.1")])
def test_a_refusal_by_an_agent_of_another_version_tells_it(
    path: str, script: Script, version: str, told: str | None
) -> None:
    hello = {"ok": True, "result": {"protocol": 1, "agent_version": version}}
    refusal = {"ok": False, "error": {"reason": "invalid", "msg": "args: tls_mode is unknown"}}
    script(*(json.dumps(answer).encode() + b"\n" for answer in (hello, refusal)))
    with AgentClient(path) as agent, pytest.raises(AgentError) as caught:
        agent.call("status")
    assert caught.value.details.get("agent_version") == told


def test_a_result_in_pieces(path: str, script: Script) -> None:
    answer = {"ok": True, "result": {"much": "x" * 300000}}
    script(HELLO, json.dumps(answer).encode() + b"\n")
    with AgentClient(path) as agent:
        assert agent.call("status") == answer["result"]


def test_no_agent(path: str) -> None:
    with pytest.raises(AgentUnreachableError) as caught, AgentClient(path):
        pass
    assert caught.value.reason == "agent"


@pytest.mark.parametrize("answers", [(None,), (HELLO, None)])
def test_an_agent_that_hangs_up(path: str, script: Script, answers: tuple[bytes | None, ...]) -> None:
    script(*answers)
    with pytest.raises(AgentUnreachableError), AgentClient(path) as agent:
        agent.call("status")


def test_an_agent_that_is_silent(path: str, script: Script) -> None:
    script(HELLO, b'{"ok": tr')
    with pytest.raises(AgentTimeoutError) as caught, AgentClient(path, timeout=1) as agent:
        agent.call("status")
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize("answer", [b"nonsense\n", b"\xff\n"])
def test_an_answer_that_is_no_json(path: str, script: Script, answer: bytes) -> None:
    script(HELLO, answer)
    with pytest.raises(AgentError) as caught, AgentClient(path) as agent:
        agent.call("status")
    assert caught.value.reason == "agent"


def test_an_answer_without_end(path: str, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.dbaas.openstack.plugins.module_utils._agent_client.ANSWER_LIMIT", 1000)
    script(HELLO, b"x" * 2000)
    with pytest.raises(AgentError) as caught, AgentClient(path) as agent:
        agent.call("status")
    assert caught.value.reason == "agent"


def test_plain_values_are_what_is_no_secret() -> None:
    args = {"users": [{"name": "clerk", "password": "hunter2", "databases": ["shop", 7], "require_tls": True}, "odd"]}
    assert plain_values("user_set", args) == {"clerk", "shop", "7"}


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("user_set", {"users": [{"pasword": "hunter2", "name": "clerk"}]}),
        ("user_set", {"user": [{"password": "hunter2"}]}),
        ("user_set", {"users": {"password": "hunter2"}}),
        ("user_set", {"users": [{"name": "hunter2"}], "password": "hunter2"}),
        ("no_verb", {"password": "hunter2"}),
    ],
)
def test_what_the_schema_does_not_know_is_not_plain(verb: str, args: dict[str, Any]) -> None:
    assert "hunter2" not in plain_values(verb, args)


def test_a_name_that_is_also_the_password_is_not_plain() -> None:
    args = {"users": [{"name": "same", "password": "same"}]}
    assert secrets(schema.VERBS["user_set"]["args"], args) == {"same"}
    assert plain_values("user_set", args) == set()


RUNNING = {"id": "j", "state": "RUNNING", "ended": None}
DONE = {"id": "j", "state": "DONE", "ended": 7}


def status(job: dict[str, Any]) -> bytes:
    return json.dumps({"ok": True, "result": {"job": job}}).encode() + b"\n"


@pytest.fixture
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_agent_client, "POLL_SECONDS", 0.01)


@pytest.mark.usefixtures("_fast")
def test_a_job_is_waited_for_while_its_agent_comes_and_goes(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is a connection of its own: one hangs up, one finds no agent, one is told that the job runs."""
    looks = iter([None, None, RUNNING, DONE])

    class Client(AgentClient):
        def __enter__(self) -> AgentClient:
            self.look = next(looks)
            if self.look is None:
                raise _agent_client.AgentUnreachableError("gone")
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def call(self, *_: Any) -> dict[str, Any]:
            return {"job": self.look}

    monkeypatch.setattr(_agent_client, "AgentClient", Client)
    assert wait_for_job(path, None, RUNNING, 60) == DONE
    assert list(looks) == []


@pytest.mark.usefixtures("_fast")
def test_an_agent_that_stays_away_is_told(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_agent_client, "ABSENCE_SECONDS", 0.05)
    with pytest.raises(AgentUnreachableError):
        wait_for_job(path, None, RUNNING, 60)


@pytest.mark.usefixtures("_fast")
def test_a_refusal_ends_the_waiting(path: str, script: Script) -> None:
    script(HELLO, b'{"ok": false, "error": {"reason": "not_found", "msg": "none"}}\n')
    with pytest.raises(AgentError) as caught:
        wait_for_job(path, None, RUNNING, 60)
    assert caught.value.reason == "not_found"


@pytest.mark.usefixtures("_fast")
def test_a_wait_has_an_end(path: str, script: Script) -> None:
    script(HELLO, status({**RUNNING, "state": "STILL"}))
    assert wait_for_job(path, None, RUNNING, 0.005)["state"] == "STILL"
    assert wait_for_job(path, None, RUNNING, 0) == RUNNING
    assert wait_for_job(path, None, DONE, 60) == DONE
