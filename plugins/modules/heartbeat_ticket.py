# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: heartbeat_ticket
short_description: Issue the ticket by which a guest sends heartbeats
version_added: 0.1.0
description:
  - Makes a TempURL that allows one thing, to write the heartbeat object of one instance, and puts it into a file on the controller.
  - The URL is a secret. It stands in that file alone, mode 0600, never in a result or a log.
  - The ticket is tried against the store before it is handed out, with a C(HEAD) request that leaves nothing behind.
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
    support: partial
    details: Changes nothing while O(current_expires) is later than O(renew_before) days from now.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  uid:
    description: The C(dbaas_uid) of the instance, 32 hexadecimal digits.
    type: str
    required: true
  dest:
    description: The file on the controller that the ticket is written to, as JSON with C(url) and C(expires). It is replaced whole.
    type: path
    required: true
  valid_for:
    description: Days for which the ticket is valid.
    type: int
    default: 365
  renew_before:
    description: A new ticket is issued once the current one has this many days left, or fewer.
    type: int
    default: 30
  current_expires:
    description: When the ticket that the guest holds ends, in seconds since 1970, as its heartbeat tells. V(0) means that it has none.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Issue a ticket if the one that the guest holds ends soon
  dbaas.openstack.heartbeat_ticket:
    cloud: devcloud
    uid: 0f8fad5bd9cb469fa16570867728950e
    dest: /run/dbaas/orders.ticket
    current_expires: 1826000000
  register: ticket
"""

RETURN = r"""
expires:
  description: When the ticket that counts from now on ends, in seconds since 1970.
  returned: success
  type: int
  sample: 1826000000
dest:
  description: The file. It is written only when the module reports a change.
  returned: success
  type: str
  sample: /run/dbaas/orders.ticket
"""

import time
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _store
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import (
    issue_ticket,
    place_problems,
    refuse_options,
)

_DAY = 86400


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "uid": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "valid_for": {"type": "int", "default": 365},
        "renew_before": {"type": "int", "default": 30},
        "current_expires": {"type": "int", "default": 0},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def body(module: t.Any, connection: t.Any) -> dict[str, t.Any]:
    """Issue a ticket when it is time."""
    params = module.params
    _validate(params)
    now = int(time.time())
    current = params["current_expires"]
    if current - now > params["renew_before"] * _DAY:
        return {"changed": False, "expires": current, "dest": params["dest"]}
    expires = now + params["valid_for"] * _DAY
    _store.public_endpoint(connection)
    if not module.check_mode:
        container = params["store_prefix"] + _store.HEARTBEATS
        issue_ticket(connection, params["dest"], container, params["uid"], expires=expires)
    return {"changed": True, "expires": expires, "dest": params["dest"]}


def _validate(params: dict[str, t.Any]) -> None:
    problems = {
        **place_problems(params),
        "renew_before": params["renew_before"] < 0 and "it must be 0 or more",
        "valid_for": params["valid_for"] <= params["renew_before"] and "it must be more than renew_before",
    }
    refuse_options(params, problems)


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
