# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak lock`: contenders for one lock on a real Neutron, killed at random; a lock of the kernel is the witness that none hold it together."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import random
import secrets
import time
from pathlib import Path
from typing import Any

import openstack
from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor, new_uid
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_lock_cloud import SHORTEST_LEASE
from ansible_collections.dbaas.openstack.plugins.module_utils._lock_cloud import Tags

CONTENDERS = 5
KILL_EVERY = 15
"""Seconds from one kill to the next, on average."""


def soak(seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures: how often the lock was held, died with, lost; violations: how often two held it."""
    chance = random.Random(seed)  # noqa: S311
    network = openstack.connect(cloud=os.environ["OS_CLOUD"]).network
    anchor = network.create_security_group(name=f"soak-{secrets.token_hex(3)}", description=Anchor(new_uid()).encode())
    ledger = directory / "ledger"
    ledger.write_text("", encoding="utf-8")
    kills = 0
    ends = time.monotonic() + 60 * minutes
    contenders = [_start(anchor.id, ledger) for _number in range(CONTENDERS)]
    try:
        while time.monotonic() < ends:
            time.sleep(min(chance.expovariate(1 / KILL_EVERY), max(0.0, ends - time.monotonic())))
            victim = chance.randrange(CONTENDERS)
            contenders[victim].kill()
            contenders[victim].join()
            contenders[victim] = _start(anchor.id, ledger)
            kills += 1
            print(f"{max(0, ends - time.monotonic()):5.0f} s to go, {kills} kills", flush=True)
    finally:
        for contender in contenders:
            contender.kill()
            contender.join()
        network.delete_security_group(anchor.id)
    entries = [line.split() for line in ledger.read_text(encoding="utf-8").splitlines()]
    words = [entry[0] for entry in entries]
    waits = sorted(float(entry[1]) for entry in entries if entry[0] == "held")
    return {
        "contenders": CONTENDERS,
        "minutes": minutes,
        "kills": kills,
        "held": words.count("held"),
        "renewed": words.count("renewed"),
        "lost": words.count("lost"),
        "died_holding": words.count("held") - words.count("released"),
        "violations": words.count("TWO"),
        "median_wait_s": waits[len(waits) // 2] if waits else None,
    }


def _start(group_id: str, ledger: Path) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=_contend, args=(group_id, ledger), daemon=True)
    process.start()
    return process


def _contend(group_id: str, ledger: Path) -> None:
    """Get the lock, work for a moment, perhaps renew it, give it back, for ever."""
    tags = Tags(openstack.connect(cloud=os.environ["OS_CLOUD"]), group_id)
    chance = random.SystemRandom()
    while True:
        began = time.monotonic()
        while (mine := tags.run(_lock.claim(_claim(), SHORTEST_LEASE)).mine) is None:
            time.sleep(chance.uniform(0.2, 1.5))
        _write(ledger, f"held {time.monotonic() - began:.3f}")
        with ledger.with_suffix(".witness").open("w") as witness:
            try:
                fcntl.flock(witness, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _write(ledger, "TWO")
            time.sleep(chance.uniform(0, 2))
            renewed = tags.run(_lock.renew(mine, SHORTEST_LEASE)).mine
            _write(ledger, "renewed" if renewed else "lost")
            time.sleep(chance.uniform(0, 1))
        if renewed:
            tags.run(_lock.release(renewed.holder))
        _write(ledger, "released")


def _claim() -> _lock.Claim:
    return _lock.Claim("soak", "000000", secrets.token_hex(3), 0, 0)


def _write(ledger: Path, line: str) -> None:
    with ledger.open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
