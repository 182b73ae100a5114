# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heartbeats, sent to a real HTTP server on the loopback (a stand-in for the store)."""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from dbaas_agent import heartbeat, tls
from dbaas_agent.clock import Clock
from dbaas_agent.config import Config
from dbaas_agent.heartbeat import Sender, TicketFile
from hypothesis import given, strategies

DOCUMENT = {
    "status": "ACTIVE",
    "cause": "",
    "role": "primary",
    "lag": 0,
    "replication": {"source": None},
    "volume": {"used_percent": 12},
    "ticket_expires": 1826500000,
    "record_expires": None,
}
WORDS = strategies.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1)
Starter = Callable[..., Sender]
NUMBERS = strategies.integers(0, 2**40)


def test_the_content_type_of_the_design() -> None:
    assert heartbeat.content_type({**DOCUMENT, "ticket_expires": None}) == (
        "application/vnd.dbaas.heartbeat+json;status=ACTIVE;role=primary;lag=0;used=12"
    )
    assert heartbeat.content_type({**DOCUMENT, "status": "BLOCKED", "cause": "space", "ticket_expires": None}) == (
        "application/vnd.dbaas.heartbeat+json;status=BLOCKED;cause=space;role=primary;lag=0;used=12"
    )


def test_the_ticket_that_ends_first_is_told() -> None:
    for record, expires in ((1826400000, 1826400000), (1826600000, 1826500000)):
        told = heartbeat.content_type({**DOCUMENT, "record_expires": record})
        assert told.endswith(f";used=12;expires={expires}")


@pytest.mark.parametrize(
    ("receiving", "applying", "replicates"), [(True, True, "yes"), (True, False, "no"), (False, True, "no")]
)
def test_a_replica_tells_whether_it_replicates(receiving: bool, applying: bool, replicates: str) -> None:
    source = {"receiving": receiving, "applying": applying}
    follows = {**DOCUMENT, "role": "replica", "lag": 3, "replication": {"source": source}, "ticket_expires": None}
    assert heartbeat.content_type(follows) == (
        f"application/vnd.dbaas.heartbeat+json;status=ACTIVE;role=replica;lag=3;replicates={replicates};used=12"
    )


@given(WORDS, NUMBERS, strategies.none() | NUMBERS, strategies.none() | NUMBERS)
def test_the_content_type_can_be_taken_apart(status: str, lag: int, used: int | None, expires: int | None) -> None:
    volume = None if used is None else {"used_percent": used}
    text = heartbeat.content_type(
        {**DOCUMENT, "status": status, "lag": lag, "volume": volume, "replication": None, "ticket_expires": expires}
    )
    media_type, *parameters = text.split(";")
    expected = {"status": status, "role": "primary", "lag": str(lag), "used": used, "expires": expires}
    assert media_type == heartbeat.MEDIA_TYPE
    assert dict(parameter.split("=") for parameter in parameters) == {
        name: str(value) for name, value in expected.items() if value is not None
    }


@given(strategies.integers(1, 10**6), strategies.floats(0, 1))
def test_backoff_is_bounded_and_spread(failures: int, chance: float) -> None:
    seconds = heartbeat.backoff(failures, chance)
    assert 2.5 <= seconds <= 120
    assert heartbeat.backoff(failures, 0.0) * 2 == heartbeat.backoff(failures, 1.0)
    assert heartbeat.backoff(failures + 1, chance) >= seconds


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"url": "ftp://h/x", "expires": 1},
        {"url": "http:///x", "expires": 1},
        {"url": "http://h/x"},
        {"url": "http://h/x", "expires": "1"},
        {"url": "http://h/x", "expires": True},
    ],
)
def test_what_is_no_ticket_is_refused_without_quoting_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"url|expires") as caught:
        heartbeat.parse_ticket({**wrong, "secret": "SIGNATURE"})
    assert "//h/x" not in str(caught.value)


def _write(path: Path, url: str, expires: int = 1826500000) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"url": url, "expires": expires}))
    os.replace(new, path)


def test_the_ticket_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "ticket"
    tickets = TicketFile(str(path))
    assert tickets.current() is None
    _write(path, "http://h/a", 1)
    assert tickets.current() == heartbeat.Ticket("http://h/a", 1)
    _write(path, "http://h/b", 2)
    assert tickets.current() == heartbeat.Ticket("http://h/b", 2)
    path.write_text("nonsense")
    assert tickets.current() is None
    path.unlink()
    assert tickets.current() is None


class Store(ThreadingHTTPServer):
    """Answers each PUT with the next of ``codes`` (the last one stays) and remembers what came."""

    daemon_threads = True

    scheme = "http"

    def __init__(self) -> None:
        self.codes = [201]
        self.ahead = 0
        """Seconds by which its clock is ahead."""
        self.seen: Queue[tuple[str, str, Any]] = Queue()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/v1/A/beats/u-1?temp_url_sig=SIGNATURE"


class Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, Store)
        codes = self.server.codes
        self.send_response(codes.pop(0) if len(codes) > 1 else codes[0])
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.seen.put((self.path, self.headers["Content-Type"], body))

    def date_time_string(self, timestamp: float | None = None) -> str:
        assert isinstance(self.server, Store)
        return super().date_time_string((timestamp or time.time()) + self.server.ahead)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    server = Store()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def logged() -> Queue[dict[str, Any]]:
    """What the senders log; not read from standard error, whose capture ends before their threads do."""
    return Queue()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Queue[dict[str, Any]], clock: Clock
) -> Iterator[Starter]:
    """Make and start a sender with the ticket of the test and an authority file."""
    monkeypatch.setattr(heartbeat, "log", lambda event, _level, **fields: logged.put({"event": event, **fields}))
    senders: list[Sender] = []

    def start(ca_file: str = "") -> Sender:
        senders.append(Sender(TicketFile(str(tmp_path / "ticket")), ca_file, clock))
        senders[-1].start()
        return senders[-1]

    yield start
    for sender in senders:
        sender.close()
        assert not sender._thread.is_alive()


def test_a_document_is_put_to_the_tickets_url(store: Store, started: Starter, tmp_path: Path) -> None:
    _write(tmp_path / "ticket", store.url)
    sender = started()
    sender.offer(DOCUMENT)
    path, content_type, body = store.seen.get(timeout=10)
    assert path == "/v1/A/beats/u-1?temp_url_sig=SIGNATURE"
    assert content_type == heartbeat.content_type(DOCUMENT)
    assert body == DOCUMENT


def test_without_a_ticket_nothing_is_sent_and_a_later_ticket_is_used(
    store: Store, started: Starter, tmp_path: Path, logged: Queue[dict[str, Any]]
) -> None:
    sender = started()
    sender.offer({**DOCUMENT, "status": "BUILD"})
    assert logged.get(timeout=10)["outcome"] == "no_ticket"
    _write(tmp_path / "ticket", store.url)
    sender.offer(DOCUMENT)
    assert store.seen.get(timeout=10)[2]["status"] == "ACTIVE"


def test_a_failure_backs_off_sends_the_newest_and_is_logged_once_without_the_url(
    store: Store, started: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Queue[dict[str, Any]]
) -> None:
    monkeypatch.setattr(heartbeat, "backoff", lambda *_: 0.05)
    store.codes = [503, 503, 401, 201]
    _write(tmp_path / "ticket", store.url)
    sender = started()
    sender.offer(DOCUMENT)
    for _dummy in range(4):
        store.seen.get(timeout=10)
    sender.offer({**DOCUMENT, "status": "SHUTDOWN"})
    assert store.seen.get(timeout=10)[2]["status"] == "SHUTDOWN"
    events = [logged.get(timeout=10) for _dummy in range(3)]
    assert [event["outcome"] for event in events] == ["http_503", "http_401", "sent"]
    assert "SIGNATURE" not in json.dumps(events)


def test_any_answer_of_the_store_tells_how_far_the_clock_is_off(
    store: Store, started: Starter, tmp_path: Path, clock: Clock, logged: Queue[dict[str, Any]]
) -> None:
    store.ahead = 600
    store.codes = [401]
    _write(tmp_path / "ticket", store.url)
    assert clock.offset() is None
    started().offer(DOCUMENT)
    assert logged.get(timeout=10)["outcome"] == "http_401"
    offset = clock.offset()
    assert offset is not None
    assert -602 <= offset <= -598


def test_an_unreachable_store_is_a_failure_and_a_new_ticket_ends_the_pause(
    store: Store, started: Starter, tmp_path: Path
) -> None:
    _write(tmp_path / "ticket", "http://127.0.0.1:1/x")
    sender = started()
    sender.offer(DOCUMENT)
    _write(tmp_path / "ticket", store.url)
    assert store.seen.get(timeout=10)[2] == DOCUMENT


def test_https_is_verified_against_the_stores_authority(
    store: Store, started: Starter, tmp_path: Path, config: Config, logged: Queue[dict[str, Any]]
) -> None:
    certificates = tls.Store(config)
    certificates.issue(tls.subjects([], ["127.0.0.1"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, f"{config.tls_dir}/server.key")
    store.socket = context.wrap_socket(store.socket, server_side=True)
    store.scheme = "https"
    _write(tmp_path / "ticket", store.url)
    stranger = started()
    stranger.offer(DOCUMENT)
    assert logged.get(timeout=10)["outcome"] == "SSLCertVerificationError"
    friend = started(certificates.ca)
    friend.offer(DOCUMENT)
    assert store.seen.get(timeout=10)[2] == DOCUMENT
