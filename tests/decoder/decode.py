#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Decode datagrams and block files, by chain-protocol(7) and chain-block(5).

Written from the manual alone, to find where the programs and the manual part.

usage: decode.py [--key FILE] datagrams FILE     a line each: NAME HEX
       decode.py block FILE...                   all blocks of a ledger

A datagram whose NAME ends in -without-key is checked without the key.
Prints one JSON object a datagram or record, and for blocks the tip at last.
"""

import argparse
import hashlib
import hmac
import json
import re
import struct
import sys
from urllib.parse import quote, unquote_to_bytes


class Fault(Exception):
    """What was read is not what the manual says."""


def expect(condition, sentence):
    if not condition:
        raise Fault(sentence)


# --- Datagrams

TYPES = {
    1: "PING", 2: "PONG", 3: "CLAIM", 4: "PROMISE", 5: "APPEND",
    6: "APPENDED", 7: "FETCH", 8: "RECORDS", 9: "STATS", 10: "PARTNERS",
    11: "SUM", 12: "TOTAL", 13: "ERROR",
}
CODES = {
    1: "FENCED", 2: "UNCLAIMED", 3: "LEASED", 4: "FULL", 5: "CONFLICT",
    6: "MALFORMED",
}
HEADER = 48
MAC = 16


class Payload:
    """The bytes of a payload, taken from the front."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        expect(len(self.data) >= size, "payload too short")
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def number(self, size, signed=False):
        return int.from_bytes(self.take(size), "big", signed=signed)

    def u8(self):
        return self.number(1)

    def u16(self):
        return self.number(2)

    def u32(self):
        return self.number(4)

    def u64(self):
        return self.number(8)

    def i128(self):
        return self.number(16, signed=True)

    def flag(self):
        value = self.u8()
        expect(value in (0, 1), "flag neither 0 nor 1")
        return value == 1

    def bits(self, *names):
        value = self.u8()
        expect(value >> len(names) == 0, "unknown flags")
        return {name: bool(value >> i & 1) for i, name in enumerate(names)}

    def string(self):
        return self.take(self.u8()).decode()

    def rest(self):
        return self.take(len(self.data))

    def lines(self):
        text = self.rest()
        expect(not text or text.endswith(b"\n"), "half a line")
        return text.decode().split("\n")[:-1]

    def room(self):
        value = self.u16()
        expect(1200 <= value <= 65507, "room out of range")
        return value

    def filter(self):
        everything = self.flag()
        count = self.u8()
        expect(count <= 16, "too many absent blocks")
        absent = [self.string() for _ in range(count)]
        count = self.u8()
        expect(count <= 32, "too many ranges")
        ranges = [
            {"from": self.u64(), "to": self.u64(), "take": self.flag()}
            for _ in range(count)
        ]
        for one in ranges:
            expect(one["from"] <= one["to"], "range runs backwards")
        return {"everything": everything, "absent": absent, "ranges": ranges}


def read_ping(p):
    return {"lease": p.flag()}


def read_state(p):
    state = {
        "instance": p.u64(),
        "last_serial": p.u64(),
        "records": p.u64(),
    }
    state.update(p.bits("full"))
    state["leased"] = p.flag()
    state["dropped"] = p.u64()
    return state


def read_claim(p):
    return {"nonce": p.take(16).hex(), "lost_in": p.u64()}


def read_append(p):
    batch = {
        "first": p.u64(),
        "records": p.u32(),
        "fragments": p.u16(),
    }
    batch.update(p.bits("acknowledge", "refill"))
    batch["holds"] = p.u64()
    batch["of"] = p.string()
    batch["lines"] = p.lines()
    expect(not (batch["refill"] and batch["of"]), "refill for one block")
    expect(batch["first"] > 0 and batch["records"] > 0, "empty batch")
    expect(1 <= batch["fragments"] <= 1024, "number of fragments")
    expect(batch["lines"], "empty fragment")
    return batch


def read_appended(p):
    answer = {"first": p.u64(), "durable": p.flag()}
    if answer["durable"]:
        answer["sync_usec"] = p.u32()
        return answer
    fragments = p.u16()
    expect(1 <= fragments <= 1024, "number of fragments")
    size = (fragments + 7) // 8
    # The map as text of noughts and ones: fragment 0 is the first.
    text = format(int.from_bytes(p.take(size), "big"), "0%db" % (8 * size))
    expect("1" not in text[fragments:], "map not padded with zeros")
    answer["fragments"] = fragments
    answer["missing"] = [i for i, bit in enumerate(text) if bit == "1"]
    return answer


def read_fetch(p):
    question = {
        "after": p.u64(),
        "upto": p.u64(),
        "pages": p.u16(),
        "room": p.room(),
        "user": p.string(),
        "id": p.string(),
    }
    question.update(p.bits("columns", "settle"))
    question["filter"] = p.filter()
    expect(1 <= question["pages"] <= 64, "number of pages")
    return question


def read_records(p):
    page = {"after": p.u64(), "covered": p.u64()}
    expect(page["after"] <= page["covered"], "page runs backwards")
    page.update(p.bits("end", "last"))
    page["lines"] = p.lines()
    return page


def read_stats(p):
    question = {
        "upto": p.u64(),
        "room": p.room(),
        "user": p.string(),
        "after": p.string(),
        "filter": p.filter(),
    }
    expect(question["user"], "statistics of nobody")
    return question


def read_partners(p):
    page = {"end": p.flag(), "partners": []}
    before = b""
    while p.data:
        name = p.string()
        expect(name.encode() > before, "names do not rise")
        before = name.encode()
        page["partners"].append([name, p.u64(), p.i128()])
    return page


def read_sum(p):
    return {
        "after": p.u64(),
        "upto": p.u64(),
        "user": p.string(),
        "filter": p.filter(),
    }


def read_total(p):
    return {"records": p.u64(), "net": p.i128()}


def read_error(p):
    code = p.u8()
    expect(code in CODES, "unknown code of an error")
    return {"code": CODES[code], "sentence": p.string()}


READERS = {
    "PING": read_ping, "PONG": read_state, "CLAIM": read_claim,
    "PROMISE": read_state, "APPEND": read_append, "APPENDED": read_appended,
    "FETCH": read_fetch, "RECORDS": read_records, "STATS": read_stats,
    "PARTNERS": read_partners, "SUM": read_sum, "TOTAL": read_total,
    "ERROR": read_error,
}


def decode_datagram(data, key=b""):
    """Returns what a datagram says; its MAC must be that of @key."""
    expect(HEADER + MAC <= len(data) <= 65507, "size of a datagram")
    magic, version, number, length, name, epoch, request, position = (
        struct.unpack(">4sBBH16sQQQ", data[:HEADER]))
    expect(magic == b"ALCH", "magic")
    expect(version == 1, "version")
    expect(number in TYPES, "type")
    expect(len(data) == HEADER + length + MAC, "length")
    block = name.rstrip(b"\0")
    expect(re.fullmatch(rb"[A-Za-z0-9_][A-Za-z0-9_.]{0,15}", block), "name of the block")
    mac = hashlib.blake2b(data[:-MAC], digest_size=MAC, key=key).digest()
    expect(hmac.compare_digest(mac, data[-MAC:]), "MAC")

    payload = Payload(data[HEADER:-MAC])
    message = READERS[TYPES[number]](payload)
    expect(not payload.data, "trailing bytes")
    return {
        "type": TYPES[number], "block": block.decode(), "epoch": epoch,
        "request": request, "position": position, "message": message,
    }


def read_key(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    expect(re.fullmatch(r"[0-9a-f]{64}\n", text), "key file")
    return bytes.fromhex(text)


def read_datagrams(path):
    """The pairs of a name and a datagram's bytes in the file @path."""
    with open(path, encoding="ascii") as file:
        for line in file:
            name, digits = line.split()
            yield name, bytes.fromhex(digits)


# --- Blocks

NUMBER = r"0|[1-9][0-9]*"
WORD = r"[^ ]+"
BLOCKNAME = r"[A-Za-z0-9_][A-Za-z0-9_.]{0,15}"
RECORD = re.compile(
    rf"(?P<serial>{NUMBER}) (?P<sender>{WORD}) (?P<receiver>{WORD})"
    rf" (?P<amount>{NUMBER})"
    r"(?:(?: t=(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"
    r"(?: b=(?P<position>[1-9]\d*)/(?P<size>[1-9]\d*)(?P<whole>!)?)?"
    rf"(?: id=(?P<id>{WORD}))?"
    rf"(?: m=(?P<memo>{WORD}))?)?"
    r" h=(?P<hash>[0-9a-f]{64})"
    rf"(?: of=(?P<of>{BLOCKNAME}(?:,{BLOCKNAME}){{0,14}}))?)?",
    re.ASCII)
LARGEST = 2 ** 63 - 1
UNWANTED = re.compile(r'[\s\x00-\x20\x7f-\x9f=,"]')


def check_name(name):
    expect(len(name.encode()) <= 64, "name: too long")
    expect(not UNWANTED.search(name), "name: unwanted characters")


def check_optional(r):
    if r["size"]:
        expect(2 <= int(r["size"]) <= (1000 if r["whole"] else 8192), "b=: size of the batch")
        expect(int(r["position"]) <= int(r["size"]), "b=: position")
    if r["id"]:
        expect(re.fullmatch(r"[!-~]{1,64}", r["id"]), "id=: characters")
        expect(not re.search(r'[=,"]', r["id"]), "id=: characters")
    if r["memo"]:
        text = unquote_to_bytes(r["memo"])
        expect(1 <= len(text) <= 160, "m=: length")
        expect(quote(text, safe="-._~") == r["memo"], "m=: not in its one form")
        expect(not re.search(r"[\x00-\x1f\x7f-\x9f]", text.decode()), "m=: control")
    if r["of"]:
        names = r["of"].split(",")
        expect(len(set(names)) == len(names), "of=: a block twice")
        expect(len(r["of"]) <= 255, "of=: too long")


def decode_record(line):
    """The fields of one line, without its newline."""
    expect(len(line.encode()) <= 1100, "line too long")
    match = RECORD.fullmatch(line)
    expect(match, "not a record")
    r = match.groupdict()
    expect(1 <= int(r["serial"]) <= LARGEST, "serial: out of range")
    check_name(r["sender"])
    check_name(r["receiver"])
    expect(int(r["amount"]) <= LARGEST, "amount: out of range")
    expect((int(r["amount"]) == 0) == (r["sender"] == r["receiver"]),
           "amount: 0 stands in openings, and only there")
    check_optional(r)
    r["body"] = line[:match.start("hash") - len(" h=")] if r["hash"] else line
    return r


def read_block(path):
    """The records of one block file, as they stand."""
    with open(path, "rb") as file:
        lines = file.read().decode().split("\n")
    for number, line in enumerate(lines, 1):
        if " h=" not in line:
            line = line.removesuffix("\r")
        # What stands behind the last newline of an old record counts.
        expect(number < len(lines) or " h=" not in line,
               "%s:%d: cut short" % (path, number))
        if not line.strip():
            continue
        try:
            yield decode_record(line)
        except Fault as fault:
            raise Fault("%s:%d: %s" % (path, number, fault)) from None


def merge_blocks(paths):
    """All records by serial, each once."""
    records = {}
    for path in paths:
        for r in read_block(path):
            serial = int(r["serial"])
            other = records.setdefault(serial, r)
            # Of an old record only a copy bears the hash.
            hashes = {r["hash"], other["hash"]} - {None}
            expect(other["body"] == r["body"] and len(hashes) <= 1,
                   "serial %d: twice, with different contents" % serial)
            # The home's line stands for all its copies.
            if not r["of"]:
                records[serial] = r
            records[serial]["hash"] = max(hashes, default=None)
    return [records[serial] for serial in sorted(records)]


def check_chain(records):
    """Fill in the hashes of old records; returns the tip."""
    tip = "0" * 64
    time = ""
    for expected, r in enumerate(records, 1):
        expect(int(r["serial"]) == expected, "serial %d: missing" % expected)
        step = ("%s %s" % (tip, r["body"])).encode()
        tip = hashlib.blake2b(step, digest_size=32).hexdigest()
        expect(r["hash"] in (None, tip),
               "serial %d: the chain does not hold" % expected)
        expect((r["time"] or time) >= time, "serial %d: time" % expected)
        time = r["time"] or time
    return tip


# --- The command line

def print_object(value):
    print(json.dumps(value, ensure_ascii=True, sort_keys=True))


def print_datagrams(path, key):
    for name, data in read_datagrams(path):
        bare = name.endswith("-without-key")
        try:
            value = decode_datagram(data, b"" if bare else key)
        except Fault as fault:
            raise Fault("%s: %s" % (name, fault)) from None
        print_object({"name": name, **value})


def print_blocks(paths):
    records = merge_blocks(paths)
    tip = check_chain(records)
    for r in records:
        print_object(r)
    print_object({"serial": len(records), "tip": tip})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--key", help="key file of the datagrams")
    parser.add_argument("kind", choices=("datagrams", "block"))
    parser.add_argument("file", nargs="+")
    options = parser.parse_args()
    try:
        if options.kind == "block":
            print_blocks(options.file)
        for path in options.file if options.kind == "datagrams" else ():
            print_datagrams(path, read_key(options.key) if options.key else b"")
    except (Fault, OSError, UnicodeDecodeError) as fault:
        sys.exit("decode.py: %s" % fault)


if __name__ == "__main__":
    main()
