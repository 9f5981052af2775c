#!/usr/bin/env python3
"""Files and functions of the programs are short enough to be read whole."""

import re

from source_tree import line_of, main, split_cpp

MOST_IN_FILE = 500
MOST_IN_FUNCTION = 60

# What is longer: a file, or a function of a file. Split what you work on, and
# take it out; the check refuses an exception that is no longer needed.
EXCEPTIONS = ()

DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
LABEL = re.compile(r"\b(public|protected|private)\s*:(?!:)")
# A block in which functions may stand.
SCOPE = re.compile(r"(template\s*<.*?>\s*)?(namespace|class|struct|union|enum"
                   r"|extern)\b", re.DOTALL)
NAME = re.compile(r"([\w:~]+)\s*\(")


def functions(code):
    """The functions of code as split_cpp returns it: (name, first, last line).

    A function begins with its head. Functions within functions are not found.
    """
    for other in (DIRECTIVE, LABEL):
        code = other.sub(lambda found: re.sub(r"[^\n]", " ", found.group()),
                         code)
    blocks = []  # The names of the open ones, empty for a scope, and lines.
    head = 0
    for found in re.finditer(r"[{};]", code):
        if found.group() == "{":
            text = code[head:found.start()].lstrip()
            name = NAME.search(text)
            is_function = (name and not SCOPE.match(text)
                           and not text.rstrip().endswith("=")
                           and not any(block for block, _ in blocks))
            blocks.append((name[1] if is_function else "",
                           line_of(code, found.start() - len(text))))
        elif found.group() == "}" and blocks:
            name, first = blocks.pop()
            if name:
                yield name, first, line_of(code, found.start())
        head = found.end()


def check(tree, exceptions=EXCEPTIONS):
    needed = set()

    def findings(name, path, line, count, most):
        if count <= most:
            return
        needed.add(name)
        if name not in exceptions:
            yield path, line, f"{name} has {count} lines; at most {most}"

    for path in tree.files(("*.cc", "*.h"),
                           ("common", "rest", "server", "shim",
                            "clients")):
        text = tree.read(path)
        yield from findings(path, path, 1, text.count("\n"), MOST_IN_FILE)
        for name, first, last in functions(split_cpp(text)[0]):
            yield from findings(f"{path}: {name}", path, first,
                                last - first + 1, MOST_IN_FUNCTION)
    for name in exceptions:
        if name not in needed:
            yield (name.split(":", maxsplit=1)[0], 1,
                   f"take {name} out of EXCEPTIONS: it is short")


if __name__ == "__main__":
    main(check)
