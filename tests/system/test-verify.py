#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every night the ledger is verified, and it is heard of if that fails."""

import re
import sys

import machine
from machine import booted, harness, os, wait_for

sys.path.insert(0, os.path.join(harness.TOP_SRC, "tests/docs"))
import pages  # pylint: disable=wrong-import-position

INTEGRITY = re.search(r'^#define LOG_ID_INTEGRITY_FAULT "(\w+)"$', pages.source("src/sys/log.h"),
                      re.M).group(1)
EMERGENCY = "0"
BLOCK = "/var/lib/alichain/A/block1.txt"


def started(m):
    """The stock set, with the sample data."""
    m.systemctl("enable", "--now", "chain.target")
    m.wait_answer()


def fail(m, status):
    """Start it by hand; walletctl is to end with @status."""
    m.systemctl("start", "chain-verify", status=1)
    assert m.state("chain-verify.service") == "failed"
    assert m.show_property("chain-verify.service", "ExecMainStatus") == str(status)


def expect_alarm(m, count=1):
    """That is what the journal shows on all terminals."""
    def alarms():
        return m.journal("SYSLOG_IDENTIFIER=alichain", f"PRIORITY={EMERGENCY}")

    wait_for(lambda: len(alarms()) >= count, "an alarm")
    assert len(alarms()) == count, alarms()
    assert alarms()[-1]["MESSAGE"] == ("Alichain: chain-verify.service has failed.  What it says: "
                                       "systemctl status chain-verify.service")


def change(m):
    """A byte of a block, behind its backend."""
    path = m.inside(BLOCK)
    st = os.stat(path)
    with open(path, "r+b") as f:
        text = f.read()
        f.seek(text.index(b"9 Ali Luke 155") + 13)
        f.write(b"6")
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def test_timer():
    """It is enabled with the rest, once a day; what it starts does its work."""
    with booted() as m:
        started(m)
        assert m.state("chain-verify.timer") == "active"
        assert m.systemctl("is-enabled", "chain-verify.timer").out.strip() == "enabled"
        timer = m.systemctl("show", "chain-verify.timer").out
        assert "Unit=chain-verify.service\n" in timer and "Persistent=yes\n" in timer, timer
        assert re.search(r"^NextElapseUSecRealtime=.*\d", timer, re.M), timer

        m.systemctl("start", "chain-verify")
        said = [e["MESSAGE"] for e in m.journal("_SYSTEMD_UNIT=chain-verify.service")]
        assert said[0] == ("Verified 9 transactions up to serial 9: 12 members, "
                           "12,000 alicoins."), said
        assert re.fullmatch(r"Tip 9:[0-9a-f]{64}", said[1]), said
        assert not m.journal("SYSLOG_IDENTIFIER=alichain")

        # What is stopped on purpose is not missed.
        m.systemctl("stop", "chain.target")
        m.wait_state("chain-verify.timer", "inactive")


def test_alarm():
    """Damage, and a ledger that nobody can verify: both are told to everybody."""
    with booted() as m:
        started(m)
        change(m)
        fail(m, 5)
        expect_alarm(m)
        entry = m.wait_journal(f"MESSAGE_ID={INTEGRITY}")
        assert entry["PRIORITY"] == "2" and entry["CHAIN_SERIAL"] == "9", entry
        assert entry["SYSLOG_IDENTIFIER"] == "chain-main", entry
        # The daemons go on.
        assert m.walletctl("--raw", "balance", "Ali").out == "845\n"

        m.systemctl("stop", "chain-main.socket", "chain-main.service")
        fail(m, 3)
        expect_alarm(m, 2)


def test_mail():
    """A unit of one's own in the place of ours, as the manual has it."""
    def own_alarm(m):
        m.write("/etc/systemd/system/chain-alarm@.service", pages.display("man/alichain.7", "mail"))
        m.write("/usr/local/bin/mail", '#!/bin/sh\n{ printf "<%s>" "$@"; cat; } > /root/mail\n',
                0o755)

    with booted(own_alarm) as m:
        started(m)
        change(m)
        fail(m, 5)
        wait_for(lambda: m.state("chain-alarm@chain-verify.service.service") == "inactive" and
                 os.path.exists(m.inside("/root/mail")), "mail")
        with open(m.inside("/root/mail"), encoding="utf-8") as f:
            mail = f.read()
        assert mail.startswith("<-s><chain-verify.service has failed><root>"), mail
        assert "Serial 9 has the hash" in mail, mail
        assert not m.journal("SYSLOG_IDENTIFIER=alichain")


if __name__ == "__main__":
    machine.run(globals())
