#!/usr/bin/env python3
"""The table of rooms in DESIGN.md: its order, fan-out and fan-in.

A room is a folder of lint_includes' table. Each includes only rooms above it,
so no includes form a circle.
"""

import re

from lint_includes import INCLUDE, MAY_INCLUDE, folder_of
from source_tree import main, split_cpp

DESIGN = "DESIGN.md"
HEAD = "| folder | may include, beside itself | fan-out | fan-in |"
# The numbers are missing in a new row.
ROW = re.compile(r"\| `([\w/]+)` \| (.*?) \|(?: \d+ \| \d+ \|)?$")


class Room:
    def __init__(self):
        self.files = 0
        self.lines = 0
        # Room -> the first (path, line) that includes it.
        self.includes = {}


def rooms_of(tree):
    """The rooms that have files, in the order of lint_includes' table."""
    rooms = {}
    for path in tree.cpp():
        name = folder_of(path)
        if name not in MAY_INCLUDE:
            continue
        room = rooms.setdefault(name, Room())
        text = tree.read(path)
        room.files += 1
        room.lines += text.count("\n")
        for number, line in enumerate(split_cpp(text)[0].split("\n"), 1):
            found = INCLUDE.match(line)
            other = folder_of(found.group(2)) if found else None
            if other in MAY_INCLUDE and other != name:
                room.includes.setdefault(other, (path, number))
    return {name: rooms[name] for name in MAY_INCLUDE if name in rooms}


def fan_in(rooms, name):
    return sum(name in room.includes for room in rooms.values())


def table_of(lines):
    """The rows of the table as (line number, room, what it may include)."""
    if HEAD not in lines:
        return
    for number, line in enumerate(lines[lines.index(HEAD) + 2:],
                                  lines.index(HEAD) + 3):
        found = ROW.match(line)
        if not found:
            return
        yield number, *found.groups()


def row_of(rooms, name, may_include):
    return (f"| `{name}` | {may_include} | {len(rooms[name].includes)} | "
            f"{fan_in(rooms, name)} |")


def check(tree):
    rooms = rooms_of(tree)
    lines = tree.read(DESIGN).split("\n")
    above = []
    for number, name, may_include in table_of(lines):
        above.append(name)
        if name not in rooms:
            yield DESIGN, number, f"there is no room {name}"
            continue
        wanted = row_of(rooms, name, may_include)
        if lines[number - 1] != wanted:
            yield DESIGN, number, f"wanted {wanted} (lint_rooms.py --write)"
        for other, (path, line) in rooms[name].includes.items():
            if other not in above:
                yield (path, line, f"{name} includes {other}, which is below "
                       f"it in the table of {DESIGN}")
    for name in rooms:
        if name not in above:
            yield DESIGN, 1, f"no row of the table is for {name}"


def write(tree):
    """puts the numbers in DESIGN.md right"""
    rooms = rooms_of(tree)
    lines = tree.read(DESIGN).split("\n")
    for number, name, may_include in table_of(lines):
        if name in rooms:
            lines[number - 1] = row_of(rooms, name, may_include)
    (tree.root / DESIGN).write_text("\n".join(lines), encoding="utf-8")


def show(tree):
    """prints each room's size, and the rooms that it includes"""
    rooms = rooms_of(tree)
    print(f"{'room':17} files  lines  fan-out  fan-in  includes")
    for name, room in rooms.items():
        print(f"{name:17} {room.files:5} {room.lines:6} "
              f"{len(room.includes):8} {fan_in(rooms, name):7}  "
              + " ".join(sorted(room.includes)))


if __name__ == "__main__":
    main(check, write, show)
