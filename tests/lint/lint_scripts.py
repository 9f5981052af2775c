#!/usr/bin/env python3
"""Every script can be read by what is to run it."""

import re
import subprocess

from source_tree import main

FOLDERS = ("scripts", ".ci", "tests", "clients")


def problem_of_python(path, text):
    try:
        compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 1, f"is no Python: {error.msg}"
    return None


def problem_of_shell(path, text):
    done = subprocess.run(["bash", "-n", "-s"], input=text, text=True,
                          capture_output=True, check=False)
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines()[0]
    line = re.search(r"line (\d+)", said)
    return int(line.group(1)) if line else 1, f"is no shell script: {said}"


def check(tree):
    for path in tree.files(("*",), FOLDERS):
        with open(tree.root / path, "rb") as file:
            first = file.readline(100)
        is_script = first.startswith(b"#!")
        if path.endswith(".py") or (is_script and b"python3" in first):
            problem = problem_of_python(path, tree.read(path))
        elif is_script and first.rstrip().endswith((b"sh", b"bash")):
            problem = problem_of_shell(path, tree.read(path))
        else:
            continue
        if problem is not None:
            yield path, *problem


if __name__ == "__main__":
    main(check)
