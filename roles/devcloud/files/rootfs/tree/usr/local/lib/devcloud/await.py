# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait, as ExecStartPre of a unit, until everything that a service asks for when it starts is there.

usage: await.py TARGET...
  file:PATH    the path exists
  http:PORT    the API on this port of this host answers anything but a server error
  queue:NAME   a service consumes from this queue of the message broker
  pool:NAME    the Ceph pool answers

The unit's TimeoutStartSec bounds the wait.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request


def _file_there(path: str) -> bool:
    return os.path.exists(path)


def _api_answers(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://devcloud:{port}/", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _queue_consumed(name: str) -> bool:
    amqp = importlib.import_module("amqp")  # slow to import and needed for this kind only

    with open("/etc/neutron/neutron.conf", encoding="utf-8") as conf:
        found = re.search(r"^transport_url *= *rabbit://([^:]+):([^@]+)@([^/]+)/", conf.read(), re.MULTILINE)
    if not found:
        return False
    user, password, address = found.groups()
    try:
        with amqp.Connection(address, userid=user, password=password, connect_timeout=5) as connection:
            return bool(connection.channel().queue_declare(name, passive=True).consumer_count > 0)
    except (OSError, amqp.AMQPError):
        return False


def _pool_answers(name: str) -> bool:
    return (
        subprocess.run(["timeout", "10", "rbd", "--pool", name, "ls"], capture_output=True, check=False).returncode == 0
    )


CHECKS = {"file": _file_there, "http": _api_answers, "queue": _queue_consumed, "pool": _pool_answers}

for target in sys.argv[1:]:
    kind, _dummy, what = target.partition(":")
    while not CHECKS[kind](what):
        time.sleep(0.5)
