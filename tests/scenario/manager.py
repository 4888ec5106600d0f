# SPDX-License-Identifier: MIT
"""What a service manager does for a daemon: sockets, a notify socket, a
watchdog, a journal.  Without being one."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

from harness import PR_SET_PDEATHSIG, SLOW, Skip, libc, wait_for

# Descriptors from 3 on, and variables that only the process itself can know.
STARTER = """
import fcntl, json, os, sys
fds, variables = json.loads(sys.argv[1])
copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in fds]
for fd in fds:
    os.close(fd)
for number, copy in enumerate(copies, 3):
    os.dup2(copy, number)
stderr = os.fstat(2)
for name, value in variables.items():
    os.environ[name] = value.format(pid=os.getpid(), stderr=f"{stderr.st_dev}:{stderr.st_ino}")
os.execv(sys.argv[2], sys.argv[2:])
"""
# What a sanitizer's run may need beside it.
KEPT = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")


def starter(fds=(), **variables):
    """Before the command line of a daemon; {pid} and {stderr} are filled in."""
    if fds:
        variables = {"LISTEN_FDS": str(len(fds)), "LISTEN_PID": "{pid}", **variables}
    return [sys.executable, "-c", STARTER, json.dumps([list(fds), variables])]


def socket_activate(*ports, datagram=False):
    """The same with systemd's own program, which starts it when somebody comes."""
    path = shutil.which("systemd-socket-activate")
    if not path:
        raise Skip("there is no systemd-socket-activate")
    argv = [path, "--fdname=chain"] + (["--datagram"] if datagram else [])
    argv += [f"--listen=127.0.0.1:{port}" for port in ports]
    return argv + [f"--setenv={name}" for name in KEPT if name in os.environ]


class Notify:
    """A socket that takes what sd_notify(3) says."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.came = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @property
    def env(self):
        return {"NOTIFY_SOCKET": self.path}

    def _read(self):
        while True:
            data = self.socket.recv(8192)
            if data == b"END":
                return
            with self.came:
                self.messages.append(data.decode())
                self.came.notify_all()

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"END", self.path)
        self.thread.join(10)
        self.socket.close()

    def find(self, pattern, since=0, count=1):
        """The number of the message that is the @count-th to say that, or None."""
        for number, message in enumerate(self.messages[since:], since):
            if re.search(pattern, message, re.M):
                count -= 1
                if count == 0:
                    return number
        return None

    def wait(self, pattern, since=0, count=1, seconds=10):
        deadline = time.monotonic() + seconds * SLOW
        with self.came:
            while True:
                number = self.find(pattern, since, count)
                if number is not None:
                    return number
                left = deadline - time.monotonic()
                assert left > 0, f"{pattern!r} was not notified, but {self.messages}"
                self.came.wait(left)


class Journal:
    """A journal of our own, behind a mount namespace of its own."""

    SETUP = ("mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && "
             "mkdir -p /run/systemd/journal /run/log/journal && exec $0")
    DAEMON = "/lib/systemd/systemd-journald"
    SOCKET = "/run/systemd/journal/socket"

    def __init__(self):
        if os.geteuid() != 0:
            raise Skip("a journal of its own wants root")
        for needed in ("unshare", "nsenter", "journalctl", self.DAEMON):
            if not shutil.which(needed):
                raise Skip(f"there is no {needed}")
        if not os.path.exists("/etc/machine-id"):
            raise Skip("a journal wants an /etc/machine-id")
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", self.SETUP, self.DAEMON],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, 9))
        try:
            wait_for(self._up, "the journal")
        except BaseException:
            self.close()
            raise

    def _up(self):
        if self.process.poll() is not None:
            raise Skip(f"no journal here: {self.process.stdout.read().decode().strip()}")
        there = subprocess.run([*self.inside(), "test", "-S", self.SOCKET], check=False)
        # Before its own mounts that could be the socket of the host.
        with open(f"/proc/{self.process.pid}/comm", encoding="utf-8") as f:
            return there.returncode == 0 and f.read().startswith("systemd-jour")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def inside(self):
        """Before the command line of what shall see this journal."""
        return ["nsenter", "-t", str(self.process.pid), "-m", "--"]

    def entries(self, *matches):
        done = subprocess.run([*self.inside(), "journalctl", "-q", "-o", "json", *matches],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait(self, *matches, count=1):
        """All the entries that match, once there are so many."""
        def enough():
            found = self.entries(*matches)
            return found if len(found) >= count else None
        return wait_for(enough, f"{count} of {matches} in the journal", 20)
