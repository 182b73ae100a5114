# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.modules import datastore_version


def run(**options: Any) -> dict[str, Any]:
    """With a connection that would raise at the first use."""
    defaults = {name: option.get("default") for name, option in datastore_version.argument_spec().items()}
    params = {**defaults, "timeout": 1, "datastore": "mariadb", "version": "10.11", **options}
    return datastore_version.body(types.SimpleNamespace(params=params, check_mode=False), None)


@pytest.mark.parametrize("option", ["file", "kernel", "initrd"])
@pytest.mark.parametrize("name", ["missing", "directory", "empty"])
def test_a_file_that_cannot_be_used_is_refused_before_the_cloud_is_asked(
    tmp_path: Path, option: str, name: str
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "empty").touch()
    with pytest.raises(DbaasError) as caught:
        run(**{option: str(tmp_path / name)})
    assert (caught.value.reason, caught.value.details) == ("invalid", {"option": option})


@pytest.mark.parametrize(("options", "option"), [({"datastore": "My DB"}, "datastore"), ({"version": ""}, "version")])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_bad_name_is_refused_before_the_cloud_is_asked(options: dict[str, str], option: str, state: str) -> None:
    with pytest.raises(DbaasError) as caught:
        run(state=state, **options)
    assert (caught.value.reason, caught.value.details) == ("invalid", {"option": option})
