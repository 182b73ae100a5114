# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module that talks to OpenStack shares: options, connection, errors. Private to the collection."""

from __future__ import annotations

import contextlib
import importlib
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import as_dbaas_error
from ansible_collections.openstack.cloud.plugins.module_utils.openstack import (
    openstack_cloud_from_module,
    openstack_full_argument_spec,
)

Body = t.Callable[[AnsibleModule, t.Any], "dict[str, t.Any]"]


def run(body: Body, argument_spec: dict[str, t.Any], **module_options: t.Any) -> None:
    """Run a controller module: body(module, connection) returns the result; a DbaasError or an error of the SDK fails it."""
    module = AnsibleModule(
        argument_spec={**openstack_full_argument_spec(), **argument_spec}, supports_check_mode=True, **module_options
    )
    with contextlib.suppress(ImportError):  # openstack.cloud reads openstack.version, which newer SDKs do not import
        importlib.import_module("openstack.version")
    _sdk, connection = openstack_cloud_from_module(module)
    try:
        result = body(module, connection)
    except Exception as raised:
        error = as_dbaas_error(raised)
        if error is None:
            raise
        module.fail_json(**error.as_result())
    module.exit_json(**result)
