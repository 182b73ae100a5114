# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A configuration group: what is kept of it, and what a change makes of it. Pure; private to the collection."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import Problem
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import NOTHING
from ansible_collections.dbaas.openstack.plugins.module_utils._parameters import Rule, Value, called, check_values

DESCRIPTION_LIMIT = 255
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclasses.dataclass(frozen=True)
class Configuration:
    """A group with its values as check_values gives them. revision: 1 when it was made, one more with each change. Times: ISO 8601, UTC."""

    name: str
    datastore: str
    datastore_version: str
    values: t.Mapping[str, Value] = dataclasses.field(default_factory=dict)
    description: str = ""
    revision: int = 1
    created: str = ""
    updated: str = ""

    def body(self) -> str:
        """The record in the store."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    def shown(self) -> dict[str, t.Any]:
        """What a difference shows: neither times nor the revision, which follow from it."""
        whole = dataclasses.asdict(self)
        return {key: whole[key] for key in ("name", "datastore", "datastore_version", "description", "values")}


def parse(body: t.Any, name: str) -> Configuration:
    """A record from the store. DbaasError (conflict) when it is none: nobody but this collection writes there."""
    known = {field.name for field in dataclasses.fields(Configuration)}
    if not isinstance(body, dict) or set(body) != known or body["name"] != name or not isinstance(body["values"], dict):
        raise DbaasError("conflict", f"the record of configuration group {name!r} is damaged: delete and set it again")
    return Configuration(**body)


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked of a group. None: not asked. A value of None in values: it is to go. replace: what values do not hold is to go."""

    name: str
    datastore: str | None = None
    datastore_version: str | None = None
    values: t.Mapping[str, t.Any] | None = None
    description: str | None = None
    replace: bool = False


def name_problems(name: str) -> list[Problem]:
    """What is wrong with a group's name."""
    if _NAME.fullmatch(name) and name.lower() != NOTHING:
        return []
    msg = (
        f"name: {name!r} is none: 1 to 64 letters, digits, '.', '_' and '-' that begin with a letter or digit,"
        f" and not {NOTHING!r}"
    )
    return [Problem("name", name, "invalid", msg)]


def plan_configuration(
    wish: Wish, there: Configuration | None, rules: t.Sequence[Rule], now: str
) -> tuple[Configuration, list[Problem]]:
    """The group as it is to be, the one that is there if nothing changes, and everything that is wrong with the wish. now: ISO 8601, UTC."""
    problems = name_problems(wish.name)
    problems += _version_problems(wish, there)
    if len(wish.description or "") > DESCRIPTION_LIMIT:
        msg = f"description: it has {len(wish.description or '')} characters; {DESCRIPTION_LIMIT} or less are possible"
        problems.append(Problem("description", wish.description, "invalid", msg))
    values, wrong = _values(wish, there, rules)
    if problems or wrong:
        return there or Configuration(wish.name, "", ""), problems + wrong
    if there is None:
        version = (wish.datastore or "", wish.datastore_version or "")
        return Configuration(wish.name, *version, values, wish.description or "", 1, now, now), []
    description = there.description if wish.description is None else wish.description
    changed = dataclasses.replace(there, values=values, description=description)
    if changed == there:
        return there, []
    return dataclasses.replace(changed, revision=there.revision + 1, updated=now), []


def _version_problems(wish: Wish, there: Configuration | None) -> list[Problem]:
    problems = []
    for option in ("datastore", "datastore_version"):
        asked = getattr(wish, option)
        if there is None and not asked:
            msg = f"{option}: it is needed for a new configuration group"
            problems.append(Problem(option, asked, "invalid", msg))
        elif there is not None and asked not in (None, "", getattr(there, option)):
            msg = f"{option}: configuration group {there.name} is for {there.datastore} {there.datastore_version}, not {asked}; make another one"
            problems.append(Problem(option, asked, "conflict", msg))
    return problems


def _values(wish: Wish, there: Configuration | None, rules: t.Sequence[Rule]) -> tuple[dict[str, Value], list[Problem]]:
    kept = {} if there is None or (wish.replace and wish.values is not None) else dict(there.values)
    asked = wish.values or {}
    if asked and not rules:
        msg = "rules: they are needed with values, as lookup dbaas.openstack.parameters returns them"
        return kept, [Problem("rules", [], "invalid", msg)]
    plain, problems = check_values({name: value for name, value in asked.items() if value is not None}, rules)
    gone = {called(name) for name, value in asked.items() if value is None}
    known = {*(rule["name"] for rule in rules), *(there.values if there else ())}
    for name in sorted(gone - known):
        msg = f"values.{name}: there is no such parameter, and none in the group"
        problems.append(Problem(f"values.{name}", None, "not_found", msg))
    for name in sorted(gone & set(plain)):
        problems.append(Problem(f"values.{name}", None, "invalid", f"values.{name}: it is given twice"))
    return {name: value for name, value in sorted({**kept, **plain}.items()) if name not in gone}, problems
