# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup
short_description: Open, seal, register and remove backups in the store
version_added: 0.1.0
description:
  - Keeps what the store has of a backup. The guest's agent takes it and sends it, job C(backup) of M(dbaas.openstack.agent).
    Playbook C(backup_create) does all of it.
  - With O(state=open) there is a record, and a ticket by which the guest may send this backup and nothing else.
    A backup of that name that is under way is the one that goes on; one that is completed stays as it is.
  - With O(state=sealed) what the guest has sent so far is copied to where no guest can write.
    When everything is there and as the guest's manifest says, the backup is C(COMPLETED).
    That may be asked for while the guest still sends, and again and again; RV(left) and RV(backup) say whether there is more to do.
  - With O(state=registered) a backup whose folder was copied from another project, region or cloud is one of this project's. It stays where it is.
extends_documentation_fragment:
  - openstack.cloud.openstack
  - dbaas.openstack.attributes
  - dbaas.openstack.attributes.cloud_action_group
  - dbaas.openstack.store
author:
  - The dbaas.openstack authors (@dbaas-openstack)
options:
  name:
    description: The backup, by name or id. A name has 1 to 64 letters, digits, C(.), C(_) and C(-).
    type: str
    required: true
  state:
    description:
      - V(snapshot) has Cinder take the snapshot of a backup that was opened with strategy C(snapshot), and completes it.
      - V(failed) records why it cannot be completed, and removes what was sent.
      - V(absent) removes the backup with all that it has in the store; of one that was registered, the record alone.
    type: str
    choices: [open, sealed, snapshot, failed, registered, absent]
    required: true
  instance:
    description: With O(state=open), the instance by name.
    type: str
  strategy:
    description: With O(state=open), the strategy of the agent, or V(snapshot) for a snapshot of the data volume.
    type: str
  type:
    description: With O(state=open), whether all is taken, or what changed since another backup.
    type: str
    choices: [full, incremental]
    default: full
  parent:
    description: The backup that an incremental one follows, by name or id; the latest one of the instance by default.
    type: str
  description:
    description: With O(state=open), what it is for; up to 255 characters.
    type: str
    default: ""
  recipients:
    description: With O(state=open), public keys of C(age), for each of which it is encrypted. Without any, it is not encrypted.
    type: list
    elements: str
    default: []
  dest:
    description: With O(state=open), the file on the controller that the ticket is written to, as JSON with C(url) and C(expires), mode 0600.
    type: path
  valid_for:
    description: With O(state=open), minutes for which the guest may send it. After that it counts as failed.
    type: int
    default: 10080
  bytes_per_second:
    description: With O(state=open), how fast the guest may send it at most; V(0) is as fast as it can.
    type: int
    default: 0
  container:
    description:
      - With O(state=open), the container into which it is sealed, made if it is not there.
        Without it the one that M(dbaas.openstack.backup_location) knows for the instance or the project, or else C(records) with the prefix.
      - With O(state=registered), the container in which it lies.
    type: str
  folder:
    description: With O(state=registered), the folder with its segments, C(manifest.json) and C(record.json).
    type: str
  position:
    description: With O(state=snapshot), where the datastore was before it; what was written until then is in it.
    type: str
    default: ""
  server_version:
    description: With O(state=snapshot), the version of the server.
    type: str
    default: ""
  error:
    description: With O(state=failed), why.
    type: str
    default: ""
  with_followers:
    description: With O(state=absent), whether the backups that cannot be restored without this one are removed too. Otherwise they are in the way.
    type: bool
    default: false
seealso:
  - module: dbaas.openstack.backup_info
  - module: dbaas.openstack.agent
"""

EXAMPLES = r"""
- name: Open a backup
  dbaas.openstack.backup:
    cloud: devcloud
    name: orders-monday
    state: open
    instance: orders
    strategy: mariadb-backup
    dest: /run/dbaas/orders-monday
  register: opened

- name: Seal it
  dbaas.openstack.backup:
    cloud: devcloud
    name: "{{ opened.backup.id }}"
    state: sealed
  register: sealed
  until: sealed.backup.status == 'COMPLETED'
  retries: 20
  delay: 10

- name: Register one that was copied from another region
  dbaas.openstack.backup:
    cloud: devcloud
    name: orders-monday
    state: registered
    container: from-elsewhere
    folder: segments/0f8fad5bd9cb469fa16570867728950e/7a1f0c2d3b4a59687766554433221100

- name: Remove it
  dbaas.openstack.backup:
    cloud: devcloud
    name: orders-monday
    state: absent
"""

RETURN = r"""
backup:
  description: The backup as it is then, see M(dbaas.openstack.backup_info); none after O(state=absent).
  returned: success
  type: dict
job:
  description:
    - With O(state=open), C(kind), C(id) and C(args) of the job for the agent, whose secrets C(url) and C(expires) stand in the file O(dest).
    - None when the backup is completed already, or is to be a snapshot.
  returned: with O(state=open)
  type: dict
left:
  description: How many segments that the guest has sent are still to be copied.
  returned: with O(state=sealed)
  type: int
  sample: 0
removed:
  description: Names of the backups that were removed.
  returned: with O(state=absent)
  type: list
  elements: str
  sample: [orders-monday]
reason:
  description: Why it failed, as a word for programs.
  returned: failure
  type: str
  sample: conflict
problems:
  description: Everything that is wrong with the options, each with C(option), C(value), C(reason) and C(msg).
  returned: failure, when options are wrong
  type: list
  elements: dict
"""

import dataclasses
import time
import typing as t
import uuid

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils import (
    _backup,
    _backup_snapshots_cloud,
    _backups_cloud,
    _store,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._backup import Backup, Summary, Wish
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import run
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import refuse
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_shown_cloud import require
from ansible_collections.dbaas.openstack.plugins.module_utils._place_in_store import issue_ticket
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline


def argument_spec() -> dict[str, t.Any]:
    """The module's own options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {
            "type": "str",
            "choices": ["open", "sealed", "snapshot", "failed", "registered", "absent"],
            "required": True,
        },
        "instance": {"type": "str"},
        "strategy": {"type": "str"},
        "type": {"type": "str", "choices": [_backup.FULL, _backup.INCREMENTAL], "default": _backup.FULL},
        "parent": {"type": "str"},
        "description": {"type": "str", "default": ""},
        "recipients": {"type": "list", "elements": "str", "default": []},
        "dest": {"type": "path"},
        "valid_for": {"type": "int", "default": 7 * 24 * 60},
        "bytes_per_second": {"type": "int", "default": 0},
        "container": {"type": "str"},
        "folder": {"type": "str"},
        "position": {"type": "str", "default": ""},
        "server_version": {"type": "str", "default": ""},
        "error": {"type": "str", "default": ""},
        "with_followers": {"type": "bool", "default": False},
        "store_prefix": {"type": "str", "default": _store.DEFAULT_PREFIX},
    }


def opened(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State open."""
    params, prefix = module.params, module.params["store_prefix"]
    given = {field.name: params[field.name] for field in dataclasses.fields(Wish)}
    is_snapshot = params["strategy"] == _backup.SNAPSHOT
    refuse(_backup.wish_problems(Wish(**{**given, "container": params["container"] or ""})))
    instance = require(connection, params["instance"], prefix)
    usual = "" if is_snapshot else _backups_cloud.location(connection, instance["uid"], prefix)
    wish = Wish(**{**given, "container": params["container"] or usual})
    known = _backups_cloud.find_all(connection, prefix)
    there = _backup.named(known, wish.name)
    now = int(time.time())
    resumed = _backup.resumed(there, wish, instance["uid"], now)
    if resumed is not None:
        backup = _backups_cloud.read(connection, resumed, prefix)
        if backup.status == _backup.COMPLETED:
            return {"changed": False, "backup": dataclasses.asdict(backup), "job": None}
    else:
        parent = _backup.parent_of(known, wish, instance)
        backup = _backup.planned(wish, instance, parent, identity=uuid.uuid4().hex, now=now)
    if not module.check_mode:
        if resumed is None:
            _store.ensure_container(connection, _backups_cloud.container_of(backup, prefix), prefix="")
            _backups_cloud.write(connection, backup, prefix)
        if not is_snapshot:
            place, uploads = backup.place(), prefix + _store.UPLOADS
            issue_ticket(connection, params["dest"], uploads, place, expires=backup.expires, prefix=place)
    parent = _followed(connection, known, backup, prefix)
    return {
        "changed": resumed is None,
        "backup": dataclasses.asdict(backup),
        "job": _backup.job(backup, parent.position if parent else None),
        "diff": {"before": {}, "after": {"name": backup.name, "status": backup.status}} if resumed is None else {},
    }


def _followed(connection: t.Any, known: t.Sequence[Summary], backup: Backup, prefix: str) -> Backup | None:
    found = _backup.named(known, backup.parent) if backup.parent else None
    return _backups_cloud.read(connection, found, prefix) if found else None


def sealed(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State sealed."""
    prefix = module.params["store_prefix"]
    there = _require(connection, module.params["name"], prefix)
    before = _backups_cloud.read(connection, there, prefix)
    if before.status == _backup.COMPLETED:
        _backups_cloud.discard_upload(connection, before, prefix)
        return {"changed": False, "backup": dataclasses.asdict(before), "left": 0}
    if before.status != _backup.BUILDING:
        raise DbaasError("not_actionable", f"backup {before.name} is {before.status}: take another one")
    if module.check_mode:
        return {"changed": True, "backup": dataclasses.asdict(before), "left": 0}
    backup, left = _backups_cloud.seal(connection, before, prefix, _utc())
    return {"changed": backup != before, "backup": dataclasses.asdict(backup), "left": left}


def snapshot(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State snapshot."""
    params, prefix = module.params, module.params["store_prefix"]
    before = _backups_cloud.read(connection, _require(connection, params["name"], prefix), prefix)
    if before.status == _backup.COMPLETED:
        return {"changed": False, "backup": dataclasses.asdict(before)}
    if (before.status, before.strategy) != (_backup.BUILDING, _backup.SNAPSHOT):
        msg = f"backup {before.name} is {before.status}, by {before.strategy}: open another one with strategy {_backup.SNAPSHOT}"
        raise DbaasError("not_actionable", msg)
    volume = require(connection, before.instance, prefix)["volume"]
    if module.check_mode:
        return {"changed": True, "backup": dataclasses.asdict(before)}
    taken = _backup_snapshots_cloud.take(connection, before.id, before.name, volume["id"], Deadline(params["timeout"]))
    backup = dataclasses.replace(
        before,
        status=_backup.COMPLETED,
        ended=_utc(),
        snapshot=taken,
        volume_size=volume["size"],
        source_bytes=volume["size"] << 30,
        position={"at_least": params["position"]},
        server_version=params["server_version"],
    )
    _backups_cloud.write(connection, backup, prefix)
    return {"changed": True, "backup": dataclasses.asdict(backup)}


def failed(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State failed."""
    prefix = module.params["store_prefix"]
    before = _backups_cloud.read(connection, _require(connection, module.params["name"], prefix), prefix)
    if before.status == _backup.COMPLETED:
        raise DbaasError("conflict", f"backup {before.name} is {before.status}; state absent removes it")
    backup = dataclasses.replace(before, status=_backup.FAILED, error=module.params["error"][:1000], ended=_utc())
    changed = before.status != _backup.FAILED
    if changed and not module.check_mode:
        _backups_cloud.write(connection, backup, prefix)
        _backups_cloud.discard(connection, backup, prefix)
    return {"changed": changed, "backup": dataclasses.asdict(backup if changed else before)}


def registered(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State registered."""
    params, prefix = module.params, module.params["store_prefix"]
    refuse([*_backup.name_problems(params["name"]), *_backup.container_problems(params["container"])])
    folder = params["folder"].strip("/") + "/"
    backup = _backups_cloud.registered(connection, params["container"], folder, params["name"])
    known = _backups_cloud.find_all(connection, prefix)
    there = next((one for one in known if one.id == backup.id), None)
    if there is not None and (there.container, there.folder) != (backup.container, backup.folder):
        msg = f"folder: backup {there.name} is the same one, and is there already; state absent removes it"
        raise DbaasError("conflict", msg, option="folder")
    taken = _backup.named(known, backup.name)
    if taken is not None and taken.id != backup.id:
        raise DbaasError("conflict", f"name: there is another backup {taken.name} already", option="name")
    changed = there is None or _backups_cloud.read(connection, there, prefix) != backup
    if changed and not module.check_mode:
        _backups_cloud.write(connection, backup, prefix)
    diff = {"before": {}, "after": {"name": backup.name, "status": backup.status}}
    return {"changed": changed, "backup": dataclasses.asdict(backup), "diff": diff if changed else {}}


def absent(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """State absent."""
    params, prefix = module.params, module.params["store_prefix"]
    known = _backups_cloud.find_all(connection, prefix)
    there = _backup.named(known, params["name"])
    if there is None:
        return {"changed": False, "backup": None, "removed": []}
    followers = _backup.followers(known, there)
    if followers and not params["with_followers"]:
        names = [one.name for one in followers]
        msg = f"backups {', '.join(names)} cannot be restored without {there.name}: remove them first, or have with_followers=true remove all of them"
        raise DbaasError("conflict", msg, followers=names)
    # The last of a chain goes first: what is left of a removal that was interrupted can be restored.
    going = [*reversed(followers), there]
    for one in [] if module.check_mode else going:
        _backups_cloud.delete(connection, one, prefix)
    names = [one.name for one in going]
    return {"changed": True, "backup": None, "removed": names, "diff": {"before": {"backups": names}, "after": {}}}


def _require(connection: t.Any, name: str, prefix: str) -> Summary:
    found = _backup.named(_backups_cloud.find_all(connection, prefix), name)
    if found is None:
        raise DbaasError("not_found", f"name: there is no backup {name!r}", option="name")
    return found


def _utc() -> str:
    return _backup.utc(int(time.time()))


def body(module: AnsibleModule, connection: t.Any) -> dict[str, t.Any]:
    """Any state."""
    states = {
        "open": opened,
        "sealed": sealed,
        "snapshot": snapshot,
        "failed": failed,
        "registered": registered,
        "absent": absent,
    }
    return states[module.params["state"]](module, connection)


def main() -> None:
    run(
        body,
        argument_spec(),
        required_if=[
            ("state", "open", ("instance", "strategy", "dest")),
            ("state", "registered", ("container", "folder")),
        ],
    )


if __name__ == "__main__":
    main()
