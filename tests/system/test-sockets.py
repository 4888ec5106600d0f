#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Socket units: addresses from the configuration, and either way in."""

import os
import re
import sys

import machine
from machine import BACKENDS, SOCKETS, UNITS, booted, harness, wait_for

sys.path.insert(0, os.path.join(harness.TOP_SRC, "tests/docs"))
import pages  # pylint: disable=wrong-import-position

CONF = f"{machine.directories()['sysconfdir']}/alichain"
MAIN_CONF = f"{CONF}/main.conf"


def listening(m, unit):
    """Where systemd says that the socket unit listens."""
    text = m.systemctl("show", "--value", "-p", "Listen", unit).out
    return [line.split()[0] for line in text.splitlines()]


def warnings(m, unit, pattern):
    return [e for e in m.journal("-u", unit, "-p", "warning")
            if re.search(pattern, e["MESSAGE"])]


def passed(m, unit):
    """How many descriptors the manager passed to the main process of a unit."""
    pid = m.show_property(unit, "MainPID")
    environment = m.run("cat", f"/proc/{pid}/environ").out.split("\0")
    return next((int(v[len("LISTEN_FDS="):]) for v in environment
                 if v.startswith("LISTEN_FDS=")), 0)


def test_addresses_come_from_the_configuration():
    """At boot and at a daemon-reload; the units themselves have none."""
    with booted() as m:
        assert listening(m, "chain-main.socket") == ["127.0.0.1:25800", "127.0.0.1:26800"]
        for name, port in zip(BACKENDS, (21800, 22800, 23800)):
            assert listening(m, f"chain-backend@{name}.socket") == [f"127.0.0.1:{port}"]
        # An instance without a configuration has no address, and cannot be started.
        assert m.show_property("chain-backend@Z.socket", "LoadState") == "bad-setting"

        m.systemctl("start", "chain-main.socket")
        assert m.show_property("chain-main.socket", "NeedDaemonReload") == "no"
        m.edit(MAIN_CONF, "^listen = .*$", "listen = 127.0.0.1:30001, [::1]:30002")
        # systemctl knows that the file is newer than what it has in force.
        assert m.show_property("chain-main.socket", "NeedDaemonReload") == "yes"
        m.systemctl("stop", "chain-main.socket")
        m.systemctl("daemon-reload")
        assert m.show_property("chain-main.socket", "NeedDaemonReload") == "no"
        assert listening(m, "chain-main.socket") == ["127.0.0.1:30001", "[::1]:30002"]
        m.systemctl("start", "chain.target", *UNITS)
        for server in ("127.0.0.1:30001", "[::1]:30002"):
            assert m.walletctl("--server", server, "--raw", "balance", "Ali").out == "845\n"


def test_example():
    """What chain-generator(8) shows."""
    text = pages.display("man/chain-generator.8", "examples")
    shown = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", text, re.M)
    assert len(shown) == 3, shown
    where = machine.directories()["systemdsystemgeneratordir"]
    with booted() as m:
        for command, answer in shown:
            command = command.replace("/lib/systemd/system-generators", where)
            assert m.run("bash", "-e", "-c", command).out == answer, command


def test_first_connection_starts_the_set():
    """Nothing runs before somebody asks, and then everything that the answer takes."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain-main.socket")
        for unit in UNITS:
            assert m.state(unit) == "inactive", unit
        # It waits in the queue while the main daemon starts, which wakes the backends.
        assert m.walletctl("--raw", "--timeout", "20", "balance", "Chinmay").out == "881\n"
        for unit in UNITS:
            assert m.state(unit) == "active", unit
            assert passed(m, unit) == (2 if unit == "chain-main.service" else 1), unit
        # And so at the next boot, whatever enabled them.
        m.poweroff()
        m.boot()
        for unit in UNITS:
            assert m.state(unit) == "inactive", unit
        assert m.walletctl("--raw", "--timeout", "20", "balance", "Chinmay").out == "881\n"


def test_service_alone():
    """Without the socket units the daemons bind for themselves."""
    with booted() as m:
        m.systemctl("mask", *SOCKETS)
        m.systemctl("start", *UNITS)
        for unit in UNITS:
            assert passed(m, unit) == 0, unit
        assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"
        # With them again: the next start takes what is passed.
        m.systemctl("unmask", *SOCKETS)
        m.systemctl("stop", *UNITS)
        m.systemctl("start", *UNITS)
        for unit in UNITS:
            assert passed(m, unit) > 0, unit
        assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"


def test_any_port():
    """Port 0 is nothing that a socket unit can have."""
    with booted() as m:
        m.edit(f"{CONF}/backend-A.conf", "^listen = .*$", "listen = 127.0.0.1:0")
        m.systemctl("daemon-reload")
        m.systemctl("start", "chain-backend@A")
        assert passed(m, "chain-backend@A.service") == 0
        entry = m.wait_journal("-u", "chain-backend@A", pattern="ready: ")
        assert not entry["MESSAGE"].endswith(":21800"), entry


def check_stale(m, unit, conf, old, new):
    """A restart with a changed file: both addresses, and a command that puts it right."""
    m.edit(conf, f"^listen = {re.escape(old)}", f"listen = {new}")
    m.systemctl("restart", unit)
    entry = wait_for(lambda: warnings(m, unit, re.escape(old)), f"{unit} to warn")[0]
    assert new in entry["MESSAGE"], entry
    command = re.search(r"systemctl daemon-reload && systemctl [\w@. &-]+$",
                        entry["MESSAGE"]).group(0)
    before = len(warnings(m, unit, ""))
    m.run("sh", "-e", "-c", command)
    socket = unit.replace(".service", ".socket")
    m.wait_state(unit, "active")
    assert m.state(socket) == "active"
    assert new in listening(m, socket) and passed(m, unit) > 0
    assert len(warnings(m, unit, "")) == before


def test_stale_socket_unit():
    """The configuration was changed, and systemd does not know."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        check_stale(m, "chain-main.service", MAIN_CONF, "127.0.0.1:25800", "127.0.0.1:25801")
        assert m.walletctl("--server", "127.0.0.1:25801", "--raw", "balance", "Ali").out == "845\n"
        m.edit(MAIN_CONF, "127.0.0.1:21800", "127.0.0.1:21801")
        check_stale(m, "chain-backend@A.service", f"{CONF}/backend-A.conf", "127.0.0.1:21800",
                    "127.0.0.1:21801")
        m.systemctl("restart", "chain-main")
        assert m.walletctl("--server", "127.0.0.1:25801", "--raw", "balance", "Ali").out == "845\n"

        # What the README says of all of them at once.
        m.edit(MAIN_CONF, "127.0.0.1:25801", "127.0.0.1:25802")
        m.run("sh", "-e", "-c", "systemctl daemon-reload && systemctl restart chain.target")
        assert m.walletctl("--server", "127.0.0.1:25802", "--raw", "balance", "Ali").out == "845\n"
        for unit in UNITS:
            assert passed(m, unit) > 0, unit


def test_mistake_in_the_configuration():
    """The generator neither holds up the manager nor hides what the daemon has to say."""
    with booted() as m:
        m.edit(MAIN_CONF, "^listen = .*$", "listen = here")
        m.systemctl("daemon-reload")
        assert m.show_property("chain-main.socket", "LoadState") == "bad-setting"
        assert listening(m, "chain-backend@A.socket") == ["127.0.0.1:21800"]
        m.systemctl("start", "chain-backend@A")
        assert m.systemctl("start", "chain-main", status=None).status != 0
        m.wait_journal("-u", "chain-main", pattern=r"main\.conf:\d+: 'listen': expected IP:PORT")
        # Run by hand it says the same, and is quick.
        generator = f"{machine.directories()['systemdsystemgeneratordir']}/chain-generator"
        m.run("mkdir", "/tmp/units")
        answer = m.run(generator, "/tmp/units", "/tmp/units", "/tmp/units", status=78, timeout=5)
        assert "'listen': expected IP:PORT" in answer.err, answer
        # A boot gets through with it.
        m.poweroff()
        m.boot()
        assert m.state("multi-user.target") == "active"


def test_stop_means_stop():
    """The main daemon does not wake a backend that was stopped, nor a client the set."""
    with booted() as m:
        m.systemctl("start", "chain.target", *UNITS)
        m.wait_answer()
        m.systemctl("stop", "chain-backend@B")
        assert m.state("chain-backend@B.socket") == "inactive"
        # The main daemon asks for it all the time.
        wait_for(lambda: m.walletctl("status", status=None).out.count("down"), "a missing backend")
        assert m.state("chain-backend@B.service") == "inactive"
        m.systemctl("start", "chain-backend@B")
        m.wait_answer()
        assert passed(m, "chain-backend@B.service") == 1

        # The main daemon alone is started again by the next client, and systemctl says so.
        answer = m.systemctl("stop", "chain-main")
        assert "chain-main.socket" in answer.err, answer
        assert m.walletctl("--raw", "balance", "Ali").out == "845\n"

        for how in ("chain-main.socket", "chain.target"):
            m.systemctl("stop", how)
            m.wait_state("chain-main.service", "inactive")
            answer = m.walletctl("balance", "Ali", status=3)
            assert "refused" in answer.err, answer
            assert m.state("chain-main.service") == "inactive"
            m.systemctl("start", "chain.target", "chain-main.service")
        m.wait_answer()
        m.systemctl("stop", "chain.target")
        for unit in (*UNITS, *SOCKETS):
            m.wait_state(unit, "inactive")


if __name__ == "__main__":
    machine.run(globals())
