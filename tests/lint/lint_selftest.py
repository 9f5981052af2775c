#!/usr/bin/env python3
"""Each check finds what it is for, and nothing in a tree that is right."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import lint_buf
import lint_format
import lint_includes
import lint_length
import lint_proto
import lint_rooms
import lint_scripts
import lint_words
from source_tree import Tree, split_cpp


def header(path, body=""):
    guard = "SIGNALBOX_" + path.upper().translate(
        str.maketrans("/.-", "___")) + "_"
    return (f"#ifndef {guard}\n#define {guard}\n\n{body}\n"
            f"#endif  // {guard}\n")


def length_check(*exceptions):
    return lambda tree: lint_length.check(tree, exceptions)


GOOD = {
    "common/error.h": header("common/error.h"),
    "common/http/curl_transport.cc": "#include <curl/curl.h>\n",
    "common/http/head_gate.h": header("common/http/head_gate.h",
                                      '#include "common/error.h"\n'),
    "common/http/http_server.h": header("common/http/http_server.h"),
    "common/http/http_server.cc": "#include <httplib.h>\n"
                                  '#include "common/http/head_gate.h"\n',
    "server/base/clock.h": header("server/base/clock.h",
                                  '#include "common/error.h"\n'),
    "server/base/clock.cc": '#include "server/base/clock.h"\n'
                            "auto now = absl::Now();\n",
    "server/report/report.h": header("server/report/report.h",
                                     '#include "server/base/clock.h"\n'),
    "server/outbox/outbox.h": header("server/outbox/outbox.h"),
    "server/outbox/sqlite.cc": "#include <sqlite3.h>\n"
                               "constexpr char kSql[] =\n"
                               "    \"SELECT a FROM b WHERE c = 'from'\";\n",
    "server/github/classify.h": header("server/github/classify.h"),
    "server/poster/poster.cc": '#include "absl/time/time.h"\n'
                               '#include "server/github/classify.h"\n'
                               '#include "server/outbox/outbox.h"\n',
    "server/recovery/recovery.h": header("server/recovery/recovery.h"),
    "server/recovery/recovery.cc": '#include "common/webhook/form.h"\n',
    "server/rpc/convert.h": header(
        "server/rpc/convert.h",
        '#include "signalbox/v1/status_service.pb.h"\n'),
    "server/web/web_server.cc": '#include "common/http/http_server.h"\n',
    "server/main.cc": '#include "server/rpc/convert.h"\n'
                      "#include <CLI/CLI.hpp>\n",
    "server/config/config.cc": '#include "server/report/report.h"\n',
    "common/webhook/form.h": header("common/webhook/form.h",
                                  '#include "common/error.h"\n'),
    "shim/main.cc": '#include "common/error.h"\n'
                    '#include "common/http/http_server.h"\n'
                    '#include "common/webhook/form.h"\n',
    "clients/cpp/client.h": header("clients/cpp/client.h"),
    "clients/cpp/client.cc": '#include "common/error.h"\n',
    "clients/cli/main.cc": '#include "clients/cpp/client.h"\n',
    "tests/server/base/clock_test.cc": '#include "server/base/clock.h"\n',
    "tests/integration/wait.cc": "void f() { absl::SleepFor(x); }\n",
    "proto/signalbox/v1/s.proto": """syntax = "proto3";

// The API.
package signalbox.v1;

import "google/protobuf/duration.proto";

// A service.
service S {
  // Says it.
  rpc Say(SayRequest)
      returns (SayResponse);
}

// What to say.
message SayRequest {
  // Required. A word.
  string word = 1;
  // How; one of these.
  oneof how {
    // Loudly.
    bool loud = 2;
  }
  reserved 3;
}

// What was said.
message SayResponse {
  // Words by number.
  map<int32, string> words = 1;
  // Several.
  repeated string more = 2;
}

// Words.
enum Word {
  // None.
  WORD_UNSPECIFIED = 0;
}
""",
}


class Lint(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in GOOD.items():
            self.write(path, text)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def findings(self, check):
        return list(check(Tree(self.root)))

    def expect(self, check, path, text, *problems):
        """A file with this text gives these (line, part of the problem)."""
        before = self.root / path
        kept = before.read_text(encoding="utf-8") if before.exists() else None
        self.write(path, text)
        found = self.findings(check)
        if kept is None:
            before.unlink()
        else:
            self.write(path, kept)
        self.assertEqual([(path, line) for line, _ in problems],
                         [(where, line) for where, line, _ in found],
                         f"{text}\n{found}")
        for (_, part), (_, _, problem) in zip(problems, found):
            self.assertIn(part, problem)

    def test_nothing_is_found_in_a_good_tree(self):
        for check in (lint_includes.check, lint_words.check, lint_proto.check,
                      lint_scripts.check, length_check()):
            self.assertEqual(self.findings(check), [])

    def test_scripts(self):
        self.expect(lint_scripts.check, "scripts/run",
                    "#!/usr/bin/env bash\nif true; then echo; fi\n")
        self.expect(lint_scripts.check, "scripts/run",
                    "#!/usr/bin/env bash\nif true; then echo\n",
                    (3, "is no shell script"))
        self.expect(lint_scripts.check, "scripts/prove",
                    "#!/usr/bin/env python3\n\n"
                    "a = [b for b in c if d else e]\n",
                    (3, "is no Python"))
        self.expect(lint_scripts.check, "tests/x.py", "a = 1\n")

    def test_length(self):
        def body(count):
            return "{\n" + "  f({}, \"}\");  // }\n" * (count - 2) + "}\n"

        path = "server/base/x.cc"
        too_long = "a();\n" * 501
        self.expect(length_check(), path, "a();\n" * 500)
        self.expect(length_check(), path, too_long, (1, "x.cc has 501 lines"))
        self.expect(length_check(path), path, too_long)
        self.expect(length_check(path), path, "a();\n", (1, "it is short"))
        self.expect(length_check(), path, "\nint A::B() " + body(60))
        for line, before, after in (
                (2, "\nint A::B() ", ""),
                (1, "template <class T> int B(T) ", ""),
                (3, "namespace {\nint a = 1;\nint B() ", "}\n"),
                (3, "class A {\n public:\n  int B() const ", "};\n")):
            with self.subTest(text=before):
                self.expect(length_check(), path, before + body(61) + after,
                            (line, "B has 61 lines"))
        name = path + ": A::B"
        self.expect(length_check(name), path, "int A::B() " + body(61))
        self.expect(length_check(name), path, "int a;\n", (1, "it is short"))
        # What is no function, or not the programs'.
        self.expect(length_check(), path, "struct A " + body(61))
        self.expect(length_check(), path, "A a[] = " + body(61))
        self.expect(length_check(), "tests/x.cc", "int A::B() " + body(61))

    def test_layers(self):
        for path, included in (
                ("common/x.cc", "common/http/http_server.h"),
                ("common/x.cc", "server/base/clock.h"),
                ("common/x.cc", "common/webhook/form.h"),
                ("common/x.cc", "signalbox/v1/status_service.pb.h"),
                ("common/http/x.cc", "common/webhook/form.h"),
                ("shim/x.cc", "common/http/head_gate.h"),
                ("server/base/x.cc", "common/http/http_server.h"),
                ("server/base/x.cc", "server/report/report.h"),
                ("server/base/x.cc", "server/outbox/outbox.h"),
                ("server/report/x.cc", "server/outbox/outbox.h"),
                ("server/outbox/x.cc", "server/github/classify.h"),
                ("server/github/x.cc", "server/outbox/outbox.h"),
                ("server/poster/x.cc", "server/rpc/convert.h"),
                ("server/poster/x.cc", "common/webhook/form.h"),
                ("server/term/x.cc", "server/github/classify.h"),
                ("server/diagnosis/x.cc", "server/recovery/recovery.h"),
                ("server/recovery/x.cc", "server/rpc/convert.h"),
                ("server/rpc/x.cc", "server/github/classify.h"),
                ("server/web/x.cc", "server/github/classify.h"),
                ("server/web/x.cc", "server/rpc/convert.h"),
                ("server/config/config.cc", "server/github/classify.h"),
                ("server/outbox/x.cc", "signalbox/v1/status_service.pb.h"),
                ("common/webhook/x.cc", "server/base/clock.h"),
                ("common/webhook/x.cc", "signalbox/v1/status_service.pb.h"),
                ("shim/x.cc", "server/base/clock.h"),
                ("shim/x.cc", "clients/cpp/client.h"),
                ("clients/cpp/x.cc", "server/base/clock.h"),
                ("clients/cpp/x.cc", "common/webhook/form.h"),
                ("clients/cli/x.cc", "server/base/clock.h")):
            with self.subTest(path=path, included=included):
                self.expect(lint_includes.check, path,
                            f'\n#include "{included}"\n', (2, "may not include"))
        path = "clients/cpp/client.h"
        self.expect(lint_includes.check, path,
                    header(path, '#include "common/error.h"\n'),
                    (4, "may not include"))
        self.write("tests/support/fake.h", header("tests/support/fake.h"))
        self.expect(lint_includes.check, "server/main.cc",
                    '#include "tests/support/fake.h"\n', (1, "only tests"))

    def test_rooms(self):
        for path in self.root.rglob("*.*"):
            path.unlink()
        self.write("common/error.h", header("common/error.h"))
        self.write("server/base/clock.h", GOOD["server/base/clock.h"])
        self.write("server/report/report.h", GOOD["server/report/report.h"])
        self.write("server/report/x.cc", '// #include "server/outbox/y.h"\n'
                                         '#include "absl/time/time.h"\n'
                                         '#include "common/error.h"\n'
                                         '#include "server/report/report.h"\n')
        self.write("tests/x.cc", '#include "server/base/clock.h"\n')
        rows = ["| `common` | nothing | 0 | 2 |",
                "| `server/base` | `common` | 1 | 1 |",
                "| `server/report` | base, common | 2 | 0 |"]

        def design(*rows):
            return "\n".join(["# Design", "", lint_rooms.HEAD,
                              "| --- | --- | --- | --- |", *rows, "", "More.",
                              ""])

        path = "DESIGN.md"
        self.expect(lint_rooms.check, path, design(*rows))
        self.expect(lint_rooms.check, path,
                    design(rows[0], rows[1].replace("1 | 1", "1 | 2"), rows[2]),
                    (6, "wanted " + rows[1]))
        self.expect(lint_rooms.check, path,
                    design(*rows, "| `server/poster` | all | 1 | 1 |"),
                    (8, "no room server/poster"))
        self.expect(lint_rooms.check, path, design(*rows[:2]),
                    (1, "no row of the table is for server/report"))
        self.write(path, design(rows[0], rows[2], rows[1]))
        self.assertEqual([finding[:2] for finding
                          in self.findings(lint_rooms.check)],
                         [("server/report/report.h", 4)])

        self.write(path, design("| `common` | nothing |", *rows[1:]))
        lint_rooms.write(Tree(self.root))
        self.assertEqual((self.root / path).read_text(encoding="utf-8"),
                         design(*rows))

    def test_paths_of_includes(self):
        for text, part in (('#include "clock.h"\n', "begin at the root"),
                           ('#include "../x/y.h"\n', "begin at the root"),
                           ('#include "server/base/no.h"\n', "there is no"),
                           ("#include <server/base/clock.h>\n", "use quotes")):
            self.expect(lint_includes.check, "server/base/x.cc", text,
                        (1, part))

    def test_a_folder_without_a_row(self):
        self.expect(lint_includes.check, "server/other/x.cc",
                    '#include "server/base/clock.h"\n', (1, "no row"))
        self.write("clients/x.h", header("clients/x.h"))
        self.expect(lint_includes.check, "server/base/x.cc",
                    '#include "clients/x.h"\n', (1, "no row"))

    def test_foreign_libraries(self):
        for included in ("sqlite3.h", "curl/curl.h", "httplib.h",
                         "nlohmann/json.hpp", "nlohmann/json_fwd.hpp",
                         "simdjson.h",
                         "yaml-cpp/yaml.h", "spdlog/spdlog.h",
                         "prometheus/registry.h", "CLI/CLI.hpp"):
            for quotes in ("<{}>", '"{}"'):
                if "/" not in included and quotes[0] == '"':
                    continue
                include = "#include " + quotes.format(included) + "\n"
                for folder in ("common", "server/base", "shim", "clients/cli"):
                    self.expect(lint_includes.check, folder + "/x.cc", include,
                                (1, "may not include " + included))
                    self.expect(lint_includes.check, folder + "/x.h",
                                header(folder + "/x.h", include),
                                (4, "may not include " + included))

    def test_no_list_of_a_foreign_library_has_a_header(self):
        for allowed in lint_includes.FOREIGN.values():
            for pattern in allowed:
                self.assertTrue(pattern.endswith(".cc")
                                or pattern.startswith("tests/"), pattern)

    def test_commented_includes_do_not_count(self):
        self.expect(lint_includes.check, "server/base/x.cc",
                    '// #include <sqlite3.h>\n/*\n#include <sqlite3.h>\n*/\n'
                    'const char k[] = R"(\n#include <sqlite3.h>\n)";\n')

    def test_include_guards(self):
        path = "server/base/x.h"
        good = header(path)
        for text, line, part in (
                ("#pragma once\n", 1, "guard"),
                (good.replace("SERVER", "SRV"), 1, "SIGNALBOX_SERVER_BASE_X_H_"),
                (good.replace("#endif  //", "#endif //"), 5, "does not end"),
                ("// Licence.\n" + good, 1, "does not begin")):
            self.write(path, text)
            found = self.findings(lint_includes.check)
            self.assertIn((path, line), [f[:2] for f in found], text)
            self.assertIn(part, " ".join(f[2] for f in found))

    def test_words(self):
        for word in ("std::string_view v;", "std :: string_view v;",
                     "absl::Mutex mu;", "absl::MutexLock lock(&mu);",
                     "std::this_thread::sleep_for(x);", "absl::SleepFor(x);",
                     "usleep(1);", "nanosleep(&t, nullptr);", "sleep(1);",
                     "std::this_thread::sleep_until(x);",
                     "auto n = absl::Now();", "auto t = time(nullptr);",
                     "auto t = time(NULL);", "auto t = std::time(nullptr);",
                     "std::chrono::system_clock::now();",
                     "std::chrono::steady_clock::now();", "Clock::now();",
                     "clock_gettime(CLOCK_MONOTONIC, &t);"):
            with self.subTest(word=word):
                for path in ("server/base/x.cc", "server/poster/x.h",
                             "shim/x.cc", "tests/server/base/x_test.cc"):
                    self.expect(lint_words.check, path, f"\n{word}\n", (2, ""))
                # In a comment or a text it means nothing.
                self.expect(lint_words.check, "server/base/x.cc",
                            f"// {word}\n/* {word} */\nauto a = \"{word}\";\n"
                            f'auto b = R"x({word})x";\n')
        self.expect(lint_words.check, "server/base/x.cc",
                    "auto a = clock->Now(); o.sleep(1); p->time(nullptr);\n"
                    "std::thread sleep([] {});\n")

    def test_unfinished_work(self):
        for word in ("TODO", "FIXME", "XXX"):
            for path, comment in (("server/x.cc", "//"), ("proto/x.proto", "//"),
                                  ("scripts/x.py", "#"), ("cmake/x.cmake", "#"),
                                  ("tests/CMakeLists.txt", "#")):
                self.expect(lint_words.check, path,
                            f"\n{comment} {word}: later\n", (2, word))
        self.expect(lint_words.check, "server/x.cc", '"/tmp/file-XXXXXX"\n')

    def test_sql(self):
        for sql, line in (("select a from b", 1), ("SELECT a from b", 1),
                          ("INSERT INTO a\nvalues (?)", 2),
                          ("DELETE FROM a WHERE b is null", 1)):
            self.expect(lint_words.check, "server/outbox/x.cc",
                        f'auto s = R"({sql})";\n', (line, "in capitals"))
        self.expect(lint_words.check, "server/outbox/x.cc",
                    'auto s = "update it and where";\n', (1, ""))
        self.expect(lint_words.check, "server/outbox/x.cc",
                    'auto s = "the rows from where it began";\n')

    def test_protos(self):
        path = "proto/signalbox/v1/s.proto"
        good = GOOD[path]
        comments = [n for n, line in enumerate(good.split("\n"))
                    if line.lstrip().startswith("//")]
        self.assertEqual(len(comments), 12)
        for number in comments:
            lines = good.split("\n")
            lines[number] = ""
            self.expect(lint_proto.check, path, "\n".join(lines),
                        (number + 2, "has no comment"))
        self.expect(lint_proto.check, path,
                    good.replace("Required. A word", "A word"),
                    (18, "Required or Optional"))

    @unittest.skipUnless(lint_buf.BUF.exists(), "buf is not installed")
    def test_buf(self):
        path = "proto/signalbox/v1/s.proto"
        good = """syntax = "proto3";

package signalbox.v1;

message Word {
  string text = 1;
}

enum Kind {
  KIND_UNSPECIFIED = 0;
}
"""
        self.write("proto/buf.yaml", "version: v2\nlint:\n  use: [STANDARD]\n"
                                     "breaking:\n  use: [FILE]\n")
        self.write(path, good)
        self.assertEqual([(where, line) for where, line, _
                          in self.findings(lint_buf.check)],
                         [(lint_buf.RELEASED, 1)])
        (self.root / lint_buf.RELEASED).mkdir()
        subprocess.run(
            ["protoc", "-I", "proto", "--include_imports",
             f"--descriptor_set_out={lint_buf.RELEASED}/v1.binpb",
             "signalbox/v1/s.proto"], cwd=self.root, check=True)
        self.expect(lint_buf.check, path, good)
        self.expect(lint_buf.check, path,
                    good.replace("KIND_UNSPECIFIED", "NOTHING"),
                    (10, "prefix"), (10, "suffix"), (10, "changed name"))
        self.expect(lint_buf.check, path,
                    good.replace("text = 1", "text = 2"),
                    (5, "deleted"))

    def test_format(self):
        for path in self.root.rglob("*"):
            if path.suffix in (".cc", ".h"):
                path.unlink()
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.expect(lint_format.check, "server/x.cc", "int a = 1;\n")
        self.expect(lint_format.check, "server/x.cc", "int a   = 1;\n",
                    (1, "not formatted"))

    def test_cpp_is_split_right(self):
        code, literals = split_cpp(
            "int a = 10'000; char q = '\"'; // \" '\n"
            'auto s = "a\\"b"; /* "c"\n */ auto r = R"--(d)")--";\n'
            "int z;\n")
        self.assertEqual(literals, [(2, 'a\\"b'), (3, 'd)"')])
        self.assertEqual(code.count("\n"), 4)
        self.assertIn("10'000", code)
        self.assertIn("int z;", code)
        self.assertNotIn("b", code.replace("lb", ""))


if __name__ == "__main__":
    unittest.main()
