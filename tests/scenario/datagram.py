# SPDX-License-Identifier: MIT
"""Datagrams of chain-protocol(7), made and taken apart without the C code."""

import collections
import hashlib
import struct

HEADER = struct.Struct(">4sBBH16sQQQ")
MAC = 16
VERSION = 1
PING, PONG, CLAIM, PROMISE, APPEND, APPENDED, FETCH, RECORDS = range(1, 9)
STATS, PARTNERS, SUM, TOTAL, ERROR = range(9, 14)
REQUESTS = (PING, CLAIM, APPEND, FETCH, STATS, SUM)
FENCED, UNCLAIMED, LEASED, FULL, CONFLICT, MALFORMED = range(1, 7)
ROOM = 1200
EVERYTHING = b"\1\0\0"

Frame = collections.namedtuple("Frame", "type block epoch request position payload")


def seal(data, key):
    mac = hashlib.blake2b(data, digest_size=MAC, key=key or b"").digest()
    return data + mac


def encode(kind, payload, key, block="A", epoch=1, request=1, position=0, *, version=VERSION,
           magic=b"ALCH", length=None):
    """A whole datagram; what the keywords say may be wrong."""
    length = len(payload) if length is None else length
    name = block if isinstance(block, bytes) else block.encode()
    head = HEADER.pack(magic, version, kind, length, name, epoch, request, position)
    return seal(head + payload, key)


def decode(data, key):
    """A Frame; ValueError if it is not sealed with @key."""
    if len(data) < HEADER.size + MAC or seal(data[:-MAC], key) != data:
        raise ValueError("not sealed with this key")
    magic, version, kind, length, block, epoch, request, position = HEADER.unpack(
        data[:HEADER.size])
    payload = data[HEADER.size:-MAC]
    if magic != b"ALCH" or version != VERSION or length != len(payload):
        raise ValueError("not our protocol")
    return Frame(kind, block.rstrip(b"\0").decode(), epoch, request, position, payload)


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return bytes([len(data)]) + data


def ping(lease=False):
    return bytes([lease])


def claim(nonce=bytes(16), lost_in=0):
    return nonce + lost_in.to_bytes(8, "big")


def append(first, lines, fragments=1, acknowledge=True, of="", records=None, refill=False,
           holds=0):
    text = lines if isinstance(lines, bytes) else lines.encode()
    count = text.count(b"\n") if records is None else records
    flags = acknowledge | refill << 1
    return struct.pack(">QIHBQ", first, count, fragments, flags, holds) + string(of) + text


def fetch(after=0, upto=2**63 - 1, pages=64, room=ROOM, user="", operation="", columns=False):
    return (struct.pack(">QQHH", after, upto, pages, room) + string(user) + string(operation)
            + bytes([columns]) + EVERYTHING)


def stats(user, upto=2**63 - 1, after="", room=ROOM):
    return struct.pack(">QH", upto, room) + string(user) + string(after) + EVERYTHING


def total(after=0, upto=2**63 - 1, user=""):
    return struct.pack(">QQ", after, upto) + string(user) + EVERYTHING


State = collections.namedtuple("State", "instance last records full leased dropped")


def state(payload):
    """Of PONG and PROMISE."""
    return State(*struct.unpack(">QQQBBQ", payload))


def error_code(frame):
    return frame.payload[0] if frame.type == ERROR else None
