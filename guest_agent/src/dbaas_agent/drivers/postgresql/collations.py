# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort orders of PostgreSQL: what was sorted by another version of the system's libraries is sorted again before clients come in.

The server records with each database and each collation by which version of ICU or libc it sorts. Another version may sort
otherwise, and an index that was built by the one and is read by the other does not find what is there. So what the data were
last seen with is noted beside them; when the system has something else, the server is started for nobody, asked what differs,
and has those indexes built again, each recorded only when all of them are. What depends on a sort order and is no index (bounds
of partitions, the order in a materialized view) stays as it is.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from dbaas_agent import systemd
from dbaas_agent.drivers.postgresql.sql import Statement, quote
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text, write_atomic
from dbaas_agent.jsonlog import log

_NOTE = "dbaas-collations"
_UNIT = "dbaas-collations"
_LIBRARIES = "/usr/lib/*/libicui18n.so.*"
_SECONDS = 86400

Execute = Callable[[Statement], list[dict[str, Any]]]
Sessions = Callable[..., AbstractContextManager[Execute]]

# Some collations have no version, or none in the system's libraries any more: nothing can be said of them.
_DATABASES = (
    "SELECT datname AS name, datallowconn AS open,"
    " coalesce(datcollversion <> pg_database_collation_actual_version(oid), false) AS differs FROM pg_database ORDER BY 1"
)
_COLLATIONS = (
    "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.collname AS name FROM pg_collation c"
    " JOIN pg_namespace n ON n.oid = c.collnamespace"
    " WHERE c.collversion <> pg_collation_actual_version(c.oid)"
)
_INDEXES = (
    "SELECT n.nspname AS schema, c.relname AS name, i.indcollation::text AS collations,"
    " coalesce((SELECT string_agg(d.refobjid::text, ' ') FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
    " AND d.objid = c.oid AND d.refclassid = 'pg_collation'::regclass), '') AS more,"
    " i.indexprs IS NOT NULL OR i.indpred IS NOT NULL AS computed"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'i' AND c.relpersistence <> 't' ORDER BY 1, 2"
)
_DEFAULT_OID = 100
"""The collation that stands for the database's own."""


def affected(
    rows: Iterable[Mapping[str, Any]], differing: Iterable[int], default_differs: bool
) -> list[tuple[str, str]]:
    """Schema and name of the indexes that sort by one of the collations, or may: an expression may compare by any."""
    wrong = {*differing, *([_DEFAULT_OID] if default_differs else [])}
    found = []
    for row in rows:
        used = {int(word) for word in f"{row['collations']} {row['more']}".split()}
        if used & wrong or (row["computed"] and wrong):
            found.append((row["schema"], row["name"]))
    return found


def system_versions() -> str:
    """What sorts texts on this system: the names of ICU's libraries, and libc's version."""
    return "\n".join([*sorted(map(os.path.basename, glob.glob(_LIBRARIES))), os.confstr("CS_GNU_LIBC_VERSION") or ""])


def renew(sessions: Sessions, tell: Callable[[str, int, int], None]) -> dict[str, list[str]]:
    """Have every index of every database fit the system's sort orders; by database, the indexes that were built again.

    tell: how far it is: an index, its place, how many. Again, it goes on where it was, a database at a time.
    """
    done: dict[str, list[str]] = {}
    with sessions() as execute:
        databases = execute(Statement(_DATABASES))
    for database in databases:
        built = _renew_in(sessions, database, tell) if database["open"] else []
        if database["differs"]:
            with sessions() as execute:
                execute(Statement(f"ALTER DATABASE {quote(database['name'])} REFRESH COLLATION VERSION"))
        if built:
            done[database["name"]] = built
    return done


def _renew_in(sessions: Sessions, database: Mapping[str, Any], tell: Callable[[str, int, int], None]) -> list[str]:
    with sessions(database["name"], seconds=_SECONDS) as execute:
        collations = execute(Statement(_COLLATIONS))
        if not collations and not database["differs"]:
            return []
        indexes = affected(execute(Statement(_INDEXES)), [row["oid"] for row in collations], database["differs"])
        for place, (schema, name) in enumerate(indexes):
            item = f"{database['name']}: {schema}.{name}"
            tell(item, place, len(indexes))
            try:
                execute(Statement(f"REINDEX INDEX {quote(schema)}.{quote(name)}"))
            except AgentError as fault:
                raise AgentError(fault.reason, f"{item}: {fault.msg}", **fault.details) from fault
        for row in collations:
            execute(Statement(f"ALTER COLLATION {quote(row['schema'])}.{quote(row['name'])} REFRESH VERSION"))
    return [f"{schema}.{name}" for schema, name in indexes]


def before_start(driver: Any, command: list[str]) -> None:
    """Have the data fit the system before the server starts for clients. driver: for its configuration and sessions; command: the server.

    Takes as long as it takes. Killed in between, it is done by the next start.
    """
    config = driver.config
    systemd.end_transient(_UNIT)
    note, versions = os.path.join(config.data_dir, _NOTE), system_versions()
    if read_text(note) == versions:
        return
    if os.path.exists(os.path.join(config.data_dir, "postmaster.opts")):  # It ran before.
        _ask(driver, command)
    write_atomic(note, versions.encode(), 0o644)


def _ask(driver: Any, command: list[str]) -> None:
    config = driver.config
    properties = {
        "Type": "notify",
        "User": config.datastore_user,
        "Group": config.datastore_group,
        "KillMode": "mixed",
        "KillSignal": "SIGINT",
        "TimeoutStartSec": "infinity",
        "TimeoutStopSec": "900",
        "BindsTo": f"{config.service}.service",
    }
    systemd.start_transient(_UNIT, [*command, "-c", "listen_addresses="], properties, _SECONDS)
    try:
        built = renew(driver.session, lambda _item, _place, _count: None)
    finally:
        systemd.end_transient(_UNIT, 1000)
    log("collations", "warning" if built else "info", reindexed=built)
