# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the options of a module become a connection."""

from __future__ import annotations

from typing import Any

import openstack
import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._cloud_module import connect_arguments
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error

NOTHING = dict.fromkeys(
    (
        "cloud",
        "auth",
        "auth_type",
        "region_name",
        "api_timeout",
        "validate_certs",
        "ca_cert",
        "client_cert",
        "client_key",
    )
)
DEFAULTS: dict[str, Any] = {**NOTHING, "interface": "public"}


def test_names_of_options_become_those_of_the_sdk() -> None:
    params = {**DEFAULTS, "cloud": "c", "validate_certs": False, "ca_cert": "/ca", "interface": "internal"}
    assert connect_arguments(params) == {"cloud": "c", "verify": False, "cacert": "/ca", "interface": "internal"}


def test_nothing_given_leaves_all_to_the_environment() -> None:
    assert connect_arguments(DEFAULTS) == {"cloud": None, "interface": "public"}


def test_a_whole_configuration_stands_alone() -> None:
    assert connect_arguments({**DEFAULTS, "cloud": {"auth": {"auth_url": "u"}}}) == {"auth": {"auth_url": "u"}}


@pytest.mark.parametrize("surplus", [{"region_name": "r"}, {"interface": "admin"}])
def test_a_whole_configuration_admits_no_further_option(surplus: dict[str, str]) -> None:
    with pytest.raises(DbaasError) as error:
        connect_arguments({**DEFAULTS, "cloud": {}, **surplus})
    assert error.value.reason == "invalid"


def test_an_unknown_cloud_is_an_error_with_a_reason() -> None:
    with pytest.raises(openstack.exceptions.ConfigException) as raised:
        openstack.connect(cloud="no-such-cloud", load_yaml_config=True, load_envvars=False)
    error = as_dbaas_error(raised.value)
    assert error is not None
    assert error.reason == "cloud"
