# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import config
from dbaas_agent.errors import AgentError


def test_what_the_role_writes_is_accepted(given: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "agent.json"
    path.write_text(json.dumps(given))
    loaded = config.load(str(path))
    assert {name: getattr(loaded, name) for name in given} == given


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uid", ""),
        ("uid", 7),
        ("driver", "../evil"),
        ("service", "-x"),
        ("service", "a b"),
        ("heartbeat_interval", "30"),
        ("heartbeat_interval", True),
        ("heartbeat_interval", 0),
        ("port", 3306),
        ("heartbeat_interval", 1),
        ("mount_point", "relative"),
        ("data_dir", "/var/lib/dbaas/../../etc"),
        ("data_dir", "/srv/data"),
        ("tls_dir", "/var/lib/dbaas"),
        ("store_ca_file", "x"),
        ("surprise", 1),
    ],
)
def test_a_fault_names_the_option(given: dict[str, Any], name: str, value: Any) -> None:
    with pytest.raises(AgentError) as caught:
        config.parse({**given, name: value})
    assert caught.value.reason == "invalid"
    assert [fault.split(":")[0] for fault in caught.value.details["faults"]] == [name]


def test_missing_options_are_all_named(given: dict[str, Any]) -> None:
    with pytest.raises(AgentError) as caught:
        config.parse({"uid": given["uid"]})
    named = {fault.split(":")[0] for fault in caught.value.details["faults"]}
    assert {"datastore", "driver", "data_dir"} <= named
    assert not {"uid", "mount_point", "ticket_file", "state_dir"} & named


@pytest.mark.parametrize("text", [None, "", "[]", "{"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "agent.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(AgentError) as caught:
        config.load(str(path))
    assert caught.value.reason == "invalid"
