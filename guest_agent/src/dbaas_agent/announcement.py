# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells a network that an address is here: an ARP announcement (RFC 5227), or an unsolicited neighbour advertisement (RFC 4861), as an Ethernet frame."""

from __future__ import annotations

import ipaddress
import struct

_ARP, _IPV6, _ICMPV6 = 0x0806, 0x86DD, 58
_TO_ALL, _TO_NODES = b"\xff" * 6, bytes.fromhex("333300000001")
_ALL_NODES = ipaddress.IPv6Address("ff02::1").packed
_ADVERTISEMENT, _OVERRIDE, _TARGET_LINK_LAYER = 136, 0x20000000, 2


def frame(address: str, hardware: bytes) -> bytes:
    """hardware: the address of the interface, six bytes."""
    wanted = ipaddress.ip_address(address)
    return _arp(wanted.packed, hardware) if wanted.version == 4 else _advertisement(wanted.packed, hardware)


def _arp(address: bytes, hardware: bytes) -> bytes:
    """A request of the address for itself."""
    request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + hardware + address + bytes(6) + address
    return _TO_ALL + hardware + struct.pack("!H", _ARP) + request


def _advertisement(address: bytes, hardware: bytes) -> bytes:
    told = address + struct.pack("!BB", _TARGET_LINK_LAYER, 1) + hardware
    unsigned = struct.pack("!BBHI", _ADVERTISEMENT, 0, 0, _OVERRIDE) + told
    pseudo = address + _ALL_NODES + struct.pack("!II", len(unsigned), _ICMPV6)
    message = unsigned[:2] + struct.pack("!H", _checksum(pseudo + unsigned)) + unsigned[4:]
    header = struct.pack("!IHBB", 0x60000000, len(message), _ICMPV6, 255) + address + _ALL_NODES
    return _TO_NODES + hardware + struct.pack("!H", _IPV6) + header + message


def _checksum(words: bytes) -> int:
    """RFC 1071; of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
