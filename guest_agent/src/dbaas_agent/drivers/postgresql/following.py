# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How PostgreSQL follows another server, or lets one follow it: pure functions, and the files that are steps of it."""

from __future__ import annotations

import glob
import os
import shutil
from dataclasses import dataclass, field
from typing import Any

from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Plan
from dbaas_agent.drivers.postgresql.rewind import Rewound
from dbaas_agent.drivers.postgresql.sql import AT_ONCE, MAINTENANCE, Statement, quote
from dbaas_agent.drivers.secret_values import Secret
from dbaas_agent.fsutil import remove, write_atomic
from dbaas_agent.membership import Membership
from dbaas_agent.replication import PRIMARY, Source, Upstream

SETTINGS = "postgresql-follow.conf"
RECEIPTS = "postgresql-receipts.conf"
"""What the base configuration includes; they lie beside the data, so that no copy of the data has them."""
_PROMOTE_SECONDS = 50
_REWIND = (
    "pg_ls_dir(text, boolean, boolean)",
    "pg_stat_file(text, boolean)",
    "pg_read_binary_file(text)",
    "pg_read_binary_file(text, bigint, bigint, boolean)",
)
"""What pg_rewind asks of a server: https://www.postgresql.org/docs/17/app-pgrewind.html."""


@dataclass(frozen=True)
class Placed:
    """A step that puts a file, or takes it away (None), and has the server read its files. like: whose owner and group it has."""

    path: str
    content: str | None = field(repr=False)
    like: str
    mode: int = 0o600

    def shown(self) -> str:
        """Without what is in it."""
        return f"{os.path.basename(self.path)}: {'removed' if self.content is None else 'written'}"

    def put(self) -> None:
        """Have it so."""
        if self.content is None:
            remove(self.path)
            return
        seen = os.stat(self.like)
        write_atomic(self.path, self.content.encode(), self.mode, owner=(seen.st_uid, seen.st_gid))


@dataclass(frozen=True)
class Unreserved:
    """A step that has a server that is stopped keep its log for nobody: who followed it, or the one that it is a copy of, follows another one."""

    data_dir: str

    def shown(self) -> str:
        """As what it is known."""
        return "pg_replslot: emptied"

    def put(self) -> None:
        """Have it so."""
        for slot in glob.glob(os.path.join(glob.escape(self.data_dir), "pg_replslot", "*")):
            shutil.rmtree(slot)


def plan_account(name: str, verifier: str | None, there: bool) -> Plan:
    """A role by which a replica may follow this server; without a verifier there is to be none. there: whether it is."""
    role, steps = quote(name), []
    if verifier is not None:
        verb = "ALTER" if there else "CREATE"
        steps.append(Statement(f"{verb} ROLE {role} LOGIN REPLICATION NOINHERIT PASSWORD %s", (Secret(verifier),)))
        steps.append(Statement(f"GRANT CONNECT ON DATABASE {quote(MAINTENANCE)} TO {role}"))
        steps += [Statement(f"GRANT EXECUTE ON FUNCTION pg_catalog.{one} TO {role}") for one in _REWIND]
    elif there:
        steps.append(Statement(f"DROP OWNED BY {role}; DROP ROLE {role}"))
    if steps:
        steps.insert(0, AT_ONCE)
    return Plan(steps, {"account": name if there else None}, {"account": None if verifier is None else name})


def plan_slot(name: str, wanted: bool, there: bool, lost: bool) -> Plan:
    """The slot that keeps the log for a replica, also on a standby. lost: whether the one that is there kept less than was asked of it: nobody can use it."""
    steps = []
    if there and (lost or not wanted):
        steps.append(Statement("SELECT pg_drop_replication_slot(%s)", (name,)))
    if wanted and (lost or not there):
        steps.append(Statement("SELECT pg_create_physical_replication_slot(%s, true)", (name,)))
    return Plan(steps, {"slot": name if there else None}, {"slot": name if wanted else None})


def plan_follow(current: Source | None, upstream: Upstream, config: Config, program: str, settings_file: str) -> Plan:
    """Follow another server from now on; one that follows nobody yet is rewound and started again for that. program: pg_rewind."""
    before = current.shown() if current else {}
    if upstream.is_followed(current):
        return Plan(
            [Statement("SELECT pg_wal_replay_resume()")] if current and not current.applying else [], before, before
        )
    password = os.path.join(config.tls_dir, "source.password")
    steps: list[Any] = []
    if upstream.password is not None:
        steps.append(Placed(password, f"*:*:*:{upstream.user}:{_escaped(upstream.password)}\n", config.data_dir))
    way = _way(upstream, password)
    steps.append(Placed(os.path.join(config.mount_point, SETTINGS), _settings(upstream, way), config.data_dir))
    if current is not None:
        return Plan(steps, before, upstream.shown())
    # What is copied from the other server takes away a file that only this one has.
    signal = Placed(os.path.join(config.data_dir, "standby.signal"), "", config.data_dir)
    stopped = [Rewound(config, program, settings_file, way), Unreserved(config.data_dir), signal]
    return Plan(steps, before, upstream.shown(), restart=True, stopped=stopped)


def plan_leave(current: Source | None, config: Config) -> Plan:
    """Follow nobody any more. It takes writes from then on."""
    if current is None:
        return Plan([], {}, {})
    # Whoever cannot promote answers false.
    promote = Statement(f"SELECT 1 / pg_promote(true, {_PROMOTE_SECONDS})::int")
    # Each timeline has a file of its own for the part of the log that it began in: with the next part, a checkpoint removes those that nobody needs.
    onward = Statement("SELECT pg_switch_wal()")
    steps = [promote, onward, *(Placed(path, None, config.data_dir) for path in _files(config))]
    return Plan(steps, current.shown(), {})


def receipts(member: Membership | None) -> str:
    """The settings by which a primary waits until as many replicas as it says have a write on their disks, before it tells a client that it is kept.

    Without an end: a server that went on by itself after some time would lose what it told is kept.
    """
    if member is None or member.role != PRIMARY or not member.receipts:
        return ""
    return f"synchronous_standby_names = 'ANY {member.receipts:d} ({', '.join(member.receivers)})'\n"


def forget(config: Config) -> None:
    """Know of no source any more, which a copy of a replica's volume does."""
    for path in _files(config):
        remove(path)


def _files(config: Config) -> list[str]:
    return [os.path.join(config.mount_point, SETTINGS), os.path.join(config.tls_dir, "source.password")]


def _way(upstream: Upstream, password: str) -> str:
    told = {
        "host": upstream.host,
        "port": str(upstream.port),
        "user": upstream.user,
        "passfile": password,
        "application_name": upstream.user,
        "connect_timeout": "5",
        **({"sslmode": "verify-full", "sslrootcert": upstream.ca_file} if upstream.ca_file else {"sslmode": "disable"}),
    }
    return " ".join(f"{name}={value}" for name, value in told.items())


def _settings(upstream: Upstream, way: str) -> str:
    lines = {
        "primary_conninfo": way,
        "primary_slot_name": upstream.user,
        "recovery_min_apply_delay": f"{upstream.delay}s",
        "recovery_target_timeline": "latest",
        "wal_receiver_timeout": "15s",
        "wal_retrieve_retry_interval": "2s",
    }
    return "".join(f"{name} = '{value}'\n" for name, value in lines.items())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")
