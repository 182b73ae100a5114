# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a configuration group takes to be in force on one instance and on five."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from tests.benchmarks.instances import databases, must
from tests.e2e.datastores import TESTED
from tests.e2e.playbooks import play

INSTANCES = 5
Figures = dict[str, float]


def attach() -> Figures:
    """Seconds of configuration_attach on one instance, the baseline, and on five; then of a run without change on five."""
    group = {"configuration": f"bench-{secrets.token_hex(3)}"}
    try:
        with databases(INSTANCES) as made:
            names = [database.name for database in made]
            key = {"ssh_private_key_file": made[0].way["ssh_private_key_file"]}
            must(play("configuration_set", {**group, **TESTED.wish, "configuration_values": {TESTED.tuning.first: 77}}))
            one = must(play("configuration_attach", {**key, **group, "instances": names[:1]})).seconds
            must(play("configuration_detach", {**key, "instances": names[:1]}))
            five = must(play("configuration_attach", {**key, **group, "instances": names})).seconds
            again = must(play("configuration_attach", {**key, **group, "instances": names})).seconds
    finally:
        play("configuration_delete", group)
    return {"one_s": one, "five_s": five, "ratio": five / one, "rerun_s": again}


BENCHMARKS: dict[str, Callable[[], Figures]] = {"attach": attach}
