# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords of users on the controller."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.plugin_utils import _passwords
from ansible_collections.dbaas.openstack.plugins.plugin_utils._passwords import for_agent

WHOLE = {
    "name": "u",
    "password": None,
    "password_file": None,
    "password_recipients": None,
    "rotate_password": False,
    "databases": ["d"],
    "grants": None,
}


def asked(**change: Any) -> dict[str, Any]:
    return {**WHOLE, **change}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "password"


def test_what_is_given_is_taken_and_what_is_open_is_left_out(file: Path) -> None:
    assert for_agent(asked(), create=True) == {"name": "u", "databases": ["d"]}
    wanted = for_agent(asked(password="given", password_file=str(file)), create=True)
    assert wanted == {"name": "u", "databases": ["d"], "password": "given"}
    assert not file.exists()


def test_a_file_that_is_missing_is_made_once(file: Path) -> None:
    first = for_agent(asked(password_file=str(file)), create=True)["password"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", first)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == f"{first}\n"
    assert for_agent(asked(password_file=str(file)), create=True)["password"] == first
    assert [path.name for path in file.parent.iterdir()] == ["password"]


def test_check_mode_makes_no_file(file: Path) -> None:
    assert for_agent(asked(password_file=str(file)), create=False)["password"]
    assert not file.exists()


def test_runs_that_come_at_once_take_the_same(file: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        taken = pool.map(lambda _: for_agent(asked(password_file=str(file)), create=True)["password"], range(64))
        assert len(set(taken)) == 1


def test_a_rotation_is_finished_by_whoever_comes_next(file: Path) -> None:
    file.write_text("old\n")
    new = for_agent(asked(password_file=str(file), rotate_password=True), create=True)["password"]
    assert new != "old"
    assert (file.parent / "password.new").read_text() == f"{new}\n"
    assert file.read_text() == "old\n"
    for rotate in (True, False):
        again = for_agent(asked(password_file=str(file), rotate_password=rotate), create=True)
        assert again["password"] == new


def test_a_first_password_is_no_rotation(file: Path) -> None:
    for_agent(asked(password_file=str(file), rotate_password=True), create=True)
    assert [path.name for path in file.parent.iterdir()] == ["password"]


def test_a_password_for_recipients_alone_is_for_new_users_only() -> None:
    first, second = (for_agent(asked(password_recipients=["age1x"]), create=True) for _time in range(2))
    assert first["password"] != second["password"]
    assert first["update_password"] == _passwords.ONLY_NEW
    assert "update_password" not in for_agent(asked(password_recipients=["age1x"], rotate_password=True), create=True)


def test_who_goes_needs_no_password(file: Path) -> None:
    assert "password" not in for_agent(asked(state="absent", password_file=str(file)), create=True)
    assert not file.exists()


def test_an_empty_file_is_refused(file: Path) -> None:
    file.write_text("\n")
    with pytest.raises(ValueError, match=str(file)):
        for_agent(asked(password_file=str(file)), create=True)
