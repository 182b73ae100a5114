# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs: files that are rotated, the journal, what was published, and the verbs."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbaas_agent import schema, verbs_logs
from dbaas_agent.agent import Agent
from dbaas_agent.errors import AgentError
from dbaas_agent.logs import journal, ledger
from dbaas_agent.logs.file import File
from dbaas_agent.logs.journal import Journal
from dbaas_agent.logs.ledger import Published, word
from dbaas_agent.logs.source import Amount, amount
from dbaas_agent.upload import Answer
from dbaas_agent.verbs import HANDLERS
from hypothesis import given
from hypothesis import strategies as st

from guest_agent.tests.fakes import World

SIZE = 64
URL = "https://store/v1/AUTH_a/dbaas_logs/u/general/?temp_url_sig=s"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "general.log"


@pytest.fixture
def file(place: Path) -> File:
    return File(str(place.parent), "general")


def text(file: File, after: str = "") -> bytes:
    return b"".join(piece.data for piece in file.pieces(after, SIZE))


def test_a_log_that_is_not_there(file: File) -> None:
    assert text(file) == b""
    assert file.tail(5, SIZE).data == b""
    assert not file.lost("")
    assert not file.rotate(0)
    assert not file.is_away()


def test_an_unfinished_line_comes_when_it_is_finished(file: File, place: Path) -> None:
    place.write_bytes(b"one\ntw")
    (piece,) = file.pieces("", SIZE)
    assert piece.data == b"one\n"
    assert file.tail(5, SIZE).data == b"one\n"
    place.write_bytes(b"one\ntwo\n")
    assert text(file, piece.cursor) == b"two\n"


def test_a_line_that_is_longer_than_a_piece_comes_in_parts(file: File, place: Path) -> None:
    place.write_bytes(b"x" * (2 * SIZE) + b"\nshort\n")
    assert text(file) == place.read_bytes()


def test_the_last_lines_come_from_the_rotated_file_too(file: File, place: Path) -> None:
    place.write_bytes(b"one\ntwo\n")
    assert file.rotate(3)
    place.write_bytes(b"three\n")
    tail = file.tail(2, SIZE)
    assert tail.data == b"two\nthree\n"
    assert text(file, tail.cursor) == b""
    assert file.tail(1, SIZE).data == b"three\n"


def test_one_file_that_was_rotated_is_kept(file: File, place: Path) -> None:
    for number in range(4):
        place.write_bytes(f"{number}\n".encode())
        assert file.rotate(1)
        assert file.is_away()
    place.write_bytes(b"4\n")
    assert text(file) == b"3\n4\n"
    assert sorted(os.listdir(place.parent)) == ["general.log", "general.log.4"]


def test_what_was_lost_is_seen(file: File, place: Path) -> None:
    place.write_bytes(b"one\n")
    (piece,) = file.pieces("", SIZE)
    assert file.rotate(1)
    assert not file.lost(piece.cursor)
    place.write_bytes(b"two\n")
    assert file.rotate(1)
    assert file.lost(piece.cursor)


def test_a_file_that_was_emptied_by_hand_is_seen(file: File, place: Path) -> None:
    place.write_bytes(b"one\ntwo\n")
    (piece,) = file.pieces("", SIZE)
    place.write_bytes(b"new\n")
    assert file.lost(piece.cursor)
    assert text(file, piece.cursor) == b"new\n"


def test_a_foreign_cursor(file: File) -> None:
    with pytest.raises(AgentError) as refused:
        list(file.pieces("s=1;i=2", SIZE))
    assert refused.value.reason == "invalid"


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo])
def test_nothing_but_a_regular_file_is_read(file: File, place: Path, make: Any) -> None:
    make(place)
    with pytest.raises(AgentError):
        text(file)


@given(
    st.lists(
        st.one_of(
            st.integers(1, 2 * SIZE).map(lambda size: ("write", size)),
            st.sampled_from([("rotate", 0), ("send", 0), ("interrupted", 0)]),
        )
    )
)
def test_what_was_sent_is_the_log(steps: list[tuple[str, int]]) -> None:
    """Whatever comes between, as long as no more than one file is rotated between two publications."""
    with tempfile.TemporaryDirectory() as directory:
        place, file = Path(directory, "general.log"), File(directory, "general")
        written, cursor, rotated, sent = b"", "", False, {}
        for number, (step, size) in enumerate([*steps, ("send", 0)]):
            if step == "write":
                line = str(number).encode().ljust(size, b".") + b"\n"
                with place.open("ab") as stream:
                    stream.write(line)
                written += line
            elif step == "rotate" and not rotated:
                rotated = file.rotate(0)
            elif step in ("send", "interrupted"):
                for piece in file.pieces(cursor, SIZE):
                    sent[piece.name] = piece.data
                    if step == "interrupted":
                        break
                    cursor = piece.cursor
                else:
                    rotated = False
        assert b"".join(data for _dummy, data in sorted(sent.items())) == written


def entries(count: int, **more: Any) -> Iterator[bytes]:
    for number in range(count):
        told = {
            "__CURSOR": f"s=1;i={number}",
            "__REALTIME_TIMESTAMP": f"{1_000_000 * number + 500_000}",
            "MESSAGE": "m",
        }
        yield json.dumps({**told, **more}).encode() + b"\n"


def test_entries_of_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(journal, "lines_of", lambda command, _seconds: asked.append(command) or entries(3))
    first, second = Journal("unit").pieces("s=1;i=0", 2 * len("1970-01-01T00:00:00.500Z m\n"))
    assert first.data == b"1970-01-01T00:00:00.500Z m\n1970-01-01T00:00:01.500Z m\n"
    assert (first.cursor, second.cursor) == ("s=1;i=1", "s=1;i=2")
    assert first.name < second.name
    assert "--after-cursor=s=1;i=0" in asked[0]


def test_the_last_entries_of_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "lines_of", lambda *_: entries(9))
    tail = Journal("unit").tail(9, 3 * len("1970-01-01T00:00:00.500Z m\n"))
    assert (tail.lines, tail.cursor) == (3, "s=1;i=8")
    assert tail.data.startswith(b"1970-01-01T00:00:06")


def test_a_journal_that_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "lines_of", lambda *_: entries(2))
    assert [Journal("unit").lost(cursor) for cursor in ("", "s=1;i=0", "s=2;i=9")] == [False, False, True]
    monkeypatch.setattr(journal, "lines_of", lambda *_: entries(0))
    assert Journal("unit").lost("s=1;i=0")


def test_a_journalctl_that_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: Any) -> Iterator[bytes]:
        yield from entries(2)
        yield b'{"MESS'
        raise AgentError("timeout", "journalctl did not end in time")

    monkeypatch.setattr(journal, "lines_of", ended)
    with pytest.raises(AgentError) as refused:
        list(Journal("unit").pieces("", SIZE))
    assert refused.value.reason == "timeout"


@pytest.mark.parametrize(("message", "shown"), [([104, 105, 255], b"hi\xff"), (None, b""), ("a\nb", b"a\n  b")])
def test_an_entry_that_is_no_line_of_text(monkeypatch: pytest.MonkeyPatch, message: Any, shown: bytes) -> None:
    monkeypatch.setattr(journal, "lines_of", lambda *_: entries(1, MESSAGE=message))
    assert Journal("unit").tail(1, SIZE).data == b"1970-01-01T00:00:00.500Z " + shown + b"\n"


def test_no_option_comes_as_a_cursor() -> None:
    with pytest.raises(AgentError):
        list(Journal("unit").pieces("x --vacuum-size=1", SIZE))


SOME, NONE = Amount(4, 1), Amount()


ALL = Published("c", 4, 1, 0)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ((False, NONE, NONE, None, False), ledger.DISABLED),
        ((True, NONE, NONE, None, False), ledger.ENABLED),
        ((False, SOME, SOME, None, False), ledger.READY),
        ((True, SOME, SOME, ALL, False), ledger.PARTIAL),
        ((True, SOME, NONE, ALL, False), ledger.PUBLISHED),
        ((True, SOME, SOME, ALL, True), ledger.ROTATED),
    ],
)
def test_word(seen: tuple[bool, Amount, Amount, Published | None, bool], wanted: str) -> None:
    assert word(*seen) == wanted


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What was uploaded, by URL; refused is what the store says instead."""
    kept: dict[str, bytes] = {}

    def put(_self: Any, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        assert headers["X-Delete-After"] == "3600"
        if "refused" in kept:
            return Answer(False, "http_401")
        kept[url] = body
        return Answer(True, "sent")

    monkeypatch.setattr(verbs_logs.Uploader, "put", put)
    monkeypatch.setattr(journal, "lines_of", lambda *_: entries(2))
    return kept


@pytest.fixture
def ready(agent: Agent, world: World, store: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Agent:
    del store
    world.unit = world.unit.__class__(active="active")
    monkeypatch.setattr("pwd.getpwnam", lambda _name: SimpleNamespace(pw_uid=0, pw_gid=0))
    agent.logs.prepare()
    return agent


def ask(agent: Agent, verb: str, check: bool = False, **args: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in schema.VERBS[verb]["args"].items()}
    return HANDLERS[verb](agent, {**defaults, **args}, check)


def row(agent: Agent, name: str) -> dict[str, Any]:
    (found,) = ask(agent, "log_list", name=name)["logs"]
    return dict(found)


def publish(agent: Agent, check: bool = False) -> dict[str, Any]:
    return ask(agent, "log_publish", check, name="general", url=URL, expire_after=3600)


def test_a_log_from_being_switched_on_to_being_discarded(ready: Agent, store: dict[str, bytes]) -> None:
    general = Path(ready.config.mount_point, "logs", "general.log")
    assert row(ready, "slow")["status"] == ledger.DISABLED
    assert row(ready, "general")["status"] == ledger.ENABLED
    general.write_bytes(b"one\n")
    assert row(ready, "general")["status"] == ledger.READY
    predicted = publish(ready, check=True)
    assert (predicted["changed"], predicted["sent"]) == (True, {"bytes": 4, "lines": 1})
    assert predicted["diff"]["before"] == {"pending": {"bytes": 4, "lines": 1}}
    assert row(ready, "general")["status"] == ledger.READY
    assert publish(ready)["sent"] == {"bytes": 4, "lines": 1}
    assert not publish(ready)["changed"]
    assert row(ready, "general")["status"] == ledger.PUBLISHED
    with general.open("ab") as stream:
        stream.write(b"two\n")
    assert row(ready, "general")["status"] == ledger.PARTIAL
    assert row(ready, "general")["pending"] == {"bytes": 4, "lines": 1}
    publish(ready)
    assert [store[url] for url in sorted(store)] == [b"one\n", b"two\n"]
    assert all("/general/" in url and url.endswith(".log?temp_url_sig=s") for url in store)
    assert row(ready, "general")["published"]["lines"] == 2
    assert [ask(ready, "log_discard", name="general")["changed"] for _time in range(2)] == [True, False]
    assert publish(ready)["sent"] == {"bytes": 8, "lines": 2}


def test_what_was_published_stays_when_the_file_was_emptied(ready: Agent, store: dict[str, bytes]) -> None:
    general = Path(ready.config.mount_point, "logs", "general.log")
    for text in (b"first\n", b"2\n"):
        general.write_bytes(text)
        publish(ready)
    assert [store[url] for url in sorted(store)] == [b"first\n", b"2\n"]


def test_a_publication_ends_while_the_log_grows(ready: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    general = Path(ready.config.mount_point, "logs", "general.log")
    general.write_bytes(b"one\n")

    def put(*_: Any) -> Answer:
        with general.open("ab") as stream:
            stream.write(b"more\n")
        return Answer(True, "sent")

    monkeypatch.setattr(verbs_logs.Uploader, "put", put)
    assert publish(ready)["sent"] == {"bytes": 4, "lines": 1}
    assert row(ready, "general")["pending"] == {"bytes": 5, "lines": 1}


def test_who_reads_while_a_log_is_published_is_told(ready: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbaas_agent.logs.logs._PATIENCE", 0)
    with ready.logs._turn(), pytest.raises(AgentError) as refused:
        ask(ready, "log_list")
    assert refused.value.reason == "conflict"


def test_a_store_that_refuses(ready: Agent, store: dict[str, bytes]) -> None:
    Path(ready.config.mount_point, "logs", "general.log").write_bytes(b"one\n")
    store["refused"] = b""
    with pytest.raises(AgentError) as refused:
        publish(ready)
    assert "temp_url" not in refused.value.msg
    assert row(ready, "general")["status"] == ledger.READY


def test_the_journals_logs_are_always_on(ready: Agent) -> None:
    for name in ("agent", "error"):
        found = row(ready, name)
        assert (found["switchable"], found["enabled"], found["lines"]) == (False, True, 2)


def test_a_datastore_that_does_not_answer_does_not_say_what_is_on(ready: Agent, world: World) -> None:
    world.silent = True
    assert row(ready, "general")["enabled"] is None


def test_read_and_go_on(ready: Agent) -> None:
    Path(ready.config.mount_point, "logs", "general.log").write_bytes(b"one\ntwo\n")
    first = ask(ready, "log_read", name="general", lines=1)
    assert (first["text"], first["lines"], first["more"]) == ("two\n", 1, False)
    with Path(ready.config.mount_point, "logs", "general.log").open("ab") as stream:
        stream.write(b"three\n")
    assert ask(ready, "log_read", name="general", after=first["cursor"])["text"] == "three\n"


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("log_read", {"name": "general", "lines": 0}),
        ("log_publish", {"name": "general", "url": "file:///etc/passwd", "expire_after": 3600}),
        ("log_publish", {"name": "general", "url": URL, "expire_after": 1}),
    ],
)
def test_bad_input(ready: Agent, verb: str, args: dict[str, Any]) -> None:
    with pytest.raises(AgentError) as refused:
        ask(ready, verb, **args)
    assert refused.value.reason == "invalid"


def test_an_unknown_log(ready: Agent) -> None:
    with pytest.raises(AgentError) as refused:
        ask(ready, "log_read", name="audit")
    assert refused.value.reason == "not_found"


def test_a_large_file_is_rotated_and_begun_again(ready: Agent) -> None:
    place = Path(ready.config.mount_point, "logs", "general.log")
    place.write_bytes(b"x" * (ready.config.log_bytes + 1))
    ready.logs.look()
    assert place.stat().st_size == 0
    assert sorted(os.listdir(place.parent)) == ["general.log", "general.log.1"]


def test_a_file_that_is_rotated_while_the_server_is_silent_is_begun_later(ready: Agent, world: World) -> None:
    place = Path(ready.config.mount_point, "logs", "general.log")
    place.write_bytes(b"x" * (ready.config.log_bytes + 1))
    world.silent = True
    ready.logs.look()
    assert not place.exists()
    world.silent = False
    ready.logs.look()
    assert place.exists()


def test_the_ledger_is_for_nobody_else(ready: Agent) -> None:
    Path(ready.config.mount_point, "logs", "general.log").write_bytes(b"one\n")
    publish(ready)
    kept = Path(ready.config.mount_point, ".dbaas-logs.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_text("{")
    assert row(ready, "general")["status"] == ledger.READY


def test_amount() -> None:
    assert amount([]) == Amount(0, 0)
