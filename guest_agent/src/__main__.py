# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the zipapp."""

from __future__ import annotations

import os
import sys

# Modules are read when they are first wanted, and an upgrade replaces the file under a running process: they are all
# read from the file that is open now.
sys.path[0] = f"/proc/self/fd/{os.open(sys.argv[0], os.O_RDONLY)}"

from dbaas_agent.cli import main  # noqa: E402 (found through the line above)

sys.exit(main(sys.argv[1:]))
