# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection for short questions that are asked again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from dbaas_agent.errors import AgentError

S = TypeVar("S")
Rows = list[dict[str, Any]]


class KeptConnection(Generic[S]):
    """It is kept, since a server may log who comes, and made again when it was lost. Threads take turns.

    connect: makes one on which each statement is bounded in time. rows: has a statement run on it.
    """

    def __init__(self, connect: Callable[[], Any], rows: Callable[[Any, S], Rows]) -> None:
        self._connect = connect
        self._rows = rows
        self._connection: Any = None
        self._turn = threading.Lock()

    def ask(self, statement: S) -> Rows:
        """The rows of the statement; AgentError as rows and connect raise it."""
        with self._turn:
            if self._connection is not None:
                with suppress(AgentError):
                    return self._rows(self._connection, statement)
                self._connection.close()
                self._connection = None
            self._connection = self._connect()
            return self._rows(self._connection, statement)
