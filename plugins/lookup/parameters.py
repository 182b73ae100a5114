# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: parameters
short_description: The parameters of a datastore version, and what they may be
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Returns the validation rules of a version, which the values of a configuration group are judged by.
  - They come from the files C(validation-rules.json) of the collection and of the operator. In each place the file in the folder named after the version stands
    for the one in the datastore's folder; a rule in the operator's search path takes the place of the one with the same name, or is added.
options:
  _terms:
    description: Names of datastores.
    type: list
    elements: str
    required: true
  version:
    description: The datastore version. An empty string is the datastore's default version.
    type: str
    default: ""
  memory_mb:
    description: Tell what the collection's own configuration gives the parameters in a guest with so many MiB of memory. V(0) does not tell it.
    type: int
    default: 0
  search_path:
    description: Directories of the operator, as for the lookup P(dbaas.openstack.datastore#lookup).
    type: list
    elements: path
    default: []
    env:
      - name: DBAAS_DATASTORE_PATH
    vars:
      - name: dbaas_datastore_path
seealso:
  - plugin: dbaas.openstack.datastore
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show what may be set in MariaDB 11.8
  ansible.builtin.debug:
    msg: "{{ lookup('dbaas.openstack.parameters', 'mariadb', version='11.8') | rejectattr('reserved', 'defined') | map(attribute='name') }}"

- name: Show what a guest of 2 GiB starts with
  ansible.builtin.debug:
    msg: "{{ lookup('dbaas.openstack.parameters', 'mariadb', memory_mb=2048) | selectattr('default', 'defined') | items2dict('name', 'default') }}"

- name: Show one parameter
  ansible.builtin.debug:
    msg: "{{ lookup('dbaas.openstack.parameters', 'mariadb') | selectattr('name', 'eq', 'max_connections') | first }}"
"""

RETURN = r"""
_raw:
  description: For each term a list of rules, by name.
  type: list
  elements: list
  contains:
    name:
      description: The parameter.
      type: str
      sample: max_connections
    type:
      description: One of C(boolean), C(enum), C(flags), C(float), C(integer), C(set) and C(string).
      type: str
      sample: integer
    restart_required:
      description: Whether the server takes another value only when it starts.
      type: bool
      sample: false
    min:
      description: The least number.
      type: float
      returned: for numbers that have one
      sample: 10
    max:
      description: The largest number.
      type: float
      returned: for numbers that have one
      sample: 100000
    step:
      description: The number must be a multiple of it.
      type: int
      returned: for integers that have one
      sample: 1048576
    unit:
      description: What a number without a unit counts.
      type: str
      returned: for numbers that have one
      sample: 8kB
    choices:
      description: The words that there are.
      type: list
      elements: str
      returned: for C(enum), C(flags) and C(set)
    default:
      description: What the collection's own configuration gives it, as it stands in the file. The server's own default holds for the others.
      type: str
      returned: with O(memory_mb), for those that it sets
      sample: 1120M
    reserved:
      description: Why a configuration group cannot set it.
      type: str
      returned: when it cannot
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore import DatastoreError
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore_files import load, load_rules, places
from ansible_collections.dbaas.openstack.plugins.plugin_utils._validation_rules import settings_in, with_defaults


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return what the documentation says."""
        given = {name: value for name, value in kwargs.items() if value not in (None, [])}
        self.set_options(var_options=variables, direct=given)
        try:
            roots, version = places(self.get_option("search_path")), self.get_option("version")
            found = [load_rules(name, version, roots) for name in terms]
            if self.get_option("memory_mb"):
                definitions = [load(name, version, roots) for name in terms]
                given_to = [self._configured(definition, variables) for definition in definitions]
                found = [with_defaults(rules, configured) for rules, configured in zip(found, given_to, strict=True)]
            return found
        except DatastoreError as exc:
            raise AnsibleLookupError(str(exc)) from exc

    def _configured(self, definition: dict[str, t.Any], variables: dict[str, t.Any] | None) -> dict[str, str]:
        template = lookup_loader.get("ansible.builtin.template", loader=self._loader, templar=self._templar)
        known = {"datastore": definition, "memory_mb": self.get_option("memory_mb")}
        (text,) = template.run([definition["files"]["config"]], variables or {}, template_vars=known)
        return settings_in(text)
