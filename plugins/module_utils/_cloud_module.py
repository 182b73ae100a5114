# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module that talks to OpenStack shares: options, connection, errors. Private to the collection."""

from __future__ import annotations

import importlib
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error
from ansible_collections.openstack.cloud.plugins.module_utils.openstack import openstack_full_argument_spec

Body = t.Callable[[AnsibleModule, t.Any], "dict[str, t.Any]"]

_SDK_NAMES = {"validate_certs": "verify", "ca_cert": "cacert", "client_cert": "cert", "client_key": "key"}
"""Options whose name in openstacksdk is another."""
_SAME_NAMES = ("auth", "auth_type", "region_name", "api_timeout")


def run(body: Body, argument_spec: dict[str, t.Any], **module_options: t.Any) -> None:
    """Run a controller module: body(module, connection) returns the result; a DbaasError or an error of the SDK fails it."""
    module = AnsibleModule(
        argument_spec={**openstack_full_argument_spec(), **argument_spec}, supports_check_mode=True, **module_options
    )
    try:
        result = body(module, _connect(module.params))
    except Exception as raised:
        error = as_dbaas_error(raised)
        if error is None:
            raise
        module.fail_json(**error.as_result())
    module.exit_json(**result)


def _connect(params: t.Mapping[str, t.Any]) -> t.Any:
    """A connection of openstacksdk; it logs in when it is first used."""
    try:
        sdk = importlib.import_module("openstack")
    except ImportError as missing:
        raise DbaasError("unsupported", missing_required_lib("openstacksdk")) from missing
    return sdk.connect(**connect_arguments(params))


def connect_arguments(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What openstack.connect is given for the options of a module.

    cloud may be a name of clouds.yaml or a whole configuration, which then admits no further option.
    """
    given = {name: params[name] for name in (*_SAME_NAMES, *_SDK_NAMES) if params[name] is not None}
    cloud = params["cloud"]
    if not isinstance(cloud, dict):
        return {
            "cloud": cloud,
            "interface": params["interface"],
            **{_SDK_NAMES.get(name, name): value for name, value in given.items()},
        }
    if given or params["interface"] != "public":
        surplus = sorted(given) or ["interface"]
        raise DbaasError(
            "invalid", f"cloud is a whole configuration, so {', '.join(surplus)} cannot be given beside it"
        )
    return dict(cloud)
