# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore definitions: merge, check and resolve `datastore.yml`. Pure; reading files is the lookup's work.

Private to this collection.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ABSENT_VERSION = ""
EXTENDS = "extends"
_OWN = frozenset({"default_version", "packages", "versions"})
"""What a datastore that extends another has by itself alone."""

_HOST = {
    "swappiness": {"type": "int", "required": True},
    "transparent_hugepages": {"type": "str", "required": True, "choices": ["always", "madvise", "never"]},
    "oom_score_adjust": {"type": "int", "required": True},
    "open_files": {"type": "int", "required": True},
}
_MINIMUM = {name: {"type": "int", "required": True} for name in ("ram_mb", "disk_gb", "volume_gb")}
TEMPLATES = ("config", "tls", "logs", "override", "replica", "closed")
"""What is rendered for a guest: each is a template and a file."""
_FILES = {name: {"type": "str", "required": True} for name in TEMPLATES}
_RULE = {
    "pattern": {"type": "str", "required": True},
    "allowed": {"type": "str", "required": True},
    "reserved": {"type": "list", "elements": "str", "required": True},
}
_NAMES = {name: {"type": "dict", "required": True, "options": _RULE} for name in ("database", "user", "host")}
_RESERVED = {
    "because": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
}
_TEXTS = (
    "title",
    "driver",
    "service",
    "socket",
    "user",
    "group",
    "mount_point",
    "data_dir",
    "tls_dir",
    "config_dir",
    "default_version",
)
SCHEMA: dict[str, dict[str, t.Any]] = {
    **{name: {"type": "str", "required": True} for name in _TEXTS},
    "port": {"type": "int", "required": True},
    "config_files": {"type": "dict", "required": True, "options": _FILES},
    "versions": {"type": "dict", "required": True},
    "packages": {"type": "dict", "required": True},
    "package_guard": {"type": "str", "default": ""},
    "package_data_dirs": {"type": "list", "elements": "str", "default": []},
    "masked_services": {"type": "list", "elements": "str", "default": []},
    "drop_in": {"type": "str", "default": ""},
    "held_packages": {"type": "list", "elements": "str", "required": True},
    "minimum": {"type": "dict", "required": True, "options": _MINIMUM},
    "names": {"type": "dict", "required": True, "options": _NAMES},
    "host": {"type": "dict", "required": True, "options": _HOST},
    "sizing": {"type": "dict", "default": {}},
    EXTENDS: {"type": "str"},
    "logs": {"type": "list", "elements": "str", "default": []},
    "reserved_parameters": {"type": "list", "elements": "dict", "options": _RESERVED, "default": []},
    "capabilities": {"type": "list", "elements": "str", "default": []},
    "strategies": {"type": "dict", "default": {}},
}
_VERSION_SCHEMA: dict[str, dict[str, t.Any]] = {"os": {"type": "str", "required": True}}
_PACKAGES_SCHEMA: dict[str, dict[str, t.Any]] = {"packages": {"type": "list", "elements": "str", "required": True}}


class DatastoreError(Exception):
    """A datastore, version or definition that cannot be used; the text names what would be right."""


def merge(base: t.Any, over: t.Any) -> t.Any:
    """Return O(over) laid on O(base): dictionaries are merged key by key, everything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: merge(base[key], value) if key in base else value for key, value in over.items()}}
    return over


def heritage(data: t.Any) -> t.Any:
    """Return what a datastore that extends the one of O(data) begins with."""
    return {key: value for key, value in data.items() if key not in _OWN} if isinstance(data, dict) else data


def _check(schema: dict[str, dict[str, t.Any]], data: t.Any, where: str) -> dict[str, t.Any]:
    if not isinstance(data, dict):
        raise DatastoreError(f"{where}: a dictionary is needed, got {type(data).__name__}.")
    result = ArgumentSpecValidator(schema).validate(data)
    if result.error_messages:
        raise DatastoreError(f"{where}: " + "; ".join(result.error_messages))
    return dict(result.validated_parameters)


def check_definition(name: str, data: t.Any) -> dict[str, t.Any]:
    """Return the definition of datastore O(name) with types and defaults applied, or raise L(DatastoreError)."""
    where = f"datastore {name!r}"
    definition = _check(SCHEMA, data, where)
    definition["versions"] = {
        str(version): _check(_VERSION_SCHEMA, entry, f"{where}, versions.{version}")
        for version, entry in definition["versions"].items()
    }
    definition["packages"] = {
        os: _check(_PACKAGES_SCHEMA, {"packages": packages}, f"{where}, packages.{os}")["packages"]
        for os, packages in definition["packages"].items()
    }
    if definition["default_version"] not in definition["versions"]:
        known = ", ".join(sorted(definition["versions"]))
        raise DatastoreError(f"{where}: default_version {definition['default_version']!r} is not one of: {known}.")
    for version, entry in definition["versions"].items():
        if entry["os"] not in definition["packages"]:
            raise DatastoreError(f"{where}, versions.{version}: there are no packages for os {entry['os']!r}.")
    return definition


def choose_version(name: str, version: str, definition: dict[str, t.Any]) -> str:
    """Return the version to use: O(version), or the default one where it is empty."""
    if version == ABSENT_VERSION:
        return str(definition["default_version"])
    if version in definition["versions"]:
        return version
    known = ", ".join(sorted(definition["versions"]))
    raise DatastoreError(f"datastore {name!r} has no version {version!r}; known versions: {known}.")


def resolve(name: str, version: str, definition: dict[str, t.Any], files: dict[str, str]) -> dict[str, t.Any]:
    """Return what roles and modules receive: the checked definition narrowed to one version and its system."""
    os = definition["versions"][version]["os"]
    narrowed = {key: value for key, value in definition.items() if key not in ("versions", "default_version", EXTENDS)}
    return {
        **narrowed,
        "name": name,
        "version": version,
        "os": os,
        "packages": definition["packages"][os],
        "files": files,
    }


def summary(name: str, definition: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the short form of a datastore for lists."""
    return {
        "name": name,
        "title": definition["title"],
        "versions": sorted(definition["versions"]),
        "default_version": definition["default_version"],
    }
