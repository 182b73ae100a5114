# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev soak datastore`: molecule's scenarios with every version of every datastore."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GUEST = re.compile(r"\[(?P<guest>[^]]+)\] ")
"""How ansible.builtin.junit begins the name of a task on a host."""
PART = re.compile(r"/molecule/datastore/tasks/(?P<part>\w+)\.yml:")
"""Where a part's tasks stand, as it tells of each."""
FAILED = "FAILED"


def soak(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Figures: by file of tasks and guest how many tasks passed. violations: parts that failed."""
    reports = directory / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    environment = {
        **os.environ,
        "DBAAS_MOLECULE_INVENTORY": "inventory_soak",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(directory / "molecule"),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit",
        "JUNIT_OUTPUT_DIR": str(reports),
    }
    subprocess.run(["molecule", "destroy", "--all"], cwd=ROOT, env=environment, check=True, timeout=600)
    done = subprocess.run(["molecule", "test", "--all"], cwd=ROOT, env=environment, check=False, timeout=60 * minutes)
    rows = parts(case for report in sorted(reports.glob("verify-*.xml")) for case in _cases(report))
    failed = sum(FAILED in row.values() for row in rows)
    return {"violations": failed or int(done.returncode != 0 or not rows), "rows": rows}


def _cases(report: Path) -> Iterator[tuple[str, str, bool]]:
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314
        if case.find("skipped") is None:
            failed = any(child.tag in ("failure", "error") for child in case)
            yield case.attrib["name"], case.attrib["classname"], not failed


def parts(cases: Iterator[tuple[str, str, bool]]) -> list[dict[str, Any]]:
    """A row for each file of tasks, by name, with how many passed on each guest; None where it was not run."""
    found: dict[str, dict[str, Any]] = {}
    for name, path, passed in cases:
        by, of = GUEST.match(name), PART.search(path)
        if by and of and by["guest"] not in ("include", "localhost"):
            row, guest = found.setdefault(of["part"], {}), by["guest"]
            row[guest] = FAILED if not passed or row.get(guest) == FAILED else row.get(guest, 0) + 1
    guests = sorted({guest for row in found.values() for guest in row})
    return [{"part": part, **{guest: row.get(guest) for guest in guests}} for part, row in sorted(found.items())]
