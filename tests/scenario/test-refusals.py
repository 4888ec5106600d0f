#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every refusal: its sentence, its exit status, and no trace of it anywhere.

The sentences are the original system's where it had one.
"""

from harness import Cluster, refused, run

MAX = 2**63 - 1
AMOUNT = (f"The amount must be a whole number from 1 to {MAX}, in digits only.")
RULE = "expected 1 to 64 bytes of UTF-8 without spaces, controls, '=', ',' or '\"'."


def not_part(name):
    return (f'Unable to proceed with the transaction as "{name}" is not part of the network.')


class Refusals:
    """A cluster that nothing may change."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.client = cluster.client()
        self.before = cluster.texts()

    def unchanged(self, what):
        assert self.cluster.texts() == self.before, f"{what}: left a trace in a block"

    def both(self, code, sentence, *words):
        """Through RESP and through walletctl; @sentence may be a beginning."""
        answer = refused(self.client, *words)
        assert answer[0] == code and answer[1].startswith(sentence), (words, answer)
        self.unchanged(words)
        a = self.cluster.walletctl(words[0].lower(), "--", *map(str, words[1:]))
        assert a.status == 1 and a.out == "", (words, a)
        assert a.err.startswith(sentence), (words, a)
        self.unchanged(words)


def test_unknown_users():
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        r.both("NOUSER", not_part("Nobody"), "TRANSFER", "Nobody", "Ali", 1)
        r.both("NOUSER", not_part("Nobody"), "TRANSFER", "Ali", "Nobody", 1)
        r.both("NOUSER", 'Unable to proceed with the transaction as "Nobody" and "Nemo" are '
               "not part of the network.", "TRANSFER", "Nobody", "Nemo", 1)
        # Upper and lower case differ.
        r.both("NOUSER", not_part("ali"), "TRANSFER", "ali", "Ben", 1)


def test_questions_about_unknown_users():
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for command in ("BALANCE", "STATS", "HISTORY"):
            code, sentence = refused(r.client, command, "Nobody")
            assert code == "NOUSER" and '"Nobody"' in sentence, (command, code, sentence)
            assert "not part of the network." in sentence, sentence
            a = c.walletctl(command.lower(), "Nobody")
            assert a.status == 1 and a.out == "" and sentence in a.err, a
        r.unchanged("questions")


def test_insufficient():
    """With the balance, and up to the last coin."""
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for amount in (846, 1000, MAX):
            r.both("INSUFFICIENT", f'"Ali" was unable to transfer {amount} alicoins to "Ben" '
                   'because of insufficient balance. The current balance of "Ali" is : '
                   "845 alicoins.", "TRANSFER", "Ali", "Ben", amount)
        assert r.client.call("TRANSFER", "Ali", "Ben", 845)[1] == 0
        assert refused(r.client, "TRANSFER", "Ali", "Ben", 1)[0] == "INSUFFICIENT"


def test_to_oneself():
    with Cluster() as c:
        c.start()
        Refusals(c).both("SELF", '"Ali" cannot transfer alicoins to oneself.',
                         "TRANSFER", "Ali", "Ali", 1)


def test_amounts():
    """A negative one stole, and letters killed the original."""
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for amount in ("0", "-1", "-845", "+1", "01", "007", "1.5", "1e3", "abc", "1a", " 1", "1 ",
                       "0x10", "", "٣", str(MAX + 1), str(2**64), str(2**64 + 1), "9" * 400):
            r.both("AMOUNT", AMOUNT, "TRANSFER", "Ali", "Ben", amount)
        # What an argument of a program cannot be.
        for amount in (b"1\0", b"1\n", b"\xff"):
            assert refused(r.client, "TRANSFER", "Ali", "Ben", amount) == ("AMOUNT", AMOUNT)
        r.unchanged("amounts")


def test_names():
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for name in ("", "a b", "a\tb", "a\nb", "a=b", "a,b", 'a"b', "a\x7fb", "\u0085", "a\u00a0b",
                     "\u2028", "x" * 65, "ä" * 33):
            if name:
                r.both("NAME", "The sender's name ", "TRANSFER", name, "Ali", 1)
                r.both("NAME", "The ", "OPEN", name)
            r.both("NAME", "The receiver's name ", "TRANSFER", "Ali", name, 1)
            assert refused(r.client, "OPEN", name)[1].endswith(RULE)
        for name in (b"a\0b", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"):
            assert refused(r.client, "TRANSFER", "Ali", name, 1)[0] == "NAME", name
            assert refused(r.client, "OPEN", name)[0] == "NAME", name
        r.unchanged("names")
        # The longest that is allowed.
        assert r.client.call("OPEN", "ä" * 32)[0] == 10
        assert r.client.call("OPEN", "x" * 64)[0] == 11


def test_ids_and_memos():
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for bad in ("a b", "a=b", "a,b", 'a"b', "ä", "x" * 65, "a\nb"):
            answer = refused(r.client, "TRANSFER", "Ali", "Ben", 1, "ID", bad)
            assert answer[0] == "NAME", (bad, answer)
            a = c.walletctl("transfer", "Ali", "Ben", "1", "--id", bad)
            assert a.status == 1 and answer[1] in a.err, a
            assert refused(r.client, "OPEN", "new", "ID", bad)[0] == "NAME", bad
        for bad in ("x" * 161, "ä" * 81, "a\nb", "a\x7f", b"\xff", b"\0"):
            answer = refused(r.client, "TRANSFER", "Ali", "Ben", 1, "MEMO", bad)
            assert answer[0] == "NAME", (bad, answer)
        a = c.walletctl("transfer", "Ali", "Ben", "1", "--memo", "x" * 161)
        assert a.status == 1, a
        r.unchanged("ids and memos")
        receipt = r.client.call("TRANSFER", "Ali", "Ben", 1, "ID", "x" * 64, "MEMO", "ä" * 80)
        record = r.client.call("SHOW", receipt[0])
        assert record[5:7] == ["x" * 64, "ä" * 80], record


def test_receiver_overflow():
    """The sum of two balances may not pass 2^63-1 on either side."""
    start = 10**15
    rich = 9223 * start
    blocks = {"A": "".join(f"{i} u{i} Rich {start}\n" for i in range(1, 9223)),
              "B": ""}
    with Cluster(blocks=blocks, ledger={"initial_balance": start}) as c:
        c.start()
        r = Refusals(c)
        room = MAX - rich
        assert r.client.call("BALANCE", "Rich") == rich and 0 < room < start
        assert r.client.call("OPEN", "Last")[1] == start
        r.before = c.texts()
        r.both("LIMIT", '"Rich" cannot receive so much: the balance would pass '
               f"{MAX}.", "TRANSFER", "Last", "Rich", room + 1)
        assert r.client.call("TRANSFER", "Last", "Rich", room)[1] == start - room
        assert r.client.call("BALANCE", "Rich") == MAX
        r.before = c.texts()
        r.both("LIMIT", '"Rich" cannot receive so much', "TRANSFER", "Last", "Rich", 1)


def test_existing_user():
    with Cluster() as c:
        c.start()
        Refusals(c).both("EXISTS", '"Ali" is already part of the network.', "OPEN", "Ali")


def test_nothing_to_show():
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for words in (("SHOW", 10), ("SHOW", MAX), ("SHOW", "ID", "none")):
            assert refused(r.client, *words)[0] == "NOTFOUND", words
        assert c.walletctl("show", "10").status == 1
        assert c.walletctl("show", "--id", "none").status == 1


def test_syntax():
    """A wrong number of words, options that there are not, numbers that are none."""
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for words in (
                ("BALANCE",), ("BALANCE", "a", "b"), ("TRANSFER",), ("TRANSFER", "Ali", "Ben"),
                ("TRANSFER", "Ali", "Ben", 1, "ID"), ("TRANSFER", "Ali", "Ben", 1, "WHY", "x"),
                ("TRANSFER", "Ali", "Ben", 1, "ID", ""),
                ("TRANSFER", "Ali", "Ben", 1, "ID", "a", "ID", "b"),
                ("OPEN",), ("OPEN", "a", "b"), ("STATS",), ("HISTORY",),
                ("HISTORY", "Ali", "FROM"), ("HISTORY", "Ali", "FROM", 0),
                ("HISTORY", "Ali", "FROM", "x"), ("LIST", "COUNT", 0), ("LIST", "COUNT", -1),
                ("LIST", "FROM", MAX + 1), ("SHOW",), ("SHOW", "x"), ("SHOW", 0),
                ("SHOW", "ID", ""), ("SHOW", "NAME", "x"), ("TXLIST", "x"), ("TIP", "x")):
            assert refused(r.client, *words)[0] == "SYNTAX", words
        assert refused(r.client, "LIST", "COUNT", 10001)[0] == "LIMIT"
        assert refused(r.client, "FROBNICATE", 1) == ("ERR", "unknown command 'FROBNICATE'")
        r.unchanged("syntax")


def test_walletctl_misuse():
    """Exit status 2, and what was expected."""
    with Cluster() as c:
        c.start()
        r = Refusals(c)
        for args in ((), ("frobnicate",), ("balance",), ("balance", "--all", "Ali"),
                     ("transfer", "Ali", "Ben"), ("transfer", "Ali", "Ben", "1", "2"),
                     ("--nonsense",), ("balance", "--memo", "x", "Ali"), ("--json", "--raw", "tip"),
                     ("--timeout", "0", "tip"), ("--timeout", "x", "tip"), ("list", "--from", "0"),
                     ("list", "--count", "x"), ("show",), ("show", "1", "--id", "x")):
            a = c.walletctl(*args)
            assert a.status == 2 and a.out == "" and a.err.startswith("walletctl: "), (args, a)
        a = c.walletctl("balance", "Ali", server="nonsense")
        assert a.status == 2, a
        r.unchanged("misuse")


def test_holes_among_old_records():
    """Readable, but closed for transfers until the operator says so."""
    blocks = {"A": "1 Ali Ben 5\n2 Ben Ali 1\n", "B": "5 Ali Ben 3\n"}
    with Cluster(blocks=blocks) as c:
        c.start()
        r = Refusals(c)
        assert r.client.call("BALANCE", "Ali") == 993
        assert [row[0] for row in r.client.call("LIST")] == [1, 2, 5]
        assert c.walletctl("txlist").status == 0
        code, sentence = refused(r.client, "TRANSFER", "Ali", "Ben", 1)
        assert code == "READONLY" and "Serial 3 is missing" in sentence, (code, sentence)
        a = c.walletctl("transfer", "Ali", "Ben", "1")
        assert a.status == 1 and sentence in a.err, a
        assert refused(r.client, "OPEN", "new")[0] == "READONLY"
        r.unchanged("a ledger with gaps")
        c.main.stop()
        c.main.extra["ledger"]["accept_gaps"] = "yes"
        c.main.start()
        assert c.client().call("TRANSFER", "Ali", "Ben", 1)[0] == 6


if __name__ == "__main__":
    run(globals())
