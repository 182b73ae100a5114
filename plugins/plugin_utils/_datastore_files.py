# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore definitions, templates and validation rules from the collection and the operator's search path. Private to this collection."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import yaml
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore import (
    EXTENDS,
    TEMPLATES,
    DatastoreError,
    check_definition,
    choose_version,
    heritage,
    merge,
    resolve,
    summary,
)
from ansible_collections.dbaas.openstack.plugins.plugin_utils._validation_rules import merge_rules, read_rules, reserve

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "templates"
DEFINITION = "datastore.yml"
RULES = "validation-rules.json"


def places(search_path: list[str]) -> list[pathlib.Path]:
    """The places of definitions, the least important one first. search_path: the operator's, the most important one first."""
    operator = [pathlib.Path(os.path.expanduser(entry)) for entry in search_path]
    missing = [str(root) for root in operator if not root.is_dir()]
    if missing:
        raise DatastoreError(f"search_path: no such directory: {', '.join(missing)}.")
    return [SHIPPED, *reversed(operator)]


def _names(roots: list[pathlib.Path]) -> list[str]:
    return sorted({path.parent.name for root in roots for path in root.glob(f"*/{DEFINITION}")})


def _read(path: pathlib.Path, parse: t.Callable[[str], t.Any]) -> t.Any:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise DatastoreError(f"{path}: {exc}") from exc


def _merged(folders: list[pathlib.Path]) -> t.Any:
    data: t.Any = {}
    for folder in folders:
        if (folder / DEFINITION).is_file():
            data = merge(data, _read(folder / DEFINITION, yaml.safe_load))
    return data


def _lineage(name: str, roots: list[pathlib.Path]) -> list[str]:
    """The datastore that this one extends, if it does, and itself."""
    own = _merged([root / name for root in roots])
    base = own.get(EXTENDS) if isinstance(own, dict) else None
    if base is None:
        return [name]
    if base not in _names(roots) or base == name or len(_lineage(base, roots)) > 1:
        raise DatastoreError(
            f"datastore {name!r}: it cannot extend {base!r}, which is no datastore, or extends one itself."
        )
    return [base, name]


def _definition(name: str, version: str, roots: list[pathlib.Path]) -> dict[str, t.Any]:
    """The checked definition. version: "" for what all of them share."""
    inherited: t.Any = {}
    for ancestor in _lineage(name, roots):
        data = _merged(_folders(ancestor, version, roots))
        inherited = merge(heritage(inherited), data)
    return check_definition(name, inherited)


def _folders(name: str, version: str, roots: list[pathlib.Path]) -> list[pathlib.Path]:
    """Where something of a datastore may lie, the least important place first."""
    return [folder for root in roots for folder in ([root / name, root / name / version] if version else [root / name])]


def _template(kind: str, name: str, folders: list[pathlib.Path]) -> str:
    for folder in reversed(folders):
        if (folder / f"{kind}.j2").is_file():
            return str(folder / f"{kind}.j2")
    raise DatastoreError(f"datastore {name!r} has no template {kind}.j2.")


def _chosen(name: str, version: str, roots: list[pathlib.Path]) -> str:
    if name not in _names(roots):
        raise DatastoreError(f"there is no datastore {name!r}; known datastores: {', '.join(_names(roots))}.")
    return choose_version(name, version, _definition(name, "", roots))


def load(name: str, version: str, roots: list[pathlib.Path]) -> dict[str, t.Any]:
    """The resolved definition of one datastore version."""
    chosen = _chosen(name, version, roots)
    folders = [folder for ancestor in _lineage(name, roots) for folder in _folders(ancestor, chosen, roots)]
    definition = _definition(name, chosen, roots)
    files = {kind: _template(kind, name, folders) for kind in TEMPLATES}
    return {**resolve(name, chosen, definition, files), "own_strategies": _strategies(folders)}


def _strategies(folders: list[pathlib.Path]) -> dict[str, str]:
    """The files of the operator's strategies, by name; of two with one name that of the more important place."""
    return {path.stem: str(path) for folder in folders for path in sorted(folder.glob("strategies/*.py"))}


def summaries(roots: list[pathlib.Path]) -> list[dict[str, t.Any]]:
    """The short form of each known datastore."""
    return [summary(name, _definition(name, "", roots)) for name in _names(roots)]


def load_rules(name: str, version: str, roots: list[pathlib.Path]) -> list[dict[str, t.Any]]:
    """The validation rules of one datastore version. In one place a version's file stands for the datastore's; those of several places are merged by name."""
    definition = load(name, version, roots)
    found = []
    for root, ancestor in ((root, ancestor) for ancestor in _lineage(name, roots) for root in roots):
        files = [folder / RULES for folder in (root / ancestor / definition["version"], root / ancestor)]
        found += [read_rules(_read(path, json.loads), str(path)) for path in files if path.is_file()][:1]
    return reserve(merge_rules(found), definition["reserved_parameters"])
