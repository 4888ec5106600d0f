#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Restarts under load: nobody is refused a connection, no transfer is lost or doubled.

$CHAIN_RESTART_SECONDS is how long the daemons are restarted, one after the other; for
an eighth of it they are killed.
"""

import itertools
import os
import time

import busy
import machine
from machine import SOCKETS, UNITS, booted, harness, wait_for

SECONDS = int(os.environ.get("CHAIN_RESTART_SECONDS", "60"))
CLIENTS = 50
# A start, and what was being done before it, takes no longer.
LONGEST_WAIT = 10
harness.TEST_SECONDS = SECONDS * 2 + 120


def hurt_and_heal(m, load, actions, seconds):
    """Each action in turn, under load, until the time is up; how many there were."""
    load.start()
    load.wait_progress()
    deadline = time.monotonic() + seconds
    count = 0
    for action in itertools.cycle(actions):
        # An administrator who does nothing else runs into the start limit.
        m.systemctl("reset-failed", *UNITS, *SOCKETS)
        action()
        load.wait_progress()
        count += 1
        # Each of them, however slow the machine is.
        if time.monotonic() > deadline and count >= len(actions):
            break
    load.stop()
    return count


def check(m, load, count, what):
    print(f"{count} {what}: {load.report()}")
    assert load.longest < LONGEST_WAIT * harness.SLOW, load.longest
    busy.check_books(m, load)


def test_restart():
    """systemctl restart, of the main daemon and of each backend."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        load = busy.Load(m, CLIENTS)
        count = hurt_and_heal(m, load, [lambda u=unit: m.systemctl("restart", u)
                                        for unit in UNITS], SECONDS)
        check(m, load, count, "restarts")


def test_crash():
    """The same for daemons that are killed: the manager brings them back."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        load = busy.Load(m, CLIENTS)

        def kill(unit):
            pid = m.show_property(unit, "MainPID")
            m.systemctl("kill", "--kill-whom=main", "-s", "KILL", unit)
            wait_for(lambda: m.show_property(unit, "MainPID") not in ("0", pid) and
                     m.state(unit) == "active", f"{unit} to be back")

        count = hurt_and_heal(m, load, [lambda u=unit: kill(u) for unit in UNITS], SECONDS / 8)
        check(m, load, count, "crashes")


if __name__ == "__main__":
    machine.run(globals())
