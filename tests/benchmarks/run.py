# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`./dev bench [NAME...]`: each benchmark prints figures beside a baseline of the same run, as a ratio; docs/benchmarks.md records them.

They run on the cloud of OS_CLIENT_CONFIG_FILE and OS_CLOUD (`./dev cloud up` makes one) and remove what they make.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".dev" / "collections")]

import openstack  # noqa: E402
from ansible_collections.dbaas.openstack.plugins.module_utils import _images_cloud  # noqa: E402

from tests.benchmarks import backup, configuration, day_two, fleet, replication  # noqa: E402
from tests.benchmarks.instances import databases, must  # noqa: E402
from tests.e2e.guests import Database  # noqa: E402
from tests.e2e.playbooks import play  # noqa: E402

IDLE_SECONDS = 600
PATIENCE = 600
Figures = dict[str, float]


def main() -> int:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        figures = BENCHMARKS[name]()
        print(name, *(f"{key}={value:.2f}" for key, value in figures.items()), flush=True)
    return 0


def module_noop() -> Figures:
    """CPU seconds of a run of module instance that changes nothing, of importing openstacksdk, and of ansible with a module that does nothing."""
    run = ["ansible", "localhost", "-m"]
    noop = _cpu([*run, "dbaas.openstack.instance", "-a", json.dumps({"name": "bench-nothing", "state": "absent"})])
    ping = _cpu([*run, "ansible.builtin.ping"])
    sdk = _cpu([sys.executable, "-c", "import openstack; openstack.connect().compute"])
    return {"noop_cpu_s": noop - ping, "import_sdk_cpu_s": sdk, "ratio": (noop - ping) / sdk}


def create() -> Figures:
    """Seconds of instance_create against a bare server of the same image and flavor until its SSH port answers; then of a run without change."""
    cloud = openstack.connect()
    with tempfile.TemporaryDirectory() as directory:
        bare = _bare_server(cloud)
        name = f"bench-{secrets.token_hex(3)}"
        wish = Database(name, Path(directory)).wish(volume_size=1)
        try:
            made = must(play("instance_create", wish))
            again = must(play("instance_create", wish))
        finally:
            play("instance_delete", {"instance": name})
    return {
        "bare_server_to_ssh_s": bare,
        "create_s": made.seconds,
        "ratio": made.seconds / bare,
        "remote_tasks": made.remote_tasks,
        "rerun_s": again.seconds,
        "rerun_changed": again.changed,
    }


def agent_idle() -> Figures:
    """Memory (MiB) and share of a core of an idle agent over ten minutes, beside those of the database that it watches."""
    with databases(1) as (database,):
        first = _usage(database)
        time.sleep(IDLE_SECONDS)
        last = _usage(database)
    seconds = last["now"] - first["now"]
    share = {unit: (last[unit] - first[unit]) / seconds for unit in ("agent_cpu", "mariadb_cpu")}
    return {
        "agent_mib": last["agent_rss"],
        "agent_core_percent": 100 * share["agent_cpu"],
        "mariadb_mib": last["mariadb_rss"],
        "memory_ratio": last["agent_rss"] / last["mariadb_rss"],
    }


BENCHMARKS: dict[str, Callable[[], Figures]] = {
    "module_noop": module_noop,
    "create": create,
    "agent_idle": agent_idle,
    **backup.BENCHMARKS,
    **configuration.BENCHMARKS,
    **day_two.BENCHMARKS,
    **fleet.BENCHMARKS,
    **replication.BENCHMARKS,
}


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false"}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _bare_server(cloud: Any) -> float:
    began = time.monotonic()
    with _server(cloud) as address:
        while time.monotonic() - began < PATIENCE:
            with contextlib.suppress(OSError), socket.create_connection((address, 22), 3) as connection:
                connection.settimeout(20)
                if connection.recv(4).startswith(b"SSH"):
                    return time.monotonic() - began
            time.sleep(0.5)
    sys.exit(f"the bare server's SSH did not answer within {PATIENCE} s")


@contextlib.contextmanager
def _server(cloud: Any) -> Iterator[str]:
    """A server as anybody would make it: image, flavor, port, floating address."""
    name = f"bench-bare-{secrets.token_hex(3)}"
    network = cloud.network
    group = network.create_security_group(name=name)
    network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    port = network.create_port(name=name, network_id=network.find_network("private").id, security_groups=[group.id])
    address = network.create_ip(floating_network_id=network.find_network("provider").id, port_id=port.id)
    server = cloud.compute.create_server(
        name=name,
        image_id=_images_cloud.find_version(cloud, "mariadb")["id"],
        flavor_id=cloud.compute.find_flavor("m1.small").id,
        networks=[{"port": port.id}],
    )
    try:
        yield address.floating_ip_address
    finally:
        cloud.compute.delete_server(server)
        cloud.compute.wait_for_delete(server, wait=120)
        network.delete_ip(address)
        network.delete_port(port)
        network.delete_security_group(group)


def _usage(database: Database) -> Figures:
    script = (
        "for unit in dbaas-agent mariadb; do pid=$(systemctl show -P MainPID $unit);"
        " echo $(awk '/VmRSS/{print $2}' /proc/$pid/status) $(cut -d' ' -f14,15 /proc/$pid/stat); done; cut -d' ' -f1 /proc/uptime; getconf CLK_TCK"
    )
    *units, uptime, ticks = database.shell(script)
    figures: Figures = {"now": float(uptime)}
    for unit, line in zip(("agent", "mariadb"), units, strict=True):
        rss, user, system = map(int, line.split())
        figures[f"{unit}_rss"] = rss / 1024
        figures[f"{unit}_cpu"] = (user + system) / int(ticks)
    return figures


if __name__ == "__main__":
    sys.exit(main())
