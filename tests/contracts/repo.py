# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the contracts look at: the checkout's files as git sees them, and their YAML."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def files(pattern: str) -> list[Path]:
    """Paths, relative to the root, of tracked and new files that match a git pathspec with ``**``."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", f":(glob){pattern}"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout.decode()
    return sorted(path for name in listing.split("\0") if name and (ROOT / (path := Path(name))).is_file())


def text(path: Path) -> str:
    """The content of a file named relative to the root."""
    return (ROOT / path).read_text(encoding="utf-8")


def load(path: Path) -> Any:
    """The YAML document in a file named relative to the root; an absent file is an empty mapping."""
    return yaml.safe_load(text(path)) or {} if (ROOT / path).exists() else {}


def roles() -> list[Path]:
    """The roles' directories."""
    return sorted({Path(*path.parts[:2]) for path in files("roles/*/**")})


def modules() -> list[Path]:
    """The modules' files."""
    return files("plugins/modules/*.py")
