# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that starts a process: list arguments, a bound in time and output, the whole process group ended."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas_agent.errors import AgentError

OUTPUT_LIMIT = 512 * 1024
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "SYSTEMCTL_SKIP_SYSV": "1"}


@dataclass(frozen=True)
class Completed:
    """How a process ended; output beyond OUTPUT_LIMIT bytes a stream is dropped."""

    code: int
    out: str
    err: str


def run(command: Sequence[str], timeout: float = 30.0, accept: Sequence[int] = (0,)) -> Completed:
    """Run a command to its end.

    AgentError(timeout) when it is not done in time, AgentError(agent) when it cannot be started or its exit code is not
    accepted. No secret may stand in the command or its output.
    """
    process = started(command)
    with process:
        try:
            out, err = _drain(process, time.monotonic() + timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode not in accept:
        raise AgentError(
            "agent",
            f"{command[0]} failed with exit code {process.returncode}",
            command=list(command),
            output=(err or out)[-2000:],
        )
    return Completed(process.returncode, out, err)


def lines_of(command: Sequence[str], timeout: float) -> Generator[bytes, None, None]:
    """The lines of a command's output as they come; whoever stops asking ends it.

    AgentError(timeout) when it is not done in time, AgentError(agent) when it cannot be started or fails.
    """
    process = started(command, errors=subprocess.DEVNULL)
    late = threading.Timer(timeout, lambda: os.killpg(process.pid, signal.SIGKILL))
    with process:
        late.start()
        try:
            yield from process.stdout or ()
            code = process.wait()
        except GeneratorExit:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            late.cancel()
    if code == -signal.SIGKILL:
        raise AgentError("timeout", f"{command[0]} did not end in time", command=list(command))
    if code != 0:
        raise AgentError("agent", f"{command[0]} failed with exit code {code}", command=list(command))


def started(
    command: Sequence[str],
    *,
    source: Any = subprocess.DEVNULL,
    out: Any = subprocess.PIPE,
    errors: Any = subprocess.PIPE,
    descriptors: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """The process of a command, in a group of its own; descriptors: what it inherits beside its streams. AgentError(agent) when it cannot be started."""
    try:
        return subprocess.Popen(
            list(command),
            stdin=source,
            stdout=out,
            stderr=errors,
            pass_fds=descriptors,
            env=ENVIRONMENT,
            start_new_session=True,
        )
    except OSError as fault:
        raise AgentError("agent", f"cannot run {command[0]}: {fault.strerror}") from fault


def _drain(process: subprocess.Popen[bytes], deadline: float) -> tuple[str, str]:
    kept: dict[Any, bytearray] = {stream: bytearray() for stream in (process.stdout, process.stderr)}
    with selectors.DefaultSelector() as selector:
        for stream in kept:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select(_left(process, deadline)):
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                buffer = kept[key.fileobj]
                buffer.extend(chunk[: OUTPUT_LIMIT - len(buffer)])
    try:
        process.wait(_left(process, deadline))
    except subprocess.TimeoutExpired:
        _left(process, 0)
    out, err = (bytes(buffer).decode("utf-8", "replace") for buffer in kept.values())
    return out, err


def _left(process: subprocess.Popen[bytes], deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        command: Any = process.args
        raise AgentError("timeout", f"{command[0]} did not end in time", command=command)
    return left
