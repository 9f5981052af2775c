#include "server/diagnosis/findings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/diagnosis/hook_report.h"
#include "server/github/github_answers.h"
#include "server/report/reasons.h"

namespace signalbox {
namespace {

constexpr size_t kMaxScopes = 50;
constexpr size_t kMaxScope = 100;

// The reason, the HTTP code and GitHub's text, in brackets.
std::string InBrackets(const Verdict& verdict) {
  std::string text = absl::StrCat(" (", verdict.reason);
  if (verdict.http_status != 0) {
    absl::StrAppend(&text, ", HTTP ", verdict.http_status);
  }
  if (!verdict.message.empty()) absl::StrAppend(&text, ", ", verdict.message);
  return text + ")";
}

std::string TroubleText(const Verdict& verdict, absl::string_view repository) {
  if (verdict.reason == "CREDENTIAL_NOT_READY") {
    return absl::StrCat("The credential is not ready: ", verdict.message, ".");
  }
  if (verdict.reason == "NOT_SENT") {
    std::string text =
        absl::StrCat("The server cannot reach GitHub: ", verdict.message, ".");
    if (absl::StrContains(verdict.message, "SSL") ||
        absl::StrContains(verdict.message, "certificate")) {
      absl::StrAppend(&text,
                      " GitHub's certificate must come from an authority that "
                      "this machine trusts, or from one in ca_file.");
    }
    return text;
  }
  const std::string sentence = ReasonOfQuestion(verdict.reason, repository);
  return !sentence.empty()
             ? sentence
             : absl::StrCat("GitHub did not answer", InBrackets(verdict), ".");
}

// DrawFromBudget reports a limit and its end.
bool WasLimit(const Verdict& verdict) {
  return verdict.action == Action::kWait || verdict.reason == "RATE_LIMITED" ||
         verdict.reason == "SECONDARY_RATE_LIMITED";
}

std::string UtcText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

// The scopes of a classic token; nothing: GitHub did not send any.
std::optional<std::vector<std::string>> ScopesOf(const HttpResponse& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (!absl::EqualsIgnoreCase(name, "x-oauth-scopes")) continue;
    std::vector<std::string> scopes;
    for (const absl::string_view part : absl::StrSplit(value, ',')) {
      const absl::string_view scope = absl::StripAsciiWhitespace(part);
      const bool is_word = !scope.empty() && scope.size() <= kMaxScope &&
                           std::ranges::all_of(scope, absl::ascii_isgraph);
      if (is_word && scopes.size() < kMaxScopes) scopes.emplace_back(scope);
    }
    return scopes;
  }
  return std::nullopt;
}

bool HasWord(const std::vector<std::string>& words, absl::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// Puts the diagnosis together.
class Conclusion {
 public:
  explicit Conclusion(const Findings& findings) : findings_(findings) {}

  Diagnosis Draw() {
    diagnosis_.credential = findings_.credential;
    if (findings_.credential.empty()) {
      AddProblem(
          "NO_CREDENTIAL",
          absl::StrCat(
              "The server has no credential for ", findings_.repository.owner,
              " at ", findings_.repository.host,
              ": add an item under `github` in the configuration file, with "
              "the account or \"*\" in `accounts` and with `app` or "
              "`token_file`; or start the server with --github-token-file."));
      return std::move(diagnosis_);
    }
    DrawFromCredential();
    DrawFromBudget();
    DrawFromRepository();
    DrawFromPermissions();
    if (findings_.repository_answer.asked) {
      Diagnosis hooks = ReportHooks(findings_);
      diagnosis_.hook_settings = std::move(hooks.hook_settings);
      for (Problem& problem : hooks.problems) {
        AddProblem(problem.code, std::move(problem.message));
      }
    }
    DrawFromSilence();
    return std::move(diagnosis_);
  }

 private:
  bool IsApp() const { return !findings_.state.app.empty(); }

  // Adds each problem once.
  void AddProblem(absl::string_view code, std::string message) {
    std::vector<Problem>& problems = diagnosis_.problems;
    if (std::ranges::find(problems, message, &Problem::message) !=
        problems.end()) {
      return;
    }
    problems.push_back({std::string(code), std::move(message)});
  }

  std::string InWords(absl::string_view reason) const {
    return ReasonOfQuestion(reason, findings_.repository.Display());
  }

  void AddStop(absl::string_view reason) {
    std::string sentence = InWords(reason);
    if (sentence.empty()) {
      sentence =
          absl::StrCat("GitHub refuses the credential (", reason,
                       "); the server tries it again from time to time.");
    }
    AddProblem(reason, std::move(sentence));
  }

  void AddTrouble(const Verdict& verdict) {
    AddProblem(verdict.reason,
               TroubleText(verdict, findings_.repository.Display()));
  }

  void DrawFromCredential() {
    if (!findings_.state.stop_reason.empty()) {
      AddStop(findings_.state.stop_reason);
    }
  }

  void DrawFromBudget() {
    const RateLimiter::BudgetView& budget = findings_.budget;
    if (budget.limit > 0) {
      diagnosis_.rate_limit = budget.limit;
      diagnosis_.rate_limit_remaining = budget.remaining;
      diagnosis_.rate_limit_reset_time = budget.reset_time;
    }
    if (findings_.limited_until > findings_.now) {
      AddProblem(
          "RATE_LIMITED",
          absl::StrCat("GitHub limits the credential until ",
                       UtcText(findings_.limited_until),
                       ": the server posts nothing with it until then."));
    } else if (budget.limit > 0 && budget.remaining <= 0 &&
               budget.reset_time > findings_.now) {
      AddProblem("BUDGET_SPENT",
                 absl::StrCat(
                     "The credential has used up its hourly rate limit until ",
                     UtcText(budget.reset_time),
                     ": the server posts nothing with it until then."));
    }
  }

  void DrawFromRepository() {
    const std::optional<GitHubReply>& reply = findings_.repository_answer.reply;
    if (!reply.has_value()) return;
    const Verdict& verdict = reply->verdict;
    if (verdict.action == Action::kDone) return DrawFromAnswer(*reply);
    if (verdict.action == Action::kStop) return AddStop(verdict.reason);
    if (WasTrouble(verdict)) {
      if (!WasLimit(verdict)) AddTrouble(verdict);
      return;
    }
    std::string text = InWords(verdict.reason);
    if (text.empty()) {
      text = absl::StrCat("GitHub gives no information about ",
                          findings_.repository.Display(), InBrackets(verdict),
                          ".");
    }
    if (verdict.action == Action::kRetryBriefly) {
      absl::StrAppend(
          &text, " The token is new: GitHub may accept it within a minute.");
    }
    AddProblem(verdict.reason, std::move(text));
  }

  void DrawFromAnswer(const GitHubReply& reply) {
    const std::string asked = findings_.repository.Display();
    const absl::StatusOr<RepositoryFacts> read =
        ReadRepository(reply.answer->body);
    if (!read.ok()) {
      AddProblem(
          "UNEXPECTED_ANSWER",
          absl::StrCat("The server did not understand GitHub's answer about ",
                       asked, ": check api_url."));
      return;
    }
    const RepositoryFacts& facts = *read;
    is_private_ = facts.is_private;
    const absl::StatusOr<Repository> named = ParseRepository(facts.full_name);
    if (named.ok() && named->FullName() == facts.full_name &&
        !absl::EqualsIgnoreCase(facts.full_name,
                                findings_.repository.FullName())) {
      AddProblem("REPOSITORY_RENAMED",
                 absl::StrCat(asked, " is now called ", facts.full_name,
                              ": use the new name. The old name works until "
                              "another repository takes it."));
    }
    if (facts.archived) {
      AddProblem("REPOSITORY_ARCHIVED", InWords("REPOSITORY_ARCHIVED"));
    }
    if (facts.disabled) {
      AddProblem("REPOSITORY_DISABLED",
                 absl::StrCat("GitHub has disabled ", asked, "."));
    }
    // For an App, may_push is about the permission for contents.
    if (!IsApp() && facts.may_push == false) {
      AddProblem(
          "PUSH_RIGHT_MISSING",
          absl::StrCat("The user behind the token may not write to ", asked,
                       ", so GitHub answers statuses with 404: give that user "
                       "the right to push."));
    }
  }

  void DrawFromPermissions() {
    if (IsApp()) return DrawFromAppPermissions();
    const std::optional<GitHubReply>& reply = findings_.repository_answer.reply;
    if (!reply.has_value() || !reply->answer.ok()) return;
    const auto scopes = ScopesOf(*reply->answer);
    if (!scopes.has_value()) return;
    diagnosis_.permissions = *scopes;
    const bool is_enough =
        HasWord(*scopes, "repo") || HasWord(*scopes, "repo:status") ||
        (HasWord(*scopes, "public_repo") && is_private_ != true);
    if (!is_enough) {
      AddProblem("STATUSES_NOT_ALLOWED",
                 "The token may not set statuses: give it the scope "
                 "repo:status or repo.");
    } else if (reply->verdict.http_status == 404 && !HasWord(*scopes, "repo")) {
      AddProblem("PRIVATE_NOT_SHOWN",
                 "The token's scopes do not show private repositories. With "
                 "repo:status the token may still set their statuses.");
    }
  }

  void DrawFromAppPermissions() {
    const std::vector<std::string>& permissions = findings_.state.permissions;
    diagnosis_.permissions = permissions;
    if (permissions.empty()) return;
    const auto may = [&](absl::string_view what, bool write) {
      return HasWord(permissions, absl::StrCat(what, "=write")) ||
             HasWord(permissions, absl::StrCat(what, "=admin")) ||
             (!write && HasWord(permissions, absl::StrCat(what, "=read")));
    };
    const absl::string_view how =
        " Grant it in the App's settings; then an owner of the account must "
        "accept it.";
    if (!may("statuses", /*write=*/true)) {
      AddProblem("STATUSES_NOT_ALLOWED",
                 absl::StrCat("The App may not set statuses: it has no "
                              "permission statuses=write "
                              "(Commit statuses: Read and write).",
                              how));
    }
    if (!may("pull_requests", /*write=*/false)) {
      AddProblem(
          "PULL_REQUESTS_NOT_ALLOWED",
          absl::StrCat(
              "The App gets no events of pull requests: it has no permission "
              "pull_requests=read.",
              how));
    }
    if (!may("metadata", /*write=*/false)) {
      AddProblem(
          "METADATA_NOT_ALLOWED",
          absl::StrCat("The App cannot see repositories: it has no permission "
                       "metadata=read.",
                       how));
    }
  }

  void DrawFromSilence() {
    for (const Finding* const finding :
         {&findings_.repository_answer, &findings_.repository_hooks,
          &findings_.organization_hooks, &findings_.app_hook, &findings_.app}) {
      if (!finding->asked) continue;
      if (!finding->reply.has_value()) {
        AddProblem("NOT_ASKED", InWords("NOT_ASKED"));
      } else if (WasTrouble(finding->reply->verdict) &&
                 !WasLimit(finding->reply->verdict)) {
        AddTrouble(finding->reply->verdict);
      }
    }
  }

  const Findings& findings_;
  Diagnosis diagnosis_;
  std::optional<bool> is_private_;
};

}  // namespace

bool WasTrouble(const Verdict& verdict) {
  return verdict.action == Action::kRetry ||
         verdict.action == Action::kRetryAmbiguous ||
         verdict.action == Action::kWait;
}

Diagnosis Conclude(const Findings& findings) {
  return Conclusion(findings).Draw();
}

}  // namespace signalbox
