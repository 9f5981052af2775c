#include "clients/cli/subject.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/detection.h"
#include "clients/cli/repository_url.h"

namespace signalbox {
namespace {

absl::Status NotFound(const Subject& subject, absl::string_view advice) {
  return absl::InvalidArgumentError(
      absl::StrCat(absl::StrJoin(subject.warnings, "; "),
                   subject.warnings.empty() ? "" : "; ", advice));
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
  if (!Reports(arguments.subcommand)) return subject;
  subject.attempt = given_or_found("attempt", arguments.attempt, FindAttempt);
  subject.target_url =
      given_or_found("target_url", arguments.target_url, FindTargetUrl);
  return subject;
}

}  // namespace signalbox
