# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job restore, out of a store in memory into files."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import data_directory, validate
from dbaas_agent.backup import backup, kept, restore
from dbaas_agent.backup.backup import Backup
from dbaas_agent.backup.restore import Restore
from dbaas_agent.backup.segments import manifest, segment
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError

from guest_agent.tests.fakes import BackupDriver, FakeReport, FakeStore, FakeStrategy

CONTENTS = (os.urandom(5000), b"two")
PLAIN = [{"sha256": "0" * 64, "encrypted": False}] * 2
SEALED = [{"sha256": "0" * 64, "encrypted": True}]
URLS = [f"http://store/u/{number}/?sig=1" for number in range(2)]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    made = FakeStore()
    monkeypatch.setattr(restore, "Uploader", made)
    monkeypatch.setattr(restore, "EXPAND", ("gzip", "--decompress", "--stdout"))
    return made


@pytest.fixture
def driver(config: Config) -> BackupDriver:
    return BackupDriver(config)


@pytest.fixture
def chain(store: FakeStore) -> list[dict[str, Any]]:
    """What is stored, in pieces of 2000 bytes, and what the controller knows of it."""
    known = []
    for number, content in enumerate(CONTENTS):
        packed = gzip.compress(content)
        pieces = [packed[place : place + 2000] for place in range(0, len(packed), 2000)]
        told = manifest([segment(*piece) for piece in enumerate(pieces)])
        store.objects |= {f"/u/{number}/{place:08d}": piece for place, piece in enumerate(pieces)}
        store.objects[f"/u/{number}/manifest.json"] = json.dumps(told).encode()
        known.append({"sha256": told["sha256"], "encrypted": False})
    return known


def job(
    driver: BackupDriver, chain: list[dict[str, Any]], expires: float = 4e9, *, follows: bool = False, **secrets: Any
) -> Restore:
    told = {"urls": URLS[: len(chain)], "expires": int(expires), **secrets}
    args = {"strategy": "file", "chain": chain, "patience": 1, "follows": follows}
    given = validate.arguments(Restore.spec(), {"args": args, "secrets": told})
    return Restore(driver, given["args"], given["secrets"])


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(AgentError) as told:
        act()
    return told.value.reason


@pytest.mark.parametrize(
    ("chain", "secrets", "reason"),
    [
        ([], {}, "invalid"),
        (PLAIN, {"urls": URLS[:1]}, "invalid"),
        (PLAIN[:1], {"urls": URLS}, "invalid"),
        ([*PLAIN[:1], *SEALED], {}, "invalid"),
        (SEALED, {"identity": ""}, "invalid"),
        (PLAIN, {"expires": time.time() - 1}, "not_actionable"),
        (PLAIN, {}, None),
        (SEALED, {"identity": "AGE-SECRET-KEY-1"}, None),
    ],
)
def test_it_asks_for_a_url_of_each_and_the_key_of_what_is_encrypted(
    driver: BackupDriver, chain: list[dict[str, Any]], secrets: dict[str, Any], reason: str | None
) -> None:
    made = job(driver, chain, **secrets)
    if reason:
        assert refusal(made.verify) == reason
    else:
        made.verify()


def test_data_that_are_there_are_not_replaced(driver: BackupDriver) -> None:
    os.mkdir(driver.config.data_dir)
    assert refusal(job(driver, PLAIN).verify) == "conflict"


def test_a_strategy_that_there_is_not(driver: BackupDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "backup_strategies", dict)
    assert refusal(job(driver, PLAIN).verify) == "unsupported"


def test_a_chain_is_restored_in_its_order(driver: BackupDriver, store: FakeStore, chain: list[dict[str, Any]]) -> None:
    report = FakeReport()
    total = sum(len(body) for path, body in store.objects.items() if not path.endswith("manifest.json"))
    assert job(driver, chain).run(report) == {"bytes": total}
    assert driver.acts == [
        ("unpack", 0, []),
        ("apply", 0, ["part0"]),
        ("unpack", 1, ["part0"]),
        ("apply", 1, ["part0", "part1"]),
        ("complete", 2, ["part0", "part1"]),
        ("settle", ["part0", "part1"]),
    ]
    assert tuple(Path(driver.config.data_dir, f"part{number}").read_bytes() for number in range(2)) == CONTENTS
    assert report.steps[-1] == ("stream", "00000000", total, total, "bytes")
    assert data_directory.is_own(driver.config)
    assert data_directory.is_restored(driver.config)


def test_a_copy_that_follows_is_not_settled(driver: BackupDriver, chain: list[dict[str, Any]]) -> None:
    job(driver, chain[:1], follows=True).run(FakeReport())
    assert [act[0] for act in driver.acts[-2:]] == ["complete", "follow"]


def test_only_a_whole_one_of_a_strategy_that_can_is_to_follow(
    driver: BackupDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    job(driver, PLAIN[:1], follows=True).verify()
    assert refusal(job(driver, PLAIN, follows=True).verify) == "unsupported"
    monkeypatch.setattr(FakeStrategy, "follows", False)
    assert refusal(job(driver, PLAIN[:1], follows=True).verify) == "unsupported"


def test_all_is_the_datastores_before_it_settles(
    driver: BackupDriver, chain: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        data_directory,
        "give_away",
        lambda _config, path: driver.acts.append(("give", sorted(os.listdir(path)))),
    )
    job(driver, chain).run(FakeReport())
    assert [act[0] for act in driver.acts[-3:]] == ["complete", "give", "settle"]


def told(store: FakeStore, **more: Any) -> bytes:
    return json.dumps({**json.loads(store.objects["/u/1/manifest.json"]), **more}).encode()


@pytest.mark.parametrize(
    ("name", "other", "reason"),
    [
        ("00000000", lambda store: store.objects["/u/1/00000000"][:-1], "conflict"),
        ("00000000", lambda store: store.objects["/u/1/00000000"] + b"x", "conflict"),
        ("00000000", lambda store: bytes(len(store.objects["/u/1/00000000"])), "conflict"),
        ("00000000", lambda _store: None, "not_found"),
        ("manifest.json", lambda _store: None, "not_found"),
        ("manifest.json", lambda store: store.objects["/u/0/manifest.json"], "conflict"),
        ("manifest.json", lambda store: told(store, segments=[]), "conflict"),
        ("manifest.json", lambda store: told(store, segments=None), "conflict"),
        ("manifest.json", lambda store: told(store, segments=[{"name": "00000000"}]), "conflict"),
        ("manifest.json", lambda store: told(store, segments=2 * json.loads(told(store))["segments"]), "conflict"),
        ("manifest.json", lambda _store: b"[]", "conflict"),
        ("manifest.json", lambda _store: b"\xff", "conflict"),
        ("manifest.json", lambda _store: b"{", "conflict"),
    ],
)
def test_of_what_is_not_what_was_sealed_nothing_is_made(
    *,
    driver: BackupDriver,
    store: FakeStore,
    chain: list[dict[str, Any]],
    name: str,
    other: Callable[[FakeStore], bytes | None],
    reason: str,
) -> None:
    content = other(store)
    del store.objects[f"/u/1/{name}"]
    if content is not None:
        store.objects[f"/u/1/{name}"] = content
    assert refusal(lambda: job(driver, chain).run(FakeReport())) == reason
    assert {act[0] for act in driver.acts}.isdisjoint({"complete", "settle"})
    data_directory.require_none(driver.config)


def test_of_what_cannot_be_unpacked_nothing_is_made(
    driver: BackupDriver, chain: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "EXPAND", ("sh", "-c", "exit 3"))
    assert refusal(lambda: job(driver, chain).run(FakeReport())) == "agent"
    assert [act[0] for act in driver.acts] == ["unpack"]
    data_directory.require_none(driver.config)


def keys() -> tuple[str, str]:
    """The identity, and the recipient that belongs to it."""
    words = subprocess.run(["age-keygen"], capture_output=True, check=True, text=True).stdout.split()
    identity, recipient = (next(word for word in words if word.startswith(begin)) for begin in ("AGE-", "age1"))
    return identity, recipient


@pytest.mark.parametrize("right", [True, False])
def test_what_was_encrypted_comes_back_to_who_has_the_key(
    config: Config, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    store, driver = FakeStore(), BackupDriver(config, [["seq", "100000"]])
    for module in (backup, restore):
        monkeypatch.setattr(module, "Uploader", store)
    identity, recipient = keys()
    taken = {"strategy": "file", "parent": None, "recipients": [recipient], "segment_bytes": 1 << 20}
    kept.prepare(config)
    made = Backup(driver, {**taken, "bytes_per_second": 0, "patience": 1}, {"url": URLS[0], "expires": int(4e9)})
    made.verify()
    digest = made.run(FakeReport())["sha256"]
    assert store.objects["/u/0/00000000"].startswith(b"age-encryption.org/v1")
    back = job(driver, [{"sha256": digest, "encrypted": True}], identity=identity if right else keys()[0])
    back.verify()
    if right:
        back.run(FakeReport())
        assert Path(config.data_dir, "part0").read_bytes().split()[-1] == b"100000"
    else:
        assert refusal(lambda: back.run(FakeReport())) == "agent"
        data_directory.require_none(config)
