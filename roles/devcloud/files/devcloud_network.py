# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's side of a cloud's network: addresses, forwarding, masquerading.

usage: devcloud_network.py up|down --state-dir DIR --owner OWNER

Every rule carries the cloud's name as comment; `down` removes what carries it.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from devcloud_common import Cloud, find_or_fail, lock, parser, remove_link, report, run, script, succeeds

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
EVERY_CLOUD = "172.30.0.0/16"
CHAINS = (("nat", "POSTROUTING"), ("filter", "FORWARD"))


def _rules(cloud: Cloud) -> list[tuple[str, str, list[str]]]:
    """(table, chain, rule): guests reach the outside as this machine, also where forwarding is refused otherwise."""
    network, comment = str(cloud.network), ["-m", "comment", "--comment", cloud.machine]
    return [
        ("nat", "POSTROUTING", ["-s", network, "!", "-d", EVERY_CLOUD, *comment, "-j", "MASQUERADE"]),
        ("filter", "FORWARD", ["-s", network, *comment, "-j", "ACCEPT"]),
        ("filter", "FORWARD", ["-d", network, *comment, "-j", "ACCEPT"]),
    ]


def _iptables(table: str, *words: str) -> list[str]:
    return ["iptables", "-w", "10", "-t", table, *words]


def _give_address(link: str, address: str) -> bool:
    known = json.loads(run("ip", "-4", "-json", "address", "show", "dev", link).stdout)
    has_it = any(
        f"{info['local']}/{info['prefixlen']}" == address for entry in known for info in entry.get("addr_info", ())
    )
    if has_it:
        return False
    run("ip", "address", "replace", address, "dev", link)
    run("ip", "link", "set", link, "up")
    return True


def _up(cloud: Cloud) -> bool:
    changed = _give_address(cloud.api_link, f"{cloud.api_subnet[1]}/24")
    changed |= _give_address(cloud.provider_link, f"{cloud.provider_subnet[1]}/24")
    if FORWARDING.read_text(encoding="ascii").strip() != "1":
        FORWARDING.write_text("1", encoding="ascii")
        changed = True
    for table, chain, rule in _rules(cloud):
        if not succeeds(*_iptables(table, "-C", chain, *rule)):
            run(*_iptables(table, "-I", chain, *rule))
            changed = True
    return changed


def down(cloud: Cloud) -> bool:
    """Remove all of it; whether anything was there."""
    changed = False
    for table, chain in CHAINS:
        for line in run(*_iptables(table, "-S", chain)).stdout.splitlines():
            words = shlex.split(line)
            if words[0] == "-A" and "--comment" in words and words[words.index("--comment") + 1] == cloud.machine:
                run(*_iptables(table, "-D", *words[1:]))
                changed = True
    for link in (cloud.api_link, cloud.provider_link):
        changed = remove_link(link) or changed
    return changed


def main() -> None:
    """Run from the command line."""
    options = parser(__doc__)
    options.add_argument("action", choices=("up", "down"))
    arguments = options.parse_args()
    cloud = find_or_fail(arguments.state_dir, arguments.owner)
    with lock(cloud.directory / "lock"):
        report(changed=_up(cloud) if arguments.action == "up" else down(cloud))


if __name__ == "__main__":
    script(main)
