# SPDX-License-Identifier: MIT
"""Transcripts: lines that begin with "$ " or "# " are typed, and so are those behind
them that begin with "> "; what follows is the answer."""

import contextlib
import difflib
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import time

# What differs from one run to the next.
VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "<local time>"),
    # Nobody sees these.
    (re.compile(r" +$", re.M), ""),
)
# What differs too, but where the same one stands twice it has to be the same again.
NUMBERED = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "hash"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "id"),
)
# Of the shell's own jobs, which a person sees in another form.
JOBS = re.compile(r"^bash: line \d+: +\d+ (Killed|Terminated) .*\n", re.M)
SECONDS = 60
PR_SET_CHILD_SUBREAPER = 36


def parse(text):
    """[(command, answer)]"""
    steps = []
    for line in text.splitlines(keepends=True):
        if line.startswith(("$ ", "# ")):
            steps.append([line[2:].rstrip("\n"), ""])
            continue
        assert steps, f"an answer before the first command: {line!r}"
        if line.startswith("> ") and not steps[-1][1]:
            steps[-1][0] += "\n" + line[2:].rstrip("\n")
        else:
            steps[-1][1] += line
    assert steps, "no commands"
    return steps


class Constant:
    """Texts without what differs from one run to the next."""

    def __init__(self, variable=()):
        self.variable = (*VARIABLE, *variable)
        self.seen = {kind: {} for _, kind in NUMBERED}

    def _number(self, kind, what):
        seen = self.seen[kind]
        return f"<{kind} {seen.setdefault(what, len(seen) + 1)}>"

    def of(self, text):
        for pattern, kind in NUMBERED:
            text = pattern.sub(lambda m, k=kind: self._number(k, m.group()), text)
        for pattern, name in self.variable:
            text = pattern.sub(name, text)
        return text


def descendants(pid):
    """All living processes below it, parents first."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                state, parent = f.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(name))
    found = []
    level = [pid]
    while level:
        level = [child for p in level for child in children.get(p, [])]
        found += level
    return found


class Shell:
    """A bash that is typed to: a directory, variables and what runs in the background
    stay from one command to the next, and a shell started in it is typed to as well.
    What it started ends with it."""

    def __init__(self, harness, directory, environment=None, names=None):
        if not shutil.which("bash"):
            raise harness.Skip("there is no bash to type it into")
        self.harness = harness
        # What is said, and what there is in its place.
        self.names = names or {}
        self.mark = secrets.token_hex(20)
        path = [os.path.dirname(harness.program(name)) for name in
                ("walletctl", "chain-main", "chain-backend", "chain-check")]
        # Whoever is left alone by its parent comes to the shell: nobody is lost.
        self.bash = subprocess.Popen(
            ["bash", "--norc"], cwd=directory, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: harness.libc.prctl(PR_SET_CHILD_SUBREAPER, 1),
            env={**os.environ, "LC_ALL": "C.UTF-8",
                 "PATH": os.pathsep.join([*path, os.environ.get("PATH", os.defpath)]),
                 **(environment or {})})

    def __enter__(self):
        return self

    def _kill_descendants(self):
        """True when there are none."""
        found = descendants(self.bash.pid)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not found

    def __exit__(self, *_):
        # The shell last: as long as it lives, it is the parent of those without one.
        self.harness.wait_for(self._kill_descendants, "the end of what was started")
        self.bash.kill()
        self.bash.wait()
        with contextlib.suppress(BrokenPipeError):
            self.bash.stdin.close()
        self.bash.stdout.close()

    def _read_to_mark(self, command):
        deadline = time.monotonic() + SECONDS * self.harness.SLOW
        end = (self.mark + "\n").encode()
        out = b""
        while not out.endswith(end):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.bash.stdout], [], [], max(left, 0))
            assert ready, f"$ {command}\nno end in {SECONDS} s: {out.decode()}"
            data = os.read(self.bash.stdout.fileno(), 65536)
            assert data, f"$ {command}\nended the shell: {out.decode()}"
            out += data
        return out[:-len(end)].decode()

    def type(self, command):
        """Its answer, both streams as a terminal shows them."""
        for said, real in self.names.items():
            command = command.replace(said, real)
        # The shell reads the second line when the first is done.
        self.bash.stdin.write(f"{command}\necho {self.mark}\n".encode())
        self.bash.stdin.flush()
        out = JOBS.sub("", self._read_to_mark(command))
        for said, real in self.names.items():
            out = out.replace(real, said)
        assert not self.harness.SANITIZER.search(out), out
        return out


def in_cluster(directory, cluster, harness, names=None):
    """A shell whose walletctl asks that cluster."""
    return Shell(harness, directory, {
        "WALLETCTL_SERVER": cluster.main.server,
        "XDG_STATE_HOME": cluster.path("wallet")}, names)


class Comparison:
    """What is written and what was answered, over one transcript or several."""

    def __init__(self, variable=()):
        self.written = Constant(variable)
        self.answered = Constant(variable)


def replay(text, shell, comparison=None):
    """Type all of it; raises AssertionError where an answer is another."""
    comparison = comparison or Comparison()
    for command, expected in parse(text):
        want = comparison.written.of(expected)
        got = comparison.answered.of(shell.type(command))
        if got == want:
            continue
        difference = "".join(difflib.unified_diff(
            want.splitlines(True), got.splitlines(True), "written", "answered"))
        raise AssertionError(f"$ {command}\n{difference}")
