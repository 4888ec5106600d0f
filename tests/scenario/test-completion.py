#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What bash offers behind walletctl."""

import os
import shlex
import subprocess

import harness
from harness import Cluster, SAMPLE_BALANCES, SLOW, Skip, program, run, within

LIBRARY = "/usr/share/bash-completion/bash_completion"
SCRIPT = os.path.join(harness.TOP_SRC, "data/bash-completion/walletctl")
COMPLETE = r"""
source "$1" && source "$2" || exit 1
COMP_LINE=$3 COMP_POINT=${#3} COMP_WORDS=("${@:4}") COMP_CWORD=$(($# - 4))
_walletctl
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
"""


def offered(c, line, directory=None):
    """What is offered at the end of the line, sorted."""
    if not os.path.exists(LIBRARY):
        raise Skip("there is no bash-completion")
    words = line.split(" ")
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, "bash", LIBRARY, SCRIPT, line, *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=60 * SLOW, cwd=directory,
        env={**os.environ, "LC_ALL": "C.UTF-8",
             "PATH": os.path.dirname(program("walletctl")) + ":" + os.environ["PATH"],
             "WALLETCTL_SERVER": c.main.server if c else "127.0.0.1:1"})
    assert not done.stderr, done.stderr.decode()
    return sorted(done.stdout.decode().splitlines())


def catalog():
    """{command: (arguments, options)} by the program's own word."""
    done = subprocess.run([program("walletctl"), "--raw", "help"], check=True,
                          stdout=subprocess.PIPE, timeout=60 * SLOW)
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    return {row[0]: (row[1].split(), [o.split("=")[0] for o in row[2].split()]) for row in rows}


def test_commands_and_options():
    """All that help knows, and what a command does not take is not offered."""
    known = catalog()
    commands = sorted(name for name in known if name)
    assert len(commands) > 10 and "transfer" in commands, commands
    assert offered(None, "walletctl ") == commands
    assert offered(None, "walletctl ba") == ["balance"]
    assert offered(None, "walletctl --json --timeout 5 tra") == ["transfer"]
    assert offered(None, "walletctl help sta") == ["stats", "status"]
    for command in commands:
        want = sorted(known[""][1] + known[command][1])
        assert offered(None, f"walletctl {command} --") == want, command
    assert offered(None, "walletctl transfer --me") == ["--memo"]
    assert offered(None, "walletctl --json --st") == ["--stdin"]
    assert offered(None, "walletctl export --format l") == ["ledger"]
    # Files where there may be any number of them, and behind --output.
    for line in ("walletctl import ", "walletctl import a b ", "walletctl export --output ",
                 "walletctl transfer --file ", "walletctl plot Ali --svg "):
        assert offered(None, line + "block", os.path.join(harness.TOP_SRC, "data")) == [
            "block1.txt", "block2.txt", "block3.txt"], line
    # A value is nobody's to guess.
    for line in ("walletctl --server ", "walletctl transfer --memo ", "walletctl --timeout=",
                 "walletctl list ", "walletctl list --since ", "walletctl transfer Ali Ben "):
        assert not offered(None, line), line


def test_users():
    """Where a user is wanted, if the daemon answers."""
    with Cluster() as c:
        c.start()
        users = sorted(SAMPLE_BALANCES)
        assert offered(c, "walletctl balance ") == users
        assert offered(c, "walletctl balance Ali Ben Vi") == ["Victor"]
        assert offered(c, "walletctl balance --at 5 Vi") == ["Victor"]
        assert offered(c, "walletctl transfer Ra") == ["Racheal", "Rachit"]
        assert offered(c, "walletctl --raw transfer Ali Vi") == ["Victor"]
        assert offered(c, "walletctl transfer --memo x Ali Vi") == ["Victor"]
        assert offered(None, f"walletctl --server {c.main.server} stats Chi") == ["Chinmay"]
        assert offered(None, f"walletctl --server={c.main.server} stats Chi") == ["Chinmay"]
        # Of a long history the beginning and the end.
        client = c.client()
        client.pipeline([("TRANSFER", "Ali", "Ben", 1), ("TRANSFER", "Ben", "Ali", 1)] * 1000)
        client.call("OPEN", "Zoe")
        assert offered(c, "walletctl balance Z") == ["Zoe"]
        assert offered(c, "walletctl balance Vi") == ["Victor"]


def test_names_are_not_obeyed():
    """Nothing that somebody is called is run, and it comes out as one word."""
    with Cluster() as c:
        c.start()
        client = c.client()
        names = ["$(touch${IFS}pwned)", "`touch${IFS}pwned`", "a;touch${IFS}pwned", "o'hara",
                 "*", "~root", "x&y|z", "\u00e9t\u00e9"]
        for name in names:
            client.call("OPEN", name)
        found = offered(c, "walletctl balance ", c.directory)
        assert [shlex.split(word) for word in found if "\\" in word or "$'" in word], found
        plain = subprocess.run(
            ["bash", "-c", "printf '%s\\n' " + " ".join(found)], check=True, cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE,
            timeout=60).stdout.decode().splitlines()
        assert sorted(plain) == sorted([*SAMPLE_BALANCES, *names]), plain
        assert not os.path.exists(c.path("pwned")) and not os.path.exists("/pwned")


def test_no_daemon():
    """Nothing is offered, soon; nobody waits for a shell."""
    with within(5, "no users"):
        assert not offered(None, "walletctl balance ")
    with Cluster() as c:
        c.start()
        c.main.daemon.freeze()
        with within(8, "no users"):
            assert not offered(c, "walletctl balance ")
        c.main.daemon.thaw()


if __name__ == "__main__":
    run(globals())
