# SPDX-License-Identifier: MIT
"""The results as a table, as CSV, and as a bar chart a metric."""

import csv
import os
import re
import statistics
from xml.sax.saxutils import escape

import goals
import works

# Of a chart, in pixels.
WIDTH = 640
LABEL_WIDTH = 170
VALUE_WIDTH = 110
BAR = 18
STEP = 26
HEAD = 44
OURS_COLOUR = "#2a6f97"
OTHER_COLOUR = "#a9b4c2"
LINE_COLOUR = "#333333"


def number(value):
    """With three digits that say something."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values):
    """median (lowest to highest)"""
    text = number(statistics.median(values))
    if len(values) > 1:
        text += f" ({number(min(values))} to {number(max(values))})"
    return text


def ratios(ours, theirs):
    """Ours to theirs, round by round."""
    return [a / b for a, b in zip(ours, theirs) if b]


def columns(rows):
    """Lines with their columns below each other."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows]


def metric_rows(results, metric):
    unit = results.units[metric]
    ours = results.get(metric, goals.OURS)
    for peer, values in results.values[metric].items():
        ratio = ""
        if ours and peer != goals.OURS:
            ratio = f"{spread(ratios(ours, values))} x"
        yield [f"  {peer}", f"{spread(values)} {unit}", ratio]
    if metric in (row.name for row in works.ROWS):
        for peer, reason in results.missing.items():
            yield [f"  {peer}", f"skipped: {reason}", ""]


def goal_rows(results, size):
    for goal in goals.all_goals(size):
        values = goal.values(results)
        reached = {None: "not measured", True: "reached", False: "not reached"}
        yield [goal.work, goal.wanted(),
               f"{number(goal.value(results))} {goal.unit}" if goal.worst and values
               else f"{spread(values)} {goal.unit}" if values else "-",
               reached[goal.reached(results)]]


def table(results, size):
    """What is printed: medians, from the lowest to the highest round."""
    rows = [["measured", "median (range)", "alichain is so many times that"]]
    for metric in results.values:
        rows.append([metric, "", ""])
        rows += metric_rows(results, metric)
    lines = columns(rows) + [""]
    lines += columns([["goal", "wanted", "median (range)", ""],
                      *goal_rows(results, size)])
    if size != goals.SIZE:
        lines += ["", f"The goals on a long history are meant for {goals.SIZE:,}"
                  f" transactions; this one had {size:,}."]
    lines += ["", f"{results.checked:,} acknowledged transfers are all in the blocks,"
              " and the chain verifies." if not results.failures else "FAILED"]
    return "\n".join([*lines, *results.notes, *results.failures]) + "\n"


def write_csv(results, path):
    with open(path, "w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(["metric", "unit", "peer", "round", "value"])
        for metric, of_peers in results.values.items():
            for peer, values in of_peers.items():
                for i, value in enumerate(values, 1):
                    writer.writerow([metric, results.units[metric], peer, i,
                                     f"{value:.6g}"])


def file_name(metric):
    return re.sub(r"[^a-z0-9]+", "-", metric.lower()).strip("-") + ".svg"


def bar(y, peer, values, scale):
    """A name, a bar to the median, a line over the range, a number."""
    median = statistics.median(values)
    colour = OURS_COLOUR if peer == goals.OURS else OTHER_COLOUR
    left, middle = LABEL_WIDTH, y + BAR / 2
    low, high = left + min(values) * scale, left + max(values) * scale
    return [
        f'<text x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(peer)}</text>',
        f'<rect x="{left}" y="{y}" width="{max(1, median * scale):.1f}" height="{BAR}"'
        f' fill="{colour}"/>',
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{LINE_COLOUR}"/>',
        f'<text x="{high + 8:.1f}" y="{middle + 4}">{number(median)}</text>',
    ]


def chart(results, metric):
    """One metric as SVG."""
    of_peers = results.values[metric]
    largest = max(max(values) for values in of_peers.values())
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / (largest or 1)
    height = HEAD + STEP * len(of_peers)
    title = f"{metric}, {results.units[metric]}"
    lines = [
        "<!-- SPDX-License-Identifier: MIT -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for i, (peer, values) in enumerate(of_peers.items()):
        lines += bar(HEAD + STEP * i, peer, values, scale)
    return "\n".join([*lines, "</svg>"]) + "\n"


def write_all(results, size, directory):
    """Everything into @directory; returns the table."""
    os.makedirs(directory, exist_ok=True)
    text = table(results, size)
    with open(os.path.join(directory, "table.txt"), "w", encoding="utf-8") as f:
        f.write(text)
    write_csv(results, os.path.join(directory, "results.csv"))
    for metric in results.values:
        with open(os.path.join(directory, file_name(metric)), "w", encoding="utf-8") as f:
            f.write(chart(results, metric))
    return text
