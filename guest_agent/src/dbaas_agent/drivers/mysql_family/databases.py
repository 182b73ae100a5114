# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for databases: pure functions over what the server showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbaas_agent.drivers.all_faults import foreign, refuse, repeated
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.mysql_family.sql import Statement, database_fault, quote


@dataclass(frozen=True)
class CharacterSets:
    """What the server knows: full collation name to character set, character set to its default collation, and what a
    database gets that names neither."""

    collations: dict[str, str]
    defaults: dict[str, str]
    server: tuple[str, str]


def plan_databases(wanted: list[dict[str, Any]], existing: dict[str, dict[str, Any]], known: CharacterSets) -> Plan:
    """Statements for database_set; existing: name to {name, character_set, collation}."""
    faults: list[str] = []
    for place, item in enumerate(wanted):
        where = f"databases[{place}]"
        faults.extend(f"{where}.name: {fault}" for fault in [database_fault(item["name"])] if fault)
        faults.extend(f"{where}.{fault}" for fault in _character_faults(item, known))
        faults.extend(f"{where}.{fault}" for fault in foreign(item, ("owner", "schemas", "extensions")))
    faults.extend(repeated("databases", [item["name"] for item in wanted]))
    refuse(faults)

    statements, before, after = [], {}, {}
    for item in wanted:
        name, now = item["name"], existing.get(item["name"])
        target = None if item["state"] == "absent" else _target(item, now, known)
        if target == now:
            continue
        before[name], after[name] = now, target
        statements.append(_database_statement(name, now, target))
    return Plan(statements, before, after)


def _character_faults(item: dict[str, Any], known: CharacterSets) -> list[str]:
    character_set, collation = item["character_set"], item["collation"]
    faults = []
    if character_set is not None and character_set not in known.defaults:
        faults.append(f"character_set: {character_set!r} is unknown to this server")
    if collation is not None and collation not in known.collations:
        faults.append(f"collation: {collation!r} is unknown to this server")
    elif collation is not None and character_set not in (None, known.collations[collation]):
        faults.append(f"collation: {collation!r} is not of character set {character_set}")
    return faults


def _target(item: dict[str, Any], now: dict[str, Any] | None, known: CharacterSets) -> dict[str, Any]:
    """What the database shall be; what the item leaves open stays as it is, or becomes the server's default."""
    character_set, collation = item["character_set"], item["collation"]
    current = (now["character_set"], now["collation"]) if now else known.server
    if collation:
        current = (known.collations[collation], collation)
    elif character_set and character_set != current[0]:
        current = (character_set, known.defaults[character_set])
    return {"name": item["name"], "character_set": current[0], "collation": current[1]}


def _database_statement(name: str, now: dict[str, Any] | None, target: dict[str, Any] | None) -> Statement:
    if target is None:
        return Statement(f"DROP DATABASE {quote(name)}")
    verb = "ALTER" if now else "CREATE"
    character_set, collation = target["character_set"], target["collation"]
    return Statement(f"{verb} DATABASE {quote(name)} CHARACTER SET {character_set} COLLATE {collation}")
