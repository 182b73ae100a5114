# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS mode as it is kept on the volume."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbaas_agent import tls_mode
from dbaas_agent.config import Config
from dbaas_agent.tls_mode import DEFAULT, MUTUAL, Policy


def test_what_is_kept_is_read_again(config: Config) -> None:
    assert tls_mode.read(config) == DEFAULT
    policy = Policy(MUTUAL, frozenset({("u", "%"), ("o'ha é", "10.%")}))
    tls_mode.write(config, policy)
    assert tls_mode.read(config) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"mode": "none", "plain": []}',
        '{"mode": "off"}',
        '{"mode": "off", "plain": [1]}',
        '{"mode": 1, "plain": []}',
    ],
)
def test_anything_else_is_no_mode(config: Config, text: str) -> None:
    Path(tls_mode.path(config)).write_text(text)
    with pytest.raises(ValueError, match=r"."):
        tls_mode.read(config)
