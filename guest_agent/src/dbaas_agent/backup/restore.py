# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job restore: a backup, after those that it follows, from the store into a data directory that is not there yet."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from dbaas_agent import data_directory
from dbaas_agent.backup.place import Place, require_valid
from dbaas_agent.backup.segments import MANIFEST, Segment, is_intact, listed, whole
from dbaas_agent.backup.strategy import Strategy, named
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import STOPPING_VERBS, Data, Kind, Report
from dbaas_agent.pipe import Pipe
from dbaas_agent.upload import Uploader

EXPAND = ("zstd", "--decompress", "--quiet", "--stdout")


class Restore(Kind):
    """Makes the data directory, complete or not at all; datastore_initialise starts the datastore with it.

    chain: from the full one to the one that is wanted; sha256: of the whole, as the controller knows it. urls: a ticket for the folder of each.
    identity: the secret key of age, where they are encrypted. follows: the server is to follow the one that was backed up.
    """

    args: ClassVar[dict[str, Any]] = {
        "strategy": {"type": "str", "required": True},
        "chain": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "sha256": {"type": "str", "required": True, "pattern": "[0-9a-f]{64}"},
                "encrypted": {"type": "bool", "required": True},
            },
        },
        "patience": {"type": "int", "default": 900},
        "follows": {"type": "bool", "default": False},
    }
    secrets: ClassVar[dict[str, Any]] = {
        "urls": {"type": "list", "elements": "str", "required": True},
        "expires": {"type": "int", "required": True},
        "identity": {"type": "str"},
    }
    seconds = 7 * 86400
    memory = "512M"
    data = Data.MAKES
    excludes = STOPPING_VERBS | {"datastore_start"}

    def verify(self) -> None:
        chain = self._args["chain"]
        if not chain or len(chain) != len(self._secrets["urls"]):
            raise AgentError("invalid", "args.chain: one backup or more, and a URL for each, are wanted")
        if any(one["encrypted"] for one in chain) and not self._secrets["identity"]:
            raise AgentError("invalid", "secrets.identity: the backup is encrypted: the secret key is wanted")
        require_valid(self._secrets["expires"])
        strategy = named(self._driver, self._args["strategy"])
        if self._args["follows"] and (len(chain) > 1 or not strategy.follows):
            raise AgentError("unsupported", "args.follows: only a whole backup of files can be made a replica of")
        data_directory.require_none(self._driver.config)

    def run(self, report: Report) -> dict[str, Any]:
        strategy, chain = named(self._driver, self._args["strategy"]), self._args["chain"]
        places = [self._place(url, report) for url in self._secrets["urls"]]
        manifests = [_manifest(place, one["sha256"]) for place, one in zip(places, chain)]
        total = sum(segment.bytes for segments in manifests for segment in segments)
        with data_directory.being_made(self._driver.config, restored=True) as target:
            with strategy.receiving(target):
                done = 0
                for number, (place, segments, one) in enumerate(zip(places, manifests, chain)):
                    with self._unpacking(strategy, target, number, one["encrypted"]) as pipe:
                        for segment in segments:
                            pipe.write(_intact(place, segment))
                            done += segment.bytes
                            report.progress("stream", segment.name, done, total, "bytes")
                        pipe.finish()
                    strategy.apply(target, number, report)
            strategy.complete(target, len(chain), report)
            data_directory.give_away(self._driver.config, target)
            (strategy.follow if self._args["follows"] else strategy.settle)(target, report)
        return {"bytes": total}

    @contextmanager
    def _unpacking(self, strategy: Strategy, target: str, number: int, encrypted: bool) -> Iterator[Pipe]:
        commands: list[Sequence[str]] = [EXPAND, strategy.unpack(target, number)]
        with _secret(self._secrets["identity"] or "") as descriptor:
            if encrypted:
                commands.insert(0, ["age", "--decrypt", f"--identity=/dev/fd/{descriptor}"])
            with Pipe(commands, writes=True, target=subprocess.DEVNULL, descriptors=[descriptor]) as pipe:
                yield pipe

    def _place(self, url: str, report: Report) -> Place:
        patience = self._args["patience"]
        uploader = Uploader(self._driver.config.store_ca_file)
        return Place(uploader, url, ended=self._secrets["expires"], patience=lambda: patience, log=report.log)


def _manifest(place: Place, wanted: str) -> list[Segment]:
    try:
        segments = listed(json.loads(place.get(MANIFEST)))
    except ValueError as fault:
        raise AgentError("conflict", f"{MANIFEST}: {fault}", name=MANIFEST) from fault
    if whole(segments) != wanted:
        raise AgentError("conflict", f"{MANIFEST} is not the one that was sealed", name=MANIFEST)
    return segments


def _intact(place: Place, segment: Segment) -> bytes:
    data = place.get(segment.name)
    if not is_intact(segment, data):
        raise AgentError("conflict", f"segment {segment.name} is not what was sealed: it is damaged", name=segment.name)
    return data


@contextmanager
def _secret(text: str) -> Iterator[int]:
    """A descriptor from which it can be read once; it stands in no file."""
    reader, writer = os.pipe()
    try:
        os.write(writer, text.encode())
        os.close(writer)
        yield reader
    finally:
        os.close(reader)
