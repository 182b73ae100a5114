# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request line to an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dbaas_agent import dispatch, schema
from dbaas_agent.agent import Agent
from dbaas_agent.dispatch import Dispatcher
from dbaas_agent.errors import AgentError
from hypothesis import given, strategies

NOBODY = cast("Agent", SimpleNamespace(jobs=SimpleNamespace(admit=lambda _verb: None)))


def request(verb: str, args: Any = None, **more: Any) -> bytes:
    return json.dumps({"id": "1", "protocol": 1, "verb": verb, "args": args or {}, **more}).encode()


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[..., Any]], None]:
    """Put a function in a handler's place."""

    def put(verb: str, act: Callable[..., Any]) -> None:
        monkeypatch.setitem(dispatch.HANDLERS, verb, act)

    return put


def dispatcher(changed: Callable[[], None] = lambda: None) -> Dispatcher:
    return Dispatcher(NOBODY, changed)


def test_hello_agrees_on_the_protocol() -> None:
    answer = dispatcher().answer(request("hello", {"protocols": [1, 7]}))
    assert answer["ok"]
    assert answer["result"]["protocol"] == 1


@pytest.mark.parametrize("envelope", [{"protocol": 7}, {"protocol": None}])
def test_hello_is_understood_in_every_version(envelope: dict[str, Any]) -> None:
    assert dispatcher().answer(request("hello", {"protocols": [1]}, **envelope))["ok"]


def test_hello_without_common_ground() -> None:
    answer = dispatcher().answer(request("hello", {"protocols": [7]}))
    assert answer["error"]["reason"] == "unsupported"
    assert answer["error"]["details"] == {"protocols": schema.PROTOCOLS}


@pytest.mark.parametrize(
    ("line", "reason", "identity"),
    [
        (b"", "invalid", None),
        (b"nonsense", "invalid", None),
        (b"\xff\xfe", "invalid", None),
        (b"[" * 100000, "invalid", None),
        (b"[]", "invalid", None),
        (request("status", id=7), "invalid", None),
        (request("status", id="x" * 65), "invalid", None),
        (request("status", check="yes"), "invalid", "1"),
        (request("status", surprise=1), "invalid", "1"),
        (request("status", protocol=2), "unsupported", "1"),
        (request("status", protocol="1"), "unsupported", "1"),
        (request("explode"), "unsupported", "1"),
        (request("status", {"x": 1}), "invalid", "1"),
        (b'{"id": "1", "protocol": 1, "verb": ["status"]}', "unsupported", "1"),
    ],
)
def test_wrong_requests(line: bytes, reason: str, identity: str | None) -> None:
    answer = dispatcher().answer(line)
    assert (answer["ok"], answer["error"]["reason"], answer["id"]) == (False, reason, identity)


@given(strategies.binary() | strategies.text().map(lambda text: text.encode()))
def test_any_line_is_answered(line: bytes) -> None:
    answer = dispatcher().answer(line)
    assert answer["error"]["reason"] in schema.REASONS


def test_arguments_reach_the_handler_with_defaults(handle: Callable[..., None]) -> None:
    seen = []
    handle("database_set", lambda _agent, args, check: seen.append((args, check)) or {"changed": False})
    dispatcher().answer(request("database_set", {"databases": [{"name": "d"}]}, check=True))
    others = ("character_set", "collation", "owner", "schemas", "extensions")
    assert seen == [({"databases": [{"name": "d", **dict.fromkeys(others), "state": "present"}]}, True)]


@pytest.mark.parametrize("fault", [AgentError("conflict", "hunter2", at=["x hunter2"]), RuntimeError("hunter2")])
def test_no_secret_in_a_fault_or_a_log(
    handle: Callable[..., None], fault: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> Any:
        raise fault

    handle("user_set", fail)
    answer = dispatcher().answer(request("user_set", {"users": [{"name": "a", "password": "hunter2"}]}))
    assert not answer["ok"]
    assert answer["error"]["reason"] == ("conflict" if isinstance(fault, AgentError) else "agent")
    logged = capfd.readouterr().err
    assert logged
    assert "hunter2" not in json.dumps(answer) + logged


def test_a_secret_in_wrong_arguments_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    answer = dispatcher().answer(request("user_set", {"users": [{"password": "hunter2", "host": 3, "hunter2": 1}]}))
    assert answer["error"]["reason"] == "invalid"
    assert "hunter2" not in json.dumps(answer) + capfd.readouterr().err


def test_a_second_mutating_verb_is_told_of_the_first(handle: Callable[..., None]) -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow(*_: Any) -> dict[str, Any]:
        inside.set()
        assert leave.wait(10)
        return {"changed": True}

    changes: list[int] = []
    handle("datastore_start", slow)
    handle("datastore_stop", lambda *_: {"changed": False})
    handle("status", lambda *_: {"fine": True})
    busy = dispatcher(lambda: changes.append(1))
    first = threading.Thread(target=busy.answer, args=(request("datastore_start"),))
    first.start()
    assert inside.wait(10)
    refused = busy.answer(request("datastore_stop"))["error"]
    assert (refused["reason"], refused["details"]["verb"]) == ("conflict", "datastore_start")
    assert isinstance(refused["details"]["started"], int)
    assert busy.answer(request("status"))["ok"]
    assert busy.answer(request("datastore_stop", check=True))["ok"]
    assert not busy.slot.idle()
    assert changes == []
    leave.set()
    first.join(10)
    assert busy.answer(request("datastore_stop"))["ok"]
    assert busy.slot.idle()
    assert changes == [1, 1]


def test_a_job_that_excludes_a_verb_is_named_and_the_slot_is_free_again(handle: Callable[..., None]) -> None:
    def admit(verb: str) -> None:
        if verb == "datastore_stop":
            raise AgentError("conflict", "a job", job="j", kind="k", started=1)

    changes: list[int] = []
    handle("datastore_stop", lambda *_: {"changed": True})
    handle("datastore_start", lambda *_: {"changed": True})
    agent = cast("Agent", SimpleNamespace(jobs=SimpleNamespace(admit=admit)))
    made = Dispatcher(agent, lambda: changes.append(1))
    refused = made.answer(request("datastore_stop"))["error"]
    assert (refused["reason"], refused["details"]) == ("conflict", {"job": "j", "kind": "k", "started": 1})
    assert changes == []
    assert made.answer(request("datastore_start"))["ok"]
    assert changes == [1]


def test_a_job_can_be_cancelled_while_something_is_changed(handle: Callable[..., None]) -> None:
    made = dispatcher()
    handle("job_cancel", lambda *_: {"changed": True})
    handle("job_start", lambda *_: {"changed": True})
    made.slot.take("database_set")
    assert made.answer(request("job_cancel", {"id": "j"}))["ok"]
    assert made.answer(request("job_start", {"id": "j", "kind": "k"}))["error"]["reason"] == "conflict"
    assert not made.slot.idle()


def test_the_slot_is_free_after_a_crash(handle: Callable[..., None]) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError

    changes: list[int] = []
    handle("datastore_stop", fail)
    made = dispatcher(lambda: changes.append(1))
    assert made.answer(request("datastore_stop"))["error"]["reason"] == "agent"
    assert made.slot.idle()
    assert changes == [1]


def test_a_renewal_that_fails_is_logged_and_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_agent: Agent) -> Any:
        raise AgentError("agent", "no")

    monkeypatch.setattr(dispatch, "renew_certificate", fail)
    dispatcher().renew()
    assert "renewal_failed" in [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()]
