# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: datastore
short_description: The definition of a datastore version
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Returns everything particular to one version of a datastore, as one dictionary, for the modules and roles of this collection.
  - The definition is merged from the files C(datastore.yml) of the collection and of the operator. The operator's search path wins over the collection,
    an earlier entry of the search path wins over a later one, and within each place the folder named after the version wins over the datastore's folder.
    Dictionaries are merged key by key, lists and other values are replaced.
  - The result is checked; a key that is missing, unknown or of a wrong type is an error that names it.
options:
  _terms:
    description:
      - Names of datastores. Not needed with O(list=true).
    type: list
    elements: str
  version:
    description:
      - The datastore version. An empty string is the datastore's default version.
    type: str
    default: ""
  search_path:
    description:
      - Directories of the operator, the most important one first. Each holds folders as the collection's C(templates) does,
        for instance C(mariadb/datastore.yml), C(mariadb/override.j2) or C(mariadb/11.8/datastore.yml).
      - A directory that does not exist is an error.
      - An empty list is as good as none; the variable and the environment decide then.
    type: list
    elements: path
    default: []
    env:
      - name: DBAAS_DATASTORE_PATH
    vars:
      - name: dbaas_datastore_path
  list:
    description:
      - Return a short entry for each known datastore instead of a definition.
    type: bool
    default: false
seealso:
  - module: dbaas.openstack.datastore_info
"""

EXAMPLES = r"""
- name: Show the packages of the default version of MariaDB
  ansible.builtin.debug:
    msg: "{{ lookup('dbaas.openstack.datastore', 'mariadb').packages }}"

- name: Show the system that a version runs on, with the operator's own definitions
  ansible.builtin.debug:
    msg: "{{ lookup('dbaas.openstack.datastore', 'mariadb', version='11.8', search_path=['/etc/dbaas/datastores']).os }}"

- name: Show all datastores and their versions
  ansible.builtin.debug:
    msg: "{{ query('dbaas.openstack.datastore', list=true) }}"
"""

RETURN = r"""
_raw:
  description:
    - One dictionary for each term.
    - With O(list=true), one dictionary with RV(ignore:name), RV(ignore:title), RV(ignore:versions) and RV(ignore:default_version) for each known datastore.
  type: list
  elements: dict
  contains:
    name:
      description: The datastore.
      type: str
      sample: mariadb
    version:
      description: The version, the default one where none was asked for.
      type: str
      sample: "10.11"
    os:
      description: The operating system that this version runs on.
      type: str
      sample: debian-12
    title:
      description: The datastore's name for people.
      type: str
      sample: MariaDB
    driver:
      description: The driver of the guest agent.
      type: str
      sample: mariadb
    service:
      description: The systemd service.
      type: str
      sample: mariadb
    port:
      description: The TCP port that clients use.
      type: int
      sample: 3306
    socket:
      description: The local socket.
      type: str
      sample: /run/mysqld/mysqld.sock
    user:
      description: The user that the server runs as.
      type: str
      sample: mysql
    group:
      description: The group that the server runs as.
      type: str
      sample: mysql
    mount_point:
      description: Where the data volume is mounted.
      type: str
      sample: /var/lib/dbaas
    data_dir:
      description: The data directory, on the data volume.
      type: str
      sample: /var/lib/dbaas/data
    tls_dir:
      description: The directory of keys and certificates, on the data volume.
      type: str
      sample: /var/lib/dbaas/tls
    config_dir:
      description: The directory of the server's configuration files.
      type: str
      sample: /etc/mysql/mariadb.conf.d
    config_files:
      description: The names of the files in RV(_raw[].config_dir), by kind.
      type: dict
      sample: {config: 80-dbaas.cnf, tls: 85-dbaas-tls.cnf, logs: 87-dbaas-logs.cnf, override: 90-dbaas-override.cnf, replica: 92-dbaas-replica.cnf}
    files:
      description: The paths of the templates on the controller, by kind.
      type: dict
      sample: {config: /usr/share/ansible/collections/ansible_collections/dbaas/openstack/templates/mariadb/config.j2}
    own_strategies:
      description: The files with strategies of your own, by name, from folder C(strategies) beside C(datastore.yml) in your places.
      type: dict
      sample: {}
    packages:
      description: The packages of RV(_raw[].os) that a guest needs.
      type: list
      elements: str
    package_guard:
      description: A file in whose presence the packages' own scripts leave data alone, or none.
      type: str
      sample: /etc/mysql/FROZEN
    package_data_dirs:
      description: The data directories that the packages make when they are installed; a golden image is built without them.
      type: list
      elements: str
      sample: [/var/lib/mysql]
    held_packages:
      description: The packages that unattended upgrades may not touch.
      type: list
      elements: str
    masked_services:
      description: Services of the packages that would start the server by themselves; they are masked.
      type: list
      elements: str
    drop_in:
      description: Lines for the drop-in of RV(_raw[].service), beside those that every datastore gets.
      type: str
    minimum:
      description: The smallest sizes, C(ram_mb), C(disk_gb) and C(volume_gb).
      type: dict
      sample: {ram_mb: 512, disk_gb: 3, volume_gb: 1}
    names:
      description:
        - For C(database), C(user) and C(host), what may be a name.
        - C(pattern) is a regular expression for the whole name, C(allowed) says the same in words, C(reserved) lists names of the system in lower case.
      type: dict
    reserved_parameters:
      description: Parameters that a configuration group cannot set, and why; C(*) in a name is anything.
      type: list
      elements: dict
      sample: [{because: the collection decides where files lie, names: [datadir, innodb_data_*]}]
    sizing:
      description: What the configuration template computes its sizes from.
      type: dict
    host:
      description: Settings of the host that the server wants.
      type: dict
    capabilities:
      description: What the datastore can do.
      type: list
      elements: str
      sample: [databases, tls, users]
    strategies:
      description: The default strategies, by kind.
      type: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore import DatastoreError
from ansible_collections.dbaas.openstack.plugins.plugin_utils._datastore_files import load, places, summaries


class LookupModule(LookupBase):
    def run(
        self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any
    ) -> list[dict[str, t.Any]]:
        given = {name: value for name, value in kwargs.items() if value not in (None, [])}
        self.set_options(var_options=variables, direct=given)
        try:
            roots = places(self.get_option("search_path"))
            if self.get_option("list"):
                return summaries(roots)
            return [load(name, self.get_option("version"), roots) for name in terms]
        except DatastoreError as exc:
            raise AnsibleLookupError(str(exc)) from exc
