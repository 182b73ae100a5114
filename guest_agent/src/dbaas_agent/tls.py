# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority for one instance, made in the guest; its key never leaves the volume."""

from __future__ import annotations

import grp
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dbaas_agent import tls_mode
from dbaas_agent.config import Config
from dbaas_agent.errors import AgentError
from dbaas_agent.fsutil import ensure_directory, read_text, remove, write_atomic
from dbaas_agent.subproc import run

CA_DAYS = 3650
SERVER_DAYS = 397
CLIENT_DAYS = 365
NAME_LENGTH = 64
"""Characters in the common name of a certificate."""
RENEW_SECONDS = 30 * 86400
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_DNS_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True)
class Subjects:
    """For whom a server certificate speaks: lower-case DNS names and canonical IP addresses, sorted."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]

    def shown(self) -> dict[str, list[str]]:
        return {"names": list(self.names), "addresses": list(self.addresses)}


def subjects(names: Iterable[str], addresses: Iterable[str]) -> Subjects:
    """Validated subjects; AgentError(invalid) names every fault."""
    import ipaddress

    faults: list[str] = []
    good: set[str] = set()
    names = {name.lower() for name in names}
    faults.extend(
        f"names: {name!r} is no DNS name" for name in sorted(names) if len(name) > 253 or not _DNS_NAME.fullmatch(name)
    )
    for address in addresses:
        try:
            good.add(str(ipaddress.ip_address(address)))
        except ValueError:
            faults.append(f"addresses: {address!r} is no IP address")
    if not names and not good and not faults:
        faults.append("names, addresses: at least one of either is required")
    if faults:
        raise AgentError("invalid", "; ".join(faults), faults=faults)
    return Subjects(tuple(sorted(names)), tuple(sorted(good)))


def parse_certificate(text: str) -> tuple[Subjects, float]:
    """Subjects and expiry (epoch) from ``openssl x509 -noout -enddate -ext subjectAltName``."""
    names, addresses = re.findall(r"DNS:([^,\s]+)", text), re.findall(r"IP Address:([^,\s]+)", text)
    return subjects(names, addresses), parse_end(text)


def parse_end(text: str) -> float:
    """Expiry (epoch) from ``openssl x509 -noout -enddate``."""
    from ssl import cert_time_to_seconds

    end = re.search(r"^notAfter=(.+)$", text, re.MULTILINE)
    if end is None:
        raise ValueError("openssl printed no notAfter")
    return float(cert_time_to_seconds(end.group(1).strip()))


def client_subject(name: str) -> str:
    """The subject of a client's certificate, as openssl takes it; AgentError(invalid) for a name that cannot be one."""
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise AgentError("invalid", f"name: {name!r}: 1 to {NAME_LENGTH} printable characters are allowed")
    return "/CN=" + re.sub(r"([\\/+=])", r"\\\1", name)


def client_config(work: str) -> str:
    """The configuration for a client's certificate: nothing is copied from the request."""
    return "\n".join(
        [
            "[ca]",
            "default_ca = authority",
            "[authority]",
            f"database = {work}/index.txt",
            f"new_certs_dir = {work}",
            "rand_serial = yes",
            "default_md = sha256",
            "utf8 = yes",
            "string_mask = utf8only",
            "policy = named",
            "copy_extensions = none",
            "[named]",
            "commonName = supplied",
            "[client]",
            "basicConstraints = critical, CA:FALSE",
            "keyUsage = critical, digitalSignature",
            "extendedKeyUsage = clientAuth",
            "subjectKeyIdentifier = hash",
            "authorityKeyIdentifier = keyid",
            "",
        ]
    )


def openssl_config(uid: str, wanted: Subjects) -> str:
    """The configuration for both certificates; everything in it was validated."""
    alternatives = [f"DNS:{name}" for name in wanted.names] + [f"IP:{address}" for address in wanted.addresses]
    return "\n".join(
        [
            "[req]",
            "prompt = no",
            "distinguished_name = subject",
            "[subject]",
            f"CN = {uid[:60]}",
            "[ca]",
            "basicConstraints = critical, CA:TRUE, pathlen:0",
            "keyUsage = critical, keyCertSign, cRLSign",
            "subjectKeyIdentifier = hash",
            "[server]",
            "basicConstraints = critical, CA:FALSE",
            "keyUsage = critical, digitalSignature",
            "extendedKeyUsage = serverAuth",
            "subjectKeyIdentifier = hash",
            "authorityKeyIdentifier = keyid",
            f"subjectAltName = {', '.join(alternatives)}",
            "",
        ]
    )


class Store:
    """The TLS directory: ca.pem, server.pem, server.key, and ca/ca.key for root alone.

    A key is made once and put in place before its certificate, so a kill at any point leaves something that the next
    call completes. A file beside the CA's key tells that the server may not have read its certificate.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._seen: tuple[int, float] | None = None
        self.ca = os.path.join(config.tls_dir, "ca.pem")
        self.server = os.path.join(config.tls_dir, "server.pem")
        self._server_key = os.path.join(config.tls_dir, "server.key")
        self._ca_key = os.path.join(config.tls_dir, "ca", "ca.key")
        self._unread = os.path.join(config.tls_dir, "ca", "unread")

    def not_after(self) -> float | None:
        """The server certificate's expiry (epoch), or None without one; openssl runs only when the file changed."""
        try:
            version = os.stat(self.server).st_mtime_ns
        except OSError:
            return None
        if self._seen is None or self._seen[0] != version:
            shown = run(["openssl", "x509", "-in", self.server, "-noout", "-enddate"], timeout=10)
            self._seen = (version, parse_end(shown.out))
        return self._seen[1]

    def shown(self) -> dict[str, Any] | None:
        """What ``status`` tells."""
        expiry, ca = self.not_after(), read_text(self.ca)
        if expiry is None or ca is None:
            return None
        mode = tls_mode.read(self._config).mode
        return {"mode": mode, "ca_certificate": ca, "not_after": shown_time(expiry)}

    def current(self) -> tuple[Subjects, float] | None:
        """Subjects and expiry of the server certificate, or None when there is none that works."""
        read = ["openssl", "x509", "-in", self.server, "-noout"]
        if not all(map(os.path.exists, (self.ca, self.server, self._server_key))):
            return None
        if run(["openssl", "verify", "-CAfile", self.ca, self.server], accept=(0, 1, 2)).code:
            return None
        of_key = run(["openssl", "pkey", "-in", self._server_key, "-pubout"]).out
        if run([*read, "-pubkey"]).out != of_key:
            return None
        return parse_certificate(run([*read, "-enddate", "-ext", "subjectAltName"]).out)

    @property
    def unread(self) -> bool:
        """Whether the server's certificate was issued, and the server, which may run, was not told."""
        return os.path.exists(self._unread)

    def was_read(self) -> None:
        """The server has the certificate, or does not run."""
        remove(self._unread)

    def due(self, wanted: Subjects, now: float) -> bool:
        """Whether the server certificate must be issued anew."""
        current = self.current()
        return current is None or current[0] != wanted or current[1] - now < RENEW_SECONDS

    def issue(self, wanted: Subjects) -> None:
        """Issue the server certificate, making first what is missing below it."""
        ensure_directory(os.path.dirname(self._ca_key), 0o700)
        group = grp.getgrnam(self._config.datastore_group).gr_gid
        with self._work() as work:
            config = _text(work, "openssl.cnf", openssl_config(self._config.uid, wanted))
            self._ensure_ca(work, config)
            self._ensure_key(work, self._server_key, 0o640, group)
            write_atomic(self._unread, b"")
            self._sign(work, config)

    def sign_client(self, name: str, request: str) -> tuple[str, float]:
        """A client's certificate and its expiry (epoch). Of the request only the public key is taken over; AgentError(invalid) when it holds none."""
        subject = client_subject(name)
        if not all(map(os.path.exists, (self.ca, self._ca_key))):
            raise AgentError("not_actionable", "there is no certificate authority yet")
        with self._work() as work:
            asked, out = _text(work, "client.csr", request), os.path.join(work, "client.pem")
            config = _text(work, "openssl.cnf", client_config(work))
            _text(work, "index.txt", "")
            sign = ["openssl", "ca", "-batch", "-notext", "-config", config, "-cert", self.ca, "-keyfile", self._ca_key]
            how = ["-days", str(CLIENT_DAYS), "-extensions", "client", "-subj", subject, "-utf8"]
            run([*sign, *how, "-in", asked, "-out", out], accept=(0, 1))
            made = read_text(out)
            if not made:  # whatever openssl's exit code says of a request with a wrong signature
                raise AgentError(
                    "invalid", "request: it is none, or was not signed with the key whose public half it holds"
                )
            return made, parse_end(run(["openssl", "x509", "-in", out, "-noout", "-enddate"]).out)

    @contextmanager
    def _work(self) -> Iterator[str]:
        """A directory for the work on one certificate."""
        work = os.path.join(os.path.dirname(self._ca_key), ".work")
        shutil.rmtree(work, ignore_errors=True)
        os.mkdir(work, 0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work)

    def _ensure_ca(self, work: str, config: str) -> None:
        if os.path.exists(self.ca):
            if not os.path.exists(self._ca_key):
                raise AgentError(
                    "conflict", f"{self.ca} is there and its key {self._ca_key} is not: nothing can be signed"
                )
            return
        self._ensure_key(work, self._ca_key, 0o600, 0)
        out = os.path.join(work, "ca.pem")
        sign = [
            "openssl",
            "req",
            "-x509",
            "-new",
            "-sha256",
            "-config",
            config,
            "-extensions",
            "ca",
            "-key",
            self._ca_key,
        ]
        run([*sign, "-days", str(CA_DAYS), "-subj", f"/CN=dbaas CA of {self._config.uid[:40]}", "-out", out])
        _install(out, self.ca, 0o644, 0)

    def _ensure_key(self, work: str, path: str, mode: int, group: int) -> None:
        if os.path.exists(path):
            return
        out = os.path.join(work, "key.pem")
        run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", out])
        _install(out, path, mode, group)

    def _sign(self, work: str, config: str) -> None:
        request, out = os.path.join(work, "server.csr"), os.path.join(work, "server.pem")
        serial = f"0x{int.from_bytes(os.urandom(16), 'big') >> 1:x}"
        run(["openssl", "req", "-new", "-sha256", "-config", config, "-key", self._server_key, "-out", request])
        sign = ["openssl", "x509", "-req", "-sha256", "-in", request, "-CA", self.ca, "-CAkey", self._ca_key]
        end = ["-days", str(SERVER_DAYS), "-extfile", config, "-extensions", "server", "-out", out]
        run([*sign, "-set_serial", serial, *end])
        _install(out, self.server, 0o644, 0)


def _text(directory: str, name: str, text: str) -> str:
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def shown_time(epoch: float) -> str:
    """As the protocol tells times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def _install(source: str, target: str, mode: int, group: int) -> None:
    with open(source, "rb") as stream:
        write_atomic(target, stream.read(), mode, (0, group))
