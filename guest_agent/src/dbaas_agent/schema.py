# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol as data: every verb with its arguments.

An argument is described by ``type`` (str, bool, int, list, dict), ``required``, ``default``, ``choices``, ``pattern``
(the whole string must match), ``secret``, and for lists ``elements`` with the ``options`` of dictionary elements.
``timeout`` is how long, in seconds, a client should wait for the verb's answer. A ``mutating`` verb waits for its turn,
unless it is ``concurrent``.
"""

from __future__ import annotations

from typing import Any

from dbaas_agent.replication import ACCOUNT, PRIMARY, REPLICA

PROTOCOLS = [1]
SOCKET = "/run/dbaas/agent.sock"
MAX_LINE = 1048576
REASONS = ["agent", "conflict", "invalid", "not_actionable", "not_found", "timeout", "unsupported"]

_STATE = {"type": "str", "default": "present", "choices": ["present", "absent"]}
_UPDATE_PASSWORD = {"type": "str", "default": "always", "choices": ["always", "on_create"]}
_CERTIFICATE = {
    "names": {"type": "list", "elements": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
}
_TLS_MODE = {"type": "str", "choices": ["off", "preferred", "required", "mutual"]}
_PEM_REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\n[A-Za-z0-9+/=\n]{1,16384}-----END CERTIFICATE REQUEST-----\n?"
_PEM_CERTIFICATE = "-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]{1,16384}-----END CERTIFICATE-----\n?"
_LOG_NAME = {"type": "str", "pattern": "[a-z][a-z0-9_]*"}
_LOG = {**_LOG_NAME, "required": True}
_ADDRESSES = {"type": "list", "elements": "str"}
_JOB = {"type": "str", "required": True, "pattern": "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"}

VERBS: dict[str, dict[str, Any]] = {
    "hello": {
        "mutating": False,
        "timeout": 10,
        "args": {"protocols": {"type": "list", "elements": "int", "required": True}},
    },
    "status": {"mutating": False, "timeout": 60, "args": {}},
    "volume_prepare": {
        "mutating": True,
        "timeout": 1200,
        "args": {
            "volume_id": {
                "type": "str",
                "required": True,
                "pattern": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            },
            "initialised": {"type": "bool", "required": True},
            "filesystem": {"type": "str", "default": "ext4", "choices": ["ext4", "xfs"]},
            "size": {"type": "int"},
            "copied_from": {"type": "str", "pattern": "[0-9a-f]{32}"},
        },
    },
    "volume_freeze": {
        "mutating": True,
        "timeout": 120,
        "args": {"seconds": {"type": "int", "required": True}},
    },
    "volume_thaw": {"mutating": True, "timeout": 120, "args": {}},
    "volume_release": {
        "mutating": True,
        "timeout": 120,
        "args": {"keep_tls": {"type": "bool", "default": False}},
    },
    "datastore_initialise": {"mutating": True, "timeout": 2400, "args": {**_CERTIFICATE, "tls_mode": _TLS_MODE}},
    "tls_set": {
        "mutating": True,
        "timeout": 120,
        "args": {**_CERTIFICATE, "renew": {"type": "bool", "default": False}},
    },
    "tls_sign": {
        "mutating": True,
        "timeout": 120,
        "args": {
            "name": {"type": "str", "required": True},
            "request": {"type": "str", "required": True, "pattern": _PEM_REQUEST},
        },
    },
    "datastore_start": {"mutating": True, "timeout": 1300, "args": {}},
    "datastore_stop": {"mutating": True, "timeout": 1200, "args": {}},
    "datastore_restart": {"mutating": True, "timeout": 1300, "args": {}},
    "position": {"mutating": False, "timeout": 60, "args": {}},
    "database_list": {"mutating": False, "timeout": 60, "args": {}},
    "database_set": {
        "mutating": True,
        "timeout": 300,
        "args": {
            "databases": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "character_set": {"type": "str"},
                    "collation": {"type": "str"},
                    "owner": {"type": "str"},
                    "schemas": {"type": "list", "elements": "str"},
                    "extensions": {"type": "list", "elements": "str"},
                    "state": _STATE,
                },
            },
        },
    },
    "user_list": {"mutating": False, "timeout": 60, "args": {}},
    "user_set": {
        "mutating": True,
        "timeout": 300,
        "args": {
            "users": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "host": {"type": "str", "default": "%"},
                    "new_name": {"type": "str"},
                    "new_host": {"type": "str"},
                    "password": {"type": "str", "secret": True},
                    "update_password": _UPDATE_PASSWORD,
                    "retain_current_password": {"type": "bool", "default": False},
                    "login": {"type": "bool", "default": True},
                    "roles": {"type": "list", "elements": "str"},
                    "databases": {"type": "list", "elements": "str"},
                    "grants": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "database": {"type": "str", "required": True},
                            "schema": {"type": "str"},
                            "table": {"type": "str"},
                            "privileges": {"type": "list", "elements": "str", "required": True},
                        },
                    },
                    "append_grants": {"type": "bool", "default": False},
                    "require_tls": {"type": "bool"},
                    "state": _STATE,
                },
            },
            "coming_databases": {"type": "list", "elements": "str", "default": []},
        },
    },
    "root_status": {"mutating": False, "timeout": 60, "args": {}},
    "root_set": {
        "mutating": True,
        "timeout": 60,
        "args": {
            "enabled": {"type": "bool", "required": True},
            "password": {"type": "str", "secret": True},
            "update_password": _UPDATE_PASSWORD,
            "require_tls": {"type": "bool", "default": True},
        },
    },
    "replica_account": {
        "mutating": True,
        "timeout": 60,
        "args": {
            "name": {"type": "str", "required": True, "pattern": ACCOUNT},
            "password": {"type": "str", "secret": True},
            "tls": {"type": "bool", "default": True},
            "slot": {"type": "bool", "default": True},
            "state": _STATE,
        },
    },
    "replica_slot": {
        "mutating": True,
        "timeout": 60,
        "args": {"name": {"type": "str", "required": True, "pattern": ACCOUNT}, "state": _STATE},
    },
    "replica_follow": {
        "mutating": True,
        "timeout": 2400,
        "args": {
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "user": {"type": "str", "required": True, "pattern": ACCOUNT},
            "password": {"type": "str", "secret": True},
            "ca_certificate": {"type": "str", "pattern": _PEM_CERTIFICATE},
            "delay": {"type": "int", "default": 0},
            "position": {"type": "dict"},
        },
    },
    "replica_discard": {"mutating": True, "timeout": 1300, "args": {}},
    "replica_await": {
        "mutating": False,
        "timeout": 130,
        "args": {
            "position": {"type": "str", "required": True},
            "seconds": {"type": "int", "default": 60},
        },
    },
    "member_set": {
        "mutating": True,
        "timeout": 1500,
        "args": {
            "set": {"type": "str", "required": True, "pattern": "[0-9a-f]{32}"},
            "reign": {"type": "int", "required": True},
            "role": {"type": "str", "required": True, "choices": [PRIMARY, REPLICA]},
            "server_id": {"type": "int", "required": True},
            "record": {"type": "str", "secret": True},
            "record_expires": {"type": "int"},
            "receipts": {"type": "int", "default": 0},
            "wanted": {"type": "int", "default": 0},
            "receivers": {"type": "list", "elements": "str", "default": []},
            "followers": {"type": "list", "elements": "str", "default": []},
            "writer_addresses": _ADDRESSES,
            "reader_addresses": _ADDRESSES,
            "endpoint_addresses": _ADDRESSES,
        },
    },
    "member_ticket": {
        "mutating": True,
        "timeout": 60,
        "args": {
            "record": {"type": "str", "required": True, "secret": True},
            "expires": {"type": "int", "required": True},
        },
    },
    "member_unset": {"mutating": True, "timeout": 300, "args": {}},
    "writes_drain": {"mutating": True, "timeout": 1300, "args": {}},
    "parameter_list": {"mutating": False, "timeout": 300, "args": {}},
    "configuration_set": {
        "mutating": True,
        "timeout": 1500,
        "args": {
            "path": {"type": "str", "required": True, "pattern": "(/[A-Za-z0-9_.-]+)+"},
            "content": {"type": "str", "required": True},
            "restart": {"type": "bool", "default": False},
        },
    },
    "log_list": {"mutating": False, "timeout": 600, "args": {"name": _LOG_NAME}},
    "log_read": {
        "mutating": False,
        "timeout": 120,
        "args": {"name": _LOG, "lines": {"type": "int", "default": 50}, "after": {"type": "str"}},
    },
    "log_publish": {
        "mutating": True,
        "timeout": 1500,
        "args": {
            "name": _LOG,
            "url": {"type": "str", "required": True, "secret": True},
            "expire_after": {"type": "int", "default": 2592000},
        },
    },
    "log_discard": {"mutating": True, "timeout": 60, "args": {"name": _LOG}},
    "job_start": {
        "mutating": True,
        "timeout": 120,
        "args": {
            "kind": {"type": "str", "required": True, "pattern": "[a-z][a-z0-9_]*"},
            "id": _JOB,
            "args": {"type": "dict", "default": {}},
            "secrets": {"type": "dict", "default": {}, "secret": True},
        },
    },
    "job_status": {"mutating": False, "timeout": 60, "args": {"id": _JOB}},
    "job_list": {"mutating": False, "timeout": 60, "args": {}},
    "job_cancel": {"mutating": True, "concurrent": True, "timeout": 180, "args": {"id": _JOB}},
}
