# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration below a temporary directory. Property tests judge what is right, not how long it takes on a busy machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import marker
from dbaas_agent import volume as volume_module
from dbaas_agent.agent import Agent
from dbaas_agent.config import Config
from dbaas_agent.heartbeat import TicketFile
from hypothesis import settings

from guest_agent.tests.fakes import FakeDriver, World

settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def _no_chown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seam: only root may give files away."""
    monkeypatch.setattr(os, "chown", lambda *_, **__: None)
    monkeypatch.setattr(os, "fchown", lambda *_: None)


@pytest.fixture
def given() -> dict[str, Any]:
    """What the role writes."""
    return {
        "uid": "u-1",
        "datastore": "somedb",
        "version": "10.11",
        "driver": "somedb",
        "service": "somedb",
        "mount_point": "/var/lib/dbaas",
        "data_dir": "/var/lib/dbaas/data",
        "tls_dir": "/var/lib/dbaas/tls",
        "datastore_user": "root",
        "datastore_group": "root",
        "socket": "/run/somedb/somedb.sock",
        "heartbeat_interval": 30,
        "ticket_file": "/etc/dbaas/heartbeat.ticket",
        "store_ca_file": "",
    }


@pytest.fixture
def config(given: dict[str, Any], tmp_path: Path) -> Config:
    mount = tmp_path / "mount"
    (mount / "tls").mkdir(parents=True)
    (tmp_path / "state").mkdir()
    paths = {
        "mount_point": mount,
        "data_dir": mount / "data",
        "tls_dir": mount / "tls",
        "state_dir": tmp_path / "state",
    }
    return Config(**{**given, **{name: str(path) for name, path in paths.items()}})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    made.install(monkeypatch)
    return made


@pytest.fixture
def driver() -> type[FakeDriver]:
    return FakeDriver


@pytest.fixture
def agent(config: Config, world: World, driver: type[FakeDriver], monkeypatch: pytest.MonkeyPatch) -> Agent:
    monkeypatch.setattr(os.path, "ismount", lambda path: path == config.mount_point)
    monkeypatch.setattr(volume_module, "UNIT_DIR", config.state_dir)
    marker.write(config, marker.new(config, "v-1"))
    return Agent(config, driver(config, world), TicketFile(config.ticket_file))
