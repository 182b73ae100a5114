# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a datastore would refuse; the controller and the agent judge alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dbaas.openstack.plugins.plugin_utils._objects import object_faults
from dbaas_agent.drivers.mariadb.accounts import Dialect
from dbaas_agent.drivers.mysql_family import sql
from hypothesis import example, given, strategies

MARIADB = yaml.safe_load(Path("templates/mariadb/datastore.yml").read_text(encoding="utf-8"))["names"]
NAME = strategies.text(max_size=90) | strategies.text("a\x00 \t./\\é茶🐘#%", max_size=4)


def user(**changes: Any) -> dict[str, Any]:
    return {"name": "clerk", "host": "%", "password": "secret", "password_file": None, "databases": [], **changes}


@given(NAME)
@example("#mysql50#x")
@example("MySQL")
@example("a\n")
@example("\ud800")
@example("x" * 64)
@example("x" * 65)
def test_databases_are_judged_as_the_agent_does(name: str) -> None:
    assert bool(object_faults(MARIADB, [name], [])) == bool(sql.database_fault(name))


@given(NAME)
@example("")
@example("Root")
@example("x" * 80)
@example("x" * 81)
def test_users_are_judged_as_the_agent_does(name: str) -> None:
    assert bool(object_faults(MARIADB, [], [user(name=name)])) == bool(sql.user_fault(name, Dialect.names))


def test_reserved_names_are_those_of_the_agent() -> None:
    assert set(MARIADB["database"]["reserved"]) == sql.SYSTEM_DATABASES
    assert set(MARIADB["user"]["reserved"]) == Dialect.names.system_users - {""}


@pytest.mark.parametrize(
    ("databases", "users", "places"),
    [
        (["shop", "till"], [user(databases=["shop"]), user(host="10.%")], []),
        (["shop", "shop"], [], ["databases"]),
        ([], [user(host="A"), user(host="a")], ["users"]),
        ([], [user(host="a b")], ["users[0].host"]),
        ([], [user(), user(name="other", databases=["a/b"])], ["users[1].databases"]),
        ([], [user(password="")], ["users[0]"]),
        ([], [user(password=None, password_file="/p")], []),
        (["sys"], [user(name="root", password="")], ["databases", "users[0].name", "users[0]"]),
    ],
)
def test_each_fault_tells_where_it_stands(databases: list[str], users: list[dict[str, Any]], places: list[str]) -> None:
    assert [fault.split(": ")[0] for fault in object_faults(MARIADB, databases, users)] == places
