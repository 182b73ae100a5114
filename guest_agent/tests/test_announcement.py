# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames that say where an address is, read again field by field."""

from __future__ import annotations

import ipaddress
import struct

from dbaas_agent.announcement import frame
from hypothesis import given, strategies

HARDWARE = bytes.fromhex("fa163e57b982")


@given(strategies.ip_addresses(v=4))
def test_arp_tells_the_address_of_itself(address: ipaddress.IPv4Address) -> None:
    told = frame(str(address), HARDWARE)
    assert (told[:6], told[6:12], told[12:14]) == (b"\xff" * 6, HARDWARE, b"\x08\x06")
    assert struct.unpack("!HHBBH", told[14:22]) == (1, 0x0800, 6, 4, 1)
    assert (told[22:28], told[28:32], told[38:42]) == (HARDWARE, address.packed, address.packed)


@given(strategies.ip_addresses(v=6))
def test_an_advertisement_overrides_what_neighbours_know(address: ipaddress.IPv6Address) -> None:
    told = frame(str(address), HARDWARE)
    assert (told[:6], told[6:12], told[12:14]) == (bytes.fromhex("333300000001"), HARDWARE, b"\x86\xdd")
    header, message = told[14:54], told[54:]
    assert struct.unpack("!HBB", header[4:8]) == (len(message), 58, 255)
    assert (header[8:24], header[24:40]) == (address.packed, ipaddress.IPv6Address("ff02::1").packed)
    kind, code, _sum, flags = struct.unpack("!BBHI", message[:8])
    assert (kind, code, flags) == (136, 0, 0x20000000)
    assert message[8:] == address.packed + b"\x02\x01" + HARDWARE
    # As a receiver checks it: the sum of all words with the sum itself is all ones.
    words = header[8:40] + struct.pack("!II", len(message), 58) + message
    total = sum(struct.unpack(f"!{len(words) // 2}H", words))
    assert total % 0xFFFF == 0
    assert total
