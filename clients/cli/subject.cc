#include "clients/cli/subject.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/commit_detection.h"
#include "clients/cli/detection.h"
#include "clients/cli/repository_url.h"

namespace signalbox {
namespace {

absl::Status NotFound(const Subject& subject, absl::string_view advice) {
  return absl::InvalidArgumentError(
      absl::StrCat(absl::StrJoin(subject.warnings, "; "),
                   subject.warnings.empty() ? "" : "; ", advice));
}

constexpr char kJob[] = "{job}";

absl::Status FindContexts(const Arguments& arguments,
                          const Surroundings& surroundings, Subject* subject) {
  const std::string job = FindJob(surroundings).value;
  for (const std::string& context : arguments.contexts) {
    if (job.empty() && absl::StrContains(context, kJob)) {
      return NotFound(
          *subject,
          absl::StrCat("--context ", context,
                       ": no variable has the job's name; write it out"));
    }
    subject->contexts.push_back(absl::StrReplaceAll(context, {{kJob, job}}));
  }
  return absl::OkStatus();
}

void WarnOfParallelJobs(const Surroundings& surroundings, Subject* subject) {
  for (const std::string& context : subject->contexts) {
    const std::string why = FindParallel(surroundings, context);
    if (why.empty()) continue;
    subject->warnings.push_back(absl::StrCat(
        "this is one of several parallel jobs (", why, ") that report ",
        context,
        ": if one of them fails, the status stays so until the next "
        "build; with --context '",
        context, "-", kJob, "' each has a status of its own"));
    return;
  }
}

}  // namespace

std::string Subject::Display() const {
  if (sha.empty()) return repository;
  return absl::StrCat(repository, "@", sha.substr(0, 8));
}

absl::StatusOr<Subject> FindSubject(const Arguments& arguments,
                                    const Surroundings& surroundings) {
  Subject subject;
  const auto given_or_found = [&](absl::string_view name, const auto& given,
                                  auto find) {
    if (given.has_value()) return *given;
    auto finding = find(surroundings);
    subject.warnings.insert(subject.warnings.end(), finding.warnings.begin(),
                            finding.warnings.end());
    if (finding.value != decltype(finding.value){}) {
      subject.sources.push_back(absl::StrCat(name, " from ", finding.source));
      if (name == "sha") subject.sha_source = finding.source;
    }
    return finding.value;
  };

  subject.repository = std::string(WithoutGit(
      given_or_found("repository", arguments.repository, FindRepository)));
  if (subject.repository.empty()) {
    return NotFound(subject,
                    "the repository is not known: give --repository "
                    "OWNER/NAME, or run in a checkout with a remote origin");
  }
  if (arguments.subcommand == Subcommand::kDoctor) return subject;
  subject.sha = given_or_found("sha", arguments.sha, FindSha);
  if (subject.sha.empty()) {
    return NotFound(
        subject, "the commit is not known: give --sha, or run in a checkout");
  }
  const absl::Status status = FindContexts(arguments, surroundings, &subject);
  if (!status.ok() || !Reports(arguments.subcommand)) {
    if (!status.ok()) return status;
    return subject;
  }
  subject.attempt = given_or_found("attempt", arguments.attempt, FindAttempt);
  // A number that was given counts what its giver counts.
  if (arguments.series.has_value() || !arguments.attempt.has_value()) {
    subject.series = given_or_found("series", arguments.series, FindSeries);
  }
  if (subject.attempt == 0 && !subject.series.empty()) {
    subject.warnings.push_back(
        "--series is left out, because this run has no number; give --attempt");
    subject.series.clear();
  }
  if (!arguments.attempt.has_value())
    WarnOfParallelJobs(surroundings, &subject);
  subject.target_url =
      given_or_found("target_url", arguments.target_url, FindTargetUrl);
  return subject;
}

}  // namespace signalbox
