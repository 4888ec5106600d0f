#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A backend more: by a reload, with transfers going on.  And one fewer, which is
only allowed where nothing is lost by it.
"""

import os
import signal
import threading

from books import Books
from harness import Backend, Cluster, EXIT_CONFIG, run, wait_for, write_file


def add(c, name, text=""):
    """A backend that main has heard nothing of yet."""
    path = write_file(c.path(f"block{name}.txt"), text)
    c.backends[name] = Backend(c, name, path, {})
    c[name].start()


def reload(c):
    c.main.write_config()
    c.main.daemon.signal(signal.SIGHUP)


def busy(c, stop, errors):
    with c.client() as client:
        while not stop.is_set():
            reply = client.call("TRANSFER", "Ali", "Ben", "1")
            if not isinstance(reply, list):
                errors.append(reply)
            reply = client.call("TRANSFER", "Ben", "Ali", "1")
            if not isinstance(reply, list):
                errors.append(reply)


def test_fourth_backend_by_reload():
    with Cluster() as c:
        c.start()
        stop = threading.Event()
        errors = []
        thread = threading.Thread(target=busy, args=(c, stop, errors))
        thread.start()
        try:
            add(c, "D")
            reload(c)
            c.main.daemon.wait_line("Backend D has joined")
            wait_for(lambda: len(c["D"].text().splitlines()) > 5, "records on the new backend", 20)
        finally:
            stop.set()
            thread.join()
        assert not errors, errors[:3]
        assert not c.main.daemon.find("changed the backends")
        # Its records count, now and after a restart.
        with c.client() as client:
            before = client.call("BALANCE", "Ali"), client.call("STATS", "Ali")
        c.main.stop()
        c.main.start()
        with c.client() as client:
            assert (client.call("BALANCE", "Ali"), client.call("STATS", "Ali")) == before
        Books(c.block_paths())


def test_one_that_is_not_empty_waits_for_a_restart():
    with Cluster() as c:
        c.start()
        add(c, "D", "10 Ali Ben 5\n")
        reload(c)
        c.main.daemon.wait_line("Backend D is new and holds 1 transactions: that needs a restart")
        with c.client() as client:
            for _ in range(20):
                assert isinstance(client.call("TRANSFER", "Ali", "Ben", "1"), list)
        assert c["D"].text() == b"10 Ali Ben 5\n", c["D"].text()


def test_section_that_is_gone_stops_the_start():
    with Cluster() as c:
        c.start()
        c.check_alive()
        c.main.stop()
        missing = c.backends.pop("B")
        c.main.spawn()
        status = c.main.daemon.wait_exit()
        assert status == EXIT_CONFIG, status
        assert c.main.daemon.find(r"there is no \[backend B\], but it had \d+ transactions")
        c.backends["B"] = missing
        c.main.start()
        c.check_alive()
        # Who wants another ledger begins with another state.
        c.main.stop()
        os.unlink(os.path.join(c.main.state, "backends"))
        c.main.start()


if __name__ == "__main__":
    run(globals())
