# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are either old or new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dbaas_agent import fsutil


def test_write_atomic_replaces_and_sets_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    fsutil.write_atomic(str(path), b"new", 0o640)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_stopped_before_the_rename_leaves_the_old_file_and_the_next_one_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with monkeypatch.context() as stopped:
        stopped.setattr(os, "replace", lambda *_: (_dummy for _dummy in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fsutil.write_atomic(str(path), b"new")
    assert path.read_text() == "old"
    fsutil.write_atomic(str(path), b"newer")
    assert path.read_text() == "newer"
    assert os.listdir(tmp_path) == ["file"]


def test_read_object(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert fsutil.read_object(str(path)) is None
    path.write_text('{"a": 1}')
    assert fsutil.read_object(str(path)) == {"a": 1}
    for text in ("[]", "{", ""):
        path.write_text(text)
        with pytest.raises(ValueError):  # noqa: PT011 (json's own or ours)
            fsutil.read_object(str(path))


def test_remove_is_repeatable(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    fsutil.remove(str(path))
    fsutil.remove(str(path))
    assert not path.exists()


def test_ensure_directory_ignores_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        fsutil.ensure_directory(str(tmp_path / "a"), 0o755)
        fsutil.ensure_directory(str(tmp_path / "a"), 0o755)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o755
