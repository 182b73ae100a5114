# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client certificates on the controller, with the real openssl; the authority is one of the test's own."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleFilterError, AnsibleLookupError
from ansible_collections.dbaas.openstack.plugins.filter.certificate_faults import FilterModule
from ansible_collections.dbaas.openstack.plugins.lookup.certificate_requests import DOCUMENTATION, LookupModule
from ansible_collections.dbaas.openstack.plugins.plugin_utils._certificates import certificate_faults, requests

LOOKUP = "dbaas.openstack.certificate_requests"
constants.config.initialize_plugin_configuration_definitions("lookup", LOOKUP, yaml.safe_load(DOCUMENTATION)["options"])
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*command: t.Any) -> str:
    done = subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, text=True, timeout=20)
    return done.stdout


class Authority:
    """Signs as the agent does."""

    def __init__(self, place: Path) -> None:
        place.mkdir()
        self._key, self.file = place / "ca.key", place / "ca.pem"
        openssl("req", "-x509", *CURVE, "-keyout", self._key, "-out", self.file, "-subj", "/CN=ca", "-days", "100")

    @property
    def text(self) -> str:
        return self.file.read_text()

    def sign(self, request: dict[str, str], days: int = 60) -> None:
        asked = self.file.with_name("request.pem")
        asked.write_text(request["request"])
        issue = ["x509", "-req", "-in", asked, "-CA", self.file, "-CAkey", self._key, "-set_serial", "1"]
        name = f"/CN={request['name']}"
        text = openssl(*issue, "-subj", name, "-days", days)
        Path(request["certificate_file"]).write_text(text)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("a") / "ca")


@pytest.fixture
def user(tmp_path: Path) -> dict[str, t.Any]:
    """As a playbook hands it over, with every option."""
    return {"name": "clerk", "new_name": None, "certificate_file": str(tmp_path / "c.pem"), "key_file": None}


def look(user: dict[str, t.Any], **options: t.Any) -> list[t.Any]:
    lookup = LookupModule()
    lookup._load_name = LOOKUP
    return lookup.run([user], {}, **options)


def asked(users: list[dict[str, t.Any]], authority: Authority, create: bool = True) -> list[dict[str, str]]:
    return requests(users, authority.text, create=create)


def test_a_key_is_made_once_and_a_good_certificate_is_kept(
    authority: Authority, user: dict[str, t.Any], tmp_path: Path
) -> None:
    (predicted,) = asked([user], authority, create=False)
    assert (predicted["request"], list(tmp_path.iterdir())) == ("", [])
    (request,) = asked([user], authority)
    key = tmp_path / "c.pem.key"
    text = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in request["request"]
    assert request["certificate_file"] == user["certificate_file"]
    authority.sign(request)
    assert asked([user], authority) == asked([user], authority, create=False) == []
    assert key.read_text() == text


def test_a_certificate_that_is_not_good_is_asked_for_anew(
    authority: Authority, user: dict[str, t.Any], tmp_path: Path
) -> None:
    (request,) = asked([user], authority)
    authority.sign(request, days=29)
    assert len(asked([user], authority)) == 1
    authority.sign(request)
    assert len(asked([user], Authority(tmp_path / "other"))) == 1
    (renamed,) = asked([{**user, "new_name": "auditor"}], authority)
    assert renamed["name"] == "auditor"
    (tmp_path / "c.pem.key").unlink()
    assert asked([user], authority, create=False)[0]["request"] == ""
    assert len(asked([user], authority)) == 1


def test_a_key_of_ones_own_is_used(authority: Authority, user: dict[str, t.Any], tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    openssl("genpkey", "-algorithm", "RSA", "-out", own)
    (request,) = asked([{**user, "key_file": str(own)}], authority)
    (tmp_path / "r").write_text(request["request"])
    assert openssl("req", "-in", tmp_path / "r", "-noout", "-pubkey") == openssl("pkey", "-in", own, "-pubout")
    assert not (tmp_path / "c.pem.key").exists()


def test_who_has_no_certificate_file_or_is_removed_is_left_out(authority: Authority, user: dict[str, t.Any]) -> None:
    users = [{**user, "certificate_file": None}, {"name": "x"}, {**user, "state": "absent"}]
    assert asked(users, authority) == []
    assert certificate_faults(users) == []


def test_files_are_looked_at_before(authority: Authority, user: dict[str, t.Any], tmp_path: Path) -> None:
    assert certificate_faults([user]) == []
    (tmp_path / "text").write_text("a letter")
    openssl("genpkey", "-algorithm", "RSA", "-aes256", "-pass", "pass:x", "-out", tmp_path / "locked")
    faults = certificate_faults(
        [
            user,
            user,
            {**user, "certificate_file": str(tmp_path / "no" / "c.pem")},
            {**user, "certificate_file": str(tmp_path / "text"), "key_file": str(tmp_path / "locked")},
            {**user, "certificate_file": str(tmp_path / "same"), "key_file": str(tmp_path / "same")},
            {**user, "certificate_file": str(tmp_path / "long"), "name": "x" * 65},
            {**user, "certificate_file": None, "key_file": str(tmp_path / "k")},
        ]
    )
    assert [fault.split(":")[0] for fault in faults] == [
        "users[1].certificate_file",
        "users[2].certificate_file",
        "users[2].key_file",
        "users[3].certificate_file",
        "users[3].key_file",
        "users[4].key_file",
        "users[5].certificate_file",
        "users[6].key_file",
    ]
    (request,) = asked([user], authority)
    authority.sign(request)
    assert certificate_faults([user]) == []


def test_without_openssl_nothing_is_guessed(
    user: dict[str, t.Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.pem").write_text("x")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnsibleFilterError):
        FilterModule().filters()["certificate_faults"]([user])
    with pytest.raises(AnsibleLookupError):
        look(user, ca="x")


def test_what_openssl_refuses_is_an_error(user: dict[str, t.Any], tmp_path: Path) -> None:
    (tmp_path / "c.pem.key").write_text("no key")
    with pytest.raises(AnsibleLookupError):
        look(user, ca="x")


def test_the_lookup_and_the_filter(authority: Authority, user: dict[str, t.Any]) -> None:
    assert FilterModule().filters()["certificate_faults"]([user]) == []
    (request,) = look(user, ca=authority.text, create=False)
    assert request["request"] == ""
