# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the cloud's part share: a connection, a registered version, names for instances that leave nothing behind."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import keystoneauth1.exceptions
import openstack
import pytest

from tests.e2e.instances import TIMEOUT, connect
from tests.e2e.leaks import nothing_left
from tests.e2e.modules import run_tasks, task

CONSOLE_LINES = 25


def pytest_configure(config: pytest.Config) -> None:
    """The SDK's own code uses what it deprecates."""
    for version in (50, 60):
        config.addinivalue_line("filterwarnings", f"ignore::openstack.warnings.RemovedInSDK{version}Warning")


def _consoles() -> str:
    """The last lines of each server's console, or why they cannot be had: what is told must not keep the test's own fault from being told."""
    try:
        with warnings.catch_warnings(action="ignore"):
            compute = openstack.connect().compute
            told = [(one, compute.get_server_console_output(one, length=CONSOLE_LINES)) for one in compute.servers()]
    except (openstack.exceptions.SDKException, keystoneauth1.exceptions.ClientException) as fault:
        return str(fault)
    return "\n".join(f"{server.name} ({server.status})\n{console['output']}" for server, console in told)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What fails, in a fixture, too, tells what the guests wrote on their consoles."""
    report = yield
    if report.failed:
        report.sections.append(("Consoles", _consoles()))
    return report


@pytest.fixture(scope="session")
def cloud() -> Any:
    """A connection to the cloud in which the tested version is registered."""
    return connect()


@pytest.fixture
def name(cloud: Any, tmp_path: Path) -> Iterator[str]:
    """A name for an instance; whatever its test made is gone afterwards, and nothing else is there."""
    with nothing_left(cloud):
        name = f"e2e-{secrets.token_hex(3)}"
        yield name
        run_tasks(
            tmp_path,
            task("instance", name=name, deletion_protection=False, timeout=TIMEOUT),
            task("instance", name=name, state="absent", timeout=TIMEOUT),
        )
