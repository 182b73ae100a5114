# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules as users do, through Ansible; the cloud comes from OS_CLIENT_CONFIG_FILE and OS_CLOUD."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

COLLECTIONS = Path(__file__).resolve().parents[2] / ".dev" / "collections"
TIMEOUT = 300
ENVIRONMENT = {
    **os.environ,
    "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_LOCALHOST_WARNING": "false",
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
}


def task(module: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """A task that goes on when the module fails; its result tells."""
    action = {f"dbaas.openstack.{module}": options}
    return {"name": module, **action, "check_mode": check, "diff": True, "ignore_errors": True}


def command(directory: Path, tasks: list[dict[str, Any]]) -> list[str]:
    """The command that runs the tasks on this machine."""
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": tasks,
    }
    playbook = directory / "playbook.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    return [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook)]


def run_tasks(directory: Path, *tasks: dict[str, Any], proxy: str = "") -> list[dict[str, Any]]:
    """The results of the tasks, in order. proxy: URL of one to go through."""
    environment = {**ENVIRONMENT, **({"http_proxy": proxy, "no_proxy": ""} if proxy else {})}
    done = subprocess.run(
        command(directory, list(tasks)), env=environment, check=True, stdout=subprocess.PIPE, timeout=TIMEOUT
    )
    (play,) = json.loads(done.stdout)["plays"]
    return [entry["hosts"]["localhost"] for entry in play["tasks"]]


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that descends from it: Ansible's workers are sessions of their own."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    tree = {process.pid}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    for pid in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
