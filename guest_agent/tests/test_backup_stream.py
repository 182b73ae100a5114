# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from dbaas_agent.backup.place import Place
from dbaas_agent.backup.segments import cut, manifest, segment
from dbaas_agent.backup.throttle import Throttle
from dbaas_agent.errors import AgentError
from dbaas_agent.upload import Answer
from hypothesis import given
from hypothesis import strategies as st

from guest_agent.tests.fakes import Clock

OK = Answer(True, "sent")
DOWN = Answer(False, "http_503")


class Store:
    """Gives the answers in turn, the last one for ever."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def put(self, url: str, _data: bytes, _headers: dict[str, str]) -> Answer:
        self.asked.append(url)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def get(self, url: str, headers: dict[str, str]) -> Answer:
        return self.put(url, b"", headers)


def place(clock: Clock, store: Store, *, patience: float = 100, ended: float = 1e9) -> Place:
    return Place(
        store,
        "http://store/folder/?sig=1",
        ended=ended,
        patience=lambda: patience,
        log=lambda *_args, **_fields: None,
        clock=clock,
        sleep=clock.sleep,
    )


@given(st.binary(max_size=200), st.integers(min_value=1, max_value=50))
def test_the_pieces_are_the_whole(data: bytes, size: int) -> None:
    pieces = list(cut(io.BytesIO(data).read, size))
    told = manifest([segment(number, piece) for number, piece in enumerate(pieces)])
    assert b"".join(pieces) == data
    assert told["bytes"] == len(data)
    assert [one["sha256"] for one in told["segments"]] == [hashlib.sha256(piece).hexdigest() for piece in pieces]
    names = [one["name"] for one in told["segments"]]
    assert names == sorted(set(names))


def test_the_whole_depends_on_each_piece_and_its_place() -> None:
    one, two = segment(0, b"one"), segment(1, b"two")
    assert len({manifest(chosen)["sha256"] for chosen in ([one, two], [two, one], [one], [])}) == 4


def test_a_bound_of_bytes_a_second_holds_on_the_whole_and_saves_nothing_up() -> None:
    clock = Clock()
    throttle = Throttle(100, clock, clock.sleep)
    for _dummy in range(3):
        throttle.passed(200)
    assert clock.now == 1006.0
    clock.now += 60
    throttle.passed(200)
    assert clock.slept[-1] == 2.0


def test_without_a_bound_nobody_waits() -> None:
    clock = Clock()
    Throttle(0, clock, clock.sleep).passed(1 << 30)
    assert clock.slept == []


def test_what_the_store_does_not_take_at_first_is_sent_again() -> None:
    clock, store = Clock(), Store([DOWN, Answer(False, "ConnectionRefusedError"), OK])
    place(clock, store).put("0", b"x", {})
    assert store.asked == ["http://store/folder/0?sig=1"] * 3
    assert sum(clock.slept) == 3.0


def test_what_it_does_not_give_at_first_is_asked_for_again() -> None:
    assert place(Clock(), Store([DOWN, Answer(True, "sent", body=b"x")])).get("0") == b"x"


@pytest.mark.parametrize(
    ("answers", "options", "reason"),
    [
        ([DOWN], {}, "timeout"),
        ([DOWN], {"ended": 1003.0}, "not_actionable"),
        ([Answer(False, "http_401")], {}, "not_actionable"),
        ([DOWN, Answer(False, "http_404")], {}, "not_found"),
    ],
)
def test_when_it_gives_up(answers: list[Answer], options: dict[str, Any], reason: str) -> None:
    clock = Clock()
    with pytest.raises(AgentError) as told:
        place(clock, Store(answers), **options).put("0", b"x", {})
    assert told.value.reason == reason
    assert clock.now <= 1000 + 100 + 30


def test_it_waits_no_longer_than_it_may() -> None:
    clock = Clock()
    with pytest.raises(AgentError):
        place(clock, Store([DOWN]), patience=5).put("0", b"x", {})
    assert clock.now <= 1010
