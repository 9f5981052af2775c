#include "clients/cli/detection.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/cli/repository_url.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

bool IsSha(absl::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(), absl::ascii_isxdigit) &&
         text.find_first_not_of('0') != absl::string_view::npos;
}

// The head of the pull request that the event of a GitHub workflow is about;
// nothing if it is about none.
std::optional<std::string> HeadOfEvent(const Surroundings& surroundings,
                                       std::vector<std::string>* warnings) {
  const std::string path(surroundings.Get("GITHUB_EVENT_PATH"));
  if (path.empty()) return std::nullopt;
  const std::optional<std::string> text = surroundings.read_file(path);
  if (!text) {
    warnings->push_back(absl::StrCat("GITHUB_EVENT_PATH: cannot read ", path));
    return std::nullopt;
  }
  const auto event = nlohmann::json::parse(*text, nullptr, false);
  if (event.is_discarded()) {
    warnings->push_back(
        absl::StrCat("GITHUB_EVENT_PATH: ", path, " is not JSON"));
    return std::nullopt;
  }
  const nlohmann::json* value = &event;
  for (const char* member : {"pull_request", "head", "sha"}) {
    if (!value->is_object()) return std::nullopt;
    const auto found = value->find(member);
    if (found == value->end()) return std::nullopt;
    value = &*found;
  }
  if (!value->is_string()) return std::nullopt;
  const auto& sha = value->get_ref<const std::string&>();
  if (!IsSha(sha)) {
    warnings->push_back(
        "GITHUB_EVENT_PATH: pull_request.head.sha is not a full sha");
    return std::nullopt;
  }
  return sha;
}

// The head of the pull request that `sha` is a test merge of; nothing if it is
// not one, or not in the checkout. Such commits are recognised by their
// parents and by the message that is made up for them: by GitHub
// "Merge HEAD into BASE", with the head second; by Jenkins, for what it calls a
// change, "Merge commit 'BASE' into HEAD", with the head first.
std::optional<std::string> HeadOfTestMerge(const Surroundings& surroundings,
                                           const std::string& sha) {
  const std::optional<std::string> commit =
      surroundings.git({"cat-file", "commit", sha});
  if (!commit) return std::nullopt;
  std::vector<std::string> parents;
  std::string subject;
  bool in_header = true;
  for (absl::string_view line : absl::StrSplit(*commit, '\n')) {
    if (!in_header) {
      subject = std::string(line);
      break;
    }
    in_header = !line.empty();
    if (absl::ConsumePrefix(&line, "parent ")) parents.emplace_back(line);
  }
  if (parents.size() != 2 || !IsSha(parents[0]) || !IsSha(parents[1])) {
    return std::nullopt;
  }
  if (subject == absl::StrCat("Merge ", parents[1], " into ", parents[0])) {
    return parents[1];
  }
  if (!surroundings.Get("CHANGE_ID").empty() &&
      subject == absl::StrCat("Merge commit '", parents[1], "' into HEAD")) {
    return parents[0];
  }
  return std::nullopt;
}

// The environment says that the run is for a pull request and that what it
// calls the commit is not the head.
bool IsOffTheHead(const Surroundings& surroundings) {
  if (absl::StartsWith(surroundings.Get("GITHUB_EVENT_NAME"), "pull_request")) {
    return true;
  }
  const absl::string_view ref = surroundings.Get("GITHUB_REF");
  if (absl::StartsWith(ref, "refs/pull/") && absl::EndsWith(ref, "/merge")) {
    return true;
  }
  const absl::string_view travis = surroundings.Get("TRAVIS_PULL_REQUEST");
  return !travis.empty() && travis != "false";
}

// Digits only: no sign, no space. Nothing if it does not fit.
std::optional<int64_t> ParseNumber(absl::string_view text) {
  int64_t number = 0;
  if (text.empty() ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

std::string HostOf(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "https://")) {
    absl::ConsumePrefix(&url, "http://");
  }
  return std::string(url.substr(0, url.find('/')));
}

}  // namespace

Finding<std::string> FindRepository(const Surroundings& surroundings) {
  Finding<std::string> finding;
  // Takes the first that is of the right form.
  const auto take = [&finding](absl::string_view source, absl::string_view text,
                               std::string repository) {
    if (!finding.value.empty() || text.empty()) return;
    if (repository.empty()) {
      // The text is not shown: a URL may have a token in it.
      finding.warnings.push_back(
          absl::StrCat(source, " names no repository of the form OWNER/NAME"));
      return;
    }
    finding.value = std::move(repository);
    finding.source = std::string(source);
  };
  const auto take_name = [&](const char* variable, absl::string_view host) {
    const absl::string_view text = surroundings.Get(variable);
    take(variable, text, RepositoryOn(host, text));
  };
  const auto take_url = [&](const char* variable) {
    const absl::string_view text = surroundings.Get(variable);
    take(variable, text, RepositoryFromUrl(text));
  };

  take_name("GITHUB_REPOSITORY", HostOf(surroundings.Get("GITHUB_SERVER_URL")));
  take_name("TRAVIS_REPO_SLUG", "");
  take_name("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY", "");
  take_url("GIT_URL");
  take_url("BUILDKITE_REPO");
  take_url("CIRCLE_REPOSITORY_URL");
  if (!surroundings.Get("CIRCLE_PROJECT_USERNAME").empty()) {
    const std::string name =
        absl::StrCat(surroundings.Get("CIRCLE_PROJECT_USERNAME"), "/",
                     surroundings.Get("CIRCLE_PROJECT_REPONAME"));
    take("CIRCLE_PROJECT_USERNAME", name, RepositoryOn("", name));
  }
  if (!finding.value.empty()) return finding;

  // GitLab's checkout comes from GitLab, which is not where statuses go.
  if (!surroundings.Get("CI_PROJECT_PATH").empty()) {
    take_name("CI_PROJECT_PATH", "");
    if (!finding.value.empty()) {
      finding.warnings.push_back(absl::StrCat(
          "taking ", finding.value,
          " for the GitHub repository because the GitLab project is called so; "
          "--repository says it for sure"));
    }
    return finding;
  }
  const std::optional<std::string> url =
      surroundings.git({"remote", "get-url", "origin"});
  if (url) take("git remote get-url origin", *url, RepositoryFromUrl(*url));
  return finding;
}

Finding<std::string> FindSha(const Surroundings& surroundings) {
  Finding<std::string> finding;
  if (const auto head = HeadOfEvent(surroundings, &finding.warnings)) {
    finding.value = *head;
    finding.source = "GITHUB_EVENT_PATH";
    return finding;
  }

  const auto is_sha = [&finding](const char* variable, absl::string_view text) {
    if (IsSha(text)) return true;
    // Buildkite says HEAD when nobody asked for a certain commit.
    if (!text.empty() && text != "HEAD") {
      finding.warnings.push_back(
          absl::StrCat(variable, ": ", text, " is not a full sha"));
    }
    return false;
  };
  for (const char* variable : {"TRAVIS_PULL_REQUEST_SHA",
                               "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"}) {
    const absl::string_view text = surroundings.Get(variable);
    if (!is_sha(variable, text)) continue;
    finding.value = std::string(text);
    finding.source = variable;
    return finding;
  }

  for (const char* variable :
       {"GITHUB_SHA", "TRAVIS_COMMIT", "CI_COMMIT_SHA", "GIT_COMMIT",
        "BUILDKITE_COMMIT", "CIRCLE_SHA1", "BUILD_VCS_NUMBER"}) {
    const absl::string_view text = surroundings.Get(variable);
    if (!is_sha(variable, text)) continue;
    finding.value = std::string(text);
    finding.source = variable;
    break;
  }
  if (finding.value.empty()) {
    const std::string head =
        surroundings.git({"rev-parse", "HEAD"}).value_or("");
    if (!IsSha(head)) return finding;
    finding.value = head;
    finding.source = "git rev-parse HEAD";
  }

  if (const auto head = HeadOfTestMerge(surroundings, finding.value)) {
    finding.value = *head;
    absl::StrAppend(&finding.source, ", a test merge of it");
    return finding;
  }
  if (IsOffTheHead(surroundings)) {
    finding.warnings.push_back(
        absl::StrCat(finding.source,
                     " is not the head of the pull request, which could not "
                     "be found out"));
    finding.value.clear();
  }
  return finding;
}

Finding<int64_t> FindAttempt(const Surroundings& surroundings) {
  // A number for the run, and one for its repetitions where a repeated run
  // keeps the first.
  struct Source {
    const char* run;
    const char* repetition;
  };
  static constexpr Source kSources[] = {
      {"GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"},
      {"BUILDKITE_BUILD_NUMBER", "BUILDKITE_RETRY_COUNT"},
      {"CI_JOB_ID", nullptr},
      {"BUILD_NUMBER", nullptr},
      {"CIRCLE_BUILD_NUM", nullptr},
  };
  constexpr int64_t kRepetitions = 1000;
  constexpr int64_t kMaxRun =
      std::numeric_limits<int64_t>::max() / kRepetitions - 1;

  Finding<int64_t> finding;
  for (const auto& [run_variable, repetition_variable] : kSources) {
    const absl::string_view text = surroundings.Get(run_variable);
    if (text.empty()) continue;
    finding.source = run_variable;
    const auto unnumbered = [&finding](absl::string_view variable,
                                       absl::string_view value) {
      finding.warnings.push_back(absl::StrCat(
          variable, ": \"", value,
          "\" cannot number the run; it is reported without a number"));
      return finding;
    };

    const std::optional<int64_t> run = ParseNumber(text);
    if (!run) return unnumbered(run_variable, text);
    if (repetition_variable == nullptr) {
      finding.value = *run;
      return finding;
    }
    if (*run > kMaxRun) return unnumbered(run_variable, text);
    const absl::string_view repetition_text =
        surroundings.Get(repetition_variable);
    const std::optional<int64_t> repetition = ParseNumber(repetition_text);
    // Without it a repeated run could not be told from the first, and its
    // result would be refused.
    if (!repetition || *repetition >= kRepetitions) {
      return unnumbered(repetition_variable, repetition_text);
    }
    finding.value = *run * kRepetitions + *repetition;
    return finding;
  }
  return finding;
}

Finding<std::string> FindTargetUrl(const Surroundings& surroundings) {
  Finding<std::string> finding;
  const auto take = [&finding](const char* source, std::string url) {
    if (!finding.value.empty() || url.empty()) return;
    finding.value = std::move(url);
    finding.source = source;
  };
  const auto take_variable = [&](const char* variable) {
    take(variable, std::string(surroundings.Get(variable)));
  };
  take_variable("BUILD_URL");
  take_variable("TRAVIS_BUILD_WEB_URL");
  if (!surroundings.Get("GITHUB_RUN_ID").empty() &&
      !surroundings.Get("GITHUB_REPOSITORY").empty()) {
    absl::string_view server = surroundings.Get("GITHUB_SERVER_URL");
    if (server.empty()) server = "https://github.com";
    take("GITHUB_RUN_ID",
         absl::StrCat(absl::StripSuffix(server, "/"), "/",
                      surroundings.Get("GITHUB_REPOSITORY"), "/actions/runs/",
                      surroundings.Get("GITHUB_RUN_ID")));
  }
  take_variable("CI_JOB_URL");
  take_variable("BUILDKITE_BUILD_URL");
  take_variable("CIRCLE_BUILD_URL");
  return finding;
}

}  // namespace signalbox
