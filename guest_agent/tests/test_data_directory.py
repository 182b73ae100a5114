# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import data_directory
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError


def test_no_two_have_the_same_history(config: Config) -> None:
    places = [replace(config, data_dir=f"{config.data_dir}{number}") for number in range(2)]
    for place in places:
        with data_directory.being_made(place) as target:
            Path(target, "file").touch()
    assert all(map(data_directory.is_own, places))
    assert len({"", *map(data_directory.history, places)}) == 3


@pytest.mark.parametrize(
    ("origin", "own"), [({"uid": "u-1"}, True), ({"uid": "u-2"}, False), ({}, False), (None, False)]
)
def test_one_that_was_not_made_here_now_has_none(config: Config, origin: dict[str, Any] | None, own: bool) -> None:
    os.mkdir(config.data_dir)
    if origin is not None:
        Path(config.data_dir, "dbaas-origin.json").write_text(json.dumps(origin))
    assert (data_directory.history(config), data_directory.is_own(config)) == ("", own)


@pytest.mark.parametrize("restored", [False, True])
def test_it_is_known_whether_it_was_restored(config: Config, restored: bool) -> None:
    assert not data_directory.is_restored(config)
    with data_directory.being_made(config, restored=restored):
        pass
    assert data_directory.is_restored(config) == restored


def test_what_is_made_is_there_complete_or_not_at_all(config: Config) -> None:
    with suppress(KeyboardInterrupt), data_directory.being_made(config) as target:
        for place in (target, f"{target}.1", f"{target}.log"):
            os.makedirs(place, exist_ok=True)
            Path(place, "half").touch()
        raise KeyboardInterrupt
    data_directory.require_none(config)
    with data_directory.being_made(config) as target:
        assert os.listdir(target) == []
        Path(target, "whole").touch()
    assert {"whole"} < set(os.listdir(config.data_dir))
    assert not list(Path(config.mount_point).glob("data.*"))


def test_one_that_is_there_is_in_the_way_whatever_it_is(config: Config) -> None:
    os.symlink("nowhere", config.data_dir)
    with pytest.raises(AgentError) as told:
        data_directory.require_none(config)
    assert told.value.reason == "conflict"


def test_all_below_is_given_away_and_nothing_else(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, bool] = {}
    monkeypatch.setattr(
        os, "chown", lambda path, *_, follow_symlinks=True: given.update({os.path.basename(path): follow_symlinks})
    )
    inside = tmp_path / "top" / "inside"
    inside.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "foreign").touch()
    (inside / "file").touch()
    (inside / "link").symlink_to(tmp_path / "elsewhere")
    data_directory.give_away(config, str(tmp_path / "top"))
    assert given == {"top": True, "inside": False, "file": False, "link": False}
