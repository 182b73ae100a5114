# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replication set as tests make one, work with it, look at it, let a member of it lose its power, and take it apart."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e import networks
from tests.e2e.guests import CIDRS, Database
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import run_tasks, task
from tests.e2e.playbooks import Run, play

PACE_SECONDS = 0.3
"""From one row of a client to the next, and from one attempt to the next: rows and handshakes take an emulated guest what the playbooks need, too."""

LOCALITY = "soft-anti-affinity"
"""A policy for which one hypervisor is enough."""


@contextlib.contextmanager
def leader(cloud: Any, number: int, place: Path, name: str) -> Iterator[Database]:
    """An instance with some rows, to be followed, in a network of both kinds; once it is removed nothing is left."""
    with nothing_left(cloud), networks.dual_stack(cloud, number) as network, networks.way_out(cloud, network):
        made = Database(name, place, network=network.name)
        run = play("instance_create", made.wish(volume_size=1))
        assert run.ok, run.failures
        made.rows("CREATE TABLE t (id INT PRIMARY KEY)")
        made.rows("INSERT INTO t VALUES (1), (2)")
        yield made


def create(first: Database, name: str, check: bool = False, **change: Any) -> Run:
    """Have it a replica of that name."""
    run = play("replica_create", wish(first, name, **change), check=check)
    assert run.ok, run.failures
    return run


def joined(first: Database, name: str) -> Database:
    """A replica that is made, with its authority."""
    create(first, name)
    made = follower(first, name)
    know(made)
    return made


def wish(primary: Database, replica: str, **change: Any) -> dict[str, Any]:
    """Variables of replica_create."""
    return {
        "replica_of": primary.name,
        "replicas": [replica],
        "network": primary.network,
        "is_public": True,
        "allowed_cidrs": CIDRS,
        "management_cidrs": CIDRS,
        "replica_endpoint": "address",
        **{name: value for name, value in primary.way.items() if name != "instance"},
        **change,
    }


def the_set(member: Database) -> dict[str, Any]:
    """The set of a member, as module replica_info tells it."""
    (told,) = run_tasks(member.place, task("replica_info", name=member.name))
    (found,) = told["replication_sets"]
    return dict(found)


def has_addresses(leads: Database, follows: Database, told: dict[str, Any]) -> bool:
    """Whether the writer's addresses inside of the network are at the one, the reader's at the other, and the other one reaches the first by them."""
    writer, reader = told["endpoint"]["writer"][1:], told["endpoint"]["reader"][1:]
    assert {ipaddress.ip_address(address).version for address in writer} == {4, 6}
    assert (told["endpoint"]["writer_at"], told["endpoint"]["reader_at"]) == (leads.name, follows.name)
    reach = "import socket; socket.create_connection(('{}', {}), 10)"
    for address in writer:
        follows.shell(f'python3 -c "{reach.format(address, leads.port)}"')
    return placed(leads) >= set(writer) and placed(follows) >= set(reader) and not placed(follows) & set(writer)


def placed(database: Database) -> set[str]:
    """The addresses that a guest has."""
    return {
        one["local"] for link in json.loads("".join(database.shell("ip -json address"))) for one in link["addr_info"]
    }


def clients(member: Database, name: str) -> Database:
    """The set as its clients know it: the writer's address, and the authorities of all members. name: of the directory that knows them."""
    told = the_set(member)
    made = follower(member, name)
    (made.place / "host").write_text(told["endpoint"]["writer"][0])
    (made.place / "ca.pem").write_text(told["ca_certificates"])
    return made


def follower(primary: Database, name: str) -> Database:
    """A replica, which has the same users."""
    made = primary.sibling(name)
    (made.place / "password").write_text(primary.password)
    return made


def know(database: Database) -> None:
    """Write down its authority, for its clients."""
    told = "".join(f"{line}\n" for line in database.shell("sudo cat /var/lib/dbaas/tls/ca.pem"))
    (database.place / "ca.pem").write_text(told)


def lose_power(database: Database) -> None:
    """End its machine as if it had none any more."""
    with contextlib.suppress(subprocess.SubprocessError):  # the connection ends with it
        database.shell("sudo sh -c 'echo o > /proc/sysrq-trigger'", timeout=20)


def remove(first: Database, *names: str) -> None:
    """Delete those members that are there, after they left their set: the primary last, as it cannot before the others. first: whose ways are theirs."""
    (told,) = run_tasks(first.place, task("replica_info"))
    primaries = {one["primary"] for one in told["replication_sets"]}
    for name in sorted(names, key=primaries.__contains__):
        play("replica_detach", {**first.way, "instance": name, "force": True})
    for name in names:
        run_tasks(first.place, task("instance", name=name, state="absent", timeout=300))
