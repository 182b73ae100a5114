# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
import types
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.modules import heartbeat_ticket

NOW = 1_795_000_000
DAY = 86400
UID = "0f8fad5bd9cb469fa16570867728950e"


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []

    def sign(_connection: Any, container: str, name: str, *, method: str, expires: int, prefix: None) -> str:
        assert prefix is None
        calls.append((container, name, method, expires))
        return "https://store/secret"

    monkeypatch.setattr(_store, "public_endpoint", lambda _connection: "https://store")
    monkeypatch.setattr(_store, "sign", sign)
    monkeypatch.setattr(heartbeat_ticket.time, "time", lambda: NOW + 0.5)
    return calls


def run(dest: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in heartbeat_ticket.argument_spec().items()}
    params = {**defaults, "uid": UID, "dest": str(dest), **options}
    return heartbeat_ticket.body(types.SimpleNamespace(params=params, check_mode=check), None)


@pytest.mark.parametrize(
    ("current_expires", "due"), [(0, True), (NOW - 1, True), (NOW + 30 * DAY, True), (NOW + 30 * DAY + 1, False)]
)
@pytest.mark.parametrize("check", [True, False])
def test_a_ticket_is_issued_when_it_is_time(
    tmp_path: Path, signed: list[tuple[Any, ...]], current_expires: int, due: bool, check: bool
) -> None:
    dest = tmp_path / "ticket"
    result = run(dest, check=check, current_expires=current_expires)
    expires = NOW + 365 * DAY if due else current_expires
    assert result == {"changed": due, "expires": expires, "dest": str(dest)}
    assert dest.exists() is (due and not check)
    assert signed == ([("dbaas_heartbeats", UID, "PUT", expires)] if due and not check else [])


def test_the_file_is_replaced_and_private(tmp_path: Path, signed: list[tuple[Any, ...]]) -> None:
    dest = tmp_path / "ticket"
    dest.write_text("old")
    dest.chmod(0o644)
    run(dest, valid_for=31, store_prefix="x_")
    assert json.loads(dest.read_text()) == {"url": "https://store/secret", "expires": NOW + 31 * DAY}
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [dest]
    assert signed[0][0] == "x_heartbeats"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"uid": "orders"}, "uid"),
        ({"uid": UID.upper()}, "uid"),
        ({"uid": "../" + UID[3:]}, "uid"),
        ({"dest": "/nonexistent/ticket"}, "dest"),
        ({"dest": "/"}, "dest"),
        ({"renew_before": -1}, "renew_before"),
        ({"valid_for": 30}, "valid_for"),
        ({"store_prefix": "a/b"}, "store_prefix"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_before_anything_is_done(
    tmp_path: Path, signed: list[tuple[Any, ...]], options: dict[str, Any], option: str
) -> None:
    with pytest.raises(DbaasError) as caught:
        run(**{"dest": tmp_path / "ticket", **options})
    assert (caught.value.reason, caught.value.details) == ("invalid", {"option": option})
    assert signed == []
    assert list(tmp_path.iterdir()) == []


def test_no_store_is_told_in_check_mode_too(tmp_path: Path) -> None:
    connection = types.SimpleNamespace(endpoint_for=lambda *_args, **_more: None)
    defaults = {name: option.get("default") for name, option in heartbeat_ticket.argument_spec().items()}
    params = {**defaults, "uid": UID, "dest": str(tmp_path / "ticket")}
    with pytest.raises(_store.StoreUnavailableError) as caught:
        heartbeat_ticket.body(types.SimpleNamespace(params=params, check_mode=True), connection)
    assert caught.value.reason == "unsupported"
