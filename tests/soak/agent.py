# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak agent`: the agent on one of molecule's guests is asked well and badly all the time, while its store comes and goes.

Its memory, descriptors and threads stay flat when the medians of the last two thirds of the time differ by no more than TOLERANCE.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import random
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import AgentClient, AgentError

from tests.soak.guests import made

GUEST = "mariadb11"
BEAT_SECONDS = 5
SAMPLE_SECONDS = 2.0
PAUSE_SECONDS = 0.2
"""From one question to the next, at most."""
STORE_SECONDS = (20, 60)
"""For how long the store stays there, or away."""
TOLERANCE = {"rss_kib": 256, "descriptors": 1, "threads": 1}
"""A client that was hung up on may still hold a thread and a descriptor when a sample is taken; memory comes and goes in pages, by chance."""

Sample = dict[str, int]


def growth(values: list[int]) -> float:
    """The median of the last third less that of the second one; the first third is for warming up."""
    third = len(values) // 3
    return statistics.median(values[2 * third :]) - statistics.median(values[third : 2 * third])


def judged(samples: list[Sample]) -> dict[str, Any]:
    """For each figure its median in the second third, its growth from there to the last third, its peak, and whether it is flat."""
    shown = {}
    for name, tolerance in TOLERANCE.items():
        values = [sample[name] for sample in samples]
        grown = growth(values)
        shown[name] = {
            "median": statistics.median(values[len(values) // 3 : 2 * len(values) // 3]),
            "growth": grown,
            "tolerance": tolerance,
            "peak": max(values),
            "flat": grown <= tolerance,
        }
    return shown


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures; violations: what did not stay flat, and an agent that ended."""
    chance = random.Random(seed)  # noqa: S311
    state = directory / "molecule"
    with made(state, "inventory", GUEST, {"guest_agent_heartbeat_interval": BEAT_SECONDS}):
        guest = state / GUEST
        agent = _agent(int((guest / "pid").read_text()))
        ask = _Asker(Path("/proc", str(agent), "root", "run", "dbaas", "agent.sock"), chance)
        samples: list[Sample] = []
        ends = time.monotonic() + 60 * minutes
        with _store(state, guest, chance) as heard:
            while time.monotonic() < ends:
                until = time.monotonic() + SAMPLE_SECONDS
                while time.monotonic() < until:
                    ask()
                    time.sleep(chance.uniform(0, PAUSE_SECONDS))
                samples.append(_sample(agent))
                if len(samples) % 30 == 0:
                    print(f"{max(0, ends - time.monotonic()):5.0f} s to go, {samples[-1]}", flush=True)
        figures = judged(samples)
        ended = _agent(int((guest / "pid").read_text())) != agent
    return {
        "minutes": minutes,
        "asked": dict(sorted(ask.done.items())),
        "heartbeats": dict(heard),
        "samples": len(samples),
        **figures,
        "agent_ended": ended,
        "violations": sum(not figure["flat"] for figure in figures.values()) + ended,
    }


def _sample(pid: int) -> Sample:
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return {
        "rss_kib": int(status["VmRSS"].split()[0]),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(status["Threads"]),
    }


class _Asker:
    """Asks something by chance, as clients do that are right, wrong, and broken; counts what."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self._path = str(path)
        self._chance = chance
        self.done: Counter[str] = Counter()
        self._acts: list[Callable[[], None]] = [
            self._status,
            self._jobs,
            self._change,
            self._refused,
            self._nonsense,
            self._hangs_up,
            self._stops_midway,
        ]

    def __call__(self) -> None:
        act = self._chance.choice(self._acts)
        act()
        self.done[act.__name__.strip("_")] += 1

    def _call(self, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
        with AgentClient(self._path) as agent:
            return agent.call(verb, args)

    def _status(self) -> None:
        assert self._call("status")["status"] == "ACTIVE"

    def _jobs(self) -> None:
        self._call("job_list")

    def _change(self) -> None:
        state = self._chance.choice(["present", "absent"])
        self._call("database_set", {"databases": [{"name": "soak", "state": state}]})

    def _refused(self) -> None:
        refused: list[tuple[str, dict[str, Any]]] = [
            ("job_status", {"id": "nothing"}),
            ("database_set", {"databases": [{"name": "mysql"}, {"name": ""}]}),
            ("user_set", {"users": [{"name": "x" * 300, "password": "secret"}]}),
            ("no_verb", {}),
        ]
        verb, args = self._chance.choice(refused)
        with contextlib.suppress(AgentError):
            self._call(verb, args)
            raise AssertionError(verb)

    def _nonsense(self) -> None:
        with self._raw() as client:
            client.sendall(self._chance.choice([b"{\n", b"\xff\xfe\n", b"[]\n", b'"x"\n', b"[" * 5000 + b"\n"]))
            assert not json.loads(client.makefile("rb").readline())["ok"]

    def _hangs_up(self) -> None:
        with self._raw() as client:
            client.sendall(b'{"protocol": 1, "verb": "status"}\n')

    def _stops_midway(self) -> None:
        with self._raw() as client:
            client.sendall(b'{"protocol": 1, "verb"' + b" " * self._chance.randrange(100_000))

    def _raw(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(60)
        client.connect(self._path)
        return client


@contextlib.contextmanager
def _store(state: Path, guest: Path, chance: random.Random) -> Iterator[Counter[str]]:
    """A store that comes and goes, takes heartbeats, refuses them, or hangs up; yields how many of each."""
    address = f"10.77.{(state / 'number').read_text().strip()}.1"
    heard: Counter[str] = Counter()
    over = threading.Event()

    class Store(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            kind = chance.choice(["taken", "taken", "taken", "refused", "hung_up"])
            heard[kind] += 1
            if kind != "hung_up":
                self.send_response(201 if kind == "taken" else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is to be told."""

    def come_and_go() -> None:
        port = 0
        while not over.is_set():
            with http.server.ThreadingHTTPServer((address, port), Store) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                if not port:
                    port = server.server_port
                    ticket = json.dumps({"url": f"http://{address}:{port}/soak", "expires": 4102444800})
                    new = guest / "root/etc/dbaas/heartbeat.ticket.new"
                    new.write_text(ticket)
                    new.rename(new.with_suffix(""))
                over.wait(chance.uniform(*STORE_SECONDS))
                server.shutdown()
            heard["times_gone"] += 1
            over.wait(chance.uniform(*STORE_SECONDS))

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        yield heard
    finally:
        over.set()
        thread.join()


def _agent(leader: int) -> int:
    """The process of the agent in the guest of a systemd-nspawn process, as this machine numbers it."""
    parents, agents = {}, []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if b"/usr/lib/dbaas/agent.pyz\0run\0" in (entry / "cmdline").read_bytes():
                agents.append(int(entry.name))
    for pid in agents:
        ancestor = pid
        while ancestor > 1 and ancestor != leader:
            ancestor = parents.get(ancestor, 0)
        if ancestor == leader:
            return pid
    raise AssertionError(f"no agent runs below {leader}")
