# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_info
short_description: List backups
version_added: 0.1.0
description:
  - Lists the backups of the project, of one instance, or one of them. A list takes one request for each 10,000 backups.
  - Backups outlive their instance.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: The backup, by name or id; of several with one name the newest. A backup that does not exist is an empty list.
    type: str
  instance:
    description: Only those that were taken of an instance of this name, or with this C(dbaas_uid).
    type: str
  datastore:
    description: Only those of this datastore.
    type: str
  status:
    description: Only those with this status.
    type: str
    choices: [BUILDING, UPLOADED, COMPLETED, FAILED, DELETING]
seealso:
  - module: dbaas.openstack.backup
"""

EXAMPLES = r"""
- name: List the backups of an instance
  dbaas.openstack.backup_info:
    cloud: devcloud
    instance: orders
  register: found

- name: Show what has to be restored for the latest
  dbaas.openstack.backup_info:
    cloud: devcloud
    name: "{{ found.backups[-1].id }}"
"""

RETURN = r"""
backups:
  description: The backups, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: 32 hexadecimal digits.
      type: str
      sample: 7a1f0c2d3b4a59687766554433221100
    name:
      description: Its name.
      type: str
      sample: orders-monday
    status:
      description: >-
        C(BUILDING) while the guest sends it, C(UPLOADED) when it has sent all and nothing is checked yet,
        C(COMPLETED) when all of it is where no guest can write,
        C(FAILED) also when the guest's ticket has ended before, C(DELETING) when its removal was interrupted.
      type: str
      sample: COMPLETED
    type:
      description: C(full) or C(incremental).
      type: str
      sample: full
    strategy:
      description: How the agent took it.
      type: str
      sample: mariadb-backup
    parent:
      description: The id of the backup that it follows.
      type: str
      sample: ""
    uid:
      description: The C(dbaas_uid) of the instance.
      type: str
      sample: 6f1c0d2e3b4a59687766554433221101
    instance:
      description: The name that the instance had.
      type: str
      sample: orders
    datastore:
      description: The datastore.
      type: str
      sample: mariadb
    datastore_version:
      description: The datastore version.
      type: str
      sample: "10.11"
    bytes:
      description: Its size in the store.
      type: int
      sample: 12992321
    created:
      description: When it was opened.
      type: str
      sample: "2026-11-28T08:00:00Z"
    expires:
      description: Until when the guest may send it, in seconds since 1970.
      type: int
      sample: 1795940352
    container:
      description: The container with its segments; empty for the usual one.
      type: str
      sample: ""
    folder:
      description: The folder with its segments, of one that was registered.
      type: str
      sample: ""
    details:
      description: >-
        What else its record says: C(server_version), C(description), C(ended), C(source_bytes) before compression, C(segments),
        C(sha256) of the whole, C(position) in the datastore's words, C(recipients) for whom it is encrypted,
        C(root_enabled), C(configuration), C(volume_size) in GiB, C(bytes_per_second), C(error).
      returned: with O(name)
      type: dict
    chain:
      description: The ids of the backups that have to be restored for it, from the full one to itself; empty when one of them is missing.
      type: list
      elements: str
    followers:
      description: The ids of the backups that cannot be restored without it.
      type: list
      elements: str
"""

import dataclasses
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _backup, _backups_cloud, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Summary
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str"},
        "instance": {"type": "str"},
        "datastore": {"type": "str"},
        "status": {"type": "str", "choices": ["BUILDING", "UPLOADED", "COMPLETED", "FAILED", "DELETING"]},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """List and show."""
    params, prefix = module.params, module.params["store_prefix"]
    known = _backups_cloud.find_all(connection, prefix)
    sent = _backups_cloud.sent(connection, prefix)
    now = int(time.time())
    rows = []
    for one in _backup.wanted(known, params["name"], params["instance"], params["datastore"]):
        status = _backup.status(one, one.place() in sent, now)
        if params["status"] in (None, status):
            rows.append({**_view(known, one), "status": status})
    if params["name"] and rows:
        rows[0]["details"] = _details(_backups_cloud.read(connection, _backup.Summary(**_plain(rows[0])), prefix))
    return {"changed": False, "backups": rows}


def _view(known: t.Sequence[Summary], one: Summary) -> dict[str, t.Any]:
    try:
        chain = [part.id for part in _backup.chain(known, one)]
    except DbaasError:
        chain = []
    followers = [part.id for part in _backup.followers(known, one)]
    return {**dataclasses.asdict(one), "chain": chain, "followers": followers}


def _plain(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {field.name: row[field.name] for field in dataclasses.fields(Summary)}


def _details(backup: _backup.Backup) -> dict[str, t.Any]:
    listed = {field.name for field in dataclasses.fields(Summary)}
    return {key: value for key, value in dataclasses.asdict(backup).items() if key not in listed}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
