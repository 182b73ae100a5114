# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup of datastores: places, their order, and templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.dbaas.openstack.plugins.lookup.datastore import DOCUMENTATION, LookupModule

NAME = "dbaas.openstack.datastore"
constants.config.initialize_plugin_configuration_definitions("lookup", NAME, yaml.safe_load(DOCUMENTATION)["options"])


def look(*terms: str, **options: Any) -> list[dict[str, Any]]:
    """What the lookup returns, with the options that its documentation declares."""
    lookup = LookupModule()
    lookup._load_name = NAME
    return lookup.run(list(terms), {}, **options)


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def test_the_shipped_definition() -> None:
    (found,) = look("mariadb", version="11.8")
    assert (found["version"], found["os"]) == ("11.8", "debian-13")
    assert all(Path(path).is_file() for path in found["files"].values())


def test_versions_folders_win_within_a_place_and_places_in_their_order(tmp_path: Path) -> None:
    put(tmp_path / "low/mariadb/datastore.yml", {"port": 1, "title": "low", "minimum": {"ram_mb": 1}})
    put(tmp_path / "low/mariadb/11.8/datastore.yml", {"port": 2, "held_packages": ["x"]})
    put(tmp_path / "high/mariadb/datastore.yml", {"port": 3})
    path = [str(tmp_path / "high"), str(tmp_path / "low")]
    (found,) = look("mariadb", version="11.8", search_path=path)
    assert (found["port"], found["title"], found["held_packages"]) == (3, "low", ["x"])
    assert found["minimum"] == {"ram_mb": 1, "disk_gb": 3, "volume_gb": 1}
    (other,) = look("mariadb", version="10.11", search_path=path[1:])
    assert other["port"] == 1


def test_templates_come_from_the_most_important_place(tmp_path: Path) -> None:
    put(tmp_path / "mariadb/override.j2", "")
    put(tmp_path / "mariadb/tls.j2", "")
    put(tmp_path / "mariadb/10.11/config.j2", "")
    (found,) = look("mariadb", version="10.11", search_path=[str(tmp_path)])
    assert (
        found["files"].items()
        >= {
            "override": str(tmp_path / "mariadb/override.j2"),
            "tls": str(tmp_path / "mariadb/tls.j2"),
            "config": str(tmp_path / "mariadb/10.11/config.j2"),
        }.items()
    )
    (other,) = look("mariadb", version="11.8", search_path=[str(tmp_path)])
    assert other["files"]["config"] != found["files"]["config"]


def test_strategies_of_ones_own_come_from_the_most_important_place(tmp_path: Path) -> None:
    assert look("percona")[0]["own_strategies"] == {}
    for place in ("low/mysql", "low/percona", "high/percona"):
        put(tmp_path / place / "strategies/mine.py", "")
    put(tmp_path / "low/percona/strategies/more.py", "")
    (found,) = look("percona", search_path=[str(tmp_path / "high"), str(tmp_path / "low")])
    assert found["own_strategies"] == {
        "mine": str(tmp_path / "high/percona/strategies/mine.py"),
        "more": str(tmp_path / "low/percona/strategies/more.py"),
    }


def test_an_empty_search_path_leaves_it_to_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "mariadb/datastore.yml", {"port": 4})
    monkeypatch.setenv("DBAAS_DATASTORE_PATH", str(tmp_path))
    for nothing in ([], None):
        assert look("mariadb", search_path=nothing)[0]["port"] == 4
    put(tmp_path / "other/mariadb/datastore.yml", {"port": 5})
    assert look("mariadb", search_path=[str(tmp_path / "other")])[0]["port"] == 5


def test_an_operators_own_datastore(tmp_path: Path) -> None:
    shipped = Path(look("mariadb")[0]["files"]["config"]).parent / "datastore.yml"
    put(tmp_path / "own/datastore.yml", shipped.read_text())
    with pytest.raises(AnsibleLookupError, match=r"config\.j2"):
        look("own", search_path=[str(tmp_path)])
    for kind in ("config", "tls", "logs", "override", "replica", "closed"):
        put(tmp_path / f"own/{kind}.j2", "")
    assert look("own", search_path=[str(tmp_path)])[0]["name"] == "own"
    assert {"mariadb", "own"} <= {entry["name"] for entry in look(list=True, search_path=[str(tmp_path)])}


def test_a_datastore_that_extends_another(tmp_path: Path) -> None:
    """It has what the other one has, of the same search path, but versions and packages, and templates of its own where there are some."""
    put(tmp_path / "mariadb/datastore.yml", {"sizing": {"reserved_mb": 7}})
    put(tmp_path / "mariadb/tls.j2", "")
    more = {"title": "Mine", "extends": "mariadb", "default_version": "1", "versions": {"1": {"os": "x-1"}}, "packages": {"x-1": ["mine"]}}  # fmt: skip
    put(tmp_path / "mine/datastore.yml", more)
    put(tmp_path / "mine/1/datastore.yml", {"sizing": {"connections_minimum": 3}})
    put(tmp_path / "mine/config.j2", "")
    (mine,) = look("mine", search_path=[str(tmp_path)])
    (other,) = look("mariadb", search_path=[str(tmp_path)])
    assert (mine["name"], mine["title"], mine["version"], mine["os"], mine["packages"]) == ("mine", "Mine", "1", "x-1", ["mine"])  # fmt: skip
    assert (mine["driver"], mine["sizing"]["reserved_mb"], mine["sizing"]["connections_minimum"]) == (other["driver"], 7, 3)  # fmt: skip
    assert {kind for kind in mine["files"] if mine["files"][kind] != other["files"][kind]} == {"config"}
    assert set(mine) == set(other)
    assert {"mine": ["1"]}.items() <= {entry["name"]: entry["versions"] for entry in look(list=True, search_path=[str(tmp_path)])}.items()  # fmt: skip


@pytest.mark.parametrize("base", ["missing", "mine", "percona"])
def test_a_datastore_extends_one_that_extends_none(tmp_path: Path, base: str) -> None:
    put(tmp_path / "mine/datastore.yml", {"extends": base})
    with pytest.raises(AnsibleLookupError, match=base):
        look("mine", search_path=[str(tmp_path)])


def test_what_is_unknown_names_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(AnsibleLookupError, match=r"'maria'.*mariadb"):
        look("maria")
    with pytest.raises(AnsibleLookupError, match=r"'9'.*10\.11, 11\.8"):
        look("mariadb", version="9")
    with pytest.raises(AnsibleLookupError, match="absent"):
        look("mariadb", search_path=[str(tmp_path / "absent")])


@pytest.mark.parametrize("content", ["a: [", "- 1"])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    put(tmp_path / "mariadb/datastore.yml", content)
    with pytest.raises(AnsibleLookupError, match="mariadb"):
        look("mariadb", search_path=[str(tmp_path)])
