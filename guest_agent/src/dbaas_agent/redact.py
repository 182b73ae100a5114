# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets out of texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MASK = "********"


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced; longer secrets first, so that none leaves a rest of another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def clean(value: Any, secrets: Iterable[str]) -> Any:
    """A structure with every secret in its texts replaced; ``reason`` is a word of the protocol and stays."""
    if isinstance(value, dict):
        return {key: item if key == "reason" else clean(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item, secrets) for item in value]
    return redact(value, secrets) if isinstance(value, str) else value
