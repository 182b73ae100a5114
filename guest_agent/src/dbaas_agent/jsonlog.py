# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One JSON object a line on standard error, which the journal keeps."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def log(event: str, level: str = "info", **fields: Any) -> None:
    """Write an event (``line``)."""
    sys.stderr.write(line(event, level, **fields))
    sys.stderr.flush()


def line(event: str, level: str = "info", **fields: Any) -> str:
    """An event; None fields are left out. Callers pass no secret: fields are named one by one, never whole args."""
    shown = {"time": round(time.time(), 3), "level": level, "event": event}
    shown.update((name, value) for name, value in fields.items() if value is not None)
    return json.dumps(shown, default=str) + "\n"


def place(fault: BaseException) -> str:
    """The file and line that raised."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
