# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job datastore_upgrade of MySQL, whose server upgrades its data itself."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from dbaas_agent.drivers.mysql.upgrade import DatastoreUpgrade


def test_it_says_what_the_server_is() -> None:
    driver: Any = Mock()
    driver.ping.return_value = "9.7.4-2"
    job = DatastoreUpgrade(driver, {}, {})
    job.verify()
    assert job.run(Mock()) == {"server_version": "9.7.4-2"}
    assert job.seconds > 0
