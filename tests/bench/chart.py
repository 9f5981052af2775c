#!/usr/bin/env python3
"""Draws the figures of a benchmark that have a reference, as SVG or PNG.

    chart.py FIGURES.json CHART.svg

FIGURES.json is what --json or --save of a benchmark says. A bar is how many
times its reference a figure is, a black line is its aim. Needs matplotlib
(Debian: python3-matplotlib).
"""

import json
import math
import sys
import textwrap

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (after the backend is chosen)

MET, MISSED, UNJUDGED = "#2a7f62", "#b23a48", "#8d99ae"


def number(value):
    """With three digits that count, and never as a power of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def label(figure):
    """The figure's name, and what it is made of."""
    name = f"{figure['suite']}: {figure['what'].strip()}"
    return (f"{textwrap.fill(name, 72)}\n"
            f"{number(figure['value'])} {figure['unit']}, "
            f"reference {number(figure['reference'])} {figure['unit']}")


def colour(figure):
    if not figure["aim"]:
        return UNJUDGED
    return MET if figure["met"] else MISSED


def draw(figures, path):
    compared = [f for f in figures
                if f["ratio"] is not None and f["ratio"] > 0]
    if not compared:
        sys.exit("chart.py: no figure has a reference")
    compared.reverse()  # The first one is to be at the top.
    chart, axes = pyplot.subplots(figsize=(10, 1.2 + 0.5 * len(compared)))
    rows = range(len(compared))
    axes.barh(rows, [f["ratio"] for f in compared],
              color=[colour(f) for f in compared], height=0.6)
    for row, figure in zip(rows, compared):
        axes.annotate(f"{figure['ratio']:.3g}", (figure["ratio"], row),
                      xytext=(7, 0), textcoords="offset points",
                      va="center", fontsize=8, zorder=3,
                      bbox={"color": "white", "pad": 0.5})
        if figure["aim"]:
            aim = float(figure["aim"].split()[1])
            axes.plot([aim, aim], [row - 0.4, row + 0.4], color="black")
            axes.annotate(figure["aim"], (aim, row + 0.42), ha="center",
                          fontsize=6)
    axes.set_yticks(list(rows), [label(f) for f in compared], fontsize=7)
    axes.set_xscale("log")
    axes.set_ylim(-0.8, len(compared))
    smallest = min(f["ratio"] for f in compared)
    largest = max(f["ratio"] for f in compared)
    axes.set_xlim(10 ** math.floor(math.log10(min(smallest, 0.5))),
                  10 ** math.ceil(math.log10(max(largest, 2)) + 0.2))
    axes.axvline(1, color="#444444", linewidth=0.8, linestyle=":")
    axes.set_xlabel("times the reference of the same run "
                    "(green: aim met, red: missed, grey: no aim)",
                    loc="right", fontsize=8)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.spines[["top", "right"]].set_visible(False)
    chart.tight_layout()
    chart.savefig(path, dpi=110)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    with open(sys.argv[1], encoding="utf-8") as file:
        # A value that was not measured is null.
        draw(json.load(file), sys.argv[2])


if __name__ == "__main__":
    main()
