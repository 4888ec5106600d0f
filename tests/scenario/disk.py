# SPDX-License-Identifier: MIT
"""Small file systems that a test can fill, where nobody else sees them."""

import contextlib
import ctypes
import errno
import os
import shutil
import subprocess
import tempfile

from harness import Skip, libc

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MIB = 2**20


def call(name, *args):
    if getattr(libc, name)(*args) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def as_root_of_ourselves():
    """Who is not root is root in a namespace of its own."""
    uid, gid = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(text)


class Mounts:
    """The mounts of this process and its children; they go when it ends."""

    ours = False

    @classmethod
    def take(cls):
        if cls.ours:
            return
        try:
            if os.geteuid() == 0:
                call("unshare", CLONE_NEWNS)
            else:
                as_root_of_ourselves()
            call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        except OSError as e:
            raise Skip(f"no mounts of our own: {e}") from None
        cls.ours = True


class SmallDisk:
    """A file system of @mib MiB of a kind: tmpfs, or one of mkfs in a loop device."""

    def __init__(self, mib, kind="tmpfs"):
        Mounts.take()
        self.mib = mib
        self.kind = kind
        self.folder = tempfile.mkdtemp(prefix="alichain-disk-")
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root)
        self.filler = self.path("filler")
        try:
            if kind == "tmpfs":
                self._mount_tmpfs()
            else:
                self._mount_image()
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def _mount_tmpfs(self):
        try:
            call("mount", b"tmpfs", self.root.encode(), b"tmpfs", 0, b"size=%dm" % self.mib)
        except OSError as e:
            raise Skip(f"no tmpfs: {e}") from None

    def _mount_image(self):
        image = os.path.join(self.folder, "image")
        with open(image, "wb") as f:
            f.truncate(self.mib * MIB)
        for words in ([f"mkfs.{self.kind}", "-q", "-m", "0", image],
                      ["mount", "-o", "loop", image, self.root]):
            if not shutil.which(words[0]):
                raise Skip(f"there is no {words[0]}")
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                raise Skip(f"{words[0]}: {done.stdout.decode().strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        call("umount2", self.root.encode(), 0)
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.root, name)

    def fill(self, leave=0):
        """Up to the last byte, or but for @leave bytes.  How many were there?"""
        with open(self.filler, "ab", buffering=0) as f:
            before = f.tell()
            for size in (MIB, 4096, 1):
                while self._add(f, bytes(size)):
                    pass
            os.fsync(f.fileno())
            after = max(0, f.tell() - leave)
            f.truncate(after)
            return after - before

    @staticmethod
    def _add(f, data):
        try:
            return f.write(data)
        except OSError as e:
            if e.errno != errno.ENOSPC:
                raise
            return 0

    def free(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.filler)
