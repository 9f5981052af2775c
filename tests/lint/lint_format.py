#!/usr/bin/env python3
"""All C++ is as clang-format writes it."""

import re
import shutil
import subprocess

from source_tree import main


def check(tree):
    formatter = shutil.which("clang-format")
    if formatter is None:
        yield ".clang-format", 1, "clang-format is not installed"
        return
    done = subprocess.run([formatter, "--dry-run", "-Werror", *tree.cpp()],
                          cwd=tree.root, capture_output=True, text=True,
                          check=False)
    wrong = re.findall(r"^(\S+?):(\d+):\d+: error:", done.stderr, re.MULTILINE)
    # One finding per file: clang-format fixes the rest.
    for path, line in dict(reversed(wrong)).items():
        yield path, int(line), "is not formatted; run clang-format -i on it"
    if done.returncode != 0 and not wrong:
        yield ".clang-format", 1, done.stderr.strip()


if __name__ == "__main__":
    main(check)
