# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TempURLs of Swift: the only right that a guest ever holds. Pure; private to the collection."""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse


def sign(
    endpoint: str,
    container: str,
    name: str,
    *,
    key: str,
    method: str,
    expires: int,
    digest: str = "sha256",
    prefix: str | None = None,
) -> str:
    """A URL that allows METHOD on one object until EXPIRES (epoch seconds).

    endpoint: the account's URL from the catalog, for example https://store/v1/AUTH_1234.
    prefix: the URL is to hold for all objects of the container whose names begin like this, as NAME does.
    The signature covers the unquoted path (https://docs.openstack.org/swift/latest/api/temporary_url_middleware.html).
    """
    parts = urllib.parse.urlsplit(endpoint)
    root = f"{parts.path.rstrip('/')}/{container}/"
    signed = f"{root}{name}" if prefix is None else f"prefix:{root}{prefix}"
    signature = hmac.new(key.encode(), f"{method}\n{expires}\n{signed}".encode(), getattr(hashlib, digest)).hexdigest()
    query: dict[str, str | int] = {"temp_url_sig": signature, "temp_url_expires": expires}
    if prefix is not None:
        query["temp_url_prefix"] = prefix
    path, encoded = urllib.parse.quote(f"{root}{name}"), urllib.parse.urlencode(query)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, encoded, ""))
