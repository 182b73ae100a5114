# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module guest_files, run as Ansible runs it, on real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MODULE = "ansible_collections.dbaas.openstack.plugins.modules.guest_files"
TREE = Path(__file__).resolve().parents[4] / ".dev/collections"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the module gives files to root")


def call(files: list[dict[str, str]], *, check: bool = False) -> dict[str, Any]:
    """The module's answer."""
    arguments = {"files": files, "_ansible_check_mode": check, "_ansible_diff": True}
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(TREE)},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_files_are_written_once(tmp_path: Path) -> None:
    files = [
        {"path": str(tmp_path / "a/b"), "content": "one\n", "mode": "0600"},
        {"path": str(tmp_path / "c"), "content": "Käse"},
    ]
    predicted = call(files, check=True)
    assert not list(tmp_path.iterdir())
    first, second = call(files), call(files)
    assert predicted["changed_paths"] == first["changed_paths"] == sorted(entry["path"] for entry in files)
    assert predicted["diff"] == first["diff"]
    assert (second["changed"], second["changed_paths"]) == (False, [])
    assert (tmp_path / "a/b").read_text() == "one\n"
    assert (tmp_path / "a/b").stat().st_mode & 0o7777 == 0o600
    assert (tmp_path / "c").stat().st_mode & 0o7777 == 0o644
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "c"]


@pytest.mark.parametrize("spoil", [lambda path: path.chmod(0o666), lambda path: os.chown(path, 1, 1)])
def test_mode_and_owner_are_put_right(tmp_path: Path, spoil: Any) -> None:
    path = tmp_path / "file"
    files = [{"path": str(path), "content": "x"}]
    call(files)
    spoil(path)
    assert call(files)["changed_paths"] == [str(path)]
    assert (path.stat().st_uid, path.stat().st_mode & 0o7777) == (0, 0o644)


def test_nothing_is_written_when_one_is_wrong(tmp_path: Path) -> None:
    good = {"path": str(tmp_path / "good"), "content": "x"}
    for bad in (
        {"path": "relative", "content": ""},
        {"path": str(tmp_path), "content": ""},
        {"path": str(tmp_path / "x"), "content": "", "mode": "644"},
        good,
    ):
        answer = call([good, bad])
        assert (answer["failed"], answer["reason"]) == (True, "invalid")
    assert not list(tmp_path.iterdir())
