# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes, bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from dbaas_agent import subproc
from dbaas_agent.errors import AgentError


def test_output_and_code() -> None:
    done = subproc.run(["sh", "-c", "echo out; echo err >&2; exit 3"], accept=(3,))
    assert (done.code, done.out, done.err) == (3, "out\n", "err\n")


def test_an_unexpected_code_is_a_fault_with_the_output() -> None:
    with pytest.raises(AgentError) as caught:
        subproc.run(["sh", "-c", "echo why >&2; exit 4"])
    assert caught.value.reason == "agent"
    assert caught.value.details["output"] == "why\n"


def test_a_missing_program_is_a_fault() -> None:
    with pytest.raises(AgentError) as caught:
        subproc.run(["/no/such/program"])
    assert caught.value.reason == "agent"


def test_output_is_capped_and_drained() -> None:
    done = subproc.run(["head", "-c", "3000000", "/dev/zero"], timeout=20)
    assert len(done.out) == subproc.OUTPUT_LIMIT


@pytest.mark.parametrize("script", ["sleep 60 & echo $! > {pid}; wait", "exec >&- 2>&-; echo $$ > {pid}; sleep 60"])
def test_a_slow_process_is_ended_with_its_children(tmp_path: Path, script: str) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(AgentError) as caught:
        subproc.run(["sh", "-c", script.format(pid=pid_file)], timeout=1)
    assert caught.value.reason == "timeout"
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while _alive(pid):
        assert time.monotonic() < deadline, "the child survived"
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_environment_is_the_agents_own() -> None:
    os.environ["DBAAS_SECRET"] = "x"
    try:
        assert "DBAAS_SECRET" not in subproc.run(["env"]).out
    finally:
        del os.environ["DBAAS_SECRET"]


def test_lines_come_one_by_one() -> None:
    assert list(subproc.lines_of(["printf", "a\\nb\\n"], 10)) == [b"a\n", b"b\n"]


def test_who_stops_asking_ends_the_command() -> None:
    lines = subproc.lines_of(["yes"], 60)
    assert next(lines) == b"y\n"
    lines.close()


@pytest.mark.parametrize(
    ("command", "seconds", "reason"),
    [(["false"], 10, "agent"), (["sleep", "60"], 0.1, "timeout"), (["/no/such/command"], 10, "agent")],
)
def test_lines_of_a_command_that_fails(command: list[str], seconds: float, reason: str) -> None:
    with pytest.raises(AgentError) as failed:
        list(subproc.lines_of(command, seconds))
    assert failed.value.reason == reason
