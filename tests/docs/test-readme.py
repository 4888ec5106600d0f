#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README.md says what is so."""

import os
import re
import stat
import subprocess
import tempfile

import pages
import session

harness = pages.import_harness()
README = pages.source("README.md")
LINES_MAX = 200


def stock_blocks(c):
    """The sample blocks under the names that they have, in a directory of their own."""
    directory = c.path("blocks")
    os.mkdir(directory)
    for name, file in harness.SAMPLE.items():
        c[name].block = harness.write_file(os.path.join(directory, file),
                                           pages.source(f"data/{file}"))
    return directory


def test_transcript():
    """What it shows is what the programs answer, one transcript after the other."""
    transcripts = pages.fenced(README, "console")
    assert len(transcripts) == 2, f"{len(transcripts)} transcripts"
    with harness.Cluster() as c:
        directory = stock_blocks(c)
        c.start()
        with session.in_cluster(directory, c, harness) as shell:
            session.replay("".join(transcripts), shell)
        c.stop_all()


def test_pages():
    """The pages that it names are those that there are."""
    named = pages.named_pages(pages.section(README, "## The manual"))
    there = pages.pages()
    assert named == there, f"only named: {named - there}; only there: {there - named}"
    assert pages.named_pages(README) <= there, pages.named_pages(README) - there


def bootstrap_help():
    done = subprocess.run(
        ["bash", os.path.join(pages.TOP_SRC, "bootstrap"), "--help"], check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60)
    return done.stdout.decode()


def test_bootstrap():
    """Two commands, and --help knows them and their options."""
    text = bootstrap_help()
    commands = dict(re.findall(r"^  ([a-z]+)(.*)$", text, re.M))
    shown = re.findall(r"^    \./bootstrap ?(.*)$", pages.section(README, "## Try it"), re.M)
    assert shown == ["demo", "check"], shown
    for command in shown:
        assert command in commands, f"--help has no {command}"
    for option in re.findall(r"`(--[a-z-]+)`", pages.section(README, "## Try it")):
        assert option in text, f"--help has no {option}"
    for words in re.findall(r"\./bootstrap ([a-z]+)", README):
        assert words in commands, f"--help has no {words}"
    # Installing begins with the bare command, which makes configure.
    assert "./bootstrap\n./configure" in README
    assert re.search(r"Without a command: .*configure", text), text


def check_key(path):
    """The daemons take it, and nobody else can read it."""
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, oct(os.stat(path).st_mode)
    with harness.Cluster() as c:
        c.key_file = path
        c.start()
        assert c.walletctl("--raw", "balance", "Chinmay").out == "881\n"
        c.stop_all()


def test_key_by_hand():
    """The recipe in main.conf makes a key."""
    recipes = re.findall(r"^#\t(.*/dev/urandom.*)$", pages.source("etc/main.conf"), re.M)
    assert len(recipes) == 1, recipes
    with tempfile.TemporaryDirectory() as directory:
        # As with the umask that most people have.
        subprocess.run(["bash", "-c", f"umask 022; {recipes[0]}"], check=True, timeout=60,
                       cwd=directory, stdin=subprocess.DEVNULL)
        check_key(os.path.join(directory, "cluster.key"))


def make_key(directory, path):
    done = subprocess.run(
        ["sh", os.path.join(pages.TOP_SRC, "systemd/make-key"), directory, path], check=False,
        timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


def test_key_of_the_unit():
    """Made once, and not where the configuration has one of its own."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "key")
        assert make_key(directory, path) == f"made {path}\n"
        with open(path, encoding="ascii") as f:
            first = f.read()
        assert make_key(directory, path) == ""
        with open(path, encoding="ascii") as f:
            assert f.read() == first
        assert os.listdir(directory) == ["key"]
        check_key(path)

        harness.write_file(os.path.join(directory, "main.conf"), "key_file = /k\n")
        assert "key_file is set" in make_key(directory, os.path.join(directory, "second"))
        assert not os.path.exists(os.path.join(directory, "second"))


def test_installed_names():
    """The units and files that it names are those that are installed."""
    install = pages.section(README, "## Install it")
    for unit in set(re.findall(r"(chain-backend@|chain-main|chain\.target)(?=[\w `]|$)", install)):
        file = unit if "." in unit else f"{unit}.service.in"
        assert os.path.exists(os.path.join(pages.TOP_SRC, "systemd", file)), file
    for name in re.findall(r"/etc/alichain/([\w.-]+\.conf)", install):
        assert os.path.exists(os.path.join(pages.TOP_SRC, "etc", name)), name
    for file in ("systemd/tmpfiles/alichain.conf", "systemd/chain-key.service.in",
                 "etc/main.conf", "README.md"):
        assert "/etc/credstore/alichain.cluster.key" in pages.source(file), file
    for file in ("chain-main.service", "chain-backend@.service"):
        assert "LoadCredential=cluster.key:alichain.cluster.key\n" in \
            pages.source(f"systemd/{file}.in"), file
    sample = re.findall(r"^f /var/lib/alichain/([A-Z])/(block\d\.txt) ",
                        pages.source("systemd/tmpfiles/alichain-sample.conf.in"), re.M)
    assert len(sample) == 3, sample
    for name, block in sample:
        conf = pages.source(f"etc/backend-{name}.conf")
        assert f"block = /var/lib/alichain/{name}/{block}\n" in conf, (name, block)
        assert os.path.exists(os.path.join(pages.TOP_SRC, "data", block)), block


def test_short():
    lines = README.count("\n")
    assert lines <= LINES_MAX, f"{lines} lines, at most {LINES_MAX}"


if __name__ == "__main__":
    harness.run(globals())
