# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _backup
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Backup, Summary, Wish
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from hypothesis import given
from hypothesis import strategies as st

UID, OTHER = "a" * 32, "b" * 32
INSTANCE = {
    "uid": UID,
    "name": "orders",
    "datastore": "mariadb",
    "datastore_version": "10.11",
    "configuration": "",
    "root_enabled": None,
    "volume": {"size": 5},
}


def backup(identity: str, parent: str = "", **more: Any) -> Backup:
    given = {
        "name": f"name-{identity}",
        "uid": UID,
        "status": _backup.COMPLETED,
        "instance": "orders",
        "datastore": "mariadb",
        "datastore_version": "10.11",
        "type": _backup.INCREMENTAL if parent else _backup.FULL,
        "created": f"2026-11-{len(identity):02d}T00:00:00Z",
        "strategy": "mariadb-backup",
        **more,
    }
    return Backup(id=identity, parent=parent, **given)


def outcome(act: Callable[[], Any]) -> Any:
    """What comes of it, or the reason why not."""
    try:
        return act()
    except DbaasError as fault:
        return fault.reason


@st.composite
def forests(draw: st.DrawFn) -> list[Backup]:
    """Backups of which each follows an earlier one, or none."""
    count = draw(st.integers(1, 12))
    found: list[Backup] = []
    for number in range(count):
        parent = draw(st.sampled_from(["", *(one.id for one in found)]))
        found.append(backup(str(number), parent, created=f"2026-11-28T00:{number:02d}:00Z"))
    return draw(st.permutations(found))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(instance=texts, version=texts, size=st.integers(0, 2**60), expires=st.integers(0, 2**40))
def test_a_listing_tells_what_the_record_says(instance: str, version: str, size: int, expires: int) -> None:
    one = backup("i" * 32, instance=instance, datastore_version=version, bytes=size, expires=expires)
    told = _backup.listed(one.record(), one.content_type())
    assert told == Summary(**{field.name: getattr(one, field.name) for field in dataclasses.fields(Summary)})
    # A store may put blanks after each semicolon.
    assert _backup.listed(one.record(), one.content_type().replace(";", "; ")) == told


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("backups/u/i", "application/json"),
        ("backups/u", backup("i").content_type()),
        ("backups/u/i", backup("i").content_type().replace("bytes=0", "bytes=-1")),
        ("backups/u/i", f"{_backup.MEDIA_TYPE};status=COMPLETED"),
    ],
)
def test_another_row_is_no_backup(name: str, content_type: str) -> None:
    assert _backup.listed(name, content_type) is None


def test_a_record_is_what_was_written() -> None:
    one = backup("i", position={"lsn": "1"}, recipients=["age1x"])
    assert _backup.parse(json.loads(one.body()), one.record()) == one
    for body, name in ((json.loads(one.body()), "backups/u/j"), ({"id": "i"}, one.record()), ([], one.record())):
        with pytest.raises(DbaasError) as caught:
            _backup.parse(body, name)
        assert caught.value.reason == "conflict"


@given(forests(), st.data())
def test_a_chain_leads_from_a_full_one_to_the_last(known: list[Backup], data: st.DataObject) -> None:
    last = data.draw(st.sampled_from(known))
    chain = _backup.chain(known, last)
    assert (chain[0].parent, chain[-1]) == ("", last)
    assert [one.parent for one in chain[1:]] == [one.id for one in chain[:-1]]


@given(forests(), st.data())
def test_followers_are_those_whose_chain_has_it(known: list[Backup], data: st.DataObject) -> None:
    first = data.draw(st.sampled_from(known))
    found = _backup.followers(known, first)
    assert {one.id for one in found} == {one.id for one in known if first in _backup.chain(known, one)} - {first.id}
    places = {one.id: place for place, one in enumerate(found)}
    assert all(one.parent == first.id or places[one.parent] < places[one.id] for one in found)


@pytest.mark.parametrize("status", [_backup.FAILED, _backup.BUILDING, _backup.DELETING])
def test_a_chain_with_a_part_that_is_not_good_is_none(status: str) -> None:
    known = [backup("1", status=status), backup("22", "1")]
    with pytest.raises(DbaasError) as caught:
        _backup.chain(known, known[1])
    assert caught.value.reason == "not_found"


KNOWN = [
    backup("1"),
    backup("22", "1"),
    backup("333", status=_backup.FAILED),
    backup("4444", uid=OTHER),
    backup("55555", datastore_version="9"),
    backup("7777777", strategy="dump"),
    backup("666666", "gone"),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"type": _backup.FULL}, None),
        ({"parent": "name-1"}, "1"),
        ({"parent": "22"}, "22"),
        ({"parent": "nothing"}, "not_found"),
        ({"parent": "333"}, "conflict"),
        ({"parent": "4444"}, "conflict"),
        ({"parent": "55555"}, "conflict"),
        ({"parent": "666666"}, "not_found"),
        ({"parent": "7777777"}, "conflict"),
    ],
)
def test_what_an_incremental_one_follows(asked: dict[str, Any], found: str | None) -> None:
    wish = Wish(**{"name": "n", "strategy": "mariadb-backup", "type": _backup.INCREMENTAL, **asked})
    assert outcome(lambda: getattr(_backup.parent_of(KNOWN, wish, INSTANCE), "id", None)) == found


def test_without_a_name_it_follows_the_latest() -> None:
    wish = Wish("n", "mariadb-backup", _backup.INCREMENTAL)
    parent = _backup.parent_of([one for one in KNOWN if one.id not in ("55555", "666666")], wish, INSTANCE)
    assert parent is not None
    assert parent.id == "22"
    with pytest.raises(DbaasError) as caught:
        _backup.parent_of([], wish, INSTANCE)
    assert caught.value.reason == "not_found"


def test_a_new_one_is_as_its_instance_is() -> None:
    wish = Wish("n", "mariadb-backup", _backup.INCREMENTAL, recipients=["age1x"], valid_for=2)
    made = _backup.planned(wish, INSTANCE, KNOWN[0], identity="i", now=60)
    assert (made.status, made.parent, made.created, made.expires) == ("BUILDING", "1", "1970-01-01T00:01:00Z", 180)
    assert (made.instance, made.volume_size, made.root_enabled) == ("orders", 5, False)
    job = _backup.job(made, {"lsn": "1"})
    assert job == _backup.job(made, {"lsn": "1"})
    assert (job["args"]["parent"], job["args"]["recipients"]) == ({"lsn": "1"}, ["age1x"])


@pytest.mark.parametrize(
    ("there", "now", "told"),
    [
        (None, 0, "new"),
        (backup("1", status=_backup.BUILDING, expires=100), 99, "it"),
        (backup("1", status=_backup.BUILDING, expires=100), 100, "new"),
        (backup("1", status=_backup.FAILED), 0, "new"),
        (backup("1"), 0, "it"),
        (backup("1", status=_backup.DELETING), 0, "conflict"),
        (backup("1", uid=OTHER), 0, "conflict"),
        (backup("1", "0"), 0, "conflict"),
        (backup("1", strategy="dump"), 0, "conflict"),
    ],
)
def test_a_name_that_is_taken(there: Backup | None, now: int, told: str) -> None:
    assert outcome(lambda: _backup.resumed(there, Wish("n", "mariadb-backup"), UID, now)) == {
        "it": there,
        "new": None,
    }.get(told, told)


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"name": "a/b"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"recipients": ["AGE-SECRET-KEY-1"]}, "recipients"),
        ({"parent": "p"}, "parent"),
        ({"description": "x" * 256}, "description"),
        ({"valid_for": 0}, "valid_for"),
        ({"dest": "/no/such/directory/ticket"}, "dest"),
    ],
)
def test_a_wrong_wish_is_refused(change: dict[str, Any], option: str) -> None:
    wish = Wish(**{"name": "n", "strategy": "mariadb-backup", "dest": "/tmp/ticket", **change})
    assert [problem.option for problem in _backup.wish_problems(wish)] == [option]


@pytest.mark.parametrize(
    ("status", "sent", "now", "shown"),
    [
        ("BUILDING", False, 5, "BUILDING"),
        ("BUILDING", False, 10, "FAILED"),
        ("BUILDING", True, 10, "UPLOADED"),
        ("COMPLETED", True, 10, "COMPLETED"),
    ],
)
def test_how_it_stands(status: str, sent: bool, now: int, shown: str) -> None:
    assert _backup.status(backup("1", status=status, expires=10), sent, now) == shown


def test_what_is_listed() -> None:
    ids = [one.id for one in _backup.wanted(KNOWN, None, OTHER, None)]
    assert ids == ["4444"]
    assert [one.id for one in _backup.wanted(KNOWN, "name-22", "orders", "mariadb")] == ["22"]
    assert _backup.wanted(KNOWN, "nothing", None, None) == []
    assert _backup.wanted(KNOWN, None, None, "mysql") == []


def test_of_one_name_the_newest_is_meant() -> None:
    known = [backup("1", name="n"), backup("22", name="n", status=_backup.FAILED)]
    assert _backup.named(known, "n") == known[1]
    assert _backup.named(known, "1") == known[0]


def test_what_is_restored_is_the_chain() -> None:
    parts = [backup("1", sha256="c" * 64, recipients=["age1x"]), backup("22", "1", sha256="d" * 64)]
    assert _backup.restore_args(parts) == {
        "strategy": "mariadb-backup",
        "chain": [{"sha256": "c" * 64, "encrypted": True}, {"sha256": "d" * 64, "encrypted": False}],
    }
