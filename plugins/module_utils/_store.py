# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store: what this collection keeps in object storage (Swift API). Private to the collection.

Every call is bounded by TIMEOUT; whatever keeps the store from being used is a StoreUnavailableError.
"""

from __future__ import annotations

import json
import secrets
import time
import typing as t
import urllib.parse
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils import _heartbeat, _store_features, _tempurl
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import Heartbeat
from ansible_collections.dbaas.openstack.plugins.module_utils._store_features import Features

DEFAULT_PREFIX = "dbaas_"
HEARTBEATS = "heartbeats"
RECORDS = "records"
LOGS = "logs"
UPLOADS = "uploads"
TIMEOUT = 20
"""Seconds for the store to accept a connection, and to send the next bytes of an answer."""

_COPY_TIMEOUT = 300
"""Seconds for the store to copy an object, of which it tells nothing until it is done."""

_SERVICE = "object-store"
_PAGE = 10_000
_BODY_LIMIT = 64 * 1024
_CONFIRM_LIMIT = 100
_KEY_HEADER = "X-Container-Meta-Temp-URL-Key"
_TRIAL = 600
"""Seconds for which a URL is signed that is only tried; clocks may differ by that."""


class StoreUnavailableError(DbaasError):
    """The store cannot be used now: reason unsupported if the cloud has none, cloud if it does not answer as it should."""


def public_endpoint(connection: t.Any) -> str:
    """The URL of the project's account; StoreUnavailableError (unsupported) if the catalog has no store."""
    endpoint: str | None = connection.endpoint_for(_SERVICE, interface="public")
    if not endpoint:
        raise StoreUnavailableError("unsupported", "The cloud's catalog has no object store.")
    return endpoint


def heartbeats_if_reachable(
    connection: t.Any,
    *,
    prefix: str = DEFAULT_PREFIX,
    uids: t.Collection[str] | None = None,
    confirm: t.Container[str] | None = None,
) -> tuple[dict[str, Heartbeat], bool]:
    """Heartbeats by uid, of the uids alone if given, and whether the store could be asked at all. confirm: see list_heartbeats."""
    try:
        if uids is None:
            return list_heartbeats(connection, prefix=prefix, confirm=confirm), True
        told = {uid: read_heartbeat(connection, uid, prefix=prefix) for uid in uids}
        return {uid: beat for uid, beat in told.items() if beat is not None}, True
    except StoreUnavailableError:
        return {}, False


def list_heartbeats(
    connection: t.Any, *, prefix: str = DEFAULT_PREFIX, confirm: t.Container[str] | None = None
) -> dict[str, Heartbeat]:
    """All heartbeats by uid, from one listing request for each 10,000.

    A listing may lag behind its objects: the newest 100 of the stale ones are read again from the object itself, of those
    uids in confirm alone if it is given.
    """
    beats = _listed(connection, prefix + HEARTBEATS)
    stale = sorted(
        (uid for uid, beat in beats.items() if beat.stale and (confirm is None or uid in confirm)),
        key=lambda uid: beats[uid].age,
    )
    for uid in stale[:_CONFIRM_LIMIT]:
        beat = read_heartbeat(connection, uid, prefix=prefix)
        if beat is None:
            del beats[uid]
        else:
            beats[uid] = beat
    return beats


def _listed(connection: t.Any, container: str) -> dict[str, Heartbeat]:
    beats: dict[str, Heartbeat] = {}
    for row, date in _rows(connection, container):
        beat = _heartbeat.parse(row["content_type"], _heartbeat.age_of_row(row["last_modified"], date))
        if beat is not None:
            beats[row["name"]] = beat
    return beats


def read_heartbeat(connection: t.Any, uid: str, *, prefix: str = DEFAULT_PREFIX) -> Heartbeat | None:
    """The heartbeat of one instance from its object; None if it was never heard."""
    response = _request(connection, "HEAD", f"{prefix}{HEARTBEATS}/{uid}", tolerate=(HTTPStatus.NOT_FOUND,))
    if response.status_code == HTTPStatus.NOT_FOUND:
        return None
    age = _heartbeat.age_of_object(response.headers["Last-Modified"], response.headers["Date"])
    return _heartbeat.parse(response.headers.get("Content-Type", ""), age)


def heartbeat_body(connection: t.Any, uid: str, *, prefix: str = DEFAULT_PREFIX) -> dict[str, t.Any]:
    """What the guest wrote into its heartbeat; {} if there is none or it is no JSON object below 64 KiB.

    The guest alone decides what stands there: never trust it further than the guest.
    """
    path = f"{prefix}{HEARTBEATS}/{uid}"
    response = _request(
        connection,
        "GET",
        path,
        headers={"Range": f"bytes=0-{_BODY_LIMIT}"},
        tolerate=(HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    )
    if response.status_code >= HTTPStatus.BAD_REQUEST or len(response.content) > _BODY_LIMIT:
        return {}
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def forget_instance(connection: t.Any, uid: str, *, prefix: str = DEFAULT_PREFIX) -> None:
    """Remove what is kept for an instance while it lives: its heartbeat, and where its backups go. A cloud without a store keeps nothing."""
    if connection.endpoint_for(_SERVICE, interface="public"):
        delete_object(connection, HEARTBEATS, uid, prefix=prefix)
        delete_object(connection, RECORDS, location_of(uid), prefix=prefix)


def location_of(uid: str) -> str:
    """The record of where the backups of an instance go."""
    return f"locations/{uid}"


def read_record(connection: t.Any, name: str, *, prefix: str = DEFAULT_PREFIX) -> t.Any:
    """The JSON of a record, which no guest can write; None if there is none, and {} where it is no JSON."""
    # Of a store with several copies, the newest one.
    path, newest = f"{prefix}{RECORDS}/{name}", {"X-Newest": "true"}
    response = _request(connection, "GET", path, headers=newest, tolerate=(HTTPStatus.NOT_FOUND,))
    if response.status_code == HTTPStatus.NOT_FOUND:
        return None
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return {}


def content_type_of_record(connection: t.Any, name: str, *, prefix: str = DEFAULT_PREFIX) -> str | None:
    """What a listing would show of a record; None if there is none."""
    path, newest = f"{prefix}{RECORDS}/{name}", {"X-Newest": "true"}
    response = _request(connection, "HEAD", path, headers=newest, tolerate=(HTTPStatus.NOT_FOUND,))
    return None if response.status_code == HTTPStatus.NOT_FOUND else str(response.headers.get("Content-Type", ""))


def write_record(
    connection: t.Any, name: str, body: str, *, content_type: str = "application/json", prefix: str = DEFAULT_PREFIX
) -> None:
    """Write a record; the container is made if it is not there."""
    write_object(connection, RECORDS, name, body, content_type=content_type, prefix=prefix)


def write_object(
    connection: t.Any, container: str, name: str, body: str, *, content_type: str, prefix: str = DEFAULT_PREFIX
) -> None:
    """Write an object; the container is made if it is not there."""

    def put(**more: t.Any) -> t.Any:
        headers = {"Content-Type": content_type}
        return _request(connection, "PUT", f"{prefix}{container}/{name}", data=body.encode(), headers=headers, **more)

    if put(tolerate=(HTTPStatus.NOT_FOUND,)).status_code == HTTPStatus.NOT_FOUND:
        ensure_container(connection, container, prefix=prefix)
        put()


def ensure_container(connection: t.Any, container: str, *, prefix: str = DEFAULT_PREFIX) -> None:
    """Make a container if it is not there."""
    _request(connection, "PUT", prefix + container)


def list_records(connection: t.Any, folder: str, *, prefix: str = DEFAULT_PREFIX) -> list[str]:
    """The names of the records in a folder, without it."""
    return [row["name"].removeprefix(f"{folder}/") for row in _objects(connection, prefix + RECORDS, f"{folder}/")]


def list_objects(
    connection: t.Any, container: str, beginning: str, *, prefix: str = DEFAULT_PREFIX
) -> list[dict[str, t.Any]]:
    """What a container has whose name begins so, by name: name, bytes, hash (MD5), content_type, last_modified (ISO 8601, UTC)."""
    return _objects(connection, prefix + container, beginning)


def read_object(connection: t.Any, container: str, name: str, *, prefix: str = DEFAULT_PREFIX) -> bytes | None:
    """The content of an object; None when there is none, or none any more."""
    response = _request(connection, "GET", f"{prefix}{container}/{name}", tolerate=(HTTPStatus.NOT_FOUND,))
    return None if response.status_code == HTTPStatus.NOT_FOUND else t.cast("bytes", response.content)


def delete_object(connection: t.Any, container: str, name: str, *, prefix: str = DEFAULT_PREFIX) -> None:
    """Remove an object, if there is one."""
    _request(connection, "DELETE", f"{prefix}{container}/{name}", tolerate=(HTTPStatus.NOT_FOUND,))


def copy_object(connection: t.Any, source: tuple[str, str], target: tuple[str, str]) -> str | None:
    """Have the store copy an object; each is a container, by its whole name, and a name. The MD5 of what it read and wrote; None when there is none."""
    path, destination = ("/".join(one) for one in (source, target))
    headers = {"Destination": urllib.parse.quote(destination), "Content-Length": "0"}
    response = _request(
        connection,
        "COPY",
        path,
        headers=headers,
        tolerate=(HTTPStatus.NOT_FOUND,),
        timeout=_COPY_TIMEOUT,
    )
    return None if response.status_code == HTTPStatus.NOT_FOUND else str(response.headers["ETag"]).strip('"')


def _objects(connection: t.Any, container: str, beginning: str) -> list[dict[str, t.Any]]:
    """The listing of what begins so, by name; nothing when there is no container."""
    return [row for row, _date in _rows(connection, container, prefix=beginning)]


def _rows(connection: t.Any, container: str, **query: str) -> t.Iterator[tuple[dict[str, t.Any], str]]:
    """The rows of a listing by name, each with the store's time of then. A store may give fewer in a page than it is asked for: an empty one is the last."""
    asked: dict[str, t.Any] = {"format": "json", "limit": _PAGE, **query}
    while True:
        response = _request(connection, "GET", container, params=asked, tolerate=(HTTPStatus.NOT_FOUND,))
        rows = response.json() if response.status_code == HTTPStatus.OK else []
        yield from ((row, response.headers["Date"]) for row in rows)
        if not rows:
            return
        asked["marker"] = rows[-1]["name"]


def ensure_key(connection: t.Any, container: str) -> str:
    """The key that signs TempURLs of a container; container and key are made if they are not there.

    The very first call in a project is not meant to run twice at once: the later key would void what the earlier signed.
    """
    response = _request(connection, "HEAD", container, tolerate=(HTTPStatus.NOT_FOUND,))
    if response.status_code == HTTPStatus.NOT_FOUND:
        _request(connection, "PUT", container)
        response = _request(connection, "HEAD", container)
    known: str | None = response.headers.get(_KEY_HEADER)
    if known:
        return known
    key = secrets.token_urlsafe(32)
    _request(connection, "POST", container, headers={_KEY_HEADER: key})
    return key


def sign(connection: t.Any, container: str, name: str, *, method: str, expires: int, prefix: str | None = None) -> str:
    """A TempURL on the public endpoint that allows METHOD on one object until EXPIRES (epoch seconds).

    prefix: on all objects whose names begin like this, as NAME does.
    It is tried with a HEAD, which every method includes and which leaves nothing behind. The URL is a secret.
    Raises DbaasError (unsupported) if the store does not honour it.
    """
    url = _tempurl.sign(
        public_endpoint(connection),
        container,
        name,
        key=ensure_key(connection, container),
        method=method,
        expires=expires,
        prefix=prefix,
    )
    status = _as_a_guest(connection, "HEAD", url).status_code
    if not _store_features.honoured(status):
        raise DbaasError(
            "unsupported",
            f"The store answered {status} to a TempURL signed with SHA-256 and the key of container {container}; "
            "tickets for guests cannot be issued.",
            http_status=status,
        )
    return url


def features(connection: t.Any, *, prefix: str = DEFAULT_PREFIX) -> Features:
    """What the store can do, without writing to it: TempURLs can be tried once the container of heartbeats has a key."""
    container = prefix + HEARTBEATS
    try:
        endpoint = public_endpoint(connection)
        answer = _request(connection, "HEAD", container, tolerate=(HTTPStatus.NOT_FOUND,))
        key = answer.headers.get(_KEY_HEADER)
        if key:
            tempurl, tempurl_prefix = (
                _tried(connection, container, key),
                _tried(connection, container, key, prefix="pre"),
            )
        else:
            tempurl = _told_tempurl(connection, endpoint)
            tempurl_prefix = False if tempurl is False else None
        listed = _tells_content_type(connection, container)
    except StoreUnavailableError as error:
        return Features(reachable=False, fault=error.msg)
    return Features(reachable=True, tempurl=tempurl, tempurl_prefix=tempurl_prefix, listed_content_type=listed)


def _tried(connection: t.Any, container: str, key: str, prefix: str | None = None) -> bool | None:
    expires = int(time.time()) + _TRIAL
    endpoint = public_endpoint(connection)
    url = _tempurl.sign(endpoint, container, "preflight", key=key, method="PUT", expires=expires, prefix=prefix)
    return _store_features.honoured(_as_a_guest(connection, "HEAD", url).status_code)


def _told_tempurl(connection: t.Any, endpoint: str) -> bool | None:
    response = _as_a_guest(connection, "GET", _store_features.info_url(endpoint))
    try:
        return _store_features.told_tempurl(response.json())
    except ValueError:
        return None


def _tells_content_type(connection: t.Any, container: str) -> bool | None:
    query = {"format": "json", "limit": 1}
    response = _request(connection, "GET", container, params=query, tolerate=(HTTPStatus.NOT_FOUND,))
    row = next(iter(response.json()), None) if response.status_code == HTTPStatus.OK else None
    if row is None:
        return None
    beat = _request(connection, "HEAD", f"{container}/{row['name']}", tolerate=(HTTPStatus.NOT_FOUND,))
    return _store_features.tells_content_type(row.get("content_type", ""), beat.headers.get("Content-Type", ""))


def _as_a_guest(connection: t.Any, method: str, url: str) -> t.Any:
    """The answer to a request without a token."""
    return _answered(
        lambda: connection.session.request(
            url, method, authenticated=False, raise_exc=False, log=False, timeout=TIMEOUT, connect_retries=0
        )
    )


def _request(connection: t.Any, method: str, path: str, *, tolerate: tuple[int, ...] = (), **options: t.Any) -> t.Any:
    """An answer below 400, or one of those tolerated. Headers are kept out of the SDK's log: some hold keys."""
    public_endpoint(connection)
    response = _answered(
        lambda: connection.object_store.request(
            "/" + urllib.parse.quote(path), method, log=False, connect_retries=0, **{"timeout": TIMEOUT, **options}
        )
    )
    if response.status_code >= HTTPStatus.BAD_REQUEST and response.status_code not in tolerate:
        raise StoreUnavailableError(
            "cloud", f"The store answered {response.status_code} to {method} {path}.", http_status=response.status_code
        )
    return response


def _answered(send: t.Callable[[], t.Any]) -> t.Any:
    """Only the family of an error is told: its text may hold a TempURL."""
    try:
        return send()
    except Exception as error:
        if not type(error).__module__.startswith("keystoneauth1.exceptions"):
            raise
        raise StoreUnavailableError("cloud", f"The store does not answer ({type(error).__name__}).") from None
