# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception of this collection and how errors of OpenStack become it. Private to the collection."""

from __future__ import annotations

import typing as t

REASONS = (
    "not_found",
    "conflict",
    "invalid",
    "quota",
    "not_actionable",
    "unsupported",
    "timeout",
    "cloud",
    "agent",
)


class DbaasError(Exception):
    """A failure with a sentence for a person and a reason for a program.

    reason: one of REASONS. details: JSON-serialisable facts that the module returns beside msg and reason.
    """

    def __init__(self, reason: str, msg: str, **details: t.Any) -> None:
        if reason not in REASONS:
            raise ValueError(f"unknown reason {reason!r}")
        super().__init__(msg)
        self.reason = reason
        self.msg = msg
        self.details = details

    def as_result(self) -> dict[str, t.Any]:
        """The keyword arguments of fail_json."""
        return {"msg": self.msg, "reason": self.reason, **self.details}


def reason_of_http_status(status: int | None, text: str) -> str:
    """The reason that an HTTP status of an OpenStack service stands for.

    Nova and Neutron answer 403, Neutron also 409 and Cinder 413, when a quota is exhausted.
    """
    if status in (403, 409, 413) and "quota" in text.lower():
        return "quota"
    return {400: "invalid", 404: "not_found", 409: "conflict", 413: "quota"}.get(status or 0, "cloud")


def from_sdk(error: Exception) -> DbaasError:
    """Translate an exception of openstacksdk."""
    if type(error).__name__ == "ResourceTimeout":
        return DbaasError("timeout", str(error))
    status = getattr(error, "status_code", None)
    text = str(getattr(error, "details", None) or error)
    return DbaasError(reason_of_http_status(status, text), f"OpenStack answered: {error}", http_status=status)
