# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What instances the tests of the cloud's part make, and the cloud in which they can."""

from __future__ import annotations

import os
from typing import Any

import openstack

from tests.e2e.datastores import TESTED
from tests.e2e.playbooks import play

TIMEOUT = 240


def connect() -> Any:
    """A connection to the cloud of OS_CLOUD, in which the tested version is registered by now."""
    assert play("datastore_register", TESTED.wish).ok
    return openstack.connect(cloud=os.environ["OS_CLOUD"])


def wish(name: str, **change: Any) -> dict[str, Any]:
    """Options of module instance for a whole instance."""
    return {
        "name": name,
        **TESTED.wish,
        "datastore_ports": [TESTED.port],
        "flavor": "m1.small",
        "volume_size": 1,
        "networks": [{"network": "private"}],
        "timeout": TIMEOUT,
        **change,
    }
