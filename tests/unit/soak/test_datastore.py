# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from tests.soak.datastore import FAILED, parts

CASES = [
    ("[localhost] Verify what a client sees: Have a file", True),
    ("[one] Verify what a client sees: Ask: again", True),
    ("[one] Verify what a client sees: Compare", True),
    ("[two] Verify what a client sees: Ask: again", True),
    ("[include] Verify logs: ask.yml", True),
    ("[one] Verify logs: Read", True),
    ("[one] Verify logs: Compare", False),
    ("[one] Verify logs: Show it and fail", True),
]


def test_parts() -> None:
    assert parts(iter(CASES)) == [
        {"part": "Verify what a client sees", "one": 2, "two": 1},
        {"part": "Verify logs", "one": FAILED, "two": None},
    ]
