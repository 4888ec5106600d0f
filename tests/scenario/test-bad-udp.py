#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Datagrams that are not what they should be: nothing is changed by them, and
nobody who does not know the key is answered."""

import socket

import datagram as dg
from harness import Cluster, EXIT_FENCED, KEY, SLOW, run, wait_for
from relay import Relay, TO_BACKEND, TO_MAIN

WRONG_KEY = bytes(32)
LINE = "10 Ali Ben 500 t=2026-11-22T13:37:00.123456Z h=" + "0" * 64 + "\n"


class Stranger:
    """A socket that nobody knows."""

    def __init__(self, cluster, port, key=KEY):
        self.socket = cluster.opened(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket.settimeout(20 * SLOW)
        self.socket.connect(("127.0.0.1", port))
        self.key = key
        self.request = 10**6

    def send(self, data):
        self.socket.send(data)

    def ask(self, kind, payload, epoch=1, block="A"):
        """The answer to an authentic request."""
        self.request += 1
        self.send(dg.encode(kind, payload, self.key, block, epoch, self.request))
        while True:
            frame = dg.decode(self.socket.recv(65536), self.key)
            if frame.request == self.request:
                return frame

    def state(self):
        frame = self.ask(dg.PING, dg.ping())
        assert frame.type == dg.PONG, frame
        return frame, dg.state(frame.payload)

    def not_answered(self, datagrams):
        """None of them is: what comes next is the answer to a good one."""
        for data in datagrams:
            self.send(data)
            self.request += 1
            self.send(dg.encode(dg.PING, dg.ping(), self.key, "A", 1, self.request))
            frame = dg.decode(self.socket.recv(65536), self.key)
            assert (frame.type, frame.request) == (dg.PONG, self.request), (data, frame)


def bend(data, at, bit):
    out = bytearray(data)
    out[at] ^= 1 << bit
    return bytes(out)


def requests():
    """One good payload for each type of request."""
    return {dg.PING: dg.ping(), dg.CLAIM: dg.claim(), dg.APPEND: dg.append(10, LINE),
            dg.FETCH: dg.fetch(), dg.STATS: dg.stats("Ali"), dg.SUM: dg.total()}


def forgeries():
    """All of them without the key, or not as the frame has to be."""
    for key in (WRONG_KEY, None):
        for kind, payload in requests().items():
            for epoch in (0, 1, 2, 2**63 - 1):
                yield dg.encode(kind, payload, key, "A", epoch)
    for kind, payload in requests().items():
        good = dg.encode(kind, payload, KEY, "A", 1)
        yield good[:-dg.MAC]
        yield good[:-dg.MAC] + bytes(dg.MAC)
        yield good + b"\0"
        yield good + bytes(65507 - len(good))
        yield dg.encode(kind, payload, KEY, "B", 1)
        yield dg.encode(kind, payload, KEY, "", 1)
        yield dg.encode(kind, payload, KEY, b"A\0A", 1)
        yield dg.encode(kind, payload, KEY, b"A" * 16, 1)
        yield dg.encode(kind, payload, KEY, b"A/..", 1)
        yield dg.encode(kind, payload, KEY, magic=b"ALCI")
        yield dg.encode(kind, payload, KEY, length=len(payload) + 1)
        yield dg.encode(kind, payload, KEY, length=0 if payload else 1)
        for version in (0, 2, 255):
            yield dg.encode(kind, payload, KEY, version=version)
    for kind in (0, 14, 255, dg.PONG, dg.PROMISE, dg.APPENDED, dg.RECORDS, dg.PARTNERS,
                 dg.TOTAL, dg.ERROR):
        yield dg.encode(kind, b"", KEY)
        yield dg.encode(kind, bytes(26), KEY)


def test_not_authentic():
    """Empty, too short, too long, of another version, for another block, forged."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        s = Stranger(c, c["A"].port)
        s.not_answered([b"", b"\0", b"hello\n", b"ALCH", bytes(64), b"\xff" * 65507])
        s.not_answered(forgeries())
        assert c.texts() == before
        c.check_alive()


def test_cut_short():
    """At every length."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        s = Stranger(c, c["A"].port)
        for kind, payload in requests().items():
            good = dg.encode(kind, payload, KEY, "A", 1)
            s.not_answered(good[:n] for n in range(len(good)))
        assert c.texts() == before
        c.check_alive()


def test_one_bit():
    """Every bit of every byte."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        s = Stranger(c, c["A"].port)
        for kind in (dg.PING, dg.APPEND):
            good = dg.encode(kind, requests()[kind], KEY, "A", 1)
            s.not_answered(bend(good, at, bit) for at in range(len(good)) for bit in range(8))
        assert c.texts() == before
        c.check_alive()


def test_authentic_but_malformed():
    """Sealed with the key, and still checked: an ERROR, and nothing else."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        s = Stranger(c, c["A"].port)
        for kind, payload in requests().items():
            bad = [payload[:n] for n in range(len(payload))] + [payload + b"\0"]
            for p in bad:
                frame = s.ask(kind, p)
                assert dg.error_code(frame) == dg.MALFORMED, (kind, p, frame)
        for lines in ("", "\n", "10 Ali Ben 500\n", LINE[:-1], LINE + "\n", "x" * 1000 + "\n",
                      LINE.replace("Ali", "A\0i"), LINE.replace("500", "-500"),
                      LINE + LINE, LINE.replace("10 ", "11 "), LINE[:-1] + " of=B\n"):
            frame = s.ask(dg.APPEND, dg.append(10, lines, records=max(1, lines.count("\n"))))
            assert dg.error_code(frame) == dg.MALFORMED, (lines, frame)
        good = dg.append(10, LINE)
        for p in (good[:14] + b"\4" + good[15:], dg.append(10, LINE, of="B", refill=True)):
            assert dg.error_code(s.ask(dg.APPEND, p)) == dg.MALFORMED, p
        assert c.texts() == before
        c.check_alive()


def test_other_epochs():
    """A main daemon of old, and one that never claimed, write nothing."""
    with Cluster() as c:
        c.start()
        old, client = c.main.daemon, c.client()
        c.main = c.another_main()
        c.main.start()
        client.send("TRANSFER", "Ali", "Ben", 1)
        assert old.wait_exit(20) == EXIT_FENCED
        before = c.texts()
        s = Stranger(c, c["A"].port)
        frame, state = s.state()
        assert frame.epoch == 2
        for kind, payload in requests().items():
            if kind == dg.PING:
                continue
            frame = s.ask(kind, payload, epoch=1)
            assert dg.error_code(frame) == dg.FENCED, (kind, frame)
            assert frame.epoch == 2, frame
            if kind != dg.CLAIM:
                frame = s.ask(kind, payload, epoch=3)
                assert dg.error_code(frame) == dg.UNCLAIMED, (kind, frame)
        # The epoch of now, but not the nonce that goes with it.
        assert dg.error_code(s.ask(dg.CLAIM, dg.claim(b"n" * 16), epoch=2)) in (
            dg.FENCED, dg.LEASED)
        assert s.state()[1] == state
        assert c.texts() == before
        c.check_alive()


def recording(c, name="A"):
    """A cluster whose main daemon reaches one backend through a recorder."""
    for b in c.backends.values():
        b.start()
    relay = c.opened(Relay(c[name].port))
    relay.record()
    c.main.detour[name] = relay.port
    c.main.start()
    return relay


def test_replayed():
    """All that was ever said to a backend, said again, by anybody, in any order."""
    with Cluster() as c:
        relay = recording(c)
        client = c.client()
        for i in range(60):
            client.call("TRANSFER", "Ali", "Ben", 1, "ID", f"id{i}")
        client.pipeline([("TRANSFER", "Ben", "Ali", 1)] * 200)
        client.call("LIST")
        client.call("STATS", "Ali")
        requests_seen = [d for way, d in relay.recorded if way == TO_BACKEND]
        assert any(dg.decode(d, KEY).type == dg.APPEND for d in requests_seen)
        before = c.texts()
        s = Stranger(c, c["A"].port)
        state = s.state()[1]
        for order in (1, -1):
            for data in requests_seen[::order]:
                s.send(data)
                relay.say(TO_BACKEND, data)
            again = Stranger(c, c["A"].port)
            assert again.state()[1].last == state.last
            assert again.state()[1].records == state.records
        assert c.texts() == before
        # And behind a restart of everything, in an epoch that is over.
        c.main.stop()
        c["A"].stop()
        c["A"].start()
        c.main.start()
        assert c.client().call("TRANSFER", "Ali", "Ben", 1)[0] == 270
        before = c.texts()
        s = Stranger(c, c["A"].port)
        for data in requests_seen:
            s.send(data)
        s = Stranger(c, c["A"].port)
        assert s.state()[0].epoch == 2
        assert c.texts() == before
        c.check_alive()


def test_answers_replayed():
    """All that a backend ever said, said again to main, from that backend's address."""
    with Cluster() as c:
        relay = recording(c)
        client = c.client()
        for i in range(60):
            client.call("TRANSFER", "Ali", "Ben", 1, "ID", f"id{i}")
        rows = client.call("LIST")
        stats = client.call("STATS", "Ali")
        answers = [d for way, d in relay.recorded if way == TO_MAIN]
        # A third of the batches comes this way, as it is drawn: some 20 of 60.
        assert len(answers) > 5, len(answers)
        before = c.texts()
        for order in (1, -1):
            for data in answers[::order]:
                relay.say(TO_MAIN, data)
            assert client.call("LIST") == rows
            assert client.call("STATS", "Ali") == stats
        assert c.texts() == before
        wait_for(lambda: int(c.main.info()["datagrams_dropped"]) >= len(answers), "the count")
        c.check_alive()


def test_nonsense_to_main():
    """From the backend's own address: empty, cut, bent, with another key, not asked for."""
    with Cluster() as c:
        relay = recording(c)
        client = c.client()
        client.call("TRANSFER", "Ali", "Ben", 1)
        answers = [d for way, d in relay.recorded if way == TO_MAIN]
        before = c.texts()
        nonsense = [b"", b"\0", b"ALCH", bytes(64), b"\xff" * 65507]
        nonsense += [answers[-1][:n] for n in range(len(answers[-1]))]
        nonsense += [bend(answers[-1], n, 3) for n in range(len(answers[-1]))]
        state = dg.state(dg.decode(answers[0], KEY).payload)
        pong = bytes(8) + (2**40).to_bytes(8, "big") * 2 + b"\0\1"
        assert len(pong) == 26 and state
        for number in range(50):
            for kind in range(16):
                nonsense.append(dg.encode(kind, pong, WRONG_KEY, "A", 1, number))
                nonsense.append(dg.encode(kind, pong, KEY, "B", 1, number))
                nonsense.append(dg.encode(kind, pong, KEY, "A", 1, 10**9 + number))
        for at, data in enumerate(nonsense):
            relay.say(TO_MAIN, data)
            if at % 100 == 0:
                assert client.call("BALANCE", "Ali") == 844
        assert len(client.call("LIST")) == 10
        assert int(c.main.info()["datagrams_dropped"]) > 0
        assert c.texts() == before
        c.check_alive()


def test_stranger_to_main():
    """From another address than a backend's, authentic or not."""
    with Cluster() as c:
        relay = recording(c)
        c.client().call("TRANSFER", "Ali", "Ben", 1)
        answers = [d for way, d in relay.recorded if way == TO_MAIN]
        before = c.texts()
        for _, port in relay.mains():
            s = Stranger(c, port)
            for data in (b"", b"junk", *answers, *forgeries()):
                try:
                    s.send(data)
                except ConnectionRefusedError:
                    pass  # Its socket is for the backend only: the kernel says so.
        assert c.texts() == before
        assert len(c.client().call("LIST")) == 10
        c.check_alive()


def test_without_a_key():
    """The unkeyed hash finds damage; a keyed datagram is one of them."""
    with Cluster(key=None) as c:
        c.start()
        assert c["A"].daemon.find("no key|without a key|key_file")
        before = c.texts()
        s = Stranger(c, c["A"].port, key=None)
        good = dg.encode(dg.APPEND, dg.append(10, LINE), None, "A", 1)
        s.not_answered([dg.encode(dg.APPEND, dg.append(10, LINE), KEY, "A", 1), good[:-1],
                        bend(good, 60, 0), b""])
        assert c.texts() == before
        c.check_alive()


def test_flood():
    """A hundred thousand forged ones beside honest work."""
    with Cluster() as c:
        c.start()
        client = c.client()
        s = Stranger(c, c["A"].port)
        forged = dg.encode(dg.APPEND, dg.append(10, LINE), WRONG_KEY, "A", 1)
        for i in range(100):
            for _ in range(1000):
                s.send(forged)
            assert len(client.call("TRANSFER", "Ali", "Ben", 1)) == 4, i
        assert c["A"].daemon.memory() < 64 * 2**20 * SLOW
        assert len(c["A"].daemon.lines) < 50, "a line in the journal for each"
        c.check_alive()


if __name__ == "__main__":
    run(globals())
