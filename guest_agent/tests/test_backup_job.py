# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job backup, of a source that any shell has, into a store in memory."""

from __future__ import annotations

import gzip
import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import data_directory, validate
from dbaas_agent.backup import backup, kept
from dbaas_agent.backup.backup import HURRY, Backup
from dbaas_agent.backup.place import Place
from dbaas_agent.backup.segments import listed, segment, whole
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError

from guest_agent.tests.fakes import BackupDriver, Clock, FakeReport, FakeStore

MIB = 1 << 20
RECIPIENT = f"age1{'q' * 58}"
RANDOM = ["head", "--bytes", str(3 * MIB), "/dev/urandom"]
NO = AgentError("not_actionable", "no")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    made = FakeStore()
    monkeypatch.setattr(backup, "Uploader", made)
    monkeypatch.setattr(backup, "COMPRESS", ("gzip", "-1", "--stdout"))
    return made


@pytest.fixture
def driver(config: Config) -> BackupDriver:
    with data_directory.being_made(config):
        pass
    kept.prepare(config)
    return BackupDriver(config, [RANDOM])


def job(driver: BackupDriver, expires: float = 4e9, **args: Any) -> Backup:
    wanted = {"strategy": "file", "recipients": [], "segment_bytes": MIB, **args}
    secrets = {"url": "http://store/u/b/?sig=1", "expires": int(expires)}
    given = validate.arguments(Backup.spec(), {"args": wanted, "secrets": secrets})
    return Backup(driver, given["args"], given["secrets"])


def refusal(made: Backup) -> AgentError:
    with pytest.raises(AgentError) as told:
        made.verify()
    return told.value


def failure(made: Backup) -> AgentError:
    with pytest.raises(AgentError) as told:
        made.run(FakeReport())
    return told.value


def names(store: FakeStore) -> list[str]:
    return [os.path.basename(path) for path in store.objects]


def test_what_it_takes_is_asked_of_the_strategy(driver: BackupDriver) -> None:
    parent = {"history": data_directory.history(driver.config), "lsn": "1"}
    for given in (None, parent):
        job(driver, recipients=[RECIPIENT], parent=given).verify()
    assert driver.acts == [("verify", None), ("verify", parent)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipients": [RECIPIENT, "ssh-ed25519 AAAA"]},
        {"recipients": [f"{RECIPIENT}Q"]},
        {"recipients": [f"{RECIPIENT} --output=x"]},
        {"recipients": [""]},
        {"segment_bytes": MIB - 1},
        {"segment_bytes": 512 * MIB + 1},
        {"patience": 0},
        {"patience": 86401},
        {"bytes_per_second": -1},
        {"recipients": ["no"], "segment_bytes": 0, "patience": -1, "bytes_per_second": -1},
    ],
)
def test_every_wrong_argument_is_named(driver: BackupDriver, wrong: dict[str, Any]) -> None:
    told = refusal(job(driver, **wrong))
    assert told.reason == "invalid"
    assert {fault.split(":")[0] for fault in told.details["faults"]} == set(wrong)
    assert driver.acts == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"strategy": "other"}, "unsupported"),
        ({"expires": time.time() - 1}, "not_actionable"),
        ({"parent": {"history": "another", "lsn": "1"}}, "not_actionable"),
        ({"parent": {"history": "", "lsn": "1"}}, "not_actionable"),
        ({"parent": {"lsn": "1"}}, "not_actionable"),
    ],
)
def test_what_cannot_be_taken_now_is_refused(driver: BackupDriver, asked: dict[str, Any], reason: str) -> None:
    assert refusal(job(driver, **asked)).reason == reason
    assert driver.acts == []


def test_the_segments_are_the_source_and_the_manifest_comes_last(
    driver: BackupDriver, store: FakeStore, tmp_path: Path
) -> None:
    content = os.urandom(5 * MIB // 2)
    (tmp_path / "source").write_bytes(content)
    tool = ["sh", "-c", 'echo begun >&2; cat "$0"; echo over >&2', str(tmp_path / "source")]
    driver.commands = [tool, ["tail", "--bytes", str(2 * MIB)]]
    report = FakeReport()
    result = job(driver, recipients=[]).run(report)
    *pieces, told = store.objects.values()
    told = json.loads(told)
    assert names(store) == ["00000000", "00000001", "00000002", "manifest.json"]
    assert [len(piece) for piece in pieces[:-1]] == [MIB, MIB]
    assert gzip.decompress(b"".join(pieces)) == content[-2 * MIB :]
    segments = [segment(number, piece) for number, piece in enumerate(pieces)]
    assert listed(told) == segments
    assert (told["sha256"], told["bytes"]) == (whole(segments), sum(map(len, pieces)))
    assert told["position"] == {"lsn": "5", "history": data_directory.history(driver.config)}
    assert told["recipients"] == []
    assert 2 * MIB <= told["source_bytes"] < len(content)
    assert result == {**told, "segments": 3}
    assert driver.words == ["begun", "over"]
    assert driver.acts == [("take", None), ("left",)]
    assert [(step[0], step[1], step[3]) for step in report.steps if step[0] == "stream"] == [
        ("stream", one.name, 7) for one in segments
    ]
    assert os.listdir(kept.directory(driver.config)) == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"commands": [["sh", "-c", f"{' '.join(RANDOM)}; exit 3"]]}, "agent"),
        ({"commands": [RANDOM, ["sh", "-c", "cat; exit 3"]]}, "agent"),
        ({"commands": [["/nonexistent"]]}, "agent"),
        ({"unfinished": AgentError("agent", "it did not end")}, "agent"),
        ({"unkept": NO}, "not_actionable"),
    ],
)
def test_without_a_good_end_there_is_no_manifest(
    driver: BackupDriver, store: FakeStore, state: dict[str, Any], reason: str
) -> None:
    driver.__dict__.update(state)
    assert failure(job(driver)).reason == reason
    assert "manifest.json" not in names(store)
    assert driver.acts[-1] == ("left",)
    assert os.listdir(kept.directory(driver.config)) == []


def test_what_the_store_refuses_ends_it(driver: BackupDriver, store: FakeStore) -> None:
    store.fails = {"00000001": "http_413"}
    driver.commands = [["sh", "-c", "cat /dev/urandom"]]
    assert failure(job(driver)).reason == "agent"
    assert names(store) == ["00000000"]


@pytest.mark.parametrize(
    ("down", "held_up", "patience", "longest"),
    [
        ("00000001", True, 100, 2 * HURRY),
        ("00000001", True, 2, 4),
        ("00000001", False, 100, 130),
        ("manifest.json", True, 100, 130),
    ],
)
def test_while_it_holds_the_datastore_up_nobody_waits_for_the_store(
    *,
    driver: BackupDriver,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
    down: str,
    held_up: bool,
    patience: int,
    longest: int,
) -> None:
    clock = Clock()
    monkeypatch.setattr(backup, "Place", partial(Place, clock=clock, sleep=clock.sleep))
    store.fails = {down: "http_503"}
    driver.held_up = held_up
    report = FakeReport()
    with pytest.raises(AgentError) as told:
        job(driver, patience=patience).run(report)
    assert told.value.reason == "timeout"
    assert min(patience, longest / 2) <= clock.now - 1000 <= longest
    assert {line["name"] for line in report.logged} == {down}
