# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet's reports and inventory on a real cloud, of an instance that is only an anchor with a heartbeat."""

from __future__ import annotations

import json
import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import Anchor, new_uid

from tests.e2e.modules import ENVIRONMENT
from tests.e2e.playbooks import play

HOSTILE = '"<b>{{ 6 * 7 }}</b>"'
"""In quotes, since Swift's listing leaves a word of such characters out."""
BEAT = f"{_heartbeat.MEDIA_TYPE};status=ACTIVE;role={HOSTILE};used=95;expires=1"


@pytest.fixture(scope="module")
def cloud() -> Any:
    return openstack.connect(cloud=os.environ["OS_CLOUD"])


@pytest.fixture
def anchor(cloud: Any) -> Iterator[Any]:
    group = cloud.network.create_security_group(
        name=f"e2e-{secrets.token_hex(3)}", description=Anchor(new_uid(), fault=HOSTILE).encode()
    )
    yield group
    cloud.network.delete_security_group(group.id)


@pytest.fixture
def prefix(cloud: Any, anchor: Any) -> Iterator[str]:
    """Of a store with a heartbeat of the anchor's instance, such as only a hostile guest would write."""
    name = f"e2e{secrets.token_hex(4)}_"
    container, uid = name + _store.HEARTBEATS, json.loads(anchor.description.removeprefix("dbaas "))["uid"]
    cloud.object_store.put(f"/{container}")
    cloud.object_store.put(f"/{container}/{uid}", data=b"{}", headers={"Content-Type": BEAT})
    yield name
    cloud.object_store.delete(f"/{container}/{uid}")
    cloud.object_store.delete(f"/{container}")


def test_reports(anchor: Any, prefix: str, tmp_path: Path) -> None:
    files = [tmp_path / f"fleet.{ending}" for ending in ("html", "json", "txt")]
    wish = {"report_files": [str(file) for file in files], "report_mode": "0640", "dbaas_store_prefix": prefix}
    assert not play("fleet_report", {**wish, "report_files": [str(files[0]), str(tmp_path / "fleet.pdf")]}).ok
    assert play("fleet_report", wish, check=True).ok
    assert list(tmp_path.iterdir()) == []

    told = play("fleet_report", wish)
    assert told.ok
    assert told.custom["dbaas_fleet"][anchor.name] == "ERROR"
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o640}
    html, data, table = (file.read_text(encoding="utf-8") for file in files)
    report = json.loads(data)
    assert (report["version"], report["store_reachable"]) == (1, True)
    (row,) = [row for row in report["instances"] if row["name"] == anchor.name]
    assert (row["status"], row["fault"], row["role"]) == ("ERROR", HOSTILE, HOSTILE)
    assert row["marks"] == ["ticket_expired"]
    assert 0 <= row["heartbeat_age"] < 90
    assert HOSTILE not in html
    assert html.count("&#34;&lt;b&gt;{{ 6 * 7 }}&lt;/b&gt;&#34;") == 2
    assert [line.split()[:2] for line in table.splitlines() if line.startswith(anchor.name)] == [[anchor.name, "ERROR"]]


def test_inventory_and_its_cache(cloud: Any, anchor: Any, tmp_path: Path) -> None:
    source = tmp_path / "fleet.dbaas.yml"
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    source.write_text(yaml.safe_dump({"plugin": "dbaas.openstack.instances", "ssh_jump": "bastion", **cache}))
    found = _inventory(source)
    assert anchor.name in found["dbaas_instances"]["hosts"]
    assert anchor.name in found["status_error"]["hosts"]
    variables = found["_meta"]["hostvars"][anchor.name]
    assert set(variables) == {"dbaas"}  # there is no server, so no way to it

    cloud.network.delete_security_group(anchor.id)
    assert _inventory(source) == found
    assert anchor.name not in _inventory(source, "--flush-cache")["_meta"]["hostvars"]
    assert anchor.name not in _inventory(source)["_meta"]["hostvars"]


def _inventory(source: Path, *options: str) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(source), "--list", *options]
    done = subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, timeout=120)
    told: dict[str, Any] = json.loads(done.stdout)
    return told
