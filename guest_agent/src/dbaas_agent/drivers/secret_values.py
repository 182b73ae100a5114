# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of statements that are never shown."""

from __future__ import annotations

from dataclasses import dataclass

HIDDEN = "'********'"
"""What is shown instead."""


@dataclass(frozen=True)
class Secret:
    """A value of a statement that is never shown."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return "Secret()"
