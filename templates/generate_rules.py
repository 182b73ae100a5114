# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make validation-rules.json from what a running server says of itself: the answer of the agent's verb parameter_list goes in, the file comes out."""

from __future__ import annotations

import json
import sys
from typing import Any

KEYS = ("name", "type", "restart_required", "min", "max", "step", "unit", "choices")


def source(parameters: list[dict[str, Any]]) -> str:
    """The file's text, one parameter a line."""
    lines = ",\n".join(
        f"  {json.dumps({key: parameter[key] for key in KEYS if key in parameter})}" for parameter in parameters
    )
    return f'{{"configuration-parameters": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    sys.stdout.write(source(json.load(sys.stdin)["parameters"]))
