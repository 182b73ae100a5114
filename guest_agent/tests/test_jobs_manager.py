# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs with a faked systemd; journals are files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from dbaas_agent import drivers, schema, systemd
from dbaas_agent.backup import kept
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs import launch, manager
from dbaas_agent.jobs.journal import Journal, root
from dbaas_agent.jobs.kind import Data, Kind, Report
from dbaas_agent.jobs.manager import Jobs
from dbaas_agent.jobs.record import DONE, RUNNING, Progress, State
from dbaas_agent.systemd import Unit
from dbaas_agent.volume import Volume


def _raise(fault: AgentError | None) -> None:
    if fault:
        raise fault


class Copy(Kind):
    args: ClassVar[dict[str, Any]] = {"what": {"type": "str", "default": "all"}}
    secrets: ClassVar[dict[str, Any]] = {"key": {"type": "str", "choices": ["open sesame"]}}
    seconds = 60
    memory = "1G"

    def verify(self) -> None:
        if self._args["what"] == "nothing":
            raise AgentError("not_actionable", "no")

    def run(self, report: Report) -> dict[str, Any]:
        raise NotImplementedError


class Change(Copy):
    data = Data.WRITES


class Look(Copy):
    data = Data.READS


class Machine:
    """systemd: units by name, and what a stop or start does."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.started: list[tuple[list[str], dict[str, str], str | None]] = []
        self.fault: AgentError | None = None
        self.at_stop: Callable[[], None] = lambda: None

    def show(self, unit: str) -> Unit:
        return self.units.get(unit, Unit("not-found", "inactive", "dead", "success"))

    def start(self, unit: str, command: list[str], properties: dict[str, str], _timeout: float) -> None:
        handed = properties.get("LoadCredential", "").partition(":")[2]
        self.started.append((command, properties, Path(handed).read_text() if handed else None))
        _raise(self.fault)
        self.units[unit] = Unit("loaded", "active", "running", "success")

    def stop(self, unit: str, _timeout: float) -> None:
        if unit in self.units:
            self.at_stop()
            self.kill(unit, "success")

    def kill(self, unit: str, result: str = "signal") -> None:
        self.units.pop(unit, None)
        if result != "success":
            self.units[unit] = Unit("loaded", "failed", "failed", result)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(systemd, "show", made.show)
    monkeypatch.setattr(systemd, "start_transient", made.start)
    monkeypatch.setattr(systemd, "stop", made.stop)
    monkeypatch.setattr(systemd, "end_transient", made.stop)
    monkeypatch.setattr(systemd, "forget", lambda unit: made.kill(unit, "success"))
    return made


class FakeVolume:
    def __init__(self) -> None:
        self.fault: AgentError | None = None

    def require(self) -> dict[str, Any]:
        _raise(self.fault)
        return {}


class FakeDriver:
    def jobs(self) -> dict[str, type[Kind]]:
        return {"copy": Copy, "change": Change, "look": Look}


@pytest.fixture
def volume() -> FakeVolume:
    return FakeVolume()


@pytest.fixture
def jobs(config: Config, machine: Machine, volume: FakeVolume, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Jobs:
    del machine
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setattr(launch, "RUN_DIR", str(run))
    driver, seen = cast(Driver, FakeDriver()), cast(Volume, volume)
    return Jobs(config, driver, seen, threading.Lock(), ["agent", "job"])


def start(jobs: Jobs, identity: str = "j", check: bool = False, kind: str = "copy", **args: Any) -> dict[str, Any]:
    return jobs.start(kind, identity, args, {}, check)


def refusal(act: Callable[[], Any]) -> AgentError:
    with pytest.raises(AgentError) as caught:
        act()
    return caught.value


def journal(config: Config, identity: str = "j") -> Journal:
    return Journal(root(config), identity)


def unit(identity: str = "j") -> str:
    return f"dbaas-job-{identity}.service"


def test_a_job_that_writes_data_may_do_so_there_alone(jobs: Jobs, config: Config, machine: Machine) -> None:
    start(jobs, kind="change")
    _command, properties, _handed = machine.started[0]
    assert properties["ReadWritePaths"].split() == [journal(config).path, config.data_dir]
    assert properties["CapabilityBoundingSet"] == "CAP_DAC_OVERRIDE"


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_job_that_reads_data_has_a_place_of_which_nothing_is_left(
    jobs: Jobs, config: Config, machine: Machine, cancelled: bool
) -> None:
    start(jobs, kind="look", check=True)
    assert not os.path.exists(kept.directory(config))
    start(jobs, kind="look")
    _command, properties, _handed = machine.started[0]
    assert properties["ReadWritePaths"].split() == [journal(config).path, kept.directory(config)]
    (scratch,) = Path(kept.directory(config)).iterdir()
    (scratch / "half").touch()
    if cancelled:
        jobs.cancel("j", check=False)
    else:
        machine.kill(unit())
    assert jobs.status("j")["state"] == ("CANCELLED" if cancelled else "FAILED")
    assert os.listdir(kept.directory(config)) == []


def test_other_jobs_have_none(jobs: Jobs, config: Config) -> None:
    start(jobs, kind="change")
    assert not os.path.exists(kept.directory(config))


def test_a_job_from_start_to_end(jobs: Jobs, config: Config, machine: Machine) -> None:
    predicted = start(jobs, check=True)
    assert machine.started == []
    assert jobs.listing() == []
    answer = start(jobs)
    assert answer == {**predicted, "job": {**predicted["job"], "created": answer["job"]["created"]}}
    assert (answer["changed"], answer["job"]["state"], answer["job"]["args"]) == (True, "PENDING", {"what": "all"})
    command, properties, handed = machine.started[0]
    assert command == ["agent", "job", "j"]
    assert (properties["RuntimeMaxSec"], properties["MemoryMax"]) == ("60", "1G")
    assert (properties["ReadWritePaths"], properties["CapabilityBoundingSet"]) == (journal(config).path, "")
    assert handed == '{"key": null}'
    journal(config).write(State(RUNNING, Progress("copying", "f", 1, 4, "files")))
    seen = jobs.status("j")
    assert (seen["state"], seen["progress"]["percent"], seen["ended"]) == ("RUNNING", 25, None)
    running = jobs.running()
    assert running is not None
    assert running.brief() == {"id": "j", "kind": "copy", "percent": 25}
    journal(config).write(State(DONE, ended=7, result={"files": 4}))
    machine.kill(unit(), "success")
    assert jobs.running() is None
    assert (jobs.status("j")["state"], jobs.status("j")["result"]) == ("DONE", {"files": 4})
    assert "result" not in jobs.listing()[0]


@pytest.mark.parametrize("over", [False, True])
def test_the_same_job_is_not_started_again(jobs: Jobs, config: Config, machine: Machine, over: bool) -> None:
    start(jobs)
    if over:
        journal(config).write(State(DONE, ended=7, result={"files": 4}))
    for args in ({}, {"what": "all"}):
        again = start(jobs, **args)
        assert (again["changed"], again["job"]) == (False, jobs.status("j"))
    assert refusal(lambda: start(jobs, what="other")).reason == "conflict"
    assert len(machine.started) == 1


def test_one_job_at_a_time_and_the_verbs_that_it_excludes(jobs: Jobs, config: Config) -> None:
    jobs.admit("datastore_stop")
    created = start(jobs)["job"]["created"]
    for act in (lambda: start(jobs, "k"), lambda: start(jobs, "k", check=True), lambda: jobs.admit("datastore_stop")):
        conflict = refusal(act)
        assert (conflict.reason, conflict.details) == ("conflict", {"job": "j", "kind": "copy", "started": created})
    jobs.admit("database_set")
    journal(config).write(State(DONE, ended=7))
    jobs.admit("datastore_stop")
    assert start(jobs, "k")["changed"]


def test_wrong_requests_are_refused_before_anything_is_made(jobs: Jobs, config: Config, machine: Machine) -> None:
    assert refusal(lambda: start(jobs, kind="none")).details == {"kinds": ["copy", "change", "look"]}
    wrong = refusal(lambda: jobs.start("copy", "j", {"waht": "x", "what": 1}, {"key": "wrong", "more": "x"}, False))
    places = [fault.split(":")[0] for fault in wrong.details["faults"]]
    assert places == ["args.waht", "args.what", "secrets.more", "secrets.key"]
    assert "wrong" not in str(wrong.answer())
    assert refusal(lambda: start(jobs, what="nothing")).reason == "not_actionable"
    assert refusal(lambda: start(jobs, check=True, what="nothing")).reason == "not_actionable"
    assert machine.started == []
    assert not os.path.exists(root(config))


def test_secrets_are_handed_over_and_left_nowhere(jobs: Jobs, config: Config, machine: Machine) -> None:
    jobs.start("copy", "j", {}, {"key": "open sesame"}, False)
    command, properties, handed = machine.started[0]
    assert handed == '{"key": "open sesame"}'
    assert "sesame" not in str((command, properties))
    assert os.listdir(launch.RUN_DIR) == []
    assert not [path for path in Path(config.mount_point).rglob("*") if path.is_file() and "sesame" in path.read_text()]


def test_a_job_that_cannot_be_started_leaves_nothing(jobs: Jobs, machine: Machine) -> None:
    machine.fault = AgentError("timeout", "systemd is stuck")
    assert refusal(lambda: jobs.start("copy", "j", {}, {"key": "open sesame"}, False)).reason == "timeout"
    assert jobs.listing() == []
    assert os.listdir(launch.RUN_DIR) == []
    machine.fault = None
    assert start(jobs)["changed"]


def test_a_job_that_was_killed_failed_and_stays_so(jobs: Jobs, machine: Machine) -> None:
    start(jobs)
    machine.kill(unit(), "oom-kill")
    seen = jobs.status("j")
    assert (seen["state"], seen["error"]["details"]) == ("FAILED", {"ended": "oom-kill"})
    assert unit() not in machine.units
    assert jobs.status("j") == seen


def test_a_job_that_ends_between_the_looks_is_not_judged(
    jobs: Jobs, config: Config, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(jobs)

    def show(name: str) -> Unit:
        seen = machine.show(name)
        journal(config).write(State(DONE, ended=7, result={}))
        return seen

    machine.kill(unit(), "success")
    monkeypatch.setattr(systemd, "show", show)
    assert jobs.status("j")["state"] == "DONE"


def test_cancel(jobs: Jobs, machine: Machine) -> None:
    start(jobs)
    predicted = jobs.cancel("j", check=True)
    assert jobs.status("j")["state"] == "PENDING"
    answer = jobs.cancel("j", check=False)
    assert (answer["changed"], answer["diff"]) == (predicted["changed"], predicted["diff"])
    assert answer["diff"] == {"before": {"state": "PENDING"}, "after": {"state": "CANCELLED"}}
    assert machine.units == {}
    again = jobs.cancel("j", check=False)
    assert (again["changed"], again["job"]) == (False, answer["job"])


def test_a_job_that_ended_before_it_could_be_cancelled_keeps_its_end(
    jobs: Jobs, config: Config, machine: Machine
) -> None:
    start(jobs)
    machine.at_stop = lambda: journal(config).write(State(DONE, ended=7, result={"files": 4}))
    answer = jobs.cancel("j", check=False)
    assert (answer["changed"], answer["job"]["state"]) == (False, "DONE")
    assert jobs.status("j")["result"] == {"files": 4}


def test_a_cancel_that_was_interrupted_is_completed(jobs: Jobs, machine: Machine) -> None:
    start(jobs)

    def stop() -> None:
        raise AgentError("timeout", "systemd is stuck")

    machine.at_stop = stop
    assert refusal(lambda: jobs.cancel("j", check=False)).reason == "timeout"
    assert jobs.status("j")["state"] == "PENDING"
    machine.at_stop = lambda: None
    assert jobs.cancel("j", check=False)["job"]["state"] == "CANCELLED"


def test_an_unknown_job(jobs: Jobs) -> None:
    for act in (lambda: jobs.status("j"), lambda: jobs.cancel("j", check=False)):
        assert refusal(act).reason == "not_found"


def test_nothing_is_read_or_written_on_a_volume_that_is_not_ours(
    jobs: Jobs, config: Config, machine: Machine, volume: FakeVolume
) -> None:
    start(jobs)
    machine.kill(unit())
    before = journal(config).read()
    volume.fault = AgentError("not_actionable", "another's")
    for act in (lambda: start(jobs, "k"), lambda: jobs.status("j"), jobs.listing, lambda: jobs.cancel("j", False)):
        assert refusal(act).reason == "not_actionable"
    assert jobs.running() is None
    jobs.admit("volume_prepare")
    assert journal(config).read() == before


def test_old_journals_go(jobs: Jobs, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "KEEP", 2)
    clock = iter(range(100, 200))
    monkeypatch.setattr(manager.time, "time", lambda: next(clock))
    for number in range(4):
        start(jobs, f"j{number}")
        journal(config, f"j{number}").write(State(DONE, ended=7))
    assert [job["id"] for job in jobs.listing()] == ["j3", "j2", "j1"]
    assert sorted(os.listdir(root(config))) == ["j1", "j2", "j3"]


def test_the_arguments_of_a_kind_are_no_secrets(config: Config) -> None:
    names = {path.stem for path in Path(drivers.__file__).parent.iterdir() if "_" not in path.stem} - {"base"}
    kinds = [
        kind for name in names for kind in drivers.load(Config(**{**config.__dict__, "driver": name})).jobs().values()
    ]
    assert kinds
    assert not [kind for kind in kinds for option in kind.args.values() if option.get("secret")]
    assert all(set(kind.excludes) <= set(schema.VERBS) for kind in kinds)
