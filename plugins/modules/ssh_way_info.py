# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_way_info
short_description: Whether SSH would get from this machine to the guest of an instance that is not made yet
version_added: 0.1.0
description:
  - Run it on the machine that is to configure the guest.
  - What would certainly keep SSH from the guest is returned as RV(problems), what probably would is a warning.
  - The address from which this machine would go to the guest is the one that its kernel chooses; no packet is sent for that. A translation of addresses on the
    way cannot be seen.
  - A jump host is looked up as SSH does, with the aliases and ports of its configuration, and its port is tried for 5 seconds.
    One that SSH reaches by way of another host or a command is not tried.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes.info_module
  - dbaas.openstack.attributes.cloud_action_group
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  networks:
    description: Networks of the instance, as in M(dbaas.openstack.instance).
    type: list
    elements: dict
    required: true
    suboptions:
      network:
        description: Name or ID of the network. Either this or O(networks[].port).
        type: str
      port:
        description: Name or ID of a port of your own. The security groups that it has decide about SSH.
        type: str
      subnet:
        description: Name or ID of one of its subnets.
        type: str
      fixed_ips:
        description: Fixed addresses.
        type: list
        elements: str
        default: []
  management_network:
    description: Name or ID of the network for SSH alone.
    type: str
  is_public:
    description: Whether the instance has a floating address.
    type: bool
    default: false
  floating_network:
    description: Name or ID of the external network of the floating address. Without it the first external network to which a router leads is taken.
    type: str
  management_cidrs:
    description: Networks that may reach SSH.
    type: list
    elements: str
    required: true
  ssh_jump:
    description: Jump host, as C([user@]host[:port]). With it, where this machine comes from is not looked at.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Look whether SSH would get to the guest
  dbaas.openstack.ssh_way_info:
    cloud: devcloud
    networks:
      - network: private
    is_public: true
    management_cidrs: [203.0.113.7/32]
  register: way

- name: Refuse to go on when it would not
  ansible.builtin.assert:
    that: way.problems | length == 0
"""

RETURN = r"""
problems:
  description: What would keep SSH from the guest, each with option, value, reason and msg.
  returned: success
  type: list
  elements: dict
  sample: []
sources:
  description:
    - By subnet or address where SSH would look for the guest, the address from which this machine would go there, null for none.
    - Empty with a jump host, and where this user may not see the subnets.
  returned: success
  type: dict
  sample: {203.0.113.0/24: 198.51.100.7}
"""

import ipaddress
import socket
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import (
    SSH_PORT,
    NetworkWish,
    Problem,
    Spec,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight_cloud import ssh_targets
from ansible_collections.dbaas.openstack.plugins.module_utils._ssh_way import (
    JUMP_TIMEOUT,
    address_in,
    closed_problems,
    guarded,
    hop,
    jump_arguments,
    jump_problem,
    not_a_jump,
    warnings,
)


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "networks": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "network": {"type": "str"},
                "port": {"type": "str"},
                "subnet": {"type": "str"},
                "fixed_ips": {"type": "list", "elements": "str", "default": []},
            },
        },
        "management_network": {"type": "str"},
        "is_public": {"type": "bool", "default": False},
        "floating_network": {"type": "str"},
        "management_cidrs": {"type": "list", "elements": "str", "required": True},
        "ssh_jump": {"type": "str", "default": ""},
    }


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Look at the way."""
    params = module.params
    spec = Spec(
        name="",
        networks=tuple(
            NetworkWish(wish["network"] or "", wish["subnet"], tuple(wish["fixed_ips"]), wish["port"])
            for wish in params["networks"]
        ),
        management_network=params["management_network"],
        is_public=params["is_public"],
        floating_network=params["floating_network"],
        management_cidrs=tuple(params["management_cidrs"]),
    )
    jump = params["ssh_jump"]
    problems = closed_problems(spec) + (_jump_problems(module, jump) if jump else [])
    targets = () if jump else ssh_targets(connection, spec)
    sources = {target: _source(address_in(target)) for target in targets}
    if guarded(spec) and spec.management_cidrs:
        for warning in warnings(sources, spec.management_cidrs):
            module.warn(warning)
    return {"changed": False, "problems": [problem._asdict() for problem in problems], "sources": sources}


def _jump_problems(module: AnsibleModule, jump: str) -> list[Problem]:
    """What is wrong with the jump host; its name and port are what the user's configuration of SSH makes of them."""
    arguments = jump_arguments(jump)
    if arguments is None:
        return [not_a_jump(jump)]
    code, told, _error = module.run_command(["ssh", "-G", *arguments])
    if code:
        return [not_a_jump(jump)]
    first = hop(told)
    if first.relayed:
        return []
    try:
        socket.create_connection((first.host, first.port), timeout=JUMP_TIMEOUT).close()
    except OSError as error:
        return [jump_problem(jump, first, error)]
    return []


def _source(address: str) -> str | None:
    """The address from which this machine would go there: connecting a UDP socket chooses it and sends nothing."""
    family = socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, SSH_PORT))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def main() -> None:
    run(body, argument_spec())


if __name__ == "__main__":
    main()
