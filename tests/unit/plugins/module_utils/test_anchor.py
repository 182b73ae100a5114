# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor
from hypothesis import example, given
from hypothesis import strategies as st

UID = "0f8fad5bd9cb469fa16570867728950e"
TASKS = st.sampled_from(["", "create", "delete", "reboot", "stop", "resize"])
SECONDS = st.integers(min_value=0, max_value=2**40)


@given(task=TASKS, since=SECONDS, fault=st.text(max_size=400))
@example(task="create", since=2**40, fault="\U0001f4a3" * 255)
@example(task="create", since=1, fault='"' * 255)
def test_a_description_fits_and_keeps_all_but_the_end_of_the_fault(task: str, since: int, fault: str) -> None:
    text = Anchor(UID, task, since if task else 0, fault).encode()
    assert len(text) <= _anchor.DESCRIPTION_LIMIT
    back = _anchor.decode(text)
    assert back is not None
    assert (back.uid, back.task, back.since) == (UID, task, since if task else 0)
    assert fault.startswith(back.fault)
    assert bool(back.fault) == bool(fault)


@given(fault=st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=60))
def test_a_short_fault_is_kept_whole(fault: str) -> None:
    back = _anchor.decode(Anchor(UID, "create", 1795000000, fault).encode())
    assert back == Anchor(UID, "create", 1795000000, fault)


def test_a_tag_tells_whose_it_is() -> None:
    assert _anchor.tagged(_anchor.server_tag(UID)) == UID
    assert [_anchor.tagged(other) for other in (UID, f"dbaas-{UID}0", "dbaas-protected", "")] == [""] * 4


def test_a_long_fault_uses_the_room_there_is() -> None:
    text = Anchor(UID, "create", 1795000000, "x" * 1000).encode()
    assert len(text) > _anchor.DESCRIPTION_LIMIT - 2


def test_a_task_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="fit"):
        Anchor(UID, "x" * 300, 1, "boom").encode()


@given(st.one_of(st.none(), st.text(), st.text().map(lambda text: "dbaas " + text)))
def test_decode_takes_anything(description: str | None) -> None:
    anchor = _anchor.decode(description)
    assert anchor is None or anchor.uid


@pytest.mark.parametrize(
    "fields",
    [
        "{}",
        "[]",
        '"x"',
        "1",
        "null",
        "{",
        '{"uid":""}',
        '{"uid":1}',
        '{"uid":"a","task":1}',
        '{"uid":"a","fault":[]}',
        '{"uid":"a","since":"soon"}',
        '{"uid":"a","since":null}',
        '{"uid":"a","since":Infinity}',
    ],
)
def test_what_is_no_anchor_is_none(fields: str) -> None:
    assert _anchor.decode("dbaas " + fields) is None


def test_a_description_of_somebody_else_is_no_anchor() -> None:
    assert _anchor.decode('{"uid":"a"}') is None
    assert _anchor.decode(_anchor.owned_description(UID)) is None


def test_each_uid_is_new_and_has_32_hexadecimal_digits() -> None:
    uids = {_anchor.new_uid() for dummy in range(100)}
    assert len(uids) == 100
    assert all(len(uid) == 32 and int(uid, 16) >= 0 for uid in uids)


def test_marks_name_the_uid() -> None:
    assert _anchor.owned_description(UID) == f"dbaas_uid={UID}"
    assert _anchor.server_tag(UID) == f"dbaas-{UID}"
