#include "common/webhook/retest_command.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using Contexts = std::vector<std::string>;

// Nothing, "all", or the contexts that the comment asks for.
Contexts Asked(const std::string& comment) {
  const auto contexts = ReadRetestCommand(comment);
  if (!contexts.has_value()) return {"(nothing)"};
  return contexts->empty() ? Contexts{"(all)"} : *contexts;
}

const Contexts kNothing = {"(nothing)"};
const Contexts kAll = {"(all)"};

TEST(RetestCommandTest, WholeLinesAsk) {
  EXPECT_EQ(Asked("/retest"), kAll);
  EXPECT_EQ(Asked("/retest\r\n"), kAll);
  EXPECT_EQ(Asked("please\n/retest"), kAll);
  EXPECT_EQ(Asked("   /retest "), kAll);
  EXPECT_EQ(Asked("/retest ci/build"), Contexts{"ci/build"});
  EXPECT_EQ(Asked("  /retest \t ci/build  "), Contexts{"ci/build"});
  EXPECT_EQ(Asked("/retest\tci/build"), Contexts{"ci/build"});
  EXPECT_EQ(Asked("Flaky.\r\n/retest ci/build\r\n/retest ci/lint\r\nbye"),
            (Contexts{"ci/build", "ci/lint"}));
  EXPECT_EQ(Asked("/retest a\n/retest b\n/retest A"), (Contexts{"a", "b"}));
  // All contexts include the named ones.
  EXPECT_EQ(Asked("/retest a\n/retest\n/retest b"), kAll);
  EXPECT_EQ(Asked("/retest \u2713\n/retest gr\u00fcn"),
            (Contexts{"\u2713", "gr\u00fcn"}));
  EXPECT_EQ(Asked("/retest \U0001f389\n/retest a"), Contexts{"a"});
}

TEST(RetestCommandTest, OtherTextAsksForNothing) {
  for (const char* comment : {"",
                              "retest",
                              "/retesting",
                              "/retest-all",
                              "/Retest",
                              "please /retest",
                              "> /retest",
                              "`/retest`",
                              "/retest\xe2\x9c\x93",
                              "//retest",
                              "/ retest",
                              "/retest \U0001f389",
                              "/retest a\rb",
                              "- /retest",
                              "/re\ntest",
                              "/retest ,",
                              "* /retest\n1. /retest",
                              "  > /retest",
                              "# /retest",
                              "[/retest](x)",
                              "/retest \"\"",
                              ">/retest\n> > /retest"}) {
    EXPECT_EQ(Asked(comment), kNothing) << comment;
  }
}

TEST(RetestCommandTest, SpaceAndCommasSeparateContexts) {
  const Contexts both = {"ci/build", "ci/lint"};
  for (const char* comment :
       {"/retest ci/build ci/lint", "/retest ci/build, ci/lint",
        "/retest ci/build,ci/lint", "/retest ci/build , ci/lint,",
        "/retest\tci/build\t ci/lint \r\n", "/retest `ci/build` `ci/lint`",
        "/retest \"ci/build\",\"ci/lint\"", "/retest ci/build ci/lint ci/BUILD",
        "/retest ci/build <!-- ci/test --> ci/lint"}) {
    EXPECT_EQ(Asked(comment), both) << comment;
  }
  EXPECT_EQ(Asked("/retest a b\n/retest c, a"), (Contexts{"a", "b", "c"}));
}

TEST(RetestCommandTest, NamesWithSpacesCanBeWritten) {
  EXPECT_EQ(Asked("/retest build (ubuntu, 18)"),
            Contexts{"build (ubuntu, 18)"});
  EXPECT_EQ(Asked("/retest build (ubuntu, 18), lint build[a b]"),
            (Contexts{"build (ubuntu, 18)", "lint", "build[a b]"}));
  EXPECT_EQ(Asked("/retest \"Unit tests\" lint"),
            (Contexts{"Unit tests", "lint"}));
  EXPECT_EQ(Asked("/retest CI / build (push) lint"),
            (Contexts{"CI / build (push)", "lint"}));
  for (const std::string name : {"Tests \u00bb Linux", "a \u2192 \u0411",
                                 "a \u2013 b", "a \u25b8 b", "x \u00d7 2"}) {
    EXPECT_EQ(Asked(absl::StrCat("/retest ", name)), Contexts{name});
    EXPECT_EQ(Asked(absl::StrCat("/retest \"", name, "\" c")),
              (Contexts{name, "c"}));
  }
  EXPECT_EQ(
      Asked("/retest \u0421\u0431\u043e\u0440\u043a\u0430 \u65e5\u672c \u2705"),
      (Contexts{"\u0421\u0431\u043e\u0440\u043a\u0430", "\u65e5\u672c",
                "\u2705"}));
  EXPECT_EQ(Asked("/retest \"a b"), (Contexts{"\"a", "b"}));
  EXPECT_EQ(Asked("/retest f(a, b"), Contexts{"f(a, b"});
}

TEST(RetestCommandTest, CodeAsksForNothing) {
  for (const char* comment :
       {"```\n/retest\n```", "```sh\r\n/retest\r\n```\r\n",
        "~~~\n/retest\n```\n/retest\n~~~", "````\n```\n/retest\n```\n````",
        "  ```\n/retest\n  ```", "- ```\n  /retest\n  ```",
        "1. a\n   ```\n   /retest\n   ```", "1. a\n    ```\n/retest\n    ```",
        "```\n/retest",  // Open until the end.
        "    /retest", "\t/retest", " \t/retest",
        "text\n\n    /retest ci/build", "<pre>\n/retest\n</pre>",
        "<PRE lang=\"sh\">\n\n/retest\n\n</PRE>",
        "<pre><code>\n/retest\n</code></pre>", "<code>\n/retest\n</code>"}) {
    EXPECT_EQ(Asked(comment), kNothing) << comment;
  }
}

// CommonMark allows at most three columns before the mark. In a list item they
// count from its text.
TEST(RetestCommandTest, AMarkFarToTheRightEndsNoCode) {
  for (const char* comment :
       {"```\n    ```\n/retest\n```", "```\n\t```\n/retest\n```",
        "~~~\n     ~~~\n/retest\n~~~", "  ```\n    ```\n/retest\n```",
        "- ```\n      ```\n  /retest\n  ```"}) {
    EXPECT_EQ(Asked(comment), kNothing) << comment;
  }
  for (const char* comment :
       {"```\na\n   ```\n/retest", "- ```\n  a\n     ```\n\n/retest",
        "10. a\n\n    ```\n    b\n    ```\n\n/retest"}) {
    EXPECT_EQ(Asked(comment), kAll) << comment;
  }
}

TEST(RetestCommandTest, CodeInBackticksGoesOverLines) {
  for (const char* comment :
       {"`a\n/retest\nb`", "a `` b\n/retest ` c\n``", "`a\r\n/retest\r\nb`",
        "- `a\n  /retest\n  b`", "``a\n/retest ``", "\\\\`a\n/retest\nb`",
        "`<!--`\n`\n/retest -->`", "`a\n/retest\n2. b`",
        "`a\n    b\n/retest\nc`"}) {
    EXPECT_EQ(Asked(comment), kNothing) << comment;
  }
  // It needs an end, with as many backticks, in the same paragraph.
  for (const char* comment :
       {"`a\n/retest\nb", "`a\n/retest\nb``", "`a\n\n/retest\n\nb`",
        "\\`a\n/retest\nb`", "`a`\n/retest\n`b`", "`a\n/retest\n- b`",
        "`a\n/retest\n1. b`", "`a\n/retest\n# b`", "`a\n/retest\n***\nb`",
        "`a\n/retest\n> b`", "# `a\n/retest\nb`", "`a\n---\n/retest\nb`",
        "`a\n===\n/retest\nb`", "`a\n/retest\n```\nb`\n```",
        "`a\n\r\n/retest\nb`", "`<!-- a`\n/retest\nb -->"}) {
    EXPECT_EQ(Asked(comment), kAll) << comment;
  }
  EXPECT_EQ(Asked("`a\nb`\n/retest `c` `d`"), (Contexts{"c", "d"}));
}

// GitHub shows such lines in the quotation, until something else begins.
TEST(RetestCommandTest, LinesDirectlyBehindAQuotationAskForNothing) {
  for (const char* comment :
       {"> quote\n/retest", "> quote\r\n/retest", "> a\nb\n/retest",
        "> > a\n/retest", "> - a\n/retest", "- > a\n/retest",
        "> ```\n> a\n> ```\n> b\n/retest", "> a\n2. b\n/retest",
        "> a\n    b\n/retest", "> a\n===\n/retest"}) {
    EXPECT_EQ(Asked(comment), kNothing) << comment;
  }
  for (const char* comment :
       {"> quote\n\n/retest", "> quote\n>\n/retest", "> quote\n> \n/retest",
        "> # a\n/retest", "> ---\n/retest", "> ```\n> a\n> ```\n/retest",
        "> ```\n> a\n/retest", "> a\n---\n/retest", "> a\n# b\n/retest",
        "> a\n- b\n/retest", "> a\n1. b\n/retest", "> a\n```\nb\n```\n/retest",
        "> a\n<!-- b -->\n/retest"}) {
    EXPECT_EQ(Asked(comment), kAll) << comment;
  }
}

TEST(RetestCommandTest, CommentsAndQuotationsOfHtmlAskForNothing) {
  for (const char* comment :
       {"<!--\n/retest\n-->", "<!-- Write\n\n/retest\n\nto run again -->",
        "<!-- /retest -->", "text <!--\n/retest\n--> text",
        "<!--\n/retest",  // Open until the end.
        "<!-- a --> <!--\n/retest -->", "<blockquote>\n/retest\n</blockquote>",
        "<!-- x\n--> /retest"}) {
    EXPECT_EQ(Asked(comment), kNothing) << comment;
  }
}

TEST(RetestCommandTest, WhatStandsBehindThemAsks) {
  for (const char* comment : {"```\ncode\n```\n/retest",
                              "```\ncode\n``````  \n/retest",
                              "~~~\n```\n~~~\n/retest",
                              "<!-- a -->\n/retest",
                              "<!--\na\n-->\n/retest",
                              "text <!-- a -->\n/retest",
                              "text <!--\na\n-->\n/retest",
                              "text <!-- a\n\n/retest",
                              "text <!-- a\n\n/retest\n-->",
                              "text <!-- a\r\n\r\n/retest\n-->",
                              "``` is `three` ticks\n/retest",
                              "`` ` ``\n/retest",
                              "<pre>a</pre>\n/retest",
                              "<pre>\na\n</pre>\n\n/retest",
                              "<preview>\n/retest",
                              "<details>\n\n/retest\n\n</details>",
                              "> Is it flaky?\n\n/retest",
                              "> ```\n> a\n> ```\n\n/retest",
                              "    code\n\n/retest",
                              "/retest <!-- everything -->",
                              "/retest <!-- a\nb -->"}) {
    EXPECT_EQ(Asked(comment), kAll) << comment;
  }
}

// GitHub's longest comments are far longer than other members.
TEST(RetestCommandTest, CommentsMayBeLong) {
  EXPECT_EQ(Asked(std::string(65000, 'x') + "\n/retest a"), Contexts{"a"});
  std::string comments;
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&comments, "x <!--\n");
  EXPECT_EQ(Asked(comments + "\n/retest a"), Contexts{"a"});
  // Backticks without an end, of every number that has room, and with one.
  std::string code;
  for (int i = 1; i < 300; ++i) {
    absl::StrAppend(&code, "x ", std::string(static_cast<size_t>(i), '`'),
                    "\n");
  }
  EXPECT_EQ(Asked(code + "\n/retest a"), Contexts{"a"});
  code.clear();
  for (int i = 0; i < 30000; ++i) absl::StrAppend(&code, "`\n");
  EXPECT_EQ(Asked(code + "/retest a"), Contexts{"a"});
  EXPECT_EQ(Asked(code + "`/retest\n/retest a"), Contexts{"a"});
}

// As many as the server takes, and one more to show it.
TEST(RetestCommandTest, ContextsAreBounded) {
  std::string comment = "/retest";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&comment, " c", i);
  EXPECT_EQ(Asked(comment).size(), 100u);
  EXPECT_EQ(Asked(comment + "\n" + comment).size(), 100u);
  EXPECT_EQ(Asked(comment + " c100 c101 c102").size(), 101u);
  EXPECT_EQ(Asked(comment + " c100\n/retest"), kAll);
}

}  // namespace
}  // namespace signalbox
