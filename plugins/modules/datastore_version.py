# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datastore_version
short_description: Register, change or remove a datastore version
version_added: 0.1.0
description:
  - A datastore version is a private image in Glance whose properties say which datastore it holds. Instances are created from it.
  - With O(file), the image is uploaded unless the version already has the same content. The upload is verified before the version counts.
  - A new O(file) for an existing version replaces its image. The old image becomes inactive and is deleted as soon as a run finds that no server uses it.
  - What a killed run left half-made is removed by the next run. Do not run this module twice at once for the same version.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  datastore:
    description: The datastore, such as V(mariadb).
    type: str
    required: true
  version:
    description: The version, such as V(10.11). Write it in quotes, or YAML takes V(11.10) for the number V(11.1).
    type: str
    required: true
  state:
    description:
      - V(present) makes the version as described.
      - V(absent) removes it with its images. An image that was adopted with O(image) only loses the marks of the version.
      - V(absent) is refused with reason V(conflict) while servers use the version; RV(users) names them.
    type: str
    choices: [present, absent]
    default: present
  file:
    description: A disk image on the controller. A file that begins as QCOW2 does is registered as C(qcow2), every other as C(raw).
    type: path
  kernel:
    description: A kernel for direct boot, on the controller. It becomes an image of its own.
    type: path
  initrd:
    description: An initial RAM disk for direct boot, on the controller. It becomes an image of its own.
    type: path
  image:
    description: Name or id of an image that the project already owns, to be adopted as the version.
    type: str
  properties:
    description:
      - Further properties of the image, such as C(hw_rng_model) or C(os_admin_user). Properties that are not named stay as they are.
      - They belong to an image, not to the version. Give them again with a new O(file), as well as O(kernel) and O(initrd).
    type: dict
    default: {}
  active:
    description:
      - Whether instances can be created from the version.
      - A new version is active; an existing one stays as it is.
    type: bool
  default:
    description:
      - Whether the version is used where a datastore is named without a version. Making one the default takes this from the others of the datastore.
      - The first version of a datastore becomes its default; apart from that an existing version stays as it is.
    type: bool
  min_disk:
    description: The smallest root disk in GiB that the image boots from. Where it is not given, V(0) for a new version.
    type: int
  min_ram:
    description: The least memory in MiB that the image boots with. Where it is not given, V(0) for a new version.
    type: int
  os:
    description: The operating system of the image, such as V(debian-12). A new version needs it, unless the properties C(os_distro) and C(os_version) tell.
    type: str
  kind:
    description:
      - V(golden) has the datastore installed, V(stock) gets it at the first boot.
      - A new version is V(golden); an existing one stays as it is.
    type: str
    choices: [golden, stock]
seealso:
  - module: dbaas.openstack.datastore_info
"""

EXAMPLES = r"""
- name: Register MariaDB 10.11 and make it the default of its datastore
  dbaas.openstack.datastore_version:
    cloud: devcloud
    datastore: mariadb
    version: "10.11"
    file: /var/cache/dbaas-openstack/mariadb-10.11.qcow2
    os: debian-12
    default: true
    min_disk: 3
    properties:
      os_admin_user: debian

- name: Allow no more new instances of it
  dbaas.openstack.datastore_version:
    cloud: devcloud
    datastore: mariadb
    version: "10.11"
    active: false

- name: Remove it
  dbaas.openstack.datastore_version:
    cloud: devcloud
    datastore: mariadb
    version: "10.11"
    state: absent
"""

RETURN = r"""
datastore_version:
  description: The version as it is now, or in check mode as it would be; null when it is absent.
  returned: success
  type: dict
  sample: {id: 5c6e2f0a-4c40-4f0e-8df6-5a0c3f0f7d8e, datastore: mariadb, version: "10.11", active: true, default: true, kind: golden, os: debian-12}
  contains:
    id:
      description: Id of its image.
      returned: success
      type: str
      sample: 5c6e2f0a-4c40-4f0e-8df6-5a0c3f0f7d8e
    datastore:
      description: The datastore.
      returned: success
      type: str
      sample: mariadb
    version:
      description: The version.
      returned: success
      type: str
      sample: "10.11"
    active:
      description: Whether instances can be created from it.
      returned: success
      type: bool
      sample: true
    default:
      description: Whether it is the default of its datastore.
      returned: success
      type: bool
      sample: true
    kind:
      description: V(golden) or V(stock).
      returned: success
      type: str
      sample: golden
    os:
      description: The operating system.
      returned: success
      type: str
      sample: debian-12
    checksum:
      description: SHA-256 of the uploaded file; empty for an adopted image.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    min_disk:
      description: The smallest root disk in GiB.
      returned: success
      type: int
      sample: 3
    min_ram:
      description: The least memory in MiB.
      returned: success
      type: int
      sample: 512
    size:
      description: Size of the image in bytes.
      returned: success
      type: int
      sample: 482344960
    created:
      description: When the image was made.
      returned: success
      type: str
      sample: "2026-11-20T18:00:00Z"
    user:
      description: The login of the image's operating system, the property C(os_admin_user).
      returned: success
      type: str
      sample: debian
    own:
      description: Whether the image belongs to the project.
      returned: success
      type: bool
      sample: true
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [upload dbaas-mariadb-10.11]
reason:
  description: Why it failed, for programs.
  returned: failure
  type: str
  sample: conflict
users:
  description: The servers that use the version.
  returned: when O(state=absent) is refused
  type: list
  elements: str
  sample: [orders]
"""

import functools
import os
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_version_plan import (
    KINDS,
    Step,
    Wanted,
    check_name,
    describe,
    plan_absent,
    plan_present,
    simulate,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._datastore_versions import Image, versions_of
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

_PARTS = {"image": "file", "kernel": "kernel", "initrd": "initrd"}
"""Part of a version to the option that names its file."""


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "datastore": {"type": "str", "required": True},
        "version": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "file": {"type": "path"},
        "kernel": {"type": "path"},
        "initrd": {"type": "path"},
        "image": {"type": "str"},
        "properties": {"type": "dict", "default": {}},
        "active": {"type": "bool"},
        "default": {"type": "bool"},
        "min_disk": {"type": "int"},
        "min_ram": {"type": "int"},
        "os": {"type": "str"},
        "kind": {"type": "str", "choices": list(KINDS)},
    }


def body(module: t.Any, connection: t.Any) -> dict[str, t.Any]:
    """Plan, apply, show."""
    params = module.params
    datastore, version = params["datastore"], params["version"]
    check_name("datastore", datastore)
    check_name("version", version)
    files = _files(params)
    images = _images_cloud.own_images(connection, _images_cloud.list_images(connection, datastore))
    steps, images = _plan(params, connection, images, files)
    project = connection.current_project_id
    simulated = simulate(images, steps, project)
    after = simulated
    if steps and not module.check_mode:
        steps = _images_cloud.apply(connection, steps, files, params["timeout"])
        after = _images_cloud.own_images(connection, _images_cloud.list_images(connection, datastore))
    shown = [entry for entry in versions_of(after, project) if entry["version"] == version]
    return {
        "changed": bool(steps),
        "datastore_version": shown[0] if shown else None,
        "actions": [str(step) for step in steps],
        "diff": {"before": describe(images, datastore), "after": describe(simulated, datastore)},
    }


def _plan(
    params: dict[str, t.Any], connection: t.Any, images: list[Image], files: dict[str, str]
) -> tuple[list[Step], list[Image]]:
    """The steps, and the images that they start from."""
    servers = functools.cache(lambda: _images_cloud.list_servers(connection))
    if params["state"] == "absent":
        return plan_absent(images, params["datastore"], params["version"], servers), images
    adopted = _images_cloud.find_own_image(connection, params["image"]) if params["image"] else None
    if adopted and adopted.id not in {image.id for image in images}:
        images = [*images, adopted]
    wanted = Wanted(
        **{name: params[name] for name in ("datastore", "version", "active", "default", "min_disk", "min_ram")},
        **{name: params[name] for name in ("os", "kind")},
        checksums={part: _images_cloud.file_checksum(path) for part, path in files.items()},
        disk_format=_images_cloud.disk_format(files["image"]) if "image" in files else "",
        adopt=adopted.id if adopted else "",
        properties={name: _text(value) for name, value in params["properties"].items()},
    )
    return plan_present(images, wanted, servers), images


def _files(params: dict[str, t.Any]) -> dict[str, str]:
    """Part to path for the files that are given and wanted; a file that cannot be used is an error."""
    if params["state"] == "absent":
        return {}
    files = {part: params[option] for part, option in _PARTS.items() if params[option]}
    for part, path in files.items():
        if not (os.path.isfile(path) and os.access(path, os.R_OK) and os.path.getsize(path)):
            option = _PARTS[part]
            raise DbaasError("invalid", f"{option} is {path}, which is no readable file with content.", option=option)
    return files


def _text(value: t.Any) -> str:
    """As Glance writes it: true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    run(body, argument_spec(), mutually_exclusive=[("file", "image")], required_by={"initrd": "kernel"})


if __name__ == "__main__":
    main()
