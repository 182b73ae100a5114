# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: halt
type: aggregate
short_description: Tells when the task HALT_AT (a number from 0, or a name) begins, by a file HALT_FILE with its name, and waits there for HALT_SECONDS
description: For tests that kill ansible-playbook at a task.
"""


class CallbackModule(CallbackBase):
    """Waits in the main process, so that nothing of the task has begun; with no seconds to wait the task runs on."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "halt"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._at = os.environ["HALT_AT"]
        self._numbers = itertools.count()

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: ARG002
        if self._at in (str(next(self._numbers)), task.name):
            told = Path(os.environ["HALT_FILE"])
            told.with_suffix(".new").write_text(str(task), encoding="utf-8")
            told.with_suffix(".new").rename(told)
            time.sleep(float(os.environ["HALT_SECONDS"]))
