# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud itself and the image that instances boot from: what is there already is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from tests.e2e.playbooks import play

STATE = Path("/var/lib/dbaas-devcloud")


def test_a_second_run_changes_nothing() -> None:
    clouds = os.environ["OS_CLIENT_CONFIG_FILE"]
    url = yaml.safe_load(Path(clouds).read_text(encoding="utf-8"))["clouds"]["devcloud"]["auth"]["auth_url"]
    (owner,) = (path for path in STATE.glob("*/owner") if f"//172.30.{2 * int(path.parent.name)}.2:" in url)
    wish = {"devcloud_owner": owner.read_text(encoding="utf-8"), "devcloud_clouds_file": clouds}
    made = play("devcloud_create", wish)
    assert (made.ok, made.changed) == (True, 0)


def test_an_image_is_built_once() -> None:
    wish = {"datastore": "mariadb", "datastore_version": "10.11"}
    assert play("guest_image_build", wish).ok
    assert play("guest_image_build", wish).changed == 0
