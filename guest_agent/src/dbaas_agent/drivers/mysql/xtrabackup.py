# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of the files of Percona Server by Percona XtraBackup. Not tested: its packages cannot be had where this is made.

Source: the manual of Percona XtraBackup 8.4 (option --apply-log-only, the files xtrabackup_checkpoints and xtrabackup_info).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbaas_agent.drivers.mysql import events
from dbaas_agent.drivers.mysql.backup import SIZE, server_of
from dbaas_agent.drivers.mysql_family.page_backup import PageBackup
from dbaas_agent.drivers.mysql_family.scratch_server import Scratch
from dbaas_agent.drivers.mysql_family.sessions import Execute


class Xtrabackup(PageBackup):
    """While others of the chain follow, what is not finished in a part must not be rolled back."""

    tool = "xtrabackup"
    stream = "xbstream"
    unstream = "xbstream"
    more_follow = ("--apply-log-only",)
    files = ("xtrabackup",)
    without_tls = "--ssl-mode=DISABLED"
    size = SIZE

    def server_of(self, execute: Execute) -> dict[str, Any]:
        return server_of(execute)

    def disable_events(self, execute: Scratch) -> None:
        events.disable_all(execute)

    def is_locked(self, words: Sequence[str]) -> bool:
        locks = [word for word in words if "FLUSH TABLES WITH READ LOCK" in word or "UNLOCK TABLES" in word]
        return bool(locks) and "UNLOCK TABLES" not in locks[-1]
