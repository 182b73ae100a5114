# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_faults
short_description: What is wrong with the files for client certificates
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description: Looks at the files on the controller that users name for certificates and keys, before anything is made.
options:
  _input:
    description: Dictionaries as in O(ignore:users) of playbook C(user_set).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse files that cannot be used
  ansible.builtin.assert:
    that: wanted | dbaas.openstack.certificate_faults | length == 0
  vars:
    wanted:
      - name: clerk
        certificate_file: ~/clerk.pem
"""

RETURN = r"""
_value:
  description: A line for each fault, with the place where it stands.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.dbaas.openstack.plugins.plugin_utils._certificates import CertificateError, certificate_faults


def faults(users: list[dict[str, t.Any]]) -> list[str]:
    """What the documentation says."""
    try:
        return certificate_faults(users)
    except CertificateError as fault:
        raise AnsibleFilterError(f"certificate_file: {fault}") from fault


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"certificate_faults": faults}
