# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception of this collection and how errors of OpenStack become it. Private to the collection."""

from __future__ import annotations

import http
import re
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


def as_dbaas_error(error: Exception) -> DbaasError | None:
    """What an exception means to the user; None if it is a bug and not an answer of the cloud."""
    if isinstance(error, DbaasError):
        return error
    if type(error).__module__.startswith("keystoneauth1."):
        return DbaasError("cloud", f"The cloud cannot be used: {error}")
    return _from_sdk(error) if type(error).__module__.startswith("openstack.") else None


def _from_sdk(error: Exception) -> DbaasError:
    if type(error).__name__ == "ResourceTimeout":
        return DbaasError("timeout", str(error))
    status = getattr(error, "status_code", None)
    text = str(getattr(error, "details", None) or error)
    return DbaasError(reason_of_http_status(status, text), f"OpenStack answered: {error}", http_status=status)


def require_ok(response: t.Any, action: str) -> t.Any:
    """The response (of requests) itself, if its status is below 400; else a DbaasError that says which action failed.

    For the calls that go through a raw adapter of the SDK, which raises nothing by itself.
    """
    if response.status_code < http.HTTPStatus.BAD_REQUEST:
        return response
    text = " ".join(re.sub(r"<[^>]*>", " ", response.text).split())[:300]
    reason = reason_of_http_status(response.status_code, text)
    msg = f"{action}: OpenStack answered {response.status_code} {text}"
    raise DbaasError(reason, msg, http_status=response.status_code)
