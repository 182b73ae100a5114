#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_log
short_description: Publish a log of a database guest to an object store, or begin again
version_added: 0.1.0
description:
  - Has the agent send what was not published yet to a store, in objects of whole lines, or forget what was published.
  - What is sent twice, since somebody was interrupted, comes under the same name.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.guest_action_group
options:
  name:
    description: The log, see M(dbaas.openstack.guest_log_info).
    type: str
    required: true
  state:
    description:
      - V(published) sends what was not sent yet.
      - V(discarded) takes nothing of the log for published, so that all that is on the guest is sent the next time. What is in the store stays there.
    type: str
    choices: [published, discarded]
    default: published
  url:
    description: A TempURL with C(temp_url_prefix) for the objects whose names begin like its own. Needed for V(published).
    type: str
  expire_after:
    description: After how many days the store removes the objects, 1 to 3660.
    type: int
    default: 30
seealso:
  - module: dbaas.openstack.guest_log_info
"""

EXAMPLES = r"""
- name: Publish the log of slow queries for a week
  dbaas.openstack.guest_log:
    name: slow
    url: "{{ ticket.url }}"
    expire_after: 7
  no_log: true

- name: Have all of it published again the next time
  dbaas.openstack.guest_log:
    name: slow
    state: discarded
"""

RETURN = r"""
sent:
  description: How much was sent, or in check mode would be.
  returned: when O(state=published)
  type: dict
  contains:
    bytes:
      description: How many bytes.
      type: int
      sample: 18233
    lines:
      description: How many lines.
      type: int
      sample: 211
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: not_found
"""

from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import ask, guest_module

_DAY = 86400
_DAYS = range(1, 3661)


def main() -> None:
    module = guest_module(
        {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["published", "discarded"], "default": "published"},
            "url": {"type": "str", "no_log": True},
            "expire_after": {"type": "int", "default": 30},
        },
        required_if=[("state", "published", ["url"])],
    )
    params = module.params
    if params["state"] == "discarded":
        module.exit_json(**ask(module, "log_discard", {"name": params["name"]}))
    if params["expire_after"] not in _DAYS:
        msg = f"expire_after: {params['expire_after']} is not from {_DAYS[0]} to {_DAYS[-1]} days"
        module.fail_json(msg=msg, reason="invalid")
    seconds = params["expire_after"] * _DAY
    args = {"name": params["name"], "url": params["url"], "expire_after": seconds}
    module.exit_json(**ask(module, "log_publish", args))


if __name__ == "__main__":
    main()
