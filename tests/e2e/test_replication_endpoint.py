# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replication set in a network that another project shares, where ports may have no address pairs: its floating addresses move.

Its members have no floating addresses of their own. One flow in this order. `./dev soak endpoint` runs it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import openstack
import pytest

from tests.e2e import bastion, networks, replicas
from tests.e2e.guests import Database
from tests.e2e.leaks import nothing_left
from tests.e2e.playbooks import play
from tests.e2e.replicas import lose_power, the_set

pytestmark = pytest.mark.soak
NAME, SECOND = "e2e-moved", "e2e-moved-replica-1"
NUMBER = 197
INSIDE = {"is_public": False, "management_cidrs": [f"10.{NUMBER}.0.0/24"]}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, cloud: Any) -> Iterator[Database]:
    """An instance to which SSH comes over a jump host. It is removed at the end with its replica, and leaves nothing."""
    place = tmp_path_factory.mktemp("moved")
    admin = openstack.connect(cloud=f"{os.environ['OS_CLOUD']}-admin")
    with (
        nothing_left(cloud),
        networks.dual_stack(admin, NUMBER, is_shared=True) as network,
        networks.way_out(admin, network),
    ):
        made = Database(NAME, place, network=network.name)
        with bastion.jump_host(cloud, network, place / "key") as made.jump:
            run = play("instance_create", made.wish(volume_size=1, **INSIDE))
            assert run.ok, run.failures
            yield made
            replicas.remove(made, NAME, SECOND)


@pytest.fixture(scope="module")
def clients(first: Database) -> Database:
    """The set as its clients know it, once it has a replica."""
    for check in (True, False):
        replicas.create(first, SECOND, check=check, replica_endpoint="auto", **INSIDE)
    return replicas.clients(first, "clients")


@pytest.fixture(scope="module")
def readers(first: Database, clients: Database) -> Database:
    """Those who only read."""
    made = replicas.follower(first, "readers")
    (made.place / "host").write_text(the_set(first)["endpoint"]["reader"][0])
    (made.place / "ca.pem").write_text((clients.place / "ca.pem").read_text())
    return made


def test_where_pairs_are_forbidden_floating_addresses_lead_to_the_set(
    first: Database, clients: Database, readers: Database
) -> None:
    told = the_set(first)["endpoint"]
    assert (told["kind"], told["writer_at"], told["reader_at"]) == ("floating", NAME, SECOND)
    assert [len(told[part]) for part in ("writer", "reader")] == [1, 1]
    clients.rows("CREATE TABLE t (id INT PRIMARY KEY)")
    clients.rows("INSERT INTO t VALUES (1)")
    first.until(lambda _info: readers.client("SELECT id FROM t").stdout.split() == ["1"])
    assert readers.client("INSERT INTO t VALUES (2)").returncode != 0
    assert play("replica_rejoin", first.way).changed == 0


def test_they_move_with_a_switch(first: Database, clients: Database, readers: Database) -> None:
    with clients.writer(pace=replicas.PACE_SECONDS) as writer:
        run = play("replica_promote", {**first.way, "instance": SECOND})
        assert run.ok, run.failures
        before = len(writer.acknowledged)
        first.until(lambda _info: len(writer.acknowledged) > before)
        acknowledged = set(writer.acknowledged)
    assert clients.lost(acknowledged) == set()
    told = the_set(first)["endpoint"]
    assert (told["writer_at"], told["reader_at"]) == (SECOND, NAME)
    assert readers.rows("SELECT id FROM t") == ["1"]
    assert readers.client("INSERT INTO t VALUES (3)").returncode != 0


def test_and_away_from_a_primary_that_is_gone(first: Database, clients: Database, readers: Database) -> None:
    gone = first.sibling(SECOND)
    lose_power(gone)
    run = play("replica_eject", {**gone.way, "max_lost": 10**9})
    assert run.ok, run.failures
    clients.rows("INSERT INTO t VALUES (4)")
    assert the_set(first)["endpoint"]["writer_at"] == NAME
    run = play("instance_start", gone.way)
    assert run.ok, run.failures
    run = play("replica_rejoin", first.way)
    assert run.ok, run.failures
    assert the_set(first)["endpoint"]["reader_at"] == SECOND
    first.until(lambda _info: readers.client("SELECT id FROM t").stdout.split() == ["1", "4"])


def test_they_go_with_the_set(first: Database, cloud: Any) -> None:
    told = the_set(first)["endpoint"]
    run = play("replica_detach", {**first.way, "instance": SECOND})
    assert run.ok, run.failures
    left = {one.floating_ip_address for one in cloud.network.ips(project_id=cloud.current_project_id)}
    assert not left & {*told["writer"], *told["reader"]}
