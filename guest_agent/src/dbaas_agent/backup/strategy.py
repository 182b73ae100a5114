# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a strategy of backups is; drivers offer them by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

from dbaas_agent.backup import own
from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Report

Position = dict[str, Any]
"""Where in its history of writes a datastore was: each strategy's own words, which it gets back as the parent's."""


@dataclass(frozen=True)
class Source:
    """commands: the first takes the backup, and each reads what the one before it writes.

    total: about how many bytes come out at the end; None where nobody knows.
    """

    commands: Sequence[Sequence[str]]
    total: int | None = None


class Taking(ABC):
    """One backup being taken."""

    @abstractmethod
    def source(self) -> Source:
        """What to run."""

    def holds_up(self, words: Sequence[str]) -> bool:  # noqa: ARG002 (most never do)
        """Whether the datastore waits for the first command now, which has said so much: then nobody waits for the store."""
        return False

    @abstractmethod
    def ended(self, words: Sequence[str]) -> Position:
        """The first command has ended well and said so much at its end: the position up to which the backup has everything. AgentError when it has not."""


class Strategy(ABC):
    """Takes and restores backups of one kind. incremental: whether it can take what came since another one. follows: whether what it restores can follow
    the server that was backed up."""

    incremental: ClassVar[bool] = False
    follows: ClassVar[bool] = False

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def verify(self, parent: Mapping[str, Any] | None) -> None:
        """AgentError when it cannot be taken now. parent: the position of the one that it follows. Only reads."""
        if parent is not None and not self.incremental:
            raise AgentError("unsupported", "this strategy has no incremental backups")

    @abstractmethod
    def take(self, parent: Mapping[str, Any] | None, scratch: str, report: Report) -> AbstractContextManager[Taking]:
        """Take one. scratch: an empty directory for the little that a tool must write, on the data volume. Leaving gives back what is held."""

    def receiving(self, target: str) -> AbstractContextManager[None]:  # noqa: ARG002 (most write files)
        """Meanwhile the backups of a chain are unpacked: what that needs beside the files is there."""
        return nullcontext()

    @abstractmethod
    def unpack(self, target: str, number: int) -> Sequence[str]:
        """The command that reads a backup from its standard input. target: the data directory that is being made; number: the place in the chain, from 0."""

    def apply(self, target: str, number: int, report: Report) -> None:  # noqa: B027 (not all do it one by one)
        """It is unpacked: make the data directory what it was then."""

    def complete(self, target: str, count: int, report: Report) -> None:  # noqa: B027 (not all do it at the end)
        """So many are unpacked and applied: make one whole data directory of them."""

    def revive(self, target: str) -> None:  # noqa: B027 (most need nothing)
        """It is a copy of the data directory of a server that ran, as that was at one moment: remove what tells of that server."""

    def settle(self, target: str, report: Report) -> None:  # noqa: B027
        """It is the datastore's user's now: have the server start with it, and without what only the one that was backed up should do by itself."""

    def follow(self, target: str, report: Report) -> None:  # noqa: B027
        """Instead of settle: have the server start with it, and follow the one that was backed up; nothing is in it that the other has not."""

    def follow_revived(self, target: str, report: Report) -> None:
        """The same of one that was revived: no backup tells up to where it has everything."""
        self.follow(target, report)


def named(driver: Any, name: str) -> Strategy:
    """The operator's or the driver's strategy of this name; AgentError(unsupported) when there is none."""
    if found := own.find(name):
        return found(driver)
    known = driver.backup_strategies()
    if name not in known:
        raise AgentError("unsupported", f"strategy: {name!r} is none of {', '.join(known)}", strategies=list(known))
    chosen: Strategy = known[name](driver)
    return chosen
