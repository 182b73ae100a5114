# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Heartbeats and tickets in a real object store, as an ordinary user; a guest is played by plain HTTP without a token."""

from __future__ import annotations

import json
import os
import secrets
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests
from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat, _store

from tests.e2e.modules import run_tasks, task

BEAT = f"{_heartbeat.MEDIA_TYPE}; status=ACTIVE; role=primary; lag=0; used=12; expires=1795000000"
YEAR = 365 * 86400


@pytest.fixture(scope="module")
def cloud() -> Any:
    return openstack.connect(cloud=os.environ["OS_CLOUD"])


@pytest.fixture
def prefix(cloud: Any) -> Iterator[str]:
    name = f"e2e{secrets.token_hex(4)}_"
    yield name
    container = name + _store.HEARTBEATS
    if cloud.object_store.head(f"/{container}").status_code == requests.codes.no_content:
        for found in cloud.object_store.objects(container):
            cloud.object_store.delete_object(found, container=container)
        cloud.object_store.delete_container(container)


def put(url: str, body: bytes = b"{}", content_type: str = BEAT) -> int:
    return requests.put(url, data=body, headers={"Content-Type": content_type}, timeout=30).status_code


def ticket(cloud: Any, prefix: str, uid: str) -> str:
    expires = int(time.time()) + 3600
    return _store.sign(cloud, prefix + _store.HEARTBEATS, uid, method="PUT", expires=expires)


def test_a_ticket_allows_one_heartbeat_object_and_nothing_else(cloud: Any, prefix: str, tmp_path: Path) -> None:
    uid, dest, other = secrets.token_hex(16), tmp_path / "ticket", tmp_path / "other"
    options = {"uid": uid, "store_prefix": prefix}
    now = int(time.time())
    predicted, made, kept = run_tasks(
        tmp_path,
        task("heartbeat_ticket", check=True, **options, dest=str(other)),
        task("heartbeat_ticket", **options, dest=str(dest)),
        task("heartbeat_ticket", **options, dest=str(other), current_expires=now + 31 * 86400),
    )
    assert [r["changed"] for r in (predicted, made, kept)] == [True, True, False]
    assert kept["expires"] == now + 31 * 86400
    assert not other.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"playbook.json", "ticket"}
    held = json.loads(dest.read_text())
    assert set(held) == {"url", "expires"}
    assert held["expires"] == made["expires"]
    assert abs(held["expires"] - now - YEAR) < 120
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert "temp_url_sig" not in json.dumps(made)

    url = held["url"]
    assert put(url, b'{"agent": "0.1.0"}') == 201
    assert requests.get(url, timeout=30).status_code == 401
    assert requests.delete(url, timeout=30).status_code == 401
    assert put(url.replace(uid, secrets.token_hex(16))) == 401

    (beats, reachable) = _store.heartbeats_if_reachable(cloud, prefix=prefix)
    assert reachable
    assert set(beats) == {uid}
    beat = beats[uid]
    assert (beat.status, beat.role, beat.lag, beat.used, beat.expires) == ("ACTIVE", "primary", 0, 12, 1795000000)
    assert 0 <= beat.age < 30
    assert _store.heartbeat_body(cloud, uid, prefix=prefix) == {"agent": "0.1.0"}
    _store.forget_instance(cloud, uid, prefix=prefix)
    _store.forget_instance(cloud, uid, prefix=prefix)
    assert _store.heartbeats_if_reachable(cloud, prefix=prefix, uids=[uid]) == ({}, True)


def test_what_a_guest_writes_is_not_trusted(cloud: Any, prefix: str) -> None:
    for name, body in {
        "list": b"[1]",
        "cut": b'{"a":',
        "deep": b"[" * 60_000,
        "large": b" " * 65_537,
        "empty": b"",
    }.items():
        assert put(ticket(cloud, prefix, name), body) == 201
        assert _store.heartbeat_body(cloud, name, prefix=prefix) == {}
    assert put(ticket(cloud, prefix, "foreign"), content_type="text/plain") == 201
    assert put(ticket(cloud, prefix, "lies"), content_type=f"{_heartbeat.MEDIA_TYPE};lag=-5;used=x;status") == 201
    beats = _store.list_heartbeats(cloud, prefix=prefix)
    assert "foreign" not in beats
    assert (beats["lies"].status, beats["lies"].lag, beats["lies"].used) == ("", None, None)


def test_pages_and_stale_rows(cloud: Any, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {f"uid{number}" for number in range(4)}
    for name in names:
        assert put(ticket(cloud, prefix, name)) == 201
    monkeypatch.setattr(_store, "_PAGE", 2)
    assert set(_store.list_heartbeats(cloud, prefix=prefix)) == names
    monkeypatch.setattr(_heartbeat, "STALE_AFTER", -1)
    read: list[str] = []
    original = _store.read_heartbeat

    def gone_for_one(connection: Any, uid: str, *, prefix: str) -> _heartbeat.Heartbeat | None:
        read.append(uid)
        return None if uid == "uid3" else original(connection, uid, prefix=prefix)

    monkeypatch.setattr(_store, "read_heartbeat", gone_for_one)
    assert set(_store.list_heartbeats(cloud, prefix=prefix)) == names - {"uid3"}
    assert set(read) == names


def test_the_key_of_a_container_is_kept(cloud: Any, prefix: str) -> None:
    container = prefix + _store.HEARTBEATS
    assert _store.ensure_key(cloud, container) == _store.ensure_key(cloud, container)


def test_a_store_that_is_not_there_is_told_apart_from_one_without_heartbeats(prefix: str) -> None:
    def elsewhere(url: str) -> Any:
        return openstack.connect(cloud=os.environ["OS_CLOUD"], object_store_endpoint_override=url)

    nobody = elsewhere("http://127.0.0.1:1/v1/AUTH_x")
    assert _store.heartbeats_if_reachable(nobody, prefix=prefix) == ({}, False)
    with pytest.raises(_store.StoreUnavailableError) as caught:
        ticket(nobody, prefix, "uid")
    assert caught.value.reason == "cloud"
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_store, "TIMEOUT", 1)
        port = silent.getsockname()[1]
        started = time.monotonic()
        beats = _store.heartbeats_if_reachable(elsewhere(f"http://127.0.0.1:{port}/v1/AUTH_x"), prefix=prefix)
        assert beats == ({}, False)
        assert time.monotonic() - started < 20
