#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/cli/arguments.h"
#include "clients/cli/detection.h"
#include "clients/cli/subject.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

// While it lives, the program prints into texts.
class Printed {
 public:
  Printed() : stderr_(stderr), cout_(std::cout.rdbuf(out_.rdbuf())) {
    errors_ = open_memstream(&text_, &size_);
    stderr = errors_;
  }
  ~Printed() { Stop(); }

  void Stop() {
    if (errors_ == nullptr) return;
    stderr = stderr_;
    std::cout.rdbuf(cout_);
    std::fclose(errors_);
    errors_ = nullptr;
    errors_text_ = std::string(text_, size_);
    std::free(text_);
  }

  std::string output() const { return out_.str(); }
  const std::string& errors() const { return errors_text_; }

 private:
  FILE* const stderr_;
  std::ostringstream out_;
  std::streambuf* const cout_;
  FILE* errors_ = nullptr;
  char* text_ = nullptr;
  size_t size_ = 0;
  std::string errors_text_;
};

// The surroundings in an input: variables, git's answers, one file.
Surroundings SurroundingsFrom(FuzzInput& in) {
  constexpr const char* kVariables[] = {
      "GITHUB_EVENT_PATH",
      "GITHUB_EVENT_NAME",
      "GITHUB_REPOSITORY",
      "GITHUB_SERVER_URL",
      "GITHUB_SHA",
      "GITHUB_REF",
      "GITHUB_RUN_ID",
      "GITHUB_RUN_ATTEMPT",
      "TRAVIS_REPO_SLUG",
      "TRAVIS_COMMIT",
      "TRAVIS_PULL_REQUEST",
      "TRAVIS_PULL_REQUEST_SHA",
      "TRAVIS_BUILD_WEB_URL",
      "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY",
      "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA",
      "CI_PROJECT_PATH",
      "CI_COMMIT_SHA",
      "CI_JOB_ID",
      "CI_JOB_NAME",
      "CI_JOB_URL",
      "CI_NODE_INDEX",
      "CI_NODE_TOTAL",
      "CI_PIPELINE_ID",
      "GIT_URL",
      "GIT_COMMIT",
      "BUILD_NUMBER",
      "BUILD_URL",
      "JOB_NAME",
      "JOB_URL",
      "BUILDKITE_REPO",
      "BUILDKITE_COMMIT",
      "BUILDKITE_BUILD_NUMBER",
      "BUILDKITE_RETRY_COUNT",
      "BUILDKITE_PARALLEL_JOB_COUNT",
      "BUILDKITE_PIPELINE_SLUG",
      "CIRCLE_REPOSITORY_URL",
      "CIRCLE_PROJECT_USERNAME",
      "CIRCLE_PROJECT_REPONAME",
      "CIRCLE_SHA1",
      "CIRCLE_BUILD_NUM",
      "BUILD_VCS_NUMBER",
      "CHANGE_ID",
      "CHANGE_BRANCH",
      "CI_MERGE_REQUEST_EVENT_TYPE",
      "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
      "BUILDKITE_PULL_REQUEST",
      "BUILD_SOURCEVERSION",
      "BUILD_REASON",
      "APPVEYOR_REPO_COMMIT",
      "APPVEYOR_PULL_REQUEST_NUMBER",
      "PULL_REFS",
      "PULL_BASE_SHA",
      "SIGNALBOX_SERVER",
      "SIGNALBOX_TOKEN_FILE",
      "SIGNALBOX_TLS",
      "SIGNALBOX_CA_FILE"};
  Surroundings surroundings;
  const int variables = in.UpTo(8);
  for (int i = 0; i < variables; ++i) {
    const char* const name = kVariables[in.UpTo(std::size(kVariables) - 1)];
    surroundings.environment[name] = std::string(in.Text());
  }
  const std::string git(in.Text());
  const std::string commit(in.Text());
  const std::string file(in.Text());
  surroundings.git = [git, commit](const std::vector<std::string>& arguments)
      -> absl::StatusOr<std::string> {
    if (git.empty()) return absl::NotFoundError("git is not installed");
    return arguments[0] == "cat-file" ? commit : git;
  };
  surroundings.read_file =
      [file](const std::string&) -> std::optional<std::string> {
    if (file.empty()) return std::nullopt;
    return file;
  };
  return surroundings;
}

// `[HOST/]OWNER/NAME` by the looser rule of the command line.
bool IsRepository(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  return (parts.size() == 2 || (parts.size() == 3 && !parts[0].empty())) &&
         grammar::IsPrintableAscii(text) && !absl::StrContains(text, ' ') &&
         !parts.back().empty() && !parts[parts.size() - 2].empty() &&
         !absl::StrContains(text, '@');
}

template <typename T>
void CheckFinding(const Finding<T>& finding) {
  FUZZ_CHECK(finding.value == T() || !finding.source.empty(), "found nowhere");
  for (const std::string& warning : finding.warnings) {
    FUZZ_CHECK(!warning.empty(), "a warning of nothing");
  }
}

void CheckDetection(const Surroundings& surroundings) {
  const Finding<std::string> repository = FindRepository(surroundings);
  CheckFinding(repository);
  FUZZ_CHECK(repository.value.empty() || IsRepository(repository.value),
             repository.value);
  const Finding<std::string> sha = FindSha(surroundings);
  CheckFinding(sha);
  FUZZ_CHECK(sha.value.empty() || grammar::IsSha(sha.value), sha.value);
  const Finding<int64_t> attempt = FindAttempt(surroundings);
  FUZZ_CHECK(attempt.value >= 0, attempt.value);
  CheckFinding(FindTargetUrl(surroundings));
  const Finding<std::string> series = FindSeries(surroundings);
  CheckFinding(series);
  FUZZ_CHECK(series.value.empty() ||
                 (attempt.value > 0 && series.value.size() <= 255 &&
                  grammar::IsPrintableAscii(series.value)),
             series.value);
  CheckFinding(FindJob(surroundings));

  Arguments arguments;
  arguments.subcommand = Subcommand::kPending;
  const absl::StatusOr<Subject> subject = FindSubject(arguments, surroundings);
  FUZZ_CHECK(subject.ok() == (!repository.value.empty() && !sha.value.empty()),
             subject.status().ToString());
  if (!subject.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(subject.status()),
               subject.status().ToString());
    return;
  }
  FUZZ_CHECK(
      subject->repository == repository.value && subject->sha == sha.value &&
          subject->attempt == attempt.value && subject->series == series.value,
      "another subject: ", subject->Display());
}

void CheckArguments(const Arguments& arguments,
                    const std::vector<std::string>& words) {
  FUZZ_CHECK(arguments.attempt.value_or(0) >= 0, *arguments.attempt);
  FUZZ_CHECK(!arguments.contexts.empty() &&
                 (arguments.contexts.size() == 1 ||
                  arguments.subcommand == Subcommand::kPending),
             arguments.contexts.size(), " contexts");
  FUZZ_CHECK(!arguments.server.empty(), "no server");
  FUZZ_CHECK(arguments.retry_for >= absl::ZeroDuration() &&
                 arguments.retry_for <= absl::Hours(24),
             absl::FormatDuration(arguments.retry_for));
  const bool is_result = arguments.subcommand == Subcommand::kResult;
  FUZZ_CHECK(is_result == (arguments.result != v1::RESULT_UNSPECIFIED) &&
                 v1::Result_IsValid(arguments.result),
             static_cast<int>(arguments.result));
  const bool is_run = arguments.subcommand == Subcommand::kRun;
  FUZZ_CHECK(is_run == !arguments.command.empty(), "a command");
  if (!is_run) return;
  // The command is everything after `--`, unchanged.
  size_t separator = 0;
  while (words[separator] != "--") ++separator;
  FUZZ_CHECK(std::vector<std::string>(words.begin() + separator + 1,
                                      words.end()) == arguments.command,
             absl::StrJoin(arguments.command, " "));
}

void CheckCommandLine(FuzzInput& in) {
  constexpr const char* kWords[] = {
      "pending",      "result",    "run",
      "status",       "explain",   "retry",
      "doctor",       "--server",  "--context",
      "--token-file", "--json",    "--repository",
      "--sha",        "--attempt", "--description",
      "--target-url", "--result",  "--retry-for",
      "--help",       "--version", "--",
      "success",      "timed_out", "acme/widgets",
      "90s",          "-h",        "1",
      "ci/build",     "--series",  "ci/{job}",
      "--tls",        "--ca-file", "--server-name"};
  std::vector<std::string> words;
  const int count = in.UpTo(12);
  for (int i = 0; i < count; ++i) {
    const int chosen = in.Byte();
    words.emplace_back(chosen < 224 ? kWords[chosen % std::size(kWords)]
                                    : std::string(in.Text()));
    // An argument ends at its first NUL.
    words.back() = words.back().c_str();
  }
  const Surroundings surroundings = SurroundingsFrom(in);
  std::vector<const char*> argv = {"signalbox"};
  for (const std::string& word : words) argv.push_back(word.c_str());

  Printed printed;
  const std::variant<Arguments, int> parsed =
      ParseArguments(static_cast<int>(argv.size()), argv.data(), surroundings);
  printed.Stop();
  if (const auto* const arguments = std::get_if<Arguments>(&parsed)) {
    FUZZ_CHECK(printed.output().empty() && printed.errors().empty(),
               "printed: ", printed.output(), printed.errors());
    CheckArguments(*arguments, words);
    return;
  }
  const int code = std::get<int>(parsed);
  FUZZ_CHECK(code == kDone || code == kWrongUsage, "exit code ", code);
  if (code == kDone) {
    FUZZ_CHECK(!printed.output().empty() && printed.errors().empty(),
               printed.errors());
    return;
  }
  FUZZ_CHECK(printed.output().empty(), printed.output());
  absl::string_view line = printed.errors();
  FUZZ_CHECK(absl::ConsumeSuffix(&line, " --help`)\n") &&
                 absl::StartsWith(line, "signalbox: "),
             printed.errors());
  for (const char c : line) {
    FUZZ_CHECK(static_cast<unsigned char>(c) >= ' ' && c != '\x7f',
               "control characters on a terminal: ", line);
  }
  FUZZ_CHECK(IsUtf8(line), "not UTF-8 on a terminal");
}

}  // namespace

// Input: whether it is a command line, its words, the surroundings.
FUZZ_TARGET(arguments) {
  FuzzInput in(input);
  if (in.Flag()) return CheckCommandLine(in);
  CheckDetection(SurroundingsFrom(in));
}

}  // namespace signalbox
