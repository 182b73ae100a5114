# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind of job that ends as it is told: a test builds an agent that has it, which is also another version to upgrade to."""

from __future__ import annotations

import hashlib
import time
from typing import Any, ClassVar

from dbaas_agent.errors import AgentError
from dbaas_agent.jobs.kind import Kind, Report


class Probe(Kind):
    """digest: tells the SHA-256 of its secret; leak: fails and names it; linger: does nothing until it is ended."""

    args: ClassVar[dict[str, Any]] = {"act": {"type": "str", "required": True, "choices": ["digest", "leak", "linger"]}}
    secrets: ClassVar[dict[str, Any]] = {"key": {"type": "str"}}
    seconds = 12

    def verify(self) -> None:
        """There is nothing to verify."""

    def run(self, report: Report) -> dict[str, Any]:
        report.log("probe", key=self._secrets.get("key"))
        act = self._args["act"]
        if act == "digest":
            return {"digest": hashlib.sha256(self._secrets["key"].encode()).hexdigest(), "key": self._secrets["key"]}
        if act == "leak":
            raise AgentError("agent", f"no {self._secrets['key']}", key=[self._secrets["key"]])
        time.sleep(self.seconds + 60)
        return {}
