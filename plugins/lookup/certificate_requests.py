# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_requests
short_description: Requests for the client certificates that are missing or due
version_added: 0.1.0
author:
  - The dbaas.openstack authors (@dbaas-openstack)
description:
  - Takes users as the playbooks of this collection take them, and returns a request for each whose C(certificate_file) is missing, ends within 30 days,
    or is of another authority, key or name.
  - A private key that is missing is made, with mode 0600, in C(key_file), or C(certificate_file) with C(.key) behind it. It stays there.
  - The program C(openssl) has to be on the controller.
options:
  _terms:
    description: Dictionaries as in O(ignore:users) of playbook C(user_set).
    required: true
    type: list
    elements: dict
  ca:
    description: Certificate of the instance's authority, PEM.
    type: str
    required: true
  create:
    description: Whether to make keys that are missing. Without it, their requests are empty, good for check mode only.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Have the guest sign what is due
  dbaas.openstack.agent:
    verb: tls_sign
    args: {name: "{{ item.name }}", request: "{{ item.request }}"}
  loop: "{{ query('dbaas.openstack.certificate_requests', *wanted, ca=ca_certificate) }}"
  vars:
    wanted:
      - name: clerk
        certificate_file: ~/clerk.pem
"""

RETURN = r"""
_list:
  description: For each such user name, certificate_file and request (PEM).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.dbaas.openstack.plugins.plugin_utils._certificates import CertificateError, requests


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return what the documentation says."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return requests(terms, self.get_option("ca"), create=self.get_option("create"))
        except (OSError, CertificateError) as fault:
            raise AnsibleLookupError(f"certificate_file: {fault}") from fault
