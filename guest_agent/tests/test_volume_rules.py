# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be done to a device: formatting is the exception."""

from __future__ import annotations

import configparser
import struct
from itertools import product

import pytest
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.volume_rules import (
    HEAD,
    SLACK,
    Evidence,
    candidates,
    filesystem_bytes,
    mount_unit,
    must_format,
    must_grow,
)
from hypothesis import given, strategies

VOLUME_ID = "3f6a1c1e-5f0f-4f0c-9d1b-2b6f1a0f7c11"
BLANK = Evidence()
HALF_MADE = Evidence(zero=False, interrupted=True)


def verdict(evidence: Evidence, initialised: bool) -> str:
    try:
        return "format" if must_format(evidence, initialised) else "adopt"
    except AgentError as refusal:
        return {"conflict": "refuse"}[refusal.reason]


@pytest.mark.parametrize(
    ("evidence", "fresh", "initialised"),
    [
        (BLANK, "format", "refuse"),
        (HALF_MADE, "format", "refuse"),
        (Evidence(zero=False), "refuse", "refuse"),
        (Evidence("ext4", ("ext4",), zero=False), "adopt", "adopt"),
        (Evidence("xfs", ("xfs",), zero=False), "adopt", "adopt"),
        (Evidence("ext4", ("ext4",), zero=False, interrupted=True), "adopt", "adopt"),
        (Evidence("", ("ext4",), zero=False), "refuse", "refuse"),
        (Evidence("", ("ext4",), zero=False, interrupted=True), "format", "refuse"),
        (Evidence("ext4", ("ext4", "LVM2_member"), zero=False), "refuse", "refuse"),
        (Evidence("ext4", ("ext4", "xfs"), zero=False), "refuse", "refuse"),
        (Evidence("ambivalent", ("ext4", "xfs"), zero=False), "refuse", "refuse"),
        (Evidence("crypto_LUKS", ("crypto_LUKS",), zero=False, interrupted=True), "refuse", "refuse"),
        (Evidence("gpt", ("gpt",), zero=False), "refuse", "refuse"),
        (Evidence(used_by=("vdb1",)), "refuse", "refuse"),
    ],
)
def test_the_rules(evidence: Evidence, fresh: str, initialised: str) -> None:
    assert (verdict(evidence, False), verdict(evidence, True)) == (fresh, initialised)


KINDS = strategies.sampled_from(["", "ext4", "xfs", "btrfs", "gpt", "crypto_LUKS", "ambivalent"])


@given(KINDS, strategies.lists(KINDS.filter(bool)), strategies.booleans(), strategies.booleans())
def test_only_a_blank_or_half_made_unused_device_is_formatted(
    kind: str, signatures: list[str], zero: bool, interrupted: bool
) -> None:
    for used_by, initialised in product([(), ("vdb1",)], [False, True]):
        evidence = Evidence(kind, tuple(signatures), zero, used_by, interrupted)
        if verdict(evidence, initialised) == "format":
            assert not used_by
            assert not initialised
            assert set(signatures) <= {"ext4", "xfs"}
            assert interrupted or (zero and not kind and not signatures)


def test_candidates_are_derived_from_the_volume_id_alone() -> None:
    assert candidates(VOLUME_ID) == [
        "/dev/disk/by-id/virtio-3f6a1c1e-5f0f-4f0c-9",
        "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_3f6a1c1e-5f0f-4f0c-9",
        f"/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_{VOLUME_ID}",
    ]


def test_the_mount_unit_can_be_read_by_systemd(config: Config) -> None:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(mount_unit(config, "/dev/disk/by-id/virtio-x", "ext4"))
    assert parser["Mount"]["What"] == "/dev/disk/by-id/virtio-x"
    assert parser["Mount"]["Where"] == config.mount_point
    assert parser["Mount"]["Type"] == "ext4"
    assert "noatime" in parser["Mount"]["Options"].split(",")


def ext4(blocks: int, exponent: int) -> bytes:
    head = bytearray(HEAD)
    struct.pack_into("<I", head, 1024 + 0x4, blocks & 0xFFFFFFFF)
    struct.pack_into("<I", head, 1024 + 0x18, exponent)
    struct.pack_into("<I", head, 1024 + 0x150, blocks >> 32)
    return bytes(head)


def xfs(blocks: int, block: int) -> bytes:
    return struct.pack(">4sIQ", b"XFSB", block, blocks).ljust(HEAD, b"\0")


@given(strategies.integers(1, 2**48), strategies.sampled_from([0, 1, 2, 6]))
def test_file_systems_tell_their_size(blocks: int, exponent: int) -> None:
    size = blocks << (10 + exponent)
    assert filesystem_bytes("ext4", ext4(blocks, exponent)) == size
    assert filesystem_bytes("xfs", xfs(blocks, 1 << (10 + exponent))) == size


@pytest.mark.parametrize(("device", "grow"), [(2**30, False), (2**30 + SLACK - 1, False), (2**30 + SLACK, True)])
def test_a_file_system_grows_when_its_device_did(device: int, grow: bool) -> None:
    assert must_grow("ext4", ext4(2**18, 2), device) == grow
    assert must_grow("xfs", xfs(2**18, 4096), device) == grow
