# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service users and the service catalog, and the project and user that people work with.

usage: devcloud_identity.py PASSWORDS_FILE  (with OS_CLIENT_CONFIG_FILE)
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openstack
from devcloud_common import report
from keystoneauth1.exceptions import ClientException

KEYSTONE_SECONDS = 120
SERVICES = (
    ("glance", "image", "9292"),
    ("placement", "placement", "8778"),
    ("nova", "compute", "8774/v2.1"),
    ("neutron", "network", "9696"),
    ("cinderv3", "volumev3", "8776/v3/%(project_id)s"),
    ("cinder", "block-storage", "8776/v3/%(project_id)s"),
    ("swift", "object-store", "8080/v1/AUTH_%(project_id)s"),
)
USERS = ("glance", "placement", "nova", "neutron", "cinder", "swift")
DOMAIN = "default"


def _connect() -> Any:
    """As soon as Keystone answers."""
    deadline = time.monotonic() + KEYSTONE_SECONDS
    while True:
        cloud = openstack.connect(cloud="devcloud-admin")
        try:
            cloud.authorize()
            return cloud
        except (ClientException, openstack.exceptions.SDKException):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def _make_services(identity: Any, address: str) -> bool:
    have = {(endpoint.service_id, endpoint.interface) for endpoint in identity.endpoints()}
    known = {service.name: service.id for service in identity.services()}
    changed = False
    for name, kind, path in SERVICES:
        service = known.get(name) or identity.create_service(name=name, type=kind).id
        for interface in ("public", "internal"):
            if (service, interface) not in have:
                url = f"http://{address}:{path}"
                identity.create_endpoint(service_id=service, interface=interface, url=url, region_id="RegionOne")
                changed = True
    return changed


class People:
    """Projects, roles, users: made where they are missing."""

    def __init__(self, identity: Any) -> None:
        self.identity = identity
        self.changed = False
        self.roles = {role.name: role for role in identity.roles()}
        self.projects = {project.name: project for project in identity.projects()}
        self.users = {user.name: user for user in identity.users()}

    def role(self, name: str) -> Any:
        if name not in self.roles:
            self.roles[name] = self.identity.create_role(name=name)
            self.changed = True
        return self.roles[name]

    def project(self, name: str) -> Any:
        if name not in self.projects:
            self.projects[name] = self.identity.create_project(name=name, domain_id=DOMAIN)
            self.changed = True
        return self.projects[name]

    def user(self, name: str, password: str, project_name: str, roles: tuple[str, ...]) -> None:
        project = self.project(project_name)
        user = self.users.get(name)
        if user is None:
            self.changed = True
            user = self.identity.create_user(
                name=name, password=password, domain_id=DOMAIN, default_project_id=project.id
            )
        # The description says that all roles were given: assignments cost a request each.
        if user.description != "complete":
            for role in roles:
                self.identity.assign_project_role_to_user(project, user, self.role(role))
            self.identity.update_user(user, description="complete")
            self.changed = True


def main() -> None:
    """Make all of it that is missing."""
    passwords = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    cloud = _connect()
    address = str(urlsplit(cloud.config.auth["auth_url"]).hostname)
    changed = _make_services(cloud.identity, address)
    people = People(cloud.identity)
    for name in USERS:
        people.user(name, passwords["service"], "service", ("admin", "service"))
    people.user("dev", passwords["dev"], "dev", ("member",))
    report(changed=changed or people.changed)


if __name__ == "__main__":
    main()
