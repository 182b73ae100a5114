# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wrapper of the AWX project under ansible-runner, as AWX runs it: survey answers in, artifacts out."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import ansible_runner

from tests.e2e.modules import ENVIRONMENT

PROJECT = Path(__file__).resolve().parents[2] / "awx"


def test_a_wrapper_hands_its_artifacts_on(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts").write_text("localhost ansible_connection=local\n")
    handed = ("ANSIBLE_COLLECTIONS_PATH", "OS_CLIENT_CONFIG_FILE", "HOME")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = ansible_runner.run(
        private_data_dir=str(tmp_path),
        playbook="fleet_report.yml",
        extravars={"dbaas_cloud": os.environ["OS_CLOUD"], "dbaas_timeout": "120", "dbaas_store_prefix": ""},
        envvars={"PATH": path, **{name: ENVIRONMENT[name] for name in handed if name in ENVIRONMENT}},
        quiet=True,
        timeout=120,
    )
    assert run.rc == 0
    artifacts = [
        event["event_data"].get("artifact_data") for event in run.events if event["event"] == "playbook_on_stats"
    ]
    assert isinstance(artifacts[0]["dbaas_fleet"], dict)
