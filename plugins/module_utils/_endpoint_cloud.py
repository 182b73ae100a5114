# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses by which clients reach a replication set, in Neutron. Effects; private to the collection."""

from __future__ import annotations

import ipaddress
import typing as t
import uuid
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils import _anchor, _endpoint
from ansible_collections.dbaas.openstack.plugins.module_utils._endpoint import (
    ADDRESS,
    FLOATING,
    PARTS,
    READER,
    WRITER,
    Moves,
    Standing,
)
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instances_cloud import names
from ansible_collections.dbaas.openstack.plugins.module_utils._preflight_cloud import external_network
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_network_cloud import mark_of, name_of
from ansible_collections.dbaas.openstack.plugins.module_utils._replication_set import ReplicationSet

_PROBED = "192.0.2.1"
"""An address of nobody."""


class Seen(t.NamedTuple):
    """names: of members that exist, by uid. seats: ports of each member on which its clients come, and which are not the user's own.
    public: those members that have floating addresses of their own. ports, floating: of the set itself, by part."""

    kind: str
    names: t.Mapping[str, str]
    seats: t.Mapping[str, list[t.Any]]
    public: t.Mapping[str, t.Any]
    ports: t.Mapping[str, t.Any]
    floating: t.Mapping[str, t.Any]

    def moved(self) -> dict[str, list[str]]:
        """The addresses of each part that stand at members."""
        if self.kind == FLOATING:
            return {part: [one.floating_ip_address] for part, one in self.floating.items()}
        return {part: _fixed(port) for part, port in self.ports.items()}

    def standing(self) -> Standing:
        """Where they stand."""
        if self.kind == FLOATING:
            return {
                uid: frozenset(
                    one.floating_ip_address
                    for one in self.floating.values()
                    if one.port_id in [port.id for port in ports]
                )
                for uid, ports in self.seats.items()
            }
        own = {address for addresses in self.moved().values() for address in addresses}
        return {
            uid: frozenset(own & {_endpoint.address_of(pair) for port in ports for pair in _pairs(port)})
            for uid, ports in self.seats.items()
        }

    def at(self, part: str) -> str:
        """The uid of the member at which a part stands, of several any; empty: at none."""
        addresses = set(self.moved().get(part, ()))
        return next((uid for uid, there in sorted(self.standing().items()) if addresses & there), "")

    def reached_by(self, part: str) -> list[str]:
        """The addresses of a part for clients, those for clients outside first."""
        outside = [one.floating_ip_address for name, one in self.floating.items() if name == part]
        return [*outside, *(_fixed(self.ports[part]) if part in self.ports else [])]

    def shown(self) -> dict[str, t.Any]:
        """For a module's result."""
        return {
            "kind": self.kind,
            **{part: self.reached_by(part) for part in PARTS},
            **{f"{part}_at": self.names.get(self.at(part), "") for part in PARTS},
        }

    def told(self) -> dict[str, list[str]]:
        """What agents are told with verb member_set. A floating address is none of the guest's."""
        here = self.moved() if self.kind == ADDRESS else {}
        return {
            "writer_addresses": sorted(here.get(WRITER, ())),
            "reader_addresses": sorted(here.get(READER, ())),
            "endpoint_addresses": sorted({one for part in PARTS for one in self.reached_by(part)}),
        }


def look(connection: t.Any, found: ReplicationSet, kind: str) -> Seen:
    """What there is of a set's endpoint. kind: that of the set, or the one that it is to have."""
    network, project = connection.network, connection.current_project_id
    groups = list(network.security_groups(project_id=project))
    floating = {address.description: address for address in network.ips(project_id=project)}
    owned = {uid: _anchor.owned_description(uid) for uid in found.members}
    managing = {group.id for group in groups if group.description in owned.values()}
    seats = {}
    for uid, description in owned.items():
        ports = sorted(
            network.ports(description=description), key=lambda port: (port.name, port.created_at or "", port.id)
        )
        seats[uid] = [port for port in ports if not managing & set(port.security_group_ids or ())]
    own = {port.name: port for port in network.ports(description=mark_of(found.id))}
    return Seen(
        kind,
        names={uid: name for uid, name in names(groups).items() if uid in seats},
        seats=seats,
        public={uid: floating[description] for uid, description in owned.items() if description in floating},
        ports={part: own[name] for part in PARTS if (name := _name(found.id, part)) in own},
        floating={part: floating[mark] for part in PARTS if (mark := _mark(found.id, part)) in floating},
    )


def pairs_allowed(connection: t.Any, found: ReplicationSet) -> bool:
    """Whether the network of the primary lets this project's ports use addresses of others.

    Neutron looks at its policy first. What is asked for here cannot be made after that: there is no such security group.
    """
    network, home = connection.network, _home(look(connection, found, ADDRESS), found)
    try:
        made = network.create_port(
            name=f"{name_of(found.id)}-probe",
            description=mark_of(found.id),
            network_id=home.network_id,
            security_groups=[str(uuid.uuid4())],
            allowed_address_pairs=[{"ip_address": _PROBED}],
        )
    except Exception as raised:
        status = getattr(raised, "status_code", None)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
            return True
        if status == HTTPStatus.FORBIDDEN and "quota" not in str(raised).lower():
            return False
        raise
    network.delete_port(made.id)
    return True


def refuse_unfit(seen: Seen, found: ReplicationSet) -> None:
    """DbaasError (not_actionable) when a member could never have the addresses."""
    for uid, name in seen.names.items():
        _seat(seen, found, uid)
        if seen.kind == FLOATING and uid in seen.public:
            msg = f"endpoint: {name} has a floating address of its own, and its port has one only: playbook instance_access with is_public=false takes it away"
            raise DbaasError("not_actionable", msg)


def _home(seen: Seen, found: ReplicationSet) -> t.Any:
    """The port in whose network the addresses are: of the set itself, or else the primary's."""
    ports = [*seen.ports.values(), *seen.seats[found.primary]]
    if not ports:
        name = seen.names.get(found.primary, found.primary)
        raise DbaasError("not_actionable", f"endpoint: {name} has no port in Neutron that is not your own")
    return ports[0]


def _seat(seen: Seen, found: ReplicationSet, uid: str) -> t.Any:
    """The port at which a member has the addresses."""
    network = _home(seen, found).network_id
    port = next((port for port in seen.seats[uid] if port.network_id == network), None)
    if port is None:
        name = seen.names.get(uid, uid)
        msg = f"endpoint: {name} has no port in network {network}, where the addresses are, but for those that you made yourself"
        raise DbaasError("not_actionable", msg)
    return port


def make(connection: t.Any, seen: Seen, found: ReplicationSet, asked: str | None, *, check: bool) -> tuple[str, ...]:
    """Have what a set needs of its own; the names of what was, or would be, made. asked: the external network.

    Where the primary is reached from outside, the set is, too.
    """
    outside = seen.kind == FLOATING or found.primary in seen.public
    missing = [part for part in PARTS if seen.kind == ADDRESS and part not in seen.ports]
    unreached = [part for part in PARTS if outside and part not in seen.floating]
    external = _external(connection, seen, found, asked) if unreached else ""
    if not check:
        ports = {**seen.ports, **{part: _make_port(connection, seen, found, part) for part in missing}}
        for part in unreached:
            where = {"port_id": ports[part].id} if seen.kind == ADDRESS else {}
            connection.network.create_ip(floating_network_id=external, description=_mark(found.id, part), **where)
    return (*(f"port {part}" for part in missing), *(f"floating address {part}" for part in unreached))


def _external(connection: t.Any, seen: Seen, found: ReplicationSet, asked: str | None) -> str:
    if found.primary in seen.public and not asked:
        return str(seen.public[found.primary].floating_network_id)
    network = external_network(connection, asked, _home(seen, found).network_id)
    if network is None:
        msg = f"floating_network: there is no external network{f' {asked!r}' if asked else ''} for a floating address"
        raise DbaasError("not_found", msg, option="floating_network")
    return network


def _make_port(connection: t.Any, seen: Seen, found: ReplicationSet, part: str) -> t.Any:
    """It reserves an address in each subnet in which the primary has one, and is bound to nobody."""
    home = _home(seen, found)
    subnets = dict.fromkeys(fixed["subnet_id"] for fixed in home.fixed_ips)
    return connection.network.create_port(
        name=_name(found.id, part),
        description=mark_of(found.id),
        network_id=home.network_id,
        fixed_ips=[{"subnet_id": subnet} for subnet in subnets],
        security_groups=[],
    )


def carry_out(connection: t.Any, seen: Seen, found: ReplicationSet, moves: Moves) -> None:
    """Nobody gets an address before it is seen that nobody else has it."""
    for uid, addresses in moves.taken:
        _take(connection, seen, uid, addresses)
    for uid, addresses in moves.given:
        port = _seat(seen, found, uid)
        if seen.kind == FLOATING:
            for one in _floating(seen, addresses):
                inside = next(address for address in _fixed(port) if ipaddress.ip_address(address).version == 4)
                connection.network.update_ip(one.id, port_id=port.id, fixed_ip_address=inside)
        else:
            pairs = [*_pairs(connection.network.get_port(port.id)), *({"ip_address": one} for one in sorted(addresses))]
            connection.network.update_port(port.id, allowed_address_pairs=pairs)


def _take(connection: t.Any, seen: Seen, uid: str, addresses: frozenset[str]) -> None:
    network = connection.network
    if seen.kind == FLOATING:
        for one in _floating(seen, addresses):
            network.update_ip(one.id, port_id=None)
        left = {one.floating_ip_address for one in _floating(seen, addresses) if network.get_ip(one.id).port_id}
    else:
        left = set()
        for port in seen.seats[uid]:
            pairs = _pairs(port)
            kept = _endpoint.without(pairs, addresses)
            if kept != pairs:
                network.update_port(port.id, allowed_address_pairs=kept)
                left |= addresses & {_endpoint.address_of(pair) for pair in _pairs(network.get_port(port.id))}
    if left:
        msg = f"endpoint: {', '.join(sorted(left))} is still at {seen.names.get(uid, uid)}, so nobody else gets it; run it again"
        raise DbaasError("conflict", msg)


def _floating(seen: Seen, addresses: t.Collection[str]) -> list[t.Any]:
    return [one for one in seen.floating.values() if one.floating_ip_address in addresses]


def leave(connection: t.Any, found: ReplicationSet, uid: str, *, check: bool) -> bool:
    """Have a member have none of the addresses; whether it has, or had, some."""
    if not found.endpoint:
        return False
    seen = look(connection, found, found.endpoint)
    addresses = seen.standing().get(uid, frozenset())
    if addresses and not check:
        _take(connection, seen, uid, addresses)
    return bool(addresses)


def remove(connection: t.Any, found: ReplicationSet, *, check: bool) -> bool:
    """Have nothing of it any more, whatever a run that was killed left; whether something is, or was, there."""
    if not found.endpoint:
        return False
    network = connection.network
    seen = look(connection, found, found.endpoint)
    ports = list(network.ports(description=mark_of(found.id)))
    if not check:
        for uid, addresses in seen.standing().items():
            if addresses:
                _take(connection, seen, uid, addresses)
        for one in seen.floating.values():
            network.delete_ip(one.id)
        for port in ports:
            network.delete_port(port.id)
    return bool(ports or seen.floating)


def _name(identity: str, part: str) -> str:
    return f"{name_of(identity)}-{part}"


def _mark(identity: str, part: str) -> str:
    """A floating address has no name."""
    return f"{mark_of(identity)} {part}"


def _fixed(port: t.Any) -> list[str]:
    """IPv4 first."""
    addresses = [fixed["ip_address"] for fixed in port.fixed_ips or ()]
    return sorted(addresses, key=lambda address: (ipaddress.ip_address(address).version, address))


def _pairs(port: t.Any) -> list[t.Mapping[str, str]]:
    return list(port.allowed_address_pairs or ())
