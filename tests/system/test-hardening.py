#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the daemons may do on the machine, and the manual's way to let them do more."""

import json
import re
import shutil
import socket
import sys
import time

import machine
import probe
from machine import BACKENDS, Skip, UNITS, booted, harness, os, wait_for

sys.path.insert(0, os.path.join(harness.TOP_SRC, "tests/docs"))
import pages  # pylint: disable=wrong-import-position

CONF = f"{machine.directories()['sysconfdir']}/alichain"
# By systemd-analyze security, of 0 (safe) to 10; the network itself is 0.8.
EXPOSURE_MAX = 1.0
# No files are kept in these.
KERNEL = ("proc", "devpts", "mqueue", "hugetlbfs")
# Of the network in the manual, but on the machine's own loopback interface.
OUTSIDE = "192.0.2.7"


def process(m, unit):
    return f"/proc/{m.show_property(unit, 'MainPID')}"


def test_process():
    """What the kernel knows of the processes: no root, no capability, a filter."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        for unit in UNITS:
            status = dict(line.split(":\t", 1)
                          for line in m.run("cat", f"{process(m, unit)}/status").out.splitlines()
                          if ":\t" in line)
            for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                assert int(status[field], 16) == 0, (unit, field, status[field])
            assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", unit
            user = m.run("stat", "-c", "%U:%G", process(m, unit)).out.strip()
            assert user == "alichain:alichain", (unit, user)
        for unit in ("chain-main.service", *(f"chain-backend@{n}.service" for n in BACKENDS)):
            for what in ("uid_map", "gid_map"):
                mapped = m.run("cat", f"{process(m, unit)}/{what}").out.split()
                assert "4294967295" not in mapped, (unit, mapped)


def test_files():
    """Its own directory is all that it can write to, and the key is nobody else's."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        for unit, own in (("chain-main.service", "main"), ("chain-backend@A.service", "A")):
            writable = set()
            for line in m.run("cat", f"{process(m, unit)}/mountinfo").out.splitlines():
                fields = line.split()
                kind = line.split(" - ")[1].split()[0]
                if "rw" in fields[5].split(",") and kind not in KERNEL:
                    writable.add(fields[4])
            # What nspawn leaves there, below what is mounted over it.
            writable = {path for path in writable if not path.startswith("/run/host/")}
            # The last two are private, and empty.
            assert writable == {f"/var/lib/alichain/{own}", "/tmp", "/var/tmp"}, (unit, writable)

            key = f"/run/credentials/{unit}/cluster.key"
            # Kept in memory, and by the access list for the daemon's user only.
            assert m.run("stat", "-f", "-c", "%T", key).out.strip() in ("tmpfs", "ramfs"), key
            for user in ("nobody", "daemon"):
                answer = m.run("setpriv", "--reuid", user, "--clear-groups", "cat", key,
                               status=None)
                assert answer.status != 0 and not answer.out, answer
        assert not m.journal("-p", "warning", "_COMM=chain-main"), "a key, and no warning"


def move_outside(m):
    """All addresses of the stock set, out of loopback."""
    m.run("ip", "address", "add", f"{OUTSIDE}/32", "dev", "lo")
    m.edit(f"{CONF}/main.conf", r"127\.0\.0\.1", OUTSIDE)
    m.edit(f"{CONF}/main.conf", "^#allow_anonymous_network = no$", "allow_anonymous_network = yes")
    for name in BACKENDS:
        m.edit(f"{CONF}/backend-{name}.conf", r"127\.0\.0\.1", OUTSIDE)
    m.edit(f"{CONF}/main.conf", "^#?start_wait = .*$", "start_wait = 2")
    m.systemctl("daemon-reload")


def type_in(m, page):
    """The commands that the manual shows."""
    for line in pages.display(f"man/{page}", "network").splitlines():
        assert line.startswith("# "), line
        m.run("bash", "-e", "-c", line[2:])


def throw(m):
    """Something that is no request, from outside, at a backend."""
    with m.network(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"let me in", (OUTSIDE, 21800))


def test_network():
    """Nobody outside this host is heard, until the drop-ins of the manual let them in."""
    if not shutil.which("ip"):
        raise Skip("there is no ip")
    with booted() as m:
        move_outside(m)
        m.systemctl("enable", "--now", "chain.target")
        assert m.show_property("chain-main.service", "StatusText").startswith(
            "waiting for backend A, 0 of 3")
        answer = m.walletctl("--server", f"{OUTSIDE}:25800", "--timeout", "2", "tip", status=3)
        assert "no connection" in answer.err or "no answer" in answer.err, answer

        throw(m)

        # Each of the units has its own: the backends' do not open the main daemon's.
        type_in(m, "chain-backend.8")
        m.systemctl("start", *(f"chain-backend@{name}" for name in BACKENDS))
        throw(m)
        m.wait_journal("-u", "chain-backend@A", pattern="dropped .* forged")
        time.sleep(2)  # The main daemon asks at least once a second.
        heard = [e["MESSAGE"] for e in m.journal("-u", "chain-backend@A")
                 if "forged" in e["MESSAGE"]]
        assert len(heard) == 1 and "dropped 1 forged" in heard[0], heard
        assert m.show_property("chain-main.service", "StatusText").startswith(
            "waiting for backend A, 0 of 3")
        m.walletctl("--server", f"{OUTSIDE}:25800", "--timeout", "2", "tip", status=3)
        type_in(m, "chain-main.8")
        wait_for(lambda: m.walletctl("--server", f"{OUTSIDE}:25800", "--timeout", "2", "status",
                                     status=None).status == 0, "an open ledger", 30)
        assert m.walletctl("--server", f"{OUTSIDE}:25800", "--raw", "balance",
                           "Chinmay").out == "881\n"


# Every service, and what of the probes is its business.
SERVICES = {
    "chain-main.service": {"inet"},
    "chain-backend@A.service": {"inet"},
    "chain-verify.service": {"inet"},
    # As root, whose process 1 is.
    "chain-key.service": {"see process 1"},
    "chain-alarm@chain-verify.service.service": set(),
}
PYTHON = "/usr/bin/python3"
PROBE = "/usr/local/lib/probe.py"


def prepare_probe(m):
    """Runs in front of each service's own program, with the same restrictions."""
    with open(os.path.join(harness.TOP_SRC, "tests/system/probe.py"), encoding="utf-8") as f:
        m.write(PROBE, f.read())
    for unit in SERVICES:
        m.drop_in(unit, f"[Service]\nExecStartPre={PYTHON} -B {PROBE}\n")
    # What the probes try to get at; anybody may, but for the restrictions.
    m.write("/home/anna/diary", "secret\n")
    os.chmod(m.write("/usr/local/open", ""), 0o666)


def probed(m, unit):
    """What a process of the unit could do."""
    entry = m.wait_journal(f"_SYSTEMD_UNIT={unit}", pattern="^probe: ")
    return set(json.loads(entry["MESSAGE"].partition(": ")[2]))


def test_restrictions():
    """What they forbid cannot be done by a process of the unit, only by one without."""
    if not os.path.exists(PYTHON):
        raise Skip(f"there is no {PYTHON}")
    with booted(prepare_probe) as m:
        # New at each boot.
        for path in ("/run/open", "/tmp/outside", "/dev/shm/outside"):
            m.run("sh", "-e", "-c", "umask 0; echo > $0", path)
        out = m.run("setpriv", "--reuid=alichain", "--regid=alichain", "--clear-groups",
                    PYTHON, "-B", PROBE).out
        free = set(json.loads(out.partition(": ")[2]))
        # Else it would say nothing.
        assert free == set(probe.PROBES), set(probe.PROBES) - free

        m.systemctl("enable", "--now", "chain.target")
        m.wait_answer()
        m.systemctl("start", "chain-verify.service", "chain-alarm@chain-verify.service.service")
        for unit, allowed in SERVICES.items():
            could = probed(m, unit)
            assert could == allowed, f"{unit}: could {sorted(could)}"


def exposure(m, unit):
    out = m.run("systemd-analyze", "security", "--no-pager", unit).out
    return float(re.search(r"Overall exposure level for .*: ([\d.]+) ", out).group(1)), out


def test_score():
    """systemd's own measure, of every service as the manager has it in force."""
    if not shutil.which("systemd-analyze"):
        raise Skip("there is no systemd-analyze")
    with booted() as m:
        names = m.run("sh", "-c", "cd $0 && ls chain-*.service",
                      machine.directories()["systemdsystemunitdir"]).out.split()
        assert set(names) == {re.sub("@.*", "@.service", unit) for unit in SERVICES}, names
        m.systemctl("enable", "--now", "chain.target")
        for unit in SERVICES:
            score, out = exposure(m, unit)
            print(f"{unit}: {score}")
            assert score <= EXPOSURE_MAX, out


if __name__ == "__main__":
    machine.run(globals())
