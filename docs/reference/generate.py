# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/reference/playbooks.md from playbooks/argument_specs: `python docs/reference/generate.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.dbaas.openstack.plugins.plugin_utils._arguments import merged

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "playbooks" / "argument_specs"
TARGET = ROOT / "docs" / "reference" / "playbooks.md"
HEAD = """# Playbooks

Made by `docs/reference/generate.py` from `playbooks/argument_specs`. Call one by name, `ansible-playbook dbaas.openstack.<playbook> -e variable=value`;
from an AWX survey the same variables come as text and get their type here. An empty text counts as not given.
"""


def load(name: str) -> dict[str, Any]:
    """The specification in the file of that name."""
    spec: dict[str, Any] = yaml.safe_load((SPECS / f"{name}.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]
    return spec


def render() -> str:
    """The whole page."""
    names = sorted(path.stem for path in SPECS.glob("*.yml"))
    return "\n".join([HEAD, *(section for name in names for section in _section(name, merged(name, load)))])


def _section(name: str, spec: dict[str, Any]) -> list[str]:
    rows = [line for option, details in sorted(spec["options"].items()) for line in _rows(option, details)]
    rules = [f"One of {_codes(group)}." for group in spec.get("required_one_of", ())]
    rules += [f"Only one of {_codes(group)}." for group in spec.get("mutually_exclusive", ())]
    table = ["| variable | type | default | meaning |", "|---|---|---|---|", *rows]
    return [f"## {name}", "", spec["short_description"], "", *table, "", *([" ".join(rules), ""] if rules else [])]


def _rows(name: str, option: dict[str, Any]) -> list[str]:
    kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
    default = "**required**" if option.get("required") else _default(option.get("default"))
    nested = [row for key, details in option.get("options", {}).items() for row in _rows(f"{name}[].{key}", details)]
    return [f"| `{name}` | {kind} | {default} | {_plain(option['description'])} |", *nested]


def _default(value: Any) -> str:
    if value is None or value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _plain(text: str | list[str]) -> str:
    joined = text if isinstance(text, str) else " ".join(text)
    return re.sub(r"\b[CEOV]\(([^)]*)\)", r"`\1`", joined).replace("|", "\\|").strip()


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
