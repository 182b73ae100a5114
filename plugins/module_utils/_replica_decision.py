# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who becomes the primary of a replication set, and who follows it. Pure; private to the collection. docs/decisions/replication.md says why.

A member that may not become primary, and whatever keeps all of them from it, is an Obstacle: one word for programs, a sentence that says what to do.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.dbaas.openstack.plugins.module_utils._histories import NOTHING, TRANSACTIONS, History

UNREACHABLE = "unreachable"
WRITABLE = "writable"
ERRANT = "errant"
STOPPED = "stopped"
LAGGING = "lagging"
DELAYED = "delayed"
BEHIND = "behind"
WORKS = "works"
UNFENCED = "unfenced"
LOSS = "loss"
NOBODY = "nobody"
UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Member:
    """What a member tells of itself; nothing of it counts unless it answers.

    writable: it takes writes of clients. running: it receives and applies. received, applied: what it has on its disk, and what it has done
    of it. lag: seconds by which what it applied last is behind. delay: seconds by which it is kept behind on purpose. synchronous: the
    primary counts its receipts before it tells a client that something is kept. follows: it was told to follow this primary, and does.
    """

    name: str
    answers: bool = True
    writable: bool = False
    running: bool = True
    received: History = NOTHING
    applied: History = NOTHING
    lag: float = 0.0
    delay: int = 0
    synchronous: bool = False
    follows: bool = False


@dataclasses.dataclass(frozen=True)
class Reign:
    """The primary as the set's record knows it. line: the line of history into which it writes. base: what it had when it became primary.

    Since then only that line may grow: whatever else a member has is its own.
    told: what it had when it told last; none: it never did. receipts: of how many synchronous members it waited for then; 0: for none.
    rewinds: a member that follows takes back what it wrote by itself.
    """

    primary: str
    line: str
    base: History
    told: History | None = None
    receipts: int = 0
    rewinds: bool = False


@dataclasses.dataclass(frozen=True)
class Limits:
    """max_lag: seconds behind which nobody is promoted as planned. max_lost: of what the history counts, in a failover."""

    max_lag: float = 30.0
    max_lost: int = 0
    accept_unfenced: bool = False


class Obstacle(t.NamedTuple):
    """member: whom it is about; empty for the set. word: one of this module's. msg: with what to do."""

    member: str
    word: str
    msg: str


@dataclasses.dataclass(frozen=True)
class Decision:
    """primary: who becomes it; empty when there are blockers. followers: who follows it, those with the most first.

    left: members that do not, and why. lost: how much of what clients were told is kept may be gone; None: that cannot be bounded.
    known_lost: how much is gone for certain.
    """

    primary: str = ""
    followers: tuple[str, ...] = ()
    left: tuple[Obstacle, ...] = ()
    blockers: tuple[Obstacle, ...] = ()
    lost: int | None = 0
    known_lost: int = 0
    unit: str = TRANSACTIONS


def switchover(
    reign: Reign, members: t.Sequence[Member], wanted: str | None = None, limits: Limits = Limits()
) -> Decision:
    """Who takes over from a primary that works. wanted: by name; None: whoever is best. Nothing can be lost: the primary is drained first."""
    blockers = [*_unwanted(members, reign, wanted), *_pretenders(members, reign)]
    old = _named(members, reign.primary)
    if old is None or not old.answers:
        msg = f"primary {reign.primary} does not answer: playbook replica_eject takes over from one that is gone"
        return Decision(blockers=(*blockers, Obstacle(reign.primary, UNREACHABLE, msg)))
    obstacles = {one.name: _not_planned(one, reign, old, limits) for one in _others(members, reign)}
    if wanted in obstacles:
        blockers += obstacles[wanted or ""]
    ranked = _ranked([one for one in _others(members, reign) if not obstacles[one.name]])
    if not ranked and not wanted:
        blockers += [*_flat(obstacles.values()), Obstacle("", NOBODY, "no member can take over")]
    if blockers:
        return Decision(blockers=tuple(blockers))
    new = next((one for one in ranked if one.name == wanted), ranked[0])
    return _decided(reign, members, new, [*ranked, old])


def failover(
    reign: Reign,
    members: t.Sequence[Member],
    wanted: str | None = None,
    limits: Limits = Limits(),
    *,
    fenced: bool,
) -> Decision:
    """Who takes over from a primary that is gone. fenced: it is known that it cannot write any more."""
    blockers = [*_unwanted(members, reign, wanted), *_pretenders(members, reign)]
    old = _named(members, reign.primary)
    if old is not None and old.answers and old.writable:
        msg = f"primary {old.name} works: playbook replica_promote takes over from it without loss"
        blockers.append(Obstacle(old.name, WORKS, msg))
    if not fenced and not limits.accept_unfenced:
        msg = f"primary {reign.primary} could still write: have Nova stop it, or accept that with accept_unfenced=true"
        blockers.append(Obstacle(reign.primary, UNFENCED, msg))
    obstacles = {one.name: _not_at_all(one, reign) for one in _others(members, reign)}
    ranked = _ranked([one for one in _others(members, reign) if not obstacles[one.name]])
    if wanted in obstacles:
        blockers += obstacles[wanted or ""]
    elif not ranked:
        blockers += [*_flat(obstacles.values()), Obstacle("", NOBODY, "no member can take over")]
    new = next((one for one in ranked if one.name == wanted), ranked[0] if ranked and not wanted else None)
    if new is None:
        return Decision(blockers=tuple(blockers))
    told = _lost(reign, members, ranked, new)
    if told.known_lost > limits.max_lost or (told.lost is None and not limits.max_lost):
        blockers.append(Obstacle(new.name, LOSS, _loss_message(new, reign, told, limits)))
    if blockers:
        return dataclasses.replace(told, blockers=tuple(blockers))
    decided = _decided(reign, members, new, ranked)
    return dataclasses.replace(decided, lost=told.lost, known_lost=told.known_lost)


def receipts(primary: str, wanted: int, members: t.Sequence[Member], leaving: t.Collection[str] = ()) -> int:
    """For the receipts of how many replicas the primary can wait: as many as are wanted, and no more than follow and count. leaving: who will not soon."""
    there = [one for one in members if one.synchronous and one.follows and one.name != primary]
    return min(wanted, len([one for one in there if one.name not in leaving]))


def _named(members: t.Iterable[Member], name: str) -> Member | None:
    return next((one for one in members if one.name == name), None)


def _others(members: t.Iterable[Member], reign: Reign) -> list[Member]:
    return [one for one in members if one.name != reign.primary]


def _flat(many: t.Iterable[t.Iterable[Obstacle]]) -> list[Obstacle]:
    return [one for some in many for one in some]


def _unwanted(members: t.Sequence[Member], reign: Reign, wanted: str | None) -> list[Obstacle]:
    if wanted is None or (wanted != reign.primary and _named(members, wanted)):
        return []
    names = ", ".join(one.name for one in _others(members, reign)) or "none"
    what = "is the primary" if wanted == reign.primary else "is no member of the set"
    return [Obstacle(wanted, UNKNOWN, f"{wanted} {what}; its replicas are: {names}")]


def _pretenders(members: t.Sequence[Member], reign: Reign) -> list[Obstacle]:
    """Whoever takes writes beside the primary: that has to end before anybody else begins."""
    return [
        Obstacle(
            one.name,
            WRITABLE,
            f"{one.name} takes writes, though {reign.primary} is the set's primary: playbook replica_rebuild makes a replica of it again, without"
            " what it wrote by itself; playbook replica_detach makes it an instance of its own",
        )
        for one in _others(members, reign)
        if one.answers and one.writable
    ]


def errant(reign: Reign, members: t.Sequence[Member]) -> list[Obstacle]:
    """Those that have writes of their own which they cannot take back, so that they cannot follow anybody."""
    if reign.rewinds:
        return []
    found = _flat(_not_at_all(one, reign) for one in _others(members, reign))
    return [one for one in found if one.word == ERRANT]


def own_writes(one: Member, reign: Reign) -> History:
    """What a replica has that came from no primary."""
    foreign = {line: numbers for line, numbers in one.received.lines.items() if line != reign.line}
    return reign.base.lacks(dataclasses.replace(one.received, lines=foreign))


def _not_at_all(one: Member, reign: Reign) -> list[Obstacle]:
    """Why a replica can neither become primary nor follow another one."""
    if not one.answers:
        msg = f"{one.name} does not answer: start it (playbook instance_start), then playbook replica_rejoin"
        return [Obstacle(one.name, UNREACHABLE, msg)]
    own = own_writes(one, reign)
    if own.lines:
        msg = f"{one.name} has writes of its own ({own.shown()}): playbook replica_rebuild makes it anew without them"
        return [Obstacle(one.name, ERRANT, msg)]
    return []


def _not_planned(one: Member, reign: Reign, old: Member, limits: Limits) -> list[Obstacle]:
    """Why a replica cannot take over from a primary that works."""
    found = _not_at_all(one, reign)
    if found:
        return found
    ahead = old.applied.lacks(one.received)
    if ahead.lines:
        msg = f"{one.name} has what {old.name} has not ({ahead.shown()}): playbook replica_rebuild makes it anew"
        found.append(Obstacle(one.name, ERRANT, msg))
    if not one.running:
        msg = f"the replication of {one.name} does not run: playbook replica_rejoin, or replica_rebuild where that does not help"
        found.append(Obstacle(one.name, STOPPED, msg))
    if one.delay:
        msg = f"{one.name} is kept {one.delay} s behind on purpose: name another one, or end that (playbook replica_rejoin, replica_delay=0)"
        found.append(Obstacle(one.name, DELAYED, msg))
    elif one.lag > limits.max_lag:
        msg = f"{one.name} is {one.lag:.0f} s behind, more than max_lag={limits.max_lag:.0f}: wait, or raise max_lag"
        found.append(Obstacle(one.name, LAGGING, msg))
    return found


def _ranked(members: t.Sequence[Member]) -> list[Member]:
    """Those with the most first: by what they have received, then by what is left to be applied."""

    def order(one: Member) -> tuple[int, int, int, str]:
        missing = sum(one.received.missing(other.received) for other in members)
        return missing, one.delay, one.applied.missing(one.received), one.name

    return sorted(members, key=order)


def _decided(reign: Reign, members: t.Sequence[Member], new: Member, fit: t.Sequence[Member]) -> Decision:
    """fit: those that are not kept from following, the best first."""
    followers, left = [], []
    for one in [*fit, *(other for other in _others(members, reign) if other not in fit)]:
        if one is new:
            continue
        obstacles = _not_at_all(one, reign) or _beyond(one, new, reign)
        left += obstacles
        if not obstacles:
            followers.append(one.name)
    return Decision(primary=new.name, followers=tuple(followers), left=tuple(left), unit=reign.base.unit)


def _beyond(one: Member, new: Member, reign: Reign) -> list[Obstacle]:
    """The old primary is drained into the new one; a replica cannot go back."""
    more = new.received.lacks(one.received)
    if one.name == reign.primary or not more.lines:
        return []
    msg = f"{one.name} has what {new.name} has not ({more.shown()}): playbook replica_rebuild makes it anew"
    return [Obstacle(one.name, BEHIND, msg)]


def _lost(reign: Reign, members: t.Sequence[Member], ranked: t.Sequence[Member], new: Member) -> Decision:
    """What may be lost at most, and what is for certain; of nobody's promotion.

    What a client was told is kept has the receipts of that many synchronous members. When fewer of them are out of sight, one that is seen has it;
    what the primary told last does not count then, since it may have told of writes that still waited for receipts.
    """
    synchronous = [one for one in _others(members, reign) if one.synchronous]
    hidden = len([one for one in synchronous if one not in ranked])
    seen = max(new.received.missing(one.received) for one in ranked)
    if hidden < reign.receipts <= len(synchronous):
        return Decision(lost=seen, known_lost=seen, unit=reign.base.unit)
    told = new.received.missing(reign.told) if reign.told else 0
    return Decision(lost=None, known_lost=max(seen, told), unit=reign.base.unit)


def _loss_message(new: Member, reign: Reign, told: Decision, limits: Limits) -> str:
    count, primary = told.known_lost, reign.primary
    what = f"{count} {told.unit} that {primary} had would be lost" if count else "nothing is known to be lost"
    if told.lost is None:
        what += ", and what it took after it told last, since it did not wait for enough members that are there"
    return f"with {new.name} {what}: max_lost={limits.max_lost}; give back {primary}, or raise max_lost"
