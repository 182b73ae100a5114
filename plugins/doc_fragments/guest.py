# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules that talk to the guest agent."""

    DOCUMENTATION = r"""
options:
  socket:
    description:
      - The socket of the guest agent.
    type: path
    default: /run/dbaas/agent.sock
  timeout:
    description:
      - How many seconds to wait for the agent's answer.
      - Without it, as long as the agent's protocol gives the verb.
    type: int
requirements:
  - The guest agent of this collection, running on the managed host.
  - Root on the managed host, since nobody else may use the agent's socket.
attributes:
  platform:
    description: Platforms on which the managed host can run.
    platforms: linux
    support: full
"""
