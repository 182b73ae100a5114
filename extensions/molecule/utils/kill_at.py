# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``kill_at.py TASK COMMAND...``: run ansible-playbook and kill it with all its children when the task of that name begins.

It fails when the task never began.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from tests.e2e.modules import kill_tree


def main(task: str, command: list[str]) -> int:
    """0 when it was killed there."""
    begins = f" : {task}]".encode()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout or ():
            sys.stdout.buffer.write(line)
            if line.startswith(b"TASK [") and begins in line:
                kill_tree(process)
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
