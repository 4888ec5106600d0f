#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the manager is told, and what it does by it: starts, reloads, hangs, failures."""

import re
import threading
import time

import machine
from machine import BACKENDS, UNITS, booted, harness, wait_for

CONF = f"{machine.directories()['sysconfdir']}/alichain"
MAIN_CONF = f"{CONF}/main.conf"
FENCED_OFF = "5d1c7e0f4b0a4c0c9a52f1f5a0c3b107"
REJECTED = "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10b"
# Of a unit, where a test says so.
START_SECONDS = 2
STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"  # SD_MESSAGE_UNIT_STARTING


def status_text(m, unit):
    return m.show_property(unit, "StatusText")


def set_key(m, key, value):
    """In [main] of main.conf, where it stands as a comment."""
    m.edit(MAIN_CONF, f"^#?{key} = .*$", f"{key} = {value}")


def starts(m, unit):
    """How often the manager has begun to start it, this boot."""
    return len(m.journal("-b", f"MESSAGE_ID={STARTING}", f"UNIT={unit}"))


def test_ready_is_open():
    """A start that has returned is one that serves, and the status is worth reading."""
    with booted() as m:
        # Nobody waits in a queue then: what is answered was open already.
        m.systemctl("mask", *machine.SOCKETS)
        m.systemctl("start", *UNITS)
        client = m.client()
        assert client.call("BALANCE", "Ali") == 845
        tip = client.call("TIP")[1][:8]
        assert status_text(m, "chain-main.service") == \
            f"serial 9, tip {tip}, 12 users, 3 of 3 backends up, 0 transfers/s"
        wait_for(lambda: re.fullmatch(r"block A: 3 transactions, last serial 9, epoch \d+",
                                      status_text(m, "chain-backend@A.service")),
                 "the status of a backend")
        client.call("TRANSFER", "Ali", "Ben", 1)
        wait_for(lambda: status_text(m, "chain-main.service").startswith("serial 10, "),
                 "a new status")
        shown = m.systemctl("status", "--no-pager", "chain-main").out
        assert 'Status: "serial 10, ' in shown, shown


def test_missing_backend_holds_up_nothing():
    """After start_wait the start is done, with who is missing; it may take long."""
    with booted() as m:
        set_key(m, "start_wait", "4")
        m.drop_in("chain-main.service", "[Service]\nTimeoutStartSec=2\n")
        m.systemctl("daemon-reload")
        m.systemctl("mask", "chain-backend@C.service", "chain-backend@C.socket")
        begin = time.monotonic()
        # Longer than the unit allows, because it said how long.
        m.systemctl("start", "chain-main")
        assert time.monotonic() - begin > 3.5
        assert status_text(m, "chain-main.service") == \
            "waiting for backend C, 2 of 3 backends up"
        answer = m.walletctl("balance", "Ali", status=3)
        assert "waiting for backend C" in answer.err, answer
        m.systemctl("unmask", "chain-backend@C.service", "chain-backend@C.socket")
        m.systemctl("start", "chain-backend@C")
        m.wait_answer()
        assert m.show_property("chain-main.service", "NRestarts") == "0"


def test_long_history():
    """It is read as long as it takes, and the status says how far it is."""
    unit = "chain-backend@A.service"
    block = "/var/lib/alichain/A/block1.txt"
    records = 3500000
    with booted() as m:
        m.write(block, "".join(f"{n} Ali Ben 1\n{n + 1} Ben Ali 1\n"
                               for n in range(1, records, 2)), 0o600)
        m.run("chown", "alichain:alichain", block)
        m.drop_in(unit, f"[Service]\nTimeoutStartSec={START_SECONDS}\n")
        m.systemctl("daemon-reload")
        m.systemctl("--no-block", "start", unit)
        wait_for(lambda: status_text(m, unit) == f"block A: reading {block}", "its first word")
        pid = m.show_property(unit, "MainPID")

        # A slow machine: it runs for a moment, and then it does not.
        begin = time.monotonic()

        def told():
            m.run("kill", "-STOP", pid)
            time.sleep(0.1)
            text = status_text(m, unit)
            if re.fullmatch(rf"block A: reading {block}, \d+ of \d+ bytes", text):
                return True
            m.run("kill", "-CONT", pid)
            return False
        wait_for(told, "how far it is", 30)
        # Longer than a start may take that says nothing.
        time.sleep(max(0, begin + 2 * START_SECONDS - time.monotonic()))
        m.run("kill", "-CONT", pid)
        m.wait_state(unit, "active", 60)
        assert m.show_property(unit, "NRestarts") == "0"
        assert m.show_property(unit, "MainPID") == pid
        wait_for(lambda: status_text(m, unit).startswith(f"block A: {records} transactions"),
                 "the status")


def test_reload():
    """The same process, other settings; a mistake leaves those of before in force."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        pids = {unit: m.show_property(unit, "MainPID") for unit in UNITS}
        set_key(m, "max_clients", "7")
        m.systemctl("reload", *UNITS)
        for unit in UNITS:
            m.wait_journal("-u", unit, pattern="^configuration reloaded")
        client = m.client()
        wait_for(lambda: "max_clients:7\r" in client.call("INFO", "clients"), "a new limit")
        set_key(m, "max_clients", "none")
        m.systemctl("reload", "chain-main")
        m.wait_journal("-u", "chain-main", pattern="the old settings stay in force")
        assert "max_clients:7\r" in client.call("INFO", "clients")
        for unit, pid in pids.items():
            m.wait_state(unit, "active")
            assert m.show_property(unit, "MainPID") == pid, unit


def test_hang():
    """A loop that stands still is found by the watchdog, and the unit is up again."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        # So long is not waited here.
        for unit in ("chain-main.service", "chain-backend@A.service"):
            assert m.show_property(unit, "WatchdogUSec") == "30s", unit
            m.drop_in(unit, "[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\n")
        m.systemctl("daemon-reload")
        m.systemctl("restart", "chain.target")
        for unit in ("chain-main.service", "chain-backend@A.service"):
            pid = m.show_property(unit, "MainPID")
            m.systemctl("kill", "--kill-whom=main", "-s", "STOP", unit)
            m.wait_journal("-u", unit, pattern="Watchdog timeout")
            wait_for(lambda u=unit, p=pid: m.state(u) == "active" and
                     m.show_property(u, "MainPID") not in ("0", p), f"{unit} to be back")
            assert m.show_property(unit, "NRestarts") == "1", unit
        m.wait_answer()
        assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"


def test_bad_configuration():
    """Tried once, refused with 78, and not again, whoever waits; then put right."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        for unit, file in (("chain-main.service", MAIN_CONF),
                           ("chain-backend@A.service", f"{CONF}/backend-A.conf")):
            good = m.read(file)
            count = starts(m, unit)
            m.edit(file, "^listen = .*$", "listen = nonsense")
            # For the backend this is the main daemon, which asks for it all the time.
            waiting = threading.Thread(
                target=m.walletctl, args=("stats", "Ali"), kwargs={"status": None})
            m.systemctl("stop", unit)
            m.systemctl("start", unit.replace(".service", ".socket"))
            waiting.start()
            m.wait_state(unit, "failed")
            time.sleep(3)  # Longer than RestartSec.
            waiting.join()
            assert starts(m, unit) == count + 1, unit
            assert m.show_property(unit, "ExecMainStatus") == "78", unit
            assert m.state(unit.replace(".service", ".socket")) == "inactive"
            m.wait_journal("-u", unit, f"MESSAGE_ID={REJECTED}", pattern="'listen': expected")
            m.write(file, good)
            m.systemctl("restart", unit)
            assert m.state(unit) == "active"
            assert m.state(unit.replace(".service", ".socket")) == "active"
            m.wait_answer()
        assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"


def test_start_limit():
    """One that crashes again and again is left alone; nothing else goes down with it."""
    with booted() as m:
        m.drop_in("chain-backend@B.service", "[Service]\nRestartSec=0\n")
        m.systemctl("daemon-reload")
        m.systemctl("enable", "--now", "chain.target")

        def kill():
            pid = m.show_property("chain-backend@B.service", "MainPID")
            if pid != "0":
                m.run("kill", "-KILL", pid, status=None)
            return any("repeated too quickly" in e["MESSAGE"]
                       for e in m.journal("-u", "chain-backend@B"))
        wait_for(kill, "the start limit", 60)
        m.wait_state("chain-backend@B.service", "failed")
        assert starts(m, "chain-backend@B.service") == 10
        assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"
        m.systemctl("reset-failed", "chain-backend@B.service")
        m.systemctl("start", "chain-backend@B")
        m.wait_answer()


def test_damage_is_not_tried_again():
    """65: somebody has to look."""
    with booted() as m:
        m.run("sh", "-c", "sed -i '1s/129/x/' /var/lib/alichain/A/block1.txt")
        assert m.systemctl("start", "chain-backend@A", status=None).status != 0
        m.wait_state("chain-backend@A.service", "failed")
        time.sleep(3)
        assert starts(m, "chain-backend@A.service") == 1
        assert m.show_property("chain-backend@A.service", "ExecMainStatus") == "65"
        # By its identifier: of a process that is gone already the journal may not
        # know the unit any more.
        m.wait_journal("-t", "chain-backend", pattern=r"block1\.txt:1: amount: ")


def test_replaced():
    """69: another main daemon is in charge, and no client brings the first one back."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        second = m.read(MAIN_CONF)
        for old, new in (("127.0.0.1:25800, 127.0.0.1:26800", "127.0.0.1:30000"),
                         ("127.0.0.1:24800", "127.0.0.1:0"),
                         ("alichain/main", "alichain/second")):
            assert old in second, old
            second = second.replace(old, new)
        m.write(f"{CONF}/second.conf", second)
        m.run("systemd-run", "--unit=second", "-p", "Type=notify", "-p", "User=alichain",
              "-p", "StateDirectory=alichain/second",
              "-p", "LoadCredential=cluster.key:alichain.cluster.key",
              f"{machine.directories()['sbindir']}/chain-main", "--config", f"{CONF}/second.conf")
        # Idle, it would take its time to notice.
        m.walletctl("--timeout", "5", "balance", "Ali", status=None)
        m.wait_state("chain-main.service", "failed")
        assert m.show_property("chain-main.service", "ExecMainStatus") == "69"
        m.wait_journal("-u", "chain-main", f"MESSAGE_ID={FENCED_OFF}", pattern="epoch")
        for _ in range(3):
            assert "refused" in m.walletctl("balance", "Ali", status=3).err
        time.sleep(2)
        assert starts(m, "chain-main.service") == 1
        assert m.state("second.service") == "active"
        assert m.walletctl("--server", "127.0.0.1:30000", "--raw", "balance", "Ali").out == "845\n"


def position(entries, unit, word):
    """Where the manager says the first @word of the unit, such as Stopped."""
    for number, entry in enumerate(entries):
        if entry.get("UNIT") == unit and entry["MESSAGE"].startswith(word + " "):
            return number
    raise AssertionError(f"{unit} was not {word}")


def check_order(m, since):
    """Backends are ready before the main daemon starts, and stop after it."""
    entries = m.journal("_PID=1", f"--after-cursor={since}")
    for name in BACKENDS:
        unit = f"chain-backend@{name}.service"
        assert position(entries, unit, "Stopping") > \
            position(entries, "chain-main.service", "Stopped"), name
    again = [e for e in entries if e["MESSAGE"].startswith(("Start", "Finish"))]
    for name in BACKENDS:
        assert position(again, f"chain-backend@{name}.service", "Started") < \
            position(again, "chain-main.service", "Starting"), name


def cursor(m):
    return m.journal("-n", "1")[0]["__CURSOR"]


def test_isolate_stop_and_reload_of_the_manager():
    """What is enabled comes back, in its order, and nothing is lost on the way."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        m.write("/etc/systemd/system/quiet.target",
                "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n")
        client = m.client()
        client.call("TRANSFER", "Ali", "Ben", 1)

        # The manager forgets nothing, and nobody notices.
        pids = {unit: m.show_property(unit, "MainPID") for unit in UNITS}
        m.systemctl("daemon-reload")
        m.systemctl("daemon-reexec")
        assert client.call("BALANCE", "Ali") == 844
        assert pids == {unit: m.show_property(unit, "MainPID") for unit in UNITS}

        for down, up in ((("isolate", "quiet.target"), ("isolate", "multi-user.target")),
                         (("stop", "chain.target"), ("start", "chain.target"))):
            since = cursor(m)
            m.systemctl(*down)
            for unit in (*UNITS, *machine.SOCKETS):
                m.wait_state(unit, "inactive")
                assert m.show_property(unit, "Result") == "success", unit
            m.systemctl(*up)
            assert m.walletctl("--raw", "balance", "Ali").out == "844\n"
            check_order(m, since)

        # Between the two is no other target: it stays up.
        m.systemctl("isolate", "multi-user.target")
        assert {unit: m.state(unit) for unit in UNITS} == dict.fromkeys(UNITS, "active")
        books = harness.books.Books([m.path(f"/var/lib/alichain/{n}/{f}")
                                     for n, f in harness.SAMPLE.items()])
        assert books.coins() == 12000 and books.balances["Ali"] == 844


if __name__ == "__main__":
    machine.run(globals())
