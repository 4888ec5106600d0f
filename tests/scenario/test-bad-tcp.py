#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What clients should not do over TCP, and that it is nobody else's trouble."""

import random
import resource
import select
import socket
import struct
import threading
import time

from harness import Cluster, SLOW, Skip, refused, run, wait_for, within
from resp import Client, command

SEED = 20261122
TRANSFER = command("TRANSFER", "Ali", "Ben", 1)


def connect(c):
    return c.opened(socket.create_connection(("127.0.0.1", c.main.port), 20 * SLOW))


def reset(s):
    """Close with RST rather than FIN."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_all(s):
    """What comes until the server closes."""
    data = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return data
            data += more
    except ConnectionResetError:
        return data


def nobody_connected(c, others=1):
    """Connections that are over are forgotten; INFO's own is one."""
    wait_for(lambda: int(c.main.info()["connected_clients"]) <= others, "connections to end")


def test_connect_and_close():
    """It killed the original."""
    with Cluster() as c:
        c.start()
        for _ in range(200):
            connect(c).close()
        nobody_connected(c)
        c.check_alive()


def test_reset():
    with Cluster() as c:
        c.start()
        for data in (b"", b"*2\r\n$7\r\nBAL", command("BALANCE", "Ali"), command("LIST") * 20):
            for _ in range(20):
                s = connect(c)
                s.sendall(data)
                reset(s)
        nobody_connected(c)
        c.check_alive()


def test_half_a_request():
    """Cut at every byte, then closed, half-closed or reset; it is not carried out."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        inline = b"TRANSFER Ali Ben 1\r"
        for whole in (TRANSFER, inline):
            for cut in range(1, len(whole)):
                s = connect(c)
                s.sendall(whole[:cut])
                if cut % 3 == 0:
                    s.shutdown(socket.SHUT_WR)
                    assert read_all(s) == b""
                elif cut % 3 == 1:
                    reset(s)
                s.close()
        nobody_connected(c)
        assert c.texts() == before
        c.check_alive()


def test_close_without_waiting():
    """A whole request before the end is carried out, and half a close gets its answer."""
    with Cluster() as c:
        c.start()
        s = connect(c)
        s.sendall(TRANSFER * 3)
        s.shutdown(socket.SHUT_WR)
        answers = read_all(s)
        assert answers.count(b"*4\r\n") == 3, answers
        for _ in range(20):
            s = connect(c)
            s.sendall(TRANSFER)
            s.close()
        wait_for(lambda: c.client().call("BALANCE", "Ali") == 845 - 23, "the transfers")
        c.check_alive()


def test_one_byte_at_a_time():
    with Cluster() as c:
        c.start()
        client = c.client()
        for i in range(len(TRANSFER)):
            client.write(TRANSFER[i:i + 1])
        assert client.receive()[:2] == [10, 844]
        for byte in b'TRANSFER Ali Ben 2 MEMO "two coffees"\r\n':
            client.write(bytes([byte]))
        assert client.receive()[:2] == [11, 842]
        assert client.call("SHOW", 11)[6] == "two coffees"
        c.check_alive()


def test_idle_connections():
    """Sixty stopped the original for good."""
    number = 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number + 200:
        raise Skip(f"no more than {hard} descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number + 200), hard))
    with Cluster() as c:
        c.start()
        before = c.main.daemon.memory()
        idle = [connect(c) for _ in range(number)]
        for s in idle[::3]:
            s.sendall(b"*3\r\n$8\r\nTRA")
        client = c.client()
        wait_for(lambda: int(c.main.info()["connected_clients"]) >= number, "all connections")
        for _ in range(200):
            with within(0.5, "a transfer beside the idle ones"):
                client.call("TRANSFER", "Ali", "Ben", 1)
                client.call("TRANSFER", "Ben", "Ali", 1)
        grown = c.main.daemon.memory() - before
        assert grown < 32 * 2**20 * SLOW, f"{number} idle connections take {grown} bytes"
        # And the last one is as good as the first.
        idle[-2].sendall(command("BALANCE", "Ali"))
        assert idle[-2].recv(100) == b":845\r\n"
        for s in idle:
            s.close()
        nobody_connected(c, 2)
        c.check_alive()


def test_too_many_clients():
    """One more than allowed is told so; the others go on; room comes back."""
    with Cluster(main={"max_clients": 10}) as c:
        c.start()
        clients = [c.client() for _ in range(10)]
        for client in clients:
            assert client.call("PING") == "PONG"
        more = c.client()
        answer = more.receive()
        assert answer.code == "UNAVAILABLE" and more.at_end(), answer
        assert clients[9].call("BALANCE", "Ali") == 845
        for client in clients[:5]:
            client.close()
        def again():
            with Client(c.main.port, 10 * SLOW) as one:
                try:
                    return one.ask("BALANCE", "Ali") == 845
                except (EOFError, OSError):
                    return False
        wait_for(again, "room")
        for client in clients[5:]:
            client.close()
        c.check_alive()


def fill(s, data, seconds=5):
    """Send until the other side takes no more for a while; the bytes taken."""
    s.setblocking(False)
    sent = 0
    deadline = time.monotonic() + seconds * SLOW
    while time.monotonic() < deadline:
        if not select.select([], [s], [], 0.5)[1]:
            return sent
        at = sent % len(data)
        sent += s.send(data[at:at + 65536])
    raise AssertionError(f"took {sent} bytes and would take more")


def test_client_that_never_reads():
    """It is read from no more, costs bounded memory, and others stay quick."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for _ in range(20):
            client.pipeline([("TRANSFER", "Ali", "Ben", 1), ("TRANSFER", "Ben", "Ali", 1)] * 25)
        before = c.main.daemon.memory()
        for words in (("LIST",), ("PING", "x" * 60000), ("BALANCE", "Ali"),
                      ("HISTORY", "Ali", "COUNT", 10000), ("STATS", "Ali")):
            s = connect(c)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            # A multiple of the request, so that sending in pieces stays in step.
            one = command(*words)
            taken = fill(s, one * (65536 // len(one) + 1), 60)
            assert taken < 64 * 2**20, (words, taken)
            for _ in range(20):
                with within(0.5, "a balance beside it"):
                    assert client.call("BALANCE", "Ali") == 845
        grown = c.main.daemon.memory() - before
        assert grown < 64 * 2**20 * SLOW, f"grew by {grown} bytes"
        c.check_alive()


def test_client_that_reads_late():
    """What it asked is all answered, in order, when it reads at last."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.pipeline([("TRANSFER", "Ali", "Ben", 1), ("TRANSFER", "Ben", "Ali", 1)] * 25)
        requests = [word for i in range(3000) for word in (("ECHO", i), ("LIST",))]
        late = c.client(timeout=30)
        writer = threading.Thread(
            target=late.write, args=(b"".join(command(*r) for r in requests),), daemon=True)
        writer.start()
        # Until the daemon reads no more of it.
        wait_for(lambda: int(c.main.info()["unread_bytes"]) > 2**20, "answers to pile up")
        whole = client.call("LIST")
        for i in range(3000):
            assert late.receive() == str(i)
            assert late.receive() == whole, i
        writer.join(10)
        c.check_alive()


def test_long_headers():
    """A gigabyte is refused when it is announced, not when it has come."""
    with Cluster() as c:
        c.start()
        before = c.main.daemon.memory()
        for data in (
                b"*1\r\n$1073741824\r\n", b"*1073741824\r\n", b"*1\r\n$99999999999999999999\r\n",
                b"*1\r\n$-1\r\n", b"*1\r\n$-5\r\n", b"*1\r\n:5\r\n", b"*1\r\nPING\r\n",
                b"*65\r\n" + b"$1\r\nx\r\n" * 65, b"*abc\r\n", b"*1\r\n$abc\r\n", b"*\r\n",
                b"*1\r\n$\r\n",
                b"*1\r\n$4\r\nPINGxx", b"*+1\r\n", b"*1\r\n$+4\r\nPING\r\n", b"*1\n$4\nPING\n",
                b"*3\r\n$8\r\nTRANSFER\r\n$1073741824\r\nAli", b"*2\r\n$65537\r\n",
                # Each may be so long, both together may not.
                b"*2\r\n$4\r\nPING\r\n$65530\r\n",
                b"*3\r\n$1\r\nx\r\n$30000\r\n" + b"x" * 30000 + b"\r\n$40000\r\n"):
            s = connect(c)
            s.sendall(data)
            answer = read_all(s)
            assert answer.startswith(b"-ERR Protocol error"), (data, answer)
            assert answer.count(b"\r\n") == 1, (data, answer)
        assert c.main.daemon.memory() - before < 16 * 2**20 * SLOW
        c.check_alive()


def test_answers_before_the_fault():
    """What was right before it is carried out and answered."""
    with Cluster() as c:
        c.start()
        s = connect(c)
        s.sendall(TRANSFER + command("PING") + b"*1\r\n$1073741824\r\n" + TRANSFER)
        answer = read_all(s)
        assert answer.startswith(b"*4\r\n:10\r\n") and b"+PONG\r\n-ERR Protocol" in answer, answer
        assert c.client().call("BALANCE", "Ali") == 844
        c.check_alive()


def test_empty_commands():
    """Not answered, not a fault."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for data in (b"\r\n", b"\n", b"   \r\n", b"*0\r\n", b"*-1\r\n", b"\r\n" * 5000,
                     b"*0\r\n" * 5000):
            client.write(data + command("PING"))
            assert client.receive() == "PONG", data[:20]
        assert refused(client, "")[0] == "ERR"
        c.check_alive()


def test_inline_garbage():
    """Answered with an error, or the connection ends; nothing is changed."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        for data in (b"howdy\r\n", b"\0\0\0\0\r\n", b"BALANCE \0\r\n", b"BALANCE Ali\0\r\n",
                     b'BALANCE "Ali\r\n', b"BALANCE 'Ali\r\n", b'BALANCE "A"li\r\n',
                     b'BALANCE "\\x00"\r\n', b'BALANCE "\\x\r\n', b"\xff\xfe\xfd\r\n",
                     b"GET / HTTP/1.1\r\n", b"$5\r\nhello\r\n", b"+OK\r\n", b":1\r\n",
                     b"TRANSFER Ali Ben\0 1\r\n", b"TRANSFER Ali Ben 1\0\r\n",
                     b'TRANSFER Ali Ben "-1"\r\n', b"a " * 64 + b"\r\n", b"\x1b[2J\r\n"):
            s = connect(c)
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            answer = read_all(s)
            assert answer.startswith(b"-"), (data, answer)
            # What an error says back cannot harm a terminal or a protocol.
            for line in answer.split(b"\r\n"):
                assert not any(b < 32 or b == 127 for b in line), (data, answer)
        assert c.texts() == before
        c.check_alive()


def test_long_lines():
    """Too long a line, with and without an end; too long words."""
    with Cluster() as c:
        c.start()
        for data in (b"x" * 65537, b"x" * 200000, b"PING " + b"x" * 65536 + b"\r\n"):
            s = connect(c)
            try:
                s.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = read_all(s)
            # The rest that nobody reads may turn the end into a reset.
            assert answer == b"" or answer.startswith(b"-ERR Protocol error"), answer
        client = c.client()
        code, sentence = refused(client, "BALANCE", "x" * 65000)
        assert code in ("NAME", "NOUSER") and len(sentence) < 1000, (code, sentence)
        code, sentence = refused(client, "x" * 65000)
        assert code == "ERR" and len(sentence) < 1000
        assert client.call("ECHO", "x" * 65000) == "x" * 65000
        c.check_alive()


def junk(rng):
    """Bytes that begin well, perhaps."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 2000))
    words = [rng.choice([b"TRANSFER", b"BALANCE", b"LIST", b"Ali", b"1", b"\0", b"", b"ID",
                         b"COUNT", rng.randbytes(8)]) for _ in range(rng.randrange(6))]
    data = bytearray(command(*words))
    if kind == 1:
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:
        del data[rng.randrange(len(data)):]
    else:
        data += rng.randbytes(rng.randrange(50))
    return bytes(data)


def test_binary_junk():
    """From a seeded generator, over many connections."""
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    with Cluster() as c:
        c.start()
        for _ in range(600):
            s = connect(c)
            try:
                for _ in range(rng.randrange(1, 4)):
                    s.sendall(junk(rng))
                s.shutdown(socket.SHUT_WR)
                read_all(s)
            except OSError:
                pass
            s.close()
        assert c.main.daemon.memory() < 64 * 2**20 * SLOW
        c.check_alive()


def test_quit():
    """It is answered, ends the connection, and what stands behind it is not done."""
    with Cluster() as c:
        c.start()
        s = connect(c)
        s.sendall(command("PING") + command("QUIT") + TRANSFER)
        assert read_all(s) == b"+PONG\r\n+OK\r\n"
        assert c.client().call("BALANCE", "Ali") == 845


if __name__ == "__main__":
    run(globals())
