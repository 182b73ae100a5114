# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbaas_agent import systemd
from dbaas_agent.config import Config
from dbaas_agent.drivers.postgresql.rewind import Rewound, lacking
from dbaas_agent.errors import AgentError

HISTORY = "1\t0/8001A30\tno recovery target specified\n\n2\t0/11000C20\tno recovery target specified\n"
"""Of the third timeline."""


def label(file: str) -> str:
    return f"START WAL LOCATION: 0/10000028 (file {file})\nCHECKPOINT LOCATION: 0/10000080\nBACKUP METHOD: pg_rewind\n"


def names(*parts: str) -> list[str]:
    """Of files of the log: a timeline and a number each."""
    return ["00000003.history", "summaries", *(f"{part[0]:0>8}00000000{part[2:]:0>8}" for part in parts)]


@pytest.mark.parametrize(
    ("begin", "log", "gone"),
    [
        pytest.param("2 10", names("2 10", "2 11", "3 11", "3 12", "3 13"), "", id="all"),
        pytest.param("2 10", names("2 10", "3 11", "3 12"), "", id="in which the timelines part"),
        pytest.param("1 6", names("1 6", "1 8", "2 8", "2 9"), "1 7", id="of its own"),
        pytest.param("2 10", names("2 10", "2 11", "3 31", "3 32"), "3 11", id="of the source's timeline"),
        pytest.param("2 F", names("2 10", "3 11"), "2 F", id="the first"),
        pytest.param("3 FF", names("3 FF"), "", id="one alone"),
    ],
)
def test_what_was_rewound_needs_all_of_the_log_from_there_on(begin: str, log: list[str], gone: str) -> None:
    histories = {2: HISTORY.splitlines()[0], 3: HISTORY}
    first = names(begin)[-1]
    wanted = names(gone)[-1] if gone else ""
    assert lacking(label(first), log, lambda timeline: histories.get(timeline, "")) == wanted


def test_what_was_not_rewound_goes_on_from_where_it_stopped() -> None:
    assert lacking("", [], lambda _timeline: "") == ""
    assert lacking("BACKUP METHOD: streamed\n", names("1 1"), lambda _timeline: "") == ""


@pytest.fixture
def rewound(config: Config) -> Rewound:
    Path(config.data_dir, "pg_wal").mkdir(parents=True)
    return Rewound(config, "/bin/pg_rewind", "/etc/postgresql.conf", "host=192.0.2.9")


def test_a_server_that_would_wait_for_ever_is_refused(
    config: Config, rewound: Rewound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "run_outside", lambda *_words: None)
    log = Path(config.data_dir, "pg_wal")
    for name in names("2 10", "3 12"):
        (log / name).touch()
    (log / "00000003.history").write_text(HISTORY)
    Path(config.data_dir, "backup_label").write_text(label(names("2 10")[-1]))
    with pytest.raises(AgentError) as caught:
        rewound.put()
    assert caught.value.reason == "conflict"
    (log / names("3 11")[-1]).touch()
    rewound.put()


@pytest.mark.parametrize(("reason", "told"), [("agent", "conflict"), ("timeout", "timeout")])
def test_what_cannot_be_rewound_says_so(
    rewound: Rewound, monkeypatch: pytest.MonkeyPatch, reason: str, told: str
) -> None:
    def fail(*_words: Any) -> None:
        raise AgentError(reason, "no")

    monkeypatch.setattr(systemd, "run_outside", fail)
    with pytest.raises(AgentError) as caught:
        rewound.put()
    assert caught.value.reason == told
