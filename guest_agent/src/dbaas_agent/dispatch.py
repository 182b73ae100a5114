# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request line to an answer: envelope, schema, one mutating verb at a time, and no secret in any fault."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from dbaas_agent import schema, validate
from dbaas_agent.agent import Agent
from dbaas_agent.errors import AgentError
from dbaas_agent.jsonlog import log, place
from dbaas_agent.redact import clean, redact
from dbaas_agent.verbs import HANDLERS, renew_certificate

_ENVELOPE = {"id", "protocol", "verb", "args", "check"}
_ID_LENGTH = 64


class Slot:
    """Room for one mutating operation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: dict[str, Any] | None = None

    def take(self, verb: str) -> None:
        """AgentError(conflict) names the operation that holds the slot and its start (epoch)."""
        with self._lock:
            if self._holder is not None:
                first = self._holder
                raise AgentError("conflict", f"{first['verb']} is running since {first['started']}", **first)
            self._holder = {"verb": verb, "started": int(time.time())}

    def free(self) -> None:
        with self._lock:
            self._holder = None

    def idle(self) -> bool:
        with self._lock:
            return self._holder is None


class Dispatcher:
    """Answers requests; ``changed`` is called after each mutating verb."""

    def __init__(self, agent: Agent, changed: Callable[[], None]) -> None:
        self._agent = agent
        self._changed = changed
        self.slot = Slot()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request line, whatever it holds."""
        request: dict[str, Any] = {}
        secrets: set[str] = set()
        try:
            request = _parse(line)
            _check_envelope(request)
            verb = request.get("verb")
            if not isinstance(verb, str) or verb not in HANDLERS:
                raise AgentError(
                    "unsupported", f"verb: {verb!r} is none of {', '.join(HANDLERS)}", verbs=list(HANDLERS)
                )
            secrets = validate.secrets(schema.VERBS[verb]["args"], request.get("args"))
            result = self._perform(verb, request)
        except AgentError as fault:
            msg = redact(fault.msg, secrets)
            log("refused", op=request.get("id"), verb=request.get("verb"), reason=fault.reason, msg=msg)
            return _refusal(request, fault.answer(), secrets)
        except Exception as fault:
            log("crash", "error", op=request.get("id"), fault=type(fault).__name__, at=place(fault))
            return _refusal(request, AgentError("agent", f"{type(fault).__name__}: {fault}").answer(), secrets)
        return {"id": request["id"], "protocol": request.get("protocol"), "ok": True, "result": result}

    def renew(self) -> None:
        """Renew the server certificate if nothing else is being changed."""
        try:
            self._guarded("tls_renew", "renewal", self._turn("tls_renew"), lambda: renew_certificate(self._agent))
        except AgentError as fault:
            log("renewal_failed", "error", fault=fault.msg)

    def _perform(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        args = validate.arguments(schema.VERBS[verb]["args"], request.get("args", {}))
        check = request.get("check", False)
        entry = schema.VERBS[verb]
        if not entry["mutating"] or check:
            return HANDLERS[verb](self._agent, args, check)
        turn = nullcontext() if entry.get("concurrent") else self._turn(verb)
        return self._guarded(verb, request["id"], turn, lambda: HANDLERS[verb](self._agent, args, False))

    @contextmanager
    def _turn(self, verb: str) -> Iterator[None]:
        """The one mutating verb's turn; AgentError(conflict) names what is in its way."""
        self.slot.take(verb)
        try:
            self._agent.jobs.admit(verb)
            yield
        finally:
            self.slot.free()

    def _guarded(
        self, verb: str, operation: Any, turn: AbstractContextManager[None], act: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        with turn:
            started, outcome = time.monotonic(), "failed"
            log("started", op=operation, verb=verb)
            try:
                result = act()
                outcome = "changed" if result["changed"] else "unchanged"
                return result
            finally:
                log("ended", op=operation, verb=verb, outcome=outcome, seconds=round(time.monotonic() - started, 3))
                self._changed()


def _parse(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise AgentError("invalid", "the line is no JSON") from fault
    if not isinstance(request, dict):
        raise AgentError("invalid", "a request is one JSON object")
    return request


def _check_envelope(request: dict[str, Any]) -> None:
    faults = [f"{name}: unknown" for name in sorted(set(request) - _ENVELOPE)]
    identity = request.setdefault("id", os.urandom(4).hex())
    if not isinstance(identity, str) or not 0 < len(identity) <= _ID_LENGTH:
        request["id"] = None
        faults.append(f"id: a string of 1 to {_ID_LENGTH} characters is wanted")
    if not isinstance(request.get("check", False), bool):
        faults.append("check: true or false is wanted")
    if faults:
        raise AgentError("invalid", "; ".join(faults), faults=faults)
    # hello is understood in all versions: whichever side is newer, it is how they find the one that both speak.
    if request.get("protocol") not in schema.PROTOCOLS and request.get("verb") != "hello":
        known = schema.PROTOCOLS
        raise AgentError("unsupported", f"protocol: {request.get('protocol')!r} is none of {known}", protocols=known)


def _refusal(request: dict[str, Any], error: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    return {"id": request.get("id"), "protocol": schema.PROTOCOLS[-1], "ok": False, "error": clean(error, secrets)}
