#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The events: one list in the code, the catalog and alichain-journal(7)."""

import os
import re

import pages

harness = pages.import_harness()
HEADER = pages.source("src/sys/log.h")
CATALOG = pages.source("systemd/alichain.catalog")
PAGE = "man/alichain-journal.7"


def in_header():
    """{name: id}"""
    return dict(re.findall(r'^#define LOG_ID_(\w+) "([0-9a-f]{32})"$', HEADER, re.M))


def in_page():
    """{name: (who and priority, id)}; each says something."""
    text = pages.source(PAGE)
    part = re.search(r'^\.\\" events: begin\n(.*?)^\.\\" events: end$', text, re.M | re.S).group(1)
    found = re.findall(r"^\.It Em (.*?) Pq (.*)\n\.Li ([0-9a-f]{32})\n\.br\n[^.]", part, re.M)
    return {name: (who, key) for name, who, key in found}


def sources():
    """All C files but the log itself."""
    for directory, _, files in os.walk(os.path.join(pages.TOP_SRC, "src")):
        for file in files:
            path = os.path.relpath(os.path.join(directory, file), pages.TOP_SRC)
            if file.endswith(".c") and path != "src/sys/log.c":
                yield path, pages.source(path)


def test_one_list():
    """The same names and identifiers everywhere, each once."""
    header = in_header()
    assert len(header) > 10 and len(set(header.values())) == len(header), header
    events = re.findall(r"^\tLOG_EVENT_(\w+),$", HEADER, re.M)
    assert events == ["NONE", *header], "the enum and the identifiers differ"
    catalog = re.findall(r"^-- ([0-9a-f]{32})$", CATALOG, re.M)
    assert catalog == list(header.values()), "the catalog has others, or in another order"
    page = {name.upper().replace(" ", "_"): key for name, (_, key) in in_page().items()}
    assert list(page.items()) == list(header.items()), set(page.items()) ^ set(header.items())


def test_catalog():
    """Each entry has a subject, a page to read, and says something."""
    entries = re.split(r"^-- [0-9a-f]{32}\n", CATALOG, flags=re.M)[1:]
    there = pages.pages()
    for entry in entries:
        head, _, text = entry.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.splitlines())
        assert set(fields) == {"Subject", "Defined-By", "Documentation"}, head
        assert len(text) > 40, head
        for name, number in re.findall(r"man:([\w.-]+)\((\d)\)", fields["Documentation"]):
            assert (name, number) in there, fields
        # What it refers to is a field that there is.
        for field in re.findall(r"@(CHAIN_\w+)@", entry):
            assert f'"{field}"' in pages.source("src/sys/log.c"), field


def test_all_are_logged():
    """An event that nothing logs is none."""
    text = "\n".join(source for _, source in sources())
    for name in in_header():
        assert f"LOG_EVENT_{name}" in text, f"nothing logs {name}"


def test_who():
    """The page says which daemon: it has a file that does."""
    files = dict(sources())
    for name, (who, _) in in_page().items():
        event = f"LOG_EVENT_{name.upper().replace(' ', '_')}"
        daemons = re.findall(r"(main|backend): ", who) or ["main", "backend"]
        for daemon in ("main", "backend"):
            logs = any(event in text for path, text in files.items()
                       if path.startswith(f"src/{daemon}/"))
            assert logs == (daemon in daemons), (name, daemon)


def test_fields():
    """All that the log can write, and no others, are in the page."""
    fields = set(re.findall(r'"(CHAIN_\w+)"', pages.source("src/sys/log.c")))
    named = set(re.findall(r"\b(CHAIN_[A-Z]+)\b", pages.source(PAGE)))
    assert fields == named, fields ^ named


if __name__ == "__main__":
    harness.run(globals())
