#!/usr/bin/env python3
"""Who includes whom, which libraries show, and how headers are guarded."""

import re

from source_tree import main, matches, split_cpp

PROTO = "signalbox/v1"

# What a folder may include beside itself: the table of DESIGN.md, in its order.
# "*" is everything but the tests.
MAY_INCLUDE = {
    "common": (),
    "common/http": ("common",),
    "common/rpc": ("common", PROTO),
    "common/webhook": ("common",),
    "server/base": ("common",),
    "server/identity": ("server/base", "common/webhook", "common"),
    "server/report": ("server/base", "common"),
    "server/outbox": ("server/report", "server/base", "common"),
    "server/github": ("server/report", "server/base", "common/http", "common"),
    "server/config": ("server/report", "common"),
    "server/calls": ("server/outbox", "server/report", "common"),
    "server/term": ("server/outbox", "server/report", "server/base", "common"),
    "server/poster": ("server/outbox", "server/github", "server/report",
                      "server/base", "common"),
    "server/core": ("server/poster", "server/term", "server/outbox",
                    "server/github", "server/report", "server/base",
                    "common/http", "common"),
    "server/diagnosis": ("server/outbox", "server/github", "server/report",
                         "server/base", "common"),
    "server/recovery": ("server/calls", "server/outbox", "server/github",
                        "server/report", "server/base", "common/webhook",
                        "common"),
    "server/rpc": ("server/calls", "server/outbox", "server/report",
                   "server/identity", "server/base", "common", PROTO),
    "server/web": ("server/base", "common/http", "common"),
    "server": ("*",),
    "rest": ("common/http", "common/rpc", "common/webhook", "common", PROTO),
    "shim": ("rest", "common/http", "common/rpc", "common/webhook", "common",
             PROTO),
    "clients/cpp": ("common/rpc", "common", PROTO),
    "clients/cli": ("clients/cpp", "common", PROTO),
}

# Files with their own row. Only credential_setup builds objects from the
# configuration, and the interface of the library for farms needs the proto
# alone.
FILES_MAY_INCLUDE = {
    "server/config/credential_setup.*": ("server/github", "server/report",
                                         "common"),
    "server/config/yaml_*": ("common",),
    "clients/cpp/client.h": (PROTO,),
}

# The headers of a folder that other folders may include. Tests may include all.
INTERFACES = {
    "common/http": ("common/http/curl_transport.h",
                    "common/http/http_server.h",
                    "common/http/http_transport.h",
                    "common/http/streaming_client.h"),
    "common/webhook": ("common/webhook/event.h", "common/webhook/form.h",
                       "common/webhook/json_fields.h",
                       "common/webhook/secret_files.h",
                       "common/webhook/signature.h"),
    "rest": ("rest/listener.h",),
}

# The files that may include a foreign library. No header but those of tests is
# among them, so each can be replaced in one place.
FOREIGN = {
    "ares.h": ("clients/cli/bare_root.cc",),
    "sqlite3.h": ("server/outbox/sqlite.cc",
                  "tests/bench/calls/bare_sqlite.cc",
                  "tests/fuzz/database_fuzz.cc", "tests/fuzz/row_fuzz.cc",
                  "tests/fuzz/sample_outbox.h",
                  "tests/server/outbox/sqlite_damage_test.cc",
                  "tests/simulation/*.cc"),
    "benchmark/": ("tests/bench/functions/*.cc",),
    "curl/": ("common/http/curl_setup.cc", "common/http/curl_transfer.cc",
              "common/http/curl_transport.cc",
              "common/http/streaming_client.cc"),
    "httplib.h": ("common/http/http_server.cc", "tests/*.cc"),
    "jwt/": ("server/github/app_jwt.cc",),
    "nlohmann/": ("server/github/classify.cc",
                  "server/github/github_answers.cc",
                  "server/github/github_client.cc",
                  "common/webhook/json_strict.cc",
                  "rest/app_bodies.cc", "rest/app_request.cc",
                  "rest/bodies.cc", "rest/url_mover.cc",
                  "clients/cli/commit_detection.cc",
                  "clients/cli/console.cc",
                  "tests/*"),
    "simdjson.h": ("common/webhook/json_quick.cc",),
    "yaml-cpp/": ("server/config/yaml_tree.cc",),
    "spdlog/": ("common/log.cc",),
    "prometheus/": ("server/base/metrics.cc",),
    "CLI/": ("server/main.cc", "shim/config.cc", "shim/main.cc",
             "tests/bench/*/main.cc", "tests/simulation/main.cc",
             "clients/cli/arguments.cc", "clients/cli/command_options.cc",
             "clients/cli/completion.cc", "clients/cli/help.cc", "clients/cli/main.cc",
             "tests/github_simulator/main.cc"),
}

OURS = ("common/", "rest/", "server/", "shim/", "clients/", "tests/", PROTO + "/")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def folder_of(path):
    """The folder of the table that holds `path`; None if none does."""
    folder = path.rpartition("/")[0]
    return folder if folder in MAY_INCLUDE or folder == PROTO else None


def layer_problem(path, included):
    """What is wrong with an include of ours; None if nothing is."""
    if path.startswith("tests/"):
        return None
    if included.startswith("tests/"):
        return "only tests may include tests"
    own, other = folder_of(path), folder_of(included)
    if own is None or other is None:
        return f"no row of the table is for {path if own is None else included}"
    allowed = MAY_INCLUDE[own]
    for pattern, row in FILES_MAY_INCLUDE.items():
        if matches(path, (pattern,)):
            allowed = row
    if other == own:
        return None
    if other not in allowed and "*" not in allowed:
        return f"{own} may not include {other}"
    if included not in INTERFACES.get(other, (included,)):
        return f"{own} may not include {included}: it is {other}'s own"
    return None


def guard_problems(path, text):
    guard = "SIGNALBOX_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
    lines = text.rstrip("\n").split("\n")
    if lines[:2] != [f"#ifndef {guard}", f"#define {guard}"]:
        yield path, 1, f"does not begin with the include guard {guard}"
    if lines[-1] != f"#endif  // {guard}":
        yield path, len(lines), f"does not end with #endif  // {guard}"


def check(tree):
    for path in tree.cpp():
        text = tree.read(path)
        if path.endswith(".h"):
            yield from guard_problems(path, text)
        for number, line in enumerate(split_cpp(text)[0].split("\n"), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            quote, included = found.groups()
            for prefix, allowed in FOREIGN.items():
                if included.startswith(prefix) and not matches(path, allowed):
                    yield path, number, f"may not include {included}"
            if included.startswith(OURS):
                if quote == "<":
                    yield path, number, f"{included} is ours: use quotes"
                problem = layer_problem(path, included)
                if problem:
                    yield path, number, problem
                if (not included.startswith(PROTO)
                        and not (tree.root / included).is_file()):
                    yield path, number, f"there is no {included}"
            elif quote == '"' and ("/" not in included or ".." in included):
                yield (path, number, f"{included}: paths begin at the root of "
                       "the repository")


if __name__ == "__main__":
    main(check)
