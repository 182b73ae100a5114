# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments against the schema."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from dbaas_agent import schema, validate
from dbaas_agent.errors import AgentError
from hypothesis import given, strategies

USERS = schema.VERBS["user_set"]["args"]
VOLUME = schema.VERBS["volume_prepare"]["args"]
VOLUME_ID = "3f6a1c1e-5f0f-4f0c-9d1b-2b6f1a0f7c11"

JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
)


def faults(spec: dict[str, Any], args: Any) -> list[str]:
    with pytest.raises(AgentError) as caught:
        validate.arguments(spec, args)
    assert caught.value.reason == "invalid"
    return [fault.split(":")[0] for fault in caught.value.details["faults"]]


def test_defaults_are_filled_in() -> None:
    args = validate.arguments(USERS, {"users": [{"name": "a", "password": None}]})
    assert args["users"] == [
        {
            "name": "a",
            "host": "%",
            "new_name": None,
            "new_host": None,
            "password": None,
            "update_password": "always",
            "retain_current_password": False,
            "login": True,
            "roles": None,
            "databases": None,
            "grants": None,
            "append_grants": False,
            "require_tls": None,
            "state": "present",
        }
    ]


def test_all_faults_are_named_at_once() -> None:
    assert faults(VOLUME, {"volume_id": "nonsense", "initialised": 1, "filesystem": "zfs", "more": 1}) == [
        "more",
        "volume_id",
        "initialised",
        "filesystem",
    ]


@pytest.mark.parametrize(
    ("spec", "args", "wrong"),
    [
        (VOLUME, {}, ["volume_id", "initialised"]),
        (VOLUME, [], ["args"]),
        (VOLUME, None, ["args"]),
        (VOLUME, {"volume_id": VOLUME_ID + "\n", "initialised": False}, ["volume_id"]),
        (VOLUME, {"volume_id": "../../" + VOLUME_ID, "initialised": False}, ["volume_id"]),
        (USERS, {"users": {}}, ["users"]),
        (USERS, {"users": ["a"]}, ["users[0]"]),
        (USERS, {"users": [{"name": "a", "databases": [1]}]}, ["users[0].databases[0]"]),
        (USERS, {"users": [{"nome": "a"}]}, ["users[0].nome", "users[0].name"]),
        (schema.VERBS["hello"]["args"], {"protocols": [True]}, ["protocols[0]"]),
    ],
)
def test_faults_are_named_by_their_place(spec: dict[str, Any], args: Any, wrong: list[str]) -> None:
    assert faults(spec, args) == wrong


def test_faults_within_a_dictionary() -> None:
    spec = {"args": {"type": "dict", "required": True, "options": VOLUME}}
    assert faults(spec, {"args": {"more": 1, "initialised": False}}) == ["args.more", "args.volume_id"]
    inner = validate.arguments(spec, {"args": {"volume_id": VOLUME_ID, "initialised": False}})["args"]
    assert inner["filesystem"] == "ext4"


def test_a_secret_is_not_quoted() -> None:
    spec = {"key": {"type": "str", "secret": True, "choices": ["a"]}}
    with pytest.raises(AgentError) as caught:
        validate.arguments(spec, {"key": "hunter2"})
    assert "hunter2" not in json.dumps(caught.value.answer())


@given(JSON)
def test_anything_is_accepted_or_refused(args: Any) -> None:
    for verb in schema.VERBS.values():
        validate.secrets(verb["args"], args)
        with suppress(AgentError):
            assert set(validate.arguments(verb["args"], args)) == set(verb["args"])


@given(strategies.recursive(strategies.text(min_size=1), lambda inner: strategies.lists(inner, min_size=1)))
def test_secrets_are_found_even_where_they_are_misshapen(value: Any) -> None:
    leaves = json.dumps(value)
    found = validate.secrets(USERS, {"users": [{"password": {"x": value}}, 3], "other": "plain"})
    assert found
    assert all(json.dumps(secret) in leaves for secret in found)
