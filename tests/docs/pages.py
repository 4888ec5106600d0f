# SPDX-License-Identifier: MIT
"""The documents, and what is found in them."""

import os
import re
import sys

TOP_SRC = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "../..")
# A page of the manual as the text names it: chain-block(5).
PAGE = re.compile(r"(?<![\w-])([a-z][\w.-]*)\(([1-9])\)")
# In a page itself.
CROSS_REFERENCE = re.compile(r"\.Xr ([\w.-]+) ([1-9])")


def source(path):
    """A file of the source tree."""
    with open(os.path.join(TOP_SRC, path), encoding="utf-8") as f:
        return f.read()


def pages():
    """The pages of the manual that there are, as {(name, section)}."""
    found = set()
    for name in os.listdir(os.path.join(TOP_SRC, "man")):
        match = re.fullmatch(r"(.+)\.([1-9])", name)
        if match:
            found.add((match.group(1), match.group(2)))
    return found


def named_pages(text):
    return set(PAGE.findall(text))


def plain(text):
    """A literal display of mdoc as it is printed."""
    for escape, meant in ((r"\(aq", "'"), (r"\(dq", '"'), (r"\(ha", "^"), (r"\-", "-"),
                          (r"\&", ""), (r"\e", "\\")):
        text = text.replace(escape, meant)
    return text


def display(page, name):
    """What stands between the marks "name: begin" and "name: end" of a page."""
    match = re.search(rf'^\.\\" {name}: begin\n\.Bd -literal[^\n]*\n'
                      rf'(.*?)^\.Ed\n\.\\" {name}: end$', source(page), re.M | re.S)
    assert match, f"{page}: no display between the marks of {name}"
    return plain(match.group(1))


def section_of(page, heading):
    """The part of a page below ".Sh heading"."""
    match = re.search(rf"^\.Sh {heading}\n(.*?)(?=^\.Sh |\Z)", source(page), re.M | re.S)
    assert match, f"{page}: no section {heading}"
    return match.group(1)


def steps(page, heading):
    """[(title, prose, transcript)] of a section: its subsections with all their displays."""
    found = []
    for part in re.split(r"^\.Ss ", section_of(page, heading), flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        displays = re.findall(r"^\.Bd[^\n]*\n(.*?)^\.Ed$", body, re.M | re.S)
        prose = re.sub(r"^\.Bd.*?^\.Ed$", "", body, flags=re.M | re.S)
        found.append((title, prose, plain("".join(displays))))
    return found


def section(text, heading):
    """The part of a Markdown text below a heading, up to the next as high."""
    level = heading.split(" ")[0]
    match = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text,
                      re.M | re.S)
    assert match, f"no heading {heading!r}"
    return match.group(1)


def fenced(text, language):
    """The code between fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def import_harness():
    """The scenario tests' harness; it is of this tree whatever runs us."""
    sys.path.insert(0, os.path.join(TOP_SRC, "tests/scenario"))
    import harness  # pylint: disable=import-outside-toplevel,import-error
    return harness
