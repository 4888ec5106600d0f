#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From a fresh machine to the first answer, as README.md has it, and back again."""

import os
import re
import stat
import sys

import machine
from machine import BACKENDS, Machine, booted, harness, wait_for

sys.path.insert(0, os.path.join(harness.TOP_SRC, "tests/docs"))
import pages  # pylint: disable=wrong-import-position

KEY = "/etc/credstore/alichain.cluster.key"
LEDGER = "/var/lib/alichain"
BLOCKS = {"A": "block1.txt", "B": "block2.txt", "C": "block3.txt"}
ENABLED = {"chain.target", "chain-main.service", "chain-verify.timer",
           *(f"chain-backend@{name}.service" for name in BACKENDS)}
# All of it is built once, in the machine.
BUILD_SECONDS = 400
harness.TEST_SECONDS = BUILD_SECONDS + 200
# Of the users and groups of the machine, which has one more.
ACCOUNTS = re.compile(r"/etc/(g?shadow|passwd|group)-?|/etc/\.pwd\.lock")
SOURCE_LINES = re.compile(r"^(\./bootstrap|\./configure .*|make|make install)$", re.M)


def installation():
    """The commands of README.md: to the first answer, and to an empty ledger."""
    with open(os.path.join(harness.TOP_SRC, "README.md"), encoding="utf-8") as f:
        text = f.read()
    section = re.search(r"^## Install it\n(.*?)^## ", text, re.M | re.S).group(1)
    scripts = re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    assert len(scripts) == 2, scripts
    assert len(SOURCE_LINES.findall(scripts[0])) == 4, scripts[0]
    return scripts


def block_path(name):
    return f"{LEDGER}/{name}/{BLOCKS[name]}"


def owner_and_mode(m, path):
    return m.run("stat", "-c", "%U:%G %a", path).out.strip()


def enabled(m):
    out = m.systemctl("list-unit-files", "--plain", "--no-legend", "--state=enabled",
                      "chain*").out
    found = {line.split()[0] for line in out.splitlines()}
    if "chain-backend@.service" in found:
        found.remove("chain-backend@.service")
    wants = m.run("find", "/etc/systemd/system", "-name", "chain-backend@*.service").out
    return found | {os.path.basename(path) for path in wants.split()}


def check_installed(m):
    """All is as it should be after the script of the README."""
    assert owner_and_mode(m, KEY) == "root:root 600"
    assert re.fullmatch(r"[0-9a-f]{64}\n", m.run("cat", KEY).out)
    for name in BACKENDS:
        assert owner_and_mode(m, block_path(name)) == "alichain:alichain 600"
        assert m.state(f"chain-backend@{name}.socket") == "active"
    assert m.show_property("chain-main.service", "StatusText").startswith("serial 9, tip "), \
        m.show_property("chain-main.service", "StatusText")
    assert enabled(m) == ENABLED, enabled(m)
    assert not m.systemctl("--failed", "--plain", "--no-legend").out


def check_uninstalled(m, before):
    """Nothing is left but data: blocks, the key, what was edited, the user."""
    conf = "/etc/alichain/backend-B.conf"
    foreign = "chain-reaction.service"
    m.run("systemd-run", f"--unit={foreign}", "sleep", "infinity")
    m.edit(conf, "^#datagram_size = auto", "datagram_size = 1400")
    m.run("make", "uninstall", directory="/root/alichain")
    for unit in (*machine.UNITS, *machine.SOCKETS, "chain.target", "chain-verify.timer"):
        m.wait_state(unit, "inactive")
    # It only has a name that begins like ours.
    assert m.state(foreign) == "active"
    m.systemctl("stop", foreign)
    assert not m.systemctl("list-unit-files", "--plain", "--no-legend", "chain*", status=None).out
    left = (m.changed("/usr") | m.changed("/etc")) - before
    assert {path for path in left if not ACCOUNTS.fullmatch(path)} == {conf, KEY}, left
    assert " Anna Anna 0 " in m.run("cat", *map(block_path, BACKENDS)).out
    # Installed anew it goes on where it was.
    m.run("make", "install", directory="/root/alichain")
    m.systemctl("enable", "--now", "chain.target")
    assert m.walletctl("--raw", "balance", "Anna").out == "1000\n"


def test_readme():
    """Typed as it stands there, and no file edited; the machine does it again at a boot."""
    first, empty = installation()
    with Machine() as m:
        m.copy_source("/root/alichain")
        m.boot()
        before = m.changed("/usr") | m.changed("/etc")
        answer = m.run("bash", "-e", "-c", first, directory="/root/alichain", timeout=BUILD_SECONDS,
                       env={"MAKEFLAGS": "-j2"})
        assert answer.out.endswith('The current balance of "Chinmay" is : 881 alicoins.\n'), answer
        check_installed(m)
        key = m.run("cat", KEY).out
        m.poweroff()

        m.boot()
        assert m.walletctl("--raw", "balance", "Chinmay").out == "881\n"
        assert m.run("cat", KEY).out == key
        check_installed(m)

        # It had a part in a transfer, and a boot does not take that back.
        m.walletctl("transfer", "Chinmay", "Oliver", "25")
        m.run("systemd-tmpfiles", "--create")
        m.systemctl("restart", "chain.target")
        assert m.walletctl("--raw", "balance", "Chinmay").out == "856\n"

        m.run("bash", "-e", "-c", empty)
        assert m.walletctl("balance", "Chinmay", status=1).out == ""
        m.walletctl("open", "Anna")
        m.poweroff()
        m.boot()
        assert m.walletctl("--raw", "balance", "Anna").out == "1000\n"
        check_uninstalled(m, before)


def test_one_backend_alone():
    """It starts by itself, with a key, and nothing else with it."""
    with booted() as m:
        m.systemctl("start", "chain-backend@A")
        assert m.state("chain-backend@A.service") == "active"
        assert m.state("chain-backend@A.socket") == "active"
        assert owner_and_mode(m, KEY) == "root:root 600"
        for unit in ("chain-main.service", "chain-backend@B.service", "chain.target"):
            assert m.state(unit) == "inactive", unit
        warnings = m.journal("-u", "chain-backend@A", "-p", "warning")
        assert not warnings, warnings
        # Another one fails: there is no such configuration, and it says so.
        assert m.systemctl("start", "chain-backend@Z", status=None).status != 0
        m.wait_journal("-t", "chain-backend", pattern=r"backend-Z\.conf: No such file")


def test_nothing_is_overwritten():
    """Blocks and a key that were there before, an empty block among them."""
    theirs = "1 Ann Bob 7\n"
    key = "5a" * 32 + "\n"

    def prepare(m):
        for name, text in (("A", theirs), ("B", "")):
            path = m.write(block_path(name), text, 0o640)
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
        m.write(KEY, key, 0o600)

    with booted(prepare) as m:
        m.run("chown", "alichain:alichain", block_path("A"), block_path("B"))
        m.run("rm", block_path("C"))
        m.run("systemd-tmpfiles", "--create")
        assert m.run("cat", block_path("A"), block_path("B")).out == theirs
        assert owner_and_mode(m, block_path("A")) == "alichain:alichain 640"
        # This one was missing.
        with open(os.path.join(harness.TOP_SRC, "data/block3.txt"), encoding="utf-8") as f:
            assert m.run("cat", block_path("C")).out == f.read()
        m.run("sh", "-c", f": > {block_path('C')}")
        m.systemctl("start", "chain-backend@A", "chain-backend@B", "chain-backend@C", "chain-main")
        assert m.walletctl("--raw", "balance", "Bob").out == "1007\n"
        assert m.run("cat", KEY).out == key
        assert m.show_property("chain-key.service", "ConditionResult") == "no"


def test_key_of_the_configuration():
    """Where one is set, none is made that would stand in for it."""
    with booted() as m:
        conf = f"{machine.directories()['sysconfdir']}/alichain"
        m.edit(f"{conf}/backend-A.conf", "^#key_file", "key_file")
        m.write(f"{conf}/cluster.key", "ab" * 32 + "\n", 0o400)
        m.run("chown", "alichain", f"{conf}/cluster.key")
        m.systemctl("start", "chain-backend@A")
        assert m.state("chain-backend@A.service") == "active"
        assert m.run("test", "-e", KEY, status=1)
        m.wait_journal("-u", "chain-key", pattern="no key is made: key_file is set")
        assert not m.journal("-u", "chain-backend@A", "-p", "warning")


def test_fourth_backend():
    """A file and a section more, what alichain(7) says, and it takes its share."""
    lines = pages.display("man/alichain.7", "join").splitlines()
    *commands, look, said = [line[2:] if line.startswith("# ") else line for line in lines]
    with booted() as m:
        conf = f"{machine.directories()['sysconfdir']}/alichain"
        m.systemctl("enable", "--now", "chain.target")
        pid = m.show_property("chain-main.service", "MainPID")
        text = m.read(f"{conf}/backend-A.conf")
        for old, new in (("name = A", "name = D"), ("21800", "27800"), ("/A/block1", "/D/block4")):
            assert old in text, old
            text = text.replace(old, new)
        m.write(f"{conf}/backend-D.conf", text)
        m.write(f"{conf}/main.conf", m.read(f"{conf}/main.conf") +
                "\n[backend D]\naddress = 127.0.0.1:27800\n")
        for command in commands:
            m.run("bash", "-e", "-c", command)
        m.wait_journal("-u", "chain-main", pattern=re.escape(said))
        assert m.run("bash", "-e", "-c", look).out == said + "\n"

        assert m.show_property("chain-main.service", "MainPID") == pid
        with m.client() as client:
            for _ in range(100):
                client.call("TRANSFER", "Ali", "Ben", 1)
        wait_for(lambda: "4 of 4 backends up" in m.show_property("chain-main.service",
                                                                 "StatusText"), "the status")
        share = m.run("wc", "-l", f"{LEDGER}/D/block4.txt").out.split()[0]
        assert 5 <= int(share) <= 60, share
        # From the next boot on it is one of them, and has its socket.
        m.poweroff()
        m.boot()
        assert m.walletctl("--raw", "balance", "Ali").out == "745\n"
        assert m.state("chain-backend@D.socket") == "active"


def test_presets():
    """What a distribution enables that goes by them."""
    with booted() as m:
        m.systemctl("preset", "chain.target", "chain-main.service", "chain-main.socket",
                    "chain-backend@.service", "chain-backend@.socket")
        assert enabled(m) == ENABLED, enabled(m)


if __name__ == "__main__":
    machine.run(globals())
