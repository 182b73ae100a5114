# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_ticket
short_description: Issue the tickets by which a guest restores a backup
version_added: 0.1.0
description:
  - Makes a TempURL for each backup that has to be restored for one, from the full one on, and puts them into a file on the controller.
    Each allows one thing, to read what was sealed of that backup.
  - The URLs are secrets. They stand in that file alone, mode 0600, never in a result or a log.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
attributes:
  diff_mode:
    support: none
    details: The only thing that changes is a secret.
  idempotent:
    support: none
    details: Each ticket is a new one.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: The backup, by name or id.
    type: str
    required: true
  dest:
    description: The file on the controller that the tickets are written to, as JSON with C(urls) and C(expires). It is replaced whole.
    type: path
    required: true
  valid_for:
    description: Minutes for which the tickets are valid.
    type: int
    default: 10080
seealso:
  - module: dbaas.openstack.backup
  - module: dbaas.openstack.agent
"""

EXAMPLES = r"""
- name: Issue the tickets for a backup and those that it follows
  dbaas.openstack.backup_ticket:
    cloud: devcloud
    name: orders-monday
    dest: /run/dbaas/orders-monday
"""

RETURN = r"""
args:
  description: C(args) of the job C(restore) for the agent, whose secrets C(urls) and C(expires) stand in the file O(dest).
  returned: success
  type: dict
expires:
  description: When the tickets end, in seconds since 1970.
  returned: success
  type: int
  sample: 1826000000
dest:
  description: The file.
  returned: success
  type: str
  sample: /run/dbaas/orders-monday
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: not_found
"""

import json
import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _backup, _backups_cloud, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import refuse_options
from ansible_collections.dbaas.openstack.plugins.module_utils._private_file import directory_is_there, write_private


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "valid_for": {"type": "int", "default": 7 * 24 * 60},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: t.Any, connection: t.Any) -> dict[str, t.Any]:
    """Issue the tickets."""
    params, prefix = module.params, module.params["store_prefix"]
    problems = {
        "dest": not directory_is_there(params["dest"]) and "it must be a file in an existing directory",
        "valid_for": params["valid_for"] < 1 and "it must be 1 or more",
    }
    refuse_options(params, problems)
    known = _backups_cloud.find_all(connection, prefix)
    found = _backup.named(known, params["name"])
    if found is None or found.status != _backup.COMPLETED:
        what = f"there is no backup {params['name']!r}" if found is None else f"backup {found.name} is {found.status}"
        raise DbaasError("not_found" if found is None else "not_actionable", f"name: {what}", option="name")
    if found.strategy == _backup.SNAPSHOT:
        raise DbaasError(
            "unsupported", f"name: backup {found.name} is a snapshot, and nothing that could be read", option="name"
        )
    chain = [_backups_cloud.read(connection, one, prefix) for one in _backup.chain(known, found)]
    expires = int(time.time()) + params["valid_for"] * 60
    if not module.check_mode:
        urls = [_backups_cloud.readable(connection, one, expires, prefix) for one in chain]
        write_private(params["dest"], [json.dumps({"urls": urls, "expires": expires}).encode()])
    return {"changed": True, "args": _backup.restore_args(chain), "expires": expires, "dest": params["dest"]}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
