# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Where modules find what is kept in the object store."""

    DOCUMENTATION = r"""
options:
  store_prefix:
    description: Prefix of the containers in the object store.
    type: str
    default: dbaas_
"""
