#!/usr/bin/env python3
"""Every element of our protos has a comment right above it."""

import re

from source_tree import line_of, main

# A statement ends with `;` or begins a block with `{`.
STATEMENT = re.compile(r"[^;{}]*[;{}]")
NAMED = re.compile(r"(package|message|enum|service|rpc|oneof)\s+([\w.]+)")
MEMBER = re.compile(r"(?:(?:repeated|optional|map\s*<[^>]*>|[\w.]+)\s+)*(\w+)"
                    r"\s*=\s*-?\d+")
SILENT = ("syntax", "import", "option", "reserved", "returns")


def elements(text):
    """Yields (line, kind, name, enclosing (kind, name)s) of each element."""
    code = re.sub(r'//[^\n]*|"[^"\n]*"', lambda m: " " * len(m.group()), text)
    enclosing = []
    for found in STATEMENT.finditer(code):
        statement = found.group()
        begin = found.start() + len(statement) - len(statement.lstrip())
        body = statement.strip().rstrip(";{}").strip()
        line = line_of(text, begin)
        named = NAMED.match(body)
        member = MEMBER.match(body)
        if named:
            yield line, named.group(1), named.group(2), list(enclosing)
        elif member and not body.startswith(SILENT):
            yield line, "member", member.group(1), list(enclosing)
        if statement.endswith("{"):
            enclosing.append(named.groups() if named else ("", ""))
        elif statement.endswith("}") and enclosing:
            enclosing.pop()


def check(tree):
    for path in tree.files(("*.proto",), ("proto",)):
        text = tree.read(path)
        lines = text.split("\n")
        for line, kind, name, enclosing in elements(text):
            above = line - 2
            if above < 0 or not lines[above].lstrip().startswith("//"):
                yield path, line, f"{name} has no comment above it"
                continue
            while lines[above - 1].lstrip().startswith("//") and above > 0:
                above -= 1
            comment = lines[above].strip().lstrip("/").strip()
            if (kind == "member" and enclosing
                    and enclosing[-1][0] == "message"
                    and enclosing[-1][1].endswith("Request")
                    and not comment.startswith(("Required", "Optional"))):
                yield (path, line, f"the comment of {name} does not begin with "
                       "Required or Optional")


if __name__ == "__main__":
    main(check)
