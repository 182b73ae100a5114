# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent asks of PID 1, which does the mounting and runs everything that is not the agent itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaas_agent.errors import AgentError
from dbaas_agent.subproc import Completed, run

_PROPERTIES = {
    "LoadState": "load",
    "ActiveState": "active",
    "SubState": "sub",
    "Result": "result",
    "UnitFileState": "file",
    "ExecMainStartTimestampMonotonic": "started",
    "Description": "description",
    "StatusText": "status",
}


@dataclass(frozen=True)
class Unit:
    """A unit's state in systemd's own words; started: when its process was started last, a word that no other start shares."""

    load: str = ""
    active: str = ""
    sub: str = ""
    result: str = ""
    file: str = ""
    started: str = ""
    description: str = ""
    status: str = ""


def show(unit: str) -> Unit:
    out = run(["systemctl", "show", "--property", ",".join(_PROPERTIES), unit], timeout=10).out
    pairs = (line.partition("=") for line in out.splitlines())
    return Unit(**{_PROPERTIES[name]: value for name, _dummy, value in pairs if name in _PROPERTIES})


def start(unit: str, timeout: float) -> None:
    """Start it, however often it failed just now: systemd limits starts that nobody asked for."""
    forget(unit)
    run(["systemctl", "start", unit], timeout)


def stop(unit: str, timeout: float) -> None:
    run(["systemctl", "stop", unit], timeout)


def start_soon(unit: str) -> None:
    """Have it started, and do not wait."""
    forget(unit)
    run(["systemctl", "start", "--no-block", unit], timeout=10)


def restart(unit: str, timeout: float) -> None:
    forget(unit)
    run(["systemctl", "restart", unit], timeout)


def enable(unit: str) -> None:
    run(["systemctl", "enable", "--quiet", unit], timeout=60)


def disable(unit: str) -> None:
    run(["systemctl", "disable", "--quiet", unit], timeout=60)


def daemon_reload() -> None:
    run(["systemctl", "daemon-reload"], timeout=60)


def end_transient(unit: str, timeout: float = 120) -> None:
    """End a transient unit, which an earlier agent may have left; nothing when there is none."""
    run(["systemctl", "stop", unit], timeout, accept=(0, 5))


def run_outside(unit: str, command: Sequence[str], user: str, group: str, timeout: float) -> Completed:
    """Run a command to its end as a transient unit, outside the agent's limits."""
    return _run_transient(unit, command, {"User": user, "Group": group}, timeout)


def ask_outside(unit: str, command: Sequence[str], service: str, instead: Mapping[str, str]) -> Completed:
    """What root's command says, however it ends, as a transient unit with the limit of open files that the service has.

    instead: paths at which the command finds other files. Bounded to 60 seconds.
    """
    limit = run(["systemctl", "show", "--property", "LimitNOFILE", "--value", service], timeout=10).out.strip()
    binds = " ".join(f"{file}:{path}" for path, file in instead.items())
    properties = {"LimitNOFILE": limit, **({"BindReadOnlyPaths": binds} if binds else {})}
    return _run_transient(unit, command, properties, 60, accept=range(256))


def _run_transient(
    unit: str, command: Sequence[str], properties: Mapping[str, str], timeout: float, accept: Sequence[int] = (0,)
) -> Completed:
    bounds = {"RuntimeMaxSec": str(int(timeout)), "PrivateTmp": "yes"}
    words = [*_transient(unit, {**properties, **bounds}), "--collect", "--wait", "--pipe", "--", *command]
    return run(words, timeout + 30, accept)


def replace_file(path: str, source: str | None) -> None:
    """Put the content of another file at a path that the agent itself may only read, or with None remove what is there; durably, and never half."""
    put = 'cp -- "$2" "$1.new" && chmod 644 "$1.new" && sync "$1.new" && mv -T -- "$1.new" "$1"'
    script = (put if source else 'rm -f -- "$1"') + ' && sync "${1%/*}"'
    # systemd would put its own variables in.
    command = ["sh", "-c", script.replace("$", "$$"), "sh", path, *([source] if source else [])]
    run_outside("dbaas-replace-file", command, "root", "root", 60)


def start_transient(unit: str, command: Sequence[str], properties: Mapping[str, str], timeout: float) -> None:
    """Start a command as a transient unit that outlives the agent; how it ended is known until ``forget``.

    AgentError, with the last lines that the unit wrote, when it does not start.
    """
    forget(unit)
    try:
        run([*_transient(unit, properties), "--", *command], timeout)
    except AgentError as fault:
        raise AgentError(fault.reason, f"{unit} did not start", **fault.details, lines=_last_lines(unit)) from fault


def _last_lines(unit: str) -> list[str]:
    """What it wrote last into the journal; nothing when the journal does not tell in time."""
    command = ["journalctl", f"--unit={unit}", "--lines=20", "--output=cat", "--quiet"]
    try:
        return run(command, timeout=10).out.splitlines()
    except AgentError:
        return []


def forget(unit: str) -> None:
    """Have systemd forget that a unit failed, and how often; nothing when there is none."""
    run(["systemctl", "reset-failed", unit], timeout=10, accept=(0, 1))


def _transient(unit: str, properties: Mapping[str, str]) -> list[str]:
    named = [f"--property={name}={value}" for name, value in properties.items()]
    return ["systemd-run", "--quiet", f"--unit={unit}", *named]


def mount_unit_name(path: str) -> str:
    """The name systemd demands of the unit that mounts an absolute path."""
    words = []
    for place, char in enumerate(path.strip("/")):
        if char == "/":
            words.append("-")
        elif (char.isascii() and (char.isalnum() or char in "_:")) or (char == "." and place):
            words.append(char)
        else:
            words.extend(f"\\x{byte:02x}" for byte in char.encode())
    return "".join(words) + ".mount"
