#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files that are not as they should be: settings, keys, blocks.  The start is
refused with a place and what was expected there, and nothing is touched."""

import os
import re
import shutil
import subprocess

from books import ZEROS, chain_step
from harness import (Cluster, EXIT_CONFIG, EXIT_INTEGRITY, EXIT_IO, KEY, SANITIZER, SLOW, program,
                     refused, run, wait_for, write_file)

# --- Settings

MAIN = """\
[main]
listen = 127.0.0.1:0
state = {dir}/state
[ledger]
statement = {dir}/alichain.txt
[backend A]
address = 127.0.0.1:21800
[backend B]
address = 127.0.0.1:22800
"""
BACKEND = """\
[backend]
name = A
listen = 127.0.0.1:0
block = {dir}/block.txt
"""
IPV6 = "[2001:db8::1]:21800"
NUMBER = "'%s': expected a plain number from %d to %d, not \"%s\""

# The number of the line that is replaced, by what, and what is said of it:
# "4: ..." at line 4.  The rest of the lines is good.
MAIN_FAULTS = (
    # The reader of lines.
    (2, "listen 127.0.0.1:0", "2: expected 'key = value' or [section]"),
    (2, "= 127.0.0.1:0", "2: expected 'key = value' or [section]"),
    (2, "listen =", "2: 'listen' has no value, expected 'listen = value'"),
    (2, "listen = # none", "2: 'listen' has no value"),
    (2, "listen = 127.0.0.1:0,", "2: 'listen' has an empty item"),
    (2, "listen = 127.0.0.1:0\nlisten = 127.0.0.1:0", "3: 'listen' already given on line 2"),
    (2, "# one\n; two\n\nlisten = x", "5: 'listen': expected IP:PORT"),
    (2, "listem = 127.0.0.1:0", "2: unknown key 'listem' in [main], expected one of listen, "),
    (2, "listem = 127.0.0.1:0", "1: [main] lacks 'listen'"),
    (2, "lost = no", "2: unknown key 'lost' in [main]"),
    (2, "Listen = 127.0.0.1:0", "2: unknown key 'Listen'"),
    (2, "listen = 127.0.0.1:0 \x01", "2: control character 1 in column"),
    (2, b"listen = \xff", "2: not valid UTF-8"),
    (1, "key_file = /x\n[main]", "1: 'key_file' stands before the first [section]"),
    (1, "[main", "1: expected [section] or [section NAME]"),
    (1, "[]", "1: expected [section] or [section NAME]"),
    (1, "[main x]", "1: expected [main] without a name"),
    (1, "[mine]", "1: unknown section [mine], expected one of [main], [ledger], [backend NAME]"),
    (6, "[main]", "6: [main] already given on line 1"),
    (6, "[backend]", "6: expected a name: [backend NAME]"),
    (8, "[backend A]", "8: [backend A] already given on line 6"),
    # The schema.
    (4, "#", "there is no [ledger] section"),
    (5, "#", "4: [ledger] lacks 'statement'"),
    (3, "#", "1: [main] lacks 'state'"),
    (7, "#", "6: [backend A] lacks 'address'"),
    # Values.
    (2, "listen = localhost:1", "2: 'listen': expected IP:PORT as in 127.0.0.1:21800"),
    (2, "listen = 127.0.0.1", "2: 'listen': expected IP:PORT"),
    (2, "listen = 127.0.0.1:65536", "2: 'listen': expected IP:PORT"),
    (2, "listen = 127.0.0.1:010", "2: 'listen': expected IP:PORT"),
    (2, "listen = ::1:80", "2: 'listen': expected IP:PORT"),
    (2, "listen = *:25800", "2: 'listen': expected IP:PORT"),
    (2, "listen = ${HOME}", '2: \'listen\': expected IP:PORT as in 127.0.0.1:21800 or '
     '[::1]:21800, not "${HOME}"'),
    (2, "listen = 0.0.0.0:25800", "2: 'listen': 0.0.0.0:25800 is not a loopback address, "
     "expected 'allow_anonymous_network = yes'"),
    (2, "listen = 127.0.0.1:5, 127.0.0.1:5", "2: 'listen' has 127.0.0.1:5 twice"),
    (2, "listen = " + ", ".join(f"127.0.0.1:{n}" for n in range(1, 18)),
     "2: 'listen' has 17 addresses, expected at most 16"),
    (3, "state = state", "3: 'state': expected a path that begins with /, not \"state\""),
    (3, "state = ~/state", "3: 'state': expected a path that begins with /"),
    (3, "state = /x\nstart_wait = 3601", "4: " + NUMBER % ("start_wait", 0, 3600, "3601")),
    (3, "state = /x\nrequest_timeout = 0", "4: " + NUMBER % ("request_timeout", 1, 3600, "0")),
    (3, "state = /x\nrequest_timeout = 010", "4: " + NUMBER % ("request_timeout", 1, 3600, "010")),
    (3, "state = /x\nrequest_timeout = 0x1", "4: 'request_timeout': expected a plain number"),
    (3, "state = /x\nrequest_timeout = +1", "4: 'request_timeout': expected a plain number"),
    (3, "state = /x\nrequest_timeout = 2 s", "4: 'request_timeout': expected a plain number"),
    (3, "state = /x\nmax_clients = 99999999999999999999", "4: 'max_clients': expected a plain"),
    (3, "state = /x\nallow_anonymous_network = true",
     "4: 'allow_anonymous_network': expected yes or no, not \"true\""),
    (3, "state = /x\ndatagram_size = 1199",
     "4: 'datagram_size': expected auto or a plain number from 1200 to 65507, not \"1199\""),
    (3, "state = /x\nsource = [::1]:0", "8: 'address': 127.0.0.1:21800 and the 'source' of "
     "requests, [::1]:0, must both be IPv4 or both IPv6"),
    (5, "statement = s.txt", "5: 'statement': expected a path that begins with /"),
    (5, "statement = /s\ninitial_balance = -1", "6: 'initial_balance': expected a plain number"),
    (5, "statement = /s\ncoin = two words", "6: 'coin': expected a word of 1 to 32 bytes"),
    (5, "statement = /s\naccept_gaps = 1", "6: 'accept_gaps': expected yes or no"),
    (5, "statement = /s\ncopies = 3", "6: 'copies': 3 is more than the 2 backends that are not"),
    (6, "[backend A-1]", "6: expected a name of 1 to 16 letters, digits, '_' or '.', without"),
    (6, f"[backend {'x' * 17}]", "6: expected a name of 1 to 16 letters"),
    (7, "address = 127.0.0.1:0", "7: 'address': expected a port from 1 to 65535"),
    (9, "address = 127.0.0.1:21800", "9: 'address': 127.0.0.1:21800 is that of [backend A] on "
     "line 7"),
    (9, "address = 127.0.0.1:22800\nlost = yes", "10: 'lost': with 'copies' of 1 at most 0"),
    (7, "address = 192.0.2.1:21800", "7: "),
)
BACKEND_FAULTS = (
    (1, "[main]", "1: unknown section [main], expected one of [backend]"),
    (1, "[backend A]", "1: expected [backend] without a name"),
    (2, "#", "1: [backend] lacks 'name'"),
    (3, "#", "1: [backend] lacks 'listen'"),
    (4, "#", "1: [backend] lacks 'block'"),
    (2, "name = A\nname = A", "3: 'name' already given on line 2"),
    (2, "name = A/B", "2: 'name': expected 1 to 16 letters, digits, '_' or '.', without"),
    (2, "title = A", "2: unknown key 'title' in [backend], expected one of name, listen"),
    (3, "listen = 127.0.0.1:0, 127.0.0.1:1", "3: 'listen': expected IP:PORT"),
    (3, f"listen = {IPV6}", f"3: {IPV6} is not a loopback address: the datagrams need a key, "
     "expected 'key_file'"),
    (4, "block = block.txt", "4: 'block': expected a path that begins with /"),
    (4, "block =", "4: 'block' has no value"),
    (4, "block = /x\ndatagram_size = 65508", "5: 'datagram_size': expected auto or a plain"),
)


def start(name, *args, env=None):
    """A start that is expected to fail: exit status and what it said."""
    done = subprocess.run([program(name), *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20 * SLOW,
                          check=False, env={**os.environ, **(env or {})})
    said = done.stderr.decode()
    assert not SANITIZER.search(said), said
    assert not done.stdout, done.stdout
    return done.returncode, said


def with_line(text, number, line):
    lines = text.encode().split(b"\n")
    lines[number - 1] = line if isinstance(line, bytes) else line.encode()
    return b"\n".join(lines)


def check_config_refused(name, path, expected):
    """The check and the start say the same, and the start leaves nothing."""
    folder = os.path.dirname(path)
    before = sorted(os.listdir(folder))
    for args in (["--check-config"], []):
        status, said = start(name, *args, "--config", path)
        assert status == EXIT_CONFIG, (expected, status, said)
        assert f"{path}:{expected}" in said, (expected, said)
        assert "ready:" not in said and "listening on" not in said, said
    assert sorted(os.listdir(folder)) == before, expected


def check_faults(c, name, good, faults):
    path = c.path("faulty.conf")
    good = good.format(dir=c.directory)
    write_file(path, good)
    assert start(name, "--check-config", "--config", path) == (0, "")
    for number, line, expected in faults:
        write_file(path, with_line(good, number, line))
        if not expected[0].isdigit():
            expected = f"{good.count(chr(10))}: {expected}"
        check_config_refused(name, path, expected)


def test_settings_of_main():
    with Cluster() as c:
        check_faults(c, "chain-main", MAIN, MAIN_FAULTS)


def test_settings_of_a_backend():
    with Cluster() as c:
        check_faults(c, "chain-backend", BACKEND, BACKEND_FAULTS)


def test_every_mistake_is_told():
    """One start, all of them, in order."""
    with Cluster() as c:
        path = write_file(c.path("faulty.conf"), "[main]\nlisten = x\ncolour = red\nstate = y\n"
                          "[ledger]\ncopies = 0\n[backend A]\naddress = z\n")
        status, said = start("chain-main", "--check-config", "--config", path)
        numbers = [int(n) for n in re.findall(re.escape(path) + r":(\d+): ", said)]
        assert status == EXIT_CONFIG and numbers == [2, 3, 4, 5, 6, 8], said


def test_files_that_are_no_settings():
    with Cluster() as c:
        folder = c.path("folder")
        os.mkdir(folder)
        fifo = c.path("fifo")
        os.mkfifo(fifo)
        large = write_file(c.path("large.conf"), "#" * 65537)
        for name in ("chain-main", "chain-backend"):
            for path, reason in ((c.path("none"), "No such file or directory"),
                                 (folder, "not a regular file"), (fifo, "not a regular file"),
                                 (large, "larger than 65536 bytes")):
                for args in (["--check-config"], []):
                    status, said = start(name, *args, "--config", path)
                    assert status == EXIT_CONFIG and f"{path}: {reason}" in said, (status, said)
            empty = write_file(c.path("empty.conf"), "")
            check_config_refused(name, empty, "1: there is no [")


def test_another_backends_settings():
    """chain-backend B with the settings of A."""
    with Cluster() as c:
        path = c["A"].write_config()
        for args in (["--check-config"], []):
            status, said = start("chain-backend", *args, "--config", path, "B")
            assert status == EXIT_CONFIG and "name is A, but B was asked for" in said, said


def test_a_state_directory_that_is_none():
    """The reason is the one that helps: nobody looks for permissions that are right."""
    with Cluster() as c:
        file = write_file(c.path("file"), "")
        for state, mode, reason in (
                (file, 0o600, f"cannot write to the state directory {file}: Not a directory"),
                (file, 0o755, f"cannot write to the state directory {file}: Not a directory"),
                (f"{file}/state", 0o755, "cannot make the state directory "
                 f"{file}/state: Not a directory"),
                (c.path("none/state"), 0o755, "cannot make the state directory "
                 f"{c.path('none/state')}: No such file or directory")):
            os.chmod(file, mode)
            path = write_file(c.path("state.conf"), with_line(
                MAIN.format(dir=c.directory), 3, f"state = {state}"))
            status, said = start("chain-main", "--config", path)
            assert status == 1 and said.endswith(reason + "\n"), (status, said)
            with open(file, "rb") as f:
                assert f.read() == b""


def test_command_lines():
    for name in ("chain-main", "chain-backend"):
        for args in (["--nonsense"], ["--config"], ["A", "B"], ["--check-config=x"]):
            status, said = start(name, *args)
            assert status == 64 and said, (name, args, status, said)


# --- Keys

def test_key_files():
    """Whatever is no key, or a key for everybody."""
    good = KEY.hex() + "\n"
    with Cluster() as c:
        c["A"].reserve()
        c["B"].reserve()
        c["C"].reserve()
        path = c.key_file
        configs = {"chain-main": c.main.write_config(), "chain-backend": c["A"].write_config()}

        def check(reason, **env):
            for name, config in configs.items():
                for args in (["--check-config"], []):
                    status, said = start(name, *args, "--config", config, env=env)
                    assert status == EXIT_CONFIG, (name, reason, status, said)
                    assert reason in said, (name, reason, said)
                    # What was in it is nobody's business.
                    assert good[:16] not in said, said

        for mode in (0o644, 0o640, 0o604, 0o660, 0o601):
            os.chmod(path, mode)
            check(f"{path}: others than its owner can read or change it (mode {mode:04o}), "
                  "expected 0600 or 0400")
        os.chmod(path, 0o600)
        for text in ("", "\n", good[:-2] + "\n", good[:-1] + "0\n", good[:-1] + "\n\n", good + " ",
                     good.upper().replace("0", "A"), "g" * 64 + "\n", "0x" + good[2:],
                     " " + good[1:], KEY, "x" * 100000):
            write_file(path, text)
            check(f"{path}: not a key, expected 64 hexadecimal digits in lower case and a newline")
        os.unlink(path)
        check(f"{path}: No such file or directory")
        os.mkdir(path)
        check(f"{path}: not a regular file")
        os.rmdir(path)
        write_file(path, good, 0o600)
        # A credential stands in for it, so a bad one is as bad.
        credential = c.path("credentials/cluster.key")
        os.mkdir(c.path("credentials"))
        write_file(credential, "no key", 0o600)
        check(f"{credential}: not a key", CREDENTIALS_DIRECTORY=c.path("credentials"))
        c.start()
        c.check_alive()


def test_key_as_a_credential():
    """It is the one that counts; a group may read it."""
    with Cluster() as c:
        folder = c.path("credentials")
        os.mkdir(folder)
        write_file(os.path.join(folder, "cluster.key"), bytes(range(7, 39)).hex() + "\n", 0o440)
        for part in (c.main, *c.backends.values()):
            part.env = {"CREDENTIALS_DIRECTORY": folder}
        c.start()
        c.check_alive()
        # Who has the key of the file does not have that of the credential.
        other = c.another_main()
        other.extra["main"]["start_wait"] = 0
        other.launch()
        other.daemon.wait_line("waiting for backend")
        c.check_alive()


# --- Blocks

STAMP = "t=2026-11-22T13:37:00.{:06}Z"


def chained(serial, tip, columns="Ali Ben 1", fields="", stamp=None):
    """A record and its hash."""
    body = f"{serial} {columns} {STAMP.format(serial if stamp is None else stamp)}{fields}"
    tip = chain_step(tip, body)
    return f"{body} h={tip}", tip


def history(count, tip=ZEROS, first=1):
    lines = []
    for serial in range(first, first + count):
        line, tip = chained(serial, tip)
        lines.append(line)
    return lines


def start_backend(c):
    """Of block A, which has a fault."""
    config = c["A"].write_config()
    return start("chain-backend", "--config", config)


def check_block_refused(c, text, number, reason):
    """Exit status, place and reason; and the block, byte for byte, as it was."""
    text = text.encode() if isinstance(text, str) else text
    block = c["A"].block
    write_file(block, text)
    before = sorted(os.listdir(c.directory))
    status, said = start_backend(c)
    assert status == EXIT_INTEGRITY, (text, status, said)
    assert f"{block}:{number}: " in said and reason in said, (text, number, reason, said)
    assert "ready:" not in said, said
    assert c["A"].text() == text, "the block was changed"
    assert set(os.listdir(c.directory)) <= {*before, os.path.basename(c["A"].config)}, text


NAMES = "expected names of 1 to 64 bytes"
DIGITS = "expected digits without sign or leading zeros"
OLD_FAULTS = (
    ("2 Ali Ben", "expected four columns"),
    ("Ali", "expected four columns"),
    ("# a comment", "expected four columns"),
    ("# Ali Ben 1", "serial: " + DIGITS),
    ("2 Ali  Ben 1", "expected single spaces"),
    (" 2 Ali Ben 1", "expected single spaces"),
    ("2 Ali Ben 1 ", "expected"),
    ("2\tAli\tBen\t1", "expected four columns"),
    ("2 Ali Ben 1 2", "expected t=, h= or the end of the line"),
    ("2 Ali Ben 1 5 Ben Ali 1", "expected t=, h= or the end of the line"),
    ("0 Ali Ben 1", "serial: expected 1 to 9223372036854775807"),
    ("9223372036854775808 Ali Ben 1", "serial: expected 1 to 9223372036854775807"),
    ("-2 Ali Ben 1", "serial: " + DIGITS),
    ("02 Ali Ben 1", "serial: " + DIGITS),
    ("2 Ali Ben 0", "amount: expected 1 or more"),
    ("2 Ali Ali 1", "amount: expected 0 where sender and receiver are one"),
    ("2 Ali Ben -1", "amount: " + DIGITS),
    ("2 Ali Ben 1.5", "amount: " + DIGITS),
    ("2 Ali Ben 01", "amount: " + DIGITS),
    ("2 Ali Ben 9223372036854775808", "amount: expected at most 9223372036854775807"),
    ("2 A=i Ben 1", NAMES),
    ('2 "Ali" Ben 1', NAMES),
    ("2 Ali " + "x" * 65 + " 1", NAMES),
    (b"2 Ali B\xffn 1", NAMES),
    ("2 Ali B\u00a0n 1", NAMES),
    (b"2 Ali Ben 1\0", "found a zero byte"),
    ("\ufeff2 Ali Ben 1", "serial: " + DIGITS),
    ("2 Ali Ben 1\r\r", ""),
    ("1 Ali Ben 2", "serial 1 is on line 1 already, with other contents"),
    ("1 Ben Ali 1", "serial 1 is on line 1 already, with other contents"),
)


def test_old_records():
    """A line of each kind that is no record, among others that are."""
    with Cluster(blocks={"A": ""}) as c:
        for line, reason in OLD_FAULTS:
            line = line if isinstance(line, bytes) else line.encode()
            check_block_refused(c, b"1 Ali Ben 1\n" + line + b"\n\n3 Ben Ali 1\n4 Ali Ben 1\n",
                                2, reason)


FIELDS = (
    (" b=1/1", "b=: expected K/N"),
    (" b=3/2", "b=: expected K/N"),
    (" b=0/2", "b=: expected K/N"),
    (" b=1/8193", "b=: expected K/N"),
    (" id=", "expected a value behind each ="),
    (" id=a,b", "id=: expected 1 to 64 characters"),
    (" id=" + "x" * 65, "id=: expected 1 to 64 characters"),
    (" m=%c3%a4", "m=: expected percent-encoded text in its one form"),
    (" m=%41", "m=: expected percent-encoded text in its one form"),
    (" m=%FF", "m=: expected UTF-8 without control characters"),
    (" m=%0A", "m=: expected UTF-8 without control characters"),
    (" m=" + "x" * 161, "m=: expected at most 160 bytes"),
    (" m=x id=y", "in this order, and an h="),
    (" id=x id=y", "in this order, and an h="),
    (" z=1", "in this order, and an h="),
)


def test_chained_records():
    """Damage before the last batch is no torn tail, whatever it is."""
    with Cluster(blocks={"A": ""}) as c:
        for fields, reason in FIELDS:
            first, tip = chained(1, ZEROS)
            second, tip = chained(2, tip, fields=fields)
            check_block_refused(c, "\n".join([first, second, *history(3, tip, 3), ""]), 2, reason)
        good = history(5)
        for line, reason in (
                (good[1][:-1], "h=: expected 64 lower-case hex digits"),
                (good[1][:-64] + good[1][-64:].upper(), "h=: expected 64 lower-case hex digits"),
                (good[1].partition(" h=")[0], "and an h="),
                (good[1][:40], ""),
                (good[1] + "\r", "expected no carriage return on a record with fields"),
                (good[1] + " of=", ""),
                (good[1] + " of=A,A", "of=: expected each block only once"),
                (good[1] + " of=A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P", "of=: expected 1 to 15 names"),
                (good[1] + " x=1", "expected the end of the line behind h= and of="),
                (good[1].replace("13:37", "25:37"), "t=: expected a time"),
                (good[1].replace("-11-22", "-02-30"), "t=: expected a time"),
                (good[1].replace("00.0", "00,0"), "t=: expected a time"),
                (good[1] + good[2], ""),
                (good[1] + "x" * 1100, "expected at most 1100 bytes in a line"),
                (good[1][:30] + "\0" * 40 + good[1][70:], "found a zero byte"),
                (good[0].replace("Ali Ben 1", "Ali Ben 9"), "serial 1 is on line 1 already")):
            check_block_refused(c, "\n".join([good[0], line, *good[2:], ""]), 2, reason)


def test_other_files():
    """A block that is no file, a promise that is none, a folder that is not there."""
    with Cluster(blocks={"A": "1 Ali Ben 1\n"}) as c:
        block = c["A"].block
        for promise in ("", "\n", "6\n", "x" * 500, "0 " + "a" * 32 + " 0\n",
                        "6 " + "a" * 31 + " 0\n", "6 " + "a" * 32 + " 0", "6 " + "a" * 32 + " x\n"):
            write_file(block + ".promise", promise)
            status, said = start_backend(c)
            assert status == EXIT_INTEGRITY, (promise, status, said)
            assert f'{block}.promise:1: expected one line "epoch nonce length"' in said, said
        os.unlink(block + ".promise")
        os.unlink(block)
        os.mkdir(block)
        status, said = start_backend(c)
        assert status == EXIT_INTEGRITY and f"{block}: expected a regular file" in said, said
        os.rmdir(block)
        c["A"].block = c.path("nowhere/block.txt")
        status, said = start_backend(c)
        assert status == EXIT_IO and c["A"].block in said, (status, said)
        # One that is not there yet is a new one.
        c["A"].block = c.path("new.txt")
        c.start()
        assert c.client().call("OPEN", "Ali")[0] == 1


def main_refuses(blocks, *expected):
    """Each block is good by itself; the history that they make is not."""
    with Cluster(blocks=blocks) as c:
        for b in c.backends.values():
            b.start()
        before = c.texts()
        daemon = c.main.launch()
        assert daemon.wait_exit() == EXIT_INTEGRITY
        said = [line for line in daemon.lines if all(word in line for word in expected)]
        assert said, (expected, daemon.lines)
        assert not daemon.find("ready:")
        assert c.texts() == before
        for b in c.backends.values():
            assert b.daemon.running()


def text(*lines):
    return "".join(line + "\n" for line in lines)


def test_two_stories():
    main_refuses({"A": "1 Ali Ben 5\n2 Ben Ali 1\n", "B": "1 Ali Ben 6\n3 Ali Ben 1\n"},
                 "Serial 1 has different contents on backends A and B")
    line, tip = chained(1, ZEROS, fields=" id=x")
    other, _ = chained(1, ZEROS, fields=" id=y")
    main_refuses({"A": text(line, chained(2, tip)[0]), "B": text(other)},
                 "Serial 1 has different contents on backends A and B")


def test_chain_that_does_not_hold():
    """An old record was changed, or a chained one in another block."""
    tip = chain_step(ZEROS, "1 Ali Ben 5")
    main_refuses({"A": "1 Ali Ben 6\n", "B": text(chained(2, tip)[0])},
                 "Serial 2 (backend B): its hash does not follow from the record before it")
    first, second, third, fourth = history(4)
    main_refuses({"A": text(first, third), "B": text(second.replace("Ali Ben", "Ali Bea"), fourth)},
                 "Serial 2 (backend B): its hash does not follow")


def test_hole_among_chained_records():
    """accept_gaps or not: that is no gap of old, but a record that was removed."""
    first, _, third, fourth = history(4)
    main_refuses({"A": text(first, fourth), "B": text(third)},
                 "Serial 3 (backend B): records are missing before it")


def test_time_that_goes_back():
    first, tip = chained(1, ZEROS, stamp=500)
    second, _ = chained(2, tip, stamp=400)
    main_refuses({"A": text(first), "B": text(second)},
                 "Serial 2 (backend B): its time lies before that of an earlier record")


def test_overdrawn_records():
    first, tip = chained(1, ZEROS, columns="Ali Ben 600")
    second, _ = chained(2, tip, columns="Ali Ben 401")
    main_refuses({"A": text(first, second), "B": ""},
                 "Serial 2 (backend A): its sender has too few coins for it")


# --- While they run

def test_two_backends_on_one_block():
    """By the same name or another: the second is turned away, the first goes on."""
    with Cluster() as c:
        c.start()
        os.symlink(c["A"].block, c.path("link.txt"))
        os.link(c["A"].block, c.path("second.txt"))
        before = c["A"].text()
        for block in (c["A"].block, c.path("link.txt"), c.path("second.txt")):
            path = write_file(c.path("second.conf"),
                              f"[backend]\nname = A\nlisten = 127.0.0.1:0\nblock = {block}\n"
                              f"key_file = {c.key_file}\n")
            status, said = start("chain-backend", "--config", path)
            assert status == 1 and f"{block}: another process has it open" in said, (status, said)
        assert c["A"].text() == before
        c.check_alive()
        # It was the lock, not the file.
        c["A"].stop()
        c["A"].start()
        wait_for(lambda: "state=up" in c.main.info()["backend_A"], "backend A")
        c.check_alive()


def append(path):
    with open(path, "ab") as f:
        f.write(b"10 Ali Ben 500\n")


def overwrite(path):
    with open(path, "r+b") as f:
        f.write(b"7")


def cut(path):
    os.truncate(path, os.path.getsize(path) - 1)


def replace(path):
    shutil.copy(path, path + ".new")
    os.rename(path + ".new", path)


def test_changed_behind_its_back():
    """The backend says so and ends with 74; the others go on; mended, it comes back."""
    for change in (append, overwrite, cut, replace, os.unlink):
        with Cluster(main={"request_timeout": 2}) as c:
            c.start()
            client = c.client()
            text_before = c["B"].text()
            change(c["B"].block)
            # Its next batch finds it; which of the three gets one, nobody knows.
            for n in range(200):
                assert len(client.call("TRANSFER", "Ali", "Ben", 1, "ID", n)) == 4
                if not c["B"].daemon.running():
                    break
            assert c["B"].daemon.wait_exit() == EXIT_IO, change
            said = c["B"].daemon.find("changed or replaced by somebody else")
            assert said, (change, c["B"].daemon.lines)
            assert refused(client, "LIST")[0] == "UNAVAILABLE"
            for n in range(5):
                assert len(client.call("TRANSFER", "Ben", "Ali", 1)) == 4
            # Not a byte of the batch is in the file that somebody else made.
            if change is not os.unlink:
                assert b"id=" not in c["B"].text(), change
            write_file(c["B"].block, text_before)
            c["B"].start()
            wait_for(lambda: "state=up" in c.main.info()["backend_B"], "backend B")
            assert len(client.call("LIST")) == len(c.books().records)
            c.check_alive()


# --- Torn tails

def kept_files(c):
    return sorted(name for name in os.listdir(c.directory) if ".torn-at-" in name)


def torn_ledger(c):
    """A ledger whose last batch, of five, is all in block A; nothing runs."""
    body, tip = [], chain_step(ZEROS, "1 Ali Ben 5")
    for n in range(1, 6):
        line, tip = chained(1 + n, tip, fields=f" b={n}/5 id=id{n}")
        body.append(line)
    write_file(c["A"].block, "1 Ali Ben 5\n" + text(*body))
    return c["A"].text()


def test_torn_tail():
    """Cut short, or zeros in it: cut from the first bad record on, kept, told; the rest counts."""
    for damage in (lambda t: t[:-30], lambda t: t[:-300], lambda t: t[:-200] + bytes(100),
                   lambda t: t[:-400] + bytes(50) + t[-350:], lambda t: t[:14]):
        with Cluster(blocks={"A": "", "B": ""}) as c:
            whole = torn_ledger(c)
            damaged = damage(whole)
            write_file(c["A"].block, damaged)
            c.start()
            good = c["A"].text()
            assert damaged.startswith(good) and good.endswith(b"\n"), good
            assert good == b"".join(whole.splitlines(True)[:good.count(b"\n")])
            name = f"blockA.txt.torn-at-{len(good)}"
            assert kept_files(c) == [name], kept_files(c)
            with open(c.path(name), "rb") as f:
                assert f.read() == damaged[len(good):]
            told = c["A"].daemon.find(f"cut off a torn end of {len(damaged) - len(good)} bytes, "
                                      "kept in (.*)")
            assert told and told.group(1) == c.path(name), c["A"].daemon.lines
            books = c.books()
            assert c.client().call("TIP")[0] == len(books.records)
            # The id of what was cut off is free again, the others are not.
            client = c.client()
            for n in range(1, 6):
                serial = client.call("TRANSFER", "Ali", "Ben", 1, "ID", f"id{n}")[0]
                assert serial == 1 + n, (n, serial)
            c["A"].stop()
            c["A"].start()
            assert not c["A"].daemon.find("torn"), "told again"
            wait_for(lambda: "state=up" in c.main.info()["backend_A"], "backend A")
            c.check_alive()


def test_tail_without_its_newline():
    """A whole record is no torn one."""
    with Cluster(blocks={"A": "", "B": ""}) as c:
        whole = torn_ledger(c)
        write_file(c["A"].block, whole[:-1])
        c.start()
        assert c["A"].text() == whole and not kept_files(c)
        c.check_alive()


if __name__ == "__main__":
    run(globals())
