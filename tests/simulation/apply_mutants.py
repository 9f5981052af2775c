#!/usr/bin/env python3
"""Writes the sources with the faults of tests/simulation/mutants.txt.

  apply_mutants.py LIST SOURCE_DIR OUT_DIR

Writes each file that LIST patches to OUT_DIR, under its own path, and
mutant_list.cc with the names. Each fault is off until its number is in
`the_mutant`. Does not touch an unchanged file, so that it is not built again.
"""

import pathlib
import re
import sys


class ListError(Exception):
    pass


def patches_of(lines):
    """[(name, what, [(line number, file, text, replacement)])] of the list."""
    faults, part = [], None
    for number, line in enumerate(lines, 1):
        if line.startswith("==="):
            head = re.fullmatch(r"=== (\w+): (.+)", line)
            if not head:
                raise ListError(f"{number}: wanted `=== NAME: what goes wrong`")
            faults.append((head[1], head[2], []))
            part = None
        elif line.startswith("--- "):
            if not faults:
                raise ListError(f"{number}: a patch before the first `===`")
            faults[-1][2].append((number, line[4:].strip(), [], []))
            part = 2
        elif line == "+++":
            if part != 2:
                raise ListError(f"{number}: `+++` without a text before it")
            part = 3
        elif line.startswith("#") and not line.startswith("#include"):
            continue
        elif part:
            faults[-1][2][-1][part].append(line)
        elif line.strip():
            raise ListError(f"{number}: stands in no patch")
    return faults


def patched(source, number, file, text, replacement, mutant):
    words = " ".join(text).split()
    if not words:
        raise ListError(f"{number}: no text to be replaced")
    if "MUTANT" not in "".join(replacement):
        raise ListError(f"{number}: the replacement does not ask for MUTANT")
    found = list(re.finditer(r"\s+".join(map(re.escape, words)), source))
    if len(found) != 1:
        raise ListError(f"{number}: the text stands {len(found)} times in "
                        f"{file}, wanted once: {' '.join(words)[:70]}")
    new = "\n".join(replacement).strip().replace(
        "MUTANT", f"(::signalbox::the_mutant == {mutant})")
    return source[:found[0].start()] + new + source[found[0].end():]


def write(path, text):
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main():
    list_path, root, out = map(pathlib.Path, sys.argv[1:4])
    sources, rows = {}, []
    try:
        faults = patches_of(list_path.read_text().splitlines())
        names = [name for name, _, _ in faults]
        for name in names:
            if names.count(name) > 1:
                raise ListError(f"0: {name} stands twice in it")
        for mutant, (name, what, patches) in enumerate(faults, 1):
            if not patches:
                raise ListError(f"0: {name} has no patch")
            rows.append(f'    {{"{name}", "{what}"}},')
            for number, file, text, replacement in patches:
                if file not in sources:
                    sources[file] = (root / file).read_text()
                sources[file] = patched(sources[file], number, file, text,
                                        replacement, mutant)
    except (ListError, OSError) as error:
        sys.exit(f"{list_path}:{error}")
    for file, source in sources.items():
        write(out / file,
              '#include "tests/simulation/the_mutant.h"\n' + source)
    write(out / "mutant_list.cc",
          '#include "tests/simulation/mutants.h"\n\n'
          "namespace signalbox {\n\n"
          "const std::vector<MutantInfo>& AllMutants() {\n"
          "  static const auto* const all = new std::vector<MutantInfo>{\n"
          + "\n".join(rows) +
          "\n  };\n  return *all;\n}\n\n}  // namespace signalbox\n")
    print(";".join(sorted(sources)))


if __name__ == "__main__":
    main()
