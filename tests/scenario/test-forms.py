#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The forms of answers: the fields that walletctl(1) documents, in JSON, bare and
as CSV; tables on terminals of any width, colours, --quiet; names beyond ASCII."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata

import harness
from harness import Cluster, SLOW, allow, free_tcp_port, program, run, write_file

PAGE = os.path.join(harness.TOP_SRC, "man", "walletctl.1")
NAMES = {"A": "1 Łukasz 李雷 5\n3 Zoe\u0308 Ali 7\n", "B": "2 李雷 😀 999\n", "C": ""}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def width(text):
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def section(name):
    with open(PAGE, encoding="utf-8") as f:
        return re.search(rf"^\.S[hs] {re.escape(name)}\n(.*?)(?=^\.S[hs] )", f.read(),
                         re.S | re.M)[1]


def documented():
    """{command: [field, ...]} of the page."""
    found = {}
    for item in section("Fields by command").split(".It Cm ")[1:]:
        head, *lines = item.split("\n")
        fields = []
        for line in lines:
            if not line.startswith(".Li "):
                break
            fields += line[4:].replace(",", " ").split()
        for command in head.replace(",", " ").split():
            found[command] = fields
    return found


def explained():
    return re.findall(r"^\.It Li (\w+)$", section("Fields by name"), re.M)


def pty_pair(columns):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return ours, theirs


def read_all(fd):
    data = b""
    with contextlib.suppress(OSError):
        while True:
            some = os.read(fd, 4096)
            if not some:
                break
            data += some
    os.close(fd)
    return data.decode().replace("\r\n", "\n")


def on_terminal(c, *words, columns=80, env=None, both=True):
    """What a person sees, of standard error too if @both."""
    ours, theirs = pty_pair(columns)
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                   "XDG_STATE_HOME": c.path("wallet"), **(env or {})}
    for name in ("COLUMNS", "NO_COLOR"):
        if name not in (env or {}):
            environment.pop(name, None)
    process = subprocess.Popen(
        [program("walletctl"), "--server", c.main.server, *words], stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=theirs if both else subprocess.DEVNULL, env=environment)
    os.close(theirs)
    said = read_all(ours)
    process.wait(60 * SLOW)
    assert not harness.SANITIZER.search(said), said
    return said


def ask(c, *words, status=0):
    a = c.walletctl(*words)
    assert a.status == status, (words, a)
    return a


def examples(c):
    """[(command, words)]: each command once, with an answer that has something."""
    pending = c.path("wallet/alichain/pending")
    os.makedirs(pending, exist_ok=True)
    return [
        ("open", ["open", "Eve"]),
        ("transfer", ["transfer", "Ali", "Ben", "5", "--memo", 'a "b", c', "--id", "x-1"]),
        ("reverse", ["reverse"]),
        ("balance", ["balance", "Ali"]),
        ("plot", ["plot", "Ali"]),
        ("watch", ["watch", "--from", "1", "--count", "2"]),
        ("stats", ["stats", "Ali"]),
        ("history", ["history", "Ben"]),
        ("list", ["list"]),
        ("show", ["show", "--id", "x-1-1"]),
        ("tip", ["tip"]),
        ("txlist", ["txlist"]),
        ("verify", ["verify"]),
        ("status", ["status"]),
        ("metrics", ["metrics"]),
        ("help", ["help"]),
        ("export", ["export", "--output", c.path("export")]),
        ("import", ["import", write_file(c.path("in"), "1 Rosa Ali 5\n")]),
    ]


def repeatable(words):
    """An order that is to be done again is another one."""
    numbers = repeatable.__dict__
    n = numbers[words[0]] = numbers.get(words[0], 0) + 1
    if words[0] == "open":
        return ["open", f"Eve{n}"]
    if words[0] == "reverse":
        # Behind nine of the sample and three openings.
        return ["reverse", str(12 + n)]
    return [f"x-1-{n}" if w == "x-1" else w for w in words]


def records(text, command):
    """The records of a JSON answer."""
    if command == "watch":
        # It has no end, so it is an object a line.
        return [json.loads(line) for line in text.splitlines()]
    document = json.loads(text)
    assert isinstance(document, (list, dict)), (command, text)
    return document if isinstance(document, list) else [document]


def is_machine_readable(value):
    return not (isinstance(value, str) and re.search(r"^\d{1,3}(,\d{3})+$", value))


def test_each_command_answers_as_documented():
    """--json, --raw and --csv have the fields of walletctl(1), in its order, and
    the same values; the table of the page is complete."""
    page = documented()
    with Cluster() as c:
        c.start()
        seen = set()
        for command, words in examples(c):
            fields = page[command]
            seen.add(command)
            rows = records(ask(c, "--json", *repeatable(words)).out, command)
            assert rows, command
            for row in rows:
                assert list(row) == fields, (command, list(row), fields)
                assert all(is_machine_readable(v) for v in row.values()), (command, row)
                assert not row.get("time") or TIME.fullmatch(row["time"]), (command, row)
            check_csv(command, fields, ask(c, "--csv", *repeatable(words)).out, rows)
            check_raw(command, fields, ask(c, "--raw", *repeatable(words)).out, rows)
        check_resume(c, page["resume"])
        seen.add("resume")
        commands = {line.split("\t")[0] for line in ask(c, "--raw", "help").out.splitlines()}
        assert set(page) == seen, set(page) ^ seen
        assert commands - {""} == set(page), commands


def check_csv(command, fields, text, rows):
    assert text.endswith("\r\n"), (command, text)
    table = list(csv.reader(io.StringIO(text, newline="")))
    if command == "status":
        assert table[0] == ["name", "value"], table
        assert [line[0] for line in table[1:]][:len(fields) - 1] == fields[:-1], table
        return
    assert table[0] == fields, (command, table[0], fields)
    assert len(table) == len(rows) + 1, (command, table)
    assert all(len(line) == len(fields) for line in table), (command, table)
    if command in ("show", "list"):
        memo = fields.index("memo")
        assert any(line[memo] == 'a "b", c' for line in table), table


def check_raw(command, fields, text, rows):
    lines = [line.split("\t") for line in text.splitlines()]
    if command == "status":
        assert [line[0] for line in lines][:len(fields) - 1] == fields[:-1], lines
        return
    assert len(lines) == len(rows), (command, lines)
    wanted = 1 if command == "balance" else len(fields)
    assert all(len(line) == wanted for line in lines), (command, lines)


def check_resume(c, fields):
    """An order for a main daemon that has gone away."""
    nobody = f"127.0.0.1:{free_tcp_port()}"
    assert ask(c, "--json", "resume").out == "[]\n"
    assert ask(c, "--csv", "resume").out == ",".join(fields) + "\r\n"
    a = c.walletctl("transfer", "Ali", "Ben", "1", "--timeout", "0.2", server=nobody)
    assert a.status == 3, a


def test_each_field_is_explained():
    """Every name of the one table stands in the other, once and in order."""
    names = explained()
    assert names == sorted(set(names)), names
    used = {field for fields in documented().values() for field in fields}
    assert used - set(names) == set() and set(names) - used == set(), (used ^ set(names))


def test_answers_and_talk():
    """Answers to standard output, talk and refusals to standard error, and with
    --quiet no talk, and of orders nothing."""
    with Cluster() as c:
        c.start()
        assert not ask(c, "balance", "Ali").err
        for words in (["open", "Eve"], ["transfer", "Ali", "Ben", "5"], ["verify"],
                      ["import", write_file(c.path("in"), "1 Rosa Ali 5\n")],
                      ["export", "--output", c.path("export")], ["resume"]):
            for form in ([], ["--json"], ["--csv"]):
                quiet = repeatable(words)
                a = ask(c, "--quiet", *form, *quiet)
                assert (a.out, a.err) == ("", ""), (words, form, a)
        # A question has its answer, but nothing is said about it.
        for words in (["stats", "Eve9999"], ["list", "--from", "9999"]):
            if words[0] == "stats":
                ask(c, "open", words[1])
            assert ask(c, *words).err and not ask(c, *words).out, words
            a = ask(c, "--quiet", *words)
            assert (a.out, a.err) == ("", ""), (words, a)
        assert ask(c, "--quiet", "--raw", "balance", "Luke").out == "1180\n"
        for words in (["balance", "Nobody"], ["transfer", "Ali", "Nobody", "1"],
                      ["transfer", "Ali", "Ben", "9999"], ["show", "9999"]):
            a = ask(c, "--quiet", *words, status=1)
            assert not a.out and a.err.count("\n") == 1, (words, a)


def test_amounts_for_people_and_for_machines():
    """Grouped by commas in sentences and tables, plain elsewhere."""
    with Cluster(blocks={"A": "1 Rich Poor 1234567\n", "B": "", "C": ""},
                 ledger={"initial_balance": "2000000"}) as c:
        c.start()
        assert 'is : 765,433 alicoins.\n' in ask(c, "balance", "Rich").out
        a = ask(c, "transfer", "Poor", "Rich", "1000")
        assert ('transferred 1,000 alicoins to "Rich".' in a.out
                and "is : 3,233,567 alicoins." in a.out), a
        assert "transferred 999 alicoins" in ask(c, "transfer", "Poor", "Rich", "999").out
        history = ask(c, "history", "Rich").out
        assert "1,234,567" in history and "765,433" in history, history
        assert "-1,232,568" in ask(c, "stats", "Rich").out
        for words in (["history", "Rich"], ["stats", "Rich"], ["balance", "Rich"]):
            assert "," not in ask(c, "--raw", *words).out, words
            assert '"' not in ask(c, "--csv", *words).out, words
            assert not re.search(r"\d,\d", ask(c, "--json", *words).out), words
        assert "-1232568" in ask(c, "--csv", "stats", "Rich").out
        assert ask(c, "--raw", "balance", "Rich").out == "767432\n"


def test_times():
    """The reader's for people, UTC for machines."""
    with Cluster() as c:
        c.start()
        ask(c, "transfer", "Ali", "Ben", "1")
        stamp = json.loads(ask(c, "--json", "tip").out)["time"]
        assert TIME.fullmatch(stamp), stamp
        hour = int(stamp[11:13])
        for words in (["history", "Ali"], ["show", "10"], ["tip"]):
            a = c.walletctl(*words, env={"TZ": "XYZ-5"})
            shown = re.search(r"\d{4}-\d\d-\d\d (\d\d):(\d\d:\d\d)", a.out)
            assert shown and int(shown[1]) == (hour + 5) % 24 and shown[2] == stamp[14:19], a
        for form in ("--json", "--raw", "--csv"):
            a = c.walletctl(form, "show", "10", env={"TZ": "XYZ-5"})
            assert stamp in a.out, a


def test_colours():
    """On a terminal only, and not where they are not wanted."""
    with Cluster() as c:
        c.start()
        text = on_terminal(c, "stats", "Chinmay")
        assert "\x1b[1m" in text and re.search(r"\x1b\[31m *-129\x1b\[0m", text), text
        assert not re.search(r"\x1b\[31m *10", text), text
        refused = on_terminal(c, "balance", "Nobody")
        assert refused.startswith("\x1b[31mUnable to proceed"), refused
        assert "\x1b" in on_terminal(c, "show", "5"), "no bold names"
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
            for words in (["stats", "Chinmay"], ["balance", "Nobody"], ["show", "5"]):
                assert "\x1b" not in on_terminal(c, *words, env=env), (env, words)
        assert "\x1b" in on_terminal(c, "stats", "Chinmay", env={"NO_COLOR": ""})
        for form in ("--json", "--raw", "--csv"):
            assert "\x1b" not in on_terminal(c, form, "stats", "Chinmay")
        a = c.walletctl("stats", "Chinmay", env={"TERM": "xterm"})
        assert "\x1b" not in a.out + a.err, a
        a = c.walletctl("balance", "Nobody", env={"TERM": "xterm"})
        assert "\x1b" not in a.out + a.err, a


MEMO = "two coffees and a piece of cake for everybody 李雷 😀 in the room"


def words_of(text):
    """All that is shown, without what is between."""
    return re.sub(r"\s", "", ESCAPES.sub("", text))


def test_tables_at_any_width():
    """Nothing is lost, no line is longer than the terminal; where a table does not
    fit there are cards; elsewhere all stands on one line."""
    allow(120)
    with Cluster(blocks=NAMES) as c:
        c.start()
        ask(c, "transfer", "Ali", "Łukasz", "1000", "--memo", MEMO)
        hash_ = json.loads(ask(c, "--json", "tip").out)["hash"]
        for columns in (30, 40, 60, 80, 100, 132, 200):
            for words in (["history", "Łukasz"], ["list"], ["stats", "Łukasz"],
                          ["show", "4"]):
                text = ESCAPES.sub("", on_terminal(c, *words, columns=columns))
                lines = text.split("\n")
                # A card may have a memo that the terminal folds.
                long = [line for line in lines if width(line) > columns and "Memo" not in line]
                assert not long, (columns, words, long)
                if words[0] in ("history", "list"):
                    is_card = any(line.startswith("Serial   ") for line in lines)
                    assert is_card or lines[0].startswith("Serial Sender"), (columns, text)
                    assert "1,000" in text, text
                    if is_card:
                        assert f"Memo     {MEMO}\n" in text, text
            assert words_of(hash_) in words_of(on_terminal(c, "show", "4", columns=columns))
        narrow = on_terminal(c, "history", "Łukasz", columns=40)
        assert "Receiver\x1b[0m Łukasz\n" in narrow, narrow
        # $COLUMNS has the first word, and only on a terminal.
        assert on_terminal(c, "list", columns=200, env={"COLUMNS": "40"}) == \
            on_terminal(c, "list", columns=40)
        wide = c.walletctl("list", env={"COLUMNS": "20"}).out
        assert MEMO in wide and wide.count("\n") == 5, wide


def test_names_are_aligned():
    """By the columns that they fill, whatever the locale says."""
    with Cluster(blocks=NAMES) as c:
        c.start()
        for locale in ("C.UTF-8", "C", "POSIX", ""):
            a = c.walletctl("list", env={"LC_ALL": locale, "LANG": locale})
            lines = a.out.split("\n")[:-1]
            at = width(lines[0][:lines[0].index("Receiver")])
            for line, receiver in zip(lines[1:], ("李雷", "😀", "Ali")):
                assert width(line[:line.index(receiver)]) == at, (locale, a)
            assert [f'"{name}"' in c.walletctl("balance", name, env={"LC_ALL": locale}).out
                    for name in ("Łukasz", "李雷", "😀", "Zoe\u0308")] == [True] * 4


def test_who_was_meant():
    """A name that nobody has: the nearest one is named, if there is one."""
    with Cluster() as c:
        c.start()
        for words, meant in ((["balance", "Chinmai"], ["Chinmay"]),
                             (["history", "chinmay"], ["Chinmay"]),
                             (["stats", "Olvier"], ["Oliver"]),
                             (["transfer", "Rishl", "Mrtin", "1"], ["Rishil", "Martin"]),
                             (["transfer", "Ali", "Benn", "1"], ["Ben"]),
                             (["balance", "Xenophon"], [])):
            a = ask(c, *words, status=1)
            said = a.err.split("\n")[1:-1]
            assert said == [f'walletctl: did you mean "{name}"?' for name in meant], (words, a)
            quiet = ask(c, "--quiet", *words, status=1)
            assert quiet.err.count("\n") == 1, quiet
        ask(c, "open", "Łukasz")
        ask(c, "open", "Zoë")
        assert 'did you mean "Łukasz"?' in ask(c, "balance", "Lukasz", status=1).err
        assert 'did you mean "Zoë"?' in ask(c, "balance", "Zoe", status=1).err
        ask(c, "open", "Müller")
        assert 'did you mean "Müller"?' in ask(c, "balance", "MULLER", status=1).err
        # Who opens a wallet means nobody.
        assert "mean" not in ask(c, "open", "Zoë", status=1).err
        assert "mean" not in ask(c, "open", "Zoe\u0308", status=1).err


def test_names_are_composed():
    """New ones have to be, old ones are what they are; so have memos."""
    apart, composed = "Zoe\u0308", "Zo\u00eb"
    with Cluster(blocks=NAMES) as c:
        c.start()
        before = c.texts()
        for words in (["open", "Rene\u0301"], ["transfer", "Ali", "Rene\u0301", "1"],
                      ["transfer", "Ali", apart, "1", "--memo", "cafe\u0301"]):
            a = ask(c, *words, status=1)
            assert "is not in composed form (NFC)" in a.err, (words, a)
        for unseen in ("\u00ad", "\u061c", "\u180e", "\u200b", "\u2060", "\u202e", "\ufe0f"):
            a = ask(c, "open", f"Al{unseen}i", status=1)
            assert "invisible or direction-changing" in a.err, (unseen, a)
        for line in ("Ali,Rene\u0301,5\n", "Ali,Rosa,5,cafe\u0301\n"):
            path = write_file(c.path("in"), "Rosa,Ali,5\n" + line)
            for dry in ([], ["--dry-run"]):
                a = ask(c, "import", "--format=csv", *dry, path, status=1)
                assert "in:2:" in a.err and "composed form (NFC)" in a.err, a
        assert c.texts() == before
        # By the name that is in the block.
        assert ask(c, "--raw", "balance", apart).out == "993\n"
        ask(c, "transfer", "Ali", apart, "7", "--memo", "caf\u00e9")
        assert ask(c, "--raw", "balance", apart).out == "1000\n"
        # The composed one is somebody else.
        a = ask(c, "balance", composed, status=1)
        assert f'did you mean "{apart}"?' in a.err, a
        ask(c, "open", composed)
        assert ask(c, "--raw", "balance", composed).out == "1000\n"
        # And what was taken is read again.
        c.main.stop()
        c.main.start()
        assert ask(c, "--raw", "balance", apart).out == "1000\n"
        assert c.main.daemon.memory() < 8 << 20 or SLOW > 1, c.main.daemon.memory()


if __name__ == "__main__":
    run(globals())
