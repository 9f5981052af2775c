"""Compares what a vector expects with what came.

An expected dict names the members that must be there; others may be, too.
Everything else must be equal, and lists of the same length. Beyond that:
  "$any"                      anything
  {"$save": NAME}             anything, kept as NAME for later steps
  {"$use": NAME}              what was kept; in requests as well
  {"$exactly": VALUE}         no members beyond those of VALUE
  {"$one_of": [VALUE...]}     one of them
  {"$not": VALUE}             anything else
  {"$between": [LOW, HIGH]}   a number; null: no limit
  {"$matches": REGEX}         a text with such a part
  {"$list": [LOW, HIGH, VALUE]}
                              a list of LOW to HIGH such values
  {"$repeat": [TEXT, N]}      the text N times; in requests as well
  {"$numbered": [FIRST, LAST, VALUE]}
                              in a list: VALUE for each number, with "$n" in its
                              texts; in requests as well
A text that begins with `$` and is a known name stands for that text.
"""

import re


class Names:
    """The values that the texts and members of one vector stand for."""

    def __init__(self, texts):
        self._texts = texts
        self._saved = {}

    def fill(self, value):
        """`value` with all that stands for something replaced."""
        if isinstance(value, str):
            return self._texts.get(value, value)
        if isinstance(value, list):
            filled = []
            for each in value:
                if isinstance(each, dict) and "$numbered" in each:
                    first, last, pattern = each["$numbered"]
                    filled += [self.fill(_number(pattern, n)) for n in range(first, last + 1)]
                else:
                    filled.append(self.fill(each))
            return filled
        if isinstance(value, dict):
            if "$use" in value:
                return self._saved.get(value["$use"], value)
            if "$repeat" in value:
                text, count = value["$repeat"]
                return text * count
            return {key: self.fill(each) for key, each in value.items()}
        return value

    def problems(self, expected, actual, where=""):
        """How `actual` differs, a line each."""
        expected = self.fill(expected)
        if expected == "$any":
            return []
        if isinstance(expected, dict):
            special = [key for key in expected if key.startswith("$")]
            if special:
                return self._special(special[0], expected[special[0]], actual, where)
            return self._members(expected, actual, where)
        if isinstance(expected, list):
            if not isinstance(actual, list) or len(actual) != len(expected):
                return [f"{where}: {_short(actual)}, not {_short(expected)}"]
            return [problem for index, pair in enumerate(zip(expected, actual))
                    for problem in self.problems(*pair, f"{where}[{index}]")]
        if expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
            return [f"{where}: {_short(actual)}, not {_short(expected)}"]
        return []

    def _members(self, expected, actual, where):
        if not isinstance(actual, dict):
            return [f"{where}: {_short(actual)}, not {_short(expected)}"]
        problems = []
        for key, value in expected.items():
            if key in actual:
                problems += self.problems(value, actual[key], f"{where}.{key}")
            else:
                problems.append(f"{where}: {_short(actual)} lacks {key}")
        return problems

    def _special(self, name, argument, actual, where):
        if name == "$save":
            self._saved[argument] = actual
            return []
        if name == "$list":
            low, high, each = argument
            if not isinstance(actual, list) or not low <= len(actual) <= high:
                return [f"{where}: {_short(actual)}, not {low} to {high} values"]
            return self.problems([each] * len(actual), actual, where)
        if name == "$exactly":
            extra = sorted(set(actual) - set(argument))
            return [f"{where}: {', '.join(extra)} should not be set"] * bool(
                extra) + self.problems(argument, actual, where)
        if name == "$one_of":
            matches = any(not self.problems(each, actual) for each in argument)
        elif name == "$not":
            matches = bool(self.problems(argument, actual))
        elif name == "$between":
            low, high = argument
            matches = (isinstance(actual, (int, float)) and (low is None or low <= actual)
                       and (high is None or actual <= high))
        elif name == "$matches":
            matches = isinstance(actual, str) and re.search(argument, actual)
        else:
            raise ValueError(f"unknown {name}")
        return [] if matches else [f"{where}: {_short(actual)}, not {name} {_short(argument)}"]


def _number(pattern, number):
    if isinstance(pattern, str):
        return pattern.replace("$n", str(number))
    if isinstance(pattern, list):
        return [_number(each, number) for each in pattern]
    if isinstance(pattern, dict):
        return {key: _number(each, number) for key, each in pattern.items()}
    return pattern


def _short(value):
    text = repr(value)
    return text if len(text) < 400 else text[:400] + "..."
