# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs with a faked driver and a faked systemd; volume and certificates are directories on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import certificate, drivers, guard, marker, service, systemd, tls_mode, verbs
from dbaas_agent.agent import Agent
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver, UnansweredError
from dbaas_agent.errors import AgentError
from dbaas_agent.heartbeat import TicketFile
from dbaas_agent.jobs import journal
from dbaas_agent.jobs.record import Request
from dbaas_agent.space import MIB
from dbaas_agent.systemd import Unit

from guest_agent.tests.fakes import FakeDriver, World

NAMES = {"names": ["orders"], "addresses": [], "renew": False, "tls_mode": None}


def test_an_agent_tells_when_what_it_runs_is_replaced_on_disk(config: Config, world: World, tmp_path: Path) -> None:
    program, later = tmp_path / "agent.pyz", tmp_path / "unit"
    program.write_text("old")
    agent = Agent(config, FakeDriver(config, world), TicketFile(config.ticket_file), [str(program), str(later)])
    assert agent.observe()["outdated"] is False
    later.write_text("new")
    assert agent.observe()["outdated"] is True
    later.unlink()
    replacement = tmp_path / "new"
    replacement.write_text("new")
    replacement.replace(program)
    assert agent.observe()["outdated"] is True


def call(agent: Agent, verb: str, args: dict[str, Any] | None = None, check: bool = False) -> dict[str, Any]:
    return verbs.HANDLERS[verb](agent, args or {}, check)


def refused(agent: Agent, verb: str, args: dict[str, Any] | None = None) -> str:
    with pytest.raises(AgentError) as caught:
        call(agent, verb, args)
    return caught.value.reason


def state(config: Config) -> str:
    found = marker.read(config)
    assert found is not None
    return str(found["state"])


def fake(agent: Agent) -> FakeDriver:
    assert isinstance(agent.driver, FakeDriver)
    return agent.driver


def test_a_life(agent: Agent, world: World, config: Config) -> None:
    assert agent.observe()["status"] == "BUILD"
    predicted = call(agent, "datastore_initialise", NAMES, check=True)
    assert predicted["changed"]
    assert not os.path.exists(config.data_dir)
    assert world.acts == []
    made = call(agent, "datastore_initialise", NAMES)
    assert made["diff"] == predicted["diff"]
    assert (made["changed"], made["server_version"]) == (True, "1.0")
    assert made["ca_certificate"] == Path(config.tls_dir, "ca.pem").read_text()
    assert state(config) == "initialised"
    assert fake(agent).calls == ["lock_down", "apply 0"]
    again = call(agent, "datastore_initialise", NAMES)
    assert not again["changed"]
    assert fake(agent).calls == ["lock_down", "apply 0", "apply 0"]
    assert world.acts.count("create") == 1
    document = agent.observe()
    assert (document["status"], document["server_version"], document["fault"]) == ("ACTIVE", "1.0", "")
    assert document["tls"]["ca_certificate"] == made["ca_certificate"]
    assert call(agent, "datastore_stop") == {
        "changed": True,
        "diff": {"before": {"service": "active"}, "after": {"service": "inactive"}},
        "status": "SHUTDOWN",
    }
    assert not call(agent, "datastore_stop")["changed"]
    assert call(agent, "datastore_start", check=True)["changed"]
    assert world.unit.active == "inactive"
    assert call(agent, "datastore_start")["status"] == "ACTIVE"
    assert not call(agent, "datastore_start")["changed"]
    assert call(agent, "datastore_restart")["changed"]


def test_where_it_is_and_where_its_data_began(agent: Agent, world: World) -> None:
    call(agent, "datastore_initialise", NAMES)
    told = call(agent, "position")
    assert told["position"] == told["began"]["position"]
    call(agent, "datastore_initialise", NAMES)
    assert call(agent, "position")["began"] == told["began"]
    world.silent = True
    assert refused(agent, "position") == UnansweredError("").reason


def test_a_volume_is_released_once_and_only_by_a_datastore_that_is_stopped(
    agent: Agent, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(agent, "datastore_initialise", NAMES)
    assert refused(agent, "volume_release") == "not_actionable"
    call(agent, "datastore_stop")
    assert call(agent, "volume_release", {"keep_tls": False}, check=True)["changed"]
    stopped = world.acts.count("stop")
    assert call(agent, "volume_release", {"keep_tls": True})["changed"]
    assert os.path.isdir(os.path.join(agent.config.state_dir, "tls"))
    assert world.acts.count("stop") == stopped + 1
    monkeypatch.setattr(os.path, "ismount", lambda _path: False)
    assert not call(agent, "volume_release", {"keep_tls": False})["changed"]
    assert agent.observe()["status"] == "SHUTDOWN"


def test_a_directory_made_by_a_stopped_call_is_kept(agent: Agent, config: Config, world: World) -> None:
    call(agent, "datastore_initialise", NAMES)
    marker.write(config, marker.new(config, "v-1"))
    assert call(agent, "datastore_initialise", NAMES)["changed"]
    assert world.acts.count("create") == 1
    assert state(config) == "initialised"


def test_a_half_made_directory_is_made_again(agent: Agent, config: Config, world: World) -> None:
    os.makedirs(f"{config.data_dir}.new/rest")
    call(agent, "datastore_initialise", NAMES)
    assert sorted(os.listdir(config.data_dir)) == ["data", "dbaas-origin.json"]
    assert world.acts[:2] == ["end_transient", "create"]


@pytest.mark.parametrize("origin", [None, {"uid": "u-2"}])
def test_a_directory_of_another_origin_is_refused(agent: Agent, config: Config, origin: dict[str, str] | None) -> None:
    os.mkdir(config.data_dir)
    Path(config.data_dir, "data").write_text("theirs")
    if origin:
        Path(config.data_dir, "dbaas-origin.json").write_text(json.dumps(origin))
    assert refused(agent, "datastore_initialise", NAMES) == "conflict"
    assert Path(config.data_dir, "data").read_text() == "theirs"
    assert state(config) == "empty"


def test_an_initialised_volume_without_data_is_never_made_again(agent: Agent, config: Config, world: World) -> None:
    marker.write(config, {**marker.new(config, "v-1"), "state": "initialised"})
    assert refused(agent, "datastore_initialise", NAMES) == "conflict"
    assert world.acts == []


def test_a_tool_that_makes_nothing_is_a_fault(agent: Agent, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "run_outside", lambda *_: None)
    assert refused(agent, "datastore_initialise", NAMES) == "agent"
    assert not os.path.exists(config.data_dir)


@pytest.mark.parametrize("verb", ["datastore_initialise", "tls_set", "datastore_start", "datastore_restart"])
def test_nothing_is_done_to_a_volume_that_is_not_ours(agent: Agent, config: Config, world: World, verb: str) -> None:
    args = NAMES if verb in ("datastore_initialise", "tls_set") else {}
    marker.write(config, {**marker.new(config, "v-1"), "uid": "u-2"})
    assert refused(agent, verb, args) == "not_actionable"
    os.unlink(marker.path(config))
    assert refused(agent, verb, args) == "not_actionable"
    assert world.acts == []
    assert agent.observe()["status"] == "FAILED"


@pytest.mark.parametrize("verb", ["datastore_start", "datastore_restart"])
def test_what_is_not_initialised_is_not_started(agent: Agent, world: World, verb: str) -> None:
    assert refused(agent, verb) == "not_actionable"
    assert world.acts == []


def test_without_a_mount(agent: Agent, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda _path: False)
    assert refused(agent, "tls_set", NAMES) == "not_actionable"
    assert agent.observe()["status"] == "NEW"
    Path(config.state_dir, systemd.mount_unit_name(config.mount_point)).write_text("unit")
    assert agent.observe()["status"] == "FAILED"


def test_a_service_that_dies_while_it_is_waited_for(
    agent: Agent, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "start", lambda *_: world._set(active="failed", result="exit-code"))
    assert refused(agent, "datastore_initialise", NAMES) == "agent"


def test_a_service_that_never_answers(agent: Agent, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.silent = True
    monkeypatch.setattr(service, "_ANSWER_SECONDS", 0)
    assert refused(agent, "datastore_initialise", NAMES) == "timeout"


def test_tls_set(agent: Agent, world: World) -> None:
    assert call(agent, "tls_set", NAMES, check=True)["changed"]
    assert agent.tls.current() is None
    assert call(agent, "tls_set", NAMES)["changed"]
    assert not call(agent, "tls_set", NAMES)["changed"]
    assert fake(agent).calls == []
    world._set(active="active")
    renamed = call(agent, "tls_set", {**NAMES, "names": ["other"]})
    assert renamed["diff"] == {
        "before": {"names": ["orders"], "addresses": []},
        "after": {"names": ["other"], "addresses": []},
    }
    assert fake(agent).calls == ["reload_tls"]


def test_a_certificate_that_the_server_was_not_told_of_is_told_by_the_next_run(
    agent: Agent, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(agent, "tls_set", NAMES)
    world._set(active="active")

    def silent() -> None:
        raise AgentError("timeout", "no answer")

    with monkeypatch.context() as patch:
        patch.setattr(agent.driver, "reload_tls", silent)
        assert refused(agent, "tls_set", {**NAMES, "renew": True}) == "timeout"
    assert agent.certificate_end() == 0
    assert call(agent, "tls_set", NAMES, check=True)["changed"]
    assert call(agent, "tls_set", NAMES)["changed"]
    assert not call(agent, "tls_set", NAMES)["changed"]
    assert fake(agent).calls == ["reload_tls"]


def test_a_certificate_is_renewed_by_order(agent: Agent, world: World) -> None:
    call(agent, "tls_set", NAMES)
    before = Path(agent.tls.server).read_text()
    world._set(active="active")
    assert call(agent, "tls_set", {**NAMES, "renew": True}, check=True)["changed"]
    assert Path(agent.tls.server).read_text() == before
    assert call(agent, "tls_set", {**NAMES, "renew": True})["changed"]
    assert Path(agent.tls.server).read_text() != before
    assert fake(agent).calls == ["reload_tls"]
    assert world.acts == []


def test_a_client_is_signed(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.tls, "sign_client", lambda name, request: (f"{name} {request}", 0.0))
    wanted = {"name": "clerk", "request": "r"}
    made = call(agent, "tls_sign", wanted)
    assert (made["certificate"], made["not_after"]) == ("clerk r", "1970-01-01T00:00:00Z")
    assert call(agent, "tls_sign", wanted, check=True)["certificate"] is None


def test_the_mode_is_followed_and_kept(agent: Agent, world: World, config: Config) -> None:
    def follow(mode: str | None, check: bool = False) -> bool:
        return bool(call(agent, "datastore_initialise", {**NAMES, "tls_mode": mode}, check)["changed"])

    assert follow("mutual", check=True)
    follow("mutual")
    assert (tls_mode.read(config).mode, fake(agent).kept_at_apply) == ("mutual", "mutual")
    assert agent.observe()["tls"]["mode"] == "mutual"
    assert not follow(None)
    assert not follow("mutual")
    assert follow("required", check=True)
    assert tls_mode.read(config).mode == "mutual"
    assert follow("required")
    assert (tls_mode.read(config).mode, fake(agent).kept_at_apply) == ("required", "mutual")
    assert "restart" not in world.acts


def test_tls_off_is_a_restart_with_another_configuration(
    agent: Agent, world: World, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(agent, "datastore_initialise", NAMES)
    off = {**NAMES, "tls_mode": "off"}
    assert call(agent, "datastore_initialise", off, check=True)["changed"]
    assert "restart" not in world.acts
    assert refused(agent, "datastore_initialise", off) == "conflict"
    assert tls_mode.read(config).mode == "preferred"
    world.acts.clear()

    def restart(_unit: str, _timeout: float) -> None:
        world.acts.append("restart")
        fake(agent).tls = False

    monkeypatch.setattr(systemd, "restart", restart)
    assert call(agent, "datastore_initialise", off)["changed"]
    assert not call(agent, "datastore_initialise", off)["changed"]
    assert world.acts.count("restart") == 1


def test_renewal_keeps_the_subjects(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AgentError) as caught:
        verbs.renew_certificate(agent)
    assert caught.value.reason == "not_actionable"
    call(agent, "tls_set", NAMES)
    end = agent.certificate_end()
    assert end is not None
    monkeypatch.setattr(certificate.time, "time", lambda: end - 86400)
    assert verbs.renew_certificate(agent)["diff"]["after"] == {"names": ["orders"], "addresses": []}


def test_objects(agent: Agent) -> None:
    assert call(agent, "database_list") == {"databases": [{"name": "d"}]}
    assert call(agent, "user_list") == {"users": [{"name": "u"}]}
    assert call(agent, "database_set", {"databases": [{}]}, check=True)["changed"]
    assert fake(agent).calls == []
    assert call(agent, "database_set", {"databases": [{}]})["diff"] == {"before": {}, "after": {"d": 1}}
    done = call(agent, "user_set", {"users": [], "coming_databases": ["e"]})
    assert done == {"changed": False, "diff": {"before": {}, "after": {"e": 1}}, "statements": []}
    assert fake(agent).calls == ["apply 1", "apply 0"]


def test_a_status_tells_of_writes_that_are_held_up(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {"size_bytes": 1000 * MIB, "used_percent": 94}
    call(agent, "datastore_initialise", NAMES)
    monkeypatch.setattr(guard, "usage", lambda _path: {**seen, "free_bytes": 60 * MIB})
    assert agent.guard()
    assert fake(agent).stopped
    document = agent.observe()
    assert (document["status"], document["cause"], document["server_version"]) == ("BLOCKED", "space", "1.0")
    assert call(agent, "datastore_restart")["status"] == "BLOCKED"
    assert call(agent, "datastore_stop")["status"] == "SHUTDOWN"
    call(agent, "datastore_start")
    monkeypatch.setattr(guard, "usage", lambda _path: {**seen, "free_bytes": 500 * MIB})
    assert agent.guard()
    document = agent.observe()
    assert (document["status"], document["cause"], document["fault"]) == ("ACTIVE", "", "")


def test_root(agent: Agent) -> None:
    assert call(agent, "root_status") == {"enabled": False}
    wanted = {"enabled": True, "password": "p", "update_password": "always", "require_tls": True}
    assert call(agent, "root_set", wanted, check=True)["statements"] == ["shown"]
    assert fake(agent).calls == []
    assert call(agent, "root_set", wanted)["diff"]["after"] == {"root": ["p", True]}
    fake(agent).root = True
    kept = call(agent, "root_set", {**wanted, "update_password": "on_create"}, check=True)
    assert kept["diff"]["after"] == {"root": [None, True]}
    assert not call(agent, "root_set", {**wanted, "enabled": False}, check=True)["changed"]
    call(agent, "root_set", {**wanted, "enabled": False})
    assert fake(agent).calls == ["apply 1", "apply 0", "end_root_sessions"]


def test_jobs(agent: Agent, config: Config, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"id": "j", "kind": "none", "args": {}, "secrets": {}}
    assert refused(agent, "job_start", job) == "unsupported"
    assert refused(agent, "job_status", job) == "not_found"
    assert refused(agent, "job_cancel", job) == "not_found"
    assert call(agent, "job_list") == {"jobs": []}
    assert agent.observe()["job"] is None
    journal.sweep(journal.root(config))
    journal.Journal(journal.root(config), "j").create(Request("j", "none", {}, 60, [], 1))
    world._set(active="active")
    assert call(agent, "job_status", job)["job"]["state"] == "PENDING"
    assert agent.observe()["job"] == {"id": "j", "kind": "none", "percent": None}

    def stuck(_unit: str) -> Unit:
        raise AgentError("timeout", "systemd is stuck")

    monkeypatch.setattr(systemd, "show", stuck)
    assert agent.observe()["job"] is None


def test_a_check_that_breaks_is_a_failed_status(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_unit: str) -> Unit:
        raise AgentError("timeout", "systemd is stuck")

    call(agent, "datastore_initialise", NAMES)
    call(agent, "datastore_stop")
    monkeypatch.setattr(systemd, "show", broken)
    document = agent.observe()
    assert (document["status"], bool(document["fault"])) == ("FAILED", True)


def test_an_unreadable_certificate_hides_no_status(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise AgentError("agent", "openssl is gone")

    monkeypatch.setattr(agent.tls, "shown", broken)
    monkeypatch.setattr(agent.tls, "not_after", broken)
    assert agent.observe()["tls"] is None
    assert agent.certificate_end() is None


def test_a_driver_that_does_not_exist(config: Config) -> None:
    with pytest.raises(AgentError) as caught:
        drivers.load(config)
    assert caught.value.reason == "unsupported"


def test_the_driver_that_the_configuration_names(config: Config) -> None:
    names = {path.stem for path in Path(drivers.__file__).parent.iterdir()} - {"base"}
    named = next(name for name in sorted(names) if "_" not in name)
    assert isinstance(drivers.load(Config(**{**config.__dict__, "driver": named})), Driver)
