# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user data of a server."""

from __future__ import annotations

import base64
import json

from ansible_collections.dbaas.openstack.plugins.module_utils._user_data import HostKey, render


def test_user_data_is_cloud_config_without_password_logins() -> None:
    text = base64.b64decode(render("orders", "admin", ["ssh-ed25519 AAAA me"], HostKey("PRIVATE", "BBBB"))).decode()
    head, body = text.split("\n", 1)
    config = json.loads(body)
    assert head == "#cloud-config"
    assert config["hostname"] == "orders"
    assert config["users"][0]["name"] == "admin"
    assert config["users"][0]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA me"]
    assert (config["ssh_pwauth"], config["disable_root"]) == (False, True)
    assert config["ssh_keys"] == {"ed25519_private": "PRIVATE", "ed25519_public": "ssh-ed25519 BBBB"}
