# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates: their table, the runner's verdicts, and the pip settings that the sanity gate hands on."""

from __future__ import annotations

import configparser
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contracts.repo import ROOT
from tests.gates.runner import run
from tests.gates.sanity import pip_conf
from tests.gates.table import Gate, load, select

TABLE = load(ROOT / "tests/gates/gates.toml")


def gate(name: str, script: str, *, tier: str = "quick", timeout: int = 30) -> Gate:
    return Gate(name=name, tier=tier, what="", run=script, timeout=timeout)


def verdict(output: str) -> str:
    return output.splitlines()[-1]


def test_run_goes_on_after_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gates = [gate("good", "echo fine"), gate("bad", "echo because; exit 3"), gate("late", "true")]
    assert not run(gates, tmp_path, tmp_path / "state")
    output = capsys.readouterr().out
    assert verdict(output) == "2 passed, 1 failed"
    assert "    because" in output.splitlines()
    assert (tmp_path / "state/logs/good.log").read_text() == "fine\n"


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("", id="killed"),
        pytest.param("fatal: [other]: FAILED!\nguest : ok=2 failed=1\nother : ok=3 failed=0 rescued=1", id="rescued"),
        pytest.param("fatal: [other]: FAILED!\nguest : ok=2 unreachable=1 failed=0\nother : ok=3 failed=0", id="lost"),
        pytest.param("guest : ok=2 failed=1\nguest : ok=5 failed=0", id="cleaned up"),
    ],
)
def test_the_fault_is_shown_with_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str], after: str) -> None:
    script = f"seq 1 9; echo 'fatal: [guest -> localhost]: FAILED!'; echo '{after}'; seq 10 200; false"
    assert not run([gate("bad", script)], tmp_path, tmp_path / "state")
    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert shown[1:7] == ["5", "6", "7", "8", "9", "fatal: [guest -> localhost]: FAILED!"]
    assert shown[-4] == "200"


def test_all_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([gate("good", "true")], tmp_path, tmp_path / "state")
    assert verdict(capsys.readouterr().out) == "1 passed, 0 failed"


@pytest.mark.parametrize("script", ["cat no-such-*", "false | true", "echo $UNSET", "false; true"])
def test_what_a_script_overlooks_fails(tmp_path: Path, script: str) -> None:
    assert not run([gate("bad", script)], tmp_path, tmp_path / "state")


def test_a_gate_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    started = time.monotonic()
    assert not run([gate("slow", "sleep 300 & echo $! > pid; wait", timeout=1)], tmp_path, tmp_path / "state")
    assert time.monotonic() - started < 30
    child = Path("/proc", (tmp_path / "pid").read_text().strip(), "stat")
    while _runs(child):  # the signal has been sent; the kernel delivers it in its own time
        assert time.monotonic() - started < 30


def _runs(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interrupted_run_has_failed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.gates.runner import run; from tests.gates.table import Gate\n"
        "here = Path(sys.argv[1])\n"
        "gates = [Gate(n, 'quick', '', 'echo so far; touch started; sleep 300', 600, cores=2) for n in ('one', 'two')]\n"
        "sys.exit(0 if run(gates, here, here / 'state') else 1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as runner:
        deadline = time.monotonic() + 30
        while not (tmp_path / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        runner.send_signal(signal.SIGINT)
        output = runner.communicate(timeout=60)[0]
    assert runner.returncode == 1
    assert verdict(output) == "0 passed, 2 failed"
    assert output.splitlines().count("    so far") == 1


def test_tiers() -> None:
    gates = [gate("a", ""), gate("b", "", tier="test")]
    assert [one.name for one in select(gates, [], quick=True)] == ["a"]
    assert [one.name for one in select(gates, [], quick=False)] == ["a", "b"]
    assert [one.name for one in select(gates, ["b"], quick=True)] == ["b"]
    with pytest.raises(ValueError, match="unknown gate c"):
        select(gates, ["c"], quick=False)


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_table(one: Gate) -> None:
    assert one.what
    assert one.run.strip()
    assert 0 < one.timeout <= 3000
    assert one.cores in (1, 2)


def test_pip_conf_holds_files_and_variables_and_what_everybody_reads() -> None:
    listing = [
        ":env:.find-links='/wheels'",
        "global.index-url='https://a.invalid/simple'",
        "global.find-links='/old'",
        "global.extra-index-url='file:///b\\nfile:///c'",
        "install.no-compile='true'",
    ]
    parsed = configparser.RawConfigParser()
    parsed.read_string(pip_conf(listing, {"SSL_CERT_FILE": "/ca.pem"}))
    assert {section: dict(parsed[section]) for section in parsed.sections()} == {
        "global": {
            "index-url": "https://a.invalid/simple",
            "find-links": "/wheels",
            "extra-index-url": "file:///b\nfile:///c",
            "cert": "/ca.pem",
        },
        "install": {"no-compile": "true"},
    }
