# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from tests.soak.datastore import FAILED, parts

TASKS = "/x/extensions/molecule/datastore/tasks"
CASES = [
    ("[localhost] Verify instances: Have a file", f"{TASKS}/logs.yml:3", True),
    ("[one] Verify instances: Ask: again", f"{TASKS}/ask.yml:3", True),
    ("[one] Verify instances: Compare", f"{TASKS}/ask.yml:13", True),
    ("[two] Verify instances: Ask: again", f"{TASKS}/ask.yml:3", True),
    ("[one] Verify instances: Have an agent", "/x/roles/guest_agent/tasks/main.yml:3", True),
    ("[include] Verify instances: ask.yml", f"{TASKS}/logs.yml:30", True),
    ("[one] Verify instances: Read", f"{TASKS}/logs.yml:3", True),
    ("[one] Verify instances: Compare", f"{TASKS}/logs.yml:13", False),
    ("[one] Verify instances: Show it and fail", f"{TASKS}/logs.yml:23", True),
]


def test_parts() -> None:
    assert parts(iter(CASES)) == [
        {"part": "ask", "one": 2, "two": 1},
        {"part": "logs", "one": FAILED, "two": None},
    ]
