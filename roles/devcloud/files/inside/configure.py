# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure the cloud, inside its container. Reads one JSON object from standard input:

settings   file -> {owner, mode, replace, sections: {section: {option: value}}}
passwords  {admin, database, queue}
identity   URL of Keystone

Ends with {"changed": bool}. Every step may be repeated and changes only what is not as it should be.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

STATE = Path("/var/lib/devcloud")
# Set up once; their settings from here don't change afterwards.
INFRASTRUCTURE = {"ceph"}
SECTION = re.compile(r"\[([^]]+)\]\s*$")
OPTION = re.compile(r"([A-Za-z0-9_.-]+)\s*=")

Sections = dict[str, dict[str, Any]]


def _render(sections: Sections) -> str:
    """An INI file of these sections."""
    return "\n".join(line for name, options in sections.items() for line in [f"[{name}]", *_lines_of(options), ""])


def _lines_of(options: dict[str, Any]) -> list[str]:
    return [
        f"{option} = {str(value).lower() if isinstance(value, bool) else value}" for option, value in options.items()
    ]


def merge(text: str, sections: Sections) -> str:
    """The INI file with these options set right after their section's first header; the rest stays as it is."""
    merged: list[str] = []
    current, written = "", set()
    for line in text.splitlines():
        header, option = SECTION.match(line), OPTION.match(line)
        if header:
            current = header.group(1)
            merged.append(line)
            if current in sections and current not in written:
                merged += _lines_of(sections[current])
                written.add(current)
        elif not (option and option.group(1) in sections.get(current, {})):
            merged.append(line)
    missing = {name: options for name, options in sections.items() if name not in written}
    return "\n".join([*merged, ""]) + _render(missing)


def _write(path: Path, text: str, owner: str, mode: str) -> bool:
    """Whether the file had to be written; a kill leaves the old one or the new one."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    draft = path.with_name(f"{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    shutil.chown(draft, *owner.split(":"))
    draft.chmod(int(mode, 8))
    draft.rename(path)
    return True


def _text(path: Path, wanted: dict[str, Any]) -> str:
    """The file as it should be."""
    if path.exists() and not wanted.get("replace", False):
        return merge(path.read_text(encoding="utf-8"), wanted["sections"])
    return _render(wanted["sections"])


def _apply(settings: dict[str, dict[str, Any]]) -> list[str]:
    """Write the files that differ; which ones. Services that run with old settings are stopped, whatever kills this."""
    texts = {name: _text(Path(name), wanted) for name, wanted in settings.items()}
    changed = [name for name, text in texts.items() if not Path(name).exists() or Path(name).read_text("utf-8") != text]
    note = STATE / "outdated"
    left = note.read_text(encoding="utf-8").split() if note.exists() else []
    outdated = {Path(name).parts[2] for name in changed} | set(left)
    if outdated:
        note.write_text(" ".join(outdated), encoding="utf-8")
    for name in changed:
        _write(Path(name), texts[name], settings[name]["owner"], settings[name].get("mode", "0640"))
    _stop(outdated - INFRASTRUCTURE)
    note.unlink(missing_ok=True)
    return changed


def _stop(names: set[str]) -> None:
    dropins = Path("/etc/systemd/system").glob("*.service.d")
    units = sorted(path.stem for path in dropins if path.stem.startswith(tuple(names)))
    if units:
        subprocess.run(["systemctl", "stop", *units], check=True, timeout=120)


def _queue_definitions(password: str) -> str:
    """What RabbitMQ loads when it starts: our user, and not its guest user."""
    salt = hashlib.sha256(f"salt {password}".encode()).digest()[:4]
    digest = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return json.dumps(
        {
            "users": [
                {
                    "name": "openstack",
                    "password_hash": digest,
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": [],
                }
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [{"user": "openstack", "vhost": "/", **everything}],
        }
    )


def _make_keys(directory: Path) -> bool:
    """Keystone's first two keys: 0 is the next one, 1 the primary."""
    if (directory / "1").exists():
        return False
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.chown(directory, "keystone", "keystone")
    for number in ("0", "1"):
        _write(directory / number, base64.urlsafe_b64encode(os.urandom(32)).decode(), "keystone:keystone", "0600")
    return True


def _allow_database_user(password: str) -> None:
    user = "'openstack'@'127.0.0.1'"
    statement = f"CREATE OR REPLACE USER {user} IDENTIFIED BY '{password}'; GRANT ALL ON *.* TO {user};"
    subprocess.run(["mariadb"], input=statement, text=True, check=True, timeout=60)


def _bootstrap(url: str, password: str) -> None:
    """Administrator, project, roles and Keystone's own catalog entry."""
    words = ["keystone-manage", "bootstrap", "--bootstrap-region-id", "RegionOne"]
    for interface in ("admin", "internal", "public"):
        words += [f"--bootstrap-{interface}-url", f"{url}/v3/"]
    subprocess.run(
        words,
        env=os.environ | {"OS_BOOTSTRAP_PASSWORD": password},
        check=True,
        timeout=120,
        user="keystone",
        group="keystone",
        extra_groups=[],
        cwd="/var/lib/keystone",
    )


def _once(name: str, inputs: str) -> Path | None:
    """The mark to make when a step is done, None if it was done with the same inputs already."""
    mark = STATE / f"{name}.{hashlib.sha256(inputs.encode()).hexdigest()[:16]}"
    return None if mark.exists() else mark


def main() -> None:
    """Do all of it."""
    wanted = json.load(sys.stdin)
    passwords = wanted["passwords"]
    STATE.mkdir(exist_ok=True)
    changed = _apply(wanted["settings"])
    if _write(Path("/etc/rabbitmq/definitions.json"), _queue_definitions(passwords["queue"]), "root:rabbitmq", "0640"):
        changed.append("queue user")
    changed += [keys for keys in ("fernet-keys", "credential-keys") if _make_keys(Path("/etc/keystone") / keys)]
    subprocess.run(["systemctl", "start", "--no-block", "rabbitmq-server", "memcached"], check=True, timeout=60)
    subprocess.run(["systemctl", "start", "mariadb"], check=True, timeout=120)
    mark = _once("database-user", passwords["database"])
    if mark:
        _allow_database_user(passwords["database"])
        mark.touch()
        changed.append("database user")
    mark = _once("bootstrap", f"{wanted['identity']} {passwords['admin']}")
    if mark:
        _bootstrap(wanted["identity"], passwords["admin"])
        mark.touch()
        changed.append("bootstrap")
    subprocess.run(["systemctl", "start", "--no-block", "keystone"], check=True, timeout=60)
    json.dump({"changed": bool(changed), "what": changed}, sys.stdout)


if __name__ == "__main__":
    main()
