# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What caching_sha2_password stores."""

from __future__ import annotations

import pytest
from dbaas_agent.drivers.mysql import passwords
from hypothesis import given, settings, strategies

SALT = "abcdefghijklmnopqrst"
NEW = "$A$005$abcdefghijklmnopqrstceNhwsMVArKur5OQZFL1LVSjVXii.2DernziUodowz2"
"""Of the password "new": MySQL 9.7.4 let a client in with it."""


def test_what_is_stored() -> None:
    assert passwords.stored("new", SALT) == NEW


@pytest.mark.parametrize(
    ("password", "salt", "digest"),
    # What crypt() of glibc 2.36 made of it with $5$rounds=5000$.
    [("new", "abcdefghijklmnop", "i.PP1G/Rpz8TR0Qw.ivenSw6xw7EI5tl.pFQI/YSvG5"), ("x" * 77, "abc", "3Kicb/w.2kgSfUUDgwimvozq4pdqMtcTKOEFSTdq712")],
)  # fmt: skip
def test_the_digest_is_glibcs(password: str, salt: str, digest: str) -> None:
    assert passwords._digest(password.encode(), salt.encode(), 5000) == digest


@pytest.mark.parametrize(
    "kept", ["", "new", "*6FE2B845E049CDA9EFED8CFAF265CD29622FD852", NEW[:-1], NEW + "x", NEW.replace("005", "00Z")]
)
def test_what_is_of_no_password(kept: str) -> None:
    assert not passwords.matches("new", kept)


@settings(deadline=None, max_examples=20)
@given(
    strategies.text(min_size=1, max_size=80),
    strategies.text(min_size=1, max_size=80),
    strategies.text(passwords.ALPHABET, min_size=20, max_size=20),
)
def test_a_password_is_found_again_and_another_is_not(password: str, other: str, salt: str) -> None:
    kept = passwords.stored(password, salt)
    assert len(kept) == 70
    assert passwords.matches(password, kept)
    assert passwords.matches(other, kept) == (other == password)


def test_other_rounds_are_read_as_the_server_writes_them() -> None:
    digest = passwords._digest(b"new", SALT.encode(), 0x010 * 1000)
    assert passwords.matches("new", f"$A$010${SALT}{digest}")
