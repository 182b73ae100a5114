# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates between two data volumes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from dbaas_agent import kept_tls
from dbaas_agent.config import Config


@pytest.fixture
def place(config: Config) -> Path:
    made = Path(config.tls_dir)
    made.mkdir(parents=True, exist_ok=True)
    (made / "ca").mkdir()
    (made / "ca" / "key.pem").write_text("secret")
    (made / "ca" / "key.pem").chmod(0o400)
    (made / "server.pem").write_text("public")
    return made


def test_they_are_the_same_on_an_empty_volume(config: Config, place: Path) -> None:
    kept_tls.keep(config)
    shutil.rmtree(place)
    kept_tls.bring(config)
    assert (place / "ca/key.pem").read_text() == "secret"
    assert (place / "ca/key.pem").stat().st_mode & 0o777 == 0o400
    assert (place / "server.pem").read_text() == "public"
    kept_tls.forget(config)
    shutil.rmtree(place)
    kept_tls.bring(config)
    assert not place.exists()


def test_the_newest_are_kept(config: Config, place: Path) -> None:
    kept_tls.keep(config)
    (place / "server.pem").write_text("newer")
    kept_tls.keep(config)
    os.unlink(place / "server.pem")
    kept_tls.bring(config)
    assert (place / "server.pem").read_text() == "newer"
    assert [entry for entry in os.listdir(config.state_dir) if entry.endswith(".new")] == []
