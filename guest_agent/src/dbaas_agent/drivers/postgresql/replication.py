# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL tells of its part in replication."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from dbaas_agent.drivers.postgresql.sql import Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.replication import WAL, Facts, Receipts, Source

FOLLOWED_TIMELINE = "SELECT max(('x' || left(name, 8))::bit(32)::int) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"
"""Of one that follows: a file of the log has it in its name. The last checkpoint lags behind, and the receiver is gone with the source."""
SERVER = Statement(
    "SELECT follows, read_only, setting.delay_ms, setting.conninfo, receiver.status AS status,"  # noqa: S608 (a constant)
    f" CASE WHEN follows THEN ({FOLLOWED_TIMELINE}) END AS timeline,"
    " CASE WHEN NOT follows THEN pg_walfile_name(pg_current_wal_flush_lsn()) END AS file,"
    " CASE WHEN NOT follows THEN pg_current_wal_flush_lsn()::text END AS flushed,"
    " greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text AS received, pg_last_wal_replay_lsn()::text AS replayed,"
    " CASE WHEN pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0"
    " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::int END AS lag,"
    " CASE WHEN follows THEN pg_is_wal_replay_paused() END AS paused,"
    " current_setting('synchronous_standby_names') <> '' AS waits,"
    " (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')) AS receipts"
    " FROM (SELECT pg_is_in_recovery() AS follows, current_setting('default_transaction_read_only') = 'on' AS read_only) AS here"
    " CROSS JOIN (SELECT max(setting) FILTER (WHERE name = 'recovery_min_apply_delay')::bigint AS delay_ms,"
    " max(setting) FILTER (WHERE name = 'primary_conninfo') AS conninfo FROM pg_settings) AS setting"
    " LEFT JOIN pg_stat_wal_receiver AS receiver ON true"
)
APPLIED = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END >= %s::pg_lsn AS applied"
_BEGIN = "0/0"
"""Where the first timeline begins."""
_HISTORY = re.compile(r"^\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)", re.MULTILINE)
_PLACE = re.compile(r"(?:^|\s)(host|port)\s*=\s*'?([^'\s]*)")


def facts(row: Mapping[str, Any], history: Callable[[int], str]) -> Facts:
    """The row of SERVER. history: the content of the file that tells where a timeline comes from; empty for the first."""
    if not row["follows"]:
        line, word = _lineage(int(row["file"][:8], 16), row["flushed"], history)
        receipts = Receipts(row["waits"], row["receipts"])
        return Facts(WAL, line, writable=not row["read_only"], received=word, applied=word, receipts=receipts)
    timeline = row["timeline"]
    line, received = _lineage(timeline, row["received"], history)
    streams = row["status"] == "streaming"
    place = dict(_PLACE.findall(row["conninfo"] or ""))
    return Facts(
        WAL,
        line,
        writable=False,
        received=received,
        applied=_lineage(timeline, row["replayed"], history)[1],
        lag=row["lag"] if streams else None,
        source=Source(
            host=place.get("host", ""),
            port=int(place.get("port") or 0),
            receiving=streams,
            applying=not row["paused"],
            delay=row["delay_ms"] // 1000,
        ),
    )


def last_position(told: str, history: Callable[[int], str]) -> str:
    """What a server that was stopped has, by what pg_controldata tells. AgentError(agent) for one that was not stopped in peace."""
    lines = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    state = lines.get("Database cluster state", "").strip()
    if state not in ("shut down", "shut down in recovery"):
        raise AgentError("agent", f"the server was not shut down: {state or 'it tells no state'}")
    high, low = lines["Latest checkpoint location"].strip().split("/")
    # A server that has its first byte has all of it: it goes on after whole records.
    after = f"{high}/{int(low, 16) + 1:X}"
    return _lineage(int(lines["Latest checkpoint's TimeLineID"]), after, history)[1]


def _lineage(timeline: int, lsn: str | None, history: Callable[[int], str]) -> tuple[str, str]:
    """The line of a timeline, and the history of a server that has come so far on it; lsn: None where it has nothing yet."""
    known = begins(timeline, history)
    parts = [f"{one}@{begin}:{end}" for (one, begin), (_next, end) in itertools.pairwise(known)]
    begin = known[-1][1]
    line = f"{timeline}@{begin}"
    return line, ",".join([*parts, f"{line}:{lsn or begin}"])


def begins(timeline: int, history: Callable[[int], str]) -> list[tuple[int, str]]:
    """The timelines that led to that one, and it, each with the position in the log at which it begins."""
    found, begin = [], _BEGIN
    for parent, end in _HISTORY.findall(history(timeline)):
        found.append((int(parent), begin))
        begin = end
    return [*found, (timeline, begin)]


def history_file(data_dir: str, timeline: int) -> str:
    """What PostgreSQL keeps of where a timeline comes from; empty where it keeps nothing, as for the first."""
    try:
        with open(os.path.join(data_dir, "pg_wal", f"{timeline:08X}.history"), encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""
