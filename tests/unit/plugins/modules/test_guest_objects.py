# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for databases, users and root against the agent's own server, with handlers in the place of a datastore."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.modules import database, database_info, root_access, user, user_info
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
