# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbaas_agent.drivers.mariadb import replication as mariadb
from dbaas_agent.drivers.mysql import replication as mysql
from dbaas_agent.drivers.mysql_family import replication as family
from dbaas_agent.drivers.mysql_family import seat, semi_sync
from dbaas_agent.drivers.mysql_family.sql import Names, Statement, user_fault
from dbaas_agent.drivers.postgresql import replication as postgresql
from dbaas_agent.errors import AgentError
from dbaas_agent.replication import GTID_SET, GTID_STATE, PRIMARY, REPLICA, WAL, Receipts, Source, Upstream

MARIADB = {"server_id": 2, "domain_id": 0, "state": "0-1-50,0-2-60", "position": "0-1-50", "read_only": 0}
FOLLOWS: dict[str, Any] = {
    "Master_Host": "192.0.2.1",
    "Master_Port": 3306,
    "Slave_IO_Running": "Yes",
    "Slave_SQL_Running": "Yes",
    "Seconds_Behind_Master": 3,
    "Gtid_IO_Pos": "0-1-55",
    "Last_IO_Error": "",
    "Last_SQL_Error": "",
    "SQL_Delay": 0,
}
MYSQL = {"server_uuid": "aaaa", "executed": "aaaa:1-5,\nbbbb:1-3", "read_only": 0}
POSTGRESQL: dict[str, Any] = {
    "follows": False,
    "read_only": False,
    "delay_ms": 0,
    "conninfo": "",
    "status": None,
    "timeline": None,
    "file": "000000030000000000000005",
    "flushed": "0/5000110",
    "received": None,
    "replayed": None,
    "lag": None,
    "paused": None,
    "waits": True,
    "receipts": 1,
}
HISTORY = {3: "1\t0/3000060\tno recovery target specified\n\n2\t0/4000000\tsomething else\n", 2: "1\t0/3000060\tno\n"}


def history(timeline: int) -> str:
    return HISTORY.get(timeline, "")


def test_a_mariadb_server_that_follows_nobody_is_primary() -> None:
    told = mariadb.facts(MARIADB, [])
    assert (told.role, told.kind, told.line, told.writable, told.lag) == (PRIMARY, GTID_STATE, "0-2", True, 0)
    assert told.applied == told.received == "0-1-50,0-2-60,0-1-50"


def test_a_mariadb_replica_has_what_it_received_too() -> None:
    told = mariadb.facts({**MARIADB, "read_only": 1}, [FOLLOWS])
    assert (told.role, told.writable, told.lag) == (REPLICA, False, 3)
    assert told.received == f"{told.applied},0-1-55"
    assert told.source == Source("192.0.2.1", 3306, receiving=True, applying=True)


@pytest.mark.parametrize(
    ("change", "source"),
    [
        (
            {"Slave_IO_Running": "Connecting", "Last_IO_Error": "no route"},
            Source("192.0.2.1", 3306, receiving=False, applying=True, fault="no route"),
        ),
        (
            {
                "Slave_SQL_Running": "No",
                "Last_SQL_Error": "duplicate key",
                "SQL_Delay": 60,
                "Seconds_Behind_Master": None,
            },
            Source("192.0.2.1", 3306, receiving=True, applying=False, fault="duplicate key", delay=60),
        ),
    ],
)
def test_a_replica_that_stands_still_says_why(change: dict[str, Any], source: Source) -> None:
    told = mariadb.facts(MARIADB, [{**FOLLOWS, **change}])
    assert told.source == source
    assert told.lag is None


def test_mysql_tells_the_same_in_its_words() -> None:
    words = {"Master": "Source", "Slave": "Replica"}
    row = FOLLOWS
    for old, new in words.items():
        row = {name.replace(old, new): value for name, value in row.items()}
    told = mysql.facts(MYSQL, [{**row, "Retrieved_Gtid_Set": "cccc:1-9"}])
    assert (told.kind, told.line, told.lag) == (GTID_SET, "aaaa", 3)
    assert (told.applied, told.received) == ("aaaa:1-5,bbbb:1-3", "aaaa:1-5,bbbb:1-3,cccc:1-9")
    assert told.source == Source("192.0.2.1", 3306, receiving=True, applying=True)
    assert mysql.facts(MYSQL, []).role == PRIMARY


def test_a_postgresql_server_has_come_along_its_timelines() -> None:
    told = postgresql.facts(POSTGRESQL, history)
    assert (told.role, told.kind, told.line, told.writable) == (PRIMARY, WAL, "3@0/4000000", True)
    assert told.applied == "1@0/0:0/3000060,2@0/3000060:0/4000000,3@0/4000000:0/5000110"
    assert not postgresql.facts({**POSTGRESQL, "read_only": True}, history).writable


def test_a_postgresql_server_on_its_first_timeline_comes_from_nowhere() -> None:
    told = postgresql.facts({**POSTGRESQL, "file": "000000010000000000000001", "flushed": "0/1500000"}, history)
    assert (told.line, told.applied) == ("1@0/0", "1@0/0:0/1500000")


STANDBY = {
    **POSTGRESQL,
    "follows": True,
    "file": None,
    "flushed": None,
    "timeline": 2,
    "received": "0/3500000",
    "replayed": "0/3400000",
    "lag": 7,
    "status": "streaming",
    "paused": False,
    "conninfo": "user=dbaas_replica host='192.0.2.1' port=5433 sslmode=verify-ca",
}


def test_a_standby_follows_the_timeline_that_it_streams() -> None:
    told = postgresql.facts(STANDBY, history)
    assert (told.role, told.line, told.writable, told.lag) == (REPLICA, "2@0/3000060", False, 7)
    assert told.received == "1@0/0:0/3000060,2@0/3000060:0/3500000"
    assert told.applied == "1@0/0:0/3000060,2@0/3000060:0/3400000"
    assert told.source == Source("192.0.2.1", 5433, receiving=True, applying=True)


def test_a_standby_that_hears_of_nobody_is_still_one() -> None:
    alone = {"timeline": 1, "received": None, "replayed": None, "status": None, "conninfo": "", "paused": True}
    told = postgresql.facts({**STANDBY, **alone, "delay_ms": 60000}, history)
    assert (told.role, told.received, told.lag) == (REPLICA, "1@0/0:0/0", None)
    assert told.source == Source("", 0, receiving=False, applying=False, delay=60)


def test_the_history_of_a_timeline_is_read_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / "0000000A.history").write_text(HISTORY[3])
    assert postgresql.history_file(str(tmp_path), 10) == HISTORY[3]
    assert postgresql.history_file(str(tmp_path), 1) == ""


UPSTREAM = Upstream("192.0.2.9", 3307, "dbaas_replica_01234567", "secret", "/tls/source.pem", 60)


def sql(plan: Any) -> list[str]:
    return [step.shown() for step in plan.statements]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            mariadb.WORDS,
            (
                "STOP SLAVE",
                "CHANGE MASTER TO MASTER_HOST='192.0.2.9', MASTER_PORT=3307",
                "MASTER_USE_GTID=slave_pos",
                "START SLAVE",
            ),
        ),
        (
            mysql.WORDS,
            (
                "STOP REPLICA",
                "CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.0.2.9', SOURCE_PORT=3307",
                "SOURCE_AUTO_POSITION=1, SOURCE_RETRY_COUNT=4294967295",
                "START REPLICA",
            ),
        ),
    ],
)
def test_another_server_is_followed_by_tls(words: family.Words, expected: tuple[str, str, str, str]) -> None:
    plan = family.plan_follow(None, UPSTREAM, words, [])
    stop, change, start = sql(plan)
    assert (stop, start) == (expected[0], expected[3])
    assert change.startswith(expected[1])
    assert change.endswith(expected[2])
    prefix = words.source.upper()
    assert f"{prefix}_SSL=1, {prefix}_SSL_VERIFY_SERVER_CERT=1, {prefix}_SSL_CA='/tls/source.pem'" in change
    assert f"{prefix}_DELAY=60" in change
    assert "secret" not in change
    assert plan.statements[1].bound() == ("192.0.2.9", "dbaas_replica_01234567", "secret", "/tls/source.pem")
    assert (plan.before, plan.after) == ({}, {"host": "192.0.2.9", "port": 3307, "delay": 60})


def test_without_an_authority_there_is_no_tls() -> None:
    plan = family.plan_follow(None, Upstream("192.0.2.9", 3306, "u", "p"), mariadb.WORDS, [])
    assert "MASTER_SSL=0" in sql(plan)[1]
    assert "MASTER_SSL_CA" not in sql(plan)[1]


def test_whoever_is_followed_already_is_at_most_started() -> None:
    known = Upstream("192.0.2.1", 3306, "u")
    runs = Source("192.0.2.1", 3306, receiving=True, applying=True)
    stands = Source("192.0.2.1", 3306, receiving=True, applying=False)
    assert sql(family.plan_follow(runs, known, mariadb.WORDS, [])) == []
    assert sql(family.plan_follow(stands, known, mysql.WORDS, [])) == ["START REPLICA"]
    (_stop, change, _start) = sql(family.plan_follow(runs, Upstream("192.0.2.1", 3306, "u", delay=5), mysql.WORDS, []))
    assert "PASSWORD" not in change


def test_a_restored_mariadb_begins_where_its_backup_was_taken() -> None:
    begin = [step.shown() for step in mariadb.begin(MARIADB, follows=True, position={"gtid": "0-1-20"})]
    assert begin == [
        "RESET SLAVE ALL",
        "RESET MASTER",
        "SET GLOBAL gtid_binlog_state = '0-1-20'",
        "SET GLOBAL gtid_slave_pos = '0-1-20'",
    ]
    plan = family.plan_follow(None, UPSTREAM, mariadb.WORDS, [Statement("RESET MASTER")])
    assert sql(plan)[:2] == ["STOP SLAVE", "RESET MASTER"]


def test_a_copy_of_a_mariadb_goes_on_from_its_own_log() -> None:
    server = {**MARIADB, "state": "0-2-7,0-1-20,5-1-4", "position": "0-2-7"}
    assert [step.shown() for step in mariadb.resume(server)] == [
        "RESET SLAVE ALL",
        "SET GLOBAL gtid_slave_pos = '0-1-20,5-1-4'",
    ]


@pytest.mark.parametrize(
    ("position", "earlier", "state"),
    [
        ("0-1-20", "", "0-1-20"),
        ("0-1-20", "0-1-18", "0-1-20"),
        ("0-1-20", "0-2-7,0-3-12,0-1-18", "0-2-7,0-3-12,0-1-20"),
        ("0-1-20,5-1-4", "5-2-3, 0-2-7,\n0-1-18", "5-2-3,0-2-7,0-1-20,5-1-4"),
        # Nothing that is newer than the backup, or of a domain that it does not know.
        ("0-1-20", "0-2-21,7-2-1", "0-1-20"),
        ("", "0-2-7", ""),
    ],
)
def test_a_restored_mariadb_knows_what_earlier_primaries_wrote(position: str, earlier: str, state: str) -> None:
    given = {"gtid": position, "gtid_state": earlier}
    begin = {step.shown() for step in mariadb.begin(MARIADB, follows=True, position=given)}
    assert f"SET GLOBAL gtid_binlog_state = '{state}'" in begin
    assert f"SET GLOBAL gtid_slave_pos = '{position}'" in begin


def test_a_mariadb_that_was_primary_goes_on_from_its_last_write() -> None:
    begin = mariadb.begin({**MARIADB, "current": "0-2-60"}, follows=False, position=None)
    assert [step.shown() for step in begin] == ["SET GLOBAL gtid_slave_pos = '0-2-60'"]
    assert mariadb.begin({**MARIADB, "current": "0-2-60"}, follows=True, position=None) == []


def test_nobody_is_followed_any_more() -> None:
    followed = Source("192.0.2.1", 3306, receiving=True, applying=True)
    assert sql(family.plan_leave(followed, mysql.WORDS)) == ["STOP REPLICA", "RESET REPLICA ALL"]
    assert sql(family.plan_leave(None, mariadb.WORDS)) == []


@pytest.mark.parametrize(("there", "verb"), [(False, "CREATE"), (True, "ALTER")])
@pytest.mark.parametrize(("tls", "require"), [(True, "SSL"), (False, "NONE")])
def test_a_replica_has_an_account_of_its_own(there: bool, verb: str, tls: bool, require: str) -> None:
    plan = family.plan_account("dbaas_replica_01234567", "secret", tls, there)
    made, granted = plan.statements
    assert made.sql == f"{verb} USER %s@'%%' IDENTIFIED BY %s REQUIRE {require}"
    assert "secret" not in made.shown()
    assert granted.shown() == "GRANT REPLICATION SLAVE ON *.* TO 'dbaas_replica_01234567'@'%'"


def test_an_account_that_is_not_wanted_goes() -> None:
    assert sql(family.plan_account("dbaas_replica_01234567", None, tls=True, there=True)) == [
        "DROP USER 'dbaas_replica_01234567'@'%'"
    ]
    assert sql(family.plan_account("dbaas_replica_01234567", None, tls=True, there=False)) == []


def test_such_an_account_is_no_users() -> None:
    names = Names(32, frozenset({"root"}))
    assert user_fault("dbaas_replica_01234567", names)
    assert not user_fault("dbaas_replica", names)


@pytest.mark.parametrize(
    ("position", "awaited"),
    [("", ""), ("0-1-50", "0-1-50"), ("0-1-50,0-2-60,0-1-55", "0-2-60"), ("0-2-60,1-3-7,0-1-61", "0-1-61,1-3-7")],
)
def test_mariadb_waits_for_the_last_of_each_domain(position: str, awaited: str) -> None:
    assert mariadb.last_of_each_domain(position) == awaited


def controldata(state: str = "shut down") -> str:
    return (
        "pg_control version number:            1300\n"
        f"Database cluster state:               {state}\n"
        "Latest checkpoint location:           0/5000028\n"
        "Latest checkpoint's REDO location:    0/5000028\n"
        "Latest checkpoint's TimeLineID:       3\n"
        "Latest checkpoint's PrevTimeLineID:   3\n"
    )


def test_a_postgresql_server_that_was_stopped_tells_its_last_checkpoint() -> None:
    told = postgresql.last_position(controldata(), history)
    assert told == "1@0/0:0/3000060,2@0/3000060:0/4000000,3@0/4000000:0/5000029"


def test_one_that_was_not_stopped_in_peace_has_no_last_position() -> None:
    for told in (controldata("in production"), "nonsense"):
        with pytest.raises(AgentError) as caught:
            postgresql.last_position(told, history)
        assert caught.value.reason == "agent"


def test_a_member_starts_without_taking_writes() -> None:
    content = seat.settings("mysqld", 7, ("read_only", "super_read_only"), {"rpl_semi_sync_source_enabled": "ON"})
    assert content.splitlines() == [
        "[mysqld]",
        "server_id = 7",
        "event_scheduler = OFF",
        "read_only = ON",
        "super_read_only = ON",
        "loose_rpl_semi_sync_source_enabled = ON",
    ]


SOURCE = semi_sync.Words("source", "replica", number="wait_for_replica_count", alone="wait_no_replica")


def test_a_primary_waits_for_receipts_without_end() -> None:
    wanted = semi_sync.settings(SOURCE, 2, gives=False)
    assert list(wanted)[-2:] == ["rpl_semi_sync_source_enabled", "rpl_semi_sync_replica_enabled"]
    assert wanted["rpl_semi_sync_source_wait_for_replica_count"] == "2"
    running = {**wanted, "rpl_semi_sync_source_wait_for_replica_count": "1"}
    (lower,) = semi_sync.statements(SOURCE, wanted, running, follows=False)
    assert lower.sql == "SET GLOBAL rpl_semi_sync_source_wait_for_replica_count = 2"
    assert semi_sync.statements(SOURCE, wanted, wanted, follows=False) == []


def test_a_replica_gives_receipts_from_its_next_connection_on() -> None:
    running = {"rpl_semi_sync_source_enabled": "OFF", "rpl_semi_sync_replica_enabled": "OFF"}
    wanted = semi_sync.settings(SOURCE, 0, gives=True)
    assert [one.sql for one in semi_sync.statements(SOURCE, wanted, running, follows=True)] == [
        "SET GLOBAL rpl_semi_sync_replica_enabled = 'ON'",
        "STOP REPLICA IO_THREAD",
        "START REPLICA IO_THREAD",
    ]
    assert len(semi_sync.statements(SOURCE, wanted, running, follows=False)) == 1


def test_a_server_of_before_cannot_wait() -> None:
    assert semi_sync.statements(SOURCE, semi_sync.settings(SOURCE, 0, gives=False), {}, follows=False) == []
    with pytest.raises(AgentError) as caught:
        semi_sync.statements(SOURCE, semi_sync.settings(SOURCE, 1, gives=False), {}, follows=False)
    assert caught.value.reason == "not_actionable"


@pytest.mark.parametrize(
    ("told", "receipts"),
    [
        ({}, None),
        ({"status": "OFF", "clients": "1"}, Receipts(False, 1)),
        ({"status": "ON", "clients": "0"}, Receipts(True, 0)),
    ],
)
def test_a_server_tells_of_receipts(told: dict[str, str], receipts: Receipts | None) -> None:
    rows = [{"Variable_name": f"Rpl_semi_sync_source_{name}", "Value": value} for name, value in told.items()]
    assert semi_sync.receipts(SOURCE, rows) == receipts
