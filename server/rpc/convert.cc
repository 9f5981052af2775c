#include "server/rpc/convert.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "server/report/text.h"
#include "server/rpc/explain.h"
#include "server/rpc/request_limits.h"

namespace signalbox {
namespace {

constexpr size_t kMaxSeries = 255;
constexpr char kDefaultContext[] = "ci/build";
constexpr absl::Duration kMinExpiry = absl::Minutes(1);
constexpr absl::Duration kMaxExpiry = absl::Hours(30 * 24);

absl::StatusOr<int64_t> NotNegative(absl::string_view field, int64_t value,
                                    absl::string_view reason) {
  if (value < 0) {
    return InvalidField(field, absl::StrCat(value),
                        "is negative; wanted 0 or more", reason);
  }
  return value;
}

absl::StatusOr<absl::Duration> ExpiresAfter(
    const v1::ReportPendingRequest& request, const RepositoryRules& rules,
    const Repository& repository) {
  if (!request.has_expires_after()) return rules.ExpiresAfter(repository);
  const absl::Duration expiry =
      absl::Seconds(request.expires_after().seconds()) +
      absl::Nanoseconds(request.expires_after().nanos());
  if (expiry < kMinExpiry || expiry > kMaxExpiry) {
    return InvalidField("expires_after", absl::FormatDuration(expiry),
                        "is out of range; wanted 1 minute to 30 days",
                        "INVALID_EXPIRES_AFTER");
  }
  return expiry;
}

// A series is any text that fits into a line, compared byte by byte.
absl::Status CheckSeries(const std::string& series, int64_t attempt) {
  constexpr char kReason[] = "INVALID_SERIES";
  if (series.empty()) return absl::OkStatus();
  if (series.size() > kMaxSeries) {
    return InvalidField(
        "series", absl::StrCat(series.size(), " bytes"),
        absl::StrCat("is too long; wanted at most ", kMaxSeries), kReason);
  }
  if (std::any_of(series.begin(), series.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return InvalidField("series", series, "has a control character", kReason);
  }
  if (attempt == 0) {
    return InvalidField("series", series,
                        "is not allowed without an attempt; wanted an attempt "
                        "above 0, or no series",
                        kReason);
  }
  return absl::OkStatus();
}

bool IsPrintable(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

// The texts of a code change come from GitHub and are only shown, so the server
// cuts them and does not refuse them.
CodeChange FromProto(const v1::Change& proto) {
  CodeChange change;
  change.event = KeepDescription(proto.event()).text;
  change.pull_request_number =
      std::max<int64_t>(0, proto.pull_request_number());
  change.title = KeepDescription(proto.title()).text;
  change.author = KeepDescription(proto.author()).text;
  change.head_ref = KeepDescription(proto.head_ref()).text;
  change.base_ref = KeepDescription(proto.base_ref()).text;
  change.draft = proto.draft();
  change.fork = proto.fork();
  change.clone_url = KeepTargetUrl(proto.clone_url()).text;
  if (proto.has_updated_time()) {
    change.updated_time =
        TimeFromProto(proto.updated_time()).value_or(absl::InfinitePast());
  }
  return change;
}

absl::StatusOr<Observed> FromProto(const v1::Observed& proto) {
  if (proto.status_id() <= 0) {
    return InvalidField("observed.status_id", absl::StrCat(proto.status_id()),
                        "is not the id of a status; wanted a positive number",
                        "INVALID_OBSERVED");
  }
  return Observed{proto.status_id(),
                  KeepDescription(proto.creator_login()).text};
}

// Turns an error about `field` into one about `item`, one of a list.
absl::Status InListItem(const absl::Status& status, absl::string_view field,
                        absl::string_view item) {
  return Error(status.code(), ReasonOf(status),
               absl::StrCat(item, absl::StripPrefix(status.message(), field)));
}

// The context of an observed status follows GitHub's rule, not ours.
absl::StatusOr<std::string> ParseAnyContext(const std::string& context,
                                            bool observed) {
  return observed ? ParseObservedContext(context) : ParseContext(context);
}

// Converts the fields that both requests have.
template <typename Request>
absl::StatusOr<Converted> FromCommonFields(const Request& request,
                                           const ConvertOptions& options) {
  absl::StatusOr<Repository> repository =
      RepositoryFromProto(request.repository(), options);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<std::string> sha = ParseSha(request.sha());
  if (!sha.ok()) return sha.status();
  absl::StatusOr<int64_t> attempt =
      NotNegative("attempt", request.attempt(), "INVALID_ATTEMPT");
  if (!attempt.ok()) return attempt.status();
  absl::Status series = CheckSeries(request.series(), *attempt);
  if (!series.ok()) return series;
  absl::StatusOr<int64_t> repository_id = NotNegative(
      "repository_id", request.repository_id(), "INVALID_REPOSITORY_ID");
  if (!repository_id.ok()) return repository_id.status();

  Converted converted;
  if (request.has_delivery()) {
    absl::StatusOr<Delivery> delivery = DeliveryFromProto(request.delivery());
    if (!delivery.ok()) return delivery.status();
    if (request.attempt() != 0) {
      return InvalidField("attempt", absl::StrCat(request.attempt()),
                          "is not allowed with a delivery; wanted 0",
                          "INVALID_ATTEMPT");
    }
    converted.submission.delivery = *std::move(delivery);
  }

  if (request.has_observed()) {
    absl::StatusOr<Observed> observed = FromProto(request.observed());
    if (!observed.ok()) return observed.status();
    converted.submission.observed = *std::move(observed);
  }

  if (request.has_if_sequence()) {
    const absl::StatusOr<int64_t> if_sequence = NotNegative(
        "if_sequence", request.if_sequence(), "INVALID_IF_SEQUENCE");
    if (!if_sequence.ok()) return if_sequence.status();
    if (request.has_delivery() || request.has_observed()) {
      return InvalidField("if_sequence", absl::StrCat(*if_sequence),
                          "is not allowed with a delivery or observed",
                          "INVALID_IF_SEQUENCE");
    }
    converted.submission.if_sequence = *if_sequence;
  }

  Kept description = KeepDescription(request.description());
  Kept target_url = KeepTargetUrl(request.target_url());
  for (std::string* warning : {&description.warning, &target_url.warning}) {
    if (!warning->empty()) converted.warnings.push_back(std::move(*warning));
  }

  Report& report = converted.submission.report;
  report.repository = *std::move(repository);
  report.sha = *std::move(sha);
  report.attempt = *attempt;
  report.series = request.series();
  report.repository_id = *repository_id;
  report.description = std::move(description.text);
  report.target_url = std::move(target_url.text);
  return converted;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t micros = absl::ToUnixMicros(time);
  proto.set_seconds(micros / 1000000);
  proto.set_nanos(static_cast<int32_t>(micros % 1000000) * 1000);
  return proto;
}

v1::CommitState ToProto(CommitState state) {
  switch (state) {
    case CommitState::kError:
      return v1::COMMIT_STATE_ERROR;
    case CommitState::kFailure:
      return v1::COMMIT_STATE_FAILURE;
    case CommitState::kPending:
      return v1::COMMIT_STATE_PENDING;
    case CommitState::kSuccess:
      return v1::COMMIT_STATE_SUCCESS;
  }
  return v1::COMMIT_STATE_UNSPECIFIED;
}

v1::PostingState ToProto(PostingState state) {
  switch (state) {
    case PostingState::kDue:
      return v1::POSTING_STATE_DUE;
    case PostingState::kPosted:
      return v1::POSTING_STATE_POSTED;
    case PostingState::kWaiting:
      return v1::POSTING_STATE_WAITING;
    case PostingState::kAbandoned:
      return v1::POSTING_STATE_ABANDONED;
    case PostingState::kObserved:
      return v1::POSTING_STATE_OBSERVED;
  }
  return v1::POSTING_STATE_UNSPECIFIED;
}

v1::Disposition ToProto(Disposition disposition) {
  switch (disposition) {
    case Disposition::kAccepted:
      return v1::DISPOSITION_ACCEPTED;
    case Disposition::kUnchanged:
      return v1::DISPOSITION_UNCHANGED;
    case Disposition::kSuperseded:
      return v1::DISPOSITION_SUPERSEDED;
  }
  return v1::DISPOSITION_UNSPECIFIED;
}

v1::CommitStatus ToProto(const StatusView& status) {
  v1::CommitStatus proto;
  proto.set_context(status.context);
  proto.set_state(ToProto(status.state));
  if (status.result.has_value()) {
    proto.set_result(static_cast<v1::Result>(*status.result));
  }
  proto.set_description(status.description);
  proto.set_target_url(status.target_url);
  proto.set_attempt(status.attempt);
  proto.set_series(status.series);
  proto.set_sequence(status.sequence);
  *proto.mutable_report_time() = ToProto(status.report_time);
  if (status.expire_time.has_value()) {
    *proto.mutable_expire_time() = ToProto(*status.expire_time);
  }
  v1::Posting* const posting = proto.mutable_posting();
  posting->set_state(ToProto(status.posting.state));
  posting->set_reason(status.posting.reason);
  posting->set_overtaken_by(status.posting.overtaken_by);
  posting->set_try_count(status.posting.try_count);
  if (status.posting.next_try_time.has_value()) {
    *posting->mutable_next_try_time() = ToProto(*status.posting.next_try_time);
  }
  if (status.posting.post_time.has_value()) {
    *posting->mutable_post_time() = ToProto(*status.posting.post_time);
  }
  return proto;
}

}  // namespace

std::optional<absl::Time> TimeFromProto(
    const google::protobuf::Timestamp& proto) {
  constexpr int64_t kFirst = -62135596800;
  constexpr int64_t kLast = 253402300799;
  if (proto.seconds() < kFirst || proto.seconds() > kLast ||
      proto.nanos() < 0 || proto.nanos() > 999999999) {
    return std::nullopt;
  }
  return absl::FromUnixSeconds(proto.seconds()) +
         absl::Nanoseconds(proto.nanos());
}

absl::StatusOr<Delivery> DeliveryFromProto(const v1::Delivery& proto) {
  const auto field = [](absl::string_view name, const std::string& value,
                        bool required) {
    if ((required && value.empty()) || value.size() > kMaxWord ||
        !IsPrintable(value)) {
      return InvalidField(
          name, value,
          absl::StrCat("is not printable ASCII of ", required ? 1 : 0, " to ",
                       kMaxWord, " bytes"),
          "INVALID_DELIVERY");
    }
    return absl::OkStatus();
  };
  for (const absl::Status& status :
       {field("delivery.id", proto.id(), true),
        field("delivery.event", proto.event(), true),
        field("delivery.action", proto.action(), false)}) {
    if (!status.ok()) return status;
  }
  if (!proto.digest().empty() && proto.digest().size() != 32) {
    return InvalidField("delivery.digest",
                        absl::StrCat(proto.digest().size(), " bytes"),
                        "is not a SHA-256 (32 bytes)", "INVALID_DELIVERY");
  }
  if (proto.hook_id() < 0) {
    return InvalidField("delivery.hook_id", absl::StrCat(proto.hook_id()),
                        "is negative; wanted 0 or more", "INVALID_DELIVERY");
  }
  return Delivery{proto.id(), proto.digest(), proto.event(), proto.action(),
                  proto.hook_id()};
}

std::string ContextOrDefault(const std::string& context) {
  return context.empty() ? kDefaultContext : context;
}

absl::StatusOr<Repository> RepositoryFromProto(const std::string& repository,
                                               const ConvertOptions& options) {
  absl::StatusOr<Repository> parsed = ParseRepository(repository);
  if (!parsed.ok()) return parsed.status();
  if (std::find(options.known_hosts.begin(), options.known_hosts.end(),
                parsed->host) == options.known_hosts.end()) {
    return InvalidField(
        "repository", repository,
        "is on a host that is not in the server's configuration",
        "UNKNOWN_HOST");
  }
  return parsed;
}

absl::StatusOr<Converted> FromProto(const v1::ReportPendingRequest& request,
                                    const ConvertOptions& options) {
  absl::StatusOr<Converted> converted = FromCommonFields(request, options);
  if (!converted.ok()) return converted.status();
  Submission& submission = converted->submission;
  Report& report = submission.report;
  if (request.has_change()) submission.change = FromProto(request.change());
  if (submission.change.has_value() && submission.delivery.has_value()) {
    submission.change->base_changed =
        request.rerun() && submission.delivery->event == "pull_request" &&
        submission.delivery->action == "edited";
  }

  absl::StatusOr<absl::Duration> expires_after =
      ExpiresAfter(request, options.rules, report.repository);
  if (!expires_after.ok()) return expires_after.status();
  report.expires_after = *expires_after;
  report.rerun = request.rerun();
  report.from_webhook = request.has_delivery();

  if (request.contexts_size() > kMaxContexts) {
    return InvalidField(
        "contexts", absl::StrCat(request.contexts_size()),
        absl::StrCat("is too many; wanted at most ", kMaxContexts),
        "TOO_MANY_CONTEXTS");
  }
  std::vector<std::string> contexts(request.contexts().begin(),
                                    request.contexts().end());
  const bool observed = submission.observed.has_value();
  if (observed && contexts.size() != 1) {
    return InvalidField(
        "contexts", absl::StrCat(contexts.size()),
        "is the wrong number of contexts with observed; wanted 1",
        "INVALID_OBSERVED");
  }
  if (contexts.empty()) {
    contexts = options.rules
                   .Expect(report.repository, submission.change.has_value()
                                                  ? &*submission.change
                                                  : nullptr)
                   .contexts;
  }
  for (std::string& context : contexts) {
    absl::StatusOr<std::string> parsed = ParseAnyContext(context, observed);
    if (!parsed.ok()) {
      return InListItem(
          parsed.status(), "context",
          absl::StrCat("contexts[", submission.contexts.size(), "]"));
    }
    submission.contexts.push_back(*std::move(parsed));
  }
  if (submission.if_sequence.has_value() && submission.contexts.size() != 1) {
    return InvalidField(
        "if_sequence", absl::StrCat(*submission.if_sequence),
        absl::StrCat("needs exactly one context; this request has ",
                     submission.contexts.size()),
        "INVALID_IF_SEQUENCE");
  }
  submission.redelivery_is_rerun =
      options.redelivery_is_rerun && request.has_delivery();
  // "Re-run all checks" includes contexts that only a farm knows.
  submission.with_all_reported = request.contexts().empty() &&
                                 request.rerun() &&
                                 request.delivery().event() == "check_suite";
  return converted;
}

absl::StatusOr<Converted> FromProto(const v1::ReportResultRequest& request,
                                    const ConvertOptions& options) {
  absl::StatusOr<Converted> converted = FromCommonFields(request, options);
  if (!converted.ok()) return converted.status();
  Submission& submission = converted->submission;
  absl::StatusOr<std::string> context = ParseAnyContext(
      ContextOrDefault(request.context()), submission.observed.has_value());
  if (!context.ok()) return context.status();
  submission.contexts.push_back(*std::move(context));
  // Enumerations are open: any number can arrive.
  if (request.result() < v1::RESULT_SUCCESS ||
      request.result() > v1::RESULT_NEUTRAL) {
    return InvalidField(
        "result",
        v1::Result_IsValid(request.result())
            ? std::string(absl::StripPrefix(v1::Result_Name(request.result()),
                                            "RESULT_"))
            : absl::StrCat(static_cast<int>(request.result())),
        "does not say how the run ended; wanted SUCCESS, FAILURE, ERROR, "
        "CANCELLED, SKIPPED, TIMED_OUT or NEUTRAL",
        "INVALID_RESULT");
  }
  submission.report.result = static_cast<Result>(request.result());
  return converted;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

v1::Receipt ToProto(const Receipt& receipt,
                    const std::vector<std::string>& warnings) {
  v1::Receipt proto;
  proto.set_context(receipt.context);
  proto.set_sequence(receipt.sequence);
  proto.set_disposition(ToProto(receipt.disposition));
  if (receipt.expire_time.has_value()) {
    *proto.mutable_expire_time() = ToProto(*receipt.expire_time);
  }
  if (receipt.state.has_value()) proto.set_state(ToProto(*receipt.state));
  proto.set_newest_attempt(receipt.newest_attempt);
  if (receipt.newest_result.has_value()) {
    proto.set_newest_result(static_cast<v1::Result>(*receipt.newest_result));
  }
  for (const std::string& warning : warnings) proto.add_warnings(warning);
  return proto;
}

v1::GetCommitStatusResponse ToProto(const CommitView& commit,
                                    const StatusPage& page) {
  v1::GetCommitStatusResponse proto;
  proto.set_repository(commit.repository.Display());
  proto.set_sha(commit.sha);
  proto.set_state(ToProto(CombinedState(commit.statuses)));
  for (size_t i = page.statuses.begin; i < page.statuses.end; ++i) {
    *proto.add_statuses() = ToProto(commit.statuses[i]);
  }
  proto.set_next_page_token(page.next_page_token);
  return proto;
}

v1::WatchStatusesResponse ToProto(const StatusChange& change) {
  v1::WatchStatusesResponse proto;
  proto.set_sequence(change.status.sequence);
  proto.set_repository(change.repository.Display());
  proto.set_sha(change.sha);
  *proto.mutable_status() = ToProto(change.status);
  return proto;
}

v1::CommitStatus StatusToProto(const StatusView& status) {
  return ToProto(status);
}

v1::DiagnoseRepositoryResponse ToProto(
    const Diagnosis& diagnosis,
    const RepositoryRules::Expectation& expectation) {
  v1::DiagnoseRepositoryResponse proto;
  for (const std::string& context : expectation.contexts) {
    proto.add_expected_contexts(context);
  }
  proto.set_expected_contexts_reason(expectation.why);
  proto.set_credential(diagnosis.credential);
  for (const std::string& permission : diagnosis.permissions) {
    proto.add_permissions(permission);
  }
  proto.set_rate_limit(diagnosis.rate_limit);
  proto.set_rate_limit_remaining(diagnosis.rate_limit_remaining);
  if (diagnosis.rate_limit_reset_time.has_value()) {
    *proto.mutable_rate_limit_reset_time() =
        ToProto(*diagnosis.rate_limit_reset_time);
  }
  for (const Problem& problem : diagnosis.problems) {
    v1::DiagnosedProblem& added = *proto.add_problems();
    added.set_code(problem.code);
    added.set_message(problem.message);
  }
  for (const std::string& setting : diagnosis.hook_settings) {
    proto.add_hook_settings(setting);
  }
  return proto;
}

v1::ExplainStatusResponse ToProto(const History& history,
                                  const HistoryPage& page) {
  v1::ExplainStatusResponse proto;
  *proto.mutable_status() = ToProto(history.status);
  proto.set_next_page_token(page.next_page_token);
  for (size_t i = page.reports.begin; i < page.reports.end; ++i) {
    const RecordedReport& report = history.reports[i];
    v1::ReportRecord* const record = proto.add_reports();
    record->set_sequence(report.sequence);
    *record->mutable_accept_time() = ToProto(report.accept_time);
    record->set_disposition(ToProto(report.disposition));
    record->set_state(ToProto(report.state));
    if (report.result.has_value()) {
      record->set_result(static_cast<v1::Result>(*report.result));
    }
    record->set_attempt(report.attempt);
    record->set_series(report.series);
    record->set_description(report.description);
    record->set_target_url(report.target_url);
    record->set_caller(report.caller);
    record->set_delivery_id(report.delivery_id);
  }
  for (size_t i = page.tries.begin; i < page.tries.end; ++i) {
    const RecordedTry& recorded = history.tries[i];
    const Try& attempted = recorded.attempted;
    v1::TryRecord* const record = proto.add_tries();
    *record->mutable_begin_time() = ToProto(attempted.begin_time);
    *record->mutable_end_time() = ToProto(attempted.end_time);
    record->set_sequence(recorded.sequence);
    record->set_http_status(attempted.http_status);
    record->set_request_id(attempted.request_id);
    record->set_reason(attempted.reason);
    record->set_message(attempted.message);
    record->set_decision(DecisionAfter(history, i));
  }
  return proto;
}

v1::CommitSummary ToProto(const CommitSummary& commit) {
  v1::CommitSummary proto;
  proto.set_repository(commit.repository.Display());
  proto.set_sha(commit.sha);
  proto.set_state(ToProto(commit.state));
  proto.set_status_count(commit.status_count);
  *proto.mutable_update_time() = ToProto(commit.update_time);
  return proto;
}

}  // namespace signalbox
