# SPDX-License-Identifier: MIT
"""What the system tests stand on: a machine of their own, with a real systemd.

    def test_something():
        with Machine() as m:
            m.install()
            m.boot()
            m.run("systemctl", "start", "chain.target")

    if __name__ == "__main__":
        run(globals())

The machine is a container of systemd-nspawn.  Its /usr and /etc are those of the
host below overlays, all else is new; what it writes is in memory, in a mount
namespace that ends with the test.  It has a network of its own, so it uses the
ports that are the stock ones.  Without root, or where such a container cannot
be had, a test is skipped.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", ""), "tests/scenario"))
import harness  # pylint: disable=wrong-import-position
import resp  # pylint: disable=wrong-import-position

Skip = harness.Skip
wait_for = harness.wait_for

# Longer than any of these takes on a busy host.
BOOT_SECONDS = 60
COMMAND_SECONDS = 60
POWEROFF_SECONDS = 20
harness.TEST_SECONDS = 240

MAIN_PORT = 25800
BACKENDS = ("A", "B", "C")
UNITS = ("chain-main.service", *(f"chain-backend@{n}.service" for n in BACKENDS))
SOCKETS = ("chain-main.socket", *(f"chain-backend@{n}.socket" for n in BACKENDS))

# Of the host's /etc: what would make the machine do what the host does.
ETC_HIDDEN = ("machine-id", "fstab", "crypttab", "hostname", "systemd/system", "systemd/network",
              "alichain", "credstore", "tmpfiles.d", "sysusers.d", "cron.d")
# Nobody logs in, and systemctl reaches the manager without a bus.
MASKED = ("dbus.service", "dbus.socket", "systemd-logind.service", "console-getty.service",
          "getty.target", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
          "systemd-user-sessions.service", "systemd-networkd.service",
          "systemd-tmpfiles-clean.timer", "man-db.timer", "apt-daily.timer")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MS_REC = 0x4000
MS_PRIVATE = 1 << 18
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    """A function of libc, or an OSError."""
    if function(*args) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function.__name__}: {os.strerror(error)}")


def mount(source, target, kind, options="", flags=0):
    call(libc.mount, source.encode(), os.fsencode(target), kind.encode(),
         ctypes.c_ulong(flags), options.encode())


# --- What the build knows

def make_variables(*names):
    """Of the build's Makefile, expanded."""
    lines = "".join(f"\t@echo '$({name})'\n" for name in names)
    done = subprocess.run(
        ["make", "-s", "--no-print-directory", "-f", "Makefile", "--eval",
         f"print-these:\n{lines}", "print-these"],
        cwd=harness.TOP_BUILD, env=plain_environment(), check=True, timeout=COMMAND_SECONDS,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    # Before that, it may have told that it made the Makefile anew.
    return dict(zip(names, done.stdout.decode().splitlines()[-len(names):]))


def plain_environment():
    """Without what a make above us has for its own children."""
    return {k: v for k, v in os.environ.items()
            if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}


def distributed():
    """The files of the tarball, below the source directory."""
    done = subprocess.run(
        ["make", "-s", "--no-print-directory", "print-distfiles"], cwd=harness.TOP_BUILD,
        env=plain_environment(), check=True, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE)
    return [os.path.normpath(line) for line in done.stdout.decode().split()]


def directories():
    return make_variables("prefix", "sysconfdir", "systemdsystemunitdir",
                          "systemdsystemgeneratordir", "sysusersdir", "tmpfilesdir", "catalogdir",
                          "sbindir", "bindir", "pkgdatadir")


# --- Whether it can be

def cgroup_directories():
    """Our own cgroups, of those hierarchies that systemd uses."""
    own = {}
    with open("/proc/self/cgroup", encoding="utf-8") as f:
        for line in f:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if controllers in ("", "name=systemd"):
                own[controllers] = path
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        for line in f:
            before, _, after = line.partition(" - ")
            kind, _, options = after.split()[:3]
            root, where = before.split()[3:5]
            name = {"cgroup2": "", "cgroup": "name=systemd"}.get(kind)
            if name not in own or (kind == "cgroup" and name not in options.split(",")):
                continue
            found.append((kind, os.path.join(where, os.path.relpath(own[name], root))))
    return found


def need():
    """Skip says what is missing here."""
    if os.geteuid() != 0:
        raise Skip("not root")
    for name in ("systemd-nspawn", "systemctl", "journalctl", "nsenter", "make"):
        if not shutil.which(name):
            raise Skip(f"there is no {name}")
    if harness.sanitized():
        raise Skip("sanitizers need what the units forbid")
    if not os.path.islink("/bin"):
        raise Skip("/bin is not in /usr")
    if not any(kind == "cgroup2" for kind, _ in cgroup_directories()):
        raise Skip("there is no unified cgroup hierarchy")
    where = directories()
    for name, wanted in (("systemdsystemunitdir", ("/lib/systemd", "/usr/lib/systemd",
                                                   "/usr/local/lib/systemd", "/etc/systemd")),
                         ("prefix", ("/usr",)), ("sysconfdir", ("/etc", "/usr"))):
        if not any((where[name] + "/").startswith(w + "/") for w in wanted):
            raise Skip(f"{name} is {where[name]}, where no machine looks")


def sweep(where, prefix):
    """Remove the empty directories of tests that were killed, so that they could not."""
    for name in os.listdir(where):
        match = re.match(rf"{prefix}(\d+)-", name)
        if match and not os.path.exists(f"/proc/{match.group(1)}"):
            for path, _, _ in os.walk(os.path.join(where, name), topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)


# --- The machine

class Answer:
    """What a command left."""

    def __init__(self, argv, status, out, err):
        self.argv = argv
        self.status = status
        self.out = out
        self.err = err

    def __repr__(self):
        return f"{' '.join(self.argv)}: status {self.status}\n{self.out}{self.err}"


class Machine:
    """A tree, its systemd, and an end to both."""

    count = 0
    separated = False

    def __init__(self):
        need()
        Machine.count += 1
        self.name = f"alichain-{os.getpid()}-{Machine.count}"
        self.directory = None
        self.nspawn = None
        self.leader = None
        self.cgroups = []

    # --- The tree

    @property
    def root(self):
        return os.path.join(self.directory, "root")

    def path(self, inside):
        return self.root + inside

    def __enter__(self):
        if not Machine.separated:
            try:
                call(libc.unshare, CLONE_NEWNS)
                mount("none", "/", "none", flags=MS_REC | MS_PRIVATE)
            except OSError as e:
                raise Skip(f"no mount namespace of our own: {e}") from e
            Machine.separated = True
        sweep(tempfile.gettempdir(), "alichain-system-")
        self.directory = tempfile.mkdtemp(prefix=f"alichain-system-{os.getpid()}-")
        try:
            self.make_tree()
        except BaseException:
            self.remove_tree()
            raise
        return self

    def overlay(self, path):
        """The host's directory, that can be written to."""
        place = os.path.join(self.directory, path.strip("/").replace("/", "-"))
        for part in (place, place + "-work"):
            os.mkdir(part)
        os.makedirs(self.path(path), exist_ok=True)
        shutil.copystat(path, place)
        try:
            mount("overlay", self.path(path), "overlay",
                  f"lowerdir={path},upperdir={place},workdir={place}-work")
        except OSError as e:
            raise Skip(f"no overlay of {path}: {e}") from e

    def make_tree(self):
        mount("tmpfs", self.directory, "tmpfs", "mode=755")
        os.mkdir(self.root)
        for name in ("var", "run", "proc", "sys", "dev", "root", "tmp", "srv", "mnt"):
            os.mkdir(self.path(f"/{name}"))
        os.chmod(self.path("/tmp"), 0o1777)
        for name in os.listdir("/"):
            if os.path.islink(f"/{name}") and name.startswith(("bin", "sbin", "lib")):
                os.symlink(os.readlink(f"/{name}"), self.path(f"/{name}"))
        self.overlay("/usr")
        self.overlay("/etc")
        for name in ETC_HIDDEN:
            hidden = self.path(f"/etc/{name}")
            if os.path.isdir(hidden) and not os.path.islink(hidden):
                shutil.rmtree(hidden)
            elif os.path.lexists(hidden):
                os.unlink(hidden)
        os.makedirs(self.path("/etc/systemd/system"))
        for unit in MASKED:
            os.symlink("/dev/null", self.path(f"/etc/systemd/system/{unit}"))
        # Known from the start: this is no first boot, which would enable all presets.
        self.write("/etc/machine-id", uuid.uuid4().hex + "\n")
        self.write("/etc/hostname", "machine\n")
        # The journal of one boot is there in the next.
        os.makedirs(self.path("/var/log/journal"))

    def remove_tree(self):
        libc.umount2(os.fsencode(self.directory), MNT_DETACH)
        with contextlib.suppress(OSError):
            os.rmdir(self.directory)

    def changed(self, path):
        """The files below an overlay that are not the host's, or not as they were there."""
        place = os.path.join(self.directory, path.strip("/").replace("/", "-"))
        found = set()
        for where, _, names in os.walk(place):
            for name in names:
                full = os.path.join(where, name)
                if os.path.islink(full) or os.path.isfile(full):
                    found.add(os.path.join(path, os.path.relpath(full, place)))
        return found

    def write(self, inside, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        return harness.write_file(self.path(inside), text, mode)

    def read(self, inside):
        with open(self.path(inside), encoding="utf-8") as f:
            return f.read()

    def edit(self, inside, pattern, replacement):
        """Replace in a file, which must have it."""
        text, count = re.subn(pattern, replacement, self.read(inside), flags=re.M)
        assert count, f"{inside} has no {pattern!r}"
        self.write(inside, text)

    def drop_in(self, unit, text, name="50-test.conf"):
        self.write(f"/etc/systemd/system/{unit}.d/{name}", text)

    def make(self, *args):
        """make in the build directory, for this tree."""
        done = subprocess.run(
            ["make", "-s", *args, f"DESTDIR={self.root}"], cwd=harness.TOP_BUILD,
            env=plain_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=COMMAND_SECONDS * 2, check=False)
        assert done.returncode == 0, done.stdout.decode()

    def install(self):
        self.make("install")

    def copy_source(self, inside):
        """What the tarball would have: to build in the machine itself."""
        for name in distributed():
            target = os.path.join(self.path(inside), name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(harness.TOP_SRC, name), target)

    # --- Its life

    def join_cgroups(self):
        for directory in self.cgroups:
            with open(os.path.join(directory, "cgroup.procs"), "w", encoding="ascii") as f:
                f.write(str(os.getpid()))

    def before_exec(self):
        # An orderly shutdown is what nspawn makes of it.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        self.join_cgroups()

    def start_nspawn(self):
        self.cgroups = [os.path.join(d, self.name) for _, d in cgroup_directories()]
        for directory in self.cgroups:
            sweep(os.path.dirname(directory), "alichain-")
        try:
            for directory in self.cgroups:
                os.mkdir(directory)
        except OSError as e:
            raise Skip(f"no cgroup of our own: {e}") from e
        with open(os.path.join(self.directory, "console"), "ab") as console:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-D", self.root,
                 f"--machine={self.name}", "--private-network", "--link-journal=no",
                 "--resolv-conf=off", "--timezone=off",
                 # For IPAddressDeny=.
                 "--capability=CAP_BPF", "--system-call-filter=bpf",
                 "-b", "systemd.unit=multi-user.target", "systemd.log_target=journal"],
                env={"PATH": PATH, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                preexec_fn=self.before_exec)

    def find_leader(self):
        """The process that is the machine's number 1."""
        try:
            with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children",
                      encoding="ascii") as f:
                for pid in f.read().split():
                    with open(f"/proc/{pid}/status", encoding="ascii") as status:
                        if re.search(r"^NSpid:.*\t1$", status.read(), re.M):
                            return int(pid)
        except OSError:
            pass
        assert self.nspawn.poll() is None, "nspawn has ended"
        return None

    def boot(self):
        """Until all that is enabled has been started."""
        self.start_nspawn()
        try:
            self.leader = wait_for(self.find_leader, "a process 1", BOOT_SECONDS)
            wait_for(lambda: os.path.exists(self.inside("/run/systemd/private")), "a manager",
                     BOOT_SECONDS)
        except AssertionError as e:
            raise Skip(f"systemd-nspawn does not boot here: {e}\n{self.console()}") from e
        state = self.run("systemctl", "is-system-running", "--wait", status=None,
                         timeout=BOOT_SECONDS).out.strip()
        assert state in ("running", "degraded"), f"{state}\n{self.console()}"
        self.run("journalctl", "--update-catalog")

    def inside(self, path):
        """A path as the running machine sees it, also below /run."""
        return f"/proc/{self.leader}/root{path}"

    def console(self):
        with open(os.path.join(self.directory, "console"), encoding="utf-8",
                  errors="replace") as f:
            return "\n".join(f.read().splitlines()[-20:])

    def poweroff(self):
        if self.leader:
            self.run("systemctl", "poweroff", status=None)
            self.nspawn.wait(POWEROFF_SECONDS)
        self.leader = None
        self.end_nspawn()

    def end_nspawn(self):
        """Whatever state it is in."""
        for directory in self.cgroups:
            with contextlib.suppress(OSError):
                with open(os.path.join(directory, "cgroup.kill"), "w", encoding="ascii") as f:
                    f.write("1")
        if self.nspawn:
            self.nspawn.kill()
            self.nspawn.wait()
        self.nspawn = self.leader = None
        for directory in self.cgroups:
            self.remove_cgroup(directory)
        self.cgroups = []

    @staticmethod
    def remove_cgroup(directory):
        """With those below; processes that were killed may take a moment to go."""
        deadline = time.monotonic() + 5
        while os.path.isdir(directory):
            for path, _, _ in os.walk(directory, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
            if time.monotonic() > deadline:
                print(f"left behind: {directory}")
                return
            time.sleep(0.01)

    def __exit__(self, kind, value, trace):
        try:
            if kind is not None and kind is not Skip and self.leader:
                self.show()
            self.poweroff()
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.end_nspawn()
            self.remove_tree()

    def show(self):
        """What somebody who looks for a fault wants to see."""
        for argv in (("systemctl", "--no-pager", "list-units", "chain*", "--all"),
                     ("journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic")):
            answer = self.run(*argv, status=None)
            print(f"--- {' '.join(argv)}\n{answer.out}{answer.err}", flush=True)

    # --- Commands

    def run(self, *argv, status=0, timeout=COMMAND_SECONDS, env=None, directory="/", text=""):
        """As root in the machine; @status is what it must end with, None: anything."""
        assert self.leader, "the machine does not run"
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p",
             f"--wd={self.inside(directory)}", "--", *argv],
            input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            timeout=timeout * harness.SLOW,
            env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **(env or {})})
        answer = Answer(argv, done.returncode, done.stdout.decode("utf-8", "replace"),
                        done.stderr.decode("utf-8", "replace"))
        assert status in (None, answer.status), answer
        return answer

    def systemctl(self, *args, **options):
        return self.run("systemctl", *args, **options)

    def walletctl(self, *args, **options):
        return self.run("walletctl", *args, **options)

    def show_property(self, unit, name):
        return self.systemctl("show", "--value", "-p", name, unit).out.strip()

    def state(self, unit):
        """active, inactive, failed, activating ..."""
        return self.show_property(unit, "ActiveState")

    def wait_state(self, unit, wanted, seconds=20):
        wait_for(lambda: self.state(unit) == wanted, f"{unit} to be {wanted}", seconds)

    def wait_answer(self, seconds=20):
        """Until the ledger is open."""
        wait_for(lambda: self.walletctl("status", status=None).status == 0, "an open ledger",
                 seconds)

    def journal(self, *matches):
        """The entries that match, oldest first."""
        out = self.run("journalctl", "--no-pager", "-o", "json", "--all", *matches).out
        return [json.loads(line) for line in out.splitlines()]

    def wait_journal(self, *matches, pattern="", seconds=20):
        """The first entry whose message has the pattern."""
        def look():
            for entry in self.journal(*matches):
                if re.search(pattern, str(entry.get("MESSAGE", ""))):
                    return entry
            return None
        return wait_for(look, f"{pattern!r} in the journal ({' '.join(matches)})", seconds)

    # --- Its network

    @contextlib.contextmanager
    def network(self):
        """What is opened here, by this thread, is opened in the machine's network."""
        with open("/proc/thread-self/ns/net", "rb") as here, \
                open(f"/proc/{self.leader}/ns/net", "rb") as there:
            call(libc.setns, there.fileno(), CLONE_NEWNET)
            try:
                yield
            finally:
                call(libc.setns, here.fileno(), CLONE_NEWNET)

    def client(self, port=MAIN_PORT, timeout=20):
        with self.network():
            return resp.Client(port, timeout * harness.SLOW)


def booted(module_setup=None):
    """A context: a machine that was installed to, then booted."""
    @contextlib.contextmanager
    def context():
        with Machine() as m:
            m.install()
            if module_setup:
                module_setup(m)
            m.boot()
            yield m
    return context()


def run(module):
    # Told to end, we leave nothing behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    harness.run(module)
