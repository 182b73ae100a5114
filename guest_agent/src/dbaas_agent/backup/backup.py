# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job backup: tool, compression, encryption, and the store, with nothing in between on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from dbaas_agent import data_directory
from dbaas_agent.backup import kept
from dbaas_agent.backup.place import Place, require_valid
from dbaas_agent.backup.segments import MANIFEST, Segment, cut, manifest, segment
from dbaas_agent.backup.strategy import named
from dbaas_agent.backup.throttle import Throttle
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Data, Kind, Report
from dbaas_agent.pipe import Pipe
from dbaas_agent.upload import Uploader

COMPRESS = ("zstd", "-1", "--quiet", "--stdout")
HURRY = 5
"""Seconds that a datastore which the tool holds up waits for the store."""
_MIB = 1 << 20
_SIZES = range(1 * _MIB, 512 * _MIB + 1)
_PATIENCE = range(1, 86401)


class Backup(Kind):
    """Takes a backup and sends it below the URL, the manifest last."""

    args: ClassVar[dict[str, Any]] = {
        "strategy": {"type": "str", "required": True},
        "parent": {"type": "dict"},
        "recipients": {"type": "list", "elements": "str", "required": True},
        "segment_bytes": {"type": "int", "default": 32 * _MIB},
        "bytes_per_second": {"type": "int", "default": 0},
        "patience": {"type": "int", "default": 900},
    }
    secrets: ClassVar[dict[str, Any]] = {
        "url": {"type": "str", "required": True},
        "expires": {"type": "int", "required": True},
    }
    seconds = 7 * 86400
    memory = "512M"
    data = Data.READS

    def verify(self) -> None:
        args = self._args
        faults = [
            *(
                f"recipients: {name!r} is no public key of age"
                for name in args["recipients"]
                if not _is_recipient(name)
            ),
            *_range_faults("segment_bytes", args["segment_bytes"], _SIZES),
            *_range_faults("patience", args["patience"], _PATIENCE),
            *(["bytes_per_second: it is less than 0"] if args["bytes_per_second"] < 0 else []),
        ]
        if faults:
            raise AgentError("invalid", "; ".join(f"args.{fault}" for fault in faults), faults=faults)
        require_valid(self._secrets["expires"])
        parent = args["parent"]
        if parent is not None and parent.get("history") != data_directory.history(self._driver.config):
            raise AgentError("not_actionable", "args.parent: it was taken of other data: take a full one")
        named(self._driver, args["strategy"]).verify(parent)

    def run(self, report: Report) -> dict[str, Any]:
        args, strategy = self._args, named(self._driver, self._args["strategy"])
        report.progress("begin")
        with kept.scratch(self._driver.config) as scratch, strategy.take(args["parent"], scratch, report) as taking:
            source = taking.source()
            with Pipe([*source.commands, COMPRESS, *_encryption(args["recipients"])]) as pipe:
                tool = pipe.stages[0]
                hurried = self._place(report, lambda: taking.holds_up(tool.said()))
                compress = pipe.stages[len(source.commands)]
                segments = self._send(pipe, hurried, report, compress.taken, source.total)
                read = compress.taken()
                pipe.finish()
                position = {**taking.ended(tool.words()), "history": data_directory.history(self._driver.config)}
        told = {**manifest(segments), "source_bytes": read, "position": position, "recipients": args["recipients"]}
        report.progress("manifest")
        self._place(report).put(MANIFEST, json.dumps(told).encode(), {"Content-Type": "application/json"})
        return {**told, "segments": len(segments)}

    def _send(
        self, pipe: Pipe, place: Place, report: Report, taken: Callable[[], int], total: int | None
    ) -> list[Segment]:
        throttle = Throttle(self._args["bytes_per_second"])
        segments: list[Segment] = []
        for data in cut(pipe.read, self._args["segment_bytes"]):
            one = segment(len(segments), data)
            place.put(one.name, data, {"ETag": one.md5, "Content-Type": "application/octet-stream"})
            segments.append(one)
            report.progress("stream", one.name, taken(), total, "bytes")
            throttle.passed(len(data))
        return segments

    def _place(self, report: Report, hurried: Callable[[], bool] = lambda: False) -> Place:
        patience = self._args["patience"]
        return Place(
            Uploader(self._driver.config.store_ca_file),
            self._secrets["url"],
            ended=self._secrets["expires"],
            patience=lambda: min(patience, HURRY) if hurried() else patience,
            log=report.log,
        )


def _encryption(recipients: list[str]) -> list[list[str]]:
    return [["age", "--encrypt", *(f"--recipient={name}" for name in recipients)]] if recipients else []


def _is_recipient(name: str) -> bool:
    return name.startswith("age1") and name.isalnum() and name.islower()


def _range_faults(name: str, value: int, known: range) -> list[str]:
    return [] if value in known else [f"{name}: {value} is not from {known[0]} to {known[-1]}"]
