# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_location
short_description: Decide into which container backups go
version_added: 0.1.0
description:
  - Keeps the container into which the backups of an instance, or of all instances of the project, are sealed from now on.
    An instance's own comes before the project's. Backups that are there stay where they are, and are found there.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  instance:
    description: The instance by name. Without it the project is meant.
    type: str
  container:
    description: The container in the project's object store; it is made if it is not there.
    type: str
  state:
    description: With V(absent) the usual container is used again, or for an instance the project's.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dbaas.openstack.backup
"""

EXAMPLES = r"""
- name: Have all backups go into an archive
  dbaas.openstack.backup_location:
    cloud: devcloud
    container: archive
"""

RETURN = r"""
container:
  description: The container that is kept, none after O(state=absent).
  returned: success
  type: str
  sample: archive
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: not_found
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import _backups_cloud, _store
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import container_problems
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import refuse
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import require


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "instance": {"type": "str"},
        "container": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Keep or forget it."""
    params, prefix = module.params, module.params["store_prefix"]
    wanted = params["container"] if params["state"] == "present" else ""
    refuse(container_problems(wanted))
    of = require(connection, params["instance"], prefix)["uid"] if params["instance"] else _backups_cloud.PROJECT
    before = _backups_cloud.read_location(connection, of, prefix)
    if before != wanted and not module.check_mode:
        _backups_cloud.write_location(connection, of, wanted, prefix)
    diff = {"before": {"container": before or None}, "after": {"container": wanted or None}}
    return {"changed": before != wanted, "container": wanted or None, "diff": diff}


def main() -> None:
    run(body, argument_spec(), required_if=[("state", "present", ("container",))])


if __name__ == "__main__":
    main()
