# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of playbooks: defaults, types, problems."""

from __future__ import annotations

from ansible_collections.dbaas.openstack.plugins.plugin_utils._arguments import merged, resolve

SPEC = {
    "options": {
        "instance": {"type": "str", "required": True, "description": "Name."},
        "volume_size": {"type": "int", "description": "GiB."},
        "is_public": {"type": "bool", "default": False},
        "users": {
            "type": "list",
            "elements": "dict",
            "options": {"name": {"type": "str", "required": True, "description": "x"}},
        },
        "network": {"type": "str"},
        "networks": {"type": "list", "elements": "str"},
    },
    "mutually_exclusive": [["network", "networks"]],
}


def test_strings_of_a_survey_get_their_types() -> None:
    values, problems = resolve(
        SPEC, {"instance": "a", "volume_size": "2", "is_public": "yes", "networks": "a,b", "x": 1}
    )
    assert problems == []
    assert values == {
        "instance": "a",
        "volume_size": 2,
        "is_public": True,
        "networks": ["a", "b"],
        "users": None,
        "network": None,
    }


def test_an_empty_field_counts_as_not_set() -> None:
    values, problems = resolve(SPEC, {"instance": "a", "network": "", "volume_size": " ", "is_public": None})
    assert (values["network"], values["volume_size"], values["is_public"], problems) == (None, None, False, [])


def test_everything_wrong_is_told_at_once() -> None:
    _values, problems = resolve(SPEC, {"volume_size": "two", "network": "a", "networks": ["b"], "users": [{}]})
    assert len(problems) >= 3


def test_fragments_are_merged_and_the_own_options_win() -> None:
    specs = {
        "create": {"options_from": ["instance"], "options": {"b": {"default": 2}}, "required_one_of": [["a", "b"]]},
        "instance": {"options_from": ["cloud"], "options": {"a": {}, "b": {"default": 1}}},
        "cloud": {"options": {"c": {}}},
    }
    spec = merged("create", specs.__getitem__)
    assert spec["options"] == {"a": {}, "b": {"default": 2}, "c": {}}
    assert spec["required_one_of"] == [["a", "b"]]
