# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's playbooks as users do and reads what they say; the cloud comes from OS_CLIENT_CONFIG_FILE and OS_CLOUD."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.modules import ENVIRONMENT

TIMEOUT = 2400
"""In seconds. On emulated guests it takes twenty minutes to give a set another flavor."""
CONTROLLER = {"localhost"}


@dataclasses.dataclass(frozen=True)
class Run:
    """stats: by host the counters of the recap. custom: what set_stats handed over. tasks: by host the results with their names."""

    ok: bool
    seconds: float
    stats: dict[str, dict[str, int]]
    custom: dict[str, Any]
    tasks: list[tuple[str, str, dict[str, Any]]]

    @property
    def changed(self) -> int:
        return sum(host["changed"] for host in self.stats.values())

    @property
    def failures(self) -> list[tuple[str, str, str]]:
        """Host, task, and message with its details, of what failed or was not reached, in order."""
        failed = [
            (h, name, result) for h, name, result in self.tasks if result.get("failed") or result.get("unreachable")
        ]
        return [(host, name, _message(result)) for host, name, result in failed]

    def results(self, action: str) -> list[dict[str, Any]]:
        """The results of the tasks with that action, in order."""
        return [result for _host, _name, result in self.tasks if result.get("action") == f"dbaas.openstack.{action}"]

    @property
    def remote_tasks(self) -> int:
        """Tasks that did something in a guest."""
        local = {
            "ansible.builtin.set_fact",
            "ansible.builtin.include_tasks",
            "ansible.builtin.include_role",
            "ansible.builtin.assert",
        }
        return sum(
            1
            for host, _name, result in self.tasks
            if host not in CONTROLLER
            and not result.get("skipped")
            and "_ansible_delegated_vars" not in result
            and result.get("action") not in local
        )


def _message(result: dict[str, Any]) -> str:
    """With its details, or those of the items of a loop that failed."""
    items = [_message(item) for item in result.get("results", []) if item.get("failed")]
    return "; ".join(items) or f"{result.get('msg')} {result.get('details', '')}".rstrip()


def playbook(name: str, variables: dict[str, Any], *, check: bool = False) -> list[str]:
    """The command that runs playbooks/NAME.yml, or the file NAME of an absolute path, with these variables."""
    return [
        str(Path(sys.executable).with_name("ansible-playbook")),
        name if name.startswith("/") else f"dbaas.openstack.{name}",
        *(["--check", "--diff"] if check else []),
        "--extra-vars",
        json.dumps(variables),
    ]


def play(name: str, variables: dict[str, Any], *, check: bool = False) -> Run:
    """Run a playbook, see playbook(); it is for the caller to look whether it went well."""
    command = playbook(name, variables, check=check)
    environment = {**ENVIRONMENT, "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    began = time.monotonic()
    done = subprocess.run(command, env=environment, check=False, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT)
    seconds = time.monotonic() - began
    print(f"{name}{' --check' if check else ''}: {seconds:.0f} s, rc {done.returncode}", file=sys.stderr, flush=True)
    told = json.loads(done.stdout[done.stdout.index("{") :])
    tasks = [
        (host, task["task"]["name"], result)
        for one in told["plays"]
        for task in one["tasks"]
        for host, result in task["hosts"].items()
    ]
    custom = told.get("global_custom_stats", {})
    return Run(done.returncode == 0, seconds, told["stats"], custom, tasks)
