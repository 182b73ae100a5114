# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zipapp as it ships."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _build(script: Path, output: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(script), "--output", str(output)], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def test_the_same_sources_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    digests = [_build(ROOT / "build_zipapp.py", tmp_path / "a"), _build(copy / "build_zipapp.py", tmp_path / "b")]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert digests == [hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()] * 2


def test_it_holds_sources_only_and_runs_isolated(tmp_path: Path) -> None:
    _build(ROOT / "build_zipapp.py", tmp_path / "agent.pyz")
    names = zipfile.ZipFile(tmp_path / "agent.pyz").namelist()
    assert names == sorted(names)
    assert {Path(name).suffix for name in names} == {".py"}
    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "agent.pyz"), "version"], check=True, capture_output=True, timeout=60
    )
    assert done.stdout


def test_wrong_words_and_wrong_configuration_are_told_by_the_exit_code(tmp_path: Path) -> None:
    _build(ROOT / "build_zipapp.py", tmp_path / "agent.pyz")

    def run(*words: str) -> int:
        command = [sys.executable, "-I", str(tmp_path / "agent.pyz"), *words]
        return subprocess.run(command, capture_output=True, input=b"", timeout=60, check=False).returncode

    assert run() == 2
    assert run("call", "status", "--nonsense") == 2
    assert run("run", "--config", str(tmp_path / "missing")) == 1
    assert run("job", "--config", str(tmp_path / "missing"), "j") == 1
    assert run("job", "--config", str(tmp_path / "missing")) == 2
    assert run("call", "status", "--socket", str(tmp_path / "missing")) == 1


def test_a_process_reads_its_modules_from_the_file_that_it_was_started_from(tmp_path: Path) -> None:
    sources = tmp_path / "src"
    shutil.copytree(ROOT / "src", sources, ignore=shutil.ignore_patterns("__pycache__"))
    (sources / "dbaas_agent" / "cli.py").write_text(
        "import sys\n"
        "def main(words):\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    from dbaas_agent.jobs import record, runner\n"
        "    print(runner.__file__, record.FINAL)\n"
        "    return 0\n"
    )
    archive = tmp_path / "agent.pyz"
    spec = importlib.util.spec_from_file_location("build_zipapp", ROOT / "build_zipapp.py")
    assert spec is not None
    assert spec.loader is not None
    build_zipapp = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build_zipapp)
    build_zipapp.write(archive, build_zipapp.build(sources))
    with subprocess.Popen(
        [sys.executable, "-I", str(archive)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        _build(ROOT / "build_zipapp.py", archive)
        out, _dummy = process.communicate("\n", timeout=60)
    assert process.returncode == 0
    assert "DONE" in out


def test_the_agent_imports_the_standard_library_and_itself_only() -> None:
    assert importlib.util.find_spec("dbaas_agent") is not None
    script = "import sys; from dbaas_agent import cli, verbs, loop, server; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {script}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    own = {"dbaas_agent", "__main__", "sitecustomize", "usercustomize"}
    assert {"dbaas_agent.jobs.runner", "dbaas_agent.jobs.kind", "dbaas_agent.jobs.launch"} & set(
        done.stdout.split()
    ) == set()
    assert {name for name in loaded - own if name not in sys.stdlib_module_names and not name.startswith("_")} == set()
