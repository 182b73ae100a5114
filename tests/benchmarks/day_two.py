# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a client cannot write while an instance is grown, restarted or resized, beside the same without this project."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.benchmarks.instances import databases, must
from tests.e2e.guests import Database
from tests.e2e.playbooks import play

QUIET_SECONDS = 60
Figures = dict[str, float]


def _gap(database: Database, act: Callable[[], object]) -> float:
    """The longest time without a row that a client was told is kept, in seconds."""
    with database.writer() as writer:
        act()
        seen = len(writer.times)
        deadline = time.monotonic() + QUIET_SECONDS
        while len(writer.times) == seen and time.monotonic() < deadline:  # it has to write again
            time.sleep(0.1)
    return writer.gap()


def grow() -> Figures:
    """A larger volume, attached: the longest gap, and that of a client in a minute without anything."""
    with databases(1) as (database,):
        quiet = _gap(database, lambda: time.sleep(QUIET_SECONDS))
        began = time.monotonic()
        gap = _gap(database, lambda: must(play("instance_resize", {**database.way, "volume_size": 2})))
        seconds = time.monotonic() - began
    return {"quiet_gap_s": quiet, "gap_s": gap, "ratio": gap / quiet, "playbook_s": seconds}


def restart() -> Figures:
    """instance_restart against systemctl restart in the guest; a resize of the flavor against instance_reboot: both boot the guest once."""
    with databases(1) as (database,):
        bare = _gap(database, lambda: database.shell("sudo systemctl restart mariadb"))
        restarted = _gap(database, lambda: must(play("instance_restart", database.way)))
        rebooted = _gap(database, lambda: must(play("instance_reboot", database.way)))
        began = time.monotonic()
        resized = _gap(database, lambda: must(play("instance_resize", {**database.way, "flavor": "m1.medium"})))
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
