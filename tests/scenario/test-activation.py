#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Under a service manager: sockets that are passed, readiness and status,
reload, stop, watchdog, journal.  All but the manager is real."""

import os
import signal
import socket
import threading
import time

import resp
from harness import (Cluster, SLOW, free_tcp_port, free_udp_port, refused, run, wait_for, within,
                     write_file)
from manager import Journal, Notify, socket_activate, starter

# With which a passed socket that is not the configured one is put right.
MEND_MAIN = "systemctl daemon-reload && systemctl restart chain-main.socket"
MEND_BACKEND = ("systemctl daemon-reload && systemctl stop chain-backend@A "
                "&& systemctl start chain-backend@A")
ID_TRANSFER = "5d1c7e0f4b0a4c0c9a52f1f5a0c3b102"
ID_REFUSAL = "5d1c7e0f4b0a4c0c9a52f1f5a0c3b103"
ID_READY = "5d1c7e0f4b0a4c0c9a52f1f5a0c3b101"
ID_REJECTED = "5d1c7e0f4b0a4c0c9a52f1f5a0c3b10b"
FAR = 3600


def lines_with(daemon, text):
    return [line for line in daemon.lines if text in line]


def listening(kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_INET, kind)
    s.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        s.listen(1000)
    return s


def port_of(s):
    return s.getsockname()[1]


# --- Sockets

def activated(begin, attempts=5):
    """@begin() picks ports that are free; by the time they are used they may not be."""
    for _ in range(attempts):
        daemon, ready = begin()
        wait_for(lambda d=daemon, r=ready: d.find(r) or not d.running(), "systemd-socket-activate")
        if daemon.running():
            return daemon
        daemon.wait_exit()
    raise AssertionError("no ports that stay free")


def activate_main(c, ports):
    c.main.starter = socket_activate(*ports)
    return c.main.spawn(), f"Listening on 127.0.0.1:{ports[-1]} as {2 + len(ports)}"


def activate_backend(b, port):
    b.starter = socket_activate(port, datagram=True)
    return b.launch(), f"Listening on 127.0.0.1:{port} as 3"


def test_tcp_by_systemd():
    """Both addresses; who came first, before there was a daemon, is answered as well."""
    with Cluster() as c:
        for b in c.backends.values():
            b.start()

        def begin():
            c.main.ports = [free_tcp_port(), free_tcp_port()]
            return activate_main(c, c.main.ports)
        daemon = activated(begin)
        assert not daemon.find("chain-main"), "it runs before anybody came"
        first = c.client(port=c.main.ports[1])
        first.send("PING")
        assert first.receive() == "PONG"
        c.main.wait_open()
        assert first.call("BALANCE", "Ali") == 845
        assert c.client(port=c.main.ports[0]).call("TRANSFER", "Ali", "Ben", 1)[0] == 10
        said = daemon.find("listening on tcp (.*)").group(1)
        assert said == " and ".join(f"127.0.0.1:{p}" for p in c.main.ports), said
        assert not lines_with(daemon, "systemctl"), "a warning without a mismatch"
        c.check_alive()


def test_udp_by_systemd():
    """Backends that are started by the datagrams of main."""
    with Cluster() as c:
        for b in c.backends.values():
            def begin(b=b):
                b.port = free_udp_port()
                return activate_backend(b, b.port)
            activated(begin)
        c.main.start()
        for b in c.backends.values():
            port = b.port
            b.wait_ready()
            assert b.port == port
            assert not lines_with(b.daemon, "systemctl"), "a warning without a mismatch"
        assert c.client().call("BALANCE", "Ali") == 845
        c.check_alive()


def test_tcp_mismatch():
    """What is passed counts; a warning names both addresses and the remedy."""
    with Cluster() as c:
        for b in c.backends.values():
            b.start()
        passed = []

        def begin():
            c.main.ports = [free_tcp_port(), free_tcp_port()]
            passed[:] = [c.main.ports[0], free_tcp_port()]
            return activate_main(c, passed)
        daemon = activated(begin)
        configured = c.main.ports[1]
        first = c.client(port=passed[1])
        assert first.call("PING") == "PONG"
        c.main.wait_open()
        assert first.call("BALANCE", "Ali") == 845
        superfluous, lacking = lines_with(daemon, MEND_MAIN)
        assert f"passed a socket at 127.0.0.1:{passed[1]}," in superfluous, superfluous
        assert f"127.0.0.1:{configured}'" in superfluous, superfluous
        assert f"says 'listen = 127.0.0.1:{configured}'" in lacking, lacking
        assert f"only at 127.0.0.1:{passed[0]} and 127.0.0.1:{passed[1]};" in lacking, lacking
        # Nor does it listen where nobody passed a socket.
        with socket.socket() as s:
            assert s.connect_ex(("127.0.0.1", configured)) != 0
        c.check_alive()


def test_udp_mismatch():
    with Cluster() as c:
        a = c["A"]
        passed = []

        def begin():
            a.port = free_udp_port()
            passed[:] = [free_udp_port()]
            return activate_backend(a, passed[0])
        daemon = activated(begin)
        configured = a.port
        c["B"].start()
        c["C"].start()
        a.port = passed[0]
        c.main.start()
        warning, = lines_with(daemon, MEND_BACKEND)
        assert f"127.0.0.1:{passed[0]}" in warning and f"127.0.0.1:{configured}" in warning, warning
        a.wait_ready()
        assert a.port == passed[0]
        c.check_alive()


def test_restart_refuses_no_connection():
    """The sockets outlive the daemon: who comes in between waits, and is served."""
    with Cluster() as c:
        sockets = [c.opened(listening()) for _ in range(2)]
        fds = [s.fileno() for s in sockets]
        c.main.ports = [port_of(s) for s in sockets]
        c.main.starter = starter(fds)
        for b in c.backends.values():
            b.start()
        c.main.launch(fds)
        c.main.wait_open()
        done = threading.Event()
        served = [0]
        errors = []

        def come_and_go():
            while not done.is_set():
                try:
                    with resp.Client(c.main.ports[served[0] % 2], 20 * SLOW) as one:
                        assert one.call("PING") == "PONG"
                        served[0] += 1
                except (EOFError, ConnectionResetError, BrokenPipeError):
                    continue  # It was being served when the daemon ended.
                except Exception as e:  # pylint: disable=broad-except
                    errors.append(e)
                    return

        thread = threading.Thread(target=come_and_go, daemon=True)
        thread.start()
        for _ in range(3):
            before = served[0]
            wait_for(lambda n=before: errors or served[0] > n + 20, "clients")
            c.main.stop()
            between = c.client()
            between.send("PING")
            c.main.launch(fds)
            assert between.receive() == "PONG"
            c.main.wait_open()
        done.set()
        thread.join(30 * SLOW)
        assert not errors, errors
        c.check_alive()


def test_sockets_of_the_wrong_kind():
    """What is no listening socket is refused, not served."""
    with Cluster() as c:
        server = c.opened(listening())
        connected = c.opened(socket.create_connection(server.getsockname()))
        left, right = map(c.opened, socket.socketpair())
        for b in c.backends.values():
            b.reserve()
        for fd in (connected.fileno(), left.fileno(), right.fileno()):
            for part, spawn in ((c.main, c.main.spawn), (c["A"], c["A"].launch)):
                part.starter = starter([fd])
                daemon = spawn([fd])
                assert daemon.wait_exit() == 1
                assert daemon.find("sockets"), daemon.lines


# --- Readiness and status

def notified(c, part, name):
    """A notify socket for a daemon that is to be started."""
    n = c.opened(Notify(c.path(f"notify-{name}")))
    part.env = {**part.env, **n.env}
    return n


def test_ready_is_open_for_business():
    """READY=1 comes when it works, and not before; STATUS says how things are."""
    with Cluster(main={"start_wait": FAR}) as c:
        a = notified(c, c["A"], "A")
        main = notified(c, c.main, "main")
        c["A"].launch()
        a.wait("^READY=1$")
        assert c["A"].daemon.wait_line("ready:")
        c["A"].wait_ready()
        c["B"].start()
        c["C"].reserve()
        c.main.launch()
        client = c.client()
        main.wait("^STATUS=waiting for backend C, 2 of 3 backends up$")
        assert refused(client, "BALANCE", "Ali")[0] == "UNAVAILABLE"
        assert main.find("READY=1") is None, main.messages
        c["C"].start()
        main.wait("^READY=1$")
        assert client.call("BALANCE", "Ali") == 845
        tip = c.books().tip[:8]
        main.wait(f"^STATUS=serial 9, tip {tip}, 12 users, 3 of 3 backends up, 0 transfers/s$")
        a.wait("^STATUS=block A: 3 transactions, last serial 9, epoch 1$")
        client.call("TRANSFER", "Ali", "Ben", 1)
        main.wait("^STATUS=serial 10, ")
        c["C"].stop()
        main.wait("^STATUS=.*2 of 3 backends up")
        assert sum("READY=1" in m for m in main.messages) == 1, main.messages


def test_start_wait():
    """A missing backend holds up no boot: READY=1 all the same, and who is missing."""
    with Cluster(main={"start_wait": 1}) as c:
        main = notified(c, c.main, "main")
        c["A"].start()
        c["C"].start()
        c["B"].reserve()
        begin = time.monotonic()
        c.main.launch()
        ready = main.wait("^READY=1$")
        assert time.monotonic() - begin > 0.9
        # Nor does the manager take it for one that hangs.
        assert main.find("^EXTEND_TIMEOUT_USEC=31000000$") < ready
        said = [m for m in main.messages[:ready] if m.startswith("STATUS=")]
        assert said and said[-1].startswith("STATUS=waiting for backend B"), main.messages
        c.main.daemon.wait_line("not open yet: waiting for backend B")
        c["B"].start()
        main.wait("^STATUS=serial 9, ", since=ready)
        assert c.client().call("BALANCE", "Ali") == 845
        assert sum("READY=1" in m for m in main.messages) == 1, main.messages


def test_stopping():
    with Cluster() as c:
        parts = {"main": c.main, **c.backends}
        sockets = {name: notified(c, part, name) for name, part in parts.items()}
        c.start()
        for name, part in parts.items():
            assert sockets[name].find("STOPPING=1") is None
            part.stop()
            sockets[name].wait("^STOPPING=1$")


def test_watchdog():
    """Fed while the loop turns, if it is meant for this process."""
    with Cluster() as c:
        parts = {"main": c.main, **c.backends}
        sockets = {name: notified(c, part, name) for name, part in parts.items()}
        for name, part in parts.items():
            pid = "1" if name == "C" else "{pid}"
            part.starter = starter(WATCHDOG_USEC="1000000", WATCHDOG_PID=pid)
        c.start()
        for name in ("main", "A", "B"):
            sockets[name].wait("^WATCHDOG=1$", count=3)
        assert sockets["C"].find("WATCHDOG") is None, "that watchdog was another's"
        # A loop that stands still does not feed it.
        c["A"].daemon.freeze()
        count = len(sockets["A"].messages)
        sockets["B"].wait("^WATCHDOG=1$", since=len(sockets["B"].messages), count=2)
        assert len(sockets["A"].messages) == count
        c["A"].daemon.thaw()
        sockets["A"].wait("^WATCHDOG=1$", since=count)


# --- Reload

def reload(daemon, sockets, expected):
    """SIGHUP, and all that the manager is told; @expected is said in the log."""
    sockets.wait("^READY=1$")
    lines, since = len(daemon.lines), len(sockets.messages)
    before = time.monotonic_ns() // 1000
    daemon.signal(signal.SIGHUP)
    reloading = sockets.wait("^RELOADING=1$", since)
    words = dict(line.split("=", 1) for line in sockets.messages[reloading].splitlines())
    assert before <= int(words["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000, words
    sockets.wait("^READY=1$", reloading + 1)
    assert sockets.find("READY=1", since) > reloading
    daemon.wait_line(expected, since=lines)


def check_gives_up(c, client):
    """After a second, of request_timeout: no backend answers."""
    for b in c.backends.values():
        b.daemon.freeze()
    with within(8, "an answer"):
        answer = refused(client, "TRANSFER", "Ali", "Ben", 1, "ID", "x")
    assert answer[0] in ("UNAVAILABLE", "UNKNOWN"), answer
    for b in c.backends.values():
        b.daemon.thaw()
    wait_for(lambda: not isinstance(client.ask("LIST"), resp.Error), "the backends", 20)


def test_reload():
    """A shorter request_timeout holds at once, without a restart."""
    with Cluster(main={"request_timeout": FAR}) as c:
        main = notified(c, c.main, "main")
        c.start()
        pid, client = c.main.daemon.pid, c.client(timeout=40)
        c.main.extra["main"]["request_timeout"] = 1
        c.main.write_config()
        reload(c.main.daemon, main, "configuration reloaded")
        check_gives_up(c, client)
        assert c.main.daemon.pid == pid and client.call("PING") == "PONG"
        c.check_alive()


def test_reload_of_a_mistake():
    """The old settings stay, and the log says so, with the place of the mistake."""
    with Cluster(main={"request_timeout": 1, "max_clients": 50}) as c:
        main = notified(c, c.main, "main")
        a = notified(c, c["A"], "A")
        c.start()
        client = c.client(timeout=40)
        c.main.extra["main"].update(request_timeout=FAR, max_clients="many")
        path = c.main.write_config()
        with open(path, encoding="utf-8") as f:
            line = [n for n, text in enumerate(f, 1) if text.startswith("max_clients")][0]
        reload(c.main.daemon, main, "the old settings stay in force")
        assert c.main.daemon.find(f"{path}:{line}: 'max_clients': expected a plain number")
        check_gives_up(c, client)
        assert c.main.info()["max_clients"] == "50"

        c["A"].extra["datagram_size"] = "large"
        path = c["A"].write_config()
        reload(c["A"].daemon, a, "the settings stay as they were")
        assert c["A"].daemon.find(f"{path}:\\d+: 'datagram_size': expected auto")
        os.unlink(path)
        reload(c["A"].daemon, a, f"{path}: No such file")
        os.unlink(c.main.config)
        reload(c.main.daemon, main, f"{c.main.config}: No such file")
        os.chmod(c.key_file, 0o644)
        del c.main.extra["main"]["max_clients"]
        c.main.write_config()
        reload(c.main.daemon, main, f"{c.key_file}: others than its owner can read")
        c.check_alive()


def test_reload_opens_a_ledger_with_gaps():
    with Cluster(blocks={"A": "1 Ali Ben 5\n", "B": "3 Ben Ali 1\n"}) as c:
        main = notified(c, c.main, "main")
        c.start()
        client = c.client()
        assert refused(client, "TRANSFER", "Ali", "Ben", 1)[0] == "READONLY"
        c.main.extra["ledger"]["accept_gaps"] = "yes"
        c.main.write_config()
        reload(c.main.daemon, main, "configuration reloaded")
        assert client.call("TRANSFER", "Ali", "Ben", 1)[0] == 4


def test_reload_of_another_key():
    """Backends first, then main: it seals with the new one, and nothing is lost."""
    with Cluster(main={"request_timeout": 1}) as c:
        parts = [*c.backends.values(), c.main]
        sockets = [notified(c, part, str(n)) for n, part in enumerate(parts)]
        c.start()
        client = c.client(timeout=40)
        write_file(c.key_file, bytes(range(32, 64)).hex() + "\n", 0o600)
        reload(c["A"].daemon, sockets[0], "configuration reloaded")
        # Of two minds they do not understand each other.
        assert refused(client, "LIST")[0] == "UNAVAILABLE"
        for part, n in list(zip(parts, sockets))[1:]:
            reload(part.daemon, n, "configuration reloaded")
        wait_for(lambda: not isinstance(client.ask("LIST"), resp.Error), "the backends", 30)
        c.check_alive()


def test_reload_of_what_needs_a_restart():
    """It says so, and goes on as before."""
    with Cluster() as c:
        main = notified(c, c.main, "main")
        a = notified(c, c["A"], "A")
        c.start()
        extra = c.main.extra
        extra["main"].update(listen="127.0.0.1:1", source="127.0.0.1:1", state=c.path("other"),
                             datagram_size=1300)
        extra["ledger"].update(initial_balance=5, coin="beans", statement=c.path("s"), copies=2)
        extra["backend A"] = {"address": "127.0.0.1:9"}
        c.main.write_config()
        reload(c.main.daemon, main, "configuration reloaded")
        for key in ("listen", "source", "state", "datagram_size", "initial_balance", "coin",
                    "statement", "copies", "the backends"):
            assert c.main.daemon.find(f"has changed {key}: that needs a restart"), key
        a_settings = c["A"].extra
        a_settings.update(name="Z", listen="127.0.0.1:9", block=c.path("other.txt"))
        c["A"].write_config()
        reload(c["A"].daemon, a, "configuration reloaded")
        for key in ("name", "listen", "block"):
            assert c["A"].daemon.find(f"{key} has changed: that takes effect with a restart"), key
        assert c.client().call("BALANCE", "Ali") == 845
        c.check_alive()


# --- Stop

def check_receipts(c, answers):
    """Those who got one are in the books, in the order of the answers."""
    books = c.books()
    receipts = [a for a in answers if isinstance(a, list)]
    assert [r[0] for r in receipts] == sorted(r[0] for r in receipts)
    for r in receipts:
        assert books.record(r[0]).hash == r[3], r
    return receipts


def read_answers(client):
    answers = []
    try:
        while True:
            answers.append(client.receive())
    except (EOFError, ConnectionResetError):
        return answers


def test_stop_with_transfers_in_flight():
    """Those under way are answered; what was answered is on disk, each once."""
    with Cluster() as c:
        c.start()
        client = c.client()
        answers = []
        orders = [("TRANSFER", *(("Ali", "Ben") if n % 2 else ("Ben", "Ali")), 1, "ID", n)
                  for n in range(20000)]
        data = b"".join(resp.command(*o) for o in orders)

        def write():
            try:
                client.write(data)
            except OSError:
                pass  # It ended with the daemon.
        writer = threading.Thread(target=write, daemon=True)
        reader = threading.Thread(target=lambda: answers.extend(read_answers(client)), daemon=True)
        writer.start()
        reader.start()
        wait_for(lambda: int(c.main.info()["transfers"]) > 100, "transfers")
        with within(5, "a stop"):
            c.main.stop()
        reader.join(20 * SLOW)
        writer.join(20 * SLOW)
        receipts = check_receipts(c, answers)
        assert all(isinstance(a, list) or a.code in ("UNAVAILABLE", "UNKNOWN")
                   for a in answers), answers[-1]
        books = c.books()
        assert [books.record(r[0]).id for r in receipts] == [str(n) for n in range(len(receipts))]
        # What was stored and not answered is answered when it is asked again.
        c.main.start()
        stored = books.ids
        client = c.client()
        for key in (str(n) for n in range(len(receipts), len(receipts) + 50)):
            answer = client.call(*orders[int(key)])
            assert stored.get(key, answer[0]) == answer[0], (key, answer)
        assert c.books().coins() == 12000
        c.check_alive()


def test_stop_while_nothing_answers():
    """Two seconds are given, no more; a second signal ends it at once."""
    with Cluster(main={"request_timeout": FAR}) as c:
        c.start()
        for hurry in (False, True):
            for b in c.backends.values():
                b.daemon.freeze()
            client = c.client()
            client.send("TRANSFER", "Ali", "Ben", 1, "ID", str(hurry))
            wait_for(lambda: int(c.main.info()["pending_answers"]) > 1, "the order to arrive")
            begin = time.monotonic()
            c.main.daemon.signal(signal.SIGTERM)
            c.main.daemon.wait_line("stopping")
            if hurry:
                c.main.daemon.signal(signal.SIGINT)
            assert c.main.daemon.wait_exit() == 0
            took = time.monotonic() - begin
            assert took < (1.5 if hurry else 5) * SLOW, took
            for answer in read_answers(client):
                assert answer.code in ("UNAVAILABLE", "UNKNOWN"), answer
            for b in c.backends.values():
                b.daemon.thaw()
            c.main.start()
            c.client().call("TRANSFER", "Ali", "Ben", 1, "ID", str(hurry))
        assert c.client().call("BALANCE", "Ali") == 843
        c.check_alive()


# --- The journal

def test_plain_lines():
    """On a terminal, or with a journal that standard error is not: lines that begin with a name."""
    with Cluster() as c:
        c["A"].env = {"JOURNAL_STREAM": "1:1"}
        c.main.env = {"JOURNAL_STREAM": "nonsense"}
        c.start()
        assert c.walletctl("transfer", "Ali", "Ben", "45", "--id", "x").status == 0
        c.main.daemon.wait_line('^chain-main: transaction 10: 45 from "Ali" to "Ben"$')
        for d in c.daemons:
            name = d.name.split()[0]
            assert all(line.startswith(f"{name}: ") for line in d.lines), d.lines


def test_transfers_are_summed_up():
    """Many in a second cost a line, not thousands."""
    with Cluster() as c:
        c.start()
        c.client().pipeline([("TRANSFER", "Ali", "Ben", 1), ("TRANSFER", "Ben", "Ali", 1)] * 500)
        c.main.daemon.wait_line(r"transfers, serials \d+ to 1009, in the last second")
        assert len(c.main.daemon.lines) < 50, len(c.main.daemon.lines)


def test_refusals_are_told():
    """With the code and the sentence; many in a second are summed up."""
    with Cluster() as c:
        c.start()
        client = c.client()
        refused(client, "TRANSFER", "Ali", "Nobody", 1)
        c.main.daemon.wait_line('^chain-main: refused, NOUSER: Unable to proceed .* "Nobody" ')
        # One that rests on what is not durable yet.
        answers = client.pipeline([("TRANSFER", "Ali", "Ben", 845), ("TRANSFER", "Ali", "Ben", 1)])
        assert answers[1].code == "INSUFFICIENT"
        c.main.daemon.wait_line('^chain-main: refused, INSUFFICIENT: "Ali" was unable ')
        # No order, and no rule broken: nothing to tell.
        refused(client, "BALANCE", "Nobody")
        refused(client, "TRANSFER", "Ali")
        client.pipeline([("OPEN", "Ali")] * 500)
        said = c.main.daemon.wait_line(r"(\d+) more orders were refused in the last second$")
        told = [line for line in c.main.daemon.lines if ": refused, " in line]
        assert len(told) - 2 + int(said.group(1)) == 500, (len(told), said)


def test_journal_fields():
    """By which journalctl finds what a user had a part in."""
    with Cluster() as c:
        journal = c.opened(Journal())
        sockets = [c.opened(listening()) for _ in range(2)]
        fds = [s.fileno() for s in sockets]
        c.main.ports = [port_of(s) for s in sockets]
        for b in c.backends.values():
            b.reserve()
            b.starter = journal.inside() + starter(JOURNAL_STREAM="{stderr}")
            b.launch()
        c.main.starter = journal.inside() + starter(fds, JOURNAL_STREAM="{stderr}")
        c.main.spawn(fds)
        entry, = journal.wait(f"MESSAGE_ID={ID_READY}", "SYSLOG_IDENTIFIER=chain-main")
        assert entry["CHAIN_SERIAL"] == "9" and "backends A B C" in entry["MESSAGE"], entry
        ready = journal.wait(f"MESSAGE_ID={ID_READY}", "SYSLOG_IDENTIFIER=chain-backend", count=3)
        assert sorted(e["CHAIN_BACKEND"] for e in ready) == ["A", "B", "C"], ready

        c.client().call("TRANSFER", "Ali", "Ben", 45, "ID", "lunch")
        entry, = journal.wait(f"MESSAGE_ID={ID_TRANSFER}")
        home = next(n for n in "ABC" if any(r.serial == 10 for r in c[n].records()))
        want = {"CHAIN_SERIAL": "10", "CHAIN_SENDER": "Ali", "CHAIN_RECEIVER": "Ben",
                "CHAIN_USER": ["Ali", "Ben"], "CHAIN_AMOUNT": "45", "CHAIN_BACKEND": home,
                "CHAIN_ID": "lunch", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "chain-main",
                "MESSAGE": 'transaction 10: 45 from "Ali" to "Ben"'}
        assert {key: entry.get(key) for key in want} == want, entry
        c.client().call("TRANSFER", "Luke", "Ben", 1)
        assert len(journal.wait("CHAIN_USER=Ben", count=2)) == 2
        assert [e["CHAIN_SERIAL"] for e in journal.entries("CHAIN_USER=Luke")] == ["11"]

        refused(c.client(), "TRANSFER", "Luke", "Ben", 9999, "ID", "car")
        entry, = journal.wait(f"MESSAGE_ID={ID_REFUSAL}")
        want = {"CHAIN_SENDER": "Luke", "CHAIN_RECEIVER": "Ben", "CHAIN_AMOUNT": "9999",
                "CHAIN_ID": "car", "CHAIN_RESULT": "INSUFFICIENT"}
        assert {key: entry.get(key) for key in want} == want, entry
        assert sorted(entry["CHAIN_USER"]) == ["Ben", "Luke"], entry

        write_file(c.main.config, "[main\n")
        c.main.daemon.signal(signal.SIGHUP)
        entry = journal.wait(f"MESSAGE_ID={ID_REJECTED}")[0]
        assert f"{c.main.config}:1: expected" in entry["MESSAGE"] and entry["PRIORITY"] == "3"
        for d in c.daemons:
            assert not d.lines, (d.name, d.lines)


if __name__ == "__main__":
    run(globals())
