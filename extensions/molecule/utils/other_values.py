# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another value than it has for each parameter of a MariaDB server, and whether it has them. JSON goes in and comes out.

`pick`: {rules, running} to {dynamic: {name: value}, apart: {name: value}, restart: {name: value}}. `compare`: {asked, running} to the names that differ.
running: variables with their values, as SHOW GLOBAL VARIABLES prints them, a pair a line.
"""

from __future__ import annotations

import json
import sys
from typing import Any

VARIABLES = {
    "default_time_zone": "time_zone",
    "transaction_isolation": "tx_isolation",
    "transaction_read_only": "tx_read_only",
}
CHOSEN = {
    "character_set_collations": "utf8mb4=utf8mb4_unicode_ci",
    "character_set_filesystem": "latin1",
    "character_set_server": "latin1",
    "collation_server": "latin1_bin",
    "default_storage_engine": "Aria",
    "default_time_zone": "+01:00",
    "default_tmp_storage_engine": "Aria",
    "enforce_storage_engine": "InnoDB",
    "ft_boolean_syntax": '+ -><()~*:""&!',
    "gtid_pos_auto_engines": "InnoDB",
    "init_connect": "SET @a = 1",
    "init_slave": "SET @a = 1",
    "lc_messages": "de_DE",
    "lc_time_names": "de_DE",
    # Near its largest value the server ends with signal 11.
    "max_session_mem_used": 1073741824,
    "session_track_system_variables": "autocommit",
    "slave_skip_errors": "1062",
    "slave_transaction_retry_errors": "1213",
    # Within what systemd, and the number of files, allow.
    "open_files_limit": 10000,
    "table_open_cache_instances": 2,
    # One of them is made from the other.
    "binlog_expire_logs_seconds": 864000,
    "expire_logs_days": 10,
    # With a size, OFF becomes ON.
    "query_cache_type": "DEMAND",
    # Powers of two.
    "innodb_ft_sort_pll_degree": 4,
    "innodb_log_write_ahead_size": 1024,
    # With "no-threads" nobody but one client is served.
    "thread_handling": "pool-of-threads",
    # Not above the size that the pool may grow to.
    "innodb_buffer_pool_size_auto_min": 33554432,
    "innodb_buffer_pool_size_max": 1073741824,
}
"""Where the server knows more of what is right than the rule."""
APART = ("flush", "large_pages")
"""What changes another parameter."""
LEFT_OUT = {
    "alter_algorithm": "11.8 ignores it",
    "innodb_ft_server_stopword_table": "a table that is there",
    "innodb_ft_user_stopword_table": "a table that is there",
    "innodb_log_file_buffering": "the file system decides",
    "innodb_log_file_mmap": "the file system decides",
    "thread_pool_size": "it is taken with thread_handling=pool-of-threads alone",
}


def variables(told: str) -> dict[str, str]:
    """The pairs by name."""
    pairs = (line.partition("\t") for line in told.splitlines())
    return {name: value for name, _dummy, value in pairs}


def variable(name: str, running: dict[str, str]) -> str:
    """The variable of a parameter."""
    return name if name in running else VARIABLES.get(name, name)


def another(rule: dict[str, Any], now: str) -> Any:
    """A value that it does not have now."""
    kind = rule["type"]
    if rule["name"] in CHOSEN:
        return CHOSEN[rule["name"]]
    if kind == "boolean":
        return "OFF" if now == "ON" else "ON"
    if kind == "enum":
        return next(choice for choice in rule["choices"] if choice.lower() != now.lower())
    if kind == "set":
        return next(choice for choice in rule["choices"] if choice.lower() not in now.lower().split(","))
    if kind == "flags":
        name, _dummy, state = now.split(",", maxsplit=1)[0].partition("=")
        return f"{name}={'off' if state == 'on' else 'on'}"
    return _number(rule, now)


def _number(rule: dict[str, Any], now: str) -> float:
    step = rule.get("step", 1)
    number = int(now) // step * step if rule["type"] == "integer" else float(now)
    near: list[float] = [number + step, number - step, number / 2, rule["min"], rule["max"]]
    return next(n for n in near if rule["min"] <= n <= rule["max"] and n != number)


def pick(rules: list[dict[str, Any]], running: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Values to set, by how they come to be."""
    found: dict[str, dict[str, Any]] = {"dynamic": {}, "apart": {}, "restart": {}}
    for rule in rules:
        if "reserved" in rule or rule["name"] in LEFT_OUT:
            continue
        waits = rule["restart_required"] or (rule["name"], running[variable(rule["name"], running)]) == (
            "max_user_connections",
            "0",
        )
        kind = "apart" if rule["name"] in APART else "restart" if waits else "dynamic"
        found[kind][rule["name"]] = another(rule, running[variable(rule["name"], running)])
    return found


def is_there(asked: Any, now: str) -> bool:
    """Whether the server has it, in whatever spelling."""
    if isinstance(asked, (int, float)):
        return float(asked) == float(now)
    return now.lower() == asked.lower() or asked.lower() in now.lower().split(",")


def compare(asked: dict[str, Any], running: dict[str, str]) -> list[str]:
    """What is not there."""
    now = {name: running[variable(name, running)] for name in asked}
    return [f"{name}: {value!r} and {now[name]!r}" for name, value in asked.items() if not is_there(value, now[name])]


if __name__ == "__main__":
    given = json.load(sys.stdin)
    has = variables(given["running"])
    print(json.dumps(pick(given["rules"], has) if sys.argv[1] == "pick" else compare(given["asked"], has)))
