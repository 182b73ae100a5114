# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: log_archive
short_description: Download what was published of a log, or remove it
version_added: 0.1.0
description:
  - Lists the objects that a guest has published of one log, and puts them together into a file on the controller.
  - What was published outlives the instance, until the store removes it at its time.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
attributes:
  check_mode:
    support: partial
    details: Whether a file would change is judged by its size.
  diff_mode:
    support: none
    details: A log is too large for it.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  uid:
    description: The C(dbaas_uid) of the instance, 32 hexadecimal digits.
    type: str
    required: true
  name:
    description: The log.
    type: str
    required: true
  state:
    description: V(absent) removes what was published from the store.
    type: str
    choices: [present, absent]
    default: present
  dest:
    description: A file on the controller for all that was published, mode 0600. Without it, it is listed only.
    type: path
seealso:
  - module: dbaas.openstack.guest_log
"""

EXAMPLES = r"""
- name: Download the log of slow queries
  dbaas.openstack.log_archive:
    cloud: devcloud
    uid: 0f8fad5bd9cb469fa16570867728950e
    name: slow
    dest: slow.log

- name: Remove what was published of it
  dbaas.openstack.log_archive:
    cloud: devcloud
    uid: 0f8fad5bd9cb469fa16570867728950e
    name: slow
    state: absent
"""

RETURN = r"""
objects:
  description: What was published, in order; with O(state=absent) what was there before.
  returned: success
  type: list
  elements: dict
  sample:
    - name: 0f8fad5bd9cb469fa16570867728950e/slow/0000-00000001-000000000000000.log
      bytes: 18233
      last_modified: "2026-11-20T18:00:00.000000"
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: unsupported
"""

import os
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._log_archive import folder, name_problem
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import place_problems, refuse_options
from ansible_collections.dbaas.openstack.plugins.module_utils._private_file import write_private


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "uid": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "dest": {"type": "path"},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: t.Any, connection: t.Any) -> dict[str, t.Any]:
    """List, download or remove."""
    params, prefix = module.params, module.params["store_prefix"]
    refuse_options(params, {**place_problems(params), "name": name_problem(params["name"])})
    found = [
        {key: row[key] for key in ("name", "bytes", "last_modified")}
        for row in _store.list_objects(connection, _store.LOGS, f"{folder(params)}/", prefix=prefix)
    ]
    changed = False
    if params["state"] == "absent":
        changed = bool(found)
        for one in [] if module.check_mode else found:
            _store.delete_object(connection, _store.LOGS, one["name"], prefix=prefix)
    elif params["dest"] is not None:
        if module.check_mode:
            changed = _size_of(params["dest"]) != sum(one["bytes"] for one in found)
        else:
            pieces = (_store.read_object(connection, _store.LOGS, one["name"], prefix=prefix) or b"" for one in found)
            changed = write_private(params["dest"], pieces)
    return {"changed": changed, "objects": found}


def _size_of(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
