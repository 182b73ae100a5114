# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL's base configuration plans with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.repo import load, text
from tests.contracts.test_datastores import MEMORY, _settings

VERSIONS = ["15", "17"]


def _planned(memory_mb: int, version: str) -> tuple[dict[str, str], dict[str, float]]:
    definition = load(Path("templates/postgresql/datastore.yml"))
    over = Path(f"templates/postgresql/{version}/datastore.yml")
    sizing = {**definition["sizing"], **(load(over)["sizing"] if over.exists() else {})}
    template = text(Path("templates/postgresql/config.j2"))
    return _settings({**definition, "name": "", "sizing": sizing}, template, memory_mb), sizing


def _mb(settings: dict[str, str], name: str) -> int:
    return int(settings[name].removesuffix("MB"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("memory_mb", MEMORY)
def test_it_plans_with_what_others_leave(memory_mb: int, version: str) -> None:
    """Its caches, maintenance, and what the admitted connections may take all at once, fit beside kernel, agent and backup tool."""
    settings, sizing = _planned(memory_mb, version)
    connections, usable = int(settings["max_connections"]), memory_mb - sizing["reserved_mb"]
    shared = sum(_mb(settings, name) for name in ("shared_buffers", "wal_buffers", "maintenance_work_mem"))
    sessions = connections * (sizing["session_mb"] + _mb(settings, "work_mem"))
    planned = shared + 3 * _mb(settings, "autovacuum_work_mem") + sessions
    assert usable / 2 < planned <= usable
    assert connections >= sizing["connections_minimum"]
    kept = int(settings["superuser_reserved_connections"]) + int(settings.get("reserved_connections", 0))
    assert kept < connections / 2


@pytest.mark.parametrize("memory_mb", MEMORY)
def test_its_log_of_changes_fits_the_smallest_volume(memory_mb: int) -> None:
    settings, sizing = _planned(memory_mb, "15")
    assert _mb(settings, "min_wal_size") < _mb(settings, "max_wal_size") <= sizing["wal_maximum_mb"]
    assert _mb(settings, "wal_keep_size") <= _mb(settings, "max_slot_wal_keep_size") <= _mb(settings, "max_wal_size")


def test_it_admits_no_guest_with_less_memory() -> None:
    assert load(Path("templates/postgresql/datastore.yml"))["minimum"]["ram_mb"] == min(MEMORY)
