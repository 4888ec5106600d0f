#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""src/DESIGN.md lists the files that there are, and names only such."""

import os
import re

import pages

harness = pages.import_harness()
DESIGN = pages.source("src/DESIGN.md")
SRC = os.path.join(pages.TOP_SRC, "src")
GUARANTEES = 13


def modules():
    return sorted(d for d in os.listdir(SRC) if os.path.isdir(os.path.join(SRC, d)))


def files_of(module):
    return sorted(f for f in os.listdir(os.path.join(SRC, module)) if f.endswith((".c", ".h")))


def test_modules():
    """Each directory has its list, and no other has one."""
    headings = re.findall(r"^### src/(\w+)$", DESIGN, re.M)
    assert sorted(headings) == modules(), (headings, modules())


def test_files():
    """Each file is in the list of its directory, once, and says what it is for."""
    wrong = []
    for module in modules():
        lines = pages.section(DESIGN, f"### src/{module}").strip().splitlines()
        listed = []
        for line in lines:
            match = re.fullmatch(r"- ((?:`[\w.]+`(?:, )?)+): \S.*", line)
            if not match:
                wrong.append(f"src/{module}: not a line of the list: {line!r}")
                continue
            listed += re.findall(r"`([\w.]+)`", match.group(1))
        there = files_of(module)
        wrong += [f"src/{module}/{f}: not in the list" for f in there if f not in listed]
        wrong += [f"src/{module}/{f}: listed, not there" for f in listed if f not in there]
        wrong += [f"src/{module}/{f}: listed twice" for f in set(listed) if listed.count(f) > 1]
    assert not wrong, "\n" + "\n".join(wrong)


def guarantee_rows():
    rows = re.findall(r"^\| (G\d+) \|(.*)\|(.*)\|(.*)\|$", DESIGN, re.M)
    return {name: (upheld, shown) for name, _, upheld, shown in rows}


def test_guarantees():
    """All have a row; the files and tests that it names are there."""
    rows = guarantee_rows()
    assert list(rows) == [f"G{n}" for n in range(1, GUARANTEES + 1)], list(rows)
    for name, (upheld, shown) in rows.items():
        for cell, top in ((upheld, "src"), (shown, "tests")):
            paths = re.findall(r"`([\w-]+/[\w.-]+)`", cell)
            assert paths, f"{name}: nothing named in {cell!r}"
            for path in paths:
                assert os.path.exists(os.path.join(pages.TOP_SRC, top, path)), \
                    f"{name}: there is no {top}/{path}"


def test_numbers():
    """The constants that the text gives are those of the source."""
    for path, pattern, sentence in (
            ("src/backend/responder.h", r"LEASE_USEC INT64_C\(500000\)", "for 500 ms"),
            ("src/main/link.h", r"LINK_LEASE_RELIED INT64_C\(400000\)", "relies on 400 ms"),
            ("src/main/gate.c", r"LEASE_LOW INT64_C\(200000\)", "under 200 ms"),
            ("src/wire/message.h", r"MESSAGE_RANGES_MAX 32\b", "Over 32 of them"),
            ("src/main/query.h", r"QUERIES_ACTIVE_MAX 16\b", "at most 16 questions"),
            ("src/main/stream.c", r"LOW_WATER 32768\b", "less than 32 KiB"),
            ("src/ledger/record.h", r"RECORD_BATCH_MAX 8192\b", "8,192 records"),
            ("src/main/shipment.h", r"SHIPMENT_BYTES_MAX 491520\b", "480 KiB")):
        assert re.search(pattern, pages.source(path)), f"{path}: no {pattern}"
        assert sentence in " ".join(DESIGN.split()), f"src/DESIGN.md: no {sentence!r}"


def test_references():
    """Files of src that the text names by their bare names are there."""
    there = {f for m in modules() for f in files_of(m)}
    text = DESIGN.split("\n## Files\n")[0]
    for name in re.findall(r"`([a-z_]+\.[ch])`", text):
        assert name in there, f"src/DESIGN.md names {name}"


if __name__ == "__main__":
    harness.run(globals())
