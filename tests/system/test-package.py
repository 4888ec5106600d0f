#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The package for Debian: made, found clean, installed, upgraded, removed, purged."""

import glob
import os
import shutil
import subprocess

import busy
import machine
from machine import BACKENDS, SOCKETS, UNITS, Machine, Skip, harness

LEDGER = "/var/lib/alichain"
KEY = "/etc/credstore/alichain.cluster.key"
BLOCKS = [f"{LEDGER}/{name}/{file}" for name, file in harness.SAMPLE.items()]
CLIENTS = 50
# The upgrade restarts all of it.
LONGEST_WAIT = 20
# Of somebody else, but for the first letters of its name.
FOREIGN = "chain-reaction.service"
BUILD_SECONDS = 400
harness.TEST_SECONDS = BUILD_SECONDS + 300


def need_tools():
    for name in ("dpkg-buildpackage", "dpkg-checkbuilddeps", "lintian", "debconf-set-selections"):
        if not shutil.which(name):
            raise Skip(f"there is no {name}")
    done = subprocess.run(
        ["dpkg-checkbuilddeps", os.path.join(harness.TOP_SRC, "data/debian/control")],
        check=False, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Skip(done.stderr.decode().strip())


def build():
    """The package, by the make target, which has lintian look at it."""
    done = subprocess.run(
        ["make", "deb"], cwd=harness.TOP_BUILD, check=False, timeout=BUILD_SECONDS,
        env=machine.plain_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    found = glob.glob(os.path.join(harness.TOP_BUILD, "deb", "alichain_*.deb"))
    assert len(found) == 1, found
    return found[0]


def dpkg(m, *args):
    return m.run("dpkg", *args, env={"DEBIAN_FRONTEND": "noninteractive"}, timeout=180)


def newer(m, package):
    """The same, but newer, as far as dpkg knows."""
    m.run("dpkg-deb", "-R", package, "/root/newer")
    m.run("sed", "-i", "s/^Version: .*/&+newer/", "/root/newer/DEBIAN/control")
    m.run("dpkg-deb", "-b", "/root/newer", "/root/newer.deb")
    m.run("rm", "-r", "/root/newer")
    return "/root/newer.deb"


def pids(m):
    return {unit: m.show_property(unit, "MainPID") for unit in UNITS}


def exists(m, path):
    return m.run("test", "-e", path, status=None).status == 0


def check_installed(m):
    """Open for business, and nothing was typed but that."""
    assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"
    assert m.run("stat", "-c", "%U %a", KEY).out == "root 600\n"
    for unit in (*UNITS, *SOCKETS, "chain.target", "chain-verify.timer"):
        assert m.state(unit) == "active", unit
    enabled = m.systemctl("is-enabled", "chain.target", "chain-main.service",
                          "chain-verify.timer", *(f"chain-backend@{n}" for n in BACKENDS)).out
    assert set(enabled.split()) == {"enabled"}, enabled
    # Its catalog is in that of the machine, which is systemd's own trigger.
    assert "Subject: An Alichain daemon" in m.run("journalctl", "--dump-catalog").out


def check_upgrade(m, package):
    """Everything runs anew, and nobody noticed more than a moment's wait."""
    before = pids(m)
    m.edit("/etc/alichain/main.conf", "^#max_clients = .*$", "max_clients = 300")
    load = busy.Load(m, CLIENTS)
    load.start()
    load.wait_progress()
    dpkg(m, "-i", package)
    load.wait_progress()
    load.stop()
    print(f"upgrade: {load.report()}")
    assert load.longest < LONGEST_WAIT, load.longest
    for unit, pid in pids(m).items():
        assert m.state(unit) == "active" and pid not in ("0", before[unit]), unit
        assert m.show_property(unit, "NRestarts") == "0", unit
    assert "max_clients = 300" in m.read("/etc/alichain/main.conf")
    busy.check_books(m, load)


def check_upgrade_when_stopped(m, package):
    """What was stopped on purpose is left so, be it all of it or the main daemon."""
    m.systemctl("stop", "chain-main.socket", "chain-main.service")
    dpkg(m, "-i", package)
    assert m.state("chain-main.service") == m.state("chain-main.socket") == "inactive"
    assert m.state("chain-backend@B.service") == "active"
    m.systemctl("stop", "chain.target")
    dpkg(m, "-i", package)
    for unit in (*UNITS, *SOCKETS):
        m.wait_state(unit, "inactive")
    m.systemctl("start", "chain.target")
    m.wait_answer()


def check_removal(m, package):
    """Stopped, and only the configuration and the data are left; and back again."""
    balance = m.walletctl("--raw", "balance", "Ali").out
    dpkg(m, "--remove", "alichain")
    for unit in (*UNITS, *SOCKETS, "chain-verify.timer"):
        m.wait_state(unit, "inactive")
    assert exists(m, "/etc/alichain/main.conf") and exists(m, BLOCKS[0])
    assert not exists(m, "/lib/systemd/system/chain-main.service")
    # What was enabled still is.
    dpkg(m, "-i", package)
    assert m.walletctl("--raw", "balance", "Ali").out == balance


def check_purge(m, package):
    """The ledger stays, unless the question is answered with yes."""
    m.systemctl("stop", "chain.target")
    for unit in UNITS:
        m.wait_state(unit, "inactive")
    before = m.run("cat", *BLOCKS).out
    dpkg(m, "--purge", "alichain")
    for gone in ("/etc/alichain", KEY, "/var/lib/systemd/timers/stamp-chain-verify.timer"):
        assert not exists(m, gone), gone
    links = m.run("find", "/etc/systemd/system", "-lname", "*/chain*").out.split()
    assert links == [f"/etc/systemd/system/multi-user.target.wants/{FOREIGN}"], links
    assert m.run("cat", *BLOCKS).out == before

    dpkg(m, "-i", package)
    m.wait_answer()
    m.run("debconf-set-selections", text="alichain alichain/remove_ledger boolean true\n")
    dpkg(m, "--purge", "alichain")
    assert not exists(m, LEDGER)


def test_package():
    """The life of a package, on one machine."""
    need_tools()
    machine.need()
    made = build()
    with Machine() as m:
        m.overlay("/var/lib/dpkg")
        for directory in ("/var/cache/debconf", "/var/log/apt", "/var/lib/apt"):
            os.makedirs(m.path(directory))
        # Images for containers have one, which says that nothing is to be started.
        if os.path.exists(m.path("/usr/sbin/policy-rc.d")):
            os.unlink(m.path("/usr/sbin/policy-rc.d"))
        shutil.copy(made, m.path("/root/alichain.deb"))
        m.write(f"/lib/systemd/system/{FOREIGN}",
                "[Service]\nExecStart=sleep infinity\n[Install]\nWantedBy=multi-user.target\n")
        m.boot()
        m.systemctl("enable", "--now", FOREIGN)

        dpkg(m, "-i", "/root/alichain.deb")
        check_installed(m)
        package = newer(m, "/root/alichain.deb")
        check_upgrade(m, package)
        check_upgrade_when_stopped(m, package)
        check_removal(m, package)
        check_purge(m, package)
        assert m.state(FOREIGN) == "active"


if __name__ == "__main__":
    machine.run(globals())
