# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema, its handlers, and the protocol that the collection sees."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from dbaas_agent import schema
from dbaas_agent.verbs import HANDLERS

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "plugins" / "module_utils" / "_agent_protocol.py"


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_verb_has_a_handler() -> None:
    assert set(HANDLERS) == set(schema.VERBS)


def test_the_collections_protocol_is_generated_from_the_schema() -> None:
    generator = _load(ROOT / "guest_agent" / "generate_protocol.py")
    assert PROTOCOL.read_text(encoding="utf-8") == generator.source()


def test_the_generated_protocol_says_the_same() -> None:
    protocol = _load(PROTOCOL)
    assert protocol.VERBS == schema.VERBS
    assert (protocol.PROTOCOLS, protocol.SOCKET, protocol.REASONS) == (schema.PROTOCOLS, schema.SOCKET, schema.REASONS)


def test_passwords_and_the_secrets_of_jobs_are_secret() -> None:
    def options(spec: dict[str, Any]) -> Any:
        for name, option in spec.items():
            yield name, option
            yield from options(option.get("options", {}))

    named = {name: option for verb in schema.VERBS.values() for name, option in options(verb["args"])}
    assert sorted(name for name, option in named.items() if option.get("secret")) == [
        "password",
        "record",
        "secrets",
        "url",
    ]


def test_the_reference_names_every_verb_and_argument() -> None:
    page = (ROOT / "docs" / "reference" / "agent-protocol.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}

    def names(spec: dict[str, Any]) -> Any:
        for name, option in spec.items():
            yield name
            yield from names(option.get("options", {}))

    missing = {
        (verb, name)
        for verb, entry in schema.VERBS.items()
        for name in names(entry["args"])
        if f"`{name}`" not in rows.get(verb, "")
    }
    assert set(schema.VERBS) <= set(rows)
    assert missing == set()
