# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for databases, users, root and logs against the agent's own server, with handlers in the place of a datastore."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.modules import (
    database,
    database_info,
    guest_log,
    guest_log_info,
    root_access,
    user,
    user_info,
)
from dbaas_agent import schema, validate

from tests.unit.fakes.run_module import run

PASSWORD = "hunter2hunter2"
ANSWER = {"changed": True, "diff": {"before": {}, "after": {}}, "statements": ["CREATE"]}


@pytest.mark.parametrize(
    "case",
    [
        (database, "database_set", {"databases": [{"name": "shop"}]}, {"databases": [{"name": "shop"}]}),
        (
            user,
            "user_set",
            {"users": [{"name": "clerk", "password": PASSWORD, "grants": [{"database": "shop", "privileges": ["ALL"]}]}]},
            {"users": [{"name": "clerk", "password": PASSWORD, "grants": [{"database": "shop", "privileges": ["ALL"]}]}]},
        ),
        (root_access, "root_set", {"state": "present", "password": PASSWORD}, {"enabled": True, "password": PASSWORD}),
        (root_access, "root_set", {"state": "absent"}, {"enabled": False}),
    ],
)  # fmt: skip
def test_a_change(
    path: str,
    handle: Any,
    capfd: pytest.CaptureFixture[str],
    case: tuple[Any, str, dict[str, Any], dict[str, Any]],
) -> None:
    module, verb, params, sent = case
    heard = []
    handle(verb, lambda _agent, args, check: heard.append((args, check)) or dict(ANSWER))
    for check in (True, False):
        result = run(module, capfd, socket=path, _ansible_check_mode=check, **params)
        assert {name: result[name] for name in ANSWER} == ANSWER
        assert PASSWORD not in json.dumps(result)
    # The module's defaults are the agent's.
    whole = validate.arguments(schema.VERBS[verb]["args"], sent)
    assert heard == [(whole, True), (whole, False)]


def test_a_refusal(path: str, capfd: pytest.CaptureFixture[str]) -> None:
    result = run(database, capfd, socket=path + "none", databases=[])
    assert (result["failed"], result["reason"]) == (True, "agent")


def test_lists_can_be_narrowed(path: str, handle: Any, capfd: pytest.CaptureFixture[str]) -> None:
    handle("database_list", lambda *_: {"databases": [{"name": "shop"}, {"name": "till"}]})
    handle("user_list", lambda *_: {"users": [{"name": "a", "host": "x"}, {"name": "a", "host": "y"}, {"name": "b"}]})
    handle("root_status", lambda *_: {"enabled": False})
    assert len(run(database_info, capfd, socket=path)["databases"]) == 2
    assert run(database_info, capfd, socket=path, name="till")["databases"] == [{"name": "till"}]
    seen = run(user_info, capfd, socket=path, name="a")
    assert ([row["host"] for row in seen["users"]], seen["root_enabled"]) == (["x", "y"], False)


LOGS = [{"name": "error", "status": "READY"}, {"name": "slow", "status": "DISABLED"}]
URL = "https://store/v1/AUTH_a/dbaas_logs/u/slow/?temp_url_sig=s"


def list_logs(_agent: Any, args: dict[str, Any], _check: bool) -> dict[str, Any]:
    return {"logs": [log for log in LOGS if args["name"] in (None, log["name"])]}


def test_logs_are_listed(path: str, handle: Any, capfd: pytest.CaptureFixture[str]) -> None:
    handle("log_list", list_logs)
    assert run(guest_log_info, capfd, socket=path)["logs"] == LOGS
    assert run(guest_log_info, capfd, socket=path, name="slow")["logs"] == LOGS[1:]
    assert run(guest_log_info, capfd, socket=path, name="audit")["logs"] == []


def test_a_log_is_read_and_followed(path: str, handle: Any, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[dict[str, Any]] = []
    texts = iter(["one\n", "", "two\n"])

    def read(_agent: Any, args: dict[str, Any], _check: bool) -> dict[str, Any]:
        heard.append(args)
        return {"text": next(texts), "lines": 1, "cursor": f"1:{len(heard)}", "more": False}

    handle("log_list", list_logs)
    handle("log_read", read)
    first = run(guest_log_info, capfd, socket=path, name="slow", lines=5)
    assert (first["text"], first["cursor"], first["logs"]) == ("one\n", "1:1", LOGS[1:])
    second = run(guest_log_info, capfd, socket=path, name="slow", after=first["cursor"], wait=30)
    assert (second["text"], second["cursor"], len(heard)) == ("two\n", "1:3", 3)
    assert [args["after"] for args in heard] == [None, "1:1", "1:1"]


def test_a_log_is_published_and_discarded(path: str, handle: Any, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[dict[str, Any]] = []
    sent = {"changed": True, "sent": {"bytes": 4, "lines": 1}}
    handle("log_publish", lambda _agent, args, _check: heard.append(args) or dict(sent))
    handle("log_discard", lambda *_: {"changed": True})
    published = run(guest_log, capfd, socket=path, name="slow", url=URL, expire_after=7)
    assert (published["changed"], published["sent"]) == (True, sent["sent"])
    assert heard == [{"name": "slow", "url": URL, "expire_after": 7 * 86400}]
    assert URL not in json.dumps(published)
    assert run(guest_log, capfd, socket=path, name="slow", state="discarded")["changed"]


@pytest.mark.parametrize(
    ("module", "params"),
    [
        (guest_log_info, {"lines": 5}),
        (guest_log_info, {"name": "slow", "after": "1:1", "wait": 61}),
        (guest_log, {"name": "slow", "url": URL, "expire_after": 0}),
    ],
)
def test_bad_input_is_refused(
    path: str, capfd: pytest.CaptureFixture[str], module: Any, params: dict[str, Any]
) -> None:
    assert run(module, capfd, socket=path, **params)["reason"] == "invalid"
