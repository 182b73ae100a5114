# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a configuration file says of the parameters that rules are for."""

from __future__ import annotations

from ansible_collections.dbaas.openstack.plugins.plugin_utils._validation_rules import settings_in, with_defaults


def test_what_a_file_sets() -> None:
    text = "# a = 1\n[server]\nbind-address = *\n\nempty =\nflag\n; b = 2\nsize = 1M\n"
    assert settings_in(text) == {"bind_address": "*", "empty": "", "size": "1M"}


def test_defaults_stand_at_what_is_set() -> None:
    rules = [{"name": "size"}, {"name": "other"}]
    assert with_defaults(rules, {"size": "1M", "unknown": "x"}) == [
        {"name": "size", "default": "1M"},
        {"name": "other"},
    ]
