#!/usr/bin/env python3
"""buf's standard rules hold, and nothing breaks users of what was released."""

import os
import pathlib
import re
import subprocess
import sys

from source_tree import main

BUF = (pathlib.Path(__file__).resolve().parents[1]
       / "conformance/node_modules/.bin/buf")
RELEASED = "proto/released"
SKIPPED = 77


def findings_of(tree, arguments):
    """Yields (path, line, text) of what buf finds."""
    done = subprocess.run([BUF, *arguments],
                          cwd=tree.root, capture_output=True, text=True,
                          check=False)
    lines = (done.stdout + done.stderr).splitlines()
    for line in lines:
        found = re.match(r"(\S+\.proto):(\d+):\d+:(.*)", line)
        yield ((found.group(1), int(found.group(2)), found.group(3)) if found
               else ("proto", 1, line))
    if done.returncode != 0 and not lines:
        yield "proto", 1, f"buf {arguments[0]} failed without a word"


def check(tree):
    yield from findings_of(tree, ["lint", "proto"])
    released = sorted(pathlib.Path(tree.root, RELEASED).glob("*.binpb"))
    if not released:
        yield RELEASED, 1, "holds no descriptor set of a release"
    for descriptors in released:
        yield from findings_of(tree, ["breaking", "proto", "--against",
                                      str(descriptors)])


if __name__ == "__main__":
    if not BUF.exists():
        # Continuous integration fails without buf.
        required = "CI" in os.environ
        print("buf is not installed: run scripts/install-npm-packages")
        sys.exit(1 if required else SKIPPED)
    main(check)
