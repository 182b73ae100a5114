# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the PostgreSQL driver asks of databases, users, access and TLS: it reads, lets pure functions plan, and applies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Any

from dbaas_agent import tls_mode
from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql import access, catalog, owners, published_access, tls
from dbaas_agent.drivers.postgresql import databases as database_plans
from dbaas_agent.drivers.postgresql import users as user_plans
from dbaas_agent.drivers.postgresql.access import IDENT, Access, Rules, is_ours, rendered, with_clients
from dbaas_agent.drivers.postgresql.catalog import Sessions
from dbaas_agent.drivers.postgresql.following import Placed
from dbaas_agent.drivers.postgresql.grants import Catalog
from dbaas_agent.drivers.postgresql.sql import MAINTENANCE, ROOT, Statement
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import read_text, write_atomic

_END_SECONDS = 15
_ENDED = Statement(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND client_addr IS NOT NULL"
)


def before_start(data_dir: str) -> None:
    """Let the agent in, and nobody in whom nothing lets in: where initdb's own files, or others, are in their place."""
    seen = os.stat(data_dir)
    owner = seen.st_uid, seen.st_gid
    ident, rules = os.path.join(data_dir, "pg_ident.conf"), os.path.join(data_dir, "pg_hba.conf")
    if read_text(ident) != IDENT:
        write_atomic(ident, IDENT.encode(), owner=owner)
    if not is_ours(read_text(rules) or ""):
        write_atomic(rules, rendered(Access()).encode(), owner=owner)


def close(data_dir: str, closed: bool) -> None:
    """Let clients in, or replicas alone, with the next start or when the server reads its files again."""
    path = os.path.join(data_dir, "pg_hba.conf")
    content = read_text(path)
    after = with_clients(content, closed) if content and is_ours(content) else content
    if after is not None and after != content:
        seen = os.stat(data_dir)
        write_atomic(path, after.encode(), owner=(seen.st_uid, seen.st_gid))


def publish_access(sessions: Sessions, data_dir: str) -> None:
    """Have replicas let the same clients in as this server."""
    content = read_text(os.path.join(data_dir, "pg_hba.conf")) or ""
    with sessions(MAINTENANCE) as execute:
        published_access.begin(execute, with_clients(content, False))


def take_access(sessions: Sessions, data_dir: str) -> bool:
    """Let the same clients in as the primary does; whether that changed the file, which the server is to read then."""
    path = os.path.join(data_dir, "pg_hba.conf")
    before = read_text(path) or ""
    with sessions(MAINTENANCE) as execute:
        told = published_access.published(execute)
    if not told or not is_ours(told):
        return False
    after = with_clients(told, access.is_closed(before))
    if after == before:
        return False
    seen = os.stat(path)
    write_atomic(path, after.encode(), owner=(seen.st_uid, seen.st_gid))
    return True


def is_closed(data_dir: str) -> bool:
    """Whether only replicas are let in."""
    return access.is_closed(read_text(os.path.join(data_dir, "pg_hba.conf")) or "")


def end_clients(sessions: Sessions) -> None:
    """End the sessions that clients have over the network, and wait until they are gone."""
    deadline = time.monotonic() + _END_SECONDS
    with sessions(MAINTENANCE) as execute:
        while execute(_ENDED):
            if time.monotonic() > deadline:
                raise AgentError("timeout", f"sessions of clients do not end within {_END_SECONDS} seconds")
            time.sleep(0.05)


def lock_down(sessions: Sessions) -> None:
    """Nobody but its superuser comes into the databases that a new cluster has."""
    for database in (MAINTENANCE, "template1"):
        with sessions(database) as execute:
            execute(Statement(f"REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC"))
            execute(Statement("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))


def databases(sessions: Sessions) -> list[dict[str, Any]]:
    return [found.shown() for _dummy, found in sorted(catalog.databases(sessions).items())]


def plan_databases(sessions: Sessions, wanted: list[dict[str, Any]]) -> Plan:
    existing = catalog.databases(sessions, {item["name"] for item in wanted})
    encodings = {item["character_set"] for item in wanted if item["character_set"] is not None}
    concerned = {found.owner for found in existing.values()} | {owners.default(item["name"]) for item in wanted}
    known, world = catalog.known(sessions, encodings), catalog.world(sessions, concerned)
    return database_plans.plan_databases(wanted, existing, known, world)


def users(sessions: Sessions, _config: Config) -> list[dict[str, Any]]:
    return user_plans.listed(*catalog.listing(sessions))


def plan_users(sessions: Sessions, config: Config, wanted: list[dict[str, Any]], coming: list[str]) -> Plan:
    """coming: databases that count as there, with their usual owner and nothing in them."""
    names = {item[key] for item in wanted for key in ("name", "new_name") if item[key]}
    places = {grant["database"] for item in wanted for grant in item["grants"] or ()}
    world = catalog.world(sessions, names, places)
    usual = {name: Catalog(owners.default(name)) for name in coming}
    world = replace(world, catalogs={**usual, **world.catalogs})
    return user_plans.plan_users(wanted, world, tls_mode.read(config))


def root_enabled(sessions: Sessions) -> bool:
    return user_plans.is_enabled(catalog.world(sessions, ()))


def plan_root(sessions: Sessions, config: Config, enabled: bool, password: str | None, require_tls: bool) -> Plan:
    world = catalog.world(sessions, {ROOT})
    return user_plans.plan_root(world, enabled, password, require_tls, tls_mode.read(config))


def end_root_sessions(sessions: Sessions) -> None:
    """Those of a role that is gone have no name any more."""
    with sessions(MAINTENANCE) as execute:
        asked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s OR usesysid IS NOT NULL AND usename IS NULL"
        execute(Statement(asked, (ROOT,)))


def speaks_tls(sessions: Sessions) -> bool:
    with sessions(MAINTENANCE) as execute:
        (row,) = execute(Statement("SELECT current_setting('ssl') AS spoken"))
        return bool(row["spoken"] == "on")


def plan_tls(sessions: Sessions, config: Config, mode: str) -> Plan:
    return tls.plan_mode(catalog.world(sessions, ()), tls_mode.read(config), mode)


def apply(sessions: Sessions, reload: Callable[[], None], plan: Plan) -> None:
    """Run the steps of a plan, each in its database; reload: has the server read its files, and waits until it did."""
    for database, steps in groupby(plan.statements, _place):
        if database is None:
            for step in steps:
                if isinstance(step, Placed):
                    step.put()
                else:
                    _replace(sessions, step)
                reload()
        else:  # and no longer: a database with sessions in it can be neither copied nor dropped
            with sessions(database) as execute:
                for step in steps:
                    execute(step)


def _place(step: Statement | Rules | Placed) -> str | None:
    return step.database if isinstance(step, Statement) else None


def _replace(sessions: Sessions, step: Rules) -> None:
    if step.content != step.before:
        seen = os.stat(step.path)
        write_atomic(step.path, step.content.encode(), owner=(seen.st_uid, seen.st_gid))
    with sessions(MAINTENANCE) as execute:
        wrong = execute(Statement("SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"))
        if not wrong:
            published_access.publish(execute, with_clients(step.content, False))
    if wrong:
        raise AgentError("agent", f"pg_hba.conf, line {wrong[0]['line_number']}: {wrong[0]['error']}")
