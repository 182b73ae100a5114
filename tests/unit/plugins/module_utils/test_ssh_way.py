# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether SSH would get to a guest."""

from __future__ import annotations

import dataclasses
import ipaddress
import socket

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_spec import NetworkWish, Spec
from ansible_collections.dbaas.openstack.plugins.module_utils._ssh_way import (
    Hop,
    address_in,
    closed_problems,
    hop,
    jump_arguments,
    jump_problem,
    warnings,
)
from hypothesis import example, given
from hypothesis import strategies as st

SPEC = Spec("orders", networks=(NetworkWish("private"),), management_cidrs=("203.0.113.7/32",))


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({}, 0),
        ({"management_cidrs": ()}, 1),
        # A port of the user's has security groups of its own, unless SSH goes over another one.
        ({"management_cidrs": (), "networks": (NetworkWish(port="mine"),)}, 0),
        ({"management_cidrs": (), "networks": (NetworkWish(port="mine"),), "management_network": "m"}, 1),
        ({"management_cidrs": (), "networks": (NetworkWish("private"), NetworkWish(port="mine"))}, 1),
    ],
)
def test_somebody_has_to_reach_ssh(change: dict, number: int) -> None:
    found = closed_problems(dataclasses.replace(SPEC, **change))
    assert [(problem.option, problem.reason) for problem in found] == [("management_cidrs", "invalid")] * number


@pytest.mark.parametrize(
    ("jump", "arguments"),
    [
        ("bastion", ["bastion"]),
        ("me@bastion.example.org:2222", ["-l", "me", "-p", "2222", "bastion.example.org"]),
        ("192.0.2.1:22", ["-p", "22", "192.0.2.1"]),
        ("me@[2001:db8::1]:22", ["-l", "me", "-p", "22", "2001:db8::1"]),
        ("2001:db8::1", None),
        ("a,b", None),
        ("ssh://bastion", None),
        ("me@", None),
        ("bastion:ssh", None),
        ("-oProxyCommand=x", None),
        ("-oProxyCommand=x@bastion", None),
        ("bas tion", None),
        ("", None),
    ],
)
def test_jump_hosts_are_read(jump: str, arguments: list[str] | None) -> None:
    assert jump_arguments(jump) == arguments


@given(st.text(st.sampled_from("-a@:[]2., \n/="), max_size=12))
@example("-@-:2")
@example("a\n")
def test_no_jump_host_becomes_an_option_of_ssh(jump: str) -> None:
    arguments = jump_arguments(jump)
    if arguments is not None:
        *options, host = arguments
        assert not host.startswith("-")
        assert all(not value.startswith("-") for value in options[1::2])
        assert set(options[::2]) <= {"-l", "-p"}


TOLD = "host bastion\nuser me\nhostname 192.0.2.1\nport 2222\naddressfamily any\n"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (TOLD, Hop("192.0.2.1", 2222, relayed=False)),
        (TOLD + "proxyjump outer\n", Hop("192.0.2.1", 2222, relayed=True)),
        (TOLD + "proxycommand nc -X 5 %h %p\n", Hop("192.0.2.1", 2222, relayed=True)),
        (TOLD + "proxycommand none\n", Hop("192.0.2.1", 2222, relayed=False)),
    ],
)
def test_what_ssh_makes_of_a_jump_host(told: str, expected: Hop) -> None:
    assert hop(told) == expected


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "not_found"),
        (TimeoutError("timed out"), "timeout"),
        (ConnectionRefusedError(111, "Connection refused"), "timeout"),
    ],
)
def test_why_a_jump_host_does_not_answer(error: OSError, reason: str) -> None:
    problem = jump_problem("me@bastion", Hop("192.0.2.1", 22, relayed=False), error)
    assert (problem.option, problem.value, problem.reason) == ("ssh_jump", "me@bastion", reason)


@pytest.mark.parametrize(
    ("sources", "cidrs", "number"),
    [
        ({"10.0.0.0/24": "198.51.100.7"}, ["198.51.100.0/24"], 0),
        ({"10.0.0.0/24": "198.51.100.7"}, ["203.0.113.0/24", "198.51.100.7/32"], 0),
        ({"10.0.0.0/24": "198.51.100.7"}, ["203.0.113.0/24", "2001:db8::/32"], 1),
        ({"10.0.0.0/24": "198.51.100.7", "fd00::/64": None}, ["203.0.113.0/24"], 1),
        ({"10.0.0.0/24": "198.51.100.7", "fd00::/64": "2001:db8::7"}, ["2001:db8::/32"], 0),
        ({"fd00::/64": None}, ["203.0.113.0/24"], 1),
        ({"10.0.0.0/24": "198.51.100.7"}, ["no network"], 1),
        ({}, ["203.0.113.0/24"], 0),
    ],
)
def test_a_source_that_is_not_let_in_is_warned_of(
    sources: dict[str, str | None], cidrs: list[str], number: int
) -> None:
    found = warnings(sources, cidrs)
    assert len(found) == number
    assert all(target in line for line in found for target in sources)


@given(st.ip_addresses(), st.integers(0, 128))
@example(ipaddress.ip_address("192.0.2.1"), 32)
def test_an_address_of_a_target_lies_in_it(address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int) -> None:
    network = ipaddress.ip_network((address, length % (address.max_prefixlen + 1)), strict=False)
    assert ipaddress.ip_address(address_in(str(network))) in network
    assert address_in(str(address)) == str(address)
