# SPDX-License-Identifier: MIT
"""Transcripts: lines that begin with "$ " or "# " are typed, what follows is the answer."""

import difflib
import os
import re
import shutil
import subprocess

# What differs from one run to the next.
VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "<local time>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
)
SECONDS = 60


def parse(text):
    """[(command, answer)]"""
    steps = []
    for line in text.splitlines(keepends=True):
        if line.startswith(("$ ", "# ")):
            steps.append([line[2:].rstrip("\n"), ""])
        else:
            assert steps, f"an answer before the first command: {line!r}"
            steps[-1][1] += line
    assert steps, "no commands"
    return steps


def constant(text):
    for pattern, name in VARIABLE:
        text = pattern.sub(name, text)
    return text


def type_command(command, directory, cluster, harness, names):
    """Its output, both streams as a terminal shows them; @names: {said: real}."""
    for said, real in names.items():
        command = command.replace(said, real)
    path = os.pathsep.join([os.path.dirname(harness.program("walletctl")),
                            os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        ["bash", "-c", command], cwd=directory, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=SECONDS * harness.SLOW, check=False,
        env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8",
             "WALLETCTL_SERVER": cluster.main.server,
             "XDG_STATE_HOME": cluster.path("wallet")})
    out = done.stdout.decode()
    for said, real in names.items():
        out = out.replace(real, said)
    return out


def replay(text, directory, cluster, harness, names=None):
    """Type all of it; raises AssertionError where an answer is another."""
    if not shutil.which("bash"):
        raise harness.Skip("there is no bash to type it into")
    for command, expected in parse(text):
        got = type_command(command, directory, cluster, harness, names or {})
        if constant(got) == constant(expected):
            continue
        difference = "".join(difflib.unified_diff(
            constant(expected).splitlines(True), constant(got).splitlines(True),
            "written", "answered"))
        raise AssertionError(f"$ {command}\n{difference}")
