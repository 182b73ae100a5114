# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import tempfile
import time

import pytest
from dbaas_agent.errors import AgentError
from dbaas_agent.pipe import Pipe

ENDLESS = ["sh", "-c", "exec cat /dev/zero"]


def drained(pipe: Pipe) -> bytes:
    return b"".join(iter(lambda: pipe.read(1000), b""))


def test_each_reads_what_the_one_before_writes() -> None:
    with Pipe([["sh", "-c", "echo one; echo said >&2"], ["tr", "o", "0"], ["cat"]]) as pipe:
        assert drained(pipe) == b"0ne\n"
        pipe.finish()
        assert pipe.stages[0].words() == ["said"]


def test_what_is_written_comes_out() -> None:
    with tempfile.TemporaryFile() as target, Pipe([["tr", "a", "b"], ["cat"]], writes=True, target=target) as pipe:
        pipe.write(b"banana")
        pipe.finish()
        target.seek(0)
        assert target.read() == b"bbnbnb"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_who_failed_is_named(place: int) -> None:
    commands = [["sh", "-c", "cat"], ["sh", "-c", "cat"], ["sh", "-c", "cat"]]
    commands[place] = ["sh", "-c", f"echo why {place} >&2; exit 3"]
    with Pipe(commands) as pipe:
        drained(pipe)
        with pytest.raises(AgentError) as told:
            pipe.finish()
    assert told.value.details["output"] == f"why {place}"


def test_who_is_not_read_any_more_is_not_to_blame() -> None:
    with Pipe([ENDLESS, ["sh", "-c", "head --bytes 10 > /dev/null; echo full >&2; exit 4"]]) as pipe:
        drained(pipe)
        with pytest.raises(AgentError) as told:
            pipe.finish()
    assert told.value.details["output"] == "full"


def test_leaving_it_ends_all() -> None:
    with Pipe([ENDLESS, ["cat"]]) as pipe:
        assert pipe.read(3) == b"\0\0\0"
    assert all(stage.process.poll() is not None for stage in pipe.stages)


def test_a_command_that_there_is_not_ends_those_before() -> None:
    begun = time.monotonic()
    with pytest.raises(AgentError):
        Pipe([ENDLESS, ["/nonexistent"]])
    assert time.monotonic() - begun < 5


def test_how_much_one_has_read() -> None:
    with Pipe([["head", "--bytes", "1000000", "/dev/zero"], ["sh", "-c", "exec tail --bytes 1 --follow"]]) as pipe:
        deadline = time.monotonic() + 30
        while pipe.stages[1].taken() < 1000000 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert pipe.stages[1].taken() >= 1000000
    assert pipe.stages[1].taken() == 0
