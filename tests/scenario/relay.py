# SPDX-License-Identifier: MIT
"""A bad network between the main daemon and a backend: datagrams are lost,
doubled, overtaken and cut, by a seeded generator; or recorded and said again."""

import random
import selectors
import socket
import threading
import time

TO_BACKEND, TO_MAIN = "to backend", "to main"
BUFFER = 4 * 2**20
# The longest that an overtaken datagram is held back, in seconds.
HELD = 0.02


def udp_socket():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    s.bind(("127.0.0.1", 0))
    s.setblocking(False)
    return s


class Relay:
    """Give main our port in place of the backend's."""

    def __init__(self, backend_port, seed=0, loss=0.0, double=0.0, reorder=0.0, cut=0.0):
        self.backend = ("127.0.0.1", backend_port)
        self.rng = random.Random(seed)
        self.loss, self.double, self.reorder, self.cut = loss, double, reorder, cut
        self.counts = dict.fromkeys(("passed", "lost", "doubled", "overtaken", "cut"), 0)
        self.recorded = None
        self.front = udp_socket()
        self.port = self.front.getsockname()[1]
        self.backs = {}  # address of a main daemon: our socket for it
        self.held = []  # (due, send, data)
        self.lock = threading.Lock()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.front, selectors.EVENT_READ, None)
        self.wake_in, self.wake_out = socket.socketpair()
        self.selector.register(self.wake_in, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.wake_out.send(b"x")
        self.thread.join(10)
        for s in (self.front, self.wake_in, self.wake_out, *self.backs.values()):
            s.close()
        self.selector.close()

    def record(self):
        """Keep what passes from now on, as (direction, datagram)."""
        self.recorded = []

    def heal(self):
        self.loss = self.double = self.reorder = self.cut = 0.0

    def say(self, direction, data):
        """Send a datagram of one's own, as if it came from the other side."""
        with self.lock:
            for address, back in self.backs.items():
                if direction == TO_BACKEND:
                    back.sendto(data, self.backend)
                else:
                    self.front.sendto(data, address)

    def mains(self):
        with self.lock:
            return list(self.backs)

    def _run(self):
        while True:
            for key, _ in self.selector.select(self._wait()):
                if key.fileobj is self.wake_in:
                    return
                self._drain(key.fileobj, key.data)
            self._release(time.monotonic())

    def _wait(self):
        return max(0, self.held[0][0] - time.monotonic()) if self.held else None

    def _drain(self, s, main):
        while True:
            try:
                data, address = s.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            if s is self.front:
                back = self._back(address)
                self._pass(TO_BACKEND, lambda d, b=back: b.sendto(d, self.backend), data)
            elif address == self.backend:
                self._pass(TO_MAIN, lambda d, m=main: self.front.sendto(d, m), data)

    def _back(self, address):
        with self.lock:
            if address not in self.backs:
                self.backs[address] = udp_socket()
                self.selector.register(self.backs[address], selectors.EVENT_READ, address)
            return self.backs[address]

    def _pass(self, direction, send, data):
        if self.recorded is not None:
            self.recorded.append((direction, data))
        if self.rng.random() < self.loss:
            self.counts["lost"] += 1
            return
        if self.rng.random() < self.cut:
            self.counts["cut"] += 1
            data = data[:self.rng.randrange(len(data) + 1)]
        if self.rng.random() < self.double:
            self.counts["doubled"] += 1
            self._send(send, data)
        if self.rng.random() < self.reorder:
            self.counts["overtaken"] += 1
            self.held.append((time.monotonic() + self.rng.random() * HELD, send, data))
            self.held.sort(key=lambda h: h[0])
            return
        self._send(send, data)

    def _release(self, now):
        while self.held and self.held[0][0] <= now:
            _, send, data = self.held.pop(0)
            self._send(send, data)

    def _send(self, send, data):
        self.counts["passed"] += 1
        try:
            send(data)
        except (BlockingIOError, ConnectionRefusedError):
            pass
