# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A creation and a deletion that are killed where it hurts most. `./dev soak kill` kills at every boundary there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kill_cells import Cell
from tests.e2e.proxy import Boundary

PARTS = {
    "floating_ip": 1,
    "port": 1,
    "security_group": 1,
    "security_group_rule": 4,
    "server": 1,
    "server_group": 1,
    "volume": 1,
}


@pytest.mark.parametrize(
    ("work", "how", "seen"),
    [
        ("create", "after", {"boundary": "POST /v2.1/servers", "parts": PARTS, "faults": []}),
        ("delete", "before", {"boundary": "DELETE /v2.0/ports/ID", "parts": {}, "faults": []}),
    ],
)
def test_what_was_killed_is_finished_by_the_next_run(
    cloud: Any, tmp_path: Path, work: str, how: str, seen: dict[str, Any]
) -> None:
    def choose(at: Boundary, _number: int) -> bool:
        return str(at) == seen["boundary"]

    assert Cell(cloud, tmp_path, work=work, choose=choose, how=how, give_back=True).run() == seen
