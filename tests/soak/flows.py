# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The soaks that are all end-to-end tests of a file or two, those too that are left out of `./dev test` for want of time.

`./dev soak instance`, `faults`, `day_two`, `configuration`, `logs`, `backups`, `replicas`, `replicas_day_two`, `replicas_several`, `endpoint`.
"""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def instance(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """The life of an instance, whole, and what its cloud may do to it."""
    return _passed(minutes, directory, "test_instance", "test_instance_cloud")


def faults(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """What goes wrong midway."""
    return _passed(minutes, directory, "test_faults")


def day_two(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """What an instance lives through after its first day."""
    return _passed(minutes, directory, "test_day_two")


def configuration(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Configuration groups from their making to their end."""
    return _passed(minutes, directory, "test_configuration")


def backups(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Backups from being taken to being restored and removed."""
    return _passed(minutes, directory, "test_backup")


def replicas(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Replication sets from the first replica to the last."""
    return _passed(minutes, directory, "test_replication")


def replicas_day_two(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """What a replication set lives through as a whole."""
    return _passed(minutes, directory, "test_replication_day_two")


def replicas_several(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Several replicas made by one run."""
    return _passed(minutes, directory, "test_replication_several")


def endpoint(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """A replication set whose floating addresses move."""
    return _passed(minutes, directory, "test_replication_endpoint")


def logs(_seed: int, minutes: float, directory: Path) -> dict[str, Any]:
    """Guest logs from being switched on to being discarded."""
    return _passed(minutes, directory, "test_logs")


def _passed(minutes: float, directory: Path, *files: str) -> dict[str, Any]:
    """Figures; violations: tests that failed."""
    report = directory / f"{files[0]}.xml"
    report.unlink(missing_ok=True)
    # A place of its own: pytest removes those of earlier runs when others have begun, and this one takes long.
    place = f"--basetemp={directory / 'tmp'}"
    paths = [f"tests/e2e/{file}.py" for file in files]
    command = [sys.executable, "-m", "pytest", *paths, f"--junit-xml={report}", place]
    subprocess.run(command, cwd=ROOT, check=False, timeout=60 * minutes)
    cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314
    rows = [
        {
            "test": case.attrib.get("name", "interrupted"),
            "seconds": round(float(case.attrib["time"])),
            "passed": not any(child.tag in ("failure", "error", "skipped") for child in case),
        }
        for case in cases
    ]
    return {"tests": len(rows), "violations": sum(not row["passed"] for row in rows) or int(not rows), "rows": rows}
