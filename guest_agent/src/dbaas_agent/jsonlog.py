# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One JSON object a line on standard error, which the journal keeps."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def log(event: str, level: str = "info", **fields: Any) -> None:
    """Write an event; None fields are left out. Callers pass no secret: fields are named one by one, never whole args."""
    line = {"time": round(time.time(), 3), "level": level, "event": event}
    line.update((name, value) for name, value in fields.items() if value is not None)
    sys.stderr.write(json.dumps(line, default=str) + "\n")
    sys.stderr.flush()
