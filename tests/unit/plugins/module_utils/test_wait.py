# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One deadline for all waits."""

from __future__ import annotations

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline


def test_it_waits_until_the_probe_answers() -> None:
    answers = iter([None, None, "there"])
    assert Deadline(10).until(lambda: next(answers), "it", pause=0) == "there"


def test_it_gives_up_and_names_what_it_waited_for() -> None:
    clock = iter(range(100))
    with pytest.raises(DbaasError) as error:
        Deadline(5, clock=lambda: float(next(clock))).until(lambda: None, "the server", pause=0)
    assert error.value.reason == "timeout"
    assert "the server" in error.value.msg
