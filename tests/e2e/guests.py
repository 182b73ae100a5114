# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole instance with its guest, as its owner uses it: variables, clients over the network, SSH, and a writer that counts what was acknowledged."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.dbaas.openstack.plugins.plugin_utils._ssh import connection_vars

from tests.e2e.datastores import TESTED, Login
from tests.e2e.modules import run_tasks, task

CIDRS = ["172.16.0.0/12"]
DATABASE = "shop"


@dataclasses.dataclass
class Database:
    """place: the directory of its keys, passwords and certificates. port: where clients go. jump: the host over which SSH goes; empty: none."""

    name: str
    place: Path
    port: int = TESTED.port
    network: str = "private"
    jump: str = ""

    def __post_init__(self) -> None:
        key = self.place / "key"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)

    def sibling(self, name: str) -> Database:
        """Another instance with the same key, and a directory of its own."""
        place = self.place / name
        place.mkdir()
        for part in ("key", "key.pub"):
            shutil.copy2(self.place / part, place / part)
        return dataclasses.replace(self, name=name, place=place)

    @property
    def way(self) -> dict[str, Any]:
        """What the operations on a running instance need."""
        return {
            "instance": self.name,
            "ssh_private_key_file": str(self.place / "key"),
            **({"ssh_jump": self.jump} if self.jump else {}),
        }

    def wish(self, **change: Any) -> dict[str, Any]:
        """Variables of instance_create."""
        return {
            **self.way,
            **TESTED.wish,
            "flavor": "m1.small",
            "volume_size": 2,
            "network": self.network,
            "is_public": True,
            "allowed_cidrs": CIDRS,
            "management_cidrs": CIDRS,
            "databases": [DATABASE],
            "users": [{"name": DATABASE, "password_file": str(self.place / "password"), "databases": [DATABASE]}],
            "ca_file": str(self.place / "ca.pem"),
            **change,
        }

    @property
    def password(self) -> str:
        return (self.place / "password").read_text().strip()

    def info(self) -> dict[str, Any]:
        """The instance as module instance_info shows it."""
        (told,) = run_tasks(self.place, task("instance_info", name=self.name))
        (shown,) = told["instances"]
        return dict(shown)

    def until(self, wanted: Callable[[dict[str, Any]], bool], patience: float = 120) -> dict[str, Any]:
        """The instance as soon as it is as wanted; after so many seconds it is a failure."""
        deadline = time.monotonic() + patience
        while not wanted(told := self.info()):
            assert time.monotonic() < deadline, told
        return told

    def client(
        self, statement: str, ca: str = "ca.pem", *, user: str = DATABASE, password: str = "", port: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """The datastore's own client over the network with TLS verified, or without TLS where ca is empty."""
        login = self._login(user, password or self.password, port or self.port, self.place / ca if ca else None)
        command, environment = TESTED.command(login, self.place, statement)
        environment = {**os.environ, **environment}
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment)

    @property
    def login(self) -> Login:
        """How its user comes to it, with TLS verified."""
        return self._login(DATABASE, self.password, self.port, self.place / "ca.pem")

    def _login(self, user: str, password: str, port: int, ca: Path | None) -> Login:
        return Login(self.host, port, user, password, DATABASE, ca)

    def rows(self, statement: str) -> list[str]:
        """The words of the answer."""
        done = self.client(statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def shell(self, script: str, timeout: float = 120) -> list[str]:
        """Lines that a script in the guest prints, over SSH with the host key that the cloud knows."""
        way = connection_vars(self.info(), user="debian", jump=self.jump)
        command = ["ssh", "-i", str(self.place / "key"), "-o", "BatchMode=yes"]
        command += [*shlex.split(way["ansible_ssh_common_args"]), f"debian@{way['ansible_host']}", script]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=timeout)
        return done.stdout.splitlines()

    @property
    def host(self) -> str:
        """Where clients go; asked for once, since it stays."""
        known = self.place / "host"
        if not known.exists():
            known.write_text(self.info()["host"])
        return known.read_text()

    @contextlib.contextmanager
    def writer(self, table: str = "written", pace: float = 0.0) -> Iterator[Writer]:
        """A client that writes all the time while the body runs, into a table that is made for it. pace: seconds from one row, or attempt, to the next."""
        self.rows(f"CREATE TABLE IF NOT EXISTS {table} (id INT PRIMARY KEY)")
        (last,) = self.rows(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608 (a test's own word)
        writer = Writer(self.login, table, int(last), pace)
        thread = threading.Thread(target=writer.run, daemon=True)
        thread.start()
        try:
            yield writer
        finally:
            writer.stopping.set()
            thread.join()

    def lost(self, acknowledged: set[int]) -> set[int]:
        """What a client was told is kept, and is not there."""
        return acknowledged - set(map(int, self.rows("SELECT id FROM written")))


class Writer:
    """Inserts one row after another, each with a number of its own, and connects again whenever that fails."""

    def __init__(self, login: Login, table: str, last: int, pace: float) -> None:
        self._login = login
        self._pace = pace
        self._table = table
        self._number = last
        self.stopping = threading.Event()
        self.acknowledged: set[int] = set()
        self.times: list[float] = []
        """When a row was acknowledged: seconds of the monotonic clock."""

    def run(self) -> None:
        while not self.stopping.is_set():
            with contextlib.suppress(*TESTED.faults):
                self._write()
            self.stopping.wait(max(0.05, self._pace))

    def _write(self) -> None:
        with contextlib.closing(TESTED.connect(self._login)) as connection:
            cursor = connection.cursor()
            while not self.stopping.is_set():
                self._number += 1
                cursor.execute(f"INSERT INTO {self._table} VALUES (%s)", (self._number,))  # noqa: S608 (a test's own word)
                self.times.append(time.monotonic())
                self.acknowledged.add(self._number)
                self.stopping.wait(self._pace)

    def gap(self) -> float:
        """The longest time without a row, in seconds."""
        return max((after - before for before, after in zip(self.times, self.times[1:], strict=False)), default=0.0)
