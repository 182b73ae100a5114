#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_log_info
short_description: List the logs of a database guest, or read one
version_added: 0.1.0
description:
  - Lists the logs of the datastore and of the agent on a database guest, with what there is of each and how much of it was published.
  - Reads the last lines of one, or what came after them.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.guest_action_group
options:
  name:
    description: List only the log of this name.
    type: str
  lines:
    description:
      - How many of its last lines are read, up to 10000 and 128 KiB. V(0) reads none.
      - It needs O(name).
    type: int
    default: 0
  after:
    description: Read what came after this cursor instead, which an earlier RV(cursor) was. Up to 128 KiB are read.
    type: str
  wait:
    description: How many seconds to wait for something after O(after) while there is nothing, up to 60.
    type: int
    default: 0
seealso:
  - module: dbaas.openstack.guest_log
"""

EXAMPLES = r"""
- name: List the logs
  dbaas.openstack.guest_log_info:
  register: found

- name: Read the last 50 lines of the log of slow queries
  dbaas.openstack.guest_log_info:
    name: slow
    lines: 50
  register: slow

- name: Read what comes within the next 30 seconds
  dbaas.openstack.guest_log_info:
    name: slow
    after: "{{ slow.cursor }}"
    wait: 30
"""

RETURN = r"""
logs:
  description: The logs, by name; an empty list if there is none of the name, and with O(after), where none is listed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The log. C(error) and C(agent) are kept by the guest's journal, the others are files on the data volume.
      type: str
      sample: slow
    switchable:
      description: Whether it can be switched on and off.
      type: bool
      sample: true
    enabled:
      description: Whether it is written; null while the datastore does not answer.
      type: bool
      sample: true
    status:
      description:
        - V(DISABLED), V(ENABLED) while there is nothing of it, V(READY) when nothing of it was published,
          V(PARTIAL) when there is more than was published, V(PUBLISHED),
          V(ROTATED) when something is gone that was not published, V(UNAVAILABLE) with a RV(logs[].fault).
      type: str
      sample: PARTIAL
    fault:
      description: Why it cannot be read.
      type: str
      sample: ""
    bytes:
      description: How much of it is on the guest.
      type: int
      sample: 18233
    lines:
      description: How many lines that are.
      type: int
      sample: 211
    pending:
      description: How much of it was not published, C(bytes) and C(lines).
      type: dict
      sample: {bytes: 233, lines: 4}
    published:
      description: How much of it was published, C(bytes), C(lines) and the C(time) of the last time in seconds since 1970; null when nothing was.
      type: dict
      sample: {bytes: 18000, lines: 207, time: 1795770047}
text:
  description: What was read.
  returned: when O(lines) or O(after) is given
  type: str
  sample: "# Query_time: 2.0\n"
cursor:
  description: Where that ends.
  returned: when O(lines) or O(after) is given
  type: str
  sample: "1:18233"
more:
  description: Whether there is already more after it.
  returned: when O(lines) or O(after) is given
  type: bool
  sample: false
reason:
  description: Why the agent refused, as a word for programs.
  returned: failure
  type: str
  sample: not_found
"""

import time
from typing import Any

from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import AgentClient
from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import connect, guest_module, refusals

_PAUSE = 1
_WAIT_LIMIT = 60


def read(agent: AgentClient, params: dict[str, Any]) -> dict[str, Any]:
    """The last lines, or what came after the cursor as soon as there is something."""
    given = {"name": params["name"]}
    if params["after"] is None:
        return agent.call("log_read", {**given, "lines": params["lines"]}, False)
    ends = time.monotonic() + params["wait"]
    while True:
        found = agent.call("log_read", {**given, "after": params["after"]}, False)
        if found["text"] or time.monotonic() >= ends:
            return found
        time.sleep(_PAUSE)


def main() -> None:
    module = guest_module(
        {
            "name": {"type": "str"},
            "lines": {"type": "int", "default": 0},
            "after": {"type": "str"},
            "wait": {"type": "int", "default": 0},
        },
        required_by={"after": "name"},
    )
    params = module.params
    reads = params["lines"] != 0 or params["after"] is not None
    if reads and params["name"] is None:
        module.fail_json(msg="lines: it needs name, the log of which lines are read", reason="invalid")
    if not 0 <= params["wait"] <= _WAIT_LIMIT:
        module.fail_json(msg=f"wait: {params['wait']} is not from 0 to {_WAIT_LIMIT} seconds", reason="invalid")
    with refusals(module), connect(module) as agent:
        text = read(agent, params) if reads else {}
        logs = [] if params["after"] is not None else agent.call("log_list", {"name": params["name"]}, False)["logs"]
    module.exit_json(logs=logs, **{key: text[key] for key in ("text", "cursor", "more") if key in text})


if __name__ == "__main__":
    main()
