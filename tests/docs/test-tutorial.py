#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tutorial of alichain(7) is followed to its end, and answers what stands there."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pages
import session

harness = pages.import_harness()
STEPS = pages.steps("man/alichain.7", "TUTORIAL")
STEPS_WANTED = range(10, 15)
SECONDS = 240
# Where the page says the sample is, the ports that it takes, and a step that needs a network
# of its own.
SAMPLE = "/usr/local/share/alichain/sample"
UDP_PORTS = ("21801", "22801", "23801")
TCP_PORTS = ("25801", "25802")
LOSSY = "unshare -rn"
# By lot or by the moment: in which block a record is, where it stands there, how many of 300
# were done at the kill, which backend says something first, who sent, and how many datagrams
# it took; but more than none.
VARIABLE = (
    (re.compile(r"(?<=ready: block )[ABC], \d+(?= transactions)"), "<block and number>"),
    (re.compile(r", ([12]\d\d|30\d)(?= transactions, 12 users)"), ", <some>"),
    (re.compile(r"(?<=\(backend )[ABC](?=\))"), "<block>"),
    (re.compile(r"^[ABC]\.txt:\d+(?=: serial 10: )", re.M), "<block and line>"),
    (re.compile(r"(?<=Backend )[ABC](?= has promised epoch)"), "<block>"),
    (re.compile(r"(?<=the last from 127\.0\.0\.1:)\d+"), "<port>"),
    (re.compile(r"dropped [1-9]\d* (forged or damaged datagrams) \(mac: [1-9]\d*\)"),
     r"dropped <some> \1 (mac: <some>)"),
    (re.compile(r"(?<=^counter packets )[1-9]\d*", re.M), "<some>"),
    (re.compile(r'^(alichain_\w+_total\{backend="[ABC]"\}) [1-9]\d*', re.M), r"\1 <some>"),
)


def names():
    """What the page says, and what there is here."""
    found = {SAMPLE: os.path.join(pages.TOP_SRC, "data")}
    for port in UDP_PORTS:
        found[port] = str(harness.quiet_port(socket.SOCK_DGRAM))
    for port in TCP_PORTS:
        found[port] = str(harness.quiet_port(socket.SOCK_STREAM))
    assert len(set(found.values())) == len(found), found
    return found


def why_nothing_is_lost():
    """What keeps this host from losing datagrams as the page does; None: nothing."""
    lossy = re.search(r"^\$ cat > lossy << end\n((?:> .*\n)+?)> end$",
                      "".join(text for _, _, text in STEPS), re.M).group(1)
    try:
        done = subprocess.run(
            ["unshare", "-rn", "sh", "-c", "ip link set lo up && nft -f -"],
            input=lossy.replace("> ", "").encode(), timeout=60, check=False,
            env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as e:
        return str(e)
    return done.stdout.decode().strip() or "it failed" if done.returncode != 0 else None


def look_at_logs(directory):
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(os.path.join(directory, "ledger")):
            if name.endswith(".log"):
                with open(os.path.join(directory, "ledger", name), encoding="utf-8") as f:
                    text = f.read()
                assert not harness.SANITIZER.search(text), f"{name}:\n{text}"


def follow(shell, directory, omitted):
    comparison = session.Comparison(VARIABLE)
    for title, _, text in STEPS:
        if omitted and LOSSY in text:
            print(f"NOT FOLLOWED: {title}: {omitted}")
            continue
        begin = time.monotonic()
        try:
            session.replay(text, shell, comparison)
            look_at_logs(directory)
        except AssertionError as e:
            raise AssertionError(f"{title}\n{e}") from None
        print(f"followed {title} ({time.monotonic() - begin:.1f} s)", flush=True)


def test_tutorial():
    """All steps, in one shell; and nothing is left of them."""
    for tool in ("awk", "b2sum", "od", "timeout"):
        if not shutil.which(tool):
            raise harness.Skip(f"there is no {tool}")
    harness.allow(SECONDS)
    omitted = why_nothing_is_lost()
    with tempfile.TemporaryDirectory(prefix="alichain-") as directory:
        with session.Shell(harness, directory, names=names()) as shell:
            follow(shell, directory, omitted)
            assert not session.descendants(shell.bash.pid), "something still runs"
        assert os.listdir(directory) == [], os.listdir(directory)
    if omitted:
        raise harness.Skip(f"all but the lost datagrams was followed: {omitted}")


def test_steps():
    """They are numbered, few enough for an hour, and each says what it shows and why."""
    assert len(STEPS) in STEPS_WANTED, len(STEPS)
    for number, (title, prose, text) in enumerate(STEPS, 1):
        assert title.startswith(f"{number}. "), title
        assert session.parse(text), title
        assert len(prose.split()) > 10 or number == len(STEPS), f"{title}: says nothing"
    assert sum(LOSSY in text for _, _, text in STEPS) == 1


if __name__ == "__main__":
    harness.run(globals())
