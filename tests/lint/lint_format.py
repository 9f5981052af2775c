#!/usr/bin/env python3
"""All C++ is as clang-format writes it, in Debian 12's version.

Other versions break some lines elsewhere.
"""

import re
import shutil
import subprocess
import sys

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


def other_version():
    """The version that is installed, if it is not the one we format with."""
    formatter = shutil.which("clang-format")
    if formatter is None:
        return None
    text = subprocess.run([formatter, "--version"], capture_output=True,
                          text=True, check=True).stdout
    version = re.search(r"version (\d+)", text)
    return None if version and version[1] == "14" else text.strip()


if __name__ == "__main__":
    found = other_version()
    if found is not None:
        print(f"skipped: wanted clang-format 14, found {found}")
        sys.exit(77)
    main(check)
