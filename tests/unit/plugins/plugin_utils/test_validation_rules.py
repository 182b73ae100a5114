# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a configuration file says of the parameters that rules are for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore import DatastoreError
from ansible_collections.dbaas.openstack.plugins.plugin_utils._validation_rules import (
    KEY,
    read_rules,
    settings_in,
    with_defaults,
)


def test_what_a_file_sets() -> None:
    text = "# a = 1\n[server]\nbind-address = *\n\nempty =\nflag\n; b = 2\nsize = 1M\n"
    assert settings_in(text) == {"bind_address": "*", "empty": "", "size": "1M"}


def test_defaults_stand_at_what_is_set() -> None:
    rules = [{"name": "size"}, {"name": "other"}]
    assert with_defaults(rules, {"size": "1M", "unknown": "x"}) == [
        {"name": "size", "default": "1M"},
        {"name": "other"},
    ]


def rules_file(**rule: Any) -> dict[str, Any]:
    return {KEY: [{"name": "size", "type": "integer", "restart_required": False, **rule}]}


def test_rules_have_their_types() -> None:
    (rule,) = read_rules(rules_file(name="Buffer-Size", step="1024", restart_required="no"), "own")
    assert rule == {"name": "buffer_size", "type": "integer", "restart_required": False, "step": 1024}
    (rule,) = read_rules(rules_file(type="enum", choices="a,b"), "own")
    assert rule["choices"] == ["a", "b"]


@pytest.mark.parametrize(
    "wrong", [{"step": 0}, {"min": 5, "max": 4}, {"min": "x"}, {"type": "enum"}, {"type": "string", "max": 3}]
)
def test_rules_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(DatastoreError):
        read_rules(rules_file(**wrong), "own")
