# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import hmac
import urllib.parse

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _tempurl
from hypothesis import given
from hypothesis import strategies as st


def split(url: str) -> tuple[str, dict[str, list[str]]]:
    parts = urllib.parse.urlsplit(url)
    return parts.path, urllib.parse.parse_qs(parts.query, strict_parsing=True)


def expected(path: str, method: str, expires: int, key: str, digest: str = "sha256") -> str:
    return hmac.new(key.encode(), f"{method}\n{expires}\n{path}".encode(), digest).hexdigest()


def test_the_signature_of_swift_for_a_known_case() -> None:
    """Worked out with: printf 'PUT\n1795000000\n/v1/AUTH_1/c/o' | openssl dgst -sha256 -hmac k"""
    url = _tempurl.sign("https://store.example:8080/v1/AUTH_1", "c", "o", key="k", method="PUT", expires=1795000000)
    path, query = split(url)
    assert url.startswith("https://store.example:8080/v1/AUTH_1/c/o?")
    assert path == "/v1/AUTH_1/c/o"
    assert query == {
        "temp_url_sig": ["e7f270ca4272266dc94dda11d92d3cb425251ae0bd6d653b3c6d20426bf0a996"],
        "temp_url_expires": ["1795000000"],
    }


@given(
    prefix=st.sampled_from(["/v1/AUTH_1", "/v1/AUTH_1/", "/swift/v1", "/swift/v1/AUTH_%s"]),
    name=st.text(min_size=1, max_size=30, alphabet=st.characters(exclude_categories=["Cs", "Cc"])),
    expires=st.integers(min_value=1, max_value=2**40),
    digest=st.sampled_from(["sha256", "sha512"]),
)
def test_the_signature_covers_the_path_that_the_server_unquotes(
    prefix: str, name: str, expires: int, digest: str
) -> None:
    url = _tempurl.sign(f"http://store{prefix}", "c", name, key="k", method="GET", expires=expires, digest=digest)
    path, query = split(url)
    signed = f"{prefix.rstrip('/')}/c/{name}"
    assert urllib.parse.unquote(path) == signed
    assert query["temp_url_sig"] == [expected(signed, "GET", expires, "k", digest)]


@pytest.mark.parametrize(
    "change", [{"key": "other"}, {"method": "GET"}, {"expires": 2}, {"name": "p"}, {"container": "d"}]
)
def test_another_right_has_another_signature(change: dict[str, object]) -> None:
    arguments = {"container": "c", "name": "o", "key": "k", "method": "PUT", "expires": 1}
    one = split(_tempurl.sign("http://s/v1/A", **arguments))[1]["temp_url_sig"]
    other = split(_tempurl.sign("http://s/v1/A", **{**arguments, **change}))[1]["temp_url_sig"]
    assert one != other


def test_sha256_is_the_digest_unless_told_otherwise() -> None:
    signature = split(_tempurl.sign("http://s/v1/A", "c", "o", key="k", method="PUT", expires=1))[1]["temp_url_sig"][0]
    assert len(signature) == 2 * hashlib.sha256().digest_size


@given(name=st.text(min_size=1, max_size=30, alphabet=st.characters(exclude_categories=["Cs", "Cc"])), data=st.data())
def test_one_signature_holds_below_a_prefix(name: str, data: st.DataObject) -> None:
    prefix = name[: data.draw(st.integers(0, len(name)))]
    url = _tempurl.sign("http://s/v1/A", "c", name, key="k", method="PUT", expires=7, prefix=prefix)
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert urllib.parse.unquote(parts.path) == f"/v1/A/c/{name}"
    assert query["temp_url_prefix"] == [prefix]
    assert query["temp_url_sig"] == [expected(f"prefix:/v1/A/c/{prefix}", "PUT", 7, "k")]
