#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Watching: what status, its check, INFO and the metrics say is what happened."""

import json
import re
import shutil
import subprocess
import time

import datagram as dg
import resp
from harness import Cluster, EXIT_FENCED, KEY, SLOW, run, wait_for
from relay import Relay, udp_socket

SAMPLE_LINE = re.compile(
    r'(?P<name>[a-z_:][a-z0-9_:]*)'
    r'(?:\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})?'
    r' (?P<value>-?[0-9]+(?:\.[0-9]+)?|[+-]Inf|NaN)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"')
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def parse(text):
    """{(name, labels as pairs): value}; strict: what is against the format is an error."""
    assert text.endswith("\n"), "the last line has no end"
    samples, types, helped, family = {}, {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert name not in helped and words, line
            helped.add(name)
            family = None
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name in helped and name not in types and kind in SUFFIXES, line
            assert (kind == "counter") == name.endswith("_total"), line
            types[name] = kind
            family = name
        else:
            m = SAMPLE_LINE.fullmatch(line)
            assert m and family, line
            kind = types[family]
            assert m["name"] in [family + s for s in SUFFIXES[kind]], line
            labels = LABEL.findall(m["labels"] or "")
            assert len(dict(labels)) == len(labels), line
            assert ("le" in dict(labels)) == m["name"].endswith("_bucket"), line
            key = (m["name"], tuple(sorted(labels)))
            assert key not in samples, line
            samples[key] = float(m["value"])
    check_histograms(samples, types)
    return samples


def check_histograms(samples, types):
    """Buckets rise up to +Inf, which holds all that were counted."""
    for name in (n for n, kind in types.items() if kind == "histogram"):
        rows = {}
        for (sample, labels), value in samples.items():
            if sample == name + "_bucket":
                rest = tuple(pair for pair in labels if pair[0] != "le")
                bound = dict(labels)["le"]
                assert re.fullmatch(r"\+Inf|[0-9]+(\.[0-9]+)?", bound), bound
                rows.setdefault(rest, []).append((float(bound), value))
        assert rows, name
        for rest, row in rows.items():
            assert row == sorted(row) and [v for _, v in row] == sorted(v for _, v in row), row
            assert row[-1][0] == float("inf"), row
            assert samples[name + "_count", rest] == row[-1][1], row
            assert samples[name + "_sum", rest] >= 0


def metrics(c, *args):
    """What walletctl writes, by name; sums over all labels but those given."""
    a = c.walletctl("metrics", *args)
    assert a.status == 0, a
    samples = parse(a.out)

    def get(name, **labels):
        found = [value for (sample, pairs), value in samples.items()
                 if sample == "alichain_" + name and labels.items() <= dict(pairs).items()]
        assert found, (name, labels)
        return sum(found)
    return get


def check(c):
    a = c.walletctl("--timeout", "2", "status", "--check")
    assert a.err == "" and a.out.count("\n") == 1, a
    m = re.fullmatch(r"ALICHAIN (OK|WARNING|CRITICAL|UNKNOWN) - ([^|]*)(\|.*)?\n", a.out)
    assert m, a
    assert ("OK", "WARNING", "CRITICAL", "UNKNOWN").index(m[1]) == a.status, a
    for figure in (m[3] or "|")[1:].split():
        assert re.fullmatch(r"[a-z_]+=[0-9.]+(s|c|%|B)?(;[0-9.:]*){0,4}", figure), figure
    return a.status, m[2]


def backend_of(c, name):
    status = json.loads(c.walletctl("status", "--json").out)
    return next(b for b in status["backends"] if b["name"] == name)


# One of each that a single client can bring about.
REFUSALS = [
    ("NOUSER", ("BALANCE", "Nobody")),
    ("INSUFFICIENT", ("TRANSFER", "Ali", "Ben", 10**6)),
    ("SELF", ("TRANSFER", "Ali", "Ali", 1)),
    ("AMOUNT", ("TRANSFER", "Ali", "Ben", -1)),
    ("NAME", ("OPEN", "a b")),
    ("EXISTS", ("OPEN", "Ali")),
    ("IDREUSED", ("TRANSFER", "Ali", "Ben", 2, "ID", "one")),
    ("LIMIT", ("LIST", "COUNT", 10**9)),
    ("NOTFOUND", ("SHOW", 10**6)),
    ("ERR", ("NONSENSE",)),
    ("SYNTAX", ("BALANCE",)),
    ("NOPROTO", ("HELLO", 3)),
]


def test_each_refusal_is_counted():
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("TRANSFER", "Ali", "Ben", 1, "ID", "one")
        before = c.main.info()
        for times, (code, words) in enumerate(REFUSALS, 1):
            for _ in range(times):
                answer = client.ask(*words)
                assert getattr(answer, "code", None) == code, (words, answer)
        told = metrics(c)
        after = c.main.info()
        for times, (code, _) in enumerate(REFUSALS, 1):
            assert told("refusals_total", code=code) == times, code
            assert before[f"errorstat_{code}"] == "count=0"
            assert after[f"errorstat_{code}"] == f"count={times}"
        assert told("refusals_total") == sum(range(1, len(REFUSALS) + 1))
        assert told("transfers_total") == 1


def test_histograms_count_batches():
    with Cluster(ledger={"copies": 2}) as c:
        c.start()
        client = c.client()
        for _ in range(30):
            client.call("TRANSFER", "Ali", "Ben", 1)
        client.pipeline([("TRANSFER", "Ali", "Ben", 1)] * 40)
        told = metrics(c)
        batches = told("batches_total")
        assert 30 < batches <= 70
        assert told("transfers_total") == 70
        assert told("commit_seconds_count") == batches
        # Each on two disks; the old records get their copies besides.
        assert told("sync_seconds_count") >= 2 * batches
        assert told("commit_seconds_sum") > 0 and told("sync_seconds_sum") > 0
        assert 0 < told("latency_seconds") <= told("latency_max_seconds")
        assert told("resident_memory_bytes") > 2**20
        assert told("serial") == 79 and told("users") == 12 and told("coins") == 12000
        assert told("state", state="open") == 1 and told("state") == 1
        assert told("backend_up") == 3 == told("backend_state", state="up")
        info = resp.info(client.pipeline([("BALANCE", "Ali"), ("INFO",)])[1])
        assert info["transfers_last_minute"] == "70"
        assert 0 < int(info["lease_usec"]) <= 400000, info["lease_usec"]


def test_a_stopped_backend():
    """It lags, then it is down, with a sentence; back, nobody need be told."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("TRANSFER", "Ali", "Ben", 1)
        assert check(c) == (0, "serial 10, 12 users, 3 of 3 backends up ")
        assert backend_of(c, "B")["last_error"] is None
        c["B"].daemon.freeze()
        # A list asks all of them.
        client.send("LIST")
        wait_for(lambda: backend_of(c, "B")["owing_usec"] > 100000, "lag")
        wait_for(lambda: backend_of(c, "B")["state"] == "down", "B is down", 20)
        b = backend_of(c, "B")
        assert b["last_error"] == "Backend B does not answer.", b
        assert b["last_error_time"] and b["heard_usec"] > 1000000, b
        status, said = check(c)
        assert status == 1 and said.startswith("backend B is down"), said
        a = c.walletctl("status")
        assert a.status == 0 and re.search(
            r"^B +down .*Backend B does not answer\.$", a.out, re.M), a
        told = metrics(c)
        assert told("backend_up", backend="B") == 0
        assert told("backend_state", backend="B", state="down") == 1
        assert told("backend_owing_seconds", backend="B") > 1
        assert told("retransmissions_total", backend="B") > \
            told("retransmissions_total", backend="A")
        c["B"].daemon.thaw()
        wait_for(lambda: backend_of(c, "B")["state"] == "up", "B is back")
        assert backend_of(c, "B")["owing_usec"] == 0
        # For a minute it is told that somebody had to wait, if somebody had.
        assert check(c)[0] in (0, 1)


def idle():
    """Nobody asks anything for a while: leases are over, and nothing is heard of backends."""
    time.sleep(3)


def test_an_idle_ledger_is_seen_as_it_is():
    """Nobody has noticed yet that a backend has ended: whoever looks does."""
    for look in ("text", "json", "check", "metrics"):
        with Cluster() as c:
            c.start()
            assert check(c)[0] == 0
            c["B"].kill()
            idle()
            if look == "text":
                a = c.walletctl("status")
                assert re.search(r"^B +down .*Backend B does not answer\.$", a.out, re.M), a
            elif look == "json":
                assert backend_of(c, "B")["state"] == "down"
            elif look == "check":
                status, said = check(c)
                assert status == 1 and said.startswith("backend B is down"), said
            else:
                told = metrics(c)
                assert told("backend_up", backend="B") == 0 and told("backend_up") == 2
            info = c.main.info()
            assert info["backends_up"] == "2", info


def test_an_idle_ledger_with_a_frozen_backend():
    """It gives no sign, so it takes longer; with little time its silence is told."""
    with Cluster() as c:
        c.start()
        c["B"].daemon.freeze()
        idle()
        # Half of the second is too short for it to be down.
        a = c.walletctl("--timeout", "1", "status")
        m = re.search(r"^B +up +\d+ +\d+ +[0-9.]+ [mu]s +([0-9.]+) s", a.out, re.M)
        assert a.status == 0 and m and float(m[1]) >= 3, a
        a = c.walletctl("--timeout", "1", "status", "--check")
        assert a.status == 1 and re.search(
            r"backend B (has been silent for [0-9]+ s|is slow|is down);", a.out), a
        assert backend_of(c, "B")["state"] == "down"
        c["B"].daemon.thaw()
        wait_for(lambda: check(c)[0] == 0, "B is back")

        c["C"].daemon.freeze()
        idle()
        status, said = check(c)
        assert status == 1 and re.match(
            r"backend C (has been silent for [0-9]+ s|is down);", said), said
        told = metrics(c)
        assert told("backend_up", backend="C") == 0
        c["C"].daemon.thaw()


def test_looking_costs_an_idle_ledger_one_ping():
    """It is what makes it true, and no more than that."""
    with Cluster() as c:
        c.start()
        client = c.client()

        def sent():
            return int(resp.info(client.call("INFO", "traffic"))["datagrams_sent"])
        idle()
        before = sent()
        for section in ("server", "ledger", "nonsense"):
            client.call("INFO", section)
        assert sent() == before
        client.call("INFO", "BACKENDS")
        wait_for(lambda: sent() >= before + 3, "a ping for each")
        idle()
        before = sent()
        for _ in range(50):
            client.call("INFO")
        # A slow machine may have one sent again.
        assert 3 <= sent() - before < 50


def test_a_main_daemon_that_was_replaced_learns_it_when_asked():
    """Idle, it would have heard of it within the minute."""
    with Cluster() as c:
        c.start()
        idle()
        other = c.another_main()
        other.launch()
        other.wait_open(20)
        a = c.walletctl("status", "--check")
        assert a.status == 2 and c.main.daemon.wait_exit() == EXIT_FENCED, a


def test_all_backends_stopped():
    with Cluster() as c:
        c.start()
        for b in c.backends.values():
            b.daemon.freeze()
        c.client().send("LIST")
        wait_for(lambda: check(c)[0] == 2, "critical", 20)
        assert "too few backends take transfers" in check(c)[1]
        for b in c.backends.values():
            b.daemon.thaw()
        wait_for(lambda: check(c)[0] < 2, "all is well again", 20)


def test_not_open_and_not_there():
    with Cluster() as c:
        c["A"].start()
        c["B"].start()
        c["C"].reserve()
        c.main.launch()
        wait_for(lambda: "waiting for backend C" in check(c)[1], "the reason")
        assert check(c)[0] == 2
        assert metrics(c)("state", state="waiting") == 1
        c.main.kill()
        status, said = check(c)
        assert status == 2 and "no connection" in said, said
        a = c.walletctl("--timeout", "1", "metrics")
        assert a.status == 3 and parse(a.out) == {("alichain_up", ()): 0}, a


def test_a_lossy_network():
    with Cluster() as c:
        b = c["A"]
        b.start()
        relay = c.opened(Relay(b.port, 7, loss=0.2, double=0.2))
        c.main.detour["A"] = relay.port
        c["B"].start()
        c["C"].start()
        c.main.launch()
        c.main.wait_open(60)
        client = c.client(timeout=60)
        for _ in range(100):
            client.ask("TRANSFER", "Ali", "Ben", 1)
        relay.heal()
        told = metrics(c)
        # A slow machine may have others asked again, too; not so often.
        for name, more in (("retransmissions_total", {}),
                           ("datagrams_dropped_total", {"reason": "stray"})):
            assert told(name, backend="A", **more) > told(name, backend="B", **more), name
        assert told("commit_seconds_count") == told("batches_total")
        # Each batch that A acknowledged was synced once, however often it was said.
        syncs = sum(told("sync_seconds_count", backend=name) for name in "ABC")
        assert syncs >= told("batches_total") > 50


def test_dropped_datagrams():
    """Forgeries at a backend come to light in the metrics of the main daemon."""
    with Cluster() as c:
        c.start()
        with udp_socket() as s:
            for _ in range(5):
                s.sendto(b"nonsense", ("127.0.0.1", c["A"].port))
            good = dg.encode(dg.PING, dg.ping(), KEY, "A", 0, 1)
            s.sendto(good[:-1] + bytes([good[-1] ^ 1]), ("127.0.0.1", c["A"].port))
        client = c.client()

        def told():
            # Whoever asks for a lease hears of it.
            client.call("BALANCE", "Ali")
            return metrics(c)("backend_datagrams_dropped_total", backend="A") == 6
        wait_for(told, "six forgeries", 20)
        assert metrics(c)("backend_datagrams_dropped_total") == 6
        # … and whoever looks, for nobody else does.
        idle()
        with udp_socket() as s:
            s.sendto(b"nonsense", ("127.0.0.1", c["B"].port))
        idle()
        assert metrics(c)("backend_datagrams_dropped_total", backend="B") == 1


def test_metrics_by_other_parsers():
    """Ours is as strict as we understood it; theirs are the ones that count."""
    with Cluster() as c:
        c.start()
        c.client().call("TRANSFER", "Ali", "Ben", 1)
        path = c.path("alichain.prom")
        a = c.walletctl("metrics", "--output", path)
        assert (a.status, a.out) == (0, ""), a
        with open(path, encoding="utf-8") as f:
            text = f.read()
        assert len(parse(text)) > 100
        try:
            from prometheus_client.parser import text_string_to_metric_families as families
        except ImportError:
            print("without python3-prometheus-client: its parser was not asked")
        else:
            found = {f.name: f for f in families(text)}
            assert found["alichain_transfers"].type == "counter"
            assert found["alichain_transfers"].samples[0].value == 1
            assert found["alichain_sync_seconds"].type == "histogram"
            assert sum(len(f.samples) for f in found.values()) == len(parse(text))
        promtool = shutil.which("promtool")
        if promtool:
            subprocess.run([promtool, "check", "metrics"], input=text.encode(), check=True,
                           timeout=20 * SLOW)


def test_redis_tools():
    """redis-cli --stat shows figures, not holes; --raw INFO is what we say."""
    cli = shutil.which("redis-cli")
    if not cli:
        print("without redis-cli, which is in package redis-tools")
        return
    with Cluster() as c:
        c.start()
        c.client().call("TRANSFER", "Ali", "Ben", 1)
        stat = subprocess.Popen([cli, "-p", str(c.main.port), "-i", "0.1", "--stat"],
                                stdout=subprocess.PIPE, env={"LC_ALL": "C"},
                                stdin=subprocess.DEVNULL)
        try:
            # It fills its buffer before it writes, which takes some fifty lines.
            lines = [stat.stdout.readline().decode().split() for _ in range(12)]
        finally:
            stat.kill()
            stat.communicate()
        rows = [r for r in lines if r and r[0].isdigit()]
        assert len(rows) >= 8, lines
        for keys, memory, clients, blocked, requests, _, connections in rows:
            assert keys == "12" and memory[-1] in "KM" and float(memory[:-1]) > 0, rows
            assert clients == "2" and blocked == "0", rows
            assert int(requests) >= 2 and int(connections) >= 2, rows
        said = c.main.info()
        assert said["role"] == "master" and said["redis_mode"] == "standalone"


if __name__ == "__main__":
    run(globals())
