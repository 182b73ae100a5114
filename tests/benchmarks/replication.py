# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long clients of a replication set cannot write while another member takes over: those that know one address beside those that try each member."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.benchmarks.instances import databases, gap, must
from tests.e2e import replicas
from tests.e2e.datastores import TESTED
from tests.e2e.guests import Database
from tests.e2e.playbooks import Run, play
from tests.soak.load import Load

SWITCHES = 3
Figures = dict[str, float]


def switch() -> Figures:
    """Gaps while replica_promote runs: of a client at the writer's address, which moves, and of one that goes from member to member until one takes a row."""
    with _pair() as members:
        first = next(iter(members.values()))
        clients = replicas.clients(first, "clients")
        load = Load(TESTED.name, {name: member.login for name, member in members.items()}, replicas.PACE_SECONDS)
        load.begin(first.name)
        with load:
            rows = [_switched(members, clients, load) for _number in range(SWITCHES)]
    direct, moved, seconds = map(statistics.median, zip(*rows, strict=True))
    return {
        "members_gap_s": direct,
        "address_gap_s": moved,
        "ratio": moved / direct,
        "playbook_s": seconds,
    }


def _switched(members: dict[str, Database], clients: Database, load: Load) -> tuple[float, float, float]:
    """The gaps of both clients while the other member takes over, and the seconds of the playbook."""
    first = next(iter(members.values()))
    primary = replicas.the_set(first)["primary"]
    (other,) = members.keys() - {primary}
    runs: list[Run] = []
    began = load.until_written(primary)
    promote = {**first.way, "instance": other}
    moved = gap(clients, lambda: runs.append(must(play("replica_promote", promote))), "moved", replicas.PACE_SECONDS)
    load.until_written(other)
    return load.gap(began), moved, runs[0].seconds


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
            replicas.remove(first, first.name, name)


BENCHMARKS: dict[str, Callable[[], Figures]] = {"switch": switch}
