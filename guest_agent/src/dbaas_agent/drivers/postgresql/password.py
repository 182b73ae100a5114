# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL stores of a password, as the server itself would make it: pure, but for the salt of a new one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata

_ITERATIONS = 4096
_SALT_BYTES = 16
_VERIFIER = re.compile(r"SCRAM-SHA-256\$([1-9][0-9]*):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")
_PROHIBITED = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def fault(password: str | None) -> str:
    """Why this can be no password; empty when it can, or is none."""
    if password == "":
        return "may not be empty"
    if password is not None and re.search("[\x00\ud800-\udfff]", password):
        return "holds a NUL or half a character (a lone surrogate)"
    return ""


def verifier(password: str) -> str:
    """A SCRAM-SHA-256 verifier with a new salt."""
    return _made(password, secrets.token_bytes(_SALT_BYTES), _ITERATIONS)


def matches(password: str, stored: str) -> bool:
    """Whether the stored one is a verifier of this password."""
    found = _VERIFIER.fullmatch(stored)
    if not found:
        return False
    made = _made(password, base64.b64decode(found.group(2)), int(found.group(1)))
    return hmac.compare_digest(made, stored)


def _made(password: str, salt: bytes, iterations: int) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password).encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored, salt64 = hashlib.sha256(client).digest(), base64.b64encode(salt).decode()
    return (
        f"SCRAM-SHA-256${iterations}:{salt64}${base64.b64encode(stored).decode()}:{base64.b64encode(server).decode()}"
    )


def prepared(password: str) -> str:
    """SASLprep as the server and its client library do it: a password that it prohibits stays as it is."""
    if password.isascii():
        return password
    spaced = "".join(" " if stringprep.in_table_c12(sign) else sign for sign in password)
    mapped = "".join(sign for sign in spaced if not stringprep.in_table_b1(sign))
    normal = unicodedata.normalize("NFKC", mapped)
    # The server looks for what is prohibited in the text before it was normalised: seen with 15 and 17.
    if not mapped or any(is_in(sign) for sign in mapped for is_in in _PROHIBITED) or _mixes_directions(mapped):
        return password
    return normal


def _mixes_directions(text: str) -> bool:
    """Whether it breaks the rule for text that is written from right to left."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    if any(map(stringprep.in_table_d2, text)):
        return True
    return not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1]))
