# SPDX-License-Identifier: MIT
"""What the scenario tests stand on: real daemons in a directory of their own.

    def test_something():
        with Cluster() as c:
            c.start()
            assert c.client().call("BALANCE", "Ali") == 845

    if __name__ == "__main__":
        run(globals())

A daemon that dies by itself, does not end well on SIGTERM, or has a complaint
of a sanitizer on its standard error fails the test that started it.
"""

import contextlib
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import books
import resp

TOP_SRC = os.environ.get("top_srcdir", "")
TOP_BUILD = os.environ.get("top_builddir", "")
PROGRAMS = {
    "chain-main": "src/main/chain-main",
    "chain-backend": "src/backend/chain-backend",
    "chain-check": "src/check/chain-check",
    "walletctl": "src/walletctl/walletctl",
    "pipeline": "tests/scenario/pipeline",
}
KEY = bytes(range(32))
SAMPLE = {"A": "block1.txt", "B": "block2.txt", "C": "block3.txt"}
SAMPLE_BALANCES = {
    "Ali": 845, "Alice": 1079, "Ben": 915, "Chinmay": 881, "John": 1045,
    "Luke": 1180, "Martin": 975, "Oliver": 1035, "Racheal": 906,
    "Rachit": 1094, "Rishil": 960, "Victor": 1085,
}

EXIT_INTEGRITY = 65
EXIT_FENCED = 69
EXIT_IO = 74
EXIT_CONFIG = 78

SANITIZER = re.compile(
    r"ERROR: (Address|Leak|Memory|Thread)Sanitizer|runtime error:|"
    r"SUMMARY: \w+Sanitizer")
LOG_LINES_SHOWN = 40
# No test takes half as long.
TEST_SECONDS = 60
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """The test cannot be run here; says why."""


def program(name):
    path = os.path.join(TOP_BUILD, PROGRAMS[name])
    if not os.access(path, os.X_OK):
        print(f"{path} is not there: run make, and set top_builddir")
        sys.exit(99)
    return path


def sanitized():
    """Is this a build with sanitizers?  Then all of it is slower."""
    try:
        with open(os.path.join(TOP_BUILD, "Makefile"), encoding="utf-8") as f:
            return re.search(r"^SAN_CFLAGS *= *\S", f.read(), re.M) is not None
    except OSError:
        return False


SLOW = 4 if sanitized() else 1


def wait_for(condition, what, seconds=10):
    """Until @condition() is true, and what it was then; or fail."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.005)


@contextlib.contextmanager
def within(seconds, what):
    """What happens here takes no longer than that."""
    begin = time.monotonic()
    yield
    took = time.monotonic() - begin
    assert took < seconds * SLOW, f"{what}: took {took:.2f} s, expected {seconds}"


def free_port(kind):
    """A port that was free a moment ago, for what is started later."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_udp_port():
    return free_port(socket.SOCK_DGRAM)


def free_tcp_port():
    return free_port(socket.SOCK_STREAM)


def quiet_port(kind):
    """A free port of those that the kernel gives to nobody by itself, for what
    is often away for a moment and wants to come back."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        end = int(f.read().split()[0])
    for _ in range(100):
        port = random.randrange(min(end // 2, 10000), end)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, kind) as s:
            s.bind(("127.0.0.1", port))
            return port
    raise Skip("there are no free ports")


def write_file(path, data, mode=0o644):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(fd, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    return path


def ini(sections):
    """{"main": {"listen": "..."}, ...} as the daemons read it."""
    lines = []
    for name, keys in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {value}" for key, value in keys.items()
                  if value is not None]
    return "\n".join(lines) + "\n"


class Daemon:
    """A child, and what it says on standard error."""

    def __init__(self, name, argv, env=None, pass_fds=()):
        self.name = name
        self.lines = []
        self.said = threading.Condition()
        self.ended = False
        self.expected_end = False
        # With its parent it shall go: a test may be killed for its time.
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, pass_fds=pass_fds,
            env=None if env is None else {**os.environ, **env},
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with self.process.stderr as f:
            for line in f:
                with self.said:
                    self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                    self.said.notify_all()
        with self.said:
            self.ended = True
            self.said.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def find(self, pattern, since=0):
        for line in self.lines[since:]:
            match = re.search(pattern, line)
            if match:
                return match
        return None

    def wait_line(self, pattern, seconds=10, since=0):
        """Until it has said that, in a line after number @since."""
        deadline = time.monotonic() + seconds * SLOW
        with self.said:
            while True:
                match = self.find(pattern, since)
                if match:
                    return match
                left = deadline - time.monotonic()
                assert not self.ended, f"{self.name} ended and never said {pattern!r}"
                assert left > 0, f"{self.name} did not say {pattern!r} in {seconds} s"
                self.said.wait(left)

    def signal(self, signo):
        self.process.send_signal(signo)

    def wait_exit(self, seconds=10):
        """Its exit status; below 0: the signal that killed it."""
        self.expected_end = True
        try:
            status = self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end in {seconds} s") from None
        self.reader.join(5)
        return status

    def stop(self):
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        status = self.wait_exit()
        assert status == 0, f"{self.name} ended with {status} on SIGTERM"

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait_exit()

    def freeze(self):
        self.signal(signal.SIGSTOP)
        wait_for(lambda: process_state(self.pid) == "T", f"{self.name} to stand still")

    def thaw(self):
        self.signal(signal.SIGCONT)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return int(re.search(r"^VmRSS:\s+(\d+) kB", f.read(), re.M).group(1)) * 1024

    def complaint(self):
        """What speaks against it now, or None."""
        if not self.running() and not self.expected_end:
            return f"{self.name} died by itself, status {self.process.returncode}"
        match = self.find(SANITIZER.pattern)
        return f"{self.name}: {match.string}" if match else None


def process_state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        return f.read().rpartition(")")[2].split()[0]


class Backend:
    """One chain-backend: its block, its settings, its life."""

    def __init__(self, cluster, name, block, extra):
        self.cluster = cluster
        self.name = name
        self.block = block
        self.extra = extra
        self.port = 0
        self.daemon = None
        # Who starts it, if not we, and with what in the environment.
        self.starter = []
        self.env = {}

    @property
    def config(self):
        return self.cluster.path(f"backend-{self.name}.conf")

    def settings(self):
        return {"backend": {
            "name": self.name, "listen": f"127.0.0.1:{self.port}",
            "block": self.block, "key_file": self.cluster.key_file, **self.extra}}

    def reserve(self):
        """Have a port without having started."""
        self.port = self.port or free_udp_port()

    def write_config(self):
        return write_file(self.config, ini(self.settings()))

    def launch(self, pass_fds=()):
        self.write_config()
        self.daemon = self.cluster.spawn(
            f"chain-backend {self.name}", *self.starter, program("chain-backend"),
            "--config", self.config, env=self.env, pass_fds=pass_fds)
        return self.daemon

    def wait_ready(self):
        match = self.daemon.wait_line(r"ready: .*listening on udp 127\.0\.0\.1:(\d+)")
        self.port = int(match.group(1))

    def start(self):
        self.launch()
        self.wait_ready()

    def stop(self):
        self.daemon.stop()

    def kill(self):
        self.daemon.kill()

    def records(self):
        return books.read_block(self.block)

    def text(self):
        with open(self.block, "rb") as f:
            return f.read()


class Main:
    """One chain-main."""

    def __init__(self, cluster, number, settings):
        self.cluster = cluster
        self.number = number
        self.extra = settings
        self.ports = [0, 0]
        self.state = cluster.path(f"main{number}")
        # Where it finds a backend, if not at the backend's own port.
        self.detour = {}
        self.daemon = None
        self.starter = []
        self.env = {}

    @property
    def config(self):
        return self.cluster.path(f"main{self.number}.conf")

    @property
    def statement(self):
        return os.path.join(self.state, "alichain.txt")

    @property
    def port(self):
        return self.ports[0]

    @property
    def server(self):
        return f"127.0.0.1:{self.port}"

    def settings(self):
        sections = {
            "main": {
                "listen": ", ".join(f"127.0.0.1:{p}" for p in self.ports),
                "source": "127.0.0.1:0", "state": self.state,
                "key_file": self.cluster.key_file},
            "ledger": {"statement": self.statement},
        }
        for name, b in self.cluster.backends.items():
            port = self.detour.get(name, b.port)
            sections[f"backend {name}"] = {"address": f"127.0.0.1:{port}"}
        for name, keys in self.extra.items():
            sections.setdefault(name, {}).update(keys)
        return sections

    def write_config(self):
        return write_file(self.config, ini(self.settings()))

    def spawn(self, pass_fds=()):
        self.write_config()
        self.daemon = self.cluster.spawn(
            f"chain-main {self.number}", *self.starter, program("chain-main"),
            "--config", self.config, env=self.env, pass_fds=pass_fds)
        return self.daemon

    def launch(self, pass_fds=()):
        """Start it; it listens, but may not be open yet."""
        self.spawn(pass_fds)
        match = self.daemon.wait_line(r"listening on tcp (.*)")
        self.ports = [int(p) for p in re.findall(r"127\.0\.0\.1:(\d+)", match.group(1))]
        return self.daemon

    def start(self):
        self.launch()
        self.wait_open()

    def wait_open(self, seconds=20):
        self.daemon.wait_line(r"chain-main: ready: ", seconds)

    def stop(self):
        self.daemon.stop()

    def kill(self):
        self.daemon.kill()

    def client(self, timeout=20, port=None):
        return self.cluster.opened(resp.Client(port or self.port, timeout * SLOW))

    def info(self):
        with resp.Client(self.port, 20 * SLOW) as c:
            return resp.info(c.call("INFO"))


class Answer:
    """What walletctl left."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def __repr__(self):
        return f"status {self.status}\n{self.out}{self.err}"


class Cluster:
    """Backends, a main daemon, their files, and an end to all of them."""

    def __init__(self, blocks=None, datagram_size=None, main=None, ledger=None,
                 backend=None, key=KEY):
        blocks = sample_blocks() if blocks is None else blocks
        self.directory = tempfile.mkdtemp(prefix="alichain-")
        self.daemons = []
        self.open_things = []
        self.mains = 0
        self.key = key
        self.key_file = None
        if key is not None:
            self.key_file = write_file(self.path("cluster.key"), key.hex() + "\n", 0o600)
        self.main_settings = {"main": {"datagram_size": datagram_size, **(main or {})},
                              "ledger": ledger or {}}
        self.backends = {}
        for name, text in blocks.items():
            path = write_file(self.path(f"block{name}.txt"), text)
            self.backends[name] = Backend(
                self, name, path, {"datagram_size": datagram_size, **(backend or {})})
        self.main = self.another_main()

    def another_main(self):
        self.mains += 1
        return Main(self, self.mains, {k: dict(v) for k, v in self.main_settings.items()})

    def path(self, name):
        return os.path.join(self.directory, name)

    def __getitem__(self, name):
        return self.backends[name]

    def spawn(self, name, *argv, env=None, pass_fds=()):
        daemon = Daemon(name, argv, env, pass_fds)
        self.daemons.append(daemon)
        return daemon

    def opened(self, thing):
        self.open_things.append(thing)
        return thing

    def start(self):
        for b in self.backends.values():
            b.start()
        self.main.start()

    def client(self, timeout=20, port=None):
        return self.main.client(timeout, port)

    def walletctl(self, *args, server=None, timeout=60, env=None):
        """Run it, as a person would."""
        done = subprocess.run(
            [program("walletctl"), "--server", server or self.main.server, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=timeout * SLOW, check=False,
            env={**os.environ, "XDG_STATE_HOME": self.path("wallet"),
                 "LC_ALL": "C.UTF-8", **(env or {})})
        answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert not SANITIZER.search(answer.err), f"walletctl {args}: {answer.err}"
        assert answer.status >= 0, f"walletctl {args} died: {answer}"
        return answer

    def block_paths(self):
        return [b.block for b in self.backends.values()]

    def books(self):
        """All blocks, verified."""
        return books.Books(self.block_paths())

    def texts(self):
        return {name: b.text() for name, b in self.backends.items()}

    def check_alive(self, sender="Ali", receiver="Ben"):
        """All is well: it answers, it sums up, it stores, the books are right."""
        with resp.Client(self.main.port, 20 * SLOW) as c:
            assert c.call("PING") == "PONG"
            before = c.call("BALANCE", sender)
            receipt = c.call("TRANSFER", sender, receiver, 1)
            assert receipt[1] <= before - 1, (receipt, before)
            assert c.call("BALANCE", sender) <= before - 1
        assert self.books().record(receipt[0]).amount == 1
        self.check_daemons()

    def check_daemons(self):
        for d in self.daemons:
            complaint = d.complaint()
            assert not complaint, complaint

    def stop_all(self):
        """In the order of their start; each has to end well."""
        for d in self.daemons:
            if d.running():
                d.stop()
        self.check_daemons()

    def show_logs(self):
        for d in self.daemons:
            print(f"--- {d.name}, process {d.pid}, status {d.process.poll()}")
            if len(d.lines) > LOG_LINES_SHOWN:
                print(f"    ... {len(d.lines) - LOG_LINES_SHOWN} lines")
            for line in d.lines[-LOG_LINES_SHOWN:]:
                print("   ", line[:500])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        failed = kind is not None
        try:
            for thing in self.open_things:
                thing.close()
            if not failed:
                self.stop_all()
        except BaseException:
            failed = True
            raise
        finally:
            self._clean_up(failed and kind is not Skip)

    def _clean_up(self, failed):
        for d in self.daemons:
            if d.running():
                d.signal(signal.SIGCONT)
                d.kill()
            d.reader.join(5)
        if failed:
            self.show_logs()
        shutil.rmtree(self.directory, ignore_errors=True)


def chain_check(*args):
    """Run it; whole or not, it ends by itself and quickly."""
    done = subprocess.run([program("chain-check"), *map(str, args)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60 * SLOW, check=False)
    answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert not SANITIZER.search(answer.err), answer
    return answer


def sample_blocks():
    blocks = {}
    for name, file in SAMPLE.items():
        with open(os.path.join(TOP_SRC, "data", file), encoding="utf-8") as f:
            blocks[name] = f.read()
    return blocks


def refused(client, *words):
    """The code and sentence that the command is refused with."""
    answer = client.ask(*words)
    assert isinstance(answer, resp.Error), f"{words}: not refused but {answer!r}"
    return answer.code, answer.sentence


def in_threads(count, function, seconds=120):
    """Run function(i) in @count threads; the first error is raised."""
    errors = []

    def guarded(i):
        try:
            function(i)
        except BaseException as e:  # pylint: disable=broad-except
            errors.append(e)

    threads = [threading.Thread(target=guarded, args=(i,), daemon=True)
               for i in range(count)]
    for t in threads:
        t.start()
    deadline = time.monotonic() + seconds * SLOW
    for t in threads:
        t.join(max(0, deadline - time.monotonic()))
    if errors:
        raise errors[0]
    assert not any(t.is_alive() for t in threads), f"not done in {seconds} s"


def time_is_up(*_):
    raise TimeoutError("the test takes too long")


def allow(seconds):
    """The test may take so long from now on, instead of TEST_SECONDS in all."""
    signal.alarm(int(seconds * SLOW) + 1)


def run(module):
    """Run the test_ functions of a module, those named in argv or all."""
    if not TOP_SRC or not TOP_BUILD:
        print("top_srcdir and top_builddir are wanted, absolute both")
        sys.exit(99)
    signal.signal(signal.SIGALRM, time_is_up)
    tests = {k: v for k, v in module.items() if k.startswith("test_") and callable(v)}
    wanted = sys.argv[1:] or list(tests)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name in wanted:
        begin = time.monotonic()
        reason = ""
        signal.alarm(TEST_SECONDS * SLOW)
        try:
            tests[name]()
            outcome = "passed"
        except Skip as e:
            outcome, reason = "skipped", f": {e}"
        except Exception:  # pylint: disable=broad-except
            outcome = "failed"
            traceback.print_exc(file=sys.stdout)
        signal.alarm(0)
        counts[outcome] += 1
        print(f"{outcome} {name} ({time.monotonic() - begin:.1f} s){reason}", flush=True)
    print(", ".join(f"{n} {outcome}" for outcome, n in counts.items()))
    if counts["failed"]:
        sys.exit(1)
    sys.exit(77 if counts["skipped"] and not counts["passed"] else 0)
