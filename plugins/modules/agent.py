#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent
short_description: Run a verb or a job of the guest agent
version_added: 0.1.0
description:
  - Asks the resident agent of a database guest to do one thing, through its local socket.
  - Every verb but V(datastore_restart) can be repeated, and the repetition changes nothing.
  - What takes long is a job. It runs on its own in the guest, so that neither a lost connection nor a restart or upgrade of the agent ends it.
    The same task, run again, finds the job by its id and waits for it.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.guest
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.guest_action_group
attributes:
  idempotent:
    support: partial
    details: The verb V(datastore_restart) always restarts. A job is started once for each id.
options:
  verb:
    description:
      - What the agent shall do. The protocol's page in the collection's documentation tells the arguments of each verb.
      - Exactly one of O(verb) and O(job) is needed.
    type: str
    choices:
      - configuration_set
      - database_list
      - database_set
      - datastore_initialise
      - datastore_restart
      - datastore_start
      - datastore_stop
      - job_cancel
      - job_list
      - job_start
      - job_status
      - log_discard
      - log_list
      - log_publish
      - log_read
      - parameter_list
      - position
      - root_set
      - replica_account
      - replica_slot
      - replica_follow
      - replica_await
      - replica_discard
      - member_set
      - member_ticket
      - member_unset
      - writes_drain
      - root_status
      - status
      - tls_set
      - tls_sign
      - user_list
      - user_set
      - volume_freeze
      - volume_prepare
      - volume_release
      - volume_thaw
  args:
    description:
      - The verb's arguments.
      - Values that the protocol knows as secret are never shown.
    type: dict
    default: {}
  job:
    description:
      - A job to start and wait for, or to cancel.
      - The task fails when the job failed or was cancelled, and when it still runs after O(job.wait_timeout), whereupon it goes on.
    type: dict
    suboptions:
      id:
        description:
          - The caller's name for the job, of letters, digits, V(_), V(.) and V(-).
          - A job of this id and of the same O(job.kind) and O(job.args) is not started again, whether it runs or is over. With others it is refused.
          - The guest keeps the journals of the newest 20 jobs that are over.
        type: str
        required: true
      kind:
        description:
          - What the job shall do; the protocol's page in the collection's documentation tells the kinds and their arguments.
          - Required unless O(job.cancel=true).
        type: str
      args:
        description:
          - The job's arguments. They are kept in the guest and shown to everybody who asks for the job.
        type: dict
        default: {}
      secrets:
        description:
          - The job's secret arguments, which are never shown and only ever held in memory.
          - They are not compared when a job of this id is there already.
        type: dict
        default: {}
      wait:
        description:
          - Whether to wait for the end of the job.
        type: bool
        default: true
      wait_timeout:
        description:
          - How many seconds to wait for the end of the job.
        type: int
        default: 3600
      cancel:
        description:
          - End the job instead, if it runs.
        type: bool
        default: false
seealso:
  - module: dbaas.openstack.agent_info
  - module: dbaas.openstack.database
  - module: dbaas.openstack.user
"""

EXAMPLES = r"""
- name: Prepare the data volume
  dbaas.openstack.agent:
    verb: volume_prepare
    args:
      volume_id: 3f6a1c1e-5f0f-4f0c-9d1b-2b6f1a0f7c11
      initialised: false

- name: Have a database and a user
  dbaas.openstack.agent:
    verb: "{{ item.verb }}"
    args: "{{ item.args }}"
  loop:
    - verb: database_set
      args:
        databases:
          - name: shop
    - verb: user_set
      args:
        users:
          - name: clerk
            password: "{{ clerk_password }}"
            databases: [shop]
  no_log: true

- name: Check the tables of an adopted volume
  dbaas.openstack.agent:
    job:
      kind: datastore_check
      id: adoption-1
  register: check

- name: Do not go on with damaged ones
  ansible.builtin.assert:
    that: check.job.result.damaged | length == 0

- name: Start a check of one database
  dbaas.openstack.agent:
    job:
      kind: datastore_check
      id: shop-1
      args:
        databases: [shop]
      wait: false

- name: End it
  dbaas.openstack.agent:
    job:
      id: shop-1
      cancel: true
"""

RETURN = r"""
result:
  description: What the verb answers, without RV(ignore:changed) and RV(ignore:diff).
  returned: when O(verb) is given
  type: dict
  sample:
    device: /dev/disk/by-id/virtio-3f6a1c1e-5f0f-4f0c-9
    formatted: true
    mounted: true
    marker_state: empty
job:
  description: The job as it is at the end of the task.
  returned: when O(job) is given and the agent did not refuse
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: always
      sample: adoption-1
    kind:
      description: What it does.
      type: str
      returned: always
      sample: datastore_check
    args:
      description: Its arguments, with the defaults of those that were left out.
      type: dict
      returned: always
      sample:
        databases: []
    state:
      description: V(PENDING), V(RUNNING), V(DONE), V(FAILED) or V(CANCELLED).
      type: str
      returned: always
      sample: DONE
    created:
      description: When it was asked for, in seconds of the epoch.
      type: int
      returned: always
      sample: 1795000000
    ended:
      description: When it ended, in seconds of the epoch; null before that.
      type: int
      returned: always
      sample: 1795000042
    progress:
      description: How far it is. What is not known is null, or empty for texts.
      type: dict
      returned: always
      contains:
        phase:
          description: What it is doing.
          type: str
          returned: always
          sample: check
        item:
          description: What it is doing it to.
          type: str
          returned: always
          sample: shop.orders
        done:
          description: How much is done.
          type: int
          returned: always
          sample: 31
        total:
          description: How much there is to do.
          type: int
          returned: always
          sample: 40
        unit:
          description: What is counted.
          type: str
          returned: always
          sample: tables
        percent:
          description: How much is done, in percent.
          type: int
          returned: always
          sample: 77
    result:
      description: What it found or made; null unless it is V(DONE).
      type: dict
      returned: always
      sample:
        tables: 40
        damaged:
          - database: shop
            table: orders
            messages: ["error: Corrupt"]
        warned: []
        unchecked: []
    error:
      description: Why it failed; null unless it is V(FAILED).
      type: dict
      returned: always
      sample:
        reason: agent
        msg: 'job adoption-1: its process was killed'
        details:
          ended: signal
reason:
  description:
    - Why the agent refused, as a word for programs.
    - Of a job, V(agent) when it failed or was cancelled, V(timeout) when it still runs.
  returned: failure
  type: str
  sample: conflict
details:
  description: More about the refusal, for programs.
  returned: failure
  type: dict
  sample:
    verb: datastore_initialise
    started: 1795000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_client import plain_values, wait_for_job
from ansible_collections.dbaas.openstack.plugins.module_utils._agent_protocol import VERBS
from ansible_collections.dbaas.openstack.plugins.module_utils._guest_module import ask, guest_module, refusals

JOB = {
    "id": {"type": "str", "required": True},
    "kind": {"type": "str"},
    "args": {"type": "dict", "default": {}},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 3600},
    "cancel": {"type": "bool", "default": False},
}


def run_verb(module: AnsibleModule) -> None:
    verb, args = module.params["verb"], module.params["args"]
    # no_log takes every value out of the result; what the schema knows as no secret may be shown.
    module.no_log_values -= plain_values(verb, args)
    result = ask(module, verb, args)
    module.exit_json(changed=result.pop("changed", False), diff=result.pop("diff", {}), result=result)


def run_job(module: AnsibleModule) -> None:
    wanted = module.params["job"]
    verb, names = ("job_cancel", ["id"]) if wanted["cancel"] else ("job_start", ["id", "kind", "args", "secrets"])
    answer = ask(module, verb, {name: wanted[name] for name in names})
    if wanted["wait"] and not wanted["cancel"] and not module.check_mode:
        path, timeout = module.params["socket"], module.params["timeout"]
        with refusals(module):
            answer["job"] = wait_for_job(path, timeout, answer["job"], wanted["wait_timeout"])
        if answer["job"]["ended"] is None:
            late = f"job {wanted['id']} still runs after {wanted['wait_timeout']} seconds, and goes on"
            module.fail_json(msg=late, reason="timeout", **answer)
    if not wanted["cancel"] and answer["job"]["state"] in ("FAILED", "CANCELLED"):
        error = answer["job"]["error"] or {"msg": f"job {wanted['id']} was cancelled"}
        module.fail_json(msg=error["msg"], reason="agent", **answer)
    module.exit_json(**answer)


def main() -> None:
    module = guest_module(
        {
            "verb": {"type": "str", "choices": sorted(set(VERBS) - {"hello"})},
            "args": {"type": "dict", "default": {}, "no_log": True},
            "job": {"type": "dict", "options": JOB, "required_if": [("cancel", False, ("kind",))]},
        },
        mutually_exclusive=[("verb", "job")],
        required_one_of=[("verb", "job")],
    )
    (run_job if module.params["job"] else run_verb)(module)


if __name__ == "__main__":
    main()
