#include "clients/cli/subject.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/cli/detection.h"
#include "clients/cli/repository_url.h"
#include "common/names.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

absl::Status NotFound(const Subject& subject, absl::string_view advice) {
  return absl::InvalidArgumentError(
      absl::StrCat(absl::StrJoin(subject.warnings, "; "),
                   subject.warnings.empty() ? "" : "; ", advice));
}

constexpr char kJob[] = "{job}";

// A page of a repository at GitHub, as people paste it:
// `https://github.com/OWNER/NAME/pull/5/commits/SHA`.
struct Page {
  std::string repository;  // `[HOST/]OWNER/NAME`; empty: `text` is no such URL.
  std::string sha;         // Empty: it is not the page of a commit.
};

Page PageOf(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "https://") &&
      !absl::ConsumePrefix(&text, "http://")) {
    return {};
  }
  text = text.substr(0, text.find_first_of("?#"));
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, '/', absl::SkipEmpty());
  if (parts.size() < 3) return {};
  Page page;
  page.repository =
      RepositoryOn(parts[0], absl::StrCat(parts[1], "/", parts[2]));
  for (size_t i = 3; i + 1 < parts.size(); ++i) {
    const bool names_commit = parts[i] == "commit" || parts[i] == "commits";
    if (names_commit && IsSha(parts[i + 1]))
      page.sha = std::string(parts[i + 1]);
  }
  return page;
}

// `given` is a name, a URL to clone from, or a page of the repository.
std::string GivenRepository(const Surroundings& surroundings,
                            const std::string& given) {
  std::string repository = PageOf(given).repository;
  if (repository.empty()) {
    repository = RepositoryFromUrl(given, surroundings.ssh_host);
  }
  return repository.empty() ? std::string(WithoutGit(given)) : repository;
}

// `given` is a full sha, a name that git knows in the checkout, or the page of
// a commit.
absl::StatusOr<std::string> GivenSha(const Surroundings& surroundings,
                                     const std::string& given) {
  if (IsSha(given)) return given;
  const Page page = PageOf(given);
  if (!page.sha.empty()) return page.sha;
  const absl::StatusOr<std::string> known =
      surroundings.git({"rev-parse", "--verify", "--end-of-options",
                        absl::StrCat(given, "^{commit}")});
  if (known.ok() && IsSha(*known)) return *known;
  return absl::InvalidArgumentError(absl::StrCat(
      "--sha: \"", given,
      "\" is not a full commit id (40 or 64 hexadecimal digits), "
      "and git does not know it here",
      known.ok() ? "" : ": ", known.ok() ? "" : known.status().message()));
}

absl::Status FindContexts(const Arguments& arguments,
                          const Surroundings& surroundings, Subject* subject) {
  const std::string job = FindJob(surroundings).value;
  for (const std::string& context : arguments.contexts) {
    if (job.empty() && absl::StrContains(context, kJob)) {
      return NotFound(*subject,
                      absl::StrCat("--context ", context,
                                   ": no environment variable has the job's "
                                   "name for {job}; write the "
                                   "name instead"));
    }
    subject->contexts.push_back(absl::StrReplaceAll(context, {{kJob, job}}));
    // The server could not read the request, and names no field.
    if (!IsValidUtf8(subject->contexts.back())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--context: \"", subject->contexts.back(), "\" is not UTF-8"));
    }
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

// `given`, or what `find` finds. `name` is for people.
template <typename T>
T GivenOrFound(absl::string_view name, const std::optional<T>& given,
               Finding<T> (*find)(const Surroundings&),
               const Surroundings& surroundings, Subject* subject) {
  if (given.has_value()) return *given;
  Finding<T> finding = find(surroundings);
  subject->warnings.insert(subject->warnings.end(), finding.warnings.begin(),
                           finding.warnings.end());
  if (finding.value != T{}) {
    subject->sources.push_back(absl::StrCat(name, " from ", finding.source));
    if (name == "sha") subject->sha_source = finding.source;
  }
  return finding.value;
}

absl::Status ChooseRepository(const Arguments& arguments,
                              const Surroundings& surroundings,
                              Subject* subject) {
  // The page of a commit also names its repository.
  const Page page = PageOf(arguments.sha.value_or(""));
  if (arguments.repository.has_value()) {
    subject->repository = GivenRepository(surroundings, *arguments.repository);
  } else if (!page.sha.empty()) {
    subject->repository = page.repository;
  } else {
    subject->repository = GivenOrFound("repository", arguments.repository,
                                       FindRepository, surroundings, subject);
  }
  if (!page.sha.empty() &&
      !absl::EqualsIgnoreCase(subject->repository, page.repository)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sha names a commit of ", page.repository,
                     ", and --repository is ", subject->repository));
  }
  if (!subject->repository.empty()) return absl::OkStatus();
  return NotFound(*subject,
                  "the repository is not known: give --repository "
                  "OWNER/NAME, or run in a checkout with a remote");
}

// The run that reports: its number, series and link.
void ChooseRun(const Arguments& arguments, const Surroundings& surroundings,
               Subject* subject) {
  subject->attempt = GivenOrFound("attempt", arguments.attempt, FindAttempt,
                                  surroundings, subject);
  // If the caller gives the attempt, only the caller knows its series.
  if (arguments.series.has_value() || !arguments.attempt.has_value()) {
    subject->series = GivenOrFound("series", arguments.series, FindSeries,
                                   surroundings, subject);
  }
  if (subject->attempt == 0 && !subject->series.empty()) {
    subject->warnings.push_back(
        "--series is ignored, because this run has no number; give --attempt");
    subject->series.clear();
  }
  if (!arguments.attempt.has_value()) WarnOfParallelJobs(surroundings, subject);
  subject->target_url = GivenOrFound("target_url", arguments.target_url,
                                     FindTargetUrl, surroundings, subject);
}

}  // namespace

std::string Subject::Display() const {
  if (sha.empty()) return repository;
  return absl::StrCat(repository, "@", sha.substr(0, 8));
}

absl::StatusOr<Subject> FindSubject(const Arguments& arguments,
                                    const Surroundings& surroundings) {
  Subject subject;
  absl::Status status = ChooseRepository(arguments, surroundings, &subject);
  if (!status.ok()) return status;
  if (arguments.subcommand == Subcommand::kDoctor) return subject;
  if (arguments.sha.has_value()) {
    const absl::StatusOr<std::string> sha =
        GivenSha(surroundings, *arguments.sha);
    if (!sha.ok()) return sha.status();
    subject.sha = *sha;
  } else {
    subject.sha =
        GivenOrFound("sha", arguments.sha, FindSha, surroundings, &subject);
  }
  if (subject.sha.empty()) {
    return NotFound(
        subject, "the commit is not known: give --sha, or run in a checkout");
  }
  status = FindContexts(arguments, surroundings, &subject);
  if (!status.ok()) return status;
  if (Reports(arguments.subcommand)) {
    ChooseRun(arguments, surroundings, &subject);
  }
  return subject;
}

}  // namespace signalbox
