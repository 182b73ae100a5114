# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore definitions: merge, check, resolve."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore import (
    DatastoreError,
    check_definition,
    choose_version,
    merge,
    resolve,
    summary,
)
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore_files import load

SHIPPED = sorted((Path(__file__).resolve().parents[4] / "templates").glob("*/datastore.yml"))


@pytest.fixture
def raw() -> dict[str, Any]:
    """A definition as a file holds it."""
    return {
        "title": "Thing",
        "driver": "thing",
        "service": "thingd",
        "port": "4000",
        "socket": "/run/thing.sock",
        "user": "thing",
        "group": "thing",
        "mount_point": "/var/lib/dbaas",
        "data_dir": "/var/lib/dbaas/data",
        "tls_dir": "/var/lib/dbaas/tls",
        "config_dir": "/etc/thing",
        "config_files": {name: f"{name}.cnf" for name in ("config", "tls", "logs", "override", "replica", "closed")},
        "default_version": "2",
        "versions": {"1": {"os": "debian-12"}, "2": {"os": "debian-13"}},
        "packages": {"debian-12": ["thing-1"], "debian-13": ["thing-2", "helper"]},
        "held_packages": ["thing"],
        "minimum": {"ram_mb": 512, "disk_gb": 3, "volume_gb": 1},
        "names": {
            kind: {"pattern": ".+", "allowed": "anything", "reserved": []} for kind in ("database", "user", "host")
        },
        "host": {"swappiness": 1, "transparent_hugepages": "never", "oom_score_adjust": -600, "open_files": 1024},
    }


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({}, "text", "text"),
    ],
)
def test_merge(base: Any, over: Any, merged: Any) -> None:
    before = copy.deepcopy((base, over))
    assert merge(base, over) == merged
    assert (base, over) == before


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SHIPPED))
def test_shipped_definitions_are_right(name: str) -> None:
    definition = load(name, "", [SHIPPED[0].parents[1]])
    assert definition["name"] == name
    assert all(Path(path).is_file() for path in definition["files"].values())


def test_types_and_defaults_are_applied(raw: dict[str, Any]) -> None:
    definition = check_definition("thing", raw)
    assert definition["port"] == 4000
    assert definition["capabilities"] == []
    assert definition["package_data_dirs"] == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"port": "many"}, ["port"]),
        ({"surprise": 1}, ["surprise"]),
        ({"minimum": {"ram_mb": 1}}, ["minimum", "disk_gb", "volume_gb"]),
        ({"host": {"swappiness": 1}}, ["host"]),
        ({"versions": {"2": {}}}, ["versions.2", "os"]),
        ({"versions": {"2": "debian-12"}}, ["versions.2", "str"]),
        ({"packages": {"debian-12": {"a": 1}}}, ["packages.debian-12"]),
        ({"default_version": "3"}, ["default_version", "3", "1, 2"]),
        ({"packages": {"debian-12": ["a"]}}, ["versions.2", "debian-13"]),
    ],
)
def test_faults_are_named(raw: dict[str, Any], change: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(DatastoreError) as refusal:
        check_definition("thing", {**raw, **change})
    assert [word for word in ["thing", *named] if word not in str(refusal.value)] == []


def test_a_missing_key_is_named(raw: dict[str, Any]) -> None:
    del raw["socket"]
    with pytest.raises(DatastoreError, match="socket"):
        check_definition("thing", raw)


@pytest.mark.parametrize("data", [None, [], "text"])
def test_something_else_than_a_dictionary_is_refused(data: Any) -> None:
    with pytest.raises(DatastoreError, match="dictionary"):
        check_definition("thing", data)


def test_the_default_version_is_chosen(raw: dict[str, Any]) -> None:
    assert choose_version("thing", "", check_definition("thing", raw)) == "2"
    assert choose_version("thing", "1", check_definition("thing", raw)) == "1"


def test_an_unknown_version_names_the_known_ones(raw: dict[str, Any]) -> None:
    with pytest.raises(DatastoreError, match=r"'9'.*1, 2"):
        choose_version("thing", "9", check_definition("thing", raw))


def test_resolve_narrows_to_one_version(raw: dict[str, Any]) -> None:
    resolved = resolve("thing", "2", check_definition("thing", raw), {"config": "/x/config.j2"})
    assert {key: resolved[key] for key in ("name", "version", "os", "packages", "files")} == {
        "name": "thing",
        "version": "2",
        "os": "debian-13",
        "packages": ["thing-2", "helper"],
        "files": {"config": "/x/config.j2"},
    }
    assert resolved.keys().isdisjoint({"versions", "default_version"})


def test_summary(raw: dict[str, Any]) -> None:
    assert summary("thing", check_definition("thing", raw)) == {
        "name": "thing",
        "title": "Thing",
        "versions": ["1", "2"],
        "default_version": "2",
    }
