# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions of the image builder."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "roles/guest_image/files/build.py"
LOADED = importlib.util.spec_from_file_location("guest_image_build", SOURCE)
assert LOADED is not None
assert LOADED.loader is not None
build = importlib.util.module_from_spec(LOADED)
sys.modules[LOADED.name] = build
LOADED.loader.exec_module(build)

SPEC = build.Spec(
    name="thing-1",
    os="debian-13",
    suite="trixie",
    pockets=["updates", "security"],
    packages=["thing"],
    enabled_units=[],
    masked_units=[],
    held_packages=[],
    disabled_services=[],
    removed_paths=[],
    outputs=["qcow2"],
    guest_mirror="",
    serial="",
    cache_dir="/cache",
)
TARGETS = "http://a/debian bookworm\nhttp://a/debian bookworm-updates\nhttp://s/security bookworm-security\nhttp://x/y stable\n"
MIRRORS = build.Mirrors("http://a/debian", "http://s/security", {})


def test_mirrors_are_those_of_the_hosts_release() -> None:
    settings = 'Acquire::Check-Date "false";\nAcquire::http::Proxy "http://p:1";\nAPT::Other "x";\n'
    found = build.parse_mirrors(TARGETS, "bookworm", settings)
    assert (found.archive, found.security) == ("http://a/debian", "http://s/security")
    assert found.options == {"Acquire::Check-Date": "false", "Acquire::http::Proxy": "http://p:1"}


def test_a_host_without_mirror_is_refused() -> None:
    with pytest.raises(build.BuildError):
        build.parse_mirrors(TARGETS, "trixie", "")


def test_the_guest_gets_the_mirrors_without_the_hosts_proxy() -> None:
    mirrors = dataclasses.replace(MIRRORS, options={"Acquire::Check-Date": "false", "Acquire::http::Proxy": "p"})
    assert build.guest_mirrors(SPEC, mirrors).options == {"Acquire::Check-Date": "false"}
    own = build.guest_mirrors(dataclasses.replace(SPEC, guest_mirror="http://m/debian"), mirrors)
    assert build.source_lines(own, "sid", []) == ["deb http://m/debian sid main"]
    assert build.source_lines(own, "trixie", SPEC.pockets) == [
        "deb http://m/debian trixie main",
        "deb http://m/debian trixie-updates main",
        "deb http://m/debian-security trixie-security main",
    ]


def test_an_entry_is_named_after_its_inputs_only() -> None:
    name = build.entry_name(SPEC, MIRRORS, [("f", b"1")])
    assert name.startswith("thing-1-debian-13-")
    same = dataclasses.replace(SPEC, cache_dir="/elsewhere", outputs=["nspawn"])
    assert build.entry_name(same, MIRRORS, [("f", b"1")]) == name
    others = {
        build.entry_name(dataclasses.replace(SPEC, packages=["other"]), MIRRORS, [("f", b"1")]),
        build.entry_name(dataclasses.replace(SPEC, serial="2"), MIRRORS, [("f", b"1")]),
        build.entry_name(SPEC, dataclasses.replace(MIRRORS, archive="http://b"), [("f", b"1")]),
        build.entry_name(SPEC, MIRRORS, [("f", b"2")]),
        build.entry_name(SPEC, MIRRORS, [("g", b"1")]),
    }
    assert len(others | {name}) == 6


@pytest.mark.parametrize(("used", "size"), [(0, 256), (58, 320), (600, 960), (10000, 11264)])
def test_image_size(used: int, size: int) -> None:
    assert build.image_mib(used) == size


def test_old_entries_are_removed_but_the_newest_and_the_current(tmp_path: Path) -> None:
    names = [f"thing-1-debian-13-{digit * 16}" for digit in "abcd"]
    for age, name in enumerate(names):
        (tmp_path / name / "root").mkdir(parents=True)

        os.utime(tmp_path / name, (age, age))
    (tmp_path / ("thing-11-debian-13-" + "e" * 16)).mkdir()
    assert sorted(build.prune(tmp_path / names[3])) == names[:2]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[2:], "thing-11-debian-13-" + "e" * 16]


def test_what_is_missing(tmp_path: Path) -> None:
    assert build.missing_outputs(tmp_path, ["qcow2", "nspawn"]) == ["qcow2", "nspawn"]
    (tmp_path / "root").mkdir()
    assert build.missing_outputs(tmp_path, ["qcow2", "nspawn"]) == ["qcow2"]
