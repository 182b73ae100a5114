# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a client cannot write while an instance is grown, restarted or resized, beside the same without this project."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.benchmarks.instances import QUIET_SECONDS, databases, gap, must
from tests.e2e.playbooks import play

Figures = dict[str, float]


def grow() -> Figures:
    """A larger volume, attached: the longest gap, and that of a client in a minute without anything."""
    with databases(1) as (database,):
        quiet = gap(database, lambda: time.sleep(QUIET_SECONDS))
        began = time.monotonic()
        grown = gap(database, lambda: must(play("instance_resize", {**database.way, "volume_size": 2})))
        seconds = time.monotonic() - began
    return {"quiet_gap_s": quiet, "gap_s": grown, "ratio": grown / quiet, "playbook_s": seconds}


def restart() -> Figures:
    """instance_restart against systemctl restart in the guest; a resize of the flavor against instance_reboot: both boot the guest once."""
    with databases(1) as (database,):
        bare = gap(database, lambda: database.shell("sudo systemctl restart mariadb"))
        restarted = gap(database, lambda: must(play("instance_restart", database.way)))
        rebooted = gap(database, lambda: must(play("instance_reboot", database.way)))
        began = time.monotonic()
        resized = gap(database, lambda: must(play("instance_resize", {**database.way, "flavor": "m1.medium"})))
        seconds = time.monotonic() - began
    return {
        "systemctl_gap_s": bare,
        "restart_gap_s": restarted,
        "restart_ratio": restarted / bare,
        "reboot_gap_s": rebooted,
        "resize_gap_s": resized,
        "resize_ratio": resized / rebooted,
        "resize_playbook_s": seconds,
    }


BENCHMARKS: dict[str, Callable[[], Figures]] = {"grow": grow, "restart": restart}
