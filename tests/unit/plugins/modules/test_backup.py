# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups from being opened to being removed, with a store in memory."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import stat
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _backup_manifest,
    _backups_cloud,
    _instances_shown_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._backup_manifest import Segment
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.modules import (
    backup,
    backup_info,
    backup_location,
    backup_prune,
    backup_ticket,
)

UID = "0f8fad5bd9cb469fa16570867728950e"
INSTANCE = {
    "uid": UID,
    "name": "orders",
    "datastore": "mariadb",
    "datastore_version": "10.11",
    "configuration": "busy",
    "root_enabled": None,
    "volume": {"id": "v", "size": 5},
}
Objects = dict[str, tuple[bytes, str]]


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Objects:
    """Content and content type by container/name."""
    kept: Objects = {}

    def listed(_connection: Any, container: str, beginning: str, *, prefix: str) -> list[dict[str, Any]]:
        place = f"{prefix}{container}/"
        names = sorted(name for name in kept if name.startswith(place + beginning))
        return [
            {
                "name": name.removeprefix(place),
                "bytes": len(kept[name][0]),
                "hash": md5(kept[name][0]),
                "content_type": kept[name][1],
                "last_modified": "2026-01-01T00:00:00",
            }
            for name in names
        ]

    def read(_connection: Any, container: str, name: str, *, prefix: str) -> bytes | None:
        return kept.get(f"{prefix}{container}/{name}", (None, ""))[0]

    def copy(_connection: Any, source: tuple[str, str], target: tuple[str, str]) -> str | None:
        if "/".join(source) not in kept:
            return None
        kept["/".join(target)] = kept["/".join(source)]
        return md5(kept["/".join(target)][0])

    def write(_connection: Any, container: str, name: str, body: str, *, content_type: str, prefix: str) -> None:
        kept[f"{prefix}{container}/{name}"] = body.encode(), content_type

    def read_record(_connection: Any, name: str, *, prefix: str) -> Any:
        content = kept.get(f"{prefix}records/{name}")
        return json.loads(content[0]) if content else None

    def delete(_connection: Any, container: str, name: str, *, prefix: str) -> None:
        kept.pop(f"{prefix}{container}/{name}", None)

    monkeypatch.setattr(_store, "list_objects", listed)
    monkeypatch.setattr(_store, "read_object", read)
    monkeypatch.setattr(_store, "copy_object", copy)
    monkeypatch.setattr(_store, "write_object", write)
    monkeypatch.setattr(_store, "read_record", read_record)
    monkeypatch.setattr(_store, "delete_object", delete)
    monkeypatch.setattr(_store, "ensure_container", lambda *_args, **_more: None)
    monkeypatch.setattr(_store, "sign", lambda _connection, container, name, **_more: f"https://{container}/{name}")
    monkeypatch.setattr(
        _instances_shown_cloud,
        "shown",
        lambda _connection, name, **_more: ([INSTANCE] if name == "orders" else [], True),
    )
    return kept


class Storage:
    """Cinder's snapshots, each of which is there at once, and volumes. One of which a volume was made cannot be deleted, as with RBD."""

    def __init__(self) -> None:
        self.snapshots_there: dict[str, types.SimpleNamespace] = {}
        self.volumes_there: dict[str, types.SimpleNamespace] = {}
        self.status = "available"

    def snapshots(self, *, details: bool = True, volume_id: str = "") -> list[types.SimpleNamespace]:
        assert details
        return [one for one in self.snapshots_there.values() if volume_id in {"", one.volume_id}]

    def volumes(self, *, details: bool, properties: str = "") -> list[types.SimpleNamespace]:
        assert details
        assert properties in {"", "{'dbaas_role': 'backups'}"}
        return list(self.volumes_there.values())

    def have_volume(self, identity: str, snapshot_id: str | None = None, **metadata: str) -> None:
        volume = types.SimpleNamespace(id=identity, name=identity, snapshot_id=snapshot_id, metadata=metadata)
        self.volumes_there[identity] = volume

    def find_volume(self, identity: str) -> types.SimpleNamespace | None:
        return self.volumes_there.get(identity)

    def delete_volume(self, identity: str) -> None:
        del self.volumes_there[identity]

    def create_snapshot(self, **told: Any) -> types.SimpleNamespace:
        assert told["is_forced"]
        made = types.SimpleNamespace(id=f"s{len(self.snapshots_there)}", status=self.status, **told)
        self.snapshots_there[made.id] = made
        return made

    def get_snapshot(self, identity: str) -> types.SimpleNamespace:
        return self.snapshots_there[identity]

    def find_snapshot(self, identity: str) -> types.SimpleNamespace | None:
        return self.snapshots_there.get(identity)

    def delete_snapshot(self, identity: str) -> None:
        if not any(one.snapshot_id == identity for one in self.volumes_there.values()):
            del self.snapshots_there[identity]


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def run(store: Objects, storage: Storage, tmp_path: Path) -> Callable[..., dict[str, Any]]:  # noqa: ARG001
    def call(module: Any, check: bool = False, **options: Any) -> dict[str, Any]:
        defaults = {name: option.get("default") for name, option in module.argument_spec().items()}
        own = {"dest": str(tmp_path / "ticket")} if "dest" in defaults else {}
        params = {"timeout": 5, **defaults, **own, **options}
        connection = types.SimpleNamespace(block_storage=storage)
        result: dict[str, Any] = module.body(
            types.SimpleNamespace(params=params, check_mode=check, warn=lambda _told: None), connection
        )
        return result

    return call


def opened(run: Callable[..., Any], name: str = "monday", **more: Any) -> dict[str, Any]:
    wish = {"instance": "orders", "strategy": "mariadb-backup", **more}
    told: dict[str, Any] = run(backup, name=name, state="open", **wish)
    return told


def send(store: Objects, told: dict[str, Any], *pieces: bytes, done: bool = True) -> None:
    """Do as the guest."""
    place = f"dbaas_uploads/{UID}/{told['backup']['id']}/"
    segments = [
        Segment(f"{number:08d}", len(piece), md5(piece), hashlib.sha256(piece).hexdigest())
        for number, piece in enumerate(pieces)
    ]
    for one, piece in zip(segments, pieces, strict=True):
        store[place + one.name] = piece, "application/octet-stream"
    manifest = {
        "bytes": sum(map(len, pieces)),
        "source_bytes": 1000,
        "sha256": _backup_manifest.whole(segments),
        "position": {"lsn": "1", "version": "10.11.14"},
        "recipients": [],
        "segments": [dataclasses.asdict(one) for one in segments],
    }
    if done:
        store[place + "manifest.json"] = json.dumps(manifest).encode(), "application/json"


def completed(run: Callable[..., Any], store: Objects, name: str = "monday", **more: Any) -> dict[str, Any]:
    told = opened(run, name, **more)
    send(store, told, name.encode())
    sealed: dict[str, Any] = run(backup, name=told["backup"]["id"], state="sealed")
    return dict(sealed["backup"])


def test_it_is_opened_once(run: Callable[..., Any], store: Objects, tmp_path: Path) -> None:
    assert opened(lambda *args, **more: run(*args, check=True, **more))["changed"]
    assert store == {}
    first = opened(run)
    ticket = tmp_path / "ticket"
    assert json.loads(ticket.read_text())["url"] == f"https://dbaas_uploads/{UID}/{first['backup']['id']}/"
    assert stat.S_IMODE(ticket.stat().st_mode) == 0o600
    again = opened(run)
    assert (first["changed"], again["changed"]) == (True, False)
    assert (again["job"], again["backup"]) == (first["job"], first["backup"])
    assert [one["status"] for one in run(backup_info)["backups"]] == ["BUILDING"]


def test_what_was_sent_is_sealed(run: Callable[..., Any], store: Objects) -> None:
    told = opened(run)
    identity = told["backup"]["id"]
    send(store, told, b"one", b"two", done=False)
    assert run(backup, name="monday", state="sealed")["backup"]["status"] == "BUILDING"
    assert store[f"dbaas_records/segments/{UID}/{identity}/00000001"][0] == b"two"
    send(store, told, b"one", b"two", b"three")
    assert [one["status"] for one in run(backup_info)["backups"]] == ["UPLOADED"]
    sealed = run(backup, name="monday", state="sealed")
    assert (sealed["changed"], sealed["left"], sealed["backup"]["status"]) == (True, 0, "COMPLETED")
    assert (sealed["backup"]["bytes"], sealed["backup"]["segments"]) == (11, 3)
    assert (sealed["backup"]["server_version"], sealed["backup"]["position"]["lsn"]) == ("10.11.14", "1")
    assert [name for name in store if name.startswith("dbaas_uploads/")] == []
    assert not run(backup, name="monday", state="sealed")["changed"]
    assert opened(run) == {"changed": False, "backup": sealed["backup"], "job": None}
    (shown,) = run(backup_info, name="monday")["backups"]
    assert (shown["status"], shown["chain"], shown["details"]["segments"]) == ("COMPLETED", [identity], 3)


def test_sealing_gives_way_and_goes_on(
    run: Callable[..., Any], store: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = opened(run)
    send(store, told, b"one", b"two", b"three")
    times = iter(range(0, 10000, 40))
    monkeypatch.setattr(_backups_cloud.time, "monotonic", lambda: next(times))
    lefts = []
    for _dummy in range(5):
        sealed = run(backup, name="monday", state="sealed")
        lefts.append(sealed["left"])
    assert lefts[0] > 0
    assert sealed["backup"]["status"] == "COMPLETED"


def _without(content: dict[str, Any]) -> None:
    content["segments"].pop()


@pytest.mark.parametrize(
    "change",
    [
        _without,
        lambda content: content.update(bytes=1),
        lambda content: content.update(sha256="0" * 64),
        lambda content: content["segments"][0].update(name="../x"),
        lambda content: content.pop("position"),
        lambda content: content.update(more=1),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    run: Callable[..., Any], store: Objects, change: Callable[[dict[str, Any]], Any]
) -> None:
    told = opened(run)
    send(store, told, b"one", b"two")
    name = f"dbaas_uploads/{UID}/{told['backup']['id']}/manifest.json"
    content = json.loads(store[name][0])
    change(content)
    store[name] = json.dumps(content).encode(), ""
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="sealed")
    assert caught.value.reason == "conflict"
    assert [one["status"] for one in run(backup_info)["backups"]] == ["UPLOADED"]


@pytest.mark.parametrize("content", [b"other", None])
def test_a_segment_that_is_not_as_told_is_refused(
    run: Callable[..., Any], store: Objects, content: bytes | None
) -> None:
    told = opened(run)
    send(store, told, b"one", b"two")
    name = f"dbaas_uploads/{UID}/{told['backup']['id']}/00000000"
    if content is None:
        del store[name]
    else:
        store[name] = content, ""
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="sealed")
    assert caught.value.reason == "conflict"


def test_one_that_failed_leaves_its_record_and_its_name(run: Callable[..., Any], store: Objects) -> None:
    told = opened(run)
    send(store, told, b"one", done=False)
    assert run(backup, name="monday", state="failed", error="no room")["changed"]
    assert not run(backup, name="monday", state="failed", error="again")["changed"]
    assert [name.split("/")[0:2] for name in store] == [["dbaas_records", "backups"]]
    (shown,) = run(backup_info, name="monday")["backups"]
    assert (shown["status"], shown["details"]["error"]) == ("FAILED", "no room")
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="sealed")
    assert caught.value.reason == "not_actionable"
    assert opened(run)["backup"]["id"] != told["backup"]["id"]


def test_a_chain_is_restored_and_removed_as_a_whole(run: Callable[..., Any], store: Objects, tmp_path: Path) -> None:
    first = completed(run, store)
    second = completed(run, store, "tuesday", type="incremental")
    assert second["parent"] == first["id"]
    told = run(backup_ticket, name="tuesday")
    assert [one["sha256"] for one in told["args"]["chain"]] == [first["sha256"], second["sha256"]]
    ticket = json.loads((tmp_path / "ticket").read_text())
    assert ticket["urls"] == [f"https://dbaas_records/segments/{UID}/{one['id']}/" for one in (first, second)]
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="absent")
    assert (caught.value.reason, caught.value.details["followers"]) == ("conflict", ["tuesday"])
    assert run(backup, name="monday", state="absent", with_followers=True, check=True)["changed"]
    removed = run(backup, name="monday", state="absent", with_followers=True)
    assert removed["removed"] == ["tuesday", "monday"]
    assert store == {}
    assert not run(backup, name="monday", state="absent")["changed"]


def test_a_removal_that_was_interrupted_is_finished(
    run: Callable[..., Any], store: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    completed(run, store)
    with monkeypatch.context() as patch:
        patch.setattr(_backups_cloud, "discard", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(backup, name="monday", state="absent")
    assert [one["status"] for one in run(backup_info)["backups"]] == ["DELETING"]
    with pytest.raises(DbaasError):
        run(backup_ticket, name="monday")
    assert run(backup, name="monday", state="absent")["removed"] == ["monday"]
    assert store == {}


def _interrupt(*_args: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "options", "reason"),
    [
        (backup, {"name": "x", "state": "open", "instance": "nobody", "strategy": "s"}, "not_found"),
        (backup, {"name": "x", "state": "sealed"}, "not_found"),
        (backup, {"name": "x", "state": "failed"}, "not_found"),
        (backup, {"name": "x", "state": "open", "instance": "orders", "strategy": "s", "parent": "p"}, "invalid"),
        (backup_ticket, {"name": "x"}, "not_found"),
        (backup_ticket, {"name": "x", "valid_for": 0}, "invalid"),
        (backup_ticket, {"name": "x", "dest": "/no/such/directory/x"}, "invalid"),
    ],
)
def test_what_cannot_be_is_refused(run: Callable[..., Any], module: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(DbaasError) as caught:
        run(module, **options)
    assert caught.value.reason == reason


def test_what_the_policy_does_not_keep_goes_with_what_belongs_to_nobody(
    run: Callable[..., Any], store: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(1_790_000_000, 1_800_000_000, 86400))
    monkeypatch.setattr(backup.time, "time", lambda: next(times))
    for name in ("monday", "tuesday", "wednesday"):
        completed(run, store, name)
    store["dbaas_uploads/gone/gone/00000000"] = b"", ""
    store["dbaas_records/segments/gone/gone/00000000"] = b"", ""
    before = dict(store)
    foretold = run(backup_prune, check=True, daily=1, minimum=2)
    assert store == before
    told = run(backup_prune, daily=1, minimum=2)
    assert {**told, "removed": foretold["removed"]} == foretold
    assert [one["name"] for one in told["removed"]] == ["monday"]
    assert {one["name"]: one["because"] for one in told["kept"]} == {
        "tuesday": ["minimum"],
        "wednesday": ["minimum", "daily"],
    }
    assert told["orphans"] == 2
    assert not run(backup_prune, daily=1, minimum=2)["changed"]
    assert run(backup_prune, instance="nobody", hourly=1)["kept"] == []
    for nothing in ({"minimum": 0}, {}):
        with pytest.raises(DbaasError) as caught:
            run(backup_prune, **nothing)
        assert caught.value.details["option"] == "minimum"


def moved(store: Objects, source: str, target: str) -> None:
    """Copy a folder as somebody would, and forget where it came from."""
    for name in [name for name in store if name.startswith(source)]:
        store[target + name.removeprefix(source)] = store[name]
    for name in [name for name in store if name.startswith("dbaas_")]:
        del store[name]


@pytest.fixture
def elsewhere(run: Callable[..., Any], store: Objects) -> dict[str, Any]:
    """What was a backup of another project; its folder was copied into container c."""
    done = completed(run, store)
    moved(store, f"dbaas_records/segments/{UID}/{done['id']}/", "c/old/")
    return done


REGISTER = {"name": "moved", "state": "registered", "container": "c", "folder": "/old"}


def test_one_that_was_copied_here_is_restored_from_where_it_lies(
    run: Callable[..., Any], store: Objects, elsewhere: dict[str, Any], tmp_path: Path
) -> None:
    before = dict(store)
    assert run(backup, check=True, **REGISTER)["changed"]
    assert store == before
    told = run(backup, **REGISTER)
    assert told["backup"] == {**elsewhere, "name": "moved", "container": "c", "folder": "old/"}
    assert not run(backup, **REGISTER)["changed"]
    assert run(backup_ticket, name="moved")["args"]["chain"][0]["sha256"] == elsewhere["sha256"]
    assert json.loads((tmp_path / "ticket").read_text())["urls"] == ["https://c/old/"]
    assert run(backup, name="moved", state="absent")["removed"] == ["moved"]
    assert store == before


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("record.json", None, "not_found"),
        ("manifest.json", None, "not_found"),
        ("00000000", None, "conflict"),
        ("00000000", b"other", "conflict"),
        ("record.json", b"[]", "conflict"),
        ("record.json", b"{", "conflict"),
        ("record.json", b'{"id": "../../x"}', "conflict"),
    ],
)
def test_what_is_not_complete_is_not_registered(
    run: Callable[..., Any], store: Objects, name: str, content: bytes | None, reason: str
) -> None:
    if content is None:
        del store[f"c/old/{name}"]
    else:
        store[f"c/old/{name}"] = content, ""
    before = dict(store)
    with pytest.raises(DbaasError) as caught:
        run(backup, **REGISTER)
    assert caught.value.reason == reason
    assert store == before


@pytest.mark.parametrize("wrong", [{"name": "a/b"}, {"container": "a/b"}])
def test_wrong_names_are_not_registered(run: Callable[..., Any], wrong: dict[str, str]) -> None:
    with pytest.raises(DbaasError) as caught:
        run(backup, **{**REGISTER, **wrong})
    assert caught.value.reason == "invalid"


def test_one_that_is_there_is_not_registered(run: Callable[..., Any], store: Objects) -> None:
    done = completed(run, store)
    folder = f"segments/{UID}/{done['id']}"
    with pytest.raises(DbaasError) as caught:
        run(backup, name="twice", state="registered", container="dbaas_records", folder=folder)
    assert caught.value.reason == "conflict"


@pytest.mark.usefixtures("elsewhere")
def test_a_name_that_is_taken_is_not_registered(run: Callable[..., Any], store: Objects) -> None:
    completed(run, store, "moved")
    with pytest.raises(DbaasError) as caught:
        run(backup, **REGISTER)
    assert caught.value.details["option"] == "name"


def test_backups_go_where_the_instance_or_the_project_has_them(run: Callable[..., Any], store: Objects) -> None:
    assert run(backup_location, container="archive", check=True)["changed"]
    assert store == {}
    assert run(backup_location, container="archive")["changed"]
    assert not run(backup_location, container="archive")["changed"]
    assert completed(run, store, "one")["container"] == "archive"
    assert run(backup_location, container="own", instance="orders")["container"] == "own"
    own = completed(run, store, "two")
    assert store[f"own/segments/{UID}/{own['id']}/00000000"][0] == b"two"
    assert completed(run, store, "three", container="this")["container"] == "this"
    for of in ({"instance": "orders"}, {}):
        assert run(backup_location, state="absent", **of) == {
            "changed": True,
            "container": None,
            "diff": {"before": {"container": "own" if of else "archive"}, "after": {"container": None}},
        }
    assert completed(run, store, "four")["container"] == ""
    store["own/segments/gone/gone/00000000"] = b"", ""
    assert run(backup_prune, minimum=9)["orphans"] == 1
    for name in ("one", "two", "three", "four"):
        run(backup, name=name, state="absent")
    assert store == {}
    with pytest.raises(DbaasError):
        run(backup_location, container="own", instance="nobody")


def test_a_snapshot_is_taken_once_and_goes_with_its_backup(
    run: Callable[..., Any], store: Objects, storage: Storage, tmp_path: Path
) -> None:
    told = opened(run, strategy="snapshot")
    assert (told["job"], (tmp_path / "ticket").exists()) == (None, False)
    assert run(backup, name="monday", state="snapshot", check=True)["changed"]
    assert storage.snapshots_there == {}
    done = run(backup, name="monday", state="snapshot", position="LSN 7", server_version="1")
    assert (done["backup"]["status"], done["backup"]["snapshot"]) == ("COMPLETED", "s0")
    assert done["backup"]["position"] == {"at_least": "LSN 7"}
    (taken,) = storage.snapshots_there.values()
    assert (taken.volume_id, taken.metadata) == ("v", {"dbaas_backup": told["backup"]["id"]})
    assert not run(backup, name="monday", state="snapshot")["changed"]
    with pytest.raises(DbaasError) as caught:
        run(backup_ticket, name="monday")
    assert caught.value.reason == "unsupported"
    with pytest.raises(DbaasError) as caught:
        opened(run, "tuesday", type="incremental")
    assert caught.value.reason == "not_found"
    assert run(backup, name="monday", state="absent")["removed"] == ["monday"]
    assert (store, storage.snapshots_there) == ({}, {})


def test_a_run_that_was_killed_finds_its_snapshot(run: Callable[..., Any], storage: Storage) -> None:
    identity = opened(run, strategy="snapshot")["backup"]["id"]
    storage.create_snapshot(is_forced=True, volume_id="v", metadata={"dbaas_backup": identity})
    assert run(backup, name="monday", state="snapshot")["backup"]["snapshot"] == "s0"


def test_a_snapshot_that_fails_is_no_backup(run: Callable[..., Any], storage: Storage) -> None:
    opened(run, strategy="snapshot")
    storage.status = "error"
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="snapshot")
    assert caught.value.reason == "cloud"
    assert run(backup, name="monday", state="failed", error="no")["changed"]
    assert storage.snapshots_there == {}


@pytest.mark.parametrize(
    "more",
    [{"type": "incremental"}, {"recipients": ["age1" + "q" * 30]}, {"bytes_per_second": 1}, {"container": "c"}],
)
def test_what_a_snapshot_cannot_be(run: Callable[..., Any], more: dict[str, Any]) -> None:
    with pytest.raises(DbaasError) as caught:
        opened(run, strategy="snapshot", **more)
    assert caught.value.details["problems"][0]["option"] == next(iter(more))


def test_a_backup_of_the_agent_is_no_snapshot(run: Callable[..., Any]) -> None:
    opened(run)
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="snapshot")
    assert caught.value.reason == "not_actionable"


def test_a_snapshot_of_no_backup_goes(run: Callable[..., Any], storage: Storage) -> None:
    storage.create_snapshot(is_forced=True, volume_id="v", metadata={"dbaas_backup": "gone"})
    storage.create_snapshot(is_forced=True, volume_id="v", metadata={})
    assert run(backup_prune, check=True, minimum=1)["orphans"] == 1
    assert run(backup_prune, minimum=1)["orphans"] == 1
    assert list(storage.snapshots_there) == ["s1"]


def test_a_snapshot_that_cinder_keeps_is_as_good_as_before(run: Callable[..., Any], storage: Storage) -> None:
    opened(run, strategy="snapshot")
    done = run(backup, name="monday", state="snapshot", position="LSN 7")["backup"]
    storage.have_volume("v", dbaas_role="backups")
    storage.have_volume("restored", snapshot_id="s0")
    with pytest.raises(DbaasError) as caught:
        run(backup, name="monday", state="absent")
    assert (caught.value.reason, caught.value.details["volumes"]) == ("conflict", ["restored"])
    assert run(backup, name="monday", state="snapshot", check=True)["backup"] == done
    opened(run, "tuesday", strategy="snapshot")
    run(backup, name="tuesday", state="snapshot")
    storage.have_volume("another", snapshot_id="s1")
    pruned = run(backup_prune, minimum=1)
    assert (pruned["removed"], pruned["changed"]) == ([], False)
    assert [one["because"] for one in pruned["kept"]] == [["minimum"], ["in_use"]]
    storage.delete_volume("restored")
    storage.delete_volume("another")
    assert run(backup, name="monday", state="absent")["removed"] == ["monday"]
    # The volume goes with the last snapshot of it, and not before.
    assert list(storage.volumes_there) == ["v"]
    run(backup, name="tuesday", state="absent")
    assert storage.volumes_there == {}
