#!/usr/bin/python
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_files
short_description: Write several files on a database guest in one step
version_added: 0.1.0
description:
  - Writes text files that belong to root, each one atomically, and tells which of them differed.
  - One call stands for a task for each file; on an emulated guest every task costs seconds.
  - Missing directories above a file are made with mode V(0755).
  - It is not for secrets, since the files' content stands in the arguments and in the diff.
author:
  - The dbaas.openstack authors (@dbaas-openstack)
extends_documentation_fragment:
  - dbaas.openstack.attributes
attributes:
  platform:
    description: Platforms on which the managed host can run.
    platforms: linux
    support: full
options:
  files:
    description:
      - The files. Everything is checked before the first one is written.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - The absolute path. Each path can be given once.
        type: path
        required: true
      content:
        description:
          - The whole content.
        type: str
        required: true
      mode:
        description:
          - The mode as four octal digits.
        type: str
        default: "0644"
requirements:
  - Root on the managed host.
"""

EXAMPLES = r"""
- name: Tune the host
  dbaas.openstack.guest_files:
    files:
      - path: /etc/sysctl.d/60-dbaas.conf
        content: "vm.swappiness = 1\n"
      - path: /etc/dbaas/agent.json
        content: "{{ settings | to_nice_json }}"
        mode: "0600"
  register: tuned
"""

RETURN = r"""
changed_paths:
  description: The paths of the files that differed, sorted.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/sysctl.d/60-dbaas.conf
reason:
  description: Why nothing was written, as a word for programs.
  returned: failure
  type: str
  sample: invalid
"""

import os
import re
import stat
import tempfile
import typing as t

from ansible.module_utils.basic import AnsibleModule

MODE = re.compile(r"0[0-7]{3}")


class Found(t.NamedTuple):
    """What stands at a path now; a missing file has neither content nor mode."""

    content: str | None
    mode: str | None
    owned: bool


def faults(files: list[dict[str, str]]) -> list[str]:
    """What is wrong with the files that are asked for."""
    paths = [entry["path"] for entry in files]
    found = [f"path: {path!r} is not absolute" for path in paths if not os.path.isabs(path)]
    found += [f"path: {path!r} is given twice" for path in sorted(set(paths)) if paths.count(path) > 1]
    found += [f"path: {path!r} is a directory" for path in paths if os.path.isdir(path)]
    return found + [
        f"mode: {entry['mode']!r} of {entry['path']} is not four octal digits such as 0644"
        for entry in files
        if not MODE.fullmatch(entry["mode"])
    ]


def look(path: str) -> Found:
    """Read what stands at the path."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            status = os.fstat(stream.fileno())
            return Found(stream.read(), f"{stat.S_IMODE(status.st_mode):04o}", (status.st_uid, status.st_gid) == (0, 0))
    except FileNotFoundError:
        return Found(None, None, owned=False)


def differs(entry: dict[str, str], found: Found) -> bool:
    """Whether the file has to be written."""
    return (entry["content"], entry["mode"], True) != (found.content, found.mode, found.owned)


def shown(path: str, found: Found, entry: dict[str, str]) -> dict[str, str]:
    """The diff of one file."""
    return {
        "before_header": f"{path} {found.mode or 'absent'}",
        "after_header": f"{path} {entry['mode']}",
        "before": found.content or "",
        "after": entry["content"],
    }


def write(module: AnsibleModule, entry: dict[str, str]) -> None:
    """Put one file in place at once."""
    directory = os.path.dirname(entry["path"])
    os.makedirs(directory, mode=0o755, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".dbaas-")
    module.add_cleanup_file(temporary)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        os.fchmod(handle, int(entry["mode"], 8))
        os.fchown(handle, 0, 0)
        stream.write(entry["content"])
        stream.flush()
        os.fsync(handle)
    os.rename(temporary, entry["path"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True, "no_log": False},
                    "mode": {"type": "str", "default": "0644"},
                },
            },
        },
        supports_check_mode=True,
    )
    files = module.params["files"]
    if wrong := faults(files):
        module.fail_json(msg="; ".join(wrong), reason="invalid")
    seen = [(entry, look(entry["path"])) for entry in files]
    differing = [(entry, found) for entry, found in seen if differs(entry, found)]
    if not module.check_mode:
        for entry, _found in differing:
            write(module, entry)
    module.exit_json(
        changed=bool(differing),
        changed_paths=sorted(entry["path"] for entry, _found in differing),
        diff=[shown(entry["path"], found, entry) for entry, found in differing],
    )


if __name__ == "__main__":
    main()
