# SPDX-License-Identifier: MIT
"""What can a process do that it has no business to?  Prints a list of what worked.

Each of these works for the daemons' user where nothing restricts it.
"""

import json
import mmap
import os
import socket
import subprocess


def run(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def write_to(path):
    with open(path, "r+b"):
        pass


def read_from(path):
    with open(path, "rb") as f:
        f.read(1)


def own_file(change):
    """Do something to a file in our own /tmp."""
    path = f"/tmp/probe-{os.getpid()}"
    try:
        with open(path, "wb"):
            pass
        change(path)
    finally:
        os.unlink(path)


PROBES = {
    # Files, though their modes would allow it.
    "write to /usr": lambda: write_to("/usr/local/open"),
    "write to /run": lambda: write_to("/run/open"),
    "write to /dev/shm": lambda: write_to("/dev/shm/outside"),
    "write to a block of another": lambda: write_to("/var/lib/alichain/B/block2.txt"),
    "read in /home": lambda: read_from("/home/anna/diary"),
    "read the /tmp of others": lambda: read_from("/tmp/outside"),
    # The kernel and other processes.
    "see a device": lambda: os.stat("/dev/console"),
    "see process 1": lambda: read_from("/proc/1/status"),
    "ask for the memory of the machine": lambda: read_from("/proc/meminfo"),
    "talk to the kernel": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    # Calls that are for managers and debuggers, or for an intruder.
    "make code of data": lambda: mmap.mmap(-1, 4096, prot=7).close(),
    "make a namespace": lambda: run("unshare", "--user", "true"),
    "change the personality": lambda: run("setarch", "--addr-no-randomize", "true"),
    "make a file setuid": lambda: own_file(lambda path: os.chmod(path, 0o4755)),
    "give a file away": lambda: own_file(lambda path: os.chown(path, os.getuid(), os.getgid())),
    "change the priority": lambda: os.nice(1),
    # The daemons and walletctl may; on which addresses is another matter.
    "inet": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
}


def works(probe):
    try:
        probe()
    except (OSError, subprocess.SubprocessError):
        return False
    return True


if __name__ == "__main__":
    print("probe: " + json.dumps([name for name, probe in PROBES.items() if works(probe)]))
