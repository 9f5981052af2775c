"""The files of the repository, and what the checks need to know of C++."""

import argparse
import fnmatch
import pathlib
import re
import sys

CPP_FOLDERS = ("common", "rest", "server", "shim", "clients", "tests")
NOT_OURS = ("node_modules", "__pycache__")


class Tree:
    """A checkout, or a small tree that the self-test made."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def files(self, patterns, folders=CPP_FOLDERS):
        """Paths below `folders` whose names match, relative to the root."""
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                relative = path.relative_to(self.root).as_posix()
                if any(part in NOT_OURS or part.startswith("build")
                       for part in path.relative_to(self.root).parts[:-1]):
                    continue
                if path.is_file() and matches(path.name, patterns):
                    yield relative

    def cpp(self):
        return self.files(("*.cc", "*.h"))

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8")


def matches(text, patterns):
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


# Everything but code, each alternative up to its end: an include (its quotes
# are no literal), comments, raw and plain strings, characters (a quote after a
# digit is a separator).
TOKEN = re.compile(
    r"""(?P<include>^[ \t]*\#[ \t]*include[^\n]*)
      | //[^\n]* | /\*.*?(?:\*/|\Z)
      | (?<!\w)R"(?P<mark>[^\s()\\]*)\((?P<raw>.*?)\)(?P=mark)"
      | "(?P<plain>(?:\\.|[^"\\\n])*)"
      | (?<!\w)'(?:\\.|[^'\\\n])*'
    """, re.MULTILINE | re.DOTALL | re.VERBOSE)


def split_cpp(text):
    """The code with comments and literals blanked, and the string literals.

    Lines stay where they are. The literals come as (line, content).
    """
    literals = []

    def blank(found):
        if found.group("include"):
            return found.group()
        content = found.group("raw")
        if content is None:
            content = found.group("plain")
        if content is not None:
            literals.append((line_of(text, found.start()), content))
        return re.sub(r"[^\n]", " ", found.group())

    return TOKEN.sub(blank, text), literals


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def main(check, *actions):
    """Runs a check, a function of a tree that yields (path, line, problem).

    An action is a function of a tree, too. It runs instead of the check if its
    name is given as an option.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--root",
                        default=pathlib.Path(__file__).resolve().parents[2])
    for action in actions:
        parser.add_argument("--" + action.__name__, help=action.__doc__,
                            dest="run", action="store_const", const=action)
    parser.set_defaults(run=None)
    arguments = parser.parse_args()
    tree = Tree(arguments.root)
    if arguments.run:
        arguments.run(tree)
        return
    findings = list(check(tree))
    for path, line, problem in findings:
        print(f"{path}:{line}: {problem}")
    sys.exit(1 if findings else 0)
