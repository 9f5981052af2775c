#!/usr/bin/env python3
"""Words that must not stand in our files, or only where they belong."""

import re

from source_tree import CPP_FOLDERS, line_of, main, matches, split_cpp

# (what it is about, the words, who may use them)
RULES = (
    ("views are absl::string_view; the two do not convert",
     re.compile(r"\bstd\s*::\s*(basic_)?string_view\b"), ()),
    ("locks come from common/mutex.h",
     re.compile(r"\babsl\s*::\s*(Mutex|MutexLock|CondVar)\b"), ()),
    ("only Worker sleeps, on its condition variable",
     re.compile(r"\b(sleep_for|sleep_until|SleepFor|usleep|nanosleep"
                r"|clock_nanosleep)\s*\(|(?<![\w.>])(?<!thread )sleep\s*\("),
     ("clients/cpp/client.cc",  # Between repetitions of a blocking call.
      "common/http/http_server.cc",  # After a failed accept(), for a thread.
      "tests/bench/webhooks/github_view.cc",  # Reads the simulator seldom.
      "tests/bench/posting/idle.cc",  # Asks the server again.
      "tests/bench/calls/contestants.cc",  # Until a program is quiet.
      "tests/bench/calls/resting.cc",  # While a program rests.
      "tests/integration/*")),
    ("time is an argument; server/base/clock.cc reads the clock",
     re.compile(r"\babsl\s*::\s*Now\s*\(|\b\w+\s*::\s*now\s*\("
                r"|\bMonotonicTime\s*\("
                r"|\bgettimeofday\s*\(|\bclock_gettime\s*\("
                r"|(?<![\w.>])time\s*\(\s*(nullptr|NULL|0)\s*\)"),
     ("common/monotonic_time.*", "server/base/clock.cc",
      "server/rpc/grpc_listener.cc",  # gRPC takes a time as deadline.
      # What cannot have the server's Clock. HTTP has deadlines in real time.
      # The shim measures how long GitHub has waited for its answer, the door for
      # GitHub's API how long its client has, the command line how long a call
      # was repeated and a command ran.
      "common/http/*.cc", "common/rpc/client_context.h",
      "common/rpc/shared_stream.cc", "rest/door.cc", "rest/listener.cc",
      "shim/webhook_handler.cc",
      "clients/cpp/client.cc", "clients/cpp/report_stream.cc",
      "clients/cli/commands.cc",
      "clients/cli/commands_of_many.cc", "clients/cli/run_command.cc",
      "clients/cli/steady_clock.h",
      # The tests of programs, which run in real time.
      "tests/common/http/*", "tests/common/rpc/*",
      "tests/server/base/clock_test.cc",
      "tests/server/web/*", "tests/rest/*", "tests/integration/*", "tests/shim/*", "tests/clients/*", "tests/support/process.cc")),
)

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
TEXT_FILES = ("*.cc", "*.h", "*.proto", "*.py", "*.sh", "*.cmake", "*.md",
              "*.txt", "*.yaml", "*.yml", "*.js", "*.mjs", "*.html", "*.css")

# A literal with such a beginning is SQL, and these are its keywords. (No column
# should have a name that looks like a keyword.)
STATEMENT = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|COMMIT"
    r"|ROLLBACK|WITH|REPLACE)\b\s", re.IGNORECASE)
KEYWORD = re.compile(
    r"\b(select|insert|into|values|update|delete|from|where|and|or|not|null|in"
    r"|is|exists|order\s+by|group\s+by|limit|offset|join|on\s+conflict|do"
    r"|create|table|unique|primary\s+key|strict|without\s+rowid|asc|desc"
    r"|union|distinct|between|having|case|when|then|else|coalesce)\b")


def check(tree):
    for path in tree.cpp():
        text = tree.read(path)
        code, literals = split_cpp(text)
        for why, words, allowed in RULES:
            if matches(path, allowed):
                continue
            for found in words.finditer(code):
                yield (path, line_of(code, found.start()),
                       f"{found.group().strip()}: {why}")
        if not path.startswith("server/outbox/"):
            continue
        for line, literal in literals:
            # Texts within the statement are data.
            sql = re.sub(r"'[^']*'", lambda m: " " * len(m.group()), literal)
            keyword = STATEMENT.match(sql) and KEYWORD.search(sql)
            if keyword:
                yield (path, line + line_of(sql, keyword.start()) - 1,
                       f"{keyword.group()}: SQL keywords are in capitals")
    folders = CPP_FOLDERS + ("proto", "cmake", "scripts", "deploy", ".ci")
    for path in tree.files(TEXT_FILES, folders):
        if path.startswith("tests/lint/"):
            continue
        text = tree.read(path)
        for found in UNFINISHED.finditer(text):
            yield (path, line_of(text, found.start()),
                   f"{found.group()}: finish it, or write it down elsewhere")


if __name__ == "__main__":
    main(check)
