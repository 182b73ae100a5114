# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may write: what a member is told, what it reads in the record, and what it keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import membership
from dbaas_agent.config import Config
from dbaas_agent.membership import Membership
from dbaas_agent.replication import PRIMARY, REPLICA
from hypothesis import given, strategies

SET = "a" * 32
ME, OTHER = "me", "other"
NOW, BEFORE = "boot-2", "boot-1"
LEADS = Membership(SET, 3, PRIMARY, 1, "https://store/record", NOW)
AWAY = replace(LEADS, confirmed=BEFORE)


def record(**told: Any) -> dict[str, Any]:
    return {"id": SET, "primary": ME, "reign": 3, **told}


def test_a_boot_asks_for_certainty() -> None:
    assert LEADS.may_write(NOW)
    assert not AWAY.may_write(NOW)
    assert not replace(LEADS, role=REPLICA).may_write(NOW)
    assert AWAY.after(record(), ME, NOW) == LEADS


@pytest.mark.parametrize(
    "told",
    [
        record(reign=2),
        record(reign=2, primary=OTHER),
        record(id="b" * 32),
        record(reign="3"),
        record(reign=True),
        {},
        # It became that again, and was not told yet: it may follow somebody still.
        record(reign=5),
    ],
)
def test_what_says_nothing_of_this_reign_opens_nobody(told: dict[str, Any]) -> None:
    assert AWAY.after(told, ME, NOW) == AWAY


def test_another_primary_ends_it() -> None:
    deposed = LEADS.after(record(primary=OTHER, reign=4), ME, NOW)
    assert (deposed.role, deposed.may_write(NOW)) == (REPLICA, False)
    # Nothing but being told makes it primary again.
    assert deposed.after(record(reign=3), ME, NOW) == deposed
    assert deposed.after(record(reign=5), ME, NOW) == deposed


@given(
    strategies.lists(
        strategies.tuples(strategies.sampled_from([ME, OTHER]), strategies.integers(1, 6)), min_size=1, max_size=8
    )
)
def test_whoever_reads_that_another_one_reigns_never_writes_again(reads: list[tuple[str, int]]) -> None:
    """In whatever order old and new records are read."""
    member, deposed = AWAY, False
    for primary, reign in reads:
        member = member.after(record(primary=primary, reign=reign), ME, NOW)
        deposed = deposed or (primary == OTHER and reign >= AWAY.reign)
        assert not (deposed and member.may_write(NOW))


def test_it_is_kept_beside_the_data(config: Config) -> None:
    assert membership.read(config) is None
    waits = replace(LEADS, receipts=1, wanted=2, receivers=["dbaas_replica_01234567"])
    for kept in (LEADS, waits):
        membership.keep(config, kept)
        assert membership.read(config) == kept
    assert Path(membership.path(config)).stat().st_mode & 0o777 == 0o600
    assert "record" not in LEADS.shown()
    assert LEADS.record not in repr(LEADS)
    membership.keep(config, None)
    assert membership.read(config) is None


def test_a_copy_of_the_volume_is_no_member(config: Config) -> None:
    membership.keep(config, LEADS)
    assert membership.read(replace(config, uid="another")) is None


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"uid": "UID", "set": SET})])
def test_a_damaged_file_lets_nobody_write(config: Config, content: str) -> None:
    Path(membership.path(config)).write_text(content.replace("UID", config.uid))
    kept = membership.read(config)
    assert kept is not None
    assert not kept.may_write("")


def test_words_of_a_later_version_do_no_harm(config: Config) -> None:
    membership.keep(config, LEADS)
    path = Path(membership.path(config))
    path.write_text(json.dumps({**json.loads(path.read_text()), "word": 1}))
    assert membership.read(config) == LEADS


def test_each_boot_has_a_name() -> None:
    assert membership.boot() == membership.boot() != ""


def test_receipts_are_given_by_replicas_that_count() -> None:
    counts = replace(LEADS, role=REPLICA, receivers=[f"dbaas_replica_{ME[:8]}"])
    assert counts.gives_receipts(ME)
    assert not counts.gives_receipts(OTHER)
    assert not replace(counts, role=PRIMARY).gives_receipts(ME)
