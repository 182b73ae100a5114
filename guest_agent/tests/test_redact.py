# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret survives redaction."""

from __future__ import annotations

from dbaas_agent.redact import MASK, clean, redact
from hypothesis import given, strategies

SECRETS = strategies.text(min_size=1).filter(lambda secret: "*" not in secret)


@given(strategies.data(), strategies.lists(SECRETS, min_size=1, max_size=4))
def test_no_secret_survives(data: strategies.DataObject, secrets: list[str]) -> None:
    pieces = data.draw(strategies.lists(strategies.sampled_from(secrets) | strategies.text(), min_size=1))
    left = redact("".join(pieces), secrets)
    assert not any(secret in left for secret in secrets)


@given(strategies.text())
def test_a_text_without_secrets_stays(text: str) -> None:
    assert redact(text, []) == text
    assert redact(text, [""]) == text


def test_a_secret_that_holds_another_leaves_nothing() -> None:
    assert redact("x abcd x", {"ab", "abcd"}) == f"x {MASK} x"


def test_a_structure_keeps_its_form_and_the_word_for_programs() -> None:
    given_value = {"reason": "agent", "msg": "an agent", "list": ["agent", 1, None], "inner": {"x": "agents"}}
    assert clean(given_value, ["agent"]) == {
        "reason": "agent",
        "msg": f"an {MASK}",
        "list": [MASK, 1, None],
        "inner": {"x": f"{MASK}s"},
    }
