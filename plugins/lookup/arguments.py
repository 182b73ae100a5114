# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: arguments
short_description: The variables of a playbook of this collection, with defaults and types applied
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Reads C(playbooks/argument_specs/<playbook>.yml), takes the variables that it names, applies defaults and types, and returns them as one dictionary.
  - Values from a survey or from the command line are strings; here they get their type.
  - An empty string counts as not set.
options:
  _terms:
    description: Name of the playbook, without the ending.
    required: true
    type: list
    elements: str
  problems:
    description: Return the list of everything that is wrong with the variables instead of their values. Without it they raise an error.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Check the variables of a playbook
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join('; ') }}"
  vars:
    problems: "{{ lookup('dbaas.openstack.arguments', 'instance_create', problems=true) }}"
"""

RETURN = r"""
_raw:
  description: For each playbook the dictionary of its variables, or the list of problems.
  type: list
  elements: raw
"""

import typing as t
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.dbaas.openstack.plugins.plugin_utils._arguments import merged, resolve

SPECS = Path(__file__).resolve().parents[2] / "playbooks" / "argument_specs"


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Read, resolve and return what the documentation says."""
        self.set_options(var_options=variables, direct=kwargs)
        wants_problems = self.get_option("problems")
        results: list[t.Any] = []
        for playbook in terms:
            values, problems = self._resolve(playbook, variables or {})
            if problems and not wants_problems:
                raise AnsibleLookupError(f"{playbook}: {'; '.join(problems)}")
            results.append(problems if wants_problems else values)
        return results

    def _resolve(self, playbook: str, variables: dict[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
        if not (SPECS / f"{playbook}.yml").is_file():
            known = ", ".join(sorted(spec.stem for spec in SPECS.glob("*.yml")))
            raise AnsibleLookupError(f"there is no playbook {playbook!r}; there are: {known}")
        loader, templar = t.cast("t.Any", self._loader), t.cast("t.Any", self._templar)
        spec = merged(
            playbook, lambda name: loader.load_from_file(str(SPECS / f"{name}.yml"))["argument_specs"]["main"]
        )
        given = {name: templar.template(variables[name]) for name in spec["options"] if name in variables}
        return resolve(spec, given)
