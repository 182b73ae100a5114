# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of an instance on Neutron: claims as tags of its anchor. Effects; private to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import random
import secrets
import time
import typing as t
from http import HTTPStatus

from ansible_collections.dbaas.openstack.plugins.module_utils import _lock
from ansible_collections.dbaas.openstack.plugins.module_utils._errors import DbaasError, as_dbaas_error, require_ok
from ansible_collections.dbaas.openstack.plugins.module_utils._lock import Claim, Outcome
from ansible_collections.dbaas.openstack.plugins.module_utils._wait import Deadline

LEASE = 60
"""Seconds for which a module holds the lock; it renews while it works."""
SPREAD = random.SystemRandom()


class LockLostError(DbaasError):
    """Another run may be at work: nothing more is to be touched."""


class Tags:
    """The tags of one security group, as the protocols of the lock ask for them."""

    def __init__(self, connection: t.Any, group_id: str) -> None:
        self._network = connection.network
        self._url = f"/security-groups/{group_id}/tags"

    def run(self, protocol: _lock.Protocol) -> Outcome:
        """Carry out a protocol to its end."""
        answer: t.Any = None
        while True:
            try:
                request = protocol.send(answer)
            except StopIteration as ended:
                outcome: Outcome = ended.value
                return outcome
            answer = self._answer(request)

    def read(self) -> _lock.Reading:
        """The tags and Neutron's time; this machine's where Neutron tells none, as behind a bare uWSGI."""
        response = require_ok(self._network.get(self._url), "Read the tags of the anchor")
        date = response.headers.get("Date")
        now = email.utils.parsedate_to_datetime(date).timestamp() if date else time.time()
        return _lock.Reading(frozenset(response.json()["tags"]), int(now))

    def _answer(self, request: _lock.Add | _lock.Remove | _lock.Read) -> t.Any:
        if isinstance(request, _lock.Read):
            return self.read()
        change = self._network.put if isinstance(request, _lock.Add) else self._network.delete
        try:
            return bool(change(f"{self._url}/{request.tag}").status_code < HTTPStatus.BAD_REQUEST)
        except Exception as raised:
            if as_dbaas_error(raised) is None:
                raise
            return False


class Lock:
    """The lock of an instance, held by this run as long as it renews it."""

    def __init__(self, tags: Tags, mine: Claim, lease: int, left: float) -> None:
        """left: seconds until the claim lapses."""
        self._tags = tags
        self._lease = lease
        self._mine = mine
        self._renew_at = time.time() + left - lease / 2

    @property
    def claim(self) -> Claim:
        """The claim that holds it now."""
        return self._mine

    def keep(self) -> None:
        """Renew the lock when half of its lease is over. LockLostError when another may have it."""
        if time.time() >= self._renew_at:
            self.renew()

    def renew(self, *, shorten: bool = False) -> None:
        """Hold it for another lease from now on; shorten: not for longer, either. LockLostError when another may have it."""
        outcome = self._tags.run(_lock.renew(self._mine, self._lease, shorten=shorten))
        if outcome.mine is None:
            raise _lost(outcome.held_by)
        self._mine = outcome.mine
        self._renew_at = time.time() + self._lease / 2

    def release(self) -> None:
        """Give it back, as far as that works: it lapses by itself, and is gone with the anchor."""
        with contextlib.suppress(Exception):
            self._tags.run(_lock.release(self._mine.holder))


def _lost(held_by: Claim | None) -> LockLostError:
    msg = "this run has lost the lock of the instance, which was not renewed in time; run the operation again"
    return LockLostError("conflict", msg, held_by=held_by and _lock.shown(held_by))


@dataclasses.dataclass(frozen=True)
class Work:
    """What the lock is wanted for. operation: its name. arguments: what tells the same work from other work, no secrets.
    holder: the lock that an earlier step got, to be held on to. keep: whether the lock outlives the step that gets it."""

    operation: str
    arguments: t.Any
    holder: str | None = None
    keep: bool = False


@contextlib.contextmanager
def locked(connection: t.Any, group_id: str, work: Work, deadline: Deadline, *, wait: bool) -> t.Iterator[Lock]:
    """Hold the lock of the anchor GROUP_ID, and renew it whenever the deadline's owner waits.

    A lock that was got here is given back at the end, unless it is to outlive a success.
    """
    tags = Tags(connection, group_id)
    if work.holder:
        lock = resumed(tags, work.holder, LEASE)
    else:
        lock = claimed(tags, work, LEASE, deadline if wait else Deadline(0))
    deadline.on_pause = lock.keep
    kept = bool(work.holder)
    try:
        yield lock
        kept = kept or work.keep
    finally:
        if not kept:
            lock.release()


def claimed(tags: Tags, work: Work, lease: int, deadline: Deadline) -> Lock:
    """Get the lock. Other work is refused at once; the same work waits for a run that may be dead."""
    wanted = Claim(work.operation, _lock.digest(work.arguments), secrets.token_hex(3), 0, 0)
    last: list[Claim] = []

    def attempt() -> Claim | None:
        outcome = tags.run(_lock.claim(wanted, lease))
        if outcome.held_by is not None:
            last[:] = [outcome.held_by]
            if not outcome.held_by.same_work(wanted):
                raise refusal(outcome.held_by)
        return outcome.mine

    try:
        mine = deadline.until(attempt, "the lock of the instance", pause=0.5 + 1.5 * SPREAD.random())
    except DbaasError as error:
        if error.reason == "timeout" and last:
            raise refusal(last[0]) from error
        raise
    return Lock(tags, mine, lease, lease)


def resumed(tags: Tags, holder: str, lease: int) -> Lock:
    """The lock that an earlier step got. LockLostError if it is not held any more."""
    reading = tags.read()
    mine = [claim for claim in _lock.claims(reading.tags) if claim.holder == holder]
    if not mine:
        raise _lost(_lock.living(reading.tags, reading.now))
    longest = max(mine, key=lambda claim: claim.until)
    lock = Lock(tags, longest, lease, longest.until - reading.now)
    lock.keep()
    return lock


def refuse_foreign(tags: t.Iterable[str], work: Work) -> None:
    """What check mode foretells of the lock: a conflict if it is held for other work."""
    first = _lock.living(tags, int(time.time()))
    wanted = Claim(work.operation, _lock.digest(work.arguments), "", 0, 0)
    if first is not None and first.holder != work.holder and not first.same_work(wanted):
        raise refusal(first)


def refusal(first: Claim) -> DbaasError:
    """The error for whoever comes second."""
    told = _lock.shown(first)
    msg = (
        f"{first.operation} has held the lock since {told['since']}: wait for its end and run this again."
        f" If it was killed, the lock is free at {told['until']}, and the same operation then goes on where it stopped;"
        f" sooner if you give it back yourself: dbaas.openstack.instance_lock with state absent and holder {first.holder}."
    )
    return DbaasError("conflict", msg, held_by=told)
