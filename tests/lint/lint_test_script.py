#!/usr/bin/env python3
"""Checks which tests scripts/test selects."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLOW_TO_SET_UP = ("lint_", "conformance_", "integration_")

# What the script looks into, also when this is a test of another build.
if not (ROOT / "build/CTestTestfile.cmake").exists():
    sys.exit(77)


def selected(*arguments):
    return subprocess.run(
        [ROOT / "scripts/test", "--list", *arguments], check=True,
        stdout=subprocess.PIPE, text=True).stdout.split()


problems = []


def expect(condition, problem):
    if not condition:
        problems.append(f"scripts/test {problem}")


everything = selected()
fast = selected("--fast")
poster = selected("--fast", "poster")
expect({"poster_test", "lint_words"} <= set(everything), "leaves tests out")
expect({"poster_test", "cli_test"} <= set(fast), "--fast leaves tests out")
expect(not [name for name in fast if name.startswith(SLOW_TO_SET_UP)],
       "--fast runs tests that need other packages")
expect(poster == ["poster_test"], f"--fast poster runs {poster}")
expect(selected("--fast", "nothing") == [], "--fast nothing runs something")
expect(set(selected("^poster_test$", "^cli_test$")) ==
       {"poster_test", "cli_test"}, "ignores the names")
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
