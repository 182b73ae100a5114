# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: log_ticket
short_description: Issue the ticket by which a guest publishes a log
version_added: 0.1.0
description:
  - Makes a TempURL that allows one thing, to write objects below the folder of one log of one instance, and puts it into a file on the controller.
  - The URL is a secret. It stands in that file alone, mode 0600, never in a result or a log.
  - The container and its key are made if they do not exist.
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
  uid:
    description: The C(dbaas_uid) of the instance, 32 hexadecimal digits.
    type: str
    required: true
  name:
    description: The log.
    type: str
    required: true
  dest:
    description: The file on the controller that the ticket is written to, as JSON with C(url) and C(expires). It is replaced whole.
    type: path
    required: true
  valid_for:
    description: Minutes for which the ticket is valid.
    type: int
    default: 60
seealso:
  - module: dbaas.openstack.guest_log
  - module: dbaas.openstack.log_archive
"""

EXAMPLES = r"""
- name: Issue a ticket for the log of slow queries
  dbaas.openstack.log_ticket:
    cloud: devcloud
    uid: 0f8fad5bd9cb469fa16570867728950e
    name: slow
    dest: /run/dbaas/orders.slow
"""

RETURN = r"""
expires:
  description: When the ticket ends, in seconds since 1970.
  returned: success
  type: int
  sample: 1826000000
dest:
  description: The file.
  returned: success
  type: str
  sample: /run/dbaas/orders.slow
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: unsupported
"""

import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._log_archive import folder, name_problem
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import (
    issue_ticket,
    place_problems,
    refuse_options,
)


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "uid": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "valid_for": {"type": "int", "default": 60},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: t.Any, connection: t.Any) -> dict[str, t.Any]:
    """Issue a ticket."""
    params = module.params
    problems = {
        **place_problems(params),
        "name": name_problem(params["name"]),
        "valid_for": params["valid_for"] < 1 and "it must be 1 or more",
    }
    refuse_options(params, problems)
    expires = int(time.time()) + params["valid_for"] * 60
    _store.public_endpoint(connection)
    if not module.check_mode:
        container, place = params["store_prefix"] + _store.LOGS, f"{folder(params)}/"
        issue_ticket(connection, params["dest"], container, place, expires=expires, prefix=place)
    return {"changed": True, "expires": expires, "dest": params["dest"]}


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
