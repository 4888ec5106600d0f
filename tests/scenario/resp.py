# SPDX-License-Identifier: MIT
"""A small client of the Redis serialization protocol, version 2."""

import socket


class Error:
    """An error as the answer to a command."""

    def __init__(self, text):
        self.code, _, self.sentence = text.partition(" ")

    def __repr__(self):
        return f"-{self.code} {self.sentence}"


class Refused(Exception):
    """An error where an answer was wanted."""

    def __init__(self, words, error):
        super().__init__(f"{words}: {error!r}")
        self.code = error.code
        self.sentence = error.sentence


def as_bytes(word):
    return word if isinstance(word, bytes) else str(word).encode()


def command(*words):
    """The bytes of a request."""
    parts = [b"*%d\r\n" % len(words)]
    for word in map(as_bytes, words):
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


class Client:
    """One connection."""

    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data)

    def send(self, *words):
        self.write(command(*words))

    def _line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the connection ended within an answer" if line
                           else "the connection ended")
        return line[:1], line[1:-2]

    def receive(self):
        """One answer: int, str, list, None or Error."""
        kind, rest = self._line()
        if kind == b"*":
            return None if rest == b"-1" else [self.receive() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == b"-1" else self._bulk(int(rest))
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return Error(rest.decode("utf-8", "replace"))
        raise ValueError(f"not RESP: {kind + rest!r}")

    def _bulk(self, size):
        data = self.file.read(size + 2)
        if len(data) != size + 2 or data[-2:] != b"\r\n":
            raise EOFError("the connection ended within an answer")
        return data[:-2].decode("utf-8", "replace")

    def at_end(self):
        """Has the server closed, with nothing left to read?"""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def ask(self, *words):
        self.send(*words)
        return self.receive()

    def call(self, *words):
        answer = self.ask(*words)
        if isinstance(answer, Error):
            raise Refused(words, answer)
        return answer

    def pipeline(self, requests):
        """All at once, the answers in order; errors among them."""
        self.write(b"".join(command(*words) for words in requests))
        return [self.receive() for _ in requests]


def info(text):
    """The text of INFO as a dictionary."""
    return dict(line.split(":", 1) for line in text.splitlines()
                if ":" in line and not line.startswith("#"))
