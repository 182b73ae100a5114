# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS mode of the instance, kept on the data volume: how clients may come, whatever their accounts say."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from dbaas_agent.config import Config
from dbaas_agent.fsutil import read_object, write_atomic

OFF = "off"
PREFERRED = "preferred"
REQUIRED = "required"
MUTUAL = "mutual"
MODES = (OFF, PREFERRED, REQUIRED, MUTUAL)
Who = tuple[str, str]


@dataclass(frozen=True)
class Policy:
    """A mode; plain: accounts (name, host) that need no TLS by themselves, remembered while the mode decides for them."""

    mode: str = PREFERRED
    plain: frozenset[Who] = frozenset()

    @property
    def decides(self) -> bool:
        """Whether the mode, not each account, says what a client from the network must bring."""
        return self.mode in (OFF, MUTUAL)


DEFAULT = Policy()


def path(config: Config) -> str:
    return os.path.join(config.tls_dir, "mode.json")


def read(config: Config) -> Policy:
    """What was kept, or the default; ValueError when the file holds something else."""
    kept = read_object(path(config))
    if kept is None:
        return DEFAULT
    try:
        policy = Policy(kept["mode"], frozenset((name, host) for name, host in kept["plain"]))
    except (KeyError, TypeError) as fault:
        raise ValueError(f"{path(config)} does not hold a TLS mode") from fault
    if policy.mode not in MODES:
        raise ValueError(f"{path(config)}: there is no TLS mode {policy.mode!r}")
    return policy


def write(config: Config, policy: Policy) -> None:
    kept = {"mode": policy.mode, "plain": sorted(policy.plain)}
    write_atomic(path(config), json.dumps(kept).encode() + b"\n")
