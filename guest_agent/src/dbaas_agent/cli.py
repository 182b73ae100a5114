# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``run``, ``job``, ``before-start`` and ``hold-addresses`` for systemd, ``call`` for people."""

from __future__ import annotations

import signal
import sys
from typing import Any

from dbaas_agent import VERSION
from dbaas_agent.errors import AgentError
from dbaas_agent.jsonlog import log
from dbaas_agent.schema import PROTOCOLS, SOCKET, VERBS

UNIT = "/etc/systemd/system/dbaas-agent.service"
USAGE = """usage: agent.pyz run --config FILE
       agent.pyz job --config FILE ID
       agent.pyz before-start --config FILE
       agent.pyz hold-addresses ADDRESS...
       agent.pyz call VERB [--check] [--socket PATH] < arguments.json
       agent.pyz version
"""


def main(words: list[str]) -> int:
    """Exit code: 0 done, 1 failed, 2 wrong words."""
    try:
        if words[:2] == ["run", "--config"] and len(words) == 3:
            return _run(words[2])
        if words[:2] == ["job", "--config"] and len(words) == 4:
            return _job(words[2], words[3])
        if words[:2] == ["before-start", "--config"] and len(words) == 3:
            return _before_start(words[2])
        if words[:1] == ["hold-addresses"] and len(words) > 1:
            return _hold(words[1:])
        if words[:1] == ["call"] and len(words) > 1:
            return _call(words[1], words[2:])
        if words == ["version"]:
            sys.stdout.write(f"{VERSION}\n")
            return 0
    except AgentError as fault:
        log("refused", "error", reason=fault.reason, msg=fault.msg)
        return 1
    sys.stderr.write(USAGE)
    return 2


def _run(path: str) -> int:
    from dbaas_agent import config, drivers
    from dbaas_agent.agent import Agent
    from dbaas_agent.dispatch import Dispatcher
    from dbaas_agent.heartbeat import Sender, TicketFile
    from dbaas_agent.loop import Loop
    from dbaas_agent.record_watch import RecordWatch
    from dbaas_agent.server import Server

    settings = config.load(path)
    tickets = TicketFile(settings.ticket_file)
    files = [sys.argv[0], path, UNIT, settings.store_ca_file]
    job_command = [sys.executable, "-I", sys.argv[0], "job", "--config", path]
    hold_command = [sys.executable, "-I", sys.argv[0], "hold-addresses"]
    agent = Agent(settings, drivers.load(settings), tickets, files, job_command, hold_command=hold_command)
    sender = Sender(tickets, settings.store_ca_file, agent.clock)
    watch = RecordWatch(agent.gate, settings.store_ca_file)

    def wake() -> None:
        loop.wake()

    dispatcher = Dispatcher(agent, wake)
    loop = Loop(
        agent.observe,
        sender.offer,
        dispatcher.renew,
        agent.certificate_end,
        guard=agent.guard,
        interval=settings.heartbeat_interval,
    )
    signal.signal(signal.SIGTERM, lambda *_: loop.stop())
    server = Server(SOCKET, dispatcher.answer)
    sender.start()
    watch.start()
    server.start()
    log("agent_started", version=VERSION, uid=settings.uid, driver=settings.driver)
    loop.run()
    server.close()
    watch.close()
    sender.close()
    log("agent_stopped", busy=not dispatcher.slot.idle())
    return 0


def _job(path: str, identity: str) -> int:
    from dbaas_agent import config, drivers
    from dbaas_agent.jobs import journal, runner

    settings = config.load(path)
    return runner.main(drivers.load(settings), journal.Journal(journal.root(settings), identity))


def _before_start(path: str) -> int:
    from dbaas_agent import config, drivers

    drivers.load(config.load(path)).before_start()
    return 0


def _hold(addresses: list[str]) -> int:
    from dbaas_agent import holding

    return holding.main(addresses)


def _call(verb: str, words: list[str]) -> int:
    import json

    check, path = "--check" in words, SOCKET
    rest = [word for word in words if word != "--check"]
    if rest[:1] == ["--socket"] and len(rest) == 2:
        path, rest = rest[1], []
    if rest:
        sys.stderr.write(USAGE)
        return 2
    text = "" if sys.stdin.isatty() else sys.stdin.read().strip()
    try:
        args = json.loads(text or "{}")
    except ValueError as fault:
        raise AgentError("invalid", f"the arguments on standard input are no JSON: {fault}") from fault
    request = {
        "id": "call",
        "protocol": PROTOCOLS[-1],
        "verb": verb,
        "args": args,
        "check": check,
    }
    answer = _exchange(path, json.dumps(request).encode(), VERBS.get(verb, {}).get("timeout", 60))
    sys.stdout.write(json.dumps(answer["result" if answer["ok"] else "error"], indent=2, sort_keys=True) + "\n")
    return 0 if answer["ok"] else 1


def _exchange(path: str, line: bytes, timeout: float) -> dict[str, Any]:
    import json
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(timeout)
        try:
            agent.connect(path)
            agent.sendall(line + b"\n")
            with agent.makefile("rb") as stream:
                text = stream.readline()
        except OSError as fault:
            raise AgentError("agent", f"{path}: {fault}") from fault
    if not text:
        raise AgentError("agent", f"{path}: the agent hung up")
    answer: dict[str, Any] = json.loads(text)
    return answer
