# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What caching_sha2_password stores: SHA-crypt over SHA-256 as glibc has it, with a longer salt. Pure.

As MySQL 9.7 keeps it: ``$A$005$``, 20 characters of salt, 43 of digest; 005 is hexadecimal, for 5 times 1000 rounds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from itertools import cycle, islice

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SALT_LENGTH = 20
_ROUNDS = 5
_STORED = re.compile(r"\$A\$([0-9A-F]{3})\$(.{20})([./0-9A-Za-z]{43})", re.DOTALL)
_ORDER = (0, 10, 20), (21, 1, 11), (12, 22, 2), (3, 13, 23), (24, 4, 14), (15, 25, 5), (6, 16, 26), (27, 7, 17), (18, 28, 8), (9, 19, 29)  # fmt: skip
"""Which bytes of the digest stand together in 4 characters."""


def stored(password: str, salt: str) -> str:
    """What the server would store of a password. salt: 20 characters of ALPHABET; a server takes others, too."""
    digest = _digest(password.encode(), salt.encode(), _ROUNDS * 1000)
    return f"$A${_ROUNDS:03X}${salt}{digest}"


def matches(password: str, kept: str) -> bool:
    """Whether what the server keeps is of this password."""
    parts = _STORED.fullmatch(kept)
    if parts is None:
        return False
    digest = _digest(password.encode(), parts[2].encode(), int(parts[1], 16) * 1000)
    return hmac.compare_digest(digest, parts[3])


def _digest(password: bytes, salt: bytes, rounds: int) -> str:
    """SHA-crypt's digest as 43 characters (https://www.akkadia.org/drepper/SHA-crypt.txt)."""
    length = len(password)
    other = hashlib.sha256(password + salt + password).digest()
    mixed = hashlib.sha256(password + salt + _stretched(other, length))
    bits = length
    while bits:
        mixed.update(other if bits & 1 else password)
        bits >>= 1
    result = mixed.digest()
    by_password = _stretched(hashlib.sha256(password * length).digest(), length)
    by_salt = _stretched(hashlib.sha256(salt * (16 + result[0])).digest(), len(salt))
    for place in range(rounds):
        step = hashlib.sha256(by_password if place & 1 else result)
        if place % 3:
            step.update(by_salt)
        if place % 7:
            step.update(by_password)
        step.update(result if place & 1 else by_password)
        result = step.digest()
    return "".join(_characters([result[place] for place in places], 4) for places in _ORDER) + _characters(
        [0, result[31], result[30]], 3
    )


def _stretched(block: bytes, length: int) -> bytes:
    return bytes(islice(cycle(block), length))


def _characters(block: list[int], count: int) -> str:
    number = int.from_bytes(bytes(block), "big")
    return "".join(ALPHABET[number >> 6 * place & 63] for place in range(count))
