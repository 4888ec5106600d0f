#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main daemon's checkpoint: it makes a start quicker, and changes nothing."""

import os
import re
import shutil

from harness import Cluster, refused, run, wait_for

# As in server.c.
RECORDS = 100000
USERS = ("Ali", "Ben", "Luke", "Rachit")


def path_of(c):
    return os.path.join(c.main.state, "checkpoint")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def answers(c):
    """What clients are told of the ledger, in all the ways."""
    client = c.client()
    told = [client.call("TIP"), client.call("LIST", "COUNT", 10000)]
    for user in USERS:
        told += [client.call("BALANCE", user), client.call("STATS", user),
                 client.call("HISTORY", user)]
    client.call("VERIFY")
    return told


def transfer(c, times, first=0):
    client = c.client()
    for i in range(first, first + times):
        client.call("TRANSFER", USERS[i % 4], USERS[(i + 1) % 4], 1, "ID", f"id-{i}")
    return client.call("TIP")[0]


def restart(c):
    c.main.stop()
    c.main.start()


def used(c):
    """Serial of the checkpoint that it started from, and records past it."""
    match = c.main.daemon.find(
        r"Started from the checkpoint of serial (\d+); (\d+) transactions lie past it\.")
    return tuple(map(int, match.groups())) if match else None


def unused(c):
    """Why it was not used."""
    match = c.main.daemon.find(
        r"The checkpoint is not used, (.*); the whole history is read\.")
    return match.group(1) if match else None


def test_a_start_with_it():
    """The same answers, and the next stop writes the next one."""
    with Cluster() as c:
        c.start()
        assert not os.path.exists(path_of(c))
        assert used(c) is None and unused(c) is None
        serial = transfer(c, 10)
        before = answers(c)
        for _ in range(2):
            restart(c)
            assert used(c) == (serial, 0)
            assert answers(c) == before
        assert transfer(c, 5, 10) == serial + 5
        before = answers(c)
        restart(c)
        assert used(c) == (serial + 5, 0)
        assert answers(c) == before
        c.check_alive()


def test_only_what_lies_past_it_is_read():
    """One is written now and then; who is killed goes on from there."""
    with Cluster(datagram_size=1200) as c:
        c.start()
        client = c.client()
        first = ["TRANSFER", "Ali", "Ben", 1, "ID", "the-first"]
        wanted = [["TRANSFER", USERS[i % 4], USERS[(i + 1) % 4], 1]
                  for i in range(RECORDS)]
        receipt = client.call(*first)
        for i in range(0, len(wanted), 10000):
            client.pipeline(wanted[i:i + 10000])
        saved = int(c.main.daemon.wait_line(
            r"Checkpoint of serial (\d+) written", 20).group(1))
        assert saved >= RECORDS
        serial = transfer(c, 7)
        before = answers(c)
        c.main.kill()

        c.main.start()
        assert used(c) == (saved, serial - saved), (used(c), saved, serial)
        # All records would have come in ten thousand datagrams.
        assert int(c.main.info()["datagrams_received"]) < 1000, c.main.info()
        assert c.client().call(*first) == receipt
        assert answers(c) == before
        # It is good for one start only: another one is written at once.
        c.main.daemon.wait_line(rf"Checkpoint of serial {serial} written", 20)
        c.main.kill()
        c.main.start()
        assert used(c) == (serial, 0)
        assert answers(c) == before


def test_ids_are_remembered():
    """Each is recorded once, whether it stands before the checkpoint or behind."""
    with Cluster() as c:
        c.start()
        client = c.client()
        order = ["TRANSFER", "Ali", "Ben", 3, "ID", "once"]
        receipt = client.call(*order)
        transfer(c, 10)
        restart(c)
        assert used(c)
        client = c.client()
        assert client.call(*order) == receipt
        other = refused(client, "TRANSFER", "Ali", "Ben", 4, "ID", "once")
        assert other[0] == "IDREUSED", other
        assert client.call("TIP")[0] == receipt[0] + 10
        restart(c)
        assert c.client().call(*order) == receipt
        assert c.client().call("TIP")[0] == receipt[0] + 10


def test_without_it():
    """Deleting it costs time, and no coins."""
    with Cluster() as c:
        c.start()
        transfer(c, 10)
        before = answers(c)
        c.main.stop()
        os.unlink(path_of(c))
        c.main.start()
        assert used(c) is None and unused(c) is None
        assert answers(c) == before


def test_a_damaged_one():
    """A byte changed, cut short, of another version, or something else."""
    with Cluster() as c:
        c.start()
        serial = transfer(c, 10)
        before = answers(c)
        for why, damage in [
                ("it is damaged, its seal does not fit",
                 lambda text: text.replace(b"user Ali ", b"user Ali 1", 1)),
                ("it is damaged, its seal does not fit", lambda text: text[:-1]),
                ("it is of another version, or cut short", lambda text: text[:25]),
                ("it is of another version, or cut short",
                 lambda text: text.replace(b"checkpoint 1", b"checkpoint 2", 1)),
                ("it does not begin as one", lambda text: b"\0" * len(text))]:
            c.main.stop()
            text = read(path_of(c))
            assert damage(text) != text
            write(path_of(c), damage(text))
            c.main.start()
            assert unused(c) == why, unused(c)
            # It is not there to be complained of again.
            assert not os.path.exists(path_of(c))
            assert answers(c) == before
        restart(c)
        assert used(c) == (serial, 0)


def test_an_older_one():
    """From a backup of the state directory, while the ledger went on."""
    with Cluster() as c:
        c.start()
        transfer(c, 10)
        c.main.stop()
        old = read(path_of(c))
        c.main.start()
        transfer(c, 10, 10)
        before = answers(c)
        c.main.stop()
        write(path_of(c), old)
        c.main.start()
        assert re.match(r"it was written in epoch \d+, and the last one was \d+",
                        unused(c)), unused(c)
        assert answers(c) == before


def test_older_blocks():
    """Blocks from a backup: what they hold is the ledger, whatever was saved."""
    with Cluster() as c:
        c.start()
        serial = transfer(c, 10)
        before = answers(c)
        c.stop_all()
        for path in c.block_paths():
            shutil.copy(path, path + ".backup")
        checkpoint = read(path_of(c))
        for b in c.backends.values():
            b.start()
        c.main.start()
        transfer(c, 10, 10)
        # Main first, as systemd may have it: it needs nobody for this.
        c.main.stop()
        for b in c.backends.values():
            b.stop()
        assert read(path_of(c)) != checkpoint
        for path in c.block_paths():
            os.rename(path + ".backup", path)
            os.unlink(path + ".promise")
        for b in c.backends.values():
            b.start()
        c.main.start()
        assert used(c) is None and unused(c), c.main.daemon.lines
        assert answers(c) == before
        # The ledger goes on from there, on another way.
        assert transfer(c, 3, 100) == serial + 3
        c.check_alive()


def test_one_older_block():
    """With two copies, what one has lost is copied to it again."""
    with Cluster(blocks={"A": "", "B": "", "C": ""}, ledger={"copies": 2}) as c:
        c.start()
        client = c.client()
        for user in USERS:
            client.call("OPEN", user)
        transfer(c, 10)
        restart(c)
        assert used(c)
        transfer(c, 10, 10)
        before = answers(c)
        c.main.stop()
        c["B"].stop()
        lines = c["B"].text().splitlines(keepends=True)
        write(c["B"].block, b"".join(lines[:-3]))
        os.unlink(c["B"].block + ".promise")
        c["B"].start()
        c.main.start()
        assert re.match(r"backend B holds \d+ transactions up to serial \d+ and held \d+",
                        unused(c)), unused(c)
        assert answers(c) == before
        wait_for(lambda: c.main.info()["refilling"] == "0", "all to be on two again")
        assert sum(len(b.records()) for b in c.backends.values()) == 48
        restart(c)
        assert used(c) == (24, 0)
        assert answers(c) == before


def test_other_settings():
    """Its balances are of this initial balance, its counts of these backends."""
    with Cluster() as c:
        c.start()
        transfer(c, 10)
        c.main.stop()
        c.main.extra.setdefault("ledger", {})["initial_balance"] = 2000
        c.main.start()
        assert unused(c) == "its users began with 1000 coins", unused(c)
        assert c.client().call("BALANCE", "Alice") == 2079


def test_another_order():
    """The same backends, in another order of their sections."""
    with Cluster() as c:
        c.start()
        serial = transfer(c, 10)
        before = answers(c)
        c.main.stop()
        c.backends = dict(reversed(c.backends.items()))
        c.main.start()
        assert used(c) == (serial, 0)
        assert answers(c) == before


def test_all_stop_at_once():
    """Nobody is left to be asked, and it is not needed."""
    with Cluster() as c:
        c.start()
        serial = transfer(c, 10)
        before = answers(c)
        for b in c.backends.values():
            b.stop()
        c.main.stop()
        for b in c.backends.values():
            b.start()
        c.main.start()
        assert used(c) == (serial, 0)
        assert answers(c) == before


if __name__ == "__main__":
    run(globals())
