# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long clients of a replication set cannot write while another member takes over: those that know one address beside those that try each member."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.benchmarks.instances import databases, must
from tests.e2e import replicas
from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database, Writer
from tests.e2e.playbooks import play
from tests.soak.load import Load

SWITCHES = 3
Figures = dict[str, float]


def switch() -> Figures:
    """Gaps while replica_promote runs: of a client at the writer's address, which moves, and of one that goes from member to member until one takes a row."""
    with _pair() as members:
        first = next(iter(members.values()))
        clients = replicas.clients(first, "clients")
        load = Load(TESTED.name, {name: member.login for name, member in members.items()})
        load.begin(first.name)
        direct, moved, seconds = [], [], []
        with load:
            for _number in range(SWITCHES):
                primary = replicas.the_set(first)["primary"]
                (other,) = members.keys() - {primary}
                with clients.writer("moved") as writer:
                    began = load.until_written(primary)
                    run = must(play("replica_promote", {**first.way, "instance": other}))
                    load.until_written(other)
                    _until_written(writer)
                direct.append(load.gap(began))
                moved.append(writer.gap())
                seconds.append(run.seconds)
    return {
        "members_gap_s": statistics.median(direct),
        "address_gap_s": statistics.median(moved),
        "ratio": statistics.median(moved) / statistics.median(direct),
        "playbook_s": statistics.median(seconds),
    }


@contextmanager
def _pair() -> Iterator[dict[str, Database]]:
    """An instance and its replica by their names, with one address for clients."""
    with databases(1) as (first,):
        name = f"{first.name}-2"
        try:
            must(play("replica_create", replicas.wish(first, name)))
            second = replicas.follower(first, name)
            replicas.know(second)
            yield {first.name: first, name: second}
        finally:
            # The one that is no primary leaves, and the other one is alone then.
            for leaves in (name, first.name):
                play("replica_detach", {**first.way, "instance": leaves, "force": True})
            play("instance_delete", {"instance": name})


def _until_written(writer: Writer) -> None:
    seen, deadline = len(writer.times), time.monotonic() + 120
    while len(writer.times) == seen and time.monotonic() < deadline:
        time.sleep(0.1)


BENCHMARKS: dict[str, Callable[[], Figures]] = {"switch": switch}
