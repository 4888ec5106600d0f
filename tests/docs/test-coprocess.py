#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The coprocesses of walletctl(1), run as they stand there."""

import os
import subprocess

import pages

harness = pages.import_harness()
PAGE = "man/walletctl.1"


def output_of(c, *words):
    path = os.path.dirname(harness.program("walletctl")) + ":" + os.environ["PATH"]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=True, timeout=60 * harness.SLOW,
        env={**os.environ, "PATH": path, "WALLETCTL_SERVER": c.main.server,
             "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"})
    return done.stdout.decode()


def changed(text, old, new):
    assert old in text, f"no {old!r} in {text}"
    return text.replace(old, new)


def test_bash():
    text = pages.display(PAGE, "coprocess-bash")
    with harness.Cluster() as c:
        c.start()
        assert output_of(c, "bash", "-c", text) == (
            "Ali has 845\nBen has 915\nEve: status 1\n")
        # Whatever somebody is called.
        c.client().call("OPEN", r"o'ha\ra$x")
        text = changed(text, "Ali Ben Eve", r"'o'\''ha\ra$x'")
        assert output_of(c, "bash", "-c", text) == "o'ha\\ra$x has 1000\n"


def test_python():
    text = pages.display(PAGE, "coprocess-python")
    with harness.Cluster() as c:
        c.start()
        ali, ben, eve = output_of(c, "python3", "-c", text).splitlines()
        assert (ali, ben) == ("Ali 845", "Ben 915"), (ali, ben)
        assert eve.startswith("Eve ") and '"Eve" is not part of the network' in eve, eve
        c.client().call("OPEN", r"o'ha\ra$é")
        text = changed(text, '"Ali", "Ben", "Eve"', repr([r"o'ha\ra$é"]))
        assert output_of(c, "python3", "-c", text) == "o'ha\\ra$é 1000\n"


if __name__ == "__main__":
    harness.run(globals())
