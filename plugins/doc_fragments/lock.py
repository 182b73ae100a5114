# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The lock, as modules that change an instance take it."""

    DOCUMENTATION = r"""
options:
  lock:
    description:
      - The holder of the instance's lock that an earlier step of the same operation got, from M(dbaas.openstack.instance_lock) or as the return value lock of
        M(dbaas.openstack.instance). It is renewed, and is an error if it was lost meanwhile.
      - Without it the module gets the lock for itself when there is something to change, and gives it back. Other work that has it is a conflict.
    type: str
"""
