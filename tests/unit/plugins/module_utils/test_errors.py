# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import (
    REASONS,
    DbaasError,
    as_dbaas_error,
    reason_of_http_status,
    require_ok,
)
from keystoneauth1 import exceptions as keystone
from openstack import exceptions


def response(status: int, text: str = "") -> types.SimpleNamespace:
    return types.SimpleNamespace(status_code=status, text=text)


def test_an_error_becomes_the_result_of_a_module() -> None:
    error = DbaasError("conflict", "In use.", users=["orders"])
    assert error.as_result() == {"msg": "In use.", "reason": "conflict", "users": ["orders"]}
    assert str(error) == "In use."


def test_a_reason_is_one_of_those_documented() -> None:
    with pytest.raises(ValueError, match="oops"):
        raise DbaasError("oops", "x")


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (400, "", "invalid"),
        (403, "Quota exceeded for cores", "quota"),
        (403, "Policy does not allow", "cloud"),
        (404, "", "not_found"),
        (409, "", "conflict"),
        (409, "Quota exceeded for resources: ['port']", "quota"),
        (413, "", "quota"),
        (500, "quota", "cloud"),
        (503, "", "cloud"),
        (None, "", "cloud"),
    ],
)
def test_reason_of_http_status(status: int | None, text: str, reason: str) -> None:
    assert reason_of_http_status(status, text) == reason
    assert reason in REASONS


def of_status(kind: type[exceptions.HttpException], status: int, **more: str) -> exceptions.HttpException:
    error = kind("text", **more)
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (exceptions.ResourceTimeout("text"), "timeout"),
        (exceptions.SDKException("text"), "cloud"),
        (of_status(exceptions.NotFoundException, 404), "not_found"),
        (of_status(exceptions.ConflictException, 409), "conflict"),
        (of_status(exceptions.BadRequestException, 400), "invalid"),
        (of_status(exceptions.ForbiddenException, 403), "cloud"),
        (of_status(exceptions.ForbiddenException, 403, details="Quota exceeded"), "quota"),
        (of_status(exceptions.HttpException, 500), "cloud"),
        (keystone.ConnectFailure("text"), "cloud"),
        (keystone.Unauthorized("text"), "cloud"),
    ],
)
def test_errors_of_the_cloud(error: Exception, reason: str) -> None:
    translated = as_dbaas_error(error)
    assert translated is not None
    assert translated.reason == reason
    assert "text" in translated.msg


def test_an_error_of_our_own_stays_itself() -> None:
    error = DbaasError("invalid", "x")
    assert as_dbaas_error(error) is error


def test_a_bug_is_no_error_of_the_cloud() -> None:
    assert as_dbaas_error(KeyError("x")) is None


@pytest.mark.parametrize("status", [200, 204, 304, 399])
def test_a_good_answer_is_handed_on(status: int) -> None:
    answer = response(status)
    assert require_ok(answer, "Look") is answer


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "invalid"), (404, "not_found"), (409, "conflict"), (502, "cloud")]
)
def test_a_bad_answer_is_an_error_with_its_text_without_markup(status: int, reason: str) -> None:
    with pytest.raises(DbaasError) as caught:
        require_ok(response(status, "<html><body><h1>In use</h1>\n by x</body></html>" + "y" * 1000), "Delete image i")
    result = caught.value.as_result()
    assert (result["reason"], result["http_status"]) == (reason, status)
    assert "<" not in result["msg"]
    assert len(result["msg"]) < 400
