# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``agent_variant.py NAME DRIVER DIRECTORY``: the agent's sources of this checkout in another variant, and ``agent.pyz`` of it beside them."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROBE = """

def _with_probe(driver: Any, offered: Any = Driver.jobs) -> Any:
    from dbaas_agent.drivers.probe_kind import Probe

    return {**offered(driver), "probe": Probe}


Driver.jobs = _with_probe
"""
ADDED = {
    "probe": ("drivers/{driver}/__init__.py", PROBE),
    "old": ("__init__.py", 'VERSION = "0.0.9"\n'),
    "ends": ("cli.py", "\n\ndef _run(_path: str) -> int:\n    return 1\n"),
    "mute": ("dispatch.py", "\n\nDispatcher.answer = lambda *_: time.sleep(3600)\n"),
    "blind": ("agent.py", '\n\nAgent._judge = lambda _: (status.Verdict(status.FAILED, "blind"), None)\n'),
}
"""What each variant has at the end of which file: a kind of job more, another version, or a fault."""


def main(name: str, driver: str, output: str) -> None:
    """Make it."""
    directory = pathlib.Path(output)
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(ROOT / "guest_agent", directory, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    package = directory / "src" / "dbaas_agent"
    shutil.copy(pathlib.Path(__file__).with_name("probe_kind.py"), package / "drivers")
    file, text = ADDED[name]
    with (package / file.format(driver=driver)).open("a", encoding="utf-8") as stream:
        stream.write(text)
    build = [sys.executable, str(directory / "build_zipapp.py"), "--output", str(directory / "agent.pyz")]
    subprocess.run(build, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
