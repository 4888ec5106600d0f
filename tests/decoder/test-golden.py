#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The golden files say what the manual says: read with decode.py, which was
written from the manual alone, they give what stands here in plain words."""

import os
import sys
import unittest

TESTS = os.path.join(os.environ.get(
    "top_srcdir", os.path.join(os.path.dirname(__file__), "..", "..")), "tests")
sys.path.insert(0, os.path.join(TESTS, "decoder"))
import decode  # noqa: E402

DATA = os.path.join(TESTS, "data")
CHAIN = [os.path.join(DATA, "chain", "block%d.txt" % n) for n in (1, 2, 3)]

HOME = {"everything": False, "absent": [], "ranges": []}
ALL = {"everything": True, "absent": [], "ranges": []}
RICH = {
    "everything": False,
    "absent": ["B", "spare_1.x"],
    "ranges": [
        {"from": 11, "to": 12, "take": True},
        {"from": 90, "to": 2 ** 63 - 1, "take": False},
    ],
}

# Name, type, block, epoch, request, position, message.
DATAGRAMS = [
    ("ping", "PING", "A", 5, 1, 0, {"lease": True}),
    ("ping-without-key", "PING", "A", 5, 1, 0, {"lease": True}),
    ("pong", "PONG", "A", 5, 1, 0, {
        "instance": 0x1122334455667788, "last_serial": 12, "records": 5,
        "full": False, "leased": True, "dropped": 0x0807060504030201}),
    ("claim", "CLAIM", "block_16.of.them", 6, 2, 0, {
        "nonce": "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "lost_in": 0}),
    ("promise", "PROMISE", "block_16.of.them", 6, 2, 0, {
        "instance": 0x99aabbccddeeff00, "last_serial": 0, "records": 0,
        "full": True, "leased": False, "dropped": 0}),
    ("append", "APPEND", "C", 6, 3, 1, {
        "first": 10, "records": 3, "fragments": 2, "acknowledge": True,
        "refill": False, "holds": 7, "of": "A,B", "lines": [
            "12 Ali Luke 15 t=2026-11-22T13:37:00.123456Z b=3/3"
            " m=two%20coffees h=" + 2 * "00112233445566778899aabbccddeeff"]}),
    ("appended", "APPENDED", "C", 6, 3, 0, {
        "first": 10, "durable": True, "sync_usec": 0xf1020304}),
    ("appended-part", "APPENDED", "C", 6, 3, 0, {
        "first": 10, "durable": False, "fragments": 11,
        "missing": [0, 7, 10]}),
    ("fetch", "FETCH", "B", 6, 0x0102030405060708, 0, {
        "after": 7, "upto": 300, "pages": 16, "room": 1472,
        "user": "Ren\u00e9", "id": "", "columns": True, "settle": False, "filter": RICH}),
    ("fetch-id", "FETCH", "B", 6, 5, 0, {
        "after": 0, "upto": 12, "pages": 1, "room": 65507,
        "user": "", "id": "7f9c-1", "columns": False, "settle": True, "filter": ALL}),
    ("records", "RECORDS", "B", 6, 0x0102030405060708, 15, {
        "after": 7, "covered": 300, "end": True, "last": True,
        "lines": ["8 Rishil Chinmay 10", "9 Ali Luke 155"]}),
    ("stats", "STATS", "B", 6, 6, 0, {
        "upto": 12, "room": 1200, "user": "Luke", "after": "Ali",
        "filter": HOME}),
    ("partners", "PARTNERS", "B", 6, 6, 0, {
        "end": True, "partners": [["Ali", 2, 170], ["Martin", 1, -25]]}),
    ("sum", "SUM", "B", 6, 7, 0, {
        "after": 3, "upto": 12, "user": "Ali", "filter": RICH}),
    ("total", "TOTAL", "B", 6, 7, 0, {"records": 4, "net": -(2 ** 64)}),
    ("error", "ERROR", "A", 6, 8, 0, {
        "code": "FENCED", "sentence": "epoch 6 is promised"}),
    ("claim-lost", "CLAIM", "A", 6, 2, 0, {
        "nonce": "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "lost_in": 6}),
    ("refill", "APPEND", "C", 6, 9, 3, {
        "first": 2, "records": 7, "fragments": 4, "acknowledge": False,
        "refill": True, "holds": 2 ** 40, "of": "", "lines": [
            "2 Rishil Alice 30 h=" + 2 * "00112233445566778899aabbccddeeff"
            + " of=B",
            "9 Ali Luke 155 h=" + 2 * "ffeeddccbbaa99887766554433221100"]}),
]
FIELDS = ("type", "block", "epoch", "request", "position", "message")

# Serial, sender, receiver, amount, and of chained ones time, batch, id, memo,
# and "!" where the batch stands or falls as one.
RECORDS = [
    ("1", "Racheal", "John", "45"),
    ("2", "Rishil", "Alice", "30"),
    ("3", "Oliver", "Rachit", "94"),
    ("4", "Ben", "Victor", "85"),
    ("5", "Chinmay", "Oliver", "129"),
    ("6", "Racheal", "Alice", "49"),
    ("7", "Martin", "Luke", "25"),
    ("8", "Rishil", "Chinmay", "10"),
    ("9", "Ali", "Luke", "155"),
    ("10", "Ali", "Luke", "15", "2026-11-22T13:37:00.123456Z", None, None,
     "7f9c-1", "two%20coffees"),
    ("11", "Ren\u00e9", "Ren\u00e9", "0", "2026-11-22T13:37:01.000000Z",
     "1", "3", None, None),
    ("12", "Luke", "Ren\u00e9", "25", "2026-11-22T13:37:01.000000Z",
     "2", "3", None, "caf%C3%A9"),
    ("13", "Martin", "Ali", "1", "2026-11-22T13:37:01.000000Z",
     "3", "3", "a/b:c;~", None),
    ("14", "Chinmay", "Ben", "881", "2026-11-23T00:00:00.000000Z",
     None, None, None, None),
    ("15", "Ben", "Ali", "7"),
    ("16", "Victor", "\u6771\u4eac", "1", "2026-11-24T23:59:59.999999Z",
     "1", "2", "x", "%25"),
    ("17", "\u6771\u4eac", "Victor", "1000", "2026-11-24T23:59:59.999999Z",
     "2", "2", None, None),
    ("18", "Luke", "Ali", "30", "2026-11-25T08:00:00.000000Z",
     "1", "2", "pay-1", "rent", "!"),
    ("19", "Martin", "Ali", "5", "2026-11-25T08:00:00.000000Z",
     "2", "2", None, None, "!"),
]
COLUMNS = ("serial", "sender", "receiver", "amount", "time", "position",
           "size", "id", "memo", "whole")
TIP = "dc9047029488cd779c2ee1b92e7eee7956fc77144eb39f0f1f9b0fd502a5f6e7"


def key_of(name, key):
    return b"" if name.endswith("-without-key") else key


class Datagrams(unittest.TestCase):
    def setUp(self):
        self.key = decode.read_key(os.path.join(DATA, "cluster.key"))
        self.golden = list(decode.read_datagrams(
            os.path.join(DATA, "datagrams.hex")))

    def test_they_say_what_they_should(self):
        self.assertEqual([name for name, _ in self.golden],
                         [row[0] for row in DATAGRAMS])
        for (name, data), row in zip(self.golden, DATAGRAMS):
            with self.subTest(name):
                found = decode.decode_datagram(data, key_of(name, self.key))
                self.assertEqual(found, dict(zip(FIELDS, row[1:])))

    def test_every_type_is_among_them(self):
        self.assertEqual({row[1] for row in DATAGRAMS},
                         set(decode.TYPES.values()))

    # The bytes that the page shows are those of the file.
    def test_the_example_of_the_manual(self):
        page = os.path.join(TESTS, "..", "man", "chain-protocol.7")
        with open(page, encoding="utf-8") as file:
            lines = file.read().split("\n")
        start = lines.index("41 4c 43 48  01 01  00 01")
        shown = " ".join(lines[start:lines.index(".Ed", start)])
        self.assertEqual(bytes.fromhex(shown), dict(self.golden)["ping"])

    # The MAC is the manual's: of all bytes before it, with the whole key.
    def test_a_changed_byte_is_refused(self):
        for name, data in self.golden:
            for at in range(len(data)):
                bad = bytearray(data)
                bad[at] ^= 1
                with self.assertRaises(decode.Fault, msg=(name, at)):
                    decode.decode_datagram(bytes(bad), key_of(name, self.key))


class Blocks(unittest.TestCase):
    def test_fields(self):
        found = decode.merge_blocks(CHAIN)
        self.assertEqual(
            [tuple(r[c] for c in COLUMNS) for r in found],
            [row + (None,) * (len(COLUMNS) - len(row)) for row in RECORDS])

    def test_the_chain(self):
        self.assertEqual(decode.check_chain(decode.merge_blocks(CHAIN)), TIP)

    # Two copies of 10, one kept for A; three of 11 to 13; 14 twice at home.
    def test_copies(self):
        of = [{r["serial"]: r["of"] for r in decode.read_block(path)}
              for path in CHAIN]
        self.assertEqual((of[0]["10"], of[1]["10"]), (None, "A"))
        for serial in ("11", "12", "13"):
            self.assertEqual((of[0][serial], of[1][serial]), ("B,C", None))
        self.assertEqual((of[0]["14"], of[1]["14"]), (None, None))

    # A copy of 5 came by a refill, so it bears the hash that 5 itself lacks.
    def test_a_copy_of_an_old_record(self):
        home, copy = [next(r for r in decode.read_block(path)
                           if r["serial"] == "5") for path in CHAIN[:2]]
        self.assertEqual((home["hash"], home["of"]), (None, None))
        self.assertEqual((copy["time"], copy["of"]), (None, "A"))
        self.assertEqual(copy["body"], home["body"])
        records = decode.merge_blocks(CHAIN)
        self.assertEqual(records[4]["hash"], copy["hash"])
        self.assertEqual(decode.check_chain(records[:5]), copy["hash"])


if __name__ == "__main__":
    unittest.main()
