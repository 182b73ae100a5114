# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error that travels to a client."""

from __future__ import annotations

from typing import Any


class AgentError(Exception):
    """A refusal or failure with a reason for programs (one of schema.REASONS) and a message for people."""

    def __init__(self, reason: str, msg: str, **details: Any) -> None:
        super().__init__(msg)
        self.reason = reason
        self.msg = msg
        self.details = details

    def answer(self) -> dict[str, Any]:
        return {"reason": self.reason, "msg": self.msg, "details": self.details}
