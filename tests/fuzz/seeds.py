#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the seeds of the fuzzers that have a name, into tests/data/fuzz.

usage: seeds.py [DIRECTORY]

They are where the fuzzers begin: one of each kind of thing.  Run it again when
a format changes.  Files with a hash for a name were found by fuzzing and are
not touched.
"""

import hashlib
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, '..', 'data')


# Streams of RESP: seed of the pieces, padding and where it goes.

def resp(stream, padding=0, at=0, seed=1):
    return struct.pack('>HHH', seed, padding, at) + stream


def command(*words):
    return b'*%d\r\n' % len(words) + b''.join(
        b'$%d\r\n%s\r\n' % (len(w), w) for w in words)


def resp_seeds():
    yield 'array', resp(command(b'BALANCE', b'Chinmay'))
    yield 'pipeline', resp(
        command(b'TRANSFER', b'Ali', b'Luke', b'15', b'ID', b'7f9c') +
        command(b'TIP') + b'PING\r\n' + command(b'SHOW', b'10'))
    yield 'inline', resp(b'BALANCE Chinmay\r\nPING\n\r\n')
    yield 'inline-quoted', resp(
        rb'''ECHO "a\x20b\n\r\t\b\a\"\\" 'it\'s' "" x"y" ''' b'\n')
    yield 'inline-unbalanced', resp(b'ECHO "a\r\nPING\r\n')
    yield 'inline-many', resp(b'a ' * 65 + b'\n')
    yield 'inline-long', resp(b'ECHO \r\n', 65530, 5)
    yield 'inline-longest', resp(b'ECHO \r\n', 65529, 5)
    yield 'empty-array', resp(b'*0\r\n*-1\r\n' + command(b'') + b'\r\n')
    yield 'bulk-longest', resp(b'*1\r\n$65522\r\n\r\n', 65522, 12)
    yield 'bulk-too-long', resp(b'*1\r\n$65523\r\n\r\n', 65523, 12)
    yield 'bulk-length', resp(b'*1\r\n$65537\r\n')
    yield 'args-most', resp(command(*[b'x'] * 64))
    yield 'args-too-many', resp(b'*65\r\n')
    yield 'length-long', resp(b'*000000000000000000002\r\n')
    yield 'no-dollar', resp(b'*1\r\n:1\r\n')
    yield 'no-crlf', resp(b'*1\r\n$4\r\nPINGxx')
    yield 'cut', resp(command(b'BALANCE', b'Chinmay')[:-4])


# Datagrams: how, the bit to turn, then those of the golden file.

HOW_LENGTH, HOW_MAC, HOW_NO_KEY = 1, 2, 4


def frame_seeds():
    with open(os.path.join(DATA, 'datagrams.hex'), encoding='ascii') as golden:
        for line in golden:
            name, text = line.split()
            how = HOW_LENGTH | HOW_MAC
            if name.endswith('-without-key'):
                how |= HOW_NO_KEY
            yield name, struct.pack('>BH', how, 77) + bytes.fromhex(text)
    sealed = bytes.fromhex(text)
    yield 'as-it-is', struct.pack('>BH', 0, 0) + sealed
    yield 'forged', struct.pack('>BH', 0, 0) + sealed[:-1] + b'\0'
    yield 'too-large', struct.pack('>BH', 0, 0) + sealed[:6] + \
        b'\xff\xff' + sealed[8:]
    yield 'bad-name', struct.pack('>BH', HOW_MAC, 0) + sealed[:8] + \
        b'A\0B' + sealed[11:]


# Blocks: how, the disk's seed, the promise, and the file.

PROMISED, HASHES, COPY, CUT, REFILL, SKIP = 1, 2, 16, 32, 64, 128
OLD = b'1 Racheal John 45\n2 Rishil Alice 30\n3 Oliver Rachit 94\n'
NONCE = b'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf'


def records(number):
    return (number - 1) << 2


def block(text, how=0, promise=None, seed=0):
    if promise is not None:
        how |= PROMISED
    promise = promise or b''
    return struct.pack('>BBB', how, seed, len(promise)) + promise + text


class Chain:
    """Lines with hashes; old ones may stand before them."""

    def __init__(self, old=b''):
        self.text = old
        self.tip = b'0' * 64
        self.serial = 1
        for line in old.splitlines():
            self.step(line)

    def step(self, body):
        self.tip = hashlib.blake2b(
            self.tip + b' ' + body, digest_size=32).hexdigest().encode()
        self.serial += 1

    def line(self, columns=b'Ali Luke 15', batch=b'', fields=b'', of=b''):
        body = b'%d %s t=2026-11-22T13:37:00.%06dZ%s%s' % (
            self.serial, columns, self.serial, batch, fields)
        self.step(body)
        return body + b' h=' + self.tip + of + b'\n'

    def add(self, *args, **kwargs):
        self.text += self.line(*args, **kwargs)
        return self

    def batch(self, size, **kwargs):
        for k in range(1, size + 1):
            self.add(batch=b' b=%d/%d' % (k, size), **kwargs)
        return self

    def whole(self, size, upto=None, **kwargs):
        for k in range(1, (upto or size) + 1):
            self.add(batch=b' b=%d/%d!' % (k, size), **kwargs)
        return self


def promise(length, epoch=6):
    return b'%d %s %d\n' % (epoch, NONCE, length)


def promise_open(at):
    return promise(at)[:-1] + b' %d\n' % at


def torn_seeds():
    whole = Chain(OLD).add().text
    three = Chain(OLD).add().batch(3).text
    yield 'torn-cut', block(three[:-100])
    yield 'torn-hole', block(
        three[:len(whole) + 50] + bytes(150) + three[len(whole) + 200:])
    yield 'torn-end-zeros', block(three[:-40] + bytes(40))
    yield 'torn-first-append', block(
        OLD + b'4 Ali Lu', promise=promise(len(OLD)))
    yield 'torn-first-zeros', block(
        OLD + b'4 Ali L' + bytes(30), promise=promise(len(OLD)))
    yield 'torn-copy', block(
        Chain().add(of=b' of=A').batch(2, of=b' of=A').text[:-3])
    yield 'rotten', block(three[:100] + b'x' + three[101:])
    yield 'mended-zero', block(OLD[:-1] + b'\0')
    yield 'no-newline', block(OLD[:-1])
    yield 'no-newline-promised', block(
        OLD[:-1], promise=promise(len(OLD) - 1))
    yield 'no-newline-chained', block(whole[:-1])
    yield 'whole-torn', block(Chain(OLD).add().whole(3).text[:-100], CUT)
    yield 'whole-copied', block(Chain(OLD).add().whole(3, 2).text, CUT)
    yield 'whole-first', block(Chain().whole(3, 2).text, promise=promise(0))
    yield 'whole-open', block(
        Chain(OLD).whole(2).whole(3, 2, of=b' of=A').text,
        promise=promise_open(len(Chain(OLD).whole(2).text)))
    yield 'whole-open-behind', block(
        Chain(OLD).whole(3, 2).text,
        promise=promise_open(len(Chain(OLD).whole(3, 2).text)))


def block_seeds():
    yield 'empty', block(b'')
    yield 'old', block(OLD, records(2), seed=3)
    yield 'old-unsorted', block(
        b'5 Chinmay Oliver 129\n1 Racheal John 45\n9 Ali Luke 155\n')
    yield 'old-crlf', block(OLD.replace(b'\n', b'\r\n') + b'\r\n\n')
    yield 'old-largest', block(
        b'9223372036854775807 A B 9223372036854775807\n')
    yield 'opening', block('1 Zoë Zoë 0\n'.encode())
    yield 'one', block(Chain().add().text, CUT)
    yield 'promised', block(
        Chain(OLD).add().text, CUT | records(3), promise(len(OLD)), 7)
    yield 'promised-more', block(OLD, promise=promise(5000))
    yield 'promised-highest', block(OLD, promise=promise(1, 2**64 - 1))
    yield 'promise-damaged', block(OLD, promise=b'6 a0 1\n')
    yield 'batches', block(
        Chain(OLD).batch(3).add().batch(2).text, CUT | records(4), seed=5)
    yield 'wholes', block(
        Chain(OLD).whole(3).add().whole(2).text, CUT | records(4), seed=5)
    yield 'whole-bent', block(
        Chain(OLD).whole(4).text.replace(b' b=3/4!', b' b=2/4!'), HASHES)
    yield 'whole-goes-on', block(Chain(OLD).whole(3, 2).add().text, HASHES)
    yield 'whole-begins-late', block(
        OLD + Chain(OLD).whole(3).text[len(OLD):].split(b'\n', 1)[1], HASHES)
    yield 'fields', block(Chain(OLD).add(
        b'John Alice 2', fields=b' id=7f9c-1 m=two%20coffees').text, CUT)
    yield 'copies', block(Chain().add(of=b' of=A').add(of=b' of=A,C').text,
                          COPY | CUT | records(2), seed=9)
    chain = Chain()
    line = chain.line()
    yield 'twice', block(line[:-1] + b' of=A\n' + line)
    yield 'twice-other', block(OLD + b'2 Rishil Alice 31\n')
    yield 'gap', block(OLD + b'7 Martin Luke 25\n')
    yield 'hole', block(OLD + Chain(OLD + b'4 A B 1\n').line())
    yield 'overdrawn', block(Chain(OLD).add(b'Ben Victor 1001').text)
    yield 'bad-hash', block(Chain(OLD).add().add().text.replace(
        b'Ali Luke', b'Ali Lucy'))
    yield 'hashes-put-right', block(Chain(OLD).add().batch(2).text.replace(
        b'Ali Luke', b'Ali Lucy'), HASHES | CUT)
    three = Chain(OLD).batch(3).text
    yield 'time-back', block(Chain(OLD).add().text + Chain(
        OLD + b'4 A B 1\n').line().replace(b'2026', b'2025'), HASHES)
    yield 'many', block(b''.join(
        b'%d A B 1\n' % n for n in range(1, 131)), records(4))
    yield 'zero-behind-chained', block(Chain().add().text[:-1] + b'\0')
    yield 'torn-within', block(
        three.replace(b' b=2/3', b' b=2?3'), promise=promise(10))
    yield 'longest-line', block(OLD + b'4 ' + b'x' * 2200 + b'\n')
    yield 'refilled', block(
        Chain(OLD).batch(2).text + b'7 A B 2 h=%s of=C,D\n' % (b'7' * 64),
        promise=promise(10))
    yield 'sealed-old', block(OLD + b'3 Oliver Rachit 94 h=' + Chain(
        OLD).tip + b' of=B\n')
    yield 'refill', block(b'1 Racheal John 45\n5 Ali Luke 3\n',
                          REFILL | records(3), promise(18), 1)
    yield 'refill-cut', block(
        b'1 Racheal John 45\n5 Ali Luke 3\n', REFILL | CUT | records(4),
        promise(18), 3)
    yield 'open', block(OLD + Chain(OLD).line(), CUT, promise_open(len(OLD)))
    yield 'open-torn', block(
        OLD + Chain(OLD).line()[:-10], CUT, promise_open(len(OLD)))
    yield 'open-no-newline', block(
        OLD[:-1], 0, promise_open(OLD.index(b'3 ')))
    yield 'open-at-end', block(OLD, REFILL, promise_open(len(OLD)))
    yield 'open-elsewhere', block(OLD, 0, promise_open(7))
    # With these the power cut leaves a hole where the batch begins.
    for seed in 21, 24:
        yield 'unfinished-%d' % seed, block(
            b''.join(three.splitlines(True)[:-1]), CUT | SKIP | records(4),
            promise(10), seed)
    yield 'unfinished-unpromised', block(
        b''.join(three.splitlines(True)[:-1]), CUT | SKIP | records(3))
    yield 'dates', block(Chain().add().add().add().text.replace(
        b'2026-11-22', b'2024-02-29', 1).replace(
            b'2026-11-22', b'2026-02-28', 1).replace(
                b'2026-11-22', b'2026-04-30', 1), HASHES)
    yield 'dates-none', block(b''.join(
        Chain().line().replace(b'2026-11-22T13:37:00', date)
        for date in (b'2026-02-29T00:00:00', b'2026-04-31T00:00:00',
                     b'2026-13-01T00:00:00', b'1969-12-31T00:00:00',
                     b'2026-01-01T24:00:00', b'2026-01-01T00:60:00',
                     b'2026-01-00T00:00:00')))
    yield 'torn-foreign', block(
        Chain(OLD).batch(2).text[:-90] + b'x\n' + Chain(OLD).batch(2).text)
    yield 'torn-backwards', block(
        b''.join(three.splitlines(True)[:3] + three.splitlines(True)[5:] +
                 [b'x\n'] + three.splitlines(True)[4:5]))
    yield 'id-twice', block(
        Chain(OLD).add(fields=b' id=x').add(fields=b' id=x').text)
    yield 'of-longest', block(Chain().add(of=b' of=' + b','.join(
        b'block_%010d' % n for n in range(15))).text)
    yield 'long-line', block(OLD + b'4 ' + b'x' * 1100 + b'\n')
    yield from torn_seeds()


# Configuration files.

SMALLEST_MAIN = b"""[main]
listen = 127.0.0.1:0
state = /s
[ledger]
statement = /t
[backend A]
address = 127.0.0.1:1
"""
SMALLEST_BACKEND = b"""[backend]
name = A
listen = 127.0.0.1:0
block = /b
"""


def config_seeds():
    top = os.path.join(HERE, '..', '..', 'etc')
    for name in 'main', 'backend-A':
        with open(os.path.join(top, name + '.conf'), 'rb') as conf:
            lines = [line for line in conf if not line.startswith(b'#')]
        yield name, b''.join(lines)
    yield 'smallest-main', SMALLEST_MAIN
    yield 'smallest-backend', SMALLEST_BACKEND
    yield 'every-key', SMALLEST_MAIN.replace(b'[ledger]', b"""\
source = 127.0.0.1:24800
key_file = /k
datagram_size = 65507
start_wait = 0
request_timeout = 3600
allow_anonymous_network = no
max_clients = 100000
[ledger]
initial_balance = 1000000000000000
coin = coins
copies = 1
accept_gaps = yes""") + b'lost = no\n'
    yield 'copies', SMALLEST_MAIN.replace(
        b'[ledger]', b'[ledger]\ncopies = 2') + \
        b'[backend B]\naddress = [::1]:2\n' \
        b'[backend C]\naddress = 127.0.0.1:3\nlost = yes\n'
    yield 'ipv6', SMALLEST_MAIN.replace(b'127.0.0.1:1', b'[::1]:1').replace(
        b'[ledger]', b'source = [::1]:0\n[ledger]')
    yield 'exposed', SMALLEST_MAIN.replace(
        b'127.0.0.1:0', b'10.0.0.1:1, 127.0.0.1:2').replace(
            b'[ledger]', b'allow_anonymous_network = yes\n[ledger]')
    yield 'key-file', SMALLEST_BACKEND.replace(
        b'127.0.0.1:0', b'0.0.0.0:1') + b'key_file = /k\n'
    yield 'quotes', SMALLEST_BACKEND.replace(
        b'/b', b"/'\\\"${X} {}()+=/*~ //")
    yield 'backslashes', SMALLEST_BACKEND.replace(
        b'/b', b'/a\\\\b\\n\\')
    yield 'comments', b'# a\n;b\r\n' + SMALLEST_BACKEND.replace(
        b'\n', b' # c;d\n')
    yield 'crlf', SMALLEST_BACKEND.replace(b'\n', b'\r\n')
    yield 'no-newline', SMALLEST_BACKEND[:-1]
    yield 'mistakes', b'x = 1\n[main\n[main]\nlisten\nlisten = \n' \
        b'listen = *:1,\n[main]\n[ledger x]\n[backend]\n[nobody]\ny = 1\n'
    yield 'numbers', b'[main]\nstart_wait = 010\nmax_clients = -1\n' \
        b'request_timeout = 99999999999999999999\n'
    yield 'control', b'[main]\nstate = /\x01\n[ledger]\ncoin = \xc3\n'
    yield 'same-twice', SMALLEST_MAIN + \
        b'[backend A]\naddress = 127.0.0.1:2\n' \
        b'[backend B]\naddress = 127.0.0.1:1\n'
    for key, value in (('start_wait', 3601), ('request_timeout', 0),
                       ('request_timeout', 3601), ('max_clients', 0),
                       ('max_clients', 100001), ('datagram_size', 1199),
                       ('datagram_size', 65508)):
        yield '%s-%d' % (key, value), SMALLEST_MAIN.replace(
            b'[ledger]', b'%s = %d\n[ledger]' % (key.encode(), value))
    yield 'same-address', SMALLEST_MAIN + \
        b'[backend B]\naddress = 127.0.0.1:1\n'
    yield 'listen-twice', SMALLEST_MAIN.replace(
        b'127.0.0.1:0', b'127.0.0.1:2, 127.0.0.1:2')
    yield 'lost-all', SMALLEST_MAIN.replace(
        b'[ledger]', b'[ledger]\ncopies = 2') + b'lost = yes\n' \
        b'[backend B]\naddress = 127.0.0.1:2\nlost = yes\n'
    yield 'listen-many', b'[main]\nlisten = ' + b', '.join(
        b'[::1]:%d' % n for n in range(17)) + b'\n'
    yield 'backends-many', b''.join(
        b'[backend %d]\n' % n for n in range(17))
    yield 'empty', b''


# What happens to a responder: how, the disk's seed, steps.

WITH_OLD, SMALL = 1, 2
EVERYTHING = 255
(RAW, SEALED, PING, CLAIM, MAKE, REFILL_OF, SEND, FETCH, STATS, SUM, TIME,
 SYNC, DISK, RECHECK, RECONFIGURE, POWER_CUT, RESTART) = range(17)
FRESH = 16  # as a request: a new one
OF_NOBODY, OF_B, OF_B_C = 0, 2, 3
ALI, LUKE, ZOE, RISHIL = range(1, 5)
ALL, HOME = 1, 0


class Steps:
    """As fuzz_responder.c takes them apart."""

    def __init__(self, how=WITH_OLD, seed=0):
        self.data = bytes([how, seed])

    def add(self, *operands):
        self.data += bytes(operands)
        return self

    def claim(self, nonce=1, above=0, lost=0):
        return self.add(CLAIM, above, FRESH, nonce, lost)

    def ping(self, lease=1):
        return self.add(PING, lease, 0, FRESH)

    def make(self, records=1, fragments=1, of=OF_NOBODY, how=5):
        return self.add(MAKE, records - 1, fragments - 1, of,
                        *[how + i for i in range(records)])

    def refill(self, serial=1, records=1, fragments=1, stride=1, of=0):
        return self.add(REFILL_OF, records - 1, fragments - 1, serial - 1,
                        stride - 1, of)

    def send(self, which=EVERYTHING, back=0, how=2, epoch=0):
        return self.add(SEND, back, epoch, which, how)

    def sync(self):
        return self.add(SYNC)

    def commit(self, *args, **kwargs):
        return self.make(*args, **kwargs).send().sync()

    def fetch(self, after=0, upto=EVERYTHING, pages=4, room=0, user=0, how=0,
              which=(ALL,)):
        return self.add(FETCH, 0, FRESH, after, upto, pages - 1, room, user,
                        how, *which)

    def stats(self, user, upto=EVERYTHING, room=0, after=0, which=(HOME,)):
        return self.add(STATS, 0, FRESH, upto, room, user, after, *which)

    def sum(self, user, after=0, upto=EVERYTHING, which=(HOME,)):
        return self.add(SUM, 0, FRESH, after, upto, user, *which)


def sealed(kind, payload, position=0):
    """A datagram of that kind with any payload."""
    return SEALED, kind - 1, 0, 0, FRESH, position, len(payload), *payload


LINE = Chain(OLD).line()
APPEND_PAYLOAD = struct.pack('>QIHBQB', 4, 2, 2, 1, 0, 0) + LINE
FETCH_PAYLOAD = struct.pack('>QQHHB', 0, 9, 3, 1200, 0) + \
    b'\0\0' + b'\0\1\1A\1' + struct.pack('>QQB', 1, 2, 1)
STATS_PAYLOAD = struct.pack('>QH', 9, 1472) + b'\4John' + b'\0' + b'\0\0\0'
SUM_PAYLOAD = struct.pack('>QQ', 0, 9) + b'\6Rishil' + b'\1\0\0'


def sealed_seeds():
    begun = Steps().claim().data
    for name, step in (
            ('append', sealed(5, APPEND_PAYLOAD)),
            ('append-outside', sealed(5, APPEND_PAYLOAD, 2)),
            ('fetch', sealed(7, FETCH_PAYLOAD)),
            ('stats', sealed(9, STATS_PAYLOAD)),
            ('sum', sealed(11, SUM_PAYLOAD)),
            ('claim', sealed(3, bytes(24)))):
        steps = Steps()
        steps.data = begun
        yield 'sealed-' + name, steps.add(*step)


def responder_seeds():
    begun = Steps().claim()
    yield 'claim', begun
    yield 'claim-again', Steps().claim().claim(above=248) \
        .claim(nonce=2, above=248).claim(above=247).claim() \
        .claim(above=247)
    yield 'lease', Steps().claim().ping().claim(nonce=2).ping() \
        .add(TIME, 100).claim(nonce=2)
    yield 'lease-ends', Steps().claim().ping().add(TIME, 49).claim(nonce=2) \
        .add(TIME, 1).claim(nonce=2)
    yield 'lease-own', Steps().claim().ping().claim().ping().claim(nonce=2)
    yield 'lease-contested', Steps().claim().ping().claim(nonce=2) \
        .add(TIME, 199).ping().claim().ping()
    yield 'lease-at-start', Steps().claim().add(RESTART).claim(nonce=2) \
        .add(TIME, 50).claim(nonce=2)
    yield 'batch', Steps().claim().commit()
    yield 'fragments', Steps().claim().make(8, 4).send(9).send(6).sync() \
        .send()
    yield 'copies', Steps().claim().commit(2, of=OF_B).commit(of=OF_B_C) \
        .fetch(which=(2,)).fetch(which=(4,)).sum(ALI, which=(4 + 16, 4, 1, 5, 1))
    yield 'while-syncing', Steps().claim().make(2).send().send().make(3, 2) \
        .send().claim(nonce=2).sync().sync()
    yield 'again-anew', Steps().claim().commit(3).send(how=3).claim() \
        .send(how=3)
    yield 'below', Steps().claim().make(2).commit().send(back=1, how=3)
    yield 'overlap', Steps(seed=4).claim().make(4).send().add(POWER_CUT) \
        .claim().send(how=3).sync()
    yield 'power-cuts', Steps(seed=2).claim().commit(3).make(4, 2).send() \
        .add(POWER_CUT).claim().send().sync().make(8).send() \
        .add(POWER_CUT).fetch()
    yield 'other-epoch', Steps().claim().make().send(epoch=247) \
        .send(epoch=249).fetch().add(FETCH, 247, FRESH, 0)
    yield 'epoch-before', Steps().claim().make().claim().send(epoch=247) \
        .add(FETCH, 247, FRESH, 0, 9, 0, 0, 0, 0, 1).send() \
        .sync().add(SUM, 247, FRESH, 0, 9, 0, 1)
    yield 'pages', Steps(WITH_OLD | SMALL).claim().commit(8).commit(8) \
        .commit(8).commit(8, how=0x90) \
        .fetch(pages=2).fetch(pages=1).fetch(pages=64, after=4) \
        .fetch(how=4).fetch(user=ALI, after=2, upto=9)
    yield 'id', Steps().claim().commit(3, how=0x90) \
        .fetch(how=0x84).fetch(how=0x85, after=6).fetch(how=0x86, upto=4)
    yield 'partners', Steps().claim().commit(8).stats(ALI).stats(LUKE) \
        .stats(LUKE, after=ALI).commit(4, how=40).stats(LUKE) \
        .stats(RISHIL, upto=2).stats(5)
    yield 'sums', Steps().claim().commit(8).sum(0).sum(ALI) \
        .sum(LUKE, after=3, upto=6).sum(ZOE, which=(8 + 32, 4, 2))
    yield 'full', Steps().claim().add(DISK, 2, 1).make().send().add(RECHECK) \
        .add(DISK, 0, 0).add(RECHECK).send().sync()
    yield 'disk-fails', Steps().claim().make(2).add(DISK, 1, 0).send() \
        .send().sync().add(DISK, 1, 1).commit().fetch()
    yield 'sync-fails', Steps(seed=6).claim().make(2).send().add(DISK, 1, 0) \
        .sync().add(POWER_CUT).send().sync()
    yield 'promise-fails', Steps().add(DISK, 1, 1).claim().claim()
    yield 'refill', Steps(0).claim().make(3).commit(2) \
        .refill(1, 4, 2).send().sync().fetch().sum(ALI) \
        .add(RESTART).fetch()
    yield 'refill-old', Steps(0, seed=3).claim().make(2).commit() \
        .refill(1, 2, of=1).send().add(POWER_CUT).claim().send().sync() \
        .commit(2).add(POWER_CUT).fetch(which=(2,))
    yield 'refill-below', Steps(0).claim().make(8).commit() \
        .refill(5, 2).send().sync().refill(1, 3, of=2).send().sync() \
        .refill(3, 3, 1, 2).send().sync().fetch().stats(ALI)
    yield 'refill-and-batch', Steps(0).claim().make(2).make(1).send() \
        .refill(1, 2, 2).send().make(2).send().sync().sync().sync().fetch()
    yield 'refill-held', Steps().claim().refill(1, 3).send().commit() \
        .refill(2, 3, 1, 2).send().sync()
    yield 'refill-torn', Steps(0, seed=8).claim().make(8).commit() \
        .refill(1, 8, 4, of=1).send().add(POWER_CUT).claim().send().sync() \
        .make(3).send().add(POWER_CUT).fetch()
    # Here too the power cut leaves a hole where the last batch begins.
    yield 'refill-then-batch', Steps(0, seed=10).claim().make(8).commit() \
        .refill(1, 5, of=1).send().sync().make(2).make(6).send() \
        .add(POWER_CUT).fetch()
    yield 'unfinished', Steps(0, seed=24).claim().make(4).send() \
        .add(POWER_CUT).claim().make(8).send().add(POWER_CUT).fetch()
    yield 'lost', Steps().claim().commit(2).claim(nonce=2, lost=240) \
        .refill(1, 5).send().sync().fetch().claim(nonce=2, above=248) \
        .claim(nonce=1, lost=239).add(RESTART).fetch()
    yield 'lost-twice', Steps(seed=5).claim().commit().claim(lost=250) \
        .add(POWER_CUT).commit(2).claim(lost=255).commit()
    yield 'lost-full', Steps().claim().commit().add(DISK, 2, 0) \
        .claim(lost=240).fetch().add(DISK, 0, 0).claim(lost=240).commit()
    yield 'claim-full', Steps().claim().add(DISK, 2, 0).claim().ping() \
        .add(DISK, 0, 0).claim()
    yield 'lost-disk-fails', Steps().claim().commit().add(DISK, 1, 2) \
        .claim(lost=240).claim(lost=240).fetch()
    yield 'bent', Steps().claim().make(2).send(how=0xf0).add(40, 1).fetch()
    yield 'raw', Steps().add(RAW, 4, 65, 76, 67, 72).claim().add(RAW, 0)
    yield 'sealed', Steps().claim().add(SEALED, 6, 0, 0, 16, 0, 2, 1, 2) \
        .add(SEALED, 0, 255, 0, 16, 0, 1, 1).add(SEALED, 1, 0, 0, 16, 0, 0)
    yield from sealed_seeds()
    yield 'partners-many', Steps(WITH_OLD | SMALL).claim() \
        .commit(8, how=0x40).commit(8, how=0x48).commit(8, how=0x50) \
        .commit(8, how=0x58).stats(ALI).stats(LUKE).stats(ZOE, after=140)
    yield 'partners-refilled', Steps(0).claim().make(4).commit() \
        .stats(ALI).refill(1, 4).send().sync().stats(ALI)
    yield 'bent-again', Steps().claim().commit(2).send(how=0xf1) \
        .add(28, 1).send(how=0xf1).add(29, 1).send(how=0xf1).add(250, 1)
    yield 'small', Steps().claim().add(RECONFIGURE, 3).commit(8) \
        .add(RECONFIGURE, 0).fetch(room=3)


def responder_data():
    return ((name, steps.data) for name, steps in responder_seeds())


# What happens to an engine: how, the disks' seed, steps.

WITH_COPIES, WITH_LOST = 2, 4


class Turns:
    """As fuzz_engine.c takes them apart."""

    (ORDER, RUN, FLUSH, HEAR, SYNC, ANSWER, LOSE, DOUBLE, DELAY, TIME, RESTART,
     REFUSED, BEND, MAKE_UP, NEW_MAIN, SILENCE) = range(16)
    (TRANSFER, OPEN, BALANCE, STATS, HISTORY, LIST, SHOW, SHOW_ID, TXLIST,
     TIP, VERIFY, IMPORT, GROUP) = range(13)
    ALI, LUKE, RISHIL, ALICE, NOBODY, TWO_WORDS, EMPTY = range(7)
    A, B = 0, 1
    ANSWERED, ASKED = 0, 1

    def __init__(self, how=WITH_OLD, seed=0):
        self.data = bytes([how, seed])

    def add(self, *operands):
        self.data += bytes(operands)
        return self

    def order(self, which, *operands):
        return self.add(self.ORDER, which, *operands)

    def run(self):
        return self.add(self.RUN)

    def time(self, steps=100):
        return self.add(self.TIME, steps)

    def group(self, *orders, dry_run=0):
        """Each order: kind, sender, receiver, amount, id."""
        self.order(self.GROUP, len(orders) - 1, dry_run)
        return self.add(*(operand for order in orders for operand in order))

    def transfer(self, sender=RISHIL, receiver=ALICE, amount=1, known=0):
        return self.order(self.TRANSFER, sender, receiver, amount, known)


def engine_seeds():
    t = Turns
    yield 'open', Turns().run()
    yield 'transfer', Turns().run().transfer().run().transfer().run()
    yield 'no-blocks', Turns(0).run().order(t.OPEN, t.ALI, 0).run() \
        .order(t.OPEN, t.LUKE, 2).run().transfer(t.ALI, t.LUKE).run()
    yield 'copies', Turns(WITH_OLD | WITH_COPIES).run().transfer().run() \
        .time().run().order(t.LIST, 1, 9).run()
    yield 'refused', Turns().run().transfer(t.NOBODY).transfer(amount=3) \
        .transfer(amount=4).transfer(amount=6).transfer(t.RISHIL, t.RISHIL) \
        .transfer(t.TWO_WORDS).transfer(t.EMPTY).run()
    yield 'ids', Turns().run().transfer(known=2).transfer(known=2) \
        .transfer(amount=0, known=2).run().transfer(known=2).run() \
        .order(t.SHOW_ID, 2).order(t.SHOW_ID, 3).order(t.OPEN, t.ALI, 2).run()
    yield 'import', Turns().run().order(t.IMPORT, t.NOBODY, t.ALI, 0, 2, 0) \
        .order(t.IMPORT, t.ALI, t.NOBODY, 0, 3, 2) \
        .order(t.IMPORT, t.ALI, t.LUKE, 0, 4, 3).add(t.FLUSH) \
        .order(t.IMPORT, t.ALI, t.LUKE, 0, 0, 3).run() \
        .order(t.IMPORT, t.NOBODY, t.ALI, 3, 0, 4).run()
    pair = (0, t.RISHIL, t.ALICE, 0, 2), (2, t.NOBODY, t.ALI, 1, 3)
    yield 'group', Turns().run().group(*pair).group(*pair).add(t.FLUSH) \
        .group((0, t.ALI, t.ALI, 0, 0), (1, t.NOBODY, 0, 0, 0)).run() \
        .group(*pair, dry_run=1).group(*pair).transfer(known=3) \
        .group((0, t.RISHIL, t.ALICE, 0, 2), (0, t.ALI, t.LUKE, 0, 0)).run() \
        .transfer().group((0, t.ALI, t.LUKE, 0, 4), (0, t.LUKE, t.ALI, 2, 0)) \
        .add(t.FLUSH).add(t.SILENCE).run().time().run()
    yield 'questions', Turns().run().transfer().run() \
        .order(t.BALANCE, t.ALICE).order(t.STATS, t.RISHIL) \
        .order(t.HISTORY, t.ALICE, 0, 9).order(t.LIST, 0, 9) \
        .order(t.SHOW, 2).order(t.SHOW, 9).order(t.TXLIST).order(t.TIP).run()
    yield 'loss', Turns().run().transfer().add(t.FLUSH) \
        .add(t.LOSE, t.A, t.ASKED, 0).add(t.LOSE, t.B, t.ASKED, 0) \
        .time().run().time(255).run()
    yield 'late', Turns().run().transfer().add(t.FLUSH) \
        .add(t.DOUBLE, t.A, t.ASKED, 0).add(t.DOUBLE, t.B, t.ASKED, 0) \
        .add(t.HEAR, t.A).add(t.HEAR, t.B).add(t.SYNC, t.A) \
        .add(t.SYNC, t.B).add(t.DELAY, t.A, t.ANSWERED).run()
    yield 'failover', Turns().run().transfer().add(t.FLUSH) \
        .add(t.HEAR, t.A).add(t.REFUSED, t.A).add(t.REFUSED, t.B) \
        .time(200).run().time(255).run()
    yield 'restart', Turns(seed=3).run().transfer().add(t.FLUSH) \
        .add(t.HEAR, t.A).add(t.HEAR, t.B).add(t.RESTART, t.A, 1) \
        .add(t.RESTART, t.B, 0).time(255).run().transfer().run()
    yield 'silence', Turns().run().transfer(known=2) \
        .order(t.LIST, 0, 9).order(t.STATS, t.RISHIL).order(t.TXLIST) \
        .order(t.SHOW_ID, 3).order(t.BALANCE, t.ALICE).add(t.SILENCE).run() \
        .transfer(known=2).add(t.FLUSH).transfer().add(t.SILENCE).run()
    yield 'silence-before', Turns().transfer().order(t.LIST, 0, 9) \
        .add(t.SILENCE).run().transfer().run()
    yield 'verify', Turns().run().transfer().run() \
        .order(t.VERIFY, 0, 1).run().order(t.VERIFY, 3, 2).run()
    yield 'new-main', Turns(seed=1).run().transfer(known=2).add(t.FLUSH) \
        .add(t.HEAR, t.A).add(t.HEAR, t.B).add(t.NEW_MAIN).run() \
        .transfer(known=2).run().order(t.LIST, 0, 9).run()
    yield 'refill', Turns(WITH_OLD).run().transfer().run().transfer().run() \
        .time().add(t.NEW_MAIN).run().time().run()
    yield 'lost', Turns(WITH_OLD | WITH_COPIES | WITH_LOST).run().time() \
        .run().transfer().run().add(t.NEW_MAIN).run().time().run()
    yield 'bent-state', Turns().add(t.FLUSH).add(t.HEAR, t.A) \
        .add(t.BEND, t.A, 0, 0, 15, 1).run().time().run()
    yield 'bent-records', Turns().add(t.FLUSH).add(t.HEAR, t.A) \
        .add(t.HEAR, t.B).add(t.ANSWER, t.A).add(t.ANSWER, t.B) \
        .add(t.FLUSH).add(t.HEAR, t.A).add(t.HEAR, t.B).add(t.ANSWER, t.A) \
        .add(t.ANSWER, t.B).add(t.FLUSH).add(t.HEAR, t.A) \
        .add(t.BEND, t.A, 1, 0, 20, 1, 0, 16, 1).run()
    for kind in range(1, 14):
        # Of PONG and PROMISE, as one stands: all is understood.
        payload = [*range(24), 1, 1, *range(8)] if kind in (2, 4) else range(26)
        yield 'made-up-%d' % kind, Turns().run().transfer().add(t.FLUSH) \
            .add(t.MAKE_UP, 0, t.A, kind - 1, 0, 0, len(payload), *payload) \
            .run()


def engine_data():
    return ((name, turns.data) for name, turns in engine_seeds())


FUZZERS = {
    'resp': resp_seeds,
    'frame': frame_seeds,
    'block': block_seeds,
    'config': config_seeds,
    'responder': responder_data,
    'engine': engine_data,
}


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(DATA, 'fuzz')
    for fuzzer, seeds in FUZZERS.items():
        directory = os.path.join(top, fuzzer)
        os.makedirs(directory, exist_ok=True)
        for name, data in seeds():
            with open(os.path.join(directory, name), 'wb') as seed:
                seed.write(data)


if __name__ == '__main__':
    main()
