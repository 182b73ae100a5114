# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from a job's journal and its unit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dbaas_agent import schema
from dbaas_agent.jobs.record import (
    CANCELLED,
    FAILED,
    FINAL,
    PENDING,
    RUNNING,
    Progress,
    Record,
    Request,
    State,
    judge,
    surplus,
)
from dbaas_agent.systemd import Unit
from hypothesis import given, strategies

ALIVE = ["activating", "active", "deactivating", "reloading"]
OVER = ["inactive", "failed"]
RESULTS = ["success", "signal", "exit-code", "oom-kill", "timeout", "core-dump", "watchdog", "resources", ""]
GONE = Unit("not-found", "inactive", "dead", "success")

units = strategies.builds(
    Unit,
    load=strategies.sampled_from(["loaded", "not-found"]),
    active=strategies.sampled_from(ALIVE + OVER),
    result=strategies.sampled_from(RESULTS),
)
states = strategies.builds(
    State,
    state=strategies.sampled_from([PENDING, RUNNING, *sorted(FINAL)]),
    progress=strategies.builds(Progress, done=strategies.integers(0, 9), total=strategies.none() | strategies.just(9)),
    result=strategies.none() | strategies.just({"tables": 1}),
)


def record(state: State, cancelled: bool = False, identity: str = "j", created: int = 1) -> Record:
    return Record(Request(identity, "k", {}, 60, [], created), state, cancelled)


records = strategies.builds(record, states, strategies.booleans())


@given(records, units)
def test_an_end_is_never_overwritten_and_nothing_alive_has_ended(given_record: Record, unit: Unit) -> None:
    state = judge(given_record, unit, 7)
    if given_record.state.over or unit.active in ALIVE:
        assert state == given_record.state


@given(records, units)
def test_what_is_over_has_an_end_and_keeps_what_was_known(given_record: Record, unit: Unit) -> None:
    state = judge(given_record, unit, 7)
    assert state.over or unit.active in ALIVE
    assert (state.progress, state.result) == (given_record.state.progress, given_record.state.result)
    assert judge(replace(given_record, state=state), unit, 8) == state


@given(records.filter(lambda one: not one.state.over), units.filter(lambda unit: unit.active in OVER))
def test_only_what_was_asked_to_end_was_cancelled_and_every_failure_says_why(given_record: Record, unit: Unit) -> None:
    state = judge(given_record, unit, 7)
    assert (state.state == CANCELLED) == given_record.cancelled
    assert state.ended == 7
    if state.state == FAILED:
        assert state.error is not None
        assert state.error["reason"] in schema.REASONS
        assert state.error["details"]["ended"]


@pytest.mark.parametrize(
    ("unit", "reason", "ended"),
    [
        (Unit("loaded", "failed", "failed", "signal"), "agent", "signal"),
        (Unit("loaded", "failed", "failed", "core-dump"), "agent", "core-dump"),
        (Unit("loaded", "failed", "failed", "exit-code"), "agent", "exit-code"),
        (Unit("loaded", "failed", "failed", "oom-kill"), "agent", "oom-kill"),
        (Unit("loaded", "failed", "failed", "timeout"), "timeout", "timeout"),
        (Unit("loaded", "failed", "failed", "resources"), "agent", "vanished"),
        (Unit("loaded", "inactive", "dead", "success"), "agent", "vanished"),
        (GONE, "agent", "vanished"),
        (Unit("not-found", "inactive", "dead", "signal"), "agent", "vanished"),
    ],
)
def test_how_a_job_ended_that_could_not_tell(unit: Unit, reason: str, ended: str) -> None:
    error = judge(record(State(RUNNING)), unit, 7).error
    assert error is not None
    assert (error["reason"], error["details"]) == (reason, {"ended": ended})


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [(None, None, None), (3, None, None), (None, 4, 0), (1, 3, 33), (3, 3, 100), (9, 3, 100), (0, 0, None)],
)
def test_percent(done: int | None, total: int | None, percent: int | None) -> None:
    assert Progress(done=done, total=total).percent == percent


@given(strategies.lists(strategies.tuples(states, strategies.integers(0, 5)), max_size=12), strategies.integers(0, 6))
def test_the_newest_that_are_over_and_all_that_are_not_are_kept(made: list[tuple[State, int]], keep: int) -> None:
    jobs = [record(state, identity=f"j{place}", created=at) for place, (state, at) in enumerate(made)]
    over = {job.request.id: job.request.created for job in jobs if job.state.over}
    gone = surplus(jobs, keep)
    kept = set(over) - set(gone)
    assert set(gone) <= set(over)
    assert len(kept) == min(keep, len(over))
    assert all(over[old] <= over[new] for old in gone for new in kept)
