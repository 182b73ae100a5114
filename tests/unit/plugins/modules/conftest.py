# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's own server for modules that talk to it, with handlers in the place of a datastore."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dbaas_agent import dispatch
from dbaas_agent.agent import Agent
from dbaas_agent.dispatch import Dispatcher
from dbaas_agent.server import Server


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    nobody = cast(Agent, SimpleNamespace(jobs=SimpleNamespace(admit=lambda _verb: None)))
    server = Server(str(tmp_path / "agent.sock"), Dispatcher(nobody, lambda: None).answer, os.getuid())
    server.start()
    yield str(tmp_path / "agent.sock")
    server.close()


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[..., Any]], None]:
    return lambda verb, act: monkeypatch.setitem(dispatch.HANDLERS, verb, act)
