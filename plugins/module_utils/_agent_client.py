# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to the guest agent through its socket. Private to the collection; runs in the guest, Python 3.9 or later."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import PROTOCOLS, SOCKET, VERBS, VERSION

ANSWER_LIMIT = 16 * 1024 * 1024
POLL_SECONDS = 2.0
ABSENCE_SECONDS = 120.0


class AgentError(Exception):
    """The agent's refusal: reason (a word of the protocol), message for people, details."""

    def __init__(self, reason: str, msg: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(msg)
        self.reason = reason
        self.msg = msg
        self.details = details or {}


class AgentUnreachableError(AgentError):
    """There is no agent at the socket, or it hung up."""

    def __init__(self, msg: str) -> None:
        super().__init__("agent", msg)


class AgentTimeoutError(AgentError):
    """The agent did not answer in time; what it was asked may still be done."""

    def __init__(self, msg: str) -> None:
        super().__init__("timeout", msg)


class AgentClient:
    """One connection to the agent, as a context manager; the protocol is agreed on when it opens."""

    def __init__(self, path: str = SOCKET, timeout: float | None = None) -> None:
        self._path = path
        self._timeout = timeout
        self._rest = b""
        self._agent_version = VERSION

    def __enter__(self) -> AgentClient:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(10)
            self._socket.connect(self._path)
            self.protocol: int = PROTOCOLS[-1]
            agreed = self.call("hello", {"protocols": PROTOCOLS})
            self.protocol, self._agent_version = agreed["protocol"], agreed["agent_version"]
        except OSError as fault:
            self._socket.close()
            raise AgentUnreachableError(f"there is no agent at {self._path}: {fault.strerror or fault}") from fault
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def call(self, verb: str, args: dict[str, Any] | None = None, check: bool = False) -> dict[str, Any]:
        """The verb's result. AgentError: refused; AgentTimeoutError, AgentUnreachableError: no answer (timeout in seconds, else the verb's)."""
        seconds = self._timeout or VERBS.get(verb, {}).get("timeout", 60)
        request = {
            "id": os.urandom(8).hex(),
            "protocol": self.protocol,
            "verb": verb,
            "args": args or {},
            "check": check,
        }
        deadline = time.monotonic() + seconds
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(self._read_line(deadline))
        except socket.timeout as fault:
            raise AgentTimeoutError(f"the agent did not answer {verb} within {seconds} seconds") from fault
        except OSError as fault:
            raise AgentUnreachableError(f"the connection to the agent broke during {verb}: {fault}") from fault
        except ValueError as fault:
            raise AgentError("agent", f"the agent's answer to {verb} is no JSON") from fault
        if answer.get("ok"):
            result: dict[str, Any] = answer["result"]
            return result
        raise _refusal(answer.get("error", {}), self._agent_version)

    def _read_line(self, deadline: float) -> bytes:
        buffer = bytearray(self._rest)
        while b"\n" not in buffer:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = self._socket.recv(65536)
            if not chunk:
                raise AgentUnreachableError("the agent hung up; what it was asked may still be done")
            buffer.extend(chunk)
            if len(buffer) > ANSWER_LIMIT:
                raise AgentError("agent", f"the agent's answer is longer than {ANSWER_LIMIT} bytes")
        line, _dummy, self._rest = bytes(buffer).partition(b"\n")
        return line


def _refusal(error: dict[str, Any], agent_version: str) -> AgentError:
    """The error as an exception. An agent of another version may not know the verb or an argument, so that is told with it."""
    reason, msg, details = error.get("reason", "agent"), error.get("msg", "no message"), error.get("details") or {}
    if reason in ("invalid", "unsupported") and agent_version != VERSION:
        msg = f"{msg}. The agent has version {agent_version} and this collection brings {VERSION}: run playbook agent_upgrade first"
        details = {**details, "agent_version": agent_version, "brought_version": VERSION}
    return AgentError(reason, msg, details)


def wait_for_job(path: str, timeout: float | None, job: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The job when it is over, or as it is after so many seconds; meanwhile the agent may be restarted or upgraded.

    AgentError: it refused, or was away for ABSENCE_SECONDS.
    """
    now = seen = time.monotonic()
    deadline = now + seconds
    while job["ended"] is None and now < deadline:
        time.sleep(min(POLL_SECONDS, deadline - now))
        now = time.monotonic()
        try:
            with AgentClient(path, timeout) as agent:
                job = agent.call("job_status", {"id": job["id"]})["job"]
            seen = now
        except (AgentUnreachableError, AgentTimeoutError):
            if now - seen > ABSENCE_SECONDS:
                raise
    return job


def guest_argument_spec() -> dict[str, Any]:
    """The options of the documentation fragment dbaas.openstack.guest."""
    return {"socket": {"type": "path", "default": SOCKET}, "timeout": {"type": "int"}}


def plain_values(verb: str, args: dict[str, Any]) -> set[str]:
    """The values in the arguments that may be shown: those that the verb's schema knows, and that stand in no secret."""
    leaves = list(_sorted_out(VERBS.get(verb, {}).get("args", {}), args))
    return {leaf for plain, leaf in leaves if plain} - {leaf for plain, leaf in leaves if not plain}


def _sorted_out(options: dict[str, Any], args: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    """Every value with whether it is plain."""
    for name, value in args.items():
        option = options.get(name, {"secret": True})
        items = value if isinstance(value, list) else [value]
        for item in items:
            if "options" in option and isinstance(item, dict):
                yield from _sorted_out(option["options"], item)
            else:
                plain = not option.get("secret") and "options" not in option
                yield from ((plain, leaf) for leaf in _leaves(item))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
