#include "server/calls/conversion.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "common/text.h"

namespace signalbox {
namespace {

// Of an id or a word from GitHub, such as a delivery's event or a login.
constexpr size_t kMaxWord = 255;
constexpr size_t kMaxSeries = 255;
constexpr absl::string_view kInvalidEvent = "INVALID_EVENT";
constexpr absl::Duration kMinExpiry = absl::Minutes(1);
constexpr absl::Duration kMaxExpiry = absl::Hours(30 * 24);

absl::Status CheckNotNegative(absl::string_view field, int64_t value,
                              absl::string_view reason) {
  if (value >= 0) return absl::OkStatus();
  return InvalidField(field, absl::StrCat(value),
                      "is negative; wanted 0 or more", reason);
}

// A series is any text that fits into a line, compared byte by byte.
absl::Status CheckSeries(const std::string& series, int64_t attempt) {
  constexpr char kReason[] = "INVALID_SERIES";
  if (series.empty()) return absl::OkStatus();
  if (series.size() > kMaxSeries) {
    return InvalidField(
        "series", absl::StrCat(series.size(), " bytes"),
        absl::StrCat("is too long; wanted at most ", kMaxSeries, " bytes"),
        kReason);
  }
  if (std::ranges::any_of(
          series, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return InvalidField("series", series,
                        "has a control character; wanted a text on one line",
                        kReason);
  }
  if (attempt == 0) {
    return InvalidField("series", series,
                        "is not allowed without an attempt; wanted an attempt "
                        "above 0, or no series",
                        kReason);
  }
  return absl::OkStatus();
}

// Printable ASCII of `least` to kMaxWord bytes.
bool IsPrintable(const std::string& text, size_t least) {
  return text.size() >= least && text.size() <= kMaxWord &&
         std::ranges::all_of(text, absl::ascii_isprint);
}

absl::Status CheckDelivery(const Delivery& delivery) {
  constexpr char kReason[] = "INVALID_DELIVERY";
  const auto check = [&](absl::string_view name, const std::string& value,
                         size_t least) {
    if (IsPrintable(value, least)) return absl::OkStatus();
    return InvalidField(name, value,
                        absl::StrCat("is not printable ASCII of ", least,
                                     " to ", kMaxWord, " bytes"),
                        kReason);
  };
  absl::Status status = check("delivery.id", delivery.id, 1);
  status.Update(check("delivery.event", delivery.event, 1));
  status.Update(check("delivery.action", delivery.action, 0));
  if (!delivery.digest.empty() && delivery.digest.size() != 32) {
    status.Update(InvalidField("delivery.digest",
                               absl::StrCat(delivery.digest.size(), " bytes"),
                               "is not a SHA-256 (32 bytes)", kReason));
  }
  status.Update(
      CheckNotNegative("delivery.hook_id", delivery.hook_id, kReason));
  return status;
}

absl::Status CheckDeliveryOf(const ReportCall& call) {
  if (!call.delivery.has_value()) return absl::OkStatus();
  absl::Status status = CheckDelivery(*call.delivery);
  if (status.ok() && call.attempt != 0) {
    return InvalidField("attempt", absl::StrCat(call.attempt),
                        "is not allowed with a delivery; wanted 0",
                        "INVALID_ATTEMPT");
  }
  return status;
}

absl::Status CheckObserved(const std::optional<HookObserved>& observed) {
  if (!observed.has_value() || observed->status_id > 0) return absl::OkStatus();
  return InvalidField("observed.status_id", absl::StrCat(observed->status_id),
                      "is not the id of a status; wanted a positive number",
                      "INVALID_OBSERVED");
}

// Checks a field of a call that comes from no webhook.
absl::Status CheckIsNoWebhooks(const ReportCall& call, absl::string_view field,
                               absl::string_view value,
                               absl::string_view reason) {
  if (!call.delivery.has_value() && !call.report.observed.has_value()) {
    return absl::OkStatus();
  }
  return InvalidField(field, value,
                      absl::StrCat("is not allowed with a delivery or "
                                   "observed; wanted none of them, or no ",
                                   field),
                      reason);
}

absl::Status CheckIfSequence(const ReportCall& call) {
  constexpr char kReason[] = "INVALID_IF_SEQUENCE";
  if (!call.if_sequence.has_value()) return absl::OkStatus();
  absl::Status status =
      CheckNotNegative("if_sequence", *call.if_sequence, kReason);
  status.Update(CheckIsNoWebhooks(call, "if_sequence",
                                  absl::StrCat(*call.if_sequence), kReason));
  return status;
}

absl::Status CheckNewestText(const ReportCall& call) {
  if (!call.newest_text_wins) return absl::OkStatus();
  return CheckIsNoWebhooks(call, "newest_text_wins", "true",
                           "INVALID_NEWEST_TEXT_WINS");
}

// The texts of a code change come from GitHub and are only shown, so the server
// cuts them and does not refuse them.
CodeChange KeepChange(const HookChange& said) {
  CodeChange change;
  change.event = KeepDescription(said.event).text;
  change.pull_request_number = std::max<int64_t>(0, said.pull_request_number);
  change.title = KeepDescription(said.title).text;
  change.author = KeepDescription(said.author).text;
  change.head_ref = KeepDescription(said.head_ref).text;
  change.base_ref = KeepDescription(said.base_ref).text;
  change.draft = said.draft;
  change.fork = said.fork;
  change.clone_url = KeepTargetUrl(said.clone_url).text;
  change.updated_time = said.updated_time;
  return change;
}

absl::StatusOr<absl::Duration> ExpiryOf(const ReportCall& call,
                                        const RepositoryRules& rules,
                                        const Repository& repository) {
  constexpr char kReason[] = "INVALID_EXPIRES_AFTER";
  if (!call.expires_after.has_value()) {
    if (call.never_expires) return absl::InfiniteDuration();
    return rules.ExpiresAfter(repository,
                              call.expires_only_if_configured
                                  ? absl::InfiniteDuration()
                                  : RepositoryRules::kDefaultExpiry);
  }
  if (call.never_expires || call.expires_only_if_configured) {
    return InvalidField(
        call.never_expires ? "never_expires" : "expires_only_if_configured",
        "true", "is not allowed with expires_after; wanted one of them",
        kReason);
  }
  if (*call.expires_after < kMinExpiry || *call.expires_after > kMaxExpiry) {
    return InvalidField(
        "expires_after", absl::FormatDuration(*call.expires_after),
        "is out of range; wanted 1 minute to 30 days, or never_expires",
        kReason);
  }
  return *call.expires_after;
}

// Sets what only a pending has, except its contexts.
absl::Status SetPending(const ReportCall& call, const ConvertOptions& options,
                        Submission* submission) {
  const HookReport& said = call.report;
  Report& report = submission->report;
  if (said.result.has_value()) return absl::OkStatus();
  if (said.change.has_value()) submission->change = KeepChange(*said.change);
  const absl::StatusOr<absl::Duration> expires_after =
      ExpiryOf(call, options.rules, report.repository);
  if (!expires_after.ok()) return expires_after.status();
  report.expires_after = *expires_after;
  report.rerun = said.rerun;
  if (!call.delivery.has_value()) return absl::OkStatus();
  report.from_webhook = true;
  submission->redelivery_is_rerun = options.redelivery_is_rerun;
  if (submission->change.has_value()) {
    submission->change->base_changed = said.rerun &&
                                       call.delivery->event == "pull_request" &&
                                       call.delivery->action == "edited";
  }
  // "Re-run all checks" includes contexts that only a farm knows.
  submission->with_all_reported = said.contexts.empty() && said.rerun &&
                                  call.delivery->event == "check_suite";
  return absl::OkStatus();
}

// Puts `field` in place of `general`, the field that an error names.
absl::Status InField(const absl::Status& status, absl::string_view general,
                     absl::string_view field) {
  if (status.ok()) return status;
  return Error(
      status.code(), ReasonOf(status),
      absl::StrCat(field, absl::StripPrefix(status.message(), general)));
}

absl::Status InItem(const absl::Status& status, size_t index) {
  return InField(status, "context", absl::StrCat("contexts[", index, "]"));
}

absl::Status CheckCount(const std::vector<std::string>& contexts) {
  if (contexts.size() <= kMaxContexts) return absl::OkStatus();
  return InvalidField(
      "contexts", absl::StrCat(contexts.size()),
      absl::StrCat("is too many; wanted at most ", kMaxContexts),
      "TOO_MANY_CONTEXTS");
}

// Sets `contexts`, or else the expected ones, if they are valid.
absl::Status SetContexts(std::vector<std::string> contexts,
                         const RepositoryRules& rules, Submission* submission) {
  const Report& report = submission->report;
  const bool observed = submission->observed.has_value();
  absl::Status few = CheckCount(contexts);
  if (!few.ok()) return few;
  if (observed && contexts.size() != 1) {
    return InvalidField(
        "contexts", absl::StrCat(contexts.size()),
        "is the wrong number of contexts with observed; wanted 1",
        "INVALID_OBSERVED");
  }
  if (contexts.empty()) {
    const std::optional<CodeChange>& change = submission->change;
    contexts =
        rules.Expect(report.repository, change.has_value() ? &*change : nullptr)
            .contexts;
  }
  for (size_t i = 0; i < contexts.size(); ++i) {
    // The context of an observed status follows GitHub's rule, not ours.
    absl::Status fits = observed ? ParseObservedContext(contexts[i]).status()
                                 : ParseContext(contexts[i]).status();
    // The request for a result has no list.
    if (!fits.ok()) return report.result.has_value() ? fits : InItem(fits, i);
  }
  submission->contexts = std::move(contexts);
  if (submission->if_sequence.has_value() && submission->contexts.size() != 1) {
    return InvalidField(
        "if_sequence", absl::StrCat(*submission->if_sequence),
        absl::StrCat("needs exactly one context; this request has ",
                     submission->contexts.size()),
        "INVALID_IF_SEQUENCE");
  }
  return absl::OkStatus();
}

// Enumerations of the proto are open: any number can arrive.
absl::Status CheckResult(const std::optional<Result>& result) {
  if (!result.has_value() ||
      (*result >= Result::kSuccess && *result <= LastOf(*result))) {
    return absl::OkStatus();
  }
  const int number = static_cast<int>(*result);
  return InvalidField(
      "result", number == 0 ? "UNSPECIFIED" : absl::StrCat(number),
      "does not say how the run ended; wanted SUCCESS, FAILURE, ERROR, "
      "CANCELLED, SKIPPED, TIMED_OUT or NEUTRAL",
      "INVALID_RESULT");
}

// Reads an event, and keeps its first problem. Results after a problem mean
// nothing.
class EventReader {
 public:
  // `action` is the delivery's.
  EventReader(const std::string& action, const ConvertOptions& options)
      : action_(action), options_(options) {}

  const absl::Status& problem() const { return problem_; }

  Event operator()(const HookRename& rename) {
    Repository to = Known("repository", rename.repository);
    Repository from = Known("old_repository", rename.old_repository);
    if (from.host != to.host) {
      Refuse("old_repository", rename.old_repository,
             "is on another host than repository; wanted the same host");
    }
    return RepositoryMoved{std::move(from), std::move(to),
                           Id("repository_id", rename.repository_id),
                           rename.update_time};
  }

  Event operator()(const HookArchive& archive) {
    return RepositoryArchived{Known("repository", archive.repository),
                              Id("repository_id", archive.repository_id),
                              archive.archived};
  }

  Event operator()(const HookInstallation& installation) {
    // An account is written like a repository without its name.
    const absl::StatusOr<Repository> account = ParseKnownRepository(
        absl::StrCat(installation.account, "/any"), options_);
    if (!account.ok()) {
      Refuse("account", installation.account,
             "is not [HOST/]LOGIN with a host that is in the server's "
             "configuration");
      return {};
    }
    const int64_t id = Id("installation_id", installation.installation_id);
    problem_.Update(
        CheckNotNegative("app_id", installation.app_id, kInvalidEvent));
    return InstallationChanged{account->host, account->owner, id,
                               installation.app_id, Word("action", action_, 1)};
  }

  Event operator()(const HookRetest& retest) {
    RerunRequested rerun;
    rerun.repository = Known("repository", retest.repository);
    rerun.pull_request_number =
        Id("pull_request_number", retest.pull_request_number);
    problem_.Update(CheckCount(retest.contexts));
    for (size_t i = 0; i < retest.contexts.size(); ++i) {
      problem_.Update(InItem(ParseContext(retest.contexts[i]).status(), i));
    }
    rerun.contexts = retest.contexts;
    rerun.login = Word("login", retest.login, 1);
    rerun.author_association =
        Word("author_association", retest.author_association, 0);
    return rerun;
  }

 private:
  void Refuse(absl::string_view field, absl::string_view value,
              absl::string_view problem) {
    problem_.Update(InvalidField(field, value, problem, kInvalidEvent));
  }

  Repository Known(absl::string_view field, const std::string& name) {
    absl::StatusOr<Repository> repository =
        ParseKnownRepository(name, options_);
    problem_.Update(InField(repository.status(), "repository", field));
    return std::move(repository).value_or(Repository());
  }

  int64_t Id(absl::string_view field, int64_t value) {
    if (value <= 0) {
      Refuse(field, absl::StrCat(value),
             "is not an id of GitHub; wanted a positive number");
    }
    return value;
  }

  std::string Word(absl::string_view field, const std::string& value,
                   size_t least) {
    if (!IsPrintable(value, least) || absl::StrContains(value, ' ')) {
      Refuse(field, value,
             absl::StrCat("is not a word of printable ASCII of ", least, " to ",
                          kMaxWord, " bytes"));
    }
    return value;
  }

  const std::string& action_;
  const ConvertOptions& options_;
  absl::Status problem_;
};

}  // namespace

absl::StatusOr<Repository> ParseKnownRepository(absl::string_view repository,
                                                const ConvertOptions& options) {
  absl::StatusOr<Repository> parsed = ParseRepository(repository);
  if (!parsed.ok()) return parsed.status();
  if (std::ranges::find(options.known_hosts, parsed->host) ==
      options.known_hosts.end()) {
    return InvalidField(
        "repository", repository,
        "is on a host that is not in the server's configuration",
        "UNKNOWN_HOST");
  }
  return parsed;
}

absl::StatusOr<Converted> ConvertReport(ReportCall call,
                                        const ConvertOptions& options) {
  const HookReport& said = call.report;
  absl::StatusOr<Repository> repository =
      ParseKnownRepository(said.repository, options);
  if (!repository.ok()) return repository.status();
  const absl::StatusOr<Sha> sha = ParseSha(said.sha);
  if (!sha.ok()) return sha.status();
  for (const absl::Status& status :
       {CheckNotNegative("attempt", call.attempt, "INVALID_ATTEMPT"),
        CheckSeries(call.series, call.attempt),
        CheckNotNegative("repository_id", said.repository_id,
                         "INVALID_REPOSITORY_ID"),
        CheckDeliveryOf(call), CheckObserved(said.observed),
        CheckIfSequence(call), CheckNewestText(call)}) {
    if (!status.ok()) return status;
  }

  Converted converted;
  Kept description = KeepDescription(said.description);
  Kept target_url = KeepTargetUrl(said.target_url);
  for (std::string* warning : {&description.warning, &target_url.warning}) {
    if (!warning->empty()) converted.warnings.push_back(std::move(*warning));
  }
  Submission& submission = converted.submission;
  Report& report = submission.report;
  report.repository = *std::move(repository);
  report.sha = *sha;
  report.result = said.result;
  report.attempt = call.attempt;
  report.series = std::move(call.series);
  report.repository_id = said.repository_id;
  report.description = std::move(description.text);
  report.target_url = std::move(target_url.text);
  report.newest_text_wins = call.newest_text_wins;
  if (said.observed.has_value()) {
    submission.observed =
        Observed{said.observed->status_id,
                 KeepDescription(said.observed->creator_login).text};
  }
  submission.if_sequence = call.if_sequence;
  absl::Status status = SetPending(call, options, &submission);
  submission.delivery = std::move(call.delivery);
  if (status.ok()) {
    status = SetContexts(std::move(call.report.contexts), options.rules,
                         &submission);
  }
  if (status.ok()) status = CheckResult(report.result);
  if (!status.ok()) return status;
  return converted;
}

absl::StatusOr<HookSubmission> ConvertHookCall(const HookCall& call,
                                               Delivery delivery,
                                               const ConvertOptions& options) {
  const auto convert =
      [&](const auto& request) -> absl::StatusOr<HookSubmission> {
    using Request = std::decay_t<decltype(request)>;
    if constexpr (std::is_same_v<Request, HookReport>) {
      ReportCall report;
      report.report = request;
      report.delivery = std::move(delivery);
      absl::StatusOr<Converted> converted =
          ConvertReport(std::move(report), options);
      if (!converted.ok()) return converted.status();
      return std::move(converted->submission);
    } else {
      EventReader reader(call.action, options);
      EventSubmission submission;
      submission.event = reader(request);
      absl::Status status = CheckDelivery(delivery);
      status.Update(reader.problem());
      if (!status.ok()) return status;
      submission.delivery = std::move(delivery);
      return submission;
    }
  };
  return std::visit(convert, call.request);
}

}  // namespace signalbox
