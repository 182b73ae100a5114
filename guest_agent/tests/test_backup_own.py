# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies that are the operator's own."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent.backup import own
from dbaas_agent.backup.strategy import Strategy, named
from dbaas_agent.errors import AgentError

CONTENT = """
from dbaas_agent.backup.strategy import Strategy

class OwnStrategy(Strategy):
    def take(self, parent, scratch, report): ...
    def unpack(self, target, number): return ["true"]
"""


@pytest.fixture
def driver() -> Any:
    class Usual(Strategy):
        take = unpack = None  # type: ignore[assignment]

    return SimpleNamespace(backup_strategies=lambda: {"usual": Usual, "mine": Usual})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As root sees it: the tests need not be root's."""
    found = tmp_path / "strategies"
    found.mkdir(mode=0o755)
    (found / "mine.py").write_text(CONTENT)
    (found / "mine.py").chmod(0o644)
    monkeypatch.setattr(own, "DIRECTORY", str(found))
    seen = os.lstat
    monkeypatch.setattr(
        own.os,
        "lstat",
        lambda path: SimpleNamespace(st_uid=0 if "other" not in str(path) else 1, st_mode=seen(path).st_mode),
    )
    return found


def test_the_operators_stands_before_the_drivers(driver: Any, place: Path) -> None:
    del place
    assert named(driver, "mine").unpack("", 0) == ["true"]
    assert type(named(driver, "usual")).__name__ == "Usual"


@pytest.mark.parametrize("name", ["none", "../mine", "", "MINE"])
def test_what_there_is_not(driver: Any, place: Path, name: str) -> None:
    del place
    with pytest.raises(AgentError) as told:
        named(driver, name)
    assert told.value.reason == "unsupported"


def refusal(driver: Any, name: str = "mine") -> str:
    with pytest.raises(AgentError) as told:
        named(driver, name)
    return told.value.reason


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_may_write_is_refused(driver: Any, place: Path, mode: int) -> None:
    (place / "mine.py").chmod(mode)
    assert refusal(driver) == "unsupported"


def test_a_directory_that_others_may_write_is_refused(driver: Any, place: Path) -> None:
    place.chmod(0o777)
    assert refusal(driver) == "unsupported"


def test_what_is_somebody_elses_is_refused(driver: Any, place: Path) -> None:
    (place / "other.py").write_text(CONTENT)
    assert refusal(driver, "other") == "unsupported"


def test_a_link_is_refused(driver: Any, place: Path) -> None:
    (place / "linked.py").symlink_to(place / "mine.py")
    assert refusal(driver, "linked") == "unsupported"


@pytest.mark.parametrize("content", ["x = 1", "raise ValueError(1)", "def"])
def test_what_is_no_strategy_is_refused(driver: Any, place: Path, content: str) -> None:
    (place / "mine.py").write_text(content)
    assert refusal(driver) == "unsupported"
