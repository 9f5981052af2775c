#include "clients/cli/diagnosis.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

// As wide as the longest name and two spaces.
constexpr size_t kNameWidth = 13;

// `5,000`.
std::string Thousands(int64_t number) {
  const std::string digits = absl::StrCat(std::max<int64_t>(number, 0));
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string BudgetText(const v1::DiagnoseRepositoryResponse& answer,
                       absl::Time now, absl::TimeZone zone) {
  if (answer.rate_limit() <= 0) return "unknown (GitHub has not told it yet)";
  std::string text =
      absl::StrCat(Thousands(answer.rate_limit_remaining()), " of ",
                   Thousands(answer.rate_limit()), " requests left");
  if (!answer.has_rate_limit_reset_time()) return text;
  const absl::Time reset = ToTime(answer.rate_limit_reset_time());
  if (reset <= now) return absl::StrCat(text, ", full again now");
  absl::StrAppend(&text, ", full again at ",
                  absl::FormatTime("%H:%M", reset, zone), " (in ",
                  About(reset - now), ")");
  return text;
}

// `name`, then the lines below each other.
std::string Row(absl::string_view name, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    absl::StrAppend(&text, name, std::string(kNameWidth - name.size(), ' '),
                    Printable(line), "\n");
    name = "";
  }
  return text;
}

std::string VersionText(const v1::GetServerInfoResponse& info) {
  if (info.version().empty())
    return "unknown (the server is older than this program)";
  return absl::StrCat(info.version(), " (", info.revision(), ")");
}

// What an issued token may do less than its caller; empty: nothing less.
std::string NarrowingText(const v1::Narrowing& narrowing) {
  std::vector<std::string> parts;
  const auto add = [&parts](absl::string_view what, absl::string_view value) {
    if (!value.empty()) parts.push_back(absl::StrCat(what, " ", value));
  };
  add("repositories", absl::StrJoin(narrowing.repositories(), ", "));
  add("contexts", absl::StrJoin(narrowing.contexts(), ", "));
  add("commit", narrowing.sha());
  add("series", narrowing.series());
  if (narrowing.attempt() != 0) {
    add("attempt", absl::StrCat(narrowing.attempt()));
  }
  return parts.empty()
             ? ""
             : absl::StrCat("token only for ", absl::StrJoin(parts, "; "));
}

std::vector<std::string> GrantsText(const v1::Grants& grants, absl::Time now,
                                    absl::TimeZone zone) {
  if (grants.rights_size() == 0)
    return {"unknown (the server is older than this program)"};
  if (grants.caller().empty()) {
    return {
        "anybody: the server's configuration has no `callers`, so everybody "
        "who can connect may do everything"};
  }
  std::vector<std::string> lines = {
      absl::StrCat(grants.caller(), ": may ",
                   absl::StrJoin(grants.rights(), ", ")),
      absl::StrCat("repositories ", absl::StrJoin(grants.repositories(), ", "),
                   grants.contexts_size() == 0 ? "" : "; contexts ",
                   absl::StrJoin(grants.contexts(), ", "))};
  std::string narrowing = NarrowingText(grants.narrowing());
  if (!narrowing.empty()) lines.push_back(std::move(narrowing));
  if (grants.has_token_expire_time()) {
    const absl::Time end = ToTime(grants.token_expire_time());
    lines.push_back(absl::StrCat("token ends at ",
                                 absl::FormatTime("%Y-%m-%d %H:%M", end, zone),
                                 " (in ", About(end - now), ")"));
  }
  return lines;
}

}  // namespace

std::vector<std::string> ProblemsOf(const Examination& examination) {
  std::vector<std::string> problems;
  if (!examination.is_serving) {
    problems.emplace_back(
        "The server is about to stop: its health service answers NOT_SERVING.");
  }
  for (const v1::DiagnosedProblem& problem : examination.answer.problems()) {
    problems.push_back(problem.message());
  }
  return problems;
}

std::string ExaminationText(const Examination& examination, absl::Time now,
                            absl::TimeZone zone, bool colours) {
  const v1::DiagnoseRepositoryResponse& answer = examination.answer;
  std::vector<std::string> contexts = {
      answer.expected_contexts_size() == 0
          ? "none"
          : absl::StrJoin(answer.expected_contexts(), ", ")};
  if (!answer.expected_contexts_reason().empty()) {
    contexts.push_back(answer.expected_contexts_reason());
  }
  std::vector<std::string> hooks(answer.hook_settings().begin(),
                                 answer.hook_settings().end());
  if (hooks.empty()) hooks = {"unknown (this credential may not read them)"};
  std::string text = absl::StrCat(
      Printable(examination.repository), "\n\n",
      Row("server", {absl::StrCat(examination.server, examination.is_serving
                                                          ? ", serving"
                                                          : ", not serving")}),
      Row("version", {VersionText(examination.info)}),
      Row("you", GrantsText(examination.info.grants(), now, zone)),
      Row("contexts", contexts),
      Row("credential",
          {answer.credential().empty() ? "none" : answer.credential()}),
      Row("permissions",
          {answer.permissions_size() == 0
               ? "unknown (GitHub does not tell for this kind of token)"
               : absl::StrJoin(answer.permissions(), ", ")}),
      Row("budget", {BudgetText(answer, now, zone)}), Row("hooks", hooks),
      "\n");

  const std::vector<std::string> problems = ProblemsOf(examination);
  if (problems.empty()) {
    return absl::StrCat(text,
                        Coloured("everything looks right",
                                 ColourOf(v1::COMMIT_STATE_SUCCESS), colours),
                        "\n");
  }
  const absl::string_view red = ColourOf(v1::COMMIT_STATE_FAILURE);
  for (const std::string& problem : problems) {
    absl::StrAppend(&text, Coloured("problem:", red, colours), " ",
                    Printable(problem), "\n");
  }
  return absl::StrCat(
      text, "\n",
      Coloured(absl::StrCat(problems.size(),
                            problems.size() == 1 ? " problem" : " problems"),
               red, colours),
      "\n");
}

}  // namespace signalbox
