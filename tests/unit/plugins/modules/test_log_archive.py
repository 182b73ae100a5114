# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tickets for logs, and what was published, with a store in memory."""

from __future__ import annotations

import json
import stat
import types
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.modules import log_archive, log_ticket

UID = "0f8fad5bd9cb469fa16570867728950e"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    kept = {f"{UID}/slow/1.log": b"one\n", f"{UID}/slow/2.log": b"two\n", f"{UID}/error/1.log": b"x\n"}

    def listed(_connection: Any, container: str, beginning: str, *, prefix: str) -> list[dict[str, Any]]:
        assert (container, prefix) == ("logs", "dbaas_")
        names = [name for name in sorted(kept) if name.startswith(beginning)]
        return [{"name": name, "bytes": len(kept[name]), "last_modified": "", "hash": ""} for name in names]

    monkeypatch.setattr(_store, "list_objects", listed)
    monkeypatch.setattr(_store, "read_object", lambda _connection, _container, name, **_more: kept[name])
    monkeypatch.setattr(_store, "delete_object", lambda _connection, _container, name, **_more: kept.pop(name))
    return kept


def run(module: Any, check: bool = False, **options: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in module.argument_spec().items()}
    params = {**defaults, "uid": UID, "name": "slow", **options}
    result: dict[str, Any] = module.body(types.SimpleNamespace(params=params, check_mode=check), None)
    return result


def test_what_was_published_is_downloaded(store: dict[str, bytes], tmp_path: Path) -> None:
    dest = tmp_path / "slow.log"
    assert run(log_archive, check=True, dest=str(dest))["changed"]
    assert not dest.exists()
    first = run(log_archive, dest=str(dest))
    assert (first["changed"], [one["bytes"] for one in first["objects"]]) == (True, [4, 4])
    assert dest.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert not run(log_archive, dest=str(dest))["changed"]
    store[f"{UID}/slow/3.log"] = b"three\n"
    assert run(log_archive, dest=str(dest))["changed"]


def test_what_was_published_is_removed(store: dict[str, bytes]) -> None:
    assert run(log_archive, check=True, state="absent")["changed"]
    assert run(log_archive, state="absent")["changed"]
    assert list(store) == [f"{UID}/error/1.log"]
    assert not run(log_archive, state="absent")["changed"]


def test_a_ticket_is_for_one_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(_store, "public_endpoint", lambda _connection: "https://store")
    monkeypatch.setattr(_store, "sign", lambda *args, **more: asked.append((args, more)) or "https://store/secret")
    dest = tmp_path / "ticket"
    assert run(log_ticket, check=True, dest=str(dest))["changed"]
    assert not dest.exists()
    told = run(log_ticket, dest=str(dest))
    assert "secret" not in json.dumps(told)
    assert json.loads(dest.read_text()) == {"url": "https://store/secret", "expires": told["expires"]}
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    ((_connection, container, name), more) = asked[0]
    assert (container, name, more["prefix"], more["method"]) == ("dbaas_logs", f"{UID}/slow/", f"{UID}/slow/", "PUT")


@pytest.mark.parametrize(
    ("module", "option", "value"),
    [
        (log_archive, "uid", "../x"),
        (log_archive, "name", "a/b"),
        (log_archive, "dest", "/no/such/place"),
        (log_archive, "store_prefix", "a/"),
        (log_ticket, "name", "A"),
        (log_ticket, "valid_for", 0),
        (log_ticket, "dest", "/"),
    ],
)
def test_bad_input_is_named(module: Any, option: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(DbaasError) as refused:
        run(module, **{"dest": str(tmp_path / "file"), option: value})
    assert (refused.value.reason, refused.value.details["option"]) == ("invalid", option)
