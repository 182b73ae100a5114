# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance consists of in the cloud, as plain values. Pure; private to the collection.

Every resource carries the uid of its instance (see _anchor): nothing else is ever taken for a part of it.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._anchor import PROTECTED_TAG, TAG, Anchor

INITIALISED = "dbaas_initialised"
"""Key in the metadata of a data volume that has been formatted: such a volume is never formatted again."""
HOST_KEYS = "dbaas_host_keys"
"""Key in the metadata of a server: the ed25519 SSH host keys that it may show, base64, separated by blanks."""


KEPT = "dbaas_kept"
"""Key in the metadata of a data volume that its instance left behind, for another to adopt."""
ROOT_ENABLED = "dbaas_root_enabled"
"""Key in the metadata of a data volume: when root was first let in over the network, and the id of who did it, separated by a blank."""
PORT = "dbaas_port"
TLS_MODE = "dbaas_tls"
CONFIGURATION = "dbaas_configuration"
LOGS = "dbaas_logs"
"""Keys in the metadata of a data volume: settings that it keeps; without them, the datastore's port, TLS_DEFAULT, no configuration group and no log."""
TLS_DEFAULT = "preferred"
NOTHING = "none"
"""What stands for a configuration group where one was detached, and for logs where all were switched off."""
UNSET = {TLS_MODE: TLS_DEFAULT, CONFIGURATION: NOTHING, LOGS: NOTHING}
"""What holds for a data volume whose metadata do not say."""
TLS_MODES = ("off", "preferred", "required", "mutual")
SET = "dbaas_set"
"""Key in the metadata of a data volume: the id of the replication set of which its instance is a member."""
ROLE = "dbaas_role"
"""Key in the metadata of a data volume: what it is for its instance. Without it, it is the one that the instance works with."""
DATA, NEXT, PREVIOUS, DISCARDED = "data", "next", "previous", "discarded"
"""What it can be: the one that it works with, one that is to be that, the one that it had before a restore, and one that is about to be deleted."""
OF_BACKUPS = "backups"
"""The role of one that is the instance's no more: backups that are snapshots of it still need it, and it goes with the last of them."""
RESTORED = "dbaas_restored"
"""Key in the metadata of a data volume: the id of the backup that was restored onto it in the place of another volume."""
BACKUP = "dbaas_backup"
"""Key in the metadata of a snapshot: the id of the backup that it is."""
DATASTORE = "dbaas_datastore"
VERSION = "dbaas_version"
"""Keys in the metadata of a server and its data volume: the datastore and its version."""


def configuration_in(metadata: t.Mapping[str, str]) -> str:
    """The name of the configuration group that a data volume's metadata tells; empty: none."""
    told = metadata.get(CONFIGURATION, NOTHING)
    return "" if told == NOTHING else told


def logs_in(metadata: t.Mapping[str, str]) -> list[str]:
    """The logs that are switched on, as a data volume's metadata tells."""
    told = metadata.get(LOGS, NOTHING)
    return [] if told == NOTHING else told.split(",")


def port_in(metadata: t.Mapping[str, str]) -> int | None:
    """The port that a data volume's metadata tells; None: the datastore's."""
    told = metadata.get(PORT, "")
    return int(told) if told.isdecimal() else None


@dataclasses.dataclass(frozen=True)
class Rule:
    """An ingress rule. ethertype: IPv4 or IPv6. port: a TCP port. id: of Neutron, not part of what the rule says."""

    ethertype: str
    port: int
    cidr: str
    id: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Group:
    """A security group with its ingress rules for single TCP ports; foreign_rule_ids: all its other ingress rules."""

    id: str
    name: str
    tags: frozenset[str] = frozenset()
    created_at: str = ""
    rules: frozenset[Rule] = frozenset()
    foreign_rule_ids: tuple[str, ...] = ()

    @property
    def precedence(self) -> tuple[bool, str, str]:
        """Of several anchors of one name the least counts: one that is tagged, so in force, before one that is not, then the older."""
        return (TAG not in self.tags, self.created_at, self.id)


@dataclasses.dataclass(frozen=True)
class Port:
    """fixed_ips: addresses as text. owned: carries the uid; without it a port of the user's that the server only uses."""

    id: str
    network_id: str
    fixed_ips: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    owned: bool = True
    name: str = ""


@dataclasses.dataclass(frozen=True)
class FloatingAddress:
    id: str
    address: str
    port_id: str | None


@dataclasses.dataclass(frozen=True)
class Volume:
    """size: GiB. status: of Cinder. server_ids: the servers that it is attached to."""

    id: str
    name: str
    size: int
    type: str
    status: str
    metadata: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    server_ids: tuple[str, ...] = ()

    @property
    def initialised(self) -> bool:
        return self.metadata.get(INITIALISED) == "true"

    @property
    def port(self) -> int | None:
        """The instance's own port; None: the datastore's."""
        return port_in(self.metadata)

    @property
    def kept(self) -> bool:
        return self.metadata.get(KEPT) == "true"

    @property
    def role(self) -> str:
        return self.metadata.get(ROLE, DATA)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Of the data volume. status: of Cinder."""

    id: str
    name: str
    status: str

    @property
    def sound(self) -> bool:
        """Whether the volume can be reverted to it."""
        return self.status == "available"

    @property
    def coming(self) -> bool:
        """Whether it is being taken."""
        return self.status == "creating"


@dataclasses.dataclass(frozen=True)
class Server:
    """status: of Nova. flavor: its name. ram: MiB. disk: GiB. zone: availability zone. created: ISO 8601. image_id: None when booted from a volume.
    locked: in Nova, by whomever. busy: Nova is at work at it. host: its hypervisor's, told to administrators alone."""

    id: str
    name: str
    status: str
    flavor: str
    metadata: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    zone: str = ""
    created: str = ""
    ram: int = 0
    vcpus: int = 0
    disk: int = 0
    host: str = ""
    fault: str = ""
    image_id: str | None = None
    volume_ids: tuple[str, ...] = ()
    locked: bool = False
    busy: bool = False

    @property
    def host_keys(self) -> list[str]:
        return self.metadata.get(HOST_KEYS, "").split()


@dataclasses.dataclass(frozen=True)
class ServerGroup:
    """policy: affinity, anti-affinity, soft-affinity or soft-anti-affinity.
    owned: made for the instance, or for one that is gone and left it to those that joined it. shared: servers of others are in it."""

    id: str
    name: str
    policy: str
    owned: bool = False
    shared: bool = False


def outranked(group_id: str, anchors: t.Collection[Group]) -> bool | None:
    """Whether a new anchor has to yield to another of its name; None while that is open.

    False is only said to one that stands alone: another may have looked before this one was made, and then goes on. It
    shows that by its tag, or it yields; an anchor that does neither belongs to a run that was killed, and is taken up
    by the next run once this one has yielded.
    """
    if all(group.id == group_id for group in anchors):
        return False
    first = min(anchors, key=lambda group: group.precedence)
    return None if first.id == group_id else True


@dataclasses.dataclass(frozen=True)
class Instance:
    """All parts of one instance. group is the anchor's security group, anchor what it says.
    rivals: further anchors of its name, of runs that came later or were killed before they yielded.
    snapshots: the ways back of an upgrade. backups: ids of those that are snapshots, with the id of the volume of each."""

    group: Group
    anchor: Anchor
    rivals: tuple[Group, ...] = ()
    management_group: Group | None = None
    ports: tuple[Port, ...] = ()
    floating_addresses: tuple[FloatingAddress, ...] = ()
    volumes: tuple[Volume, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    backups: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    servers: tuple[Server, ...] = ()
    server_group: ServerGroup | None = None

    @property
    def server(self) -> Server | None:
        return self.servers[0] if self.servers else None

    @property
    def locked_by_hand(self) -> bool:
        """Whether the server is locked in Nova by somebody else than deletion_protection."""
        return self.server is not None and self.server.locked and PROTECTED_TAG not in self.group.tags

    @property
    def volume(self) -> Volume | None:
        """The one that it works with: of several, in the midst of a replacement, the oldest."""
        return next((volume for volume in self.volumes if volume.role == DATA), None)

    @property
    def other_volumes(self) -> list[Volume]:
        return [volume for volume in self.volumes if volume is not self.volume]

    @property
    def management_port(self) -> Port | None:
        if self.management_group is None:
            return None
        return next((port for port in self.ports if self.management_group.id in port.group_ids), None)

    @property
    def data_ports(self) -> list[Port]:
        """The ports on which clients reach the database, in the order in which they were made."""
        return [port for port in self.ports if port is not self.management_port]

    @property
    def owned_ports(self) -> list[Port]:
        return [port for port in self.ports if port.owned]
