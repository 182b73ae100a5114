# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``./dev test``: choose gates and run them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.gates.runner import run
from tests.gates.table import load, select

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Read the arguments; return the exit status: 0 passed, 1 failed, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="./dev test", description="Run the gates.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these gates (all when none is given)")
    parser.add_argument("--quick", action="store_true", help="only the gates of the quick tier")
    parser.add_argument("--list", action="store_true", help="list the gates and end")
    parser.add_argument("--packages", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        gates = select(load(Path(__file__).with_name("gates.toml")), arguments.parts, quick=arguments.quick)
    except ValueError as error:
        parser.error(str(error))
    if arguments.list:
        print(*(f"{gate.name:<14} {gate.tier:<6} {gate.what}" for gate in gates), sep="\n")
        return 0
    if arguments.packages:
        print(*sorted({package for gate in gates for package in gate.packages}))
        return 0
    return 0 if run(gates, ROOT, ROOT / ".dev") else 1


if __name__ == "__main__":
    sys.exit(main())
