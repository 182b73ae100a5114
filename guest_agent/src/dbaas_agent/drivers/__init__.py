# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore drivers, loaded by name so that only the one in use costs memory."""

from __future__ import annotations

from importlib import import_module

from dbaas_agent.config import Config
from dbaas_agent.drivers.base import Driver
from dbaas_agent.errors import AgentError


def load(config: Config) -> Driver:
    """The driver that the configuration names; AgentError(unsupported) when there is none of that name."""
    name = f"{__name__}.{config.driver}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as fault:
        if fault.name != name:
            raise
        raise AgentError("unsupported", f"driver: there is no driver {config.driver!r}") from fault
    driver: Driver = module.Driver(config)
    return driver
