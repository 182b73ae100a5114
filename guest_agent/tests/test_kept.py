# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import grp
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent.backup import kept
from dbaas_agent.config import Config
from dbaas_agent.fsutil import ensure_directory


def names(config: Config) -> list[str]:
    return sorted(os.listdir(kept.directory(config)))


def test_a_backup_has_an_empty_place_for_the_datastore_where_that_sees_nothing_else(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Any, ...]] = []
    monkeypatch.setattr(os, "chown", lambda *told: given.append(told))
    kept.prepare(config)
    directory = Path(kept.directory(config))
    (scratch,) = directory.iterdir()
    (scratch / "left").mkdir()
    kept.prepare(config)
    assert list(directory.iterdir()) == [scratch]
    assert list(scratch.iterdir()) == []
    assert [stat.S_IMODE(path.stat().st_mode) for path in (directory, scratch)] == [0o711, 0o770]
    assert given[-1] == (str(scratch), 0, grp.getgrnam(config.datastore_group).gr_gid)


@pytest.mark.parametrize("fault", [None, KeyboardInterrupt()])
def test_it_goes_however_the_backup_ends(config: Config, fault: BaseException | None) -> None:
    kept.prepare(config)
    with suppress(KeyboardInterrupt), kept.scratch(config) as scratch:
        Path(scratch, "needed").touch()
        if fault:
            raise fault
    assert names(config) == []
    kept.sweep(config)


def test_only_the_newest_are_kept(config: Config, tmp_path: Path) -> None:
    kept.prepare(config)
    for age in (5, 11, 0, 3, 8, 1, 10, 4, 9, 2, 7, 6):
        path = tmp_path / "new"
        path.touch()
        os.utime(path, (10000 - age, 10000 - age))
        kept.keep(config, f"{age:02d}", str(path))
    assert names(config) == [".new", *(f"{age:02d}" for age in range(kept.NEWEST))]


def test_a_name_is_one_file_whatever_it_holds(config: Config, tmp_path: Path) -> None:
    ensure_directory(kept.directory(config), 0o711)
    for content in ("one", "two"):
        path = tmp_path / "new"
        path.write_text(content)
        kept.keep(config, "0/5.manifest", str(path))
    assert names(config) == ["0-5.manifest"]
    assert Path(kept.path_of(config, "0/5.manifest")).read_text() == "two"
