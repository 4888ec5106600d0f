#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The journal as the audit trail: events with their fields, explained, and none lost."""

import json
import re
import shutil
import sys
import threading
import time

import machine
from machine import Skip, booted, harness, os, wait_for

sys.path.insert(0, os.path.join(harness.TOP_SRC, "tests/docs"))
import pages  # pylint: disable=wrong-import-position

CONF = f"{machine.directories()['sysconfdir']}/alichain"
LEDGER = "/var/lib/alichain"
IDS = dict(re.findall(r'^#define LOG_ID_(\w+) "([0-9a-f]{32})"$', pages.source("src/sys/log.h"),
                      re.M))
# The exit status of walletctl.
UNKNOWN = 4
PRIORITIES = {"critical": "2", "error": "3", "warning": "4", "notice": "5", "info": "6"}
# So many that nobody wants to read of each.
FORGED = 100
# A disk that takes its time, and then none.
BAD_DISK = f"""\
#include <errno.h>
#include <unistd.h>
int fdatasync(int fd)
{{
	(void)fd;
	if (access("{LEDGER}/A/broken", F_OK) == 0) {{
		errno = EIO;
		return -1;
	}}
	usleep(1500000);
	return 0;
}}
"""
# How long the daemons are busy.
LOAD_SECONDS = 4


def expect(m, event, **fields):
    """An event, its fields, and what -x says of it."""
    entry = m.wait_journal(f"MESSAGE_ID={IDS[event]}",
                           *(f"{k}={v}" for k, v in fields.items() if isinstance(v, str)))
    for key, value in fields.items():
        assert entry.get(key) == value, (event, key, entry)
    explained = m.run("journalctl", "--no-pager", "-x", f"MESSAGE_ID={IDS[event]}").out
    assert re.search(r"^\W* Subject: \S", explained, re.M), explained
    assert "man:" in explained and "Defined-By: Alichain" in explained, explained
    return entry


def documented(event):
    """The priority that the manual says."""
    text = pages.source("man/alichain-journal.7")
    name = event.lower().replace("_", " ")
    who = re.search(rf"^\.It Em {name} Pq (.*)$", text, re.M).group(1)
    return {PRIORITIES[word] for word in re.findall("|".join(PRIORITIES), who)}


def forged(m):
    """How many datagrams each message about them is of."""
    return [int(re.search(r"dropped (\d+) forged", e["MESSAGE"]).group(1))
            for e in m.journal(f"MESSAGE_ID={IDS['FORGED_DATAGRAMS']}")]


def test_events():
    """What happens on a day, and one on which everything goes wrong."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        expect(m, "READY", SYSLOG_IDENTIFIER="chain-main", CHAIN_SERIAL="9")
        expect(m, "READY", SYSLOG_IDENTIFIER="chain-backend", CHAIN_BACKEND="A")
        expect(m, "EPOCH_CLAIMED")

        m.walletctl("transfer", "Chinmay", "Oliver", "25", "--id", "lunch")
        entry = expect(m, "TRANSFER", CHAIN_SERIAL="10", CHAIN_SENDER="Chinmay",
                       CHAIN_RECEIVER="Oliver", CHAIN_AMOUNT="25", CHAIN_ID="lunch")
        assert sorted(entry["CHAIN_USER"]) == ["Chinmay", "Oliver"], entry
        assert entry["CHAIN_BACKEND"] in "ABC", entry

        m.walletctl("transfer", "Chinmay", "Nobody", "5000", "--id", "x1", status=1)
        expect(m, "REFUSAL", CHAIN_SENDER="Chinmay", CHAIN_RECEIVER="Nobody", CHAIN_AMOUNT="5000",
               CHAIN_ID="x1", CHAIN_RESULT="NOUSER")
        m.walletctl("transfer", "Chinmay", "Oliver", "5000", status=1)
        expect(m, "REFUSAL", CHAIN_RESULT="INSUFFICIENT", CHAIN_AMOUNT="5000")
        m.walletctl("transfer", "Chinmay", "Oliver", "1", "--id", "lunch", status=1)
        expect(m, "REFUSAL", CHAIN_RESULT="IDREUSED", CHAIN_ID="lunch")
        # What is no amount or no name is in no field.
        with m.client() as client:
            client.ask("TRANSFER", "Chinmay", "a b", "-1")
        entry = expect(m, "REFUSAL", CHAIN_RESULT="NAME")
        assert "CHAIN_AMOUNT" not in entry and "CHAIN_RECEIVER" not in entry, entry

        # One search for all that he had a part in, and one by serial.
        results = [e.get("CHAIN_RESULT") for e in m.journal("CHAIN_USER=Chinmay")]
        assert results == [None, "NOUSER", "INSUFFICIENT", "IDREUSED", "NAME"], results
        assert len(m.journal("CHAIN_SERIAL=10", "CHAIN_USER=Oliver")) == 1

        m.walletctl("txlist")
        expect(m, "STATEMENT_WRITTEN", CHAIN_SERIAL="10")
        m.systemctl("reload", "chain-main", "chain-backend@A")
        expect(m, "CONFIGURATION_RELOADED", SYSLOG_IDENTIFIER="chain-main")

        m.systemctl("stop", "chain-backend@B")
        m.walletctl("stats", "Ali", status=None)
        expect(m, "BACKEND_LOST", CHAIN_BACKEND="B")
        # Meanwhile its block was torn.
        m.run("sh", "-c", f"printf '11 Ali Lu' >> {LEDGER}/B/block2.txt")
        m.systemctl("start", "chain-backend@B")
        expect(m, "BACKEND_BACK", CHAIN_BACKEND="B")
        expect(m, "TORN_TAIL_CUT", CHAIN_BACKEND="B")

        with m.network():
            with harness.socket.socket(harness.socket.AF_INET, harness.socket.SOCK_DGRAM) as s:
                for _ in range(FORGED):
                    s.sendto(b"give me all", ("127.0.0.1", 21800))
        expect(m, "FORGED_DATAGRAMS", CHAIN_BACKEND="A")

        good = m.read(f"{CONF}/main.conf")
        m.edit(f"{CONF}/main.conf", "^copies = .*$", "copies = 0")
        m.systemctl("reload", "chain-main")
        entry = expect(m, "CONFIGURATION_REJECTED", SYSLOG_IDENTIFIER="chain-main")
        assert re.search(r"main\.conf:\d+: 'copies': expected", entry["MESSAGE"]), entry
        m.write(f"{CONF}/main.conf", good)

        m.systemctl("stop", "chain-backend@C")
        m.run("sh", "-c", f"sed -i '1s/^6 /x /' {LEDGER}/C/block3.txt")
        m.systemctl("start", "chain-backend@C", status=None)
        expect(m, "INTEGRITY_FAULT", CHAIN_BACKEND="C")

        wait_for(lambda: sum(forged(m)) == FORGED, "all of them in a sum", 20)
        assert len(forged(m)) <= 3, forged(m)

        for event, key in IDS.items():
            found = {e["PRIORITY"] for e in m.journal() if e.get("MESSAGE_ID") == key}
            assert found <= documented(event), (event, found, documented(event))


def test_bad_disk():
    """One that is slow is told of, and one that fails is not written to again."""
    if not shutil.which("cc"):
        raise Skip("there is no cc")

    def prepare(m):
        m.write("/usr/local/src/disk.c", BAD_DISK)
        m.drop_in("chain-backend@A.service",
                  "[Service]\nEnvironment=LD_PRELOAD=/usr/local/lib/disk.so\nRestart=no\n")

    with booted(prepare) as m:
        m.run("cc", "-shared", "-fPIC", "-o", "/usr/local/lib/disk.so", "/usr/local/src/disk.c")
        m.systemctl("enable", "--now", "chain.target")
        m.wait_answer()
        # So it is this one that transfers are written by.
        m.systemctl("stop", "chain-backend@B", "chain-backend@C")
        m.walletctl("--timeout", "20", "transfer", "Chinmay", "Oliver", "25")
        expect(m, "SLOW_SYNC", CHAIN_BACKEND="A")

        m.run("touch", f"{LEDGER}/A/broken")
        m.walletctl("--timeout", "5", "transfer", "Chinmay", "Oliver", "25", status=UNKNOWN)
        expect(m, "STORAGE_FAILURE", CHAIN_BACKEND="A")
        m.wait_state("chain-backend@A.service", "failed")
        assert m.show_property("chain-backend@A.service", "ExecMainStatus") == \
            str(harness.EXIT_IO)


def test_catalog():
    """Every event has its explanation in the catalog of the machine."""
    with booted() as m:
        for event, key in IDS.items():
            out = m.run("journalctl", "--dump-catalog", key).out
            assert out.startswith(f"-- {key}\nSubject: "), (event, out)


class Load:
    """Ten clients that pay each other as fast as they can, and are refused in between."""

    def __init__(self, m):
        self.machine = m
        self.over = threading.Event()
        self.done = 0
        self.refused = 0
        self.lock = threading.Lock()

    def work(self, number):
        with self.machine.client() as client:
            while not self.over.is_set():
                orders = [("TRANSFER", "Ali", "Ben", 1), ("TRANSFER", "Ben", "Ali", 1)] * 20
                answers = client.pipeline(orders + [("TRANSFER", "Ali", "Nobody", number + 1)])
                receipts = sum(isinstance(a, list) for a in answers)
                with self.lock:
                    self.done += receipts
                    self.refused += len(answers) - receipts


def told(entries):
    """All serials that the journal tells of, one by one or in a sum."""
    serials = []
    for entry in entries:
        if entry.get("MESSAGE_ID") == IDS["TRANSFER"]:
            serials.append(int(entry["CHAIN_SERIAL"]))
        elif entry.get("MESSAGE_ID") == IDS["TRANSFERS_SUMMED_UP"]:
            match = re.match(r"(\d+) transfers, serials (\d+) to (\d+), ", entry["MESSAGE"])
            count, first, last = map(int, match.groups())
            assert last - first + 1 == count, entry
            serials.extend(range(first, last + 1))
    return serials


def test_load():
    """Summed up, so that the journal keeps up; and each transfer is in there."""
    def strict(m):
        # A journal that drops what is more than a little.
        m.write("/etc/systemd/journald.conf.d/strict.conf",
                "[Journal]\nRateLimitIntervalSec=30s\nRateLimitBurst=5\n")

    with booted(strict) as m:
        m.systemctl("enable", "--now", "chain.target")
        load = Load(m)
        threads = [threading.Thread(target=load.work, args=(n,)) for n in range(10)]
        for t in threads:
            t.start()
        time.sleep(LOAD_SECONDS)
        load.over.set()
        for t in threads:
            t.join(30)
        with m.client() as client:
            last = client.call("TIP")[0]
        assert last == 9 + load.done, (last, load.done)
        wait_for(lambda: told(m.journal("-u", "chain-main"))[-1:] == [last], "the last sum")

        entries = m.journal("-u", "chain-main")
        assert told(entries) == list(range(10, last + 1)), "not all transfers, in order"
        refusals = sum(e.get("MESSAGE_ID") == IDS["REFUSAL"] for e in entries)
        summed = [int(e["MESSAGE"].split()[0]) for e in entries
                  if e.get("MESSAGE_ID") == IDS["REFUSALS_SUMMED_UP"]]
        assert refusals + sum(summed) == load.refused, (refusals, summed, load.refused)
        print(f"{load.done} transfers and {load.refused} refusals in {len(entries)} messages")
        assert len(entries) < 40 * (LOAD_SECONDS + 2), len(entries)
        dropped = [e["MESSAGE"] for e in m.journal("-t", "systemd-journald")
                   if "Suppressed" in e["MESSAGE"] and "chain-" in e["MESSAGE"]]
        assert not dropped, dropped


def test_examples():
    """What alichain-journal(7) shows."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        m.walletctl("transfer", "Chinmay", "Oliver", "5000", status=1)
        m.wait_journal(f"MESSAGE_ID={IDS['REFUSAL']}")
        command = pages.display("man/alichain-journal.7", "refusals")
        assert command.startswith("# ")
        entry = json.loads(m.run("bash", "-e", "-c", command[2:]).out)
        assert entry["CHAIN_RESULT"] == "INSUFFICIENT" and entry["CHAIN_AMOUNT"] == "5000", entry
        for line in re.findall(r"^\.Dl # (journalctl .*)$",
                               pages.source("man/alichain-journal.7"), re.M):
            m.run("bash", "-e", "-c", pages.plain(line))


if __name__ == "__main__":
    machine.run(globals())
