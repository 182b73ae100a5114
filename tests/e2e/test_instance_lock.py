# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock on a real Neutron. The rounds with contenders are few here; `./dev soak lock` has many."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor, new_uid
from ansible_collections.dbaas.openstack.plugins.module_utils._lock_cloud import Tags

from tests.e2e.modules import run_tasks, task

ROUNDS, CONTENDERS, LEASE = 4, 4, 60


@pytest.fixture
def anchor() -> Iterator[Any]:
    """An anchor without an instance: all that the lock needs."""
    network = openstack.connect(cloud=os.environ["OS_CLOUD"]).network
    group = network.create_security_group(name=f"e2e-{secrets.token_hex(3)}", description=Anchor(new_uid()).encode())
    yield group
    network.delete_security_group(group.id)


def test_the_lock_as_a_playbook_uses_it(anchor: Any, tmp_path: Path) -> None:
    create = {"name": anchor.name, "operation": "instance_create", "arguments": {"flavor": "m1.small"}}
    delete = {"name": anchor.name, "operation": "instance_delete"}
    foretold, first, second, same, checked = run_tasks(
        tmp_path,
        task("instance_lock", check=True, **create),
        task("instance_lock", **create, lease=LEASE),
        task("instance_lock", **delete),
        task("instance_lock", **create, wait=False),
        task("instance_lock", check=True, **delete),
    )
    assert (foretold["changed"], foretold["lock"]) == (True, None)
    assert first["changed"]
    lock = first["lock"]
    for refused in (second, same, checked):
        assert (refused["failed"], refused["reason"], refused["held_by"]) == (True, "conflict", lock)

    time.sleep(2)
    renewed, back, again, gone, taken = run_tasks(
        tmp_path,
        task("instance_lock", **create, holder=lock["holder"], lease=LEASE),
        task("instance_lock", name=anchor.name, state="absent", holder=lock["holder"]),
        task("instance_lock", name=anchor.name, state="absent", holder=lock["holder"]),
        task("instance_lock", **create, holder=lock["holder"]),
        task("instance_lock", **delete),
    )
    assert (renewed["lock"]["since"], renewed["lock"]["until"] > lock["until"]) == (lock["since"], True)
    assert (back["changed"], again["changed"]) == (True, False)
    assert (gone["failed"], gone["reason"], gone["held_by"]) == (True, "conflict", None)
    assert taken["lock"]["operation"] == "instance_delete"


def test_wrong_input_is_refused(anchor: Any, tmp_path: Path) -> None:
    results = run_tasks(
        tmp_path,
        task("instance_lock", name=anchor.name, operation="a.b"),
        task("instance_lock", name=anchor.name, operation="instance_create", lease=1),
        task("instance_lock", name="e2e-nobody", operation="instance_create"),
        task("instance_lock", name="e2e-nobody", state="absent", holder="abc"),
    )
    assert [result.get("reason") for result in results] == ["invalid", "invalid", "not_found", None]
    assert results[3]["changed"] is False


def test_contenders_never_hold_it_together(anchor: Any) -> None:
    spans: list[tuple[float, float]] = []
    holders = [threading.Thread(target=_contend, args=(anchor.id, number, spans)) for number in range(CONTENDERS)]
    for holder in holders:
        holder.start()
    for holder in holders:
        holder.join()
    spans.sort()
    assert len(spans) == ROUNDS * CONTENDERS
    assert all(ended <= begun for (_begun, ended), (begun, _ended) in itertools.pairwise(spans))


def _contend(group_id: str, number: int, spans: list[tuple[float, float]]) -> None:
    """Get the lock and give it back, ROUNDS times; spans: when it was held, as the holder saw it."""
    tags = Tags(openstack.connect(cloud=os.environ["OS_CLOUD"]), group_id)
    held = 0
    while held < ROUNDS:
        claim = _lock.Claim("contend", "000000", f"{number}x{held}", 0, 0)
        mine = tags.run(_lock.claim(claim, LEASE)).mine
        if mine is None:
            time.sleep(secrets.randbelow(1000) / 1000)
            continue
        begun = time.monotonic()
        time.sleep(0.05)
        spans.append((begun, time.monotonic()))
        tags.run(_lock.release(mine.holder))
        held += 1
