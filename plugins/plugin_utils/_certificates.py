# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client certificates on the controller, by openssl: what is wrong with their files, and requests for those that are due.

Private to this collection. A user's key is made here and never leaves; a request holds its public half alone.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.dbaas.openstack.plugins.plugin_utils._passwords import write_new

KEY_ENDING = ".key"
DUE_SECONDS = 30 * 86400
NAME_LENGTH = 64
"""Characters in the name of a certificate."""
_SECONDS = 30
_CONFIG = "[req]\ndistinguished_name = name\n[name]\n"
User = t.Mapping[str, t.Any]


class CertificateError(Exception):
    """openssl is not there, or refuses what looked right."""


def certificate_faults(users: t.Sequence[User]) -> list[str]:
    """Everything that is wrong with the files for certificates, each fault with the place where it stands; nothing is changed."""
    faults: list[str] = []
    seen: set[Path] = set()
    for number, user in enumerate(users):
        if user.get("key_file") and not user.get("certificate_file"):
            faults.append(f"users[{number}].key_file: needs certificate_file")
        if not _wanted(user):
            continue
        certificate, key = _files(user)
        found = [f"certificate_file: {certificate} is named twice"] if certificate in seen else []
        found += _file_faults(certificate, key)
        if len(_name(user)) > NAME_LENGTH:
            found.append(f"certificate_file: a name in a certificate has at most {NAME_LENGTH} characters")
        faults += [f"users[{number}].{fault}" for fault in found]
        seen.add(certificate)
    return faults


def requests(users: t.Sequence[User], ca: str, *, create: bool) -> list[dict[str, str]]:
    """name, certificate_file and request (PEM) of each user whose certificate is missing, ends within 30 days, or is of another authority, key or name.

    ca: the certificate of the authority, PEM. create: make a key that is missing; else such a request is empty.
    """
    found = []
    with tempfile.TemporaryDirectory() as place:
        authority, config = Path(place, "ca.pem"), Path(place, "openssl.cnf")
        authority.write_text(ca, encoding="utf-8")
        config.write_text(_CONFIG, encoding="utf-8")
        for user in filter(_wanted, users):
            certificate, key = _files(user)
            if create and not key.exists():
                write_new(key, _made("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
            if not _is_good(certificate, key, _name(user), authority):
                asked = [
                    "req",
                    "-new",
                    "-config",
                    str(config),
                    "-key",
                    str(key),
                    "-passin",
                    "pass:",
                    "-subj",
                    "/CN=client",
                ]
                request = _made(*asked) if key.exists() else ""
                found.append({"name": _name(user), "certificate_file": str(certificate), "request": request})
    return found


def _wanted(user: User) -> bool:
    return bool(user.get("certificate_file")) and user.get("state") != "absent"


def _name(user: User) -> str:
    return str(user.get("new_name") or user["name"])


def _files(user: User) -> tuple[Path, Path]:
    certificate = Path(user["certificate_file"]).expanduser()
    return certificate, Path(user.get("key_file") or f"{certificate}{KEY_ENDING}").expanduser()


def _file_faults(certificate: Path, key: Path) -> list[str]:
    faults = [
        f"{option}: the directory {path.parent} does not exist"
        for option, path in (("certificate_file", certificate), ("key_file", key))
        if not path.parent.is_dir()
    ]
    if certificate == key:
        faults.append(f"key_file: {key} is certificate_file")
    if certificate.exists() and _text("x509", "-in", str(certificate), "-noout") is None:
        faults.append(
            f"certificate_file: {certificate} is there and holds no certificate; name another file, or remove it"
        )
    if key.exists() and _public(key) is None:
        faults.append(f"key_file: {key} is there and holds no private key that can be read without a passphrase")
    return faults


def _public(key: Path) -> str | None:
    return _text("pkey", "-in", str(key), "-passin", "pass:", "-pubout")


def _is_good(certificate: Path, key: Path, name: str, authority: Path) -> bool:
    read = ["x509", "-in", str(certificate), "-noout"]
    alone = ["-no-CApath", "-no-CAstore", "-CAfile", str(authority), "-purpose", "sslclient"]
    if not (certificate.exists() and key.exists()):
        return False
    return (
        _text("verify", *alone, str(certificate)) is not None
        and _text(*read, "-checkend", str(DUE_SECONDS)) is not None
        and _text(*read, "-pubkey") == _public(key)
        and _text(*read, "-subject", "-nameopt", "utf8,lname,sep_multiline") == f"subject=\n    commonName={name}\n"
    )


def _made(*command: str) -> str:
    text = _text(*command)
    if text is None:
        raise CertificateError(f"openssl {command[0]} failed")
    return text


def _text(*command: str) -> str | None:
    """What openssl prints; None when it refuses. A key passes through a pipe, never through an argument."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENSSL_")}
    try:
        done = subprocess.run(
            ["openssl", *command],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=_SECONDS,
        )
    except FileNotFoundError as fault:
        raise CertificateError("the program openssl is not on this machine") from fault
    with contextlib.suppress(UnicodeDecodeError):
        return done.stdout.decode() if done.returncode == 0 else None
    return None
