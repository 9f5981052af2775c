#include "tests/github_simulator/page.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace signalbox {
namespace {

constexpr absl::string_view kHead =
    R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark;
  --canvas: #ffffff; --subtle: #f6f8fa; --border: #d1d9e0; --text: #1f2328;
  --muted: #59636e; --link: #0969da; --success: #1a7f37; --failure: #d1242f;
  --pending: #bf8700; }
@media (prefers-color-scheme: dark) { :root {
  --canvas: #0d1117; --subtle: #151b23; --border: #3d444d; --text: #f0f6fc;
  --muted: #9198a1; --link: #4493f8; --success: #3fb950; --failure: #f85149;
  --pending: #d29922; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--canvas); color: var(--text);
  font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans",
    Helvetica, Arial, sans-serif; }
header { background: var(--subtle); border-bottom: 1px solid var(--border);
  padding: 14px 24px; }
header a { font-weight: 600; }
main { max-width: 820px; margin: 28px auto; padding: 0 16px; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { font-size: 26px; font-weight: 400; line-height: 1.25; margin: 0 0 4px;
  overflow-wrap: anywhere; }
h1 span, .muted { color: var(--muted); }
code { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.box { border: 1px solid var(--border); border-radius: 6px; margin-top: 20px;
  overflow: hidden; }
.summary { display: flex; gap: 14px; padding: 16px; align-items: center; }
.summary h2 { font-size: 16px; margin: 0; }
.summary p { margin: 0; color: var(--muted); }
.row { display: flex; gap: 10px; padding: 9px 16px; align-items: center;
  border-top: 1px solid var(--border); background: var(--subtle); }
.row:first-child { border-top: 0; }
.row .text { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.row strong { font-weight: 600; }
.icon { flex: none; width: 16px; height: 16px; }
.summary .icon { width: 32px; height: 32px; }
.success { color: var(--success); }
.failure, .error { color: var(--failure); }
.pending, .none { color: var(--pending); }
footer { color: var(--muted); font-size: 12px; margin-top: 16px; }
</style>
)html";

constexpr absl::string_view kRefresh = R"html(<script>
setInterval(async () => {
  try {
    const answer = await fetch(location.href, {cache: "no-store"});
    const page = new DOMParser().parseFromString(
        await answer.text(), "text/html");
    document.title = page.title;
    const main = page.querySelector("main");
    const shown = document.querySelector("main");
    if (shown.innerHTML !== main.innerHTML) shown.replaceWith(main);
  } catch (error) {}
}, 1000);
</script>
)html";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&quot;"},
                                    {"'", "&#39;"}});
}

bool IsFailing(const GitHubRules::Row& row) {
  return row.state == "failure" || row.state == "error";
}

// "success", "failure", "pending"; "none" if there are no statuses.
std::string WorstState(const std::vector<GitHubRules::Row>& shown) {
  if (shown.empty()) return "none";
  if (std::any_of(shown.begin(), shown.end(), IsFailing)) return "failure";
  const bool is_pending =
      std::any_of(shown.begin(), shown.end(),
                  [](const auto& row) { return row.state == "pending"; });
  return is_pending ? "pending" : "success";
}

std::string Icon(absl::string_view state) {
  absl::string_view shape =
      R"(<circle cx="8" cy="8" r="5" fill="currentColor"/>)";
  if (state == "success") {
    shape = R"(<circle cx="8" cy="8" r="8" fill="currentColor"/>)"
            R"(<path d="M4.5 8.2l2.3 2.3 4.7-4.9" fill="none" stroke="#fff" )"
            R"(stroke-width="1.8"/>)";
  } else if (state == "failure" || state == "error") {
    shape = R"(<circle cx="8" cy="8" r="8" fill="currentColor"/>)"
            R"(<path d="M5.2 5.2l5.6 5.6m0-5.6l-5.6 5.6" fill="none" )"
            R"(stroke="#fff" stroke-width="1.8"/>)";
  }
  const std::string label = Escaped(state);
  return absl::StrCat("<svg class=\"icon ", label, "\" viewBox=\"0 0 16 16\"",
                      " role=\"img\" aria-label=\"", label, "\">", shape,
                      "</svg>");
}

// "1 failing, 1 pending and 2 successful checks".
std::string Counted(const std::vector<GitHubRules::Row>& shown) {
  int failing = 0, pending = 0, successful = 0;
  for (const GitHubRules::Row& row : shown) {
    ++(IsFailing(row)           ? failing
       : row.state == "pending" ? pending
                                : successful);
  }
  std::vector<std::string> parts;
  if (failing > 0) parts.push_back(absl::StrCat(failing, " failing"));
  if (pending > 0) parts.push_back(absl::StrCat(pending, " pending"));
  if (successful > 0) parts.push_back(absl::StrCat(successful, " successful"));
  if (parts.empty()) return "This commit has no status";
  const std::string last = parts.back();
  parts.pop_back();
  return absl::StrCat(absl::StrJoin(parts, ", "), parts.empty() ? "" : " and ",
                      last, shown.size() == 1 ? " check" : " checks");
}

std::string StatusRow(const GitHubRules::Row& row) {
  const bool is_link = absl::StartsWithIgnoreCase(row.target_url, "http://") ||
                       absl::StartsWithIgnoreCase(row.target_url, "https://");
  const std::string details =
      is_link ? absl::StrCat("<a rel=\"noopener noreferrer nofollow\" href=\"",
                             Escaped(row.target_url), "\">Details</a>")
              : "";
  const std::string description =
      row.description.empty()
          ? ""
          : absl::StrCat(" <span class=\"muted\">— ", Escaped(row.description),
                         "</span>");
  return absl::StrCat("<div class=\"row\">", Icon(row.state),
                      "<div class=\"text\"><strong>", Escaped(row.context),
                      "</strong>", description, "</div>", details, "</div>\n");
}

std::string Whole(absl::string_view title, absl::string_view main) {
  return absl::StrCat(
      kHead, "<title>", Escaped(title), "</title>\n", kRefresh,
      "</head>\n<body>\n<header><a href=\"/\">GitHub simulator</a></header>\n",
      "<main>\n", main, "</main>\n</body>\n</html>\n");
}

std::string TitleOf(const CommitView& commit) {
  if (!commit.title.empty()) return commit.title;
  return absl::StrCat("Commit ", commit.sha.substr(0, 7));
}

std::string Heading(const CommitView& commit) {
  return commit.pull_request_number == 0
             ? Escaped(TitleOf(commit))
             : absl::StrCat(Escaped(TitleOf(commit)), " <span>#",
                            commit.pull_request_number, "</span>");
}

}  // namespace

std::string CombinedSentence(const std::vector<GitHubRules::Row>& shown) {
  const std::string state = WorstState(shown);
  if (state == "success") return "All checks have passed";
  if (state == "failure") return "Some checks were not successful";
  if (state == "pending") return "Some checks haven't completed yet";
  return "No checks yet";
}

std::string CommitPath(absl::string_view full_name, absl::string_view sha) {
  return absl::StrCat("/", full_name, "/commit/", sha);
}

std::string CommitPage(const CommitView& commit) {
  std::string main =
      absl::StrCat("<h1>", Heading(commit), "</h1>\n<div class=\"muted\">",
                   Escaped(commit.full_name), " at <code>", Escaped(commit.sha),
                   "</code></div>\n<div class=\"box\"><div class=\"summary\">",
                   Icon(WorstState(commit.shown)), "<div><h2>",
                   Escaped(CombinedSentence(commit.shown)), "</h2><p>",
                   Escaped(Counted(commit.shown)), "</p></div></div>\n");
  for (const GitHubRules::Row& row : commit.shown) {
    absl::StrAppend(&main, StatusRow(row));
  }
  absl::StrAppend(&main, "</div>\n");
  return Whole(absl::StrCat(TitleOf(commit), " · ", commit.full_name), main);
}

std::string IndexPage(const std::vector<CommitView>& commits) {
  std::string main = "<h1>Newest commits</h1>\n";
  if (commits.empty()) {
    absl::StrAppend(&main,
                    "<p class=\"muted\">No commit has a status yet.</p>\n");
    return Whole("GitHub simulator", main);
  }
  absl::StrAppend(&main, "<div class=\"box\">\n");
  for (const CommitView& commit : commits) {
    absl::StrAppend(
        &main, "<div class=\"row\">", Icon(WorstState(commit.shown)),
        "<div class=\"text\"><strong><a href=\"",
        Escaped(CommitPath(commit.full_name, commit.sha)), "\">",
        Heading(commit), "</a></strong><br><span class=\"muted\">",
        Escaped(commit.full_name), " · ",
        Escaped(CombinedSentence(commit.shown)), "</span></div><code>",
        Escaped(commit.sha.substr(0, 7)), "</code></div>\n");
  }
  absl::StrAppend(&main, "</div>\n");
  return Whole("GitHub simulator", main);
}

}  // namespace signalbox
