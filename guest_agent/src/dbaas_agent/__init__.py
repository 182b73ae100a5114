# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resident agent of a database guest: standard library only, a local socket, no cloud credentials."""

from __future__ import annotations

VERSION = "0.1.0"
