# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL shows of its databases and roles: the queries, and their rows as the plans take them."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from dbaas_agent.drivers.postgresql.access import declared
from dbaas_agent.drivers.postgresql.databases import Database, Extension, Known
from dbaas_agent.drivers.postgresql.grants import (
    DATABASE,
    DEFAULT,
    SEQUENCE,
    TABLE,
    Atom,
    Catalog,
    Held,
    Relation,
    Scope,
    scopes,
)
from dbaas_agent.drivers.postgresql.roles import OWNER_MARK, Role, Traces, World
from dbaas_agent.drivers.postgresql.sql import MAINTENANCE, SYSTEM_DATABASES, Statement, name_fault
from dbaas_agent.fsutil import read_text
from dbaas_agent.replication import ACCOUNT

Rows = list[dict[str, Any]]
Execute = Callable[[Statement], Rows]
Sessions = Callable[[str], AbstractContextManager[Execute]]
"""Opens a session in a database."""

_ROLES_AT_A_TIME = 8
_USERS_SCHEMAS = "nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'"
_NAMED = "(SELECT oid, rolname::text FROM pg_authid WHERE rolname IN (SELECT json_array_elements_text(%s)))"
_ROLES = f"""
SELECT rolname::text AS name, rolcanlogin AS login, rolsuper AS superuser, rolpassword AS verifier,
  coalesce(shobj_description(oid, 'pg_authid') = %s, false) AS marked,
  array(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = pg_authid.oid) AS memberships
FROM pg_authid WHERE rolname NOT LIKE 'pg\\_%%' AND rolname !~ '^{ACCOUNT}$'
"""  # noqa: S608 (the pattern is our own)
_DATABASES = """
SELECT datname::text AS name, pg_get_userbyid(datdba)::text AS owner, datallowconn AS open,
  pg_encoding_to_char(encoding)::text AS character_set,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', datcollate) AS collation,
  array(SELECT privilege_type FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0) AS public
FROM pg_database d
"""
_SESSION_ROLES = """
SELECT rolname::text AS role, datname::text AS database, substr(setting, length('role=') + 1) AS session_role
FROM pg_db_role_setting JOIN pg_authid r ON r.oid = setrole JOIN pg_database d ON d.oid = setdatabase,
  unnest(setconfig) AS setting
WHERE setting LIKE 'role=%%'
"""
_TRACES = f"""
SELECT DISTINCT rolname AS role, coalesce(d.datname::text, '{MAINTENANCE}') AS database, deptype = 'o' AS owns,
  CASE WHEN deptype = 'o' THEN o.datname::text END AS owned
FROM pg_shdepend s JOIN {_NAMED} r ON refclassid = 'pg_authid'::regclass AND refobjid = r.oid
  LEFT JOIN pg_database d ON d.oid = dbid
  LEFT JOIN pg_database o ON classid = 'pg_database'::regclass AND objid = o.oid
"""  # noqa: S608
_GRANTS_ON_DATABASES = f"""
SELECT rolname AS role, '{DATABASE}' AS kind, datname::text AS database, '' AS schema, ARRAY[''] AS names, privilege_type AS privilege,
  is_grantable AS grantable, CASE WHEN grantor <> datdba THEN pg_get_userbyid(grantor)::text END AS grantor
FROM pg_database, aclexplode(datacl) a JOIN {_NAMED} r ON r.oid = grantee
WHERE grantee <> datdba
"""  # noqa: S608
_DEFAULTS = f"""
SELECT pg_get_userbyid(grantee)::text AS role, '{DEFAULT}' AS kind, coalesce(nspname::text, '') AS schema,
  ARRAY[CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' ELSE 'SCHEMAS' END] AS names,
  privilege_type AS privilege, is_grantable AS grantable, NULL AS grantor
FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl)
WHERE defaclrole = (SELECT datdba FROM pg_database WHERE datname = current_database())
  AND grantee NOT IN (0, defaclrole) AND defaclobjtype IN ('r', 'S', 'n')
"""  # noqa: S608
_GRANTS = f"""
WITH named AS {_NAMED}
SELECT rolname AS role, 'SCHEMA' AS kind, nspname::text AS schema, ARRAY[''] AS names, privilege_type AS privilege,
  is_grantable AS grantable, CASE WHEN grantor <> nspowner THEN pg_get_userbyid(grantor)::text END AS grantor
FROM pg_namespace, aclexplode(nspacl) JOIN named ON named.oid = grantee
WHERE grantee <> nspowner AND {_USERS_SCHEMAS}
UNION ALL
SELECT rolname, CASE relkind WHEN 'S' THEN '{SEQUENCE}' ELSE '{TABLE}' END AS kind, nspname::text AS schema,
  array_agg(relname::text), privilege_type AS privilege, is_grantable AS grantable,
  CASE WHEN grantor <> relowner THEN pg_get_userbyid(grantor)::text END AS grantor
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace, aclexplode(relacl) JOIN named ON named.oid = grantee
WHERE grantee <> relowner AND {_USERS_SCHEMAS} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
GROUP BY rolname, 2, 3, 5, 6, 7
UNION ALL
SELECT * FROM ({_DEFAULTS}) d WHERE role IN (SELECT rolname FROM named)
"""  # noqa: S608
_SCHEMAS = f"SELECT nspname::text AS name FROM pg_namespace WHERE {_USERS_SCHEMAS}"  # noqa: S608
_RELATIONS = f"""
SELECT nspname::text AS schema, c.relname::text AS name, CASE c.relkind WHEN 'S' THEN '{SEQUENCE}' ELSE '{TABLE}' END AS kind,
  coalesce(t.relname::text, '') AS of
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend d ON c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND d.refobjsubid > 0
  LEFT JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace = c.relnamespace
WHERE {_USERS_SCHEMAS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
"""  # noqa: S608
_PUBLIC_CREATES = """
SELECT EXISTS (
  SELECT FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
  WHERE nspname = 'public' AND grantee = 0 AND privilege_type = 'CREATE'
) AS creates
"""
_RULES = "SELECT type, database, user_name, address, netmask, auth_method, options FROM pg_hba_file_rules WHERE error IS NULL ORDER BY line_number"
_RULES_FILE = "SELECT current_setting('hba_file') AS path, extract(epoch FROM pg_conf_load_time())::float8 AS read"
_VERSION = "SELECT current_setting('server_version_num')::int AS version"
_ENCODINGS = """
SELECT asked, pg_encoding_to_char(pg_char_to_encoding(asked))::text AS name FROM json_array_elements_text(%s) AS asked
WHERE pg_char_to_encoding(asked) BETWEEN 0 AND 34
"""
"""Those with higher numbers are for clients only."""
_LOCALES = """
SELECT DISTINCT coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale') AS name FROM pg_collation c
WHERE collprovider = 'i' AND collnamespace = 'pg_catalog'::regnamespace
"""
_EXTENSIONS = """
SELECT name::text, trusted, coalesce(schema::text, '') AS schema, coalesce(requires::text[], '{}') AS requires
FROM pg_available_extension_versions v JOIN pg_available_extensions a USING (name) WHERE version = default_version
"""


def world(sessions: Sessions, names: Collection[str], databases: Iterable[str] = ()) -> World:
    """What the server has. names: roles whose privileges and traces are wanted; databases: those to be looked into besides
    the ones in which these roles have something."""
    wanted = _as_json(names)
    found, privileges = _shared(sessions, wanted)
    catalogs = dict(found.catalogs)
    touched = {database for trace in found.traces.values() for database in trace.touches}
    for database in sorted({*touched, *databases} & set(catalogs)):
        with sessions(database) as execute:
            catalogs[database] = _catalog(execute, catalogs[database].owner)
            privileges += _grants(execute, database, wanted)
    return replace(found, catalogs=catalogs, held=_held(privileges))


def listing(sessions: Sessions) -> tuple[World, dict[str, dict[Scope, frozenset[str]]]]:
    """What the server has, and what each role's privileges in databases declare.

    Read some roles at a time: of many tables and many roles all privileges at once would not fit into a small guest.
    """
    found, shared = _shared(sessions, None)
    by_database: dict[str, set[str]] = defaultdict(set)
    for database, role in [
        *((row["database"], row["role"]) for row in shared),
        *((database, role) for role, trace in found.traces.items() for database in trace.touches),
    ]:
        by_database[database].add(role)
    result: dict[str, dict[Scope, frozenset[str]]] = defaultdict(dict)
    for database in by_database.keys() & found.catalogs.keys():
        rows = [row for row in shared if row["database"] == database]
        with sessions(database) as execute:
            catalog = _catalog(execute, found.catalogs[database].owner)
            for some in _parts(sorted(by_database[database])):
                there = _grants(execute, database, _as_json(some))
                held = _held([*(row for row in rows if row["role"] in some), *there])
                for role, privileges in held.items():
                    result[role].update(scopes(privileges.atoms, {database: catalog}))
    return found, dict(result)


def _parts(names: list[str]) -> list[list[str]]:
    return [names[place : place + _ROLES_AT_A_TIME] for place in range(0, len(names), _ROLES_AT_A_TIME)]


def _shared(sessions: Sessions, wanted: str | None) -> tuple[World, Rows]:
    """What the databases share, with the rows of privileges on databases. wanted: roles, as JSON; None: all of them."""
    with sessions(MAINTENANCE) as execute:
        roles = {row["name"]: Role(**{**row, "memberships": frozenset(row["memberships"])}) for row in _roles(execute)}
        names = _as_json(roles) if wanted is None else wanted
        rows = execute(Statement(_DATABASES))
        traces = _traces(execute(Statement(_TRACES, (names,))))
        privileges = execute(Statement(_GRANTS_ON_DATABASES, (names,)))
        session_roles = {
            (row["role"], row["database"]): row["session_role"] for row in execute(Statement(_SESSION_ROLES))
        }
        (version,) = execute(Statement(_VERSION))
        catalogs = {row["name"]: Catalog(row["owner"]) for row in rows if row["open"]}
        found = World(version["version"], roles, catalogs, {}, traces, session_roles)
        return _with_access(found, execute), privileges


def _grants(execute: Execute, database: str, wanted: str) -> Rows:
    return [{"database": database, **row} for row in execute(Statement(_GRANTS, (wanted,)))]


def _as_json(names: Iterable[str]) -> str:
    """The server takes no text in which something is no character, and has no such names."""
    return json.dumps(sorted(name for name in names if not name_fault(name)))


def _roles(execute: Execute) -> Rows:
    return execute(Statement(_ROLES, (OWNER_MARK,)))


def _with_access(found: World, execute: Execute) -> World:
    (file,) = execute(Statement(_RULES_FILE))
    access = declared(execute(Statement(_RULES)))
    text, unread = read_text(file["path"]) or "", os.stat(file["path"]).st_mtime > file["read"]
    return replace(found, access=access, rules_path=file["path"], rules=text, unread=unread)


def _catalog(execute: Execute, owner: str) -> Catalog:
    schemas = frozenset(row["name"] for row in execute(Statement(_SCHEMAS)))
    rows = execute(Statement(_RELATIONS))
    return Catalog(owner, schemas, {(row["schema"], row["name"]): Relation(row["kind"], row["of"]) for row in rows})


def _atoms(row: Mapping[str, Any]) -> list[Atom]:
    return [Atom(row["kind"], row["database"], row["schema"], name, row["privilege"]) for name in row["names"]]


def _held(rows: Iterable[Mapping[str, Any]]) -> dict[str, Held]:
    own: dict[str, set[Atom]] = defaultdict(set)
    grantable: dict[str, set[Atom]] = defaultdict(set)
    foreign: dict[str, set[tuple[Atom, str]]] = defaultdict(set)
    roles = set()
    for row in rows:
        role, atoms = row["role"], _atoms(row)
        roles.add(role)
        if row["grantable"]:
            grantable[role].update(atoms)
        if row["grantor"] is None:
            own[role].update(atoms)
        else:
            foreign[role].update((atom, row["grantor"]) for atom in atoms)
    return {role: Held(frozenset(own[role]), frozenset(grantable[role]), frozenset(foreign[role])) for role in roles}


def _traces(rows: Iterable[Mapping[str, Any]]) -> dict[str, Traces]:
    """A database that a role owns is no trace in itself."""
    by_role: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_role[row["role"]].append(row)
    return {
        role: Traces(
            frozenset(row["database"] for row in found if row["owns"] and row["owned"] is None),
            frozenset(row["database"] for row in found if row["owned"] is None),
            frozenset(row["owned"] for row in found if row["owned"] is not None),
        )
        for role, found in by_role.items()
    }


def databases(sessions: Sessions, names: Collection[str] | None = None) -> dict[str, Database]:
    """The databases that are no system's, looked into where that is possible; names: only these."""
    with sessions(MAINTENANCE) as execute:
        rows = [row for row in execute(Statement(_DATABASES)) if row["name"] not in SYSTEM_DATABASES]
    return {row["name"]: _database(sessions, row) for row in rows if names is None or row["name"] in names}


def _database(sessions: Sessions, row: Mapping[str, Any]) -> Database:
    shared = Database(
        row["name"], row["character_set"], row["collation"], row["owner"], public=frozenset(row["public"])
    )
    if not row["open"]:
        return shared
    with sessions(row["name"]) as execute:
        defaults: dict[str, set[Atom]] = defaultdict(set)
        for found in execute(Statement(_DEFAULTS)):
            defaults[found["role"]].update(_atoms({"database": row["name"], **found}))
        (public,) = execute(Statement(_PUBLIC_CREATES))
        return replace(
            shared,
            schemas=frozenset(found["name"] for found in execute(Statement(_SCHEMAS))),
            extensions=frozenset(
                found["name"] for found in execute(Statement("SELECT extname::text AS name FROM pg_extension"))
            ),
            public_creates=public["creates"],
            defaults={role: frozenset(atoms) for role, atoms in defaults.items()},
        )


def known(sessions: Sessions, encodings: Collection[str]) -> Known:
    """What a database can have; encodings: names that are asked for."""
    with sessions(MAINTENANCE) as execute:
        names = {row["asked"]: row["name"] for row in execute(Statement(_ENCODINGS, (_as_json(encodings),)))}
        locales = {row["name"].lower(): row["name"] for row in execute(Statement(_LOCALES)) if row["name"]}
        extensions = {
            row["name"]: Extension(row["trusted"], row["schema"], tuple(row["requires"]))
            for row in execute(Statement(_EXTENSIONS))
        }
        (usual,) = [row for row in execute(Statement(_DATABASES)) if row["name"] == "template1"]
    return Known(names, locales, extensions, usual["character_set"], usual["collation"])
