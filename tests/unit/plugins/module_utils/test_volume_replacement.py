# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another data volume in the place of an instance's, with runs that are killed after any step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.module_utils import _volume_replacement as replacement
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError
from ansible_collections.dbaas.openstack.plugins.module_utils._instance_plan import Step, plan_absent
from ansible_collections.dbaas.openstack.plugins.module_utils._observed import (
    DATA,
    DISCARDED,
    INITIALISED,
    NEXT,
    OF_BACKUPS,
    PREVIOUS,
    RESTORED,
    ROLE,
    Instance,
    Volume,
)

from tests.unit.plugins.module_utils.test_instance_plan import SERVER, WHOLE

OLD = Volume(
    "old", "orders-data", 5, "fast", "available", {"dbaas_uid": "u", "dbaas_tls": "required", INITIALISED: "true"}
)
FREE = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, volume_ids=()),), volumes=(OLD,))


def volume(identity: str, role: str, backup: str = "b", **more: Any) -> Volume:
    made = dataclasses.replace(OLD, id=identity, metadata={**OLD.metadata, ROLE: role, RESTORED: backup})
    return dataclasses.replace(made, **more)


def having(*volumes: Volume) -> Instance:
    return dataclasses.replace(FREE, volumes=volumes)


def after(instance: Instance, step: Step) -> Instance:
    """What the cloud makes of a step."""
    volumes: Sequence[Volume] = instance.volumes
    if step.action == "create":
        made = Volume(
            "new", step.name, step.details["size"], step.details["type"], "available", step.details["metadata"]
        )
        volumes = [*volumes, made]
    elif step.action == "delete":
        volumes = [one for one in volumes if one.id != step.target]
    else:
        told = step.details["metadata"]
        volumes = [
            dataclasses.replace(one, metadata={**one.metadata, **told}) if one.id == step.target else one
            for one in volumes
        ]
    return dataclasses.replace(instance, volumes=tuple(volumes))


def carried_out(instance: Instance, plan: Callable[[Instance], list[Step]], kill: int | None = None) -> Instance:
    for step in plan(instance)[:kill]:
        instance = after(instance, step)
    return instance


def roles(instance: Instance) -> dict[str, str]:
    return {one.id: one.role for one in instance.volumes}


PLANS: list[Callable[[Instance], list[Step]]] = [
    lambda now: replacement.plan_next(now, backup="b", size=7),
    lambda now: replacement.plan_replace(now, backup="b"),
]


@pytest.mark.parametrize("kill", range(4))
def test_it_is_replaced_put_back_and_dropped(kill: int) -> None:
    now = FREE
    for plan in PLANS:
        now = carried_out(now, plan, kill)
        assert now.volume is not None
        now = carried_out(now, plan)
        assert plan(now) == []
    assert roles(now) == {"old": PREVIOUS, "new": DATA}
    assert now.volume is not None
    assert (now.volume.size, now.volume.type, now.volume.initialised) == (7, "fast", False)
    assert now.volume.metadata["dbaas_tls"] == "required"
    kept = carried_out(now, replacement.plan_drop)
    assert roles(kept) == {"new": DATA}
    now = carried_out(carried_out(now, replacement.plan_put_back, kill), replacement.plan_put_back)
    assert roles(now) == {"old": DATA, "new": DISCARDED}
    assert replacement.plan_put_back(now) == []
    assert roles(carried_out(now, replacement.plan_drop)) == {"old": DATA}


def test_the_new_one_is_never_smaller() -> None:
    (step,) = replacement.plan_next(FREE, backup="b", size=1)
    assert step.details["size"] == 5


@pytest.mark.parametrize(
    "left",
    [
        volume("left", NEXT, "other"),
        volume("left", NEXT, status="error"),
        volume("left", NEXT, size=6),
        volume("left", DISCARDED),
    ],
)
def test_what_an_earlier_run_left_and_is_of_no_use_goes_first(left: Volume) -> None:
    steps = replacement.plan_next(having(OLD, left), backup="b", size=7)
    assert [(step.action, step.target) for step in steps] == [("delete", "left"), ("create", "old")]


def test_what_an_earlier_run_made_is_used() -> None:
    assert replacement.plan_next(having(OLD, volume("left", NEXT, size=7)), backup="b", size=7) == []


ATTACHED = dataclasses.replace(WHOLE, servers=(dataclasses.replace(SERVER, volume_ids=("old", "new")),))


@pytest.mark.parametrize(
    ("instance", "plan"),
    [
        (having(OLD), PLANS[1]),
        (having(OLD, volume("new", NEXT, "other")), PLANS[1]),
        (dataclasses.replace(ATTACHED, volumes=(OLD, volume("new", NEXT))), PLANS[1]),
        (
            dataclasses.replace(ATTACHED, volumes=(volume("old", PREVIOUS), volume("new", DATA))),
            replacement.plan_put_back,
        ),
        (having(OLD), replacement.plan_put_back),
        (having(volume("before", PREVIOUS, "a"), volume("old", DATA, "a")), PLANS[0]),
        (having(), PLANS[0]),
        (having(), replacement.plan_drop),
        (dataclasses.replace(FREE, servers=(dataclasses.replace(SERVER, locked=True, volume_ids=()),)), PLANS[0]),
    ],
)
def test_what_cannot_be_is_refused(instance: Instance, plan: Callable[[Instance], list[Step]]) -> None:
    with pytest.raises(DbaasError) as error:
        plan(instance)
    assert error.value.reason == "not_actionable"


def test_the_same_backup_again_after_the_first_was_confirmed() -> None:
    again = having(volume("old", DATA))
    assert [step.action for step in replacement.plan_next(again, backup="b", size=1)] == ["create"]


@pytest.mark.parametrize("keep", [True, False])
def test_a_removal_takes_the_others_too(keep: bool) -> None:
    instance = dataclasses.replace(WHOLE, volumes=(volume("before", PREVIOUS), volume("old", DATA)))
    steps = [(step.action, step.target) for step in plan_absent(instance, keep) if step.target in ("before", "old")]
    assert steps == [("delete", "before"), ("update" if keep else "delete", "old")]


@pytest.mark.parametrize("of", ["before", "old"])
def test_a_volume_of_which_backups_are_snapshots_is_not_deleted(of: str) -> None:
    instance = dataclasses.replace(
        WHOLE, volumes=(volume("before", PREVIOUS), volume("old", DATA)), backups={"b1": of, "b2": "elsewhere"}
    )
    with pytest.raises(DbaasError) as error:
        plan_absent(instance, False)
    assert error.value.details["backups"] == ["b1"]
    if of == "old":
        assert plan_absent(instance, True)
    (step,) = replacement.plan_drop(instance)
    left = (
        ("update", {"metadata": {ROLE: OF_BACKUPS}})
        if of == "before"
        else ("delete", {"size": OLD.size, "role": PREVIOUS})
    )
    assert (step.target, step.action, step.details) == ("before", *left)
