# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of gates (gates.toml), and what of it a call asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TIERS = ("quick", "test")


@dataclass(frozen=True)
class Gate:
    """One check of the repository.

    Attributes:
        name: what ``./dev test NAME`` calls it.
        tier: ``quick`` gates run in both tiers, ``test`` gates in ``./dev test`` only.
        what: what it proves, in a few words.
        run: a bash script; a pattern that matches no file fails it.
        timeout: seconds after which it is killed and has failed.
        cores: how many of the machine's cores it keeps busy.
        packages: Debian packages it needs beside the base set of ``./dev``.
    """

    name: str
    tier: str
    what: str
    run: str
    timeout: int
    cores: int = 1
    packages: tuple[str, ...] = field(default=())


def load(path: Path) -> tuple[Gate, ...]:
    """Read the table.

    Raises:
        ValueError: two gates share a name, or a tier is unknown.
        TypeError: a gate lacks a key or has one that no gate has.
    """
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["gate"]
    gates = tuple(Gate(**{**row, "packages": tuple(row.get("packages", ()))}) for row in rows)
    names = [gate.name for gate in gates]
    if len(set(names)) < len(names):
        raise ValueError(f"{path}: a gate's name appears twice: {', '.join(names)}")
    for gate in gates:
        if gate.tier not in TIERS:
            raise ValueError(f"{path}: gate {gate.name}: tier {gate.tier!r} is not one of {', '.join(TIERS)}")
    return gates


def select(gates: Sequence[Gate], parts: Collection[str], *, quick: bool) -> tuple[Gate, ...]:
    """Choose the named gates, or those of the tier when none is named, in the table's order.

    Raises:
        ValueError: a part that no gate is called.
    """
    unknown = sorted(set(parts) - {gate.name for gate in gates})
    if unknown:
        raise ValueError(f"unknown gate {', '.join(unknown)}; there are: {', '.join(gate.name for gate in gates)}")
    if parts:
        return tuple(gate for gate in gates if gate.name in parts)
    return tuple(gate for gate in gates if gate.tier == "quick" or not quick)
