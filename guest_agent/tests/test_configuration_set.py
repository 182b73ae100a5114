# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that a running server follows, waits for a start with, or does not work with."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import marker
from dbaas_agent.agent import Agent
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.heartbeat import TicketFile
from dbaas_agent.overrides import Overrides
from dbaas_agent.verbs import HANDLERS

from guest_agent.tests.fakes import BASE, FakeDriver, RereadingDriver, World

OLD = "level=1\n"


@pytest.fixture(params=[FakeDriver, RereadingDriver])
def driver(request: pytest.FixtureRequest) -> type[FakeDriver]:
    """Of a server that follows statements, and of one that reads its file again."""
    kind: type[FakeDriver] = request.param
    return kind


@pytest.fixture
def path(agent: Agent, config: Config, world: World, tmp_path: Path) -> Path:
    """The file of a server that runs with OLD."""
    Path(config.data_dir).mkdir()
    Path(config.data_dir, "data").write_text("x")
    marker.write(config, {**marker.new(config, "v-1"), "state": "initialised"})
    world.file = tmp_path / "override"
    world.file.write_text(OLD)
    HANDLERS["datastore_start"](agent, {}, False)
    return world.file


def have(agent: Agent, path: Path, *lines: str, restart: bool = False, check: bool = False) -> dict[str, Any]:
    args = {"path": str(path), "content": "".join(f"{line}\n" for line in lines), "restart": restart}
    return HANDLERS["configuration_set"](agent, args, check)


def refusal(agent: Agent, path: Path, *lines: str, restart: bool = False) -> str:
    with pytest.raises(AgentError) as caught:
        have(agent, path, *lines, restart=restart)
    return caught.value.reason


def test_a_running_server_follows(agent: Agent, path: Path, world: World) -> None:
    predicted = have(agent, path, "level=2", check=True)
    assert (path.read_text(), world.values) == (OLD, {"level": "1"})
    done = have(agent, path, "level=2")
    assert (done["changed"], done["pending"], done["diff"]) == (True, [], predicted["diff"])
    assert (path.read_text(), world.values) == ("level=2\n", {"level": "2"})
    assert not have(agent, path, "level=2")["changed"]
    assert agent.observe()["status"] == "ACTIVE"


def test_what_is_not_set_any_more_is_as_without_it(agent: Agent, path: Path, world: World) -> None:
    have(agent, path, "level=2", "other=3")
    have(agent, path, "other=3")
    assert world.values == {"level": BASE, "other": "3"}


def test_an_edit_by_hand_is_seen_and_healed(agent: Agent, path: Path, world: World) -> None:
    have(agent, path, "level=2")
    world.values["level"] = "7"
    assert have(agent, path, "level=2", check=True)["diff"]["before"]["values"] == {"level": "7"}
    path.write_text("level=2\nother=9\n")
    world.values["other"] = "9"
    assert have(agent, path, "level=2")["changed"]
    assert (path.read_text(), world.values) == ("level=2\n", {"level": "2", "other": BASE})


def test_what_only_a_start_changes_waits_for_it(agent: Agent, path: Path, world: World, config: Config) -> None:
    for _run in range(2):
        assert have(agent, path, "level=1", "start_size=5")["pending"] == ["start_size"]
        assert agent.observe()["status"] == "RESTART_REQUIRED"
    # An agent that was started anew knows it, too.
    anew = Agent(config, FakeDriver(config, world), TicketFile(config.ticket_file))
    assert anew.observe()["status"] == "RESTART_REQUIRED"
    HANDLERS["datastore_restart"](anew, {}, False)
    assert (anew.observe()["status"], anew.overrides.trial, world.values["start_size"]) == ("ACTIVE", None, "5")


def test_a_restart_in_the_same_run(agent: Agent, path: Path, world: World) -> None:
    done = have(agent, path, "start_size=5", restart=True)
    assert (done["restarted"], done["pending"], agent.observe()["status"]) == (True, [], "ACTIVE")
    acts = len(world.acts)
    assert not have(agent, path, "start_size=5", restart=True)["changed"]
    assert len(world.acts) == acts


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["remember", "write", "settle"])
def test_a_run_that_was_killed_is_finished_by_the_next(
    agent: Agent, path: Path, world: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(agent, path, "level=2", "other=3")
    with monkeypatch.context() as patch:
        patch.setattr(agent.overrides, step, killed)
        with pytest.raises(KeyboardInterrupt):
            have(agent, path, "level=5")
    have(agent, path, "level=5")
    assert (path.read_text(), world.values) == ("level=5\n", {"level": "5", "other": BASE})


def test_check_mode_with_a_restart(agent: Agent, path: Path) -> None:
    have(agent, path, "start_size=5")
    predicted = have(agent, path, "start_size=5", restart=True, check=True)
    assert (predicted["changed"], predicted["pending"]) == (True, [])
    assert have(agent, path, "start_size=5", restart=True)["restarted"]


def test_a_server_that_is_starting_is_waited_for(
    agent: Agent, path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world._set(active="activating", sub="start")
    moments = iter([lambda: None, lambda: world._set(active="active", sub="running")])
    monkeypatch.setattr("dbaas_agent.service.time.sleep", lambda _seconds: next(moments)())
    have(agent, path, "level=2")
    assert world.values == {"level": "2"}
    world._set(active="activating", sub="start")
    monkeypatch.setattr("dbaas_agent.service._ANSWER_SECONDS", -1)
    assert refusal(agent, path, "level=3") == "not_actionable"
    assert path.read_text() == "level=2\n"


@pytest.mark.parametrize("lines", [("level=2", "other=refused"), ("level=2", "other=kept")])
def test_a_value_that_the_server_does_not_take_changes_nothing(
    agent: Agent, path: Path, world: World, lines: tuple[str, ...]
) -> None:
    assert refusal(agent, path, *lines) == "conflict"
    assert (path.read_text(), world.values["level"]) == (OLD, "1")
    assert agent.observe()["status"] == "ACTIVE"


def test_a_name_that_the_server_does_not_know_is_refused_before_anything(agent: Agent, path: Path) -> None:
    assert refusal(agent, path, "level=2", "nonsense=1") == "invalid"
    assert path.read_text() == OLD
    assert agent.overrides.trial is None


@pytest.mark.parametrize("restart", [True, False])
def test_a_value_with_which_the_server_does_not_start_is_taken_back(
    agent: Agent, path: Path, world: World, restart: bool
) -> None:
    if restart:
        assert refusal(agent, path, "level=2", "start_broken=1", restart=True) == "conflict"
    else:
        have(agent, path, "level=2", "start_broken=1")
        with pytest.raises(AgentError) as caught:
            HANDLERS["datastore_restart"](agent, {}, False)
        assert caught.value.reason == "conflict"
    assert (path.read_text(), world.values, world.unit.active) == (OLD, {"level": "1"}, "active")
    assert (agent.observe()["status"], agent.overrides.trial) == ("ACTIVE", None)


def test_the_agent_takes_it_back_after_a_boot(agent: Agent, path: Path, world: World, config: Config) -> None:
    have(agent, path, "start_size=5")
    have(agent, path, "start_size=5", "start_broken=1")
    assert not agent.guard()
    with pytest.raises(AgentError):
        world._start("boot")
    anew = Agent(config, FakeDriver(config, world), TicketFile(config.ticket_file))
    assert anew.observe()["status"] == "FAILED"
    assert anew.guard()
    # Neither the one nor the other was ever seen to work.
    assert (path.read_text(), world.unit.active, anew.observe()["status"]) == (OLD, "active", "ACTIVE")
    assert anew.overrides.trial is None
    # Until it has settings again.
    assert path.name in Agent(config, FakeDriver(config, world), TicketFile(config.ticket_file)).observe()["fault"]
    have(anew, path, "level=1")
    assert anew.observe()["fault"] == ""


@pytest.mark.parametrize("step", ["dbaas_agent.systemd.replace_file", "dbaas_agent.systemd.start_soon"])
def test_what_goes_wrong_while_it_is_taken_back_is_done_by_the_next_look(
    agent: Agent, path: Path, world: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(agent, path, "start_broken=1")
    with pytest.raises(AgentError):
        world._start("boot")
    agent.observe()

    def fails(*_: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(step, fails)
        assert not agent.guard()
    assert agent.guard()
    assert (path.read_text(), world.unit.active, agent.overrides.trial) == (OLD, "active", None)


def test_two_files_wait_for_one_start(agent: Agent, path: Path) -> None:
    """The world's server reads the file that was written last."""
    other = path.with_name("logs")
    have(agent, path, "start_size=5")
    have(agent, other, "start_log=1")
    assert agent.overrides.pending() == ["start_log", "start_size"]
    assert agent.observe()["status"] == "RESTART_REQUIRED"
    assert agent.overrides.take_back()
    assert (path.read_text(), other.exists()) == (OLD, False)


def test_a_crash_with_settings_of_before_takes_nothing_back(agent: Agent, path: Path, world: World) -> None:
    have(agent, path, "start_size=5")
    world._set(active="failed", result="signal")
    assert not agent.guard()
    assert path.read_text() == "start_size=5\n"


def test_nothing_is_taken_back_while_somebody_starts_the_server(agent: Agent, path: Path, world: World) -> None:
    have(agent, path, "start_broken=1")
    with pytest.raises(AgentError):
        world._start("boot")
    taken = []
    with agent.overrides.turn():
        thread = threading.Thread(target=lambda: taken.append(agent.overrides.look()))
        thread.start()
        thread.join()
    assert taken == [False]


def test_a_stopped_server_gets_its_file(agent: Agent, path: Path, world: World) -> None:
    HANDLERS["datastore_stop"](agent, {}, False)
    assert have(agent, path, "level=2", check=True)["changed"]
    assert path.read_text() == OLD
    assert have(agent, path, "level=2")["changed"]
    assert not have(agent, path, "level=2")["changed"]
    HANDLERS["datastore_start"](agent, {}, False)
    assert world.values == {"level": "2"}


def test_a_state_that_cannot_be_read_is_forgotten(config: Config, world: World) -> None:
    Path(config.state_dir, "overrides.json").write_text("{}")
    assert Overrides(config, FakeDriver(config, world)).trial is None


def test_parameters_can_be_listed(agent: Agent) -> None:
    assert HANDLERS["parameter_list"](agent, {}, False)["parameters"][0]["name"] == "level"
