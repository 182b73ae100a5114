# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job's own process, run in this one."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs import launch, runner
from dbaas_agent.jobs.journal import Journal
from dbaas_agent.jobs.kind import Kind, Report
from dbaas_agent.jobs.record import DONE, FAILED, RUNNING, Progress, Record, Request, State

KEY = "hunter2hunter2"


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    kept = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, kept)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(str(tmp_path), "j")
    made.create(Request("j", "k", {"a": 1}, 60, [], 1))
    return made


def run(journal: Journal, act: Callable[[Kind, Report], dict[str, Any]]) -> int:
    class Acting(Kind):
        secrets: ClassVar[dict[str, Any]] = {"key": {"type": "str"}}
        seconds = 60

        def verify(self) -> None:
            raise AssertionError("that is the agent's")

        def run(self, report: Report) -> dict[str, Any]:
            assert self._args == {"a": 1}
            return act(self, report)

    class FakeDriver:
        def jobs(self) -> dict[str, type[Kind]]:
            return {"k": Acting}

    return runner.main(cast(Driver, FakeDriver()), journal)


def state(journal: Journal) -> State:
    found = journal.read()
    assert isinstance(found, Record)
    return found.state


def events(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(journal.path, "log.jsonl").read_text().splitlines()]


def test_a_job_that_does_its_work(journal: Journal, capfd: pytest.CaptureFixture[str]) -> None:
    def act(_kind: Kind, report: Report) -> dict[str, Any]:
        assert state(journal).state == RUNNING
        report.progress("copy", "f", 3, 4, "files")
        report.log("halfway", at=None, n=2)
        return {"files": 4}

    assert run(journal, act) == 0
    ended = state(journal)
    assert (ended.state, ended.result, ended.error) == (DONE, {"files": 4}, None)
    assert ended.progress == Progress("copy", "f", 3, 4, "files")
    assert ended.ended is not None
    lines = events(journal)
    assert [line["event"] for line in lines] == ["started", "halfway", "ended"]
    assert {line["op"] for line in lines} == {"j"}
    assert [json.loads(line) for line in capfd.readouterr().err.splitlines()] == lines


def test_progress_reaches_the_journal_without_the_job_waiting(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_TELL_SECONDS", 0.01)
    written = threading.Event()
    write = journal.write

    def watched(new: State) -> None:
        write(new)
        if new.progress.done == 2:
            written.set()

    monkeypatch.setattr(journal, "write", watched)

    def act(_kind: Kind, report: Report) -> dict[str, Any]:
        report.progress("copy", done=1)
        report.progress("copy", done=2)
        assert written.wait(10)
        return {}

    assert run(journal, act) == 0


@pytest.fixture
def _credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / launch.CREDENTIAL).write_text(json.dumps({"key": KEY}))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))


@pytest.mark.usefixtures("_credential")
@pytest.mark.parametrize(
    ("fault", "reason"), [(AgentError("conflict", f"no {KEY}", key=[KEY]), "conflict"), (RuntimeError(KEY), "agent")]
)
def test_a_job_that_fails_shows_no_secret(
    journal: Journal, capfd: pytest.CaptureFixture[str], fault: Exception, reason: str
) -> None:
    def act(kind: Kind, report: Report) -> dict[str, Any]:
        assert kind._secrets == {"key": KEY}
        report.log("careless", key=KEY)
        raise fault

    assert run(journal, act) == 0
    ended = state(journal)
    assert ended.state == FAILED
    assert ended.error is not None
    assert ended.error["reason"] == reason
    told = capfd.readouterr().err
    assert "careless" in told
    assert KEY not in told + "".join(path.read_text() for path in Path(journal.path).iterdir())


@pytest.mark.usefixtures("_credential")
def test_a_secret_is_no_result(journal: Journal) -> None:
    assert run(journal, lambda kind, _report: {"tool": f"used {kind._secrets['key']}"}) == 0
    assert KEY not in json.dumps(state(journal).result)


def test_a_job_that_is_told_to_end_gives_back_what_it_holds_and_leaves_the_judgement_to_the_agent(
    journal: Journal,
) -> None:
    held = []

    def act(_kind: Kind, _report: Report) -> dict[str, Any]:
        held.append("lock")
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
            raise AssertionError("unreachable")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            held.clear()

    assert run(journal, act) == 0
    assert held == []
    assert state(journal).state == RUNNING
    assert [line["event"] for line in events(journal)] == ["started", "stopped"]


def test_an_end_that_is_being_written_is_written(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    write = journal.write

    def interrupted(new: State) -> None:
        if new.over:
            os.kill(os.getpid(), signal.SIGTERM)
        write(new)

    monkeypatch.setattr(journal, "write", interrupted)
    assert run(journal, lambda *_: {}) == 0
    assert state(journal).state == DONE


def test_a_full_volume_does_not_end_a_job(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    write = journal.write

    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "append", full)
    monkeypatch.setattr(journal, "write", lambda new: write(new) if new.over else full(""))
    assert run(journal, lambda *_: {}) == 0
    assert state(journal).state == DONE


@pytest.mark.parametrize("over", [False, True])
def test_there_is_nothing_to_run(tmp_path: Path, journal: Journal, over: bool) -> None:
    if over:
        journal.write(State(DONE, ended=1))
    chosen = journal if over else Journal(str(tmp_path), "none")
    assert run(chosen, lambda *_: {"again": True}) == 1
    assert not over or state(journal).result is None
