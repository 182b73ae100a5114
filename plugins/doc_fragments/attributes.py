# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module of this collection documents about itself."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details: This module changes nothing.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details: This module changes nothing.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details: This module changes nothing.
"""

    CLOUD_ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/dbaas.openstack.cloud) in C(module_defaults) to set the options of the cloud for all modules of the group.
    support: full
    membership:
      - dbaas.openstack.cloud
"""

    GUEST_ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/dbaas.openstack.guest) in C(module_defaults) to set the options of the agent for all modules of the group.
    support: full
    membership:
      - dbaas.openstack.guest
"""
