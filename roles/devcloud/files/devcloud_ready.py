# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until every part of the cloud says that it is up.

usage: devcloud_ready.py SECONDS  (with OS_CLIENT_CONFIG_FILE)
"""

from __future__ import annotations

import sys
import time
from typing import Any

import openstack
from devcloud_common import report
from keystoneauth1.exceptions import ClientException

EXPECTED = {
    "neutron": {"neutron-linuxbridge-agent", "neutron-dhcp-agent", "neutron-l3-agent", "neutron-metadata-agent"},
    "nova": {"nova-conductor", "nova-scheduler", "nova-compute"},
    "cinder": {"cinder-scheduler", "cinder-volume"},
}


def _up(cloud: Any) -> dict[str, set[str]]:
    """Service -> its programs that are up."""
    return {
        "neutron": {agent.binary for agent in cloud.network.agents() if agent.is_alive},
        "nova": {service.binary for service in cloud.compute.services() if service.state == "up"},
        "cinder": {service.binary for service in cloud.block_storage.services() if service.state == "up"},
    }


def _missing(cloud: Any) -> list[str]:
    """What is not up yet; empty when all is."""
    try:
        running = _up(cloud)
        absent = [name for service, names in EXPECTED.items() for name in sorted(names - running[service])]
        if not absent and not list(cloud.compute.hypervisors()):
            absent = ["hypervisor"]
        if not absent:
            list(cloud.image.images(limit=1, paginated=False))
            cloud.object_store.get_info()
    except (ClientException, openstack.exceptions.SDKException) as error:
        return [str(error)]
    return absent


def main() -> None:
    """Exit with an error that says what is missing when the time is over."""
    deadline = time.monotonic() + float(sys.argv[1])
    cloud = openstack.connect(cloud="devcloud-admin")
    while absent := _missing(cloud):
        if time.monotonic() > deadline:
            sys.exit(f"not up within {sys.argv[1]} s: {', '.join(absent)}")
        time.sleep(1)
    report(changed=False)


if __name__ == "__main__":
    main()
