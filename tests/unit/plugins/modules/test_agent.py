# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules agent and agent_info against the agent's own server, with handlers in the place of a datastore."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _agent_client
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import VERBS
from ansible_collections.dbaas.openstack.plugins.modules import agent, agent_info

from tests.unit.fakes.run_module import run

PASSWORD = "hunter2hunter2"
USERS = {"users": [{"name": "clerk", "password": PASSWORD, "databases": ["shop"]}]}


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
    handle("job_list", lambda *_: {"jobs": [{"id": "j"}]})
    seen = run(agent_info, capfd, socket=path)
    assert (seen["changed"], seen["status"]) == (False, {"status": "ACTIVE"})
    assert not {"databases", "jobs", "users"} & set(seen)
    seen = run(agent_info, capfd, socket=path, verbs=["databases", "users", "jobs"])
    assert (seen["databases"], seen["users"], seen["jobs"]) == ([{"name": "shop"}], [{"name": "clerk"}], [{"id": "j"}])


JOB = {"id": "j", "kind": "copy", "args": {"what": "all"}, "secrets": {"key": PASSWORD}}
PROGRESS = {"phase": "copy", "item": "", "done": 1, "total": 2, "unit": "files", "percent": 50}


def job(state: str, **more: Any) -> dict[str, Any]:
    over = state in ("DONE", "FAILED", "CANCELLED")
    shown = {"id": "j", "kind": "copy", "state": state, "ended": 7 if over else None, "progress": PROGRESS}
    return {**shown, "result": None, "error": None, **more}


@pytest.fixture
def started(handle: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Let a job go through states, one a look; the list gets what was asked."""
    monkeypatch.setattr(_agent_client, "POLL_SECONDS", 0.01)

    def play(first: dict[str, Any], *later: dict[str, Any]) -> list[Any]:
        asked: list[Any] = []
        looks = iter(later)

        def begin(_agent: Any, args: dict[str, Any], check: bool) -> dict[str, Any]:
            asked.append((args, check))
            return {"changed": True, "diff": {"before": None, "after": {"state": "PENDING"}}, "job": first}

        handle("job_start", begin)
        handle("job_status", lambda *_: {"job": next(looks)})
        return asked

    return play


def test_a_job_is_waited_for(path: str, started: Callable[..., list[Any]], capfd: pytest.CaptureFixture[str]) -> None:
    asked = started(job("PENDING"), job("RUNNING"), job("DONE", result={"files": 2}))
    result = run(agent, capfd, socket=path, job=JOB)
    assert (result["changed"], result["job"]["state"], result["job"]["result"]) == (True, "DONE", {"files": 2})
    assert result["diff"] == {"before": None, "after": {"state": "PENDING"}}
    assert asked == [(JOB, False)]
    assert PASSWORD not in json.dumps(result)
    assert result["invocation"]["module_args"]["job"]["args"] == {"what": "all"}


@pytest.mark.parametrize("params", [{"job": {**JOB, "wait": False}}, {"job": JOB, "_ansible_check_mode": True}])
def test_a_job_that_is_not_waited_for(
    path: str, started: Callable[..., list[Any]], capfd: pytest.CaptureFixture[str], params: dict[str, Any]
) -> None:
    asked = started(job("PENDING"))
    result = run(agent, capfd, socket=path, **params)
    assert (result["changed"], result["job"]) == (True, job("PENDING"))
    assert asked == [(JOB, "_ansible_check_mode" in params)]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
@pytest.mark.parametrize("wait", [True, False])
def test_a_job_that_did_not_succeed_fails_the_task(
    path: str, started: Callable[..., list[Any]], capfd: pytest.CaptureFixture[str], state: str, wait: bool
) -> None:
    error = {"reason": "conflict", "msg": "no", "details": {}} if state == "FAILED" else None
    started(job(state, error=error))
    result = run(agent, capfd, socket=path, job={**JOB, "wait": wait})
    assert (result["failed"], result["reason"], result["job"]["state"]) == (True, "agent", state)


def test_a_job_that_takes_too_long_goes_on(
    path: str, started: Callable[..., list[Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    started(job("PENDING"), *[job("RUNNING")] * 1000)
    result = run(agent, capfd, socket=path, job={**JOB, "wait_timeout": 1})
    assert (result["failed"], result["reason"], result["job"]) == (True, "timeout", job("RUNNING"))


@pytest.mark.parametrize("state", ["CANCELLED", "DONE"])
def test_a_job_is_cancelled(
    path: str, handle: Callable[..., None], capfd: pytest.CaptureFixture[str], state: str
) -> None:
    answer = {"changed": state == "CANCELLED", "diff": {}, "job": job(state)}
    handle("job_cancel", lambda _agent, args, _check: {**answer, "diff": args})
    result = run(agent, capfd, socket=path, job={"id": "j", "cancel": True})
    assert (result["changed"], result["job"]["state"]) == (state == "CANCELLED", state)
    assert result["diff"] == {"id": "j"}
    assert "failed" not in result


@pytest.mark.parametrize(
    "params", [{}, {"verb": "status", "job": JOB}, {"job": {"id": "j"}}, {"job": {"kind": "copy"}}, {"job": {}}]
)
def test_what_the_module_refuses(path: str, capfd: pytest.CaptureFixture[str], params: dict[str, Any]) -> None:
    result = run(agent, capfd, socket=path, **params)
    assert result["failed"]
    assert "reason" not in result
