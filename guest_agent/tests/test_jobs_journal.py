# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal on a real file system."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from dbaas_agent.jobs.journal import Journal, identities, sweep
from dbaas_agent.jobs.record import DONE, FAILED, Progress, Record, Request, State

REQUEST = Request("j.1", "check", {"databases": ["d"]}, 60, ["datastore_stop"], 1795000000)
ENDED = State(DONE, Progress("check", "d.t", 3, 3, "tables"), 1795000001, {"tables": 3})


@pytest.fixture
def root(tmp_path: Path) -> str:
    sweep(str(tmp_path / "jobs"))
    return str(tmp_path / "jobs")


@pytest.fixture
def journal(root: str) -> Journal:
    made = Journal(root, "j.1")
    made.create(REQUEST)
    return made


def test_what_is_written_is_read(root: str, journal: Journal) -> None:
    assert identities(root) == ["j.1"]
    assert journal.read() == Record(REQUEST, State())
    journal.write(ENDED)
    journal.ask_to_end()
    assert journal.read() == Record(REQUEST, ENDED, cancelled=True)
    journal.append("one\n")
    journal.append("two\n")
    assert Path(journal.path, "log.jsonl").read_text() == "one\ntwo\n"


def test_nobody_else_may_read_it(root: str, journal: Journal) -> None:
    journal.write(ENDED)
    journal.append("line\n")
    journal.ask_to_end()
    paths = [Path(root), Path(journal.path), *Path(journal.path).iterdir()]
    assert len(paths) == 6
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}


def test_what_a_newer_agent_added_is_ignored(journal: Journal) -> None:
    journal.write(ENDED)
    for name in ("request", "state"):
        path = Path(journal.path, f"{name}.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "novelty": 1}))
    assert journal.read() == Record(REQUEST, ENDED)


@pytest.mark.parametrize("name", ["request.json", "state.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\x00", '{"state": "DONE", "progress": 3}'])
def test_a_journal_that_cannot_be_read_tells_of_a_failed_job(journal: Journal, name: str, text: str) -> None:
    journal.write(ENDED)
    Path(journal.path, name).write_text(text)
    found = journal.read()
    assert found is not None
    assert (found.request.id, found.state.state) == ("j.1", FAILED)
    assert found.state.ended is not None
    assert found.state.error is not None


def test_without_a_journal(tmp_path: Path) -> None:
    assert Journal(str(tmp_path), "none").read() is None
    assert identities(str(tmp_path / "none")) == []


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_begin_that_was_stopped_leaves_no_job(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as stopped:
        stopped.setattr(os, "rename", _stop)
        with pytest.raises(KeyboardInterrupt):
            Journal(root, "j.1").create(REQUEST)
    assert identities(root) == []
    sweep(root)
    assert os.listdir(root) == []
    Journal(root, "j.1").create(REQUEST)
    assert identities(root) == ["j.1"]


def test_a_removal_that_was_stopped_leaves_no_half_job(
    root: str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as stopped:
        stopped.setattr(shutil, "rmtree", _stop)
        with pytest.raises(KeyboardInterrupt):
            journal.remove()
    assert identities(root) == []
    assert journal.read() is None
    sweep(root)
    assert os.listdir(root) == []
