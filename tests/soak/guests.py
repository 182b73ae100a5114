# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule's full systemd guests for a soak: made, asked over SSH, cut off, killed, and booted again."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import AgentError
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import VERBS

ROOT = Path(__file__).resolve().parents[2]
MOLECULE = ROOT / "extensions" / "molecule"
FOREVER = 4102444800
"""When tickets of the store's stand-in end."""
BOOT_SECONDS = 90.0
UNPLUG_SECONDS = 30.0
JOB_SECONDS = 600.0
_AGENT = "python3 -I /usr/lib/dbaas/agent.pyz call"
_UNREACHABLE = 255
"""What ssh ends with when it does not come to the other side."""


@contextlib.contextmanager
def made(state: Path, inventory: str, hosts: str, variables: dict[str, Any]) -> Iterator[Path]:
    """The directory of guests with their databases and agents. hosts: a pattern of that inventory. variables: for converge."""
    state.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "MOLECULE_EPHEMERAL_DIRECTORY": str(state),
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_SSH_ARGS": "-o StrictHostKeyChecking=yes",
    }

    def play(playbook: str, *options: str) -> None:
        limit = ["--inventory", str(MOLECULE / inventory), "--limit", f"localhost,{hosts}", *options]
        command = [sys.executable, "-m", "ansible", "playbook", *limit, str(MOLECULE / playbook)]
        subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=900)

    play("default/destroy.yml")
    try:
        play("default/create.yml")
        play("datastore/prepare.yml")
        play("datastore/converge.yml", "--extra-vars", json.dumps(variables))
        yield state
    finally:
        play("default/destroy.yml")


def found(state: Path, inventory: str, group: str) -> list[Guest]:
    """The guests of a group, in the order of the inventory."""
    command = [sys.executable, "-m", "ansible", "inventory", "--inventory", str(MOLECULE / inventory), "--list"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=60)
    told = json.loads(done.stdout)
    return [Guest(name, state, **_node(told["_meta"]["hostvars"][name]["node"])) for name in told[group]["hosts"]]


def _node(node: dict[str, Any]) -> dict[str, Any]:
    return {"number": node["address"], **{name: node[name] for name in ("datastore", "version", "uid")}}


@dataclasses.dataclass(frozen=True)
class Guest:
    """state: the directory of the run. number: the last part of its address."""

    name: str
    state: Path
    number: int
    datastore: str
    version: str
    uid: str

    @property
    def _run(self) -> str:
        return (self.state / "number").read_text().strip()

    @property
    def address(self) -> str:
        return f"10.77.{self._run}.{self.number}"

    @property
    def machine(self) -> str:
        return f"mol{self._run}-{self.name}"

    @property
    def store(self) -> tuple[str, int]:
        """Address and port of the store's stand-in."""
        return f"10.77.{self._run}.1", int((self.state / "store" / "port").read_text())

    def ssh(self, script: str) -> list[str]:
        """The command that runs it there, as root."""
        command = [
            "ssh",
            "-i",
            str(self.state / "id_ed25519"),
            "-o",
            f"UserKnownHostsFile={self.state / 'known_hosts'}",
        ]
        command += ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=3"]
        # One that loses its power in the midst of it does not say so.
        return [*command, "-o", "ServerAliveInterval=5", f"root@{self.address}", script]

    def shell(self, script: str, told: str = "", seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run it; told: on its standard input. AgentError (agent) when there is no way to it."""
        command = self.ssh(script)
        try:
            done = subprocess.run(command, check=False, input=told, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired as fault:
            raise AgentError("timeout", f"{self.name}: {script} took longer than {seconds:.0f} s") from fault
        if done.returncode == _UNREACHABLE:
            raise AgentError("agent", f"{self.name}: {done.stderr.strip()}")
        return done

    def must(self, script: str, told: str = "") -> None:
        """Run it; AgentError (agent) when it fails, too."""
        done = self.shell(script, told)
        if done.returncode:
            raise AgentError("agent", f"{self.name}: {script}: {done.stderr.strip()}")

    def call(self, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of a verb of its agent. AgentError: refused, or no answer."""
        done = self.shell(f"{_AGENT} {verb}", json.dumps(args or {}), VERBS[verb]["timeout"] + 10)
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError as fault:
            raise AgentError("agent", f"{self.name}: {verb}: {done.stderr.strip()}") from fault
        if done.returncode:
            raise AgentError(answer["reason"], f"{self.name}: {verb}: {answer['msg']}")
        return answer

    def status(self) -> dict[str, Any]:
        """What its agent tells; nothing when it does not answer."""
        try:
            return self.call("status")
        except AgentError:
            return {}

    def job(self, kind: str, identity: str, args: dict[str, Any], secrets: dict[str, Any]) -> dict[str, Any]:
        """What a job of its agent has for a result. AgentError when it fails."""
        wish = {"kind": kind, "id": identity, "args": args, "secrets": secrets}
        job = self.call("job_start", wish)["job"]
        deadline = time.monotonic() + JOB_SECONDS
        while job["ended"] is None:
            if time.monotonic() > deadline:
                raise AgentError("timeout", f"{self.name}: {kind} {identity} takes longer than {JOB_SECONDS:.0f} s")
            time.sleep(0.5)
            job = self.call("job_status", {"id": identity})["job"]
        if job["state"] != "DONE":
            raise AgentError("agent", f"{self.name}: {kind} {identity}: {job['state']}, {job['error']}")
        return dict(job["result"])

    def cut(self, name: str, incoming: Sequence[str] = (), outgoing: Sequence[str] = ()) -> None:
        """Have the guest's own packet filter drop what these rules of nft match, until `heal`."""
        table = f"inet soak_{name}"
        lines = [f"add table {table}"]
        for hook, rules in (("input", incoming), ("output", outgoing)):
            lines.append(f"add chain {table} {hook} {{ type filter hook {hook} priority 0; }}")
            lines += [f"add rule {table} {hook} {rule} drop" for rule in rules]
        self.must("nft -f -", "\n".join([*lines, ""]))

    def heal(self, name: str) -> None:
        """Have nothing dropped under that name any more."""
        self.must(f"nft delete table inet soak_{name}")

    def kill(self) -> None:
        """It loses its power: all its processes are killed, until there are none. What they gave to the kernel is not lost, as it would be with real power."""
        while pids := self.processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def processes(self) -> list[int]:
        """Those of its machine that can still do something."""
        alive = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.machine in (entry / "cgroup").read_text().replace("\n", "/").split("/"):
                    state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                    alive += [] if state in "ZX" else [int(entry.name)]
        return alive

    def boot(self) -> None:
        """Boot it again, and wait until its agent answers."""
        self._until_unplugged()
        script = str(MOLECULE / "utils" / "node_boot.sh")
        bridge = f"dbmol{self._run}"
        subprocess.run(["sh", script, str(self.state / self.name), self.machine, bridge], check=True, timeout=60)
        deadline = time.monotonic() + BOOT_SECONDS
        while not self.status():
            if time.monotonic() > deadline:
                raise AgentError(
                    "timeout", f"{self.name}: its agent does not answer {BOOT_SECONDS:.0f} s after it was booted"
                )
            time.sleep(0.3)

    def _until_unplugged(self) -> None:
        """The kernel takes a while to remove the network interface of a guest whose processes are gone."""
        deadline = time.monotonic() + UNPLUG_SECONDS
        look = ["ip", "link", "show", "dev", f"vb-{self.machine}"]
        while subprocess.run(look, check=False, capture_output=True, timeout=10).returncode == 0:
            if time.monotonic() > deadline:
                raise AgentError(
                    "timeout", f"{self.name}: its interface is there {UNPLUG_SECONDS:.0f} s after it was killed"
                )
            time.sleep(0.1)
