# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: instances
short_description: Database instances of an OpenStack project as hosts
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Every instance is a host in the group C(dbaas_instances) and in groups by datastore, version, role, replication set and status, for example
    C(datastore_mariadb), C(datastore_mariadb_10_11), C(role_primary), C(replication_set_7a3f0d2e3b4a59687766554433221101) and C(status_active).
  - The group of a replication set is named after the set's id, which stays when another member becomes primary. An instance in no set is a primary, too.
  - The variable C(dbaas) of a host is what M(dbaas.openstack.instance_info) returns of it, C(role) and C(replication_set) among it. Its
    host keys are known, so host key checking stays on; that needs OpenSSH 8.5 or later.
  - The playbooks of this collection do not need it; they find their instances themselves.
requirements:
  - openstacksdk
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [dbaas.openstack.instances]
  cloud:
    description: Name of the cloud in C(clouds.yaml).
    type: str
    env:
      - name: OS_CLOUD
  store_prefix:
    description: First part of the names of the containers in the object store.
    type: str
    default: dbaas_
  ssh_user:
    description: User for SSH, made at first boot.
    type: str
    default: debian
  ssh_private_key_file:
    description: Private key of that user. Without it SSH's agent or configuration decides.
    type: path
  ssh_jump:
    description: Jump host, as C([user@]host[:port]).
    type: str
    default: ""
"""

EXAMPLES = r"""
# fleet.dbaas.yml
plugin: dbaas.openstack.instances
cloud: mycloud
ssh_private_key_file: ~/.ssh/id_ed25519
keyed_groups:
  - key: dbaas.availability_zone
    prefix: zone
"""

import importlib
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import as_dbaas_error
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import shown
from ansible_collections.dbaas.openstack.plugins.plugin_utils._inventory import Host, host


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin."""

    NAME = "dbaas.openstack.instances"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("dbaas.yml", "dbaas.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        way = {
            "user": self.get_option("ssh_user"),
            "private_key_file": self.get_option("ssh_private_key_file") or "",
            "jump": self.get_option("ssh_jump"),
        }
        for instance in self._instances(self.get_cache_key(path), cache):
            self._add(inventory, host(instance, **way))

    def _instances(self, key: str, cache: bool) -> list[dict[str, t.Any]]:
        self.load_cache_plugin()
        used = cache and self.get_option("cache")
        if used and key in self._cache:
            return t.cast("list[dict[str, t.Any]]", self._cache[key])
        found = self._ask()
        if self.get_option("cache"):
            self._cache[key] = found
        return found

    def _ask(self) -> list[dict[str, t.Any]]:
        try:
            sdk = importlib.import_module("openstack")
        except ImportError as missing:
            raise AnsibleParserError("the inventory dbaas.openstack.instances needs openstacksdk") from missing
        try:
            return shown(sdk.connect(cloud=self.get_option("cloud")), prefix=self.get_option("store_prefix"))[0]
        except Exception as raised:
            error = as_dbaas_error(raised)
            if error is None:
                raise
            raise AnsibleParserError(error.msg) from raised

    def _add(self, inventory: t.Any, found: Host) -> None:
        inventory.add_host(found.name)
        for group in found.groups:
            inventory.add_group(group)
            inventory.add_child(group, found.name)
        for name, value in found.variables.items():
            inventory.set_variable(found.name, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), found.variables, found.name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), found.variables, found.name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), found.variables, found.name, strict)
