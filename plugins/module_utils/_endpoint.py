# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""At which members of a replication set the addresses stand by which clients reach it. Pure; private to the collection.

Addresses are moved between members: taken from whoever has them and is not to, then given. docs/decisions/replication-endpoint.md says why.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError

ADDRESS, FLOATING = "address", "floating"
KINDS = (ADDRESS, FLOATING)
"""An address of a port of the set's own, which the port of a member may use; or a floating address, which leads to the port of a member."""
AUTO, NONE = "auto", "none"
WRITER, READER = "writer", "reader"
PARTS = (WRITER, READER)
Standing = t.Mapping[str, frozenset[str]]
"""Addresses of the set by the uid of the member at which they stand."""


def chosen(asked: str | None, there: str, pairs_allowed: t.Callable[[], bool]) -> str:
    """The way of a set that has one already, or has none (empty). asked: None for what it has. DbaasError when it cannot be had."""
    if asked is None or (there and asked in (AUTO, there)):
        return there
    if asked == NONE:
        return ""
    if there:
        msg = f"endpoint: it is {there} already; with none it is taken away, after which it can be {asked}"
        raise DbaasError("conflict", msg, option="kind")
    if asked == FLOATING:
        return FLOATING
    allowed = pairs_allowed()
    if asked == ADDRESS and not allowed:
        msg = "endpoint: this network is not the project's, and its policy allows no allowed_address_pairs: floating moves a floating address"
        raise DbaasError("unsupported", msg, option="kind")
    return ADDRESS if allowed else FLOATING


def holders(kind: str, primary: str, reads: str, followers: t.Sequence[str] | None) -> dict[str, str]:
    """The member of each part; a part that nobody can have is not there.

    reads: who has the reader's addresses; empty: nobody. followers: None where that is to stay so.
    A port has one floating address, and the writer's comes first.
    """
    stays = bool(reads) and (followers is None or reads in followers)
    reader = reads if stays else next(iter(followers or ()), primary)
    found = {WRITER: primary, READER: reader}
    return {WRITER: primary} if kind == FLOATING and reader == primary else found


def standing(addresses: t.Mapping[str, t.Collection[str]], at: t.Mapping[str, str]) -> Standing:
    """addresses: of each part. at: its member."""
    found: dict[str, frozenset[str]] = {}
    for part, member in at.items():
        found[member] = found.get(member, frozenset()) | frozenset(addresses.get(part, ()))
    return found


@dataclasses.dataclass(frozen=True)
class Moves:
    """What is taken from members, and then given to members."""

    taken: tuple[tuple[str, frozenset[str]], ...]
    given: tuple[tuple[str, frozenset[str]], ...]

    @property
    def changed(self) -> bool:
        return bool(self.taken or self.given)


def moves(here: Standing, wanted: Standing) -> Moves:
    """From one standing to another one."""
    nothing: frozenset[str] = frozenset()
    taken = ((one, here[one] - wanted.get(one, nothing)) for one in sorted(here))
    given = ((one, wanted[one] - here.get(one, nothing)) for one in sorted(wanted))
    return Moves(tuple(step for step in taken if step[1]), tuple(step for step in given if step[1]))


Pair = t.Mapping[str, str]


def address_of(pair: Pair) -> str:
    """The one address that a port's pair allows; empty where it allows a whole network."""
    network = ipaddress.ip_network(pair["ip_address"], strict=False)
    return str(network.network_address) if network.num_addresses == 1 else ""


def without(pairs: t.Iterable[Pair], gone: t.Collection[str]) -> list[Pair]:
    """The pairs of a port, others' as they are."""
    return [pair for pair in pairs if address_of(pair) not in gone]
