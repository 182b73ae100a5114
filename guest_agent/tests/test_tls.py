# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates made by the real openssl."""

from __future__ import annotations

import base64
import os
import re
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from dbaas_agent import tls
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.tls import Store, subjects

WANTED = subjects(["orders", "Orders.example"], ["10.0.0.5", "FD00::0005"])


def _handshake(ca: str, certificate: str, key: str, name: str) -> None:
    """A TLS handshake in memory with a client that checks name and chain."""
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _dummy in range(4))
    client = ssl.create_default_context(cafile=ca).wrap_bio(client_in, client_out, server_hostname=name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = context.wrap_bio(server_in, server_out, server_side=True)
    pending = [client, server]
    for _dummy in range(10):
        for side in list(pending):
            try:
                side.do_handshake()
                pending.remove(side)
            except ssl.SSLWantReadError:
                pass
            server_in.write(client_out.read())
            client_in.write(server_out.read())
    assert not pending


def _request(directory: Path, *more: str) -> str:
    """A request for a certificate, made beside its key."""
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    out = ["-keyout", str(directory / "client.key"), "-out", str(directory / "client.csr")]
    subprocess.run([*command, *out, "-subj", "/O=evil/CN=other", *more], check=True, capture_output=True, timeout=10)
    return (directory / "client.csr").read_text()


def _shown(path: Path, *what: str) -> str:
    command = ["openssl", "x509", "-in", str(path), "-noout", "-nameopt", "RFC2253,-esc_msb,utf8", *what]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout


@pytest.mark.parametrize("name", ["clerk", "o'ha/ra+x=\\ é", "x" * 64])
def test_a_client_gets_a_certificate_of_its_name_and_nothing_else_of_its_request(
    config: Config, tmp_path: Path, name: str
) -> None:
    store = Store(config)
    store.issue(WANTED)
    text, end = store.sign_client(
        name, _request(tmp_path, "-addext", "basicConstraints=CA:TRUE", "-addext", "subjectAltName=DNS:orders")
    )
    made = tmp_path / "client.pem"
    made.write_text(text)
    check = ["openssl", "verify", "-purpose", "sslclient", "-CAfile", store.ca, str(made)]
    subprocess.run(check, check=True, capture_output=True, timeout=10)
    server = subprocess.run([*check[:3], "sslserver", *check[4:]], check=False, capture_output=True, timeout=10)
    assert server.returncode != 0
    subject = _shown(made, "-subject").strip().removeprefix("subject=")
    assert re.sub(r"\\(.)", r"\1", subject) == f"CN={name}"
    extensions = _shown(made, "-ext", "basicConstraints,extendedKeyUsage,subjectAltName")
    assert "CA:FALSE" in extensions
    assert "Client Authentication" in extensions
    assert "orders" not in extensions
    assert abs(end - time.time() - tls.CLIENT_DAYS * 86400) < 120


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_a_name_that_fits_no_certificate_is_refused(config: Config, tmp_path: Path, name: str) -> None:
    store = Store(config)
    store.issue(WANTED)
    with pytest.raises(AgentError) as caught:
        store.sign_client(name, _request(tmp_path))
    assert caught.value.reason == "invalid"


def test_what_is_no_request_is_refused(config: Config, tmp_path: Path) -> None:
    store = Store(config)
    with pytest.raises(AgentError) as caught:
        store.sign_client("clerk", _request(tmp_path))
    assert caught.value.reason == "not_actionable"
    store.issue(WANTED)
    body = "".join(_request(tmp_path).splitlines()[1:-1])
    der = bytearray(base64.b64decode(body))
    der[-1] ^= 1
    forged = base64.encodebytes(bytes(der)).decode()
    for inner in ("AAAA\n", forged):
        with pytest.raises(AgentError) as caught:
            store.sign_client(
                "clerk", f"-----BEGIN CERTIFICATE REQUEST-----\n{inner}-----END CERTIFICATE REQUEST-----\n"
            )
        assert caught.value.reason == "invalid"
    assert not (Path(config.tls_dir) / "ca" / ".work").exists()


def _files(config: Config) -> list[str]:
    return [os.path.join(config.tls_dir, name) for name in ("ca.pem", "server.pem", "server.key")]


def test_subjects_are_canonical() -> None:
    assert subjects(["B", "a", "b"], ["10.0.0.5", "FD00:0:0::5", "10.0.0.5"]) == tls.Subjects(
        ("a", "b"), ("10.0.0.5", "fd00::5")
    )


@pytest.mark.parametrize(
    ("names", "addresses", "count"),
    [
        ([], [], 1),
        (["a b"], [], 1),
        (["-a"], [], 1),
        (["a\nsubjectAltName=DNS:evil"], [], 1),
        (["a,IP:1.2.3.4"], ["1.2.3.400", "x"], 3),
        (["a" * 64], [], 1),
        ([".".join(["abcdefgh"] * 30)], [], 1),
    ],
)
def test_wrong_subjects_are_refused(names: list[str], addresses: list[str], count: int) -> None:
    with pytest.raises(AgentError) as caught:
        subjects(names, addresses)
    assert caught.value.reason == "invalid"
    assert len(caught.value.details["faults"]) == count


def test_a_certificate_is_accepted_by_a_client_for_each_subject_and_no_other(config: Config) -> None:
    store = Store(config)
    assert store.due(WANTED, time.time())
    store.issue(WANTED)
    for name in ("orders", "orders.example", "10.0.0.5", "fd00::5"):
        _handshake(*_files(config), name)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(*_files(config), "other")


def test_what_was_issued_is_not_due(config: Config) -> None:
    store = Store(config)
    store.issue(WANTED)
    current = store.current()
    assert current is not None
    assert current[0] == WANTED
    assert abs(current[1] - time.time() - tls.SERVER_DAYS * 86400) < 120
    assert store.not_after() == current[1]
    assert not store.due(WANTED, time.time())
    assert store.due(WANTED, current[1] - tls.RENEW_SECONDS + 1)
    assert store.due(subjects(["orders"], []), time.time())


def test_a_renewal_keeps_the_authority_and_the_key(config: Config) -> None:
    store = Store(config)
    store.issue(WANTED)
    before = [Path(path).read_bytes() for path in _files(config)]
    store.issue(subjects(["renamed"], []))
    after = [Path(path).read_bytes() for path in _files(config)]
    assert [a == b for a, b in zip(before, after)] == [True, False, True]
    shown = store.shown()
    assert shown is not None
    assert shown["ca_certificate"].encode() == before[0]


def test_modes_and_nothing_left_behind(config: Config) -> None:
    store = Store(config)
    store.issue(WANTED)
    assert store.unread
    store.was_read()
    root = Path(config.tls_dir)
    modes = {str(path.relative_to(root)): path.stat().st_mode & 0o777 for path in root.rglob("*")}
    assert modes == {
        "ca": 0o700,
        "ca/ca.key": 0o600,
        "ca.pem": 0o644,
        "server.key": 0o640,
        "server.pem": 0o644,
    }


@pytest.mark.parametrize("lost", ["server.pem", "server.key", "ca.pem"])
def test_a_stop_between_two_files_is_made_good(config: Config, lost: str) -> None:
    store = Store(config)
    store.issue(WANTED)
    (Path(config.tls_dir) / lost).unlink()
    os.makedirs(os.path.join(config.tls_dir, "ca", ".work"))
    assert store.due(WANTED, time.time())
    store.issue(WANTED)
    assert not store.due(WANTED, time.time())
    _handshake(*_files(config), "orders")


def test_a_foreign_key_or_authority_makes_it_due(config: Config, tmp_path: Path) -> None:
    store = Store(config)
    store.issue(WANTED)
    for name, made in (("server.key", ["openssl", "genpkey", "-algorithm", "ED25519"]),):
        subprocess.run([*made, "-out", os.path.join(config.tls_dir, name)], check=True, timeout=10)
    assert store.current() is None
    store.issue(WANTED)
    assert store.current() is not None
    (Path(config.tls_dir) / "ca.pem").write_bytes(_other_authority(tmp_path))
    assert store.current() is None


def _other_authority(directory: Path) -> bytes:
    out = directory / "other.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        [*command, "-keyout", str(directory / "k"), "-subj", "/CN=other", "-out", str(out)],
        check=True,
        capture_output=True,
        timeout=10,
    )
    return out.read_bytes()


def test_an_authority_without_its_key_signs_nothing(config: Config) -> None:
    store = Store(config)
    store.issue(WANTED)
    before = Path(store.ca).read_bytes()
    os.unlink(os.path.join(config.tls_dir, "ca", "ca.key"))
    with pytest.raises(AgentError) as caught:
        store.issue(WANTED)
    assert caught.value.reason == "conflict"
    assert Path(store.ca).read_bytes() == before


def test_before_there_is_a_certificate(config: Config) -> None:
    store = Store(config)
    assert (store.current(), store.not_after(), store.shown()) == (None, None, None)


def test_output_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="notAfter"):
        tls.parse_end("nothing")
