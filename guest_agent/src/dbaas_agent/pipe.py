# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that read what the one before them writes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, cast

from dbaas_agent import subproc
from dbaas_agent.errors import AgentError

WORDS = 200
"""Lines that are kept of what a process says on its standard error."""
_END_SECONDS = 60


class Stage:
    """One process of a pipe, and the last of what it says."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._said: deque[str] = deque(maxlen=WORDS)
        self._listening = threading.Thread(target=self._listen, name="words", daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self._said.append(line.decode("utf-8", "replace").rstrip()[:500])

    def said(self) -> list[str]:
        """Its last lines until now."""
        return list(self._said)

    def words(self) -> list[str]:
        """Its last lines, once it has ended."""
        self._listening.join(_END_SECONDS)
        return self.said()

    def taken(self) -> int:
        """The bytes that it has read so far."""
        with suppress(OSError), open(f"/proc/{self.process.pid}/io", encoding="ascii") as stream:
            return int(dict(line.split(": ") for line in stream)["rchar"])
        return 0


class Pipe:
    """Reads from the last of some processes, or writes to the first. Leaving it ends those that still run.

    writes: the first one's standard input is ours. target: where the last one's output goes, if not to us.
    descriptors: what all of them inherit.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        writes: bool = False,
        target: IO[bytes] | int | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        self.stages: list[Stage] = []
        source: IO[bytes] | int | None = subprocess.PIPE if writes else subprocess.DEVNULL
        try:
            for command in commands:
                last = len(self.stages) == len(commands) - 1
                out = target if last and target is not None else subprocess.PIPE
                process = subproc.started(command, source=source, out=out, descriptors=descriptors)
                if self.stages and self.stages[-1].process.stdout:
                    # Only the next one shall hold it: the one before ends when that does.
                    self.stages[-1].process.stdout.close()
                self.stages.append(Stage(process))
                source = process.stdout
        except BaseException:
            self._end()
            raise

    def read(self, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        return cast("IO[bytes]", self.stages[-1].process.stdout).read(size)

    def write(self, data: bytes) -> None:
        """AgentError(agent), which names who failed, when nobody reads any more."""
        try:
            cast("IO[bytes]", self.stages[0].process.stdin).write(data)
        except OSError:
            self.finish()
            raise

    def finish(self) -> None:
        """Nothing more is written or read: wait for all. AgentError(agent) of the first process that failed.

        One that was ended because the next no longer read is not to blame for that.
        """
        for stream in (self.stages[0].process.stdin, self.stages[-1].process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        codes = [stage.process.wait() for stage in self.stages]
        failed = [place for place, code in enumerate(codes) if code != 0]
        to_blame = next((place for place in failed if codes[place] != -signal.SIGPIPE), failed[0] if failed else None)
        if to_blame is not None:
            stage = self.stages[to_blame]
            name = os.path.basename(str(stage.process.args[0]))  # type: ignore[index]
            raise AgentError(
                "agent",
                f"{name} failed with exit code {codes[to_blame]}: {' '.join(stage.words()[-3:])}",
                output="\n".join(stage.words()[-20:]),
            )

    def __enter__(self) -> Pipe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for stage in self.stages:
            if stage.process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(stage.process.pid, signal.SIGKILL)
            with suppress(OSError):
                stage.process.__exit__(None, None, None)
