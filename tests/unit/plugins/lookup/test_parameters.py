# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that ship, and what an operator makes of them."""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.dbaas.openstack.plugins.lookup.parameters import DOCUMENTATION, LookupModule
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore_files import SHIPPED, load, load_rules, places

NAME = "dbaas.openstack.parameters"
constants.config.initialize_plugin_configuration_definitions("lookup", NAME, yaml.safe_load(DOCUMENTATION)["options"])
TROVE = [
    "auto_increment_increment",
    "auto_increment_offset",
    "autocommit",
    "bulk_insert_buffer_size",
    "character_set_filesystem",
    "character_set_server",
    "collation_server",
    "connect_timeout",
    "expire_logs_days",
    "innodb_buffer_pool_size",
    "innodb_file_per_table",
    "innodb_flush_log_at_trx_commit",
    "innodb_log_buffer_size",
    "innodb_open_files",
    "interactive_timeout",
    "join_buffer_size",
    "key_buffer_size",
    "local_infile",
    "long_query_time",
    "lower_case_table_names",
    "max_allowed_packet",
    "max_connect_errors",
    "max_connections",
    "max_prepared_stmt_count",
    "max_user_connections",
    "myisam_sort_buffer_size",
    "performance_schema",
    "server_id",
    "sort_buffer_size",
    "sync_binlog",
    "wait_timeout",
]
"""The parameters of Trove's rules for MariaDB that this server has and that may stand in its file (trove/templates/mariadb/validation-rules.json)."""


def look(*terms: str, **options: Any) -> list[Any]:
    """What the lookup returns, with the options that its documentation declares."""
    lookup = LookupModule()
    lookup._load_name = NAME
    return lookup.run(list(terms), {}, **options)


def rule(rules: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [entry for entry in rules if entry["name"] == name]
    return found


def operator(place: Path, rules: Any, name: str = "validation-rules.json") -> list[dict[str, Any]]:
    (place / "mariadb" / name).parent.mkdir(parents=True, exist_ok=True)
    (place / "mariadb" / name).write_text(json.dumps({"configuration-parameters": rules}))
    return load_rules("mariadb", "", places([str(place)]))


@pytest.mark.parametrize("version", ["10.11", "11.8"])
def test_the_rules_that_ship(version: str) -> None:
    rules = load_rules("mariadb", version, [SHIPPED])
    names = [entry["name"] for entry in rules]
    assert names == sorted(set(names))
    assert set(TROVE) <= set(names)
    assert rule(rules, "max_connections") == {
        "name": "max_connections",
        "type": "integer",
        "restart_required": False,
        "min": 10,
        "max": 100000,
    }
    assert rule(rules, "innodb_buffer_pool_size")["restart_required"] is False
    assert rule(rules, "performance_schema")["restart_required"] is True
    reserved = {entry["name"] for entry in rules if "reserved" in entry}
    assert {"datadir", "port", "ssl_ca", "skip_grant_tables", "server_id"} <= reserved
    assert not {"max_connections", "innodb_buffer_pool_load_at_startup", "innodb_ft_min_token_size"} & reserved


def test_each_version_has_its_own() -> None:
    older, newer = ({entry["name"] for entry in load_rules("mariadb", v, [SHIPPED])} for v in ("10.11", "11.8"))
    assert "innodb_defragment" in older - newer
    assert "optimizer_where_cost" in newer - older


def test_every_pattern_of_what_is_reserved_is_for_something() -> None:
    versions = ("10.11", "11.8")
    names = {entry["name"] for version in versions for entry in load_rules("mariadb", version, [SHIPPED])}
    patterns = [name for entry in load("mariadb", "", [SHIPPED])["reserved_parameters"] for name in entry["names"]]
    assert [pattern for pattern in patterns if not fnmatch.filter(names, pattern)] == []


def test_an_operators_rule_wins_and_adds(tmp_path: Path) -> None:
    mine = {"name": "max_connections", "type": "integer", "restart_required": False, "min": 50, "max": 500}
    other = {"name": "simple_password_check_digits", "type": "integer", "restart_required": False, "min": 0, "max": 9}
    mode = {"name": "sql_mode", "type": "string", "restart_required": False, "reserved": "the house has one"}
    rules = operator(tmp_path, [mine, other, mode])
    assert rule(rules, "max_connections") == mine
    assert rule(rules, other["name"]) == other
    assert rule(rules, "sql_mode")["reserved"] == "the house has one"
    assert rule(rules, "wait_timeout")["max"] == 31536000


def test_the_versions_file_of_a_place_stands_for_the_other(tmp_path: Path) -> None:
    one = {"name": "one", "type": "boolean", "restart_required": False}
    operator(tmp_path, [one])
    rules = operator(tmp_path, [{**one, "name": "two"}], "10.11/validation-rules.json")
    assert {"one", "two"} & {entry["name"] for entry in rules} == {"two"}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        "text",
        {"name": "x"},
        {"name": "x", "type": "word", "restart_required": False},
        {"name": "x", "type": "enum", "restart_required": False},
        {"name": "x", "type": "integer", "restart_required": False, "min": "1"},
        {"name": "x", "type": "boolean", "restart_required": False, "max": 1},
        {"name": "x", "type": "integer", "restart_required": False, "least": 1},
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path, wrong: Any) -> None:
    (tmp_path / "mariadb").mkdir()
    path = tmp_path / "mariadb" / "validation-rules.json"
    path.write_text(json.dumps({"configuration-parameters": [wrong]}))
    with pytest.raises(AnsibleLookupError) as caught:
        look("mariadb", search_path=[str(tmp_path)])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"configuration-parameters": 1}'])
def test_a_file_that_holds_no_rules(tmp_path: Path, text: str) -> None:
    (tmp_path / "mariadb").mkdir()
    (tmp_path / "mariadb" / "validation-rules.json").write_text(text)
    with pytest.raises(AnsibleLookupError):
        look("mariadb", search_path=[str(tmp_path)])


def test_an_unknown_datastore() -> None:
    with pytest.raises(AnsibleLookupError):
        look("nosuchdb")


def test_the_lookup_itself() -> None:
    (rules,) = look("mariadb", version="11.8")
    assert len(rules) > 500


def test_what_a_flavor_starts_with() -> None:
    """Through Ansible, since a template is rendered."""
    rules = f"lookup('{NAME}', 'mariadb', memory_mb=item) | selectattr('default', 'defined')"
    asked = f"{{{{ {rules} | items2dict('name', 'default') }}}}"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    task = {"name": "Show", "ansible.builtin.debug": {"msg": asked}, "loop": [512, 4096]}
    run = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "/dev/stdin"],
        input=json.dumps([{**play, "tasks": [task]}]),
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (small, large) = (
        result["msg"] for result in json.loads(run.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]["results"]
    )
    assert small["innodb_buffer_pool_size"] != large["innodb_buffer_pool_size"]
    assert int(small["max_connections"]) < int(large["max_connections"])
    assert small["performance_schema"] == "OFF"
    assert {"performance_schema", "wait_timeout"}.isdisjoint(large)
