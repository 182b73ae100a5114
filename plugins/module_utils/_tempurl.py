# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TempURLs of Swift: the only right that a guest ever holds. Pure; private to the collection."""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse


def sign(
    endpoint: str, container: str, name: str, *, key: str, method: str, expires: int, digest: str = "sha256"
) -> str:
    """A URL that allows METHOD on one object until EXPIRES (epoch seconds).

    endpoint: the account's URL from the catalog, for example https://store/v1/AUTH_1234.
    The signature covers the unquoted path (https://docs.openstack.org/swift/latest/api/temporary_url_middleware.html).
    """
    parts = urllib.parse.urlsplit(endpoint)
    path = f"{parts.path.rstrip('/')}/{container}/{name}"
    signature = hmac.new(key.encode(), f"{method}\n{expires}\n{path}".encode(), getattr(hashlib, digest)).hexdigest()
    query = urllib.parse.urlencode({"temp_url_sig": signature, "temp_url_expires": expires})
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, urllib.parse.quote(path), query, ""))
