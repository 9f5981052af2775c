#include "clients/cli/detection.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/cli/repository_url.h"

namespace signalbox {
namespace {

// Digits only: no sign, no space. Nothing if it does not fit.
std::optional<int64_t> ParseNumber(absl::string_view text) {
  int64_t number = 0;
  if (text.empty() || !std::ranges::all_of(text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

bool IsSet(const Surroundings& surroundings, const char* variable) {
  return !surroundings.Get(variable).empty();
}

// `total` is the variable with the number of parallel jobs.
bool IsParallel(const Surroundings& surroundings, const char* total) {
  return ParseNumber(surroundings.Get(total)).value_or(1) > 1;
}

std::string HostOfUrl(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "https://")) {
    absl::ConsumePrefix(&url, "http://");
  }
  return std::string(url.substr(0, url.find('/')));
}

constexpr size_t kMaxSeries = 255;

Finding<std::string> SeriesOf(absl::string_view system, absl::string_view name,
                              absl::string_view source) {
  if (name.empty()) return {};
  std::string series = absl::StrCat(system, ":");
  for (const char c : name) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      series += c;
    } else {
      absl::StrAppendFormat(&series, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  if (series.size() > kMaxSeries) {
    // The hash (FNV-1a) distinguishes two series that begin alike.
    uint64_t hash = 14695981039346656037u;
    for (const char c : series) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    series.resize(kMaxSeries - 17);
    absl::StrAppend(&series, "#", absl::Hex(hash, absl::kZeroPad16));
  }
  return {series, std::string(source), {}};
}

// Drops the query, and the user and password, which may be secret.
std::string PlainUrl(absl::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme_end = url.find("://");
  if (scheme_end == absl::string_view::npos) return std::string(url);
  const size_t begin = scheme_end + 3;
  const absl::string_view authority =
      url.substr(begin, std::min(url.find('/', begin), url.size()) - begin);
  const size_t at = authority.rfind('@');
  return absl::StrCat(
      url.substr(0, begin),
      url.substr(at == absl::string_view::npos ? begin : begin + at + 1));
}

// Cuts the URL of a Jenkins job or build behind the job. The path has
// `job/NAME` for each folder and for the job. Behind them come the axes of a
// matrix and the build's number.
std::string JenkinsJobUrl(absl::string_view url) {
  const std::string plain = PlainUrl(url);
  const std::vector<absl::string_view> parts = absl::StrSplit(plain, '/');
  size_t end = 0;
  for (size_t i = 0; i + 1 < parts.size();) {
    if (parts[i] == "job" && !parts[i + 1].empty()) {
      end = i + 2;
      i += 2;
    } else if (parts[i] == "view") {
      i += 2;
    } else {
      ++i;
    }
  }
  return absl::StrJoin(parts.begin(), parts.begin() + end, "/");
}

// The axes of this job in a Jenkins matrix, such as `OS=linux,JDK=17`; empty if
// it is in none.
std::string JenkinsAxes(const Surroundings& surroundings) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(surroundings.Get("JOB_NAME"), '/');
  return parts.size() > 1 && absl::StrContains(parts.back(), '=')
             ? std::string(parts.back())
             : "";
}

Finding<std::string> ActionsSeries(const Surroundings& surroundings) {
  const std::string host = HostOfUrl(surroundings.Get("GITHUB_SERVER_URL"));
  if (!IsSet(surroundings, "GITHUB_REPOSITORY")) return {};
  return SeriesOf("actions",
                  absl::StrCat(host.empty() ? "github.com" : host, "/",
                               surroundings.Get("GITHUB_REPOSITORY")),
                  "GITHUB_REPOSITORY");
}

Finding<std::string> BuildkiteSeries(const Surroundings& surroundings) {
  const absl::string_view pipeline =
      surroundings.Get("BUILDKITE_PIPELINE_SLUG");
  const absl::string_view organization =
      surroundings.Get("BUILDKITE_ORGANIZATION_SLUG");
  if (pipeline.empty()) return {};
  return SeriesOf(
      "buildkite",
      absl::StrCat(organization, organization.empty() ? "" : "/", pipeline),
      "BUILDKITE_PIPELINE_SLUG");
}

std::string GitLabProject(const Surroundings& surroundings) {
  absl::string_view project = surroundings.Get("CI_PROJECT_PATH");
  if (project.empty()) return "";
  std::string host(surroundings.Get("CI_SERVER_HOST"));
  if (host.empty()) host = HostOfUrl(surroundings.Get("CI_SERVER_URL"));
  if (host.empty()) host = HostOfUrl(surroundings.Get("CI_JOB_URL"));
  return absl::StrCat(host, host.empty() ? "" : "/", project);
}

Finding<std::string> GitLabJobSeries(const Surroundings& surroundings) {
  return SeriesOf("gitlab", GitLabProject(surroundings), "CI_PROJECT_PATH");
}

// GitLab counts pipelines apart from jobs, with smaller numbers.
Finding<std::string> GitLabPipelineSeries(const Surroundings& surroundings) {
  const std::string project = GitLabProject(surroundings);
  if (project.empty()) return {};
  return SeriesOf("gitlab", absl::StrCat(project, "#pipelines"),
                  "CI_PROJECT_PATH");
}

Finding<std::string> CircleSeries(const Surroundings& surroundings) {
  const absl::string_view user = surroundings.Get("CIRCLE_PROJECT_USERNAME");
  const absl::string_view name = surroundings.Get("CIRCLE_PROJECT_REPONAME");
  if (!user.empty() && !name.empty()) {
    return SeriesOf("circleci", absl::StrCat(user, "/", name),
                    "CIRCLE_PROJECT_REPONAME");
  }
  return SeriesOf("circleci", surroundings.Get("CIRCLE_PROJECT_ID"),
                  "CIRCLE_PROJECT_ID");
}

// For the systems that count in BUILD_NUMBER.
Finding<std::string> BuildNumberSeries(const Surroundings& surroundings) {
  const auto get = [&surroundings](const char* variable) {
    return surroundings.Get(variable);
  };
  if (!get("TEAMCITY_VERSION").empty()) {
    const absl::string_view configuration = get("TEAMCITY_BUILDCONF_NAME");
    if (configuration.empty()) return {};
    return SeriesOf(
        "teamcity",
        absl::StrCat(get("TEAMCITY_PROJECT_NAME"), "/", configuration),
        "TEAMCITY_BUILDCONF_NAME");
  }
  if (!get("PROW_JOB_ID").empty()) {
    return SeriesOf("prow", get("JOB_NAME"), "JOB_NAME");
  }
  const bool is_jenkins = !get("JENKINS_URL").empty() ||
                          !get("HUDSON_URL").empty() ||
                          !get("JENKINS_HOME").empty();
  for (const char* variable : {"JOB_URL", "BUILD_URL"}) {
    const std::string url = JenkinsJobUrl(get(variable));
    if (!url.empty()) return SeriesOf("jenkins", url, variable);
  }
  if (!get("BUILDBOT_BUILDERNAME").empty()) {
    return SeriesOf("buildbot", get("BUILDBOT_BUILDERNAME"),
                    "BUILDBOT_BUILDERNAME");
  }
  // Jenkins does not know its own URL, or the system is unknown.
  absl::string_view job = get("JOB_NAME");
  const std::string axes = JenkinsAxes(surroundings);
  if (!axes.empty()) job.remove_suffix(axes.size() + 1);
  return SeriesOf(is_jenkins ? "jenkins" : "build", job, "JOB_NAME");
}

// The variables that give the CI system's number for a run.
struct Counter {
  const char* run = nullptr;  // Null: there is none.
  // A repeated run keeps its number. The attempt is that number, followed by
  // three digits for the repetition.
  bool is_repeated = false;
  const char* repetition = nullptr;  // Null: repetitions are not counted.
  Finding<std::string> (*series)(const Surroundings&) = nullptr;
  // How many jobs have this number, and which of them this one is.
  const char* total = nullptr;
  const char* index = nullptr;
};

Counter CounterOf(const Surroundings& surroundings) {
  if (IsSet(surroundings, "GITHUB_RUN_ID")) {
    return {.run = "GITHUB_RUN_ID",
            .is_repeated = true,
            .repetition = "GITHUB_RUN_ATTEMPT",
            .series = ActionsSeries};
  }
  if (IsSet(surroundings, "BUILDKITE_BUILD_NUMBER")) {
    // If one parallel job is repeated, its attempt must not exceed the others'.
    const char* const total = "BUILDKITE_PARALLEL_JOB_COUNT";
    const bool parallel = IsParallel(surroundings, total);
    return {"BUILDKITE_BUILD_NUMBER",
            true,
            parallel ? nullptr : "BUILDKITE_RETRY_COUNT",
            BuildkiteSeries,
            total,
            "BUILDKITE_PARALLEL_JOB"};
  }
  if (IsSet(surroundings, "CI_JOB_ID")) {
    const bool parallel = IsParallel(surroundings, "CI_NODE_TOTAL");
    return {.run = parallel ? "CI_PIPELINE_ID" : "CI_JOB_ID",
            .series = parallel ? GitLabPipelineSeries : GitLabJobSeries,
            .total = "CI_NODE_TOTAL",
            .index = "CI_NODE_INDEX"};
  }
  if (IsSet(surroundings, "BUILD_NUMBER")) {
    return {.run = "BUILD_NUMBER", .series = BuildNumberSeries};
  }
  if (IsSet(surroundings, "CIRCLE_BUILD_NUM")) {
    return {.run = "CIRCLE_BUILD_NUM",
            .series = CircleSeries,
            .total = "CIRCLE_NODE_TOTAL",
            .index = "CIRCLE_NODE_INDEX"};
  }
  return {};
}

// `word` stands in `text`, with no letter or digit beside it.
bool HasWord(absl::string_view text, absl::string_view word) {
  if (word.empty()) return false;
  const auto is_outside = [text](size_t i) {
    return i >= text.size() || !absl::ascii_isalnum(text[i]);
  };
  for (size_t i = text.find(word); i != absl::string_view::npos;
       i = text.find(word, i + 1)) {
    // No letter stands before the first one or behind the last.
    if (is_outside(i == 0 ? text.size() : i - 1) &&
        is_outside(i + word.size())) {
      return true;
    }
  }
  return false;
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
    take(variable, text, RepositoryFromUrl(text, surroundings.ssh_host));
  };

  take_name("GITHUB_REPOSITORY",
            HostOfUrl(surroundings.Get("GITHUB_SERVER_URL")));
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

  // GitLab's checkout comes from GitLab, but statuses go to GitHub.
  if (!surroundings.Get("CI_PROJECT_PATH").empty()) {
    take_name("CI_PROJECT_PATH", "");
    if (!finding.value.empty()) {
      finding.warnings.push_back(absl::StrCat(
          "taking ", finding.value,
          " for the GitHub repository because the GitLab project has this "
          "name; give --repository if it is another"));
    }
    return finding;
  }
  Finding<std::string> remote = FindRemote(surroundings);
  remote.warnings.insert(remote.warnings.begin(), finding.warnings.begin(),
                         finding.warnings.end());
  return remote;
}

Finding<int64_t> FindAttempt(const Surroundings& surroundings) {
  constexpr int64_t kRepetitions = 1000;
  constexpr int64_t kMaxRun =
      std::numeric_limits<int64_t>::max() / kRepetitions - 1;

  Finding<int64_t> finding;
  const Counter counter = CounterOf(surroundings);
  if (counter.run == nullptr) return finding;
  finding.source = counter.run;
  const auto unnumbered = [&finding](absl::string_view variable,
                                     absl::string_view value) {
    finding.warnings.push_back(absl::StrCat(
        variable, ": \"", value,
        "\" is not a usable number of the run; the run is reported without an "
        "attempt; give --attempt to number it"));
    return finding;
  };

  const absl::string_view text = surroundings.Get(counter.run);
  const std::optional<int64_t> run = ParseNumber(text);
  if (!run) return unnumbered(counter.run, text);
  if (!counter.is_repeated) {
    finding.value = *run;
    return finding;
  }
  if (*run > kMaxRun) return unnumbered(counter.run, text);
  finding.value = *run * kRepetitions;
  if (counter.repetition == nullptr) return finding;
  const absl::string_view repetition_text =
      surroundings.Get(counter.repetition);
  const std::optional<int64_t> repetition = ParseNumber(repetition_text);
  // Without the repetition, a repeated run would have the attempt of the first.
  // The first's worse result would then supersede its own.
  if (!repetition || *repetition >= kRepetitions) {
    finding.value = 0;
    return unnumbered(counter.repetition, repetition_text);
  }
  finding.value += *repetition;
  return finding;
}

Finding<std::string> FindSeries(const Surroundings& surroundings) {
  Finding<std::string> finding;
  if (FindAttempt(surroundings).value == 0) return finding;
  return CounterOf(surroundings).series(surroundings);
}

Finding<std::string> FindJob(const Surroundings& surroundings) {
  const auto name = [&surroundings](const char* variable) {
    return Finding<std::string>{
        std::string(surroundings.Get(variable)), variable, {}};
  };
  // The variable, with the place among parallel jobs appended.
  const auto with_place = [&](const char* variable, const char* total,
                              const char* index) {
    Finding<std::string> finding = name(variable);
    if (IsParallel(surroundings, total) && IsSet(surroundings, index)) {
      absl::StrAppend(&finding.value, finding.value.empty() ? "" : "-",
                      surroundings.Get(index));
      absl::StrAppend(&finding.source, " and ", index);
    }
    return finding;
  };
  const auto is_set = [&](const char* variable) {
    return IsSet(surroundings, variable);
  };

  Finding<std::string> finding;
  if (is_set("GITHUB_RUN_ID")) {
    finding = name("GITHUB_JOB");
  } else if (is_set("BUILDKITE_BUILD_NUMBER")) {
    finding = with_place(
        is_set("BUILDKITE_STEP_KEY") ? "BUILDKITE_STEP_KEY" : "BUILDKITE_LABEL",
        "BUILDKITE_PARALLEL_JOB_COUNT", "BUILDKITE_PARALLEL_JOB");
  } else if (is_set("CI_JOB_ID")) {
    finding = name("CI_JOB_NAME");  // A parallel job's name has "1/3".
  } else if (is_set("CIRCLE_BUILD_NUM")) {
    finding =
        with_place("CIRCLE_JOB", "CIRCLE_NODE_TOTAL", "CIRCLE_NODE_INDEX");
  } else if (is_set("TRAVIS_JOB_NUMBER")) {
    finding = name("TRAVIS_JOB_NAME");
    if (finding.value.empty()) {
      // "4.1": the number of the build, and that of the job within it.
      const std::vector<absl::string_view> parts =
          absl::StrSplit(surroundings.Get("TRAVIS_JOB_NUMBER"), '.');
      finding = {std::string(parts.back()), "TRAVIS_JOB_NUMBER", {}};
    }
  } else if (is_set("TEAMCITY_VERSION")) {
    finding = name("TEAMCITY_BUILDCONF_NAME");
  } else if (is_set("JOB_URL") || is_set("JOB_NAME")) {
    const std::string axes = JenkinsAxes(surroundings);
    finding = name(is_set("JOB_BASE_NAME") ? "JOB_BASE_NAME" : "JOB_NAME");
    if (!axes.empty()) finding = {axes, "JOB_NAME", {}};
  }
  if (finding.value.empty()) return {};
  return finding;
}

std::string FindParallel(const Surroundings& surroundings,
                         absl::string_view context) {
  if (FindAttempt(surroundings).value == 0) return "";
  const Counter counter = CounterOf(surroundings);
  if (HasWord(context, FindJob(surroundings).value)) return "";
  if (counter.total != nullptr && IsParallel(surroundings, counter.total)) {
    if (HasWord(context, surroundings.Get(counter.index))) return "";
    return absl::StrCat(counter.total, "=", surroundings.Get(counter.total));
  }
  if (absl::string_view(counter.run) == "BUILD_NUMBER" &&
      !JenkinsAxes(surroundings).empty()) {
    return absl::StrCat("JOB_NAME=", surroundings.Get("JOB_NAME"));
  }
  return "";
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
