# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions of devcloud's scripts; what they do is proven by making clouds."""

from __future__ import annotations

import configparser
import importlib
import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, strategies

cgroup, common, place, preflight, rootfs = (
    importlib.import_module(f"devcloud_{name}") for name in ("cgroup", "common", "place", "preflight", "rootfs")
)
configure = importlib.import_module("inside.configure")

MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
"""
HYBRID = """\
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
UNIFIED = "30 23 0:26 /docker/1f /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


@pytest.mark.parametrize(
    ("mountinfo", "membership", "expected"),
    [
        (
            MOUNTS + HYBRID,
            "9:name=systemd:/a/b\n4:memory:/m\n0::/\n",
            ["/sys/fs/cgroup/systemd/a/b", "/sys/fs/cgroup/unified"],
        ),
        (UNIFIED, "0::/docker/1f/x\n", ["/sys/fs/cgroup/x"]),
        (UNIFIED.replace("/docker/1f", "/"), "0::/user.slice/s:1.scope\n", ["/sys/fs/cgroup/user.slice/s:1.scope"]),
        (MOUNTS, "4:memory:/m\n", []),
    ],
)
def test_cgroups_of_systemd_are_found(mountinfo: str, membership: str, expected: list[str]) -> None:
    assert cgroup.places(mountinfo, membership) == [Path(path) for path in expected]


OPTIONS = strategies.dictionaries(
    strategies.from_regex(r"[a-z][a-z_]{0,5}", fullmatch=True), strategies.integers() | strategies.booleans()
)
SECTIONS = strategies.dictionaries(strategies.sampled_from(["DEFAULT", "database", "oslo"]), OPTIONS)


def _read(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(default_section="", strict=False)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


@given(SECTIONS, SECTIONS)
def test_merged_settings_are_set_and_others_stay(
    before: dict[str, dict[str, int]], wanted: dict[str, dict[str, int]]
) -> None:
    base = configure.merge("", before)
    merged = configure.merge(base, wanted)
    expected = {name: {**before.get(name, {}), **wanted.get(name, {})} for name in {*before, *wanted}}
    assert _read(merged) == {
        name: {option: str(value).lower() for option, value in options.items()} for name, options in expected.items()
    }
    assert configure.merge(merged, wanted) == merged


def test_comments_and_repeated_sections_survive_a_merge() -> None:
    text = "# top\n[a]\nx = 1\n# x = 2\n[b]\ny=1\n[a]\nx = 3\nz = 4\n"
    assert configure.merge(text, {"a": {"x": 5}}) == "# top\n[a]\nx = 5\n# x = 2\n[b]\ny=1\n[a]\nz = 4\n"


def test_mirrors_are_debians_alone() -> None:
    targets = ["http://o/x bookworm Other", "http://a/d bookworm Debian", "http://s/d bookworm-security Debian"]
    assert preflight.mirrors(targets, "bookworm") == ("http://a/d", "http://s/d")
    assert preflight.mirrors(targets, "trixie") == ("", "")


def test_a_nameserver_is_one_that_guests_reach(tmp_path: Path) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("nameserver 127.0.0.53\nnameserver fe80::1\nnameserver\n")
    real.write_text("search here\nnameserver 192.0.2.7\n")
    assert preflight.nameserver([tmp_path / "missing", stub, real]) == "192.0.2.7"
    assert preflight.nameserver([stub]) == ""


@given(strategies.sampled_from(common.NUMBERS), strategies.sampled_from(common.NUMBERS))
def test_clouds_never_share_a_name_or_an_address(one: int, other: int) -> None:
    first, second = common.Cloud(Path("/s"), one).facts(), common.Cloud(Path("/s"), other).facts()
    if one != other:
        assert not set(first.values()) & set(second.values())
    networks = [ipaddress.ip_network(first[name]) for name in ("api_subnet", "provider_subnet", "private_subnet")]
    others = [ipaddress.ip_network(second[name]) for name in ("api_subnet", "provider_subnet", "private_subnet")]
    assert [[mine.overlaps(other) for other in others] for mine in networks] == [
        [one == other and row == column for column in range(3)] for row in range(3)
    ]


def test_a_number_is_free_unless_somebody_elses_route_lies_in_it() -> None:
    cloud = common.Cloud(Path("/s"), 2)
    there = ipaddress.IPv4Network("172.30.5.128/25")
    assert place.is_free(cloud, [("eth0", ipaddress.IPv4Network("172.30.6.0/24")), (cloud.api_link, there)])
    assert not place.is_free(cloud, [("eth0", there)])


def test_the_key_of_a_root_file_system_follows_its_recipe(tmp_path: Path) -> None:
    script = tmp_path / "build.sh"
    script.write_text("one")
    keys = [rootfs.key_of(tmp_path, "bookworm"), rootfs.key_of(tmp_path, "trixie")]
    script.chmod(0o755)
    keys.append(rootfs.key_of(tmp_path, "bookworm"))
    script.write_text("two")
    keys.append(rootfs.key_of(tmp_path, "bookworm"))
    script.rename(tmp_path / "other.sh")
    keys.append(rootfs.key_of(tmp_path, "bookworm"))
    assert len(set(keys)) == len(keys)
    assert rootfs.key_of(tmp_path, "bookworm") == keys[-1]
