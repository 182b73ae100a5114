# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's verifiers of passwords."""

from __future__ import annotations

import pytest
from dbaas_agent.drivers.postgresql import password as passwords
from hypothesis import given, settings, strategies


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        # What PostgreSQL 15 stored
        (
            "secret",
            "SCRAM-SHA-256$4096:uLlSW0n7Ed3vmzJTd0QWuA==$0nPOn++Chm+XbKP9cLOSDZmMuBPtcdnZGNvixqQR5MM=:Wndjo0YgYbc7XoGfyUJ/8pNE1nrxV/sESbqXRJkOmpQ=",
        ),
        (
            "p\xe4\xa0ss",
            "SCRAM-SHA-256$4096:rjidMfLZwNiDZr6oSb8b4g==$uBEcz7dUGuuzSbr+qYI5PktRh9Ta1or+X9i2AskFIMM=:9GhvicE/qLUeZpYm4cRSJJoif/jA6IlI0UtCi90InAw=",
        ),
        (
            "a\u200bb",
            "SCRAM-SHA-256$4096:mFG92qxfzm9RGcIb8bWDyA==$U7SFYC+csZFr27kbkt4GIBSxZT8umxcjsQd6WWUw+Oo=:wIfqx+bMozcWyc3LVaCh3Cjc9EB/fcNneGNS809Miy8=",
        ),
        (
            "\u2097x",
            "SCRAM-SHA-256$4096:a6DONmWwpDyF+7JpcyqAkA==$OtKaPS/tvdj+0ZbXZF/h5Kk8ddE3pEcAQFWfXW/hk9I=:YSih7H40eKPJKKZdDBYl6KbK0TA7DnTjggInfWONryg=",
        ),
        (
            "\u06271\xa0",
            "SCRAM-SHA-256$4096:2ot00nuGHiktW821TwCWnw==$zyMP9UGk6sDZgSApgkEOaSViKupeabmszmqaS5EERBw=:/BUzk0pf86Rg/EY+MhetPMe4XVLpg1hDKf2Ct31CWEM=",
        ),
        # and 17
        (
            "secret",
            "SCRAM-SHA-256$4096:i4gneBa41j8ZUHNB8Kzv7g==$sxIRft1XluMMQwQfO0hBfu/1CTCx4AATXQUSYJmeP20=:toZ3UEEXxojTGTgw5+ZSqj/4/h9wRxF5nh+zMzUe4mg=",
        ),
        (
            "p\xe4\xa0ss",
            "SCRAM-SHA-256$4096:7z3vp6O4om9k9h8a3Z46lA==$6fu/PdW68LIfee694y83tauZbBC+uHd6RsWt8ecL/t0=:PkqqIT2zB8EzWvSOAmQWvjqjY4n5bw00hQOCXYHiguw=",
        ),
    ],
)
def test_what_the_server_stored_is_known(password: str, stored: str) -> None:
    assert passwords.matches(password, stored)
    assert not passwords.matches(password + "x", stored)


@settings(max_examples=25)
@given(strategies.text(min_size=1).filter(lambda text: not passwords.fault(text)))
def test_a_verifier_is_of_its_password(password: str) -> None:
    made = passwords.verifier(password)
    assert passwords.matches(password, made)
    assert made != passwords.verifier(password)


@pytest.mark.parametrize("stored", ["", "md5" + "0" * 32, "SCRAM-SHA-256$0:AAAA$AAAA:AAAA"])
def test_other_verifiers_match_nothing(stored: str) -> None:
    assert not passwords.matches("secret", stored)


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("plain", "plain"),
        ("a\u00a0b", "a b"),  # a space that is not ASCII
        ("a\u200bb", "a b"),  # is a space before it is nothing
        ("a\u00adb\u00df", "ab\u00df"),  # a soft hyphen is nothing
        ("\u2168", "IX"),
        ("a\u0378", "a\u0378"),  # unassigned: as it is
        ("\u2097\u00a0", "\u2097\u00a0"),  # unassigned in Unicode 3.2, though its normal form is not
        ("\u00ad", "\u00ad"),  # nothing would be left
        ("\u0627\u0628", "\u0627\u0628"),
        ("\u0627a\u00a0", "\u0627a\u00a0"),  # mixed directions: as it is
        ("\u06271\u00a0", "\u06271\u00a0"),  # does not end as it begins
    ],
)
def test_preparation(password: str, prepared: str) -> None:
    assert passwords.prepared(password) == prepared


@pytest.mark.parametrize(
    ("password", "fine"), [(None, True), ("x", True), ("", False), ("a\x00", False), ("\ud800", False)]
)
def test_faults(password: str | None, fine: bool) -> None:
    assert (passwords.fault(password) == "") == fine
