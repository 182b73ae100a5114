# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the SDK's image adapter, where answers are wanted that a real Glance gives only when it is broken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any


class Answer:
    """What the code reads of a response of requests."""

    def __init__(self, status_code: int, body: Any = None) -> None:
        self.status_code = status_code
        self.text = json.dumps(body)

    def json(self) -> Any:
        return json.loads(self.text)


class Glance:
    """Images by id. held: what Glance keeps of an upload. states: status after an upload, one for each look.
    in_use: ids that it refuses to delete."""

    def __init__(self) -> None:
        self.images: dict[str, dict[str, Any]] = {}
        self.held: Callable[[bytes], bytes] = bytes
        self.states = ["active"]
        self.algorithm: str | None = "sha512"
        self.in_use: set[str] = set()
        self.upload_status = 204

    def post(self, url: str, *, json: dict[str, Any]) -> Answer:
        assert url == "/images"
        identity = f"id{len(self.images) + 1}"
        self.images[identity] = {"id": identity, "status": "queued", **json}
        return Answer(201, self.images[identity])

    def put(self, url: str, *, data: Any, headers: dict[str, str], timeout: int) -> Answer:
        assert headers["Content-Type"] == "application/octet-stream"
        assert isinstance(timeout, int)
        image = self.images[url.split("/")[2]]
        content = self.held(data.read())
        image |= {"size": len(content), "os_hash_algo": self.algorithm}
        image["os_hash_value"] = hashlib.new(self.algorithm, content).hexdigest() if self.algorithm else None
        return Answer(self.upload_status)

    def get(self, url: str) -> Answer:
        image = self.images[url.split("/")[2]]
        if "size" in image:
            image["status"] = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Answer(200, image)

    def patch(self, url: str, *, json: list[dict[str, Any]], headers: dict[str, str]) -> Answer:
        assert headers["Content-Type"] == "application/openstack-images-v2.1-json-patch"
        image = self.images[url.split("/")[2]]
        for operation in json:
            name = operation["path"].removeprefix("/")
            if operation["op"] == "remove":
                del image[name]
            else:
                assert (operation["op"] == "replace") == (name in image)
                image[name] = operation["value"]
        return Answer(200, image)

    def delete(self, url: str) -> Answer:
        identity = url.split("/")[2]
        if identity in self.in_use:
            return Answer(409, "in use")
        return Answer(204 if self.images.pop(identity, None) else 404)
