# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.gates.tree DIRECTORY``: copy the checkout's files, without what git ignores, to a new directory."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def copy(root: Path, target: Path) -> None:
    """Copy tracked and new files, as they are in the checkout now; the copies have the time of copying."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, check=True, stdout=subprocess.PIPE
    )
    for name in filter(None, listing.stdout.decode().split("\0")):
        source, copied = root / name, target / name
        if source.is_symlink() or source.exists():
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copied, follow_symlinks=False)


if __name__ == "__main__":
    copy(Path.cwd(), Path(sys.argv[1]))
