#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""alichain(7) says what is so, and the pages point to pages that there are."""

import os
import re
import shutil
import subprocess
import threading

import pages
import session

harness = pages.import_harness()
PAGE = "man/alichain.7"
# Where the page says the blocks are, and here they are.
STOCK = "/var/lib/alichain"


def stock_tree(c, texts):
    """Blocks as the stock set has them; names for the page's commands."""
    tree = c.path("tree")
    for name, file in harness.SAMPLE.items():
        os.makedirs(os.path.join(tree, name))
        c[name].block = harness.write_file(os.path.join(tree, name, file), texts[name])
    return tree


def test_first_session():
    """Typed into daemons whose blocks are empty."""
    with harness.Cluster() as c:
        tree = stock_tree(c, {name: "" for name in harness.SAMPLE})
        c.start()
        with session.in_cluster(c.directory, c, harness, {STOCK: tree}) as shell:
            session.replay(pages.display(PAGE, "session"), shell)
        c.stop_all()


def test_walletctl_examples():
    """Of walletctl(1), typed into daemons with the sample."""
    page = "man/walletctl.1"
    lines = re.findall(r"^\.Dl \$ (.*)$", pages.section_of(page, "EXAMPLES"), re.M)
    assert len(lines) == 2, lines
    with harness.Cluster() as c:
        c.start()
        with session.in_cluster(c.directory, c, harness) as shell:
            session.replay(pages.display(page, "examples"), shell)
            total, rent = (shell.type(pages.plain(line)) for line in lines)
            assert total == "40\n", total
            assert rent.endswith('of "Ben" is : 909 alicoins.\n'), rent
            # Run again it is the same payment.
            assert shell.type(pages.plain(lines[1])) == rent
        c.stop_all()


def first_missing(paths, directory):
    """What the verifier of chain-block(5) says of copies; None: they are whole."""
    script = harness.write_file(os.path.join(directory, "verify"),
                                pages.display("man/chain-block.5", "verifier"))
    done = subprocess.run(["sh", script, *paths], check=False, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stdout.decode() + done.stderr.decode()
    match = re.match(r"serial (\d+): ", said)
    assert done.returncode in (0, 1) and bool(match) == (done.returncode == 1), said
    return int(match.group(1)) if match else None


def restore(text, serial, directory):
    """What the page says of a copy whose first missing serial is @serial."""
    command = pages.display(PAGE, "restore").strip()
    assert command.startswith("# ") and command.endswith("block1.txt > block1.txt"), command
    command = command[2:].replace("1234", str(serial)).replace("/mnt/backup/", "copy/")
    os.makedirs(os.path.join(directory, "copy"), exist_ok=True)
    harness.write_file(os.path.join(directory, "copy/block1.txt"), text)
    subprocess.run(["bash", "-c", command], cwd=directory, check=True, timeout=60)
    with open(os.path.join(directory, "block1.txt"), encoding="utf-8") as f:
        return f.read()


def copy_under_load(c, directory):
    """The block files, copied one after the other while transfers go on."""
    stop = threading.Event()
    done = []

    def pay():
        with harness.resp.Client(c.main.port) as client:
            while not stop.is_set():
                done.append(client.call("TRANSFER", "Ali", "Ben", 1)[0])

    payer = threading.Thread(target=pay, daemon=True)
    payer.start()
    copies = []
    try:
        for b in c.backends.values():
            mark = len(done) + 20
            harness.wait_for(lambda m=mark: len(done) >= m, "transfers")
            copies.append(shutil.copy(b.block, directory))
    finally:
        stop.set()
        payer.join(10 * harness.SLOW)
    return copies


def test_backup():
    """Copies made under load are, up to the first missing serial, the ledger of then."""
    if not shutil.which("b2sum"):
        raise harness.Skip("there is no b2sum, which the verifier runs")
    with harness.Cluster() as c:
        c.start()
        scratch = c.path("backup")
        os.makedirs(os.path.join(scratch, "taken"))
        copies = copy_under_load(c, os.path.join(scratch, "taken"))
        c.stop_all()
        books = c.books()
        missing = first_missing(copies, scratch)
        # The last one copied has records that the first one's time had not.
        assert missing and missing >= 10 + 20, missing
        texts = {}
        for name, copied in zip(c.backends, copies):
            with open(copied, encoding="utf-8") as f:
                texts[name] = restore(f.read(), missing, scratch)
    with harness.Cluster(texts) as c:
        c.start()
        assert c.client().call("TIP")[:2] == [missing - 1, books.record(missing - 1).hash]
        assert c.client().call("BALANCE", "Ali") == 845 - (missing - 10)
        c.check_alive()
        c.stop_all()


def test_restore_within_a_batch():
    """The first missing serial may be in the middle of a batch."""
    with harness.Cluster() as c:
        c.start()
        client = c.client()
        # More than one record a batch, so that one may be cut through.
        receipts = client.pipeline([("TRANSFER", "Ali", "Ben", 1)] * 60)
        assert len(receipts) == 60
        c.stop_all()
        texts = {name: data.decode() for name, data in c.texts().items()}
        missing = 40
        expected = 845 - (missing - 10)
        scratch = c.path("restore")
        os.mkdir(scratch)
        whole = {name: restore(text, missing, scratch) for name, text in texts.items()}
    with harness.Cluster(whole) as c:
        c.start()
        assert c.client().call("BALANCE", "Ali") == expected
        assert c.books().records[-1].serial == missing - 1
        c.check_alive()
        c.stop_all()


def test_damage():
    """A damaged block is told as the page says, and ends with its status."""
    sentence = pages.display(PAGE, "damage").strip()
    path = f"{STOCK}/A/block1.txt"
    assert sentence.startswith(f"{path}:2: "), sentence
    with harness.Cluster() as c:
        texts = harness.sample_blocks()
        lines = texts["A"].splitlines()
        lines[1] = lines[1].replace(" 45", " x45")
        stock_tree(c, {**texts, "A": "\n".join(lines) + "\n"})
        daemon = c["A"].launch()
        assert daemon.wait_exit() == harness.EXIT_INTEGRITY
        said = sentence.replace(path, c["A"].block)
        assert any(line.endswith(said) for line in daemon.lines), (said, daemon.lines)


def test_cross_references():
    """Between our own pages; those of others are mandoc's business."""
    there = pages.pages()
    ours = {name for name, _ in there}
    for name, number in sorted(there):
        text = pages.source(f"man/{name}.{number}")
        for wanted in pages.CROSS_REFERENCE.findall(text):
            assert wanted in there or wanted[0] not in ours, f"{name}({number}): {wanted}"
    overview = set(pages.CROSS_REFERENCE.findall(pages.source(PAGE)))
    lacking = there - overview - {("alichain", "7")}
    assert not lacking, f"alichain(7) does not lead to {lacking}"


def test_installed():
    """All of them are installed."""
    listed = pages.source("man/local.mk")
    for name, number in pages.pages():
        assert f"man/{name}.{number}" in listed, f"man/local.mk lacks {name}.{number}"


if __name__ == "__main__":
    harness.run(globals())
