#include "server/rpc/convert.h"
#include "server/rpc/explain.h"

namespace signalbox {
namespace {

v1::CommitState ToProto(CommitState state) {
  return static_cast<v1::CommitState>(state);
}

v1::Disposition ToProto(Disposition disposition) {
  return static_cast<v1::Disposition>(disposition);
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t micros = absl::ToUnixMicros(time);
  proto.set_seconds(micros / 1000000);
  proto.set_nanos(static_cast<int32_t>(micros % 1000000) * 1000);
  return proto;
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
  if (receipt.report_time.has_value()) {
    *proto.mutable_report_time() = ToProto(*receipt.report_time);
  }
  proto.set_newest_attempt(receipt.newest_attempt);
  if (receipt.newest_result.has_value()) {
    proto.set_newest_result(static_cast<v1::Result>(*receipt.newest_result));
  }
  proto.mutable_warnings()->Add(warnings.begin(), warnings.end());
  return proto;
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
  proto.set_report_sequence(status.report_sequence);
  *proto.mutable_report_time() = ToProto(status.report_time);
  if (status.expire_time.has_value()) {
    *proto.mutable_expire_time() = ToProto(*status.expire_time);
  }
  v1::Posting* const posting = proto.mutable_posting();
  posting->set_state(static_cast<v1::PostingState>(status.posting.state));
  posting->set_reason(status.posting.reason);
  posting->set_overtaken_by(status.posting.overtaken_by.Hex());
  posting->set_try_count(status.posting.try_count);
  if (status.posting.next_try_time.has_value()) {
    *posting->mutable_next_try_time() = ToProto(*status.posting.next_try_time);
  }
  if (status.posting.post_time.has_value()) {
    *posting->mutable_post_time() = ToProto(*status.posting.post_time);
  }
  return proto;
}

v1::GetCommitStatusResponse ToProto(const CommitView& commit,
                                    const StatusPage& page) {
  v1::GetCommitStatusResponse proto;
  proto.set_repository(commit.repository.Display());
  proto.set_sha(commit.sha.Hex());
  proto.set_state(ToProto(CombinedState(commit.statuses)));
  for (size_t i = page.statuses.begin; i < page.statuses.end; ++i) {
    *proto.add_statuses() = ToProto(commit.statuses[i]);
  }
  proto.set_next_page_token(page.next_page_token);
  return proto;
}

int64_t ToProto(ChangeCursor cursor) { return cursor.sequence(); }

v1::WatchStatusesResponse ToProto(const StatusChange& change) {
  v1::WatchStatusesResponse proto;
  proto.set_sequence(ToProto(change.cursor));
  proto.set_repository(change.repository.Display());
  proto.set_sha(change.sha.Hex());
  *proto.mutable_status() = ToProto(change.status);
  return proto;
}

v1::DiagnoseRepositoryResponse ToProto(
    const Diagnosis& diagnosis,
    const RepositoryRules::Expectation& expectation) {
  v1::DiagnoseRepositoryResponse proto;
  proto.mutable_expected_contexts()->Add(expectation.contexts.begin(),
                                         expectation.contexts.end());
  proto.set_expected_contexts_reason(expectation.why);
  proto.set_credential(diagnosis.credential);
  proto.mutable_permissions()->Add(diagnosis.permissions.begin(),
                                   diagnosis.permissions.end());
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
  proto.mutable_hook_settings()->Add(diagnosis.hook_settings.begin(),
                                     diagnosis.hook_settings.end());
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
    record->set_request_id(report.request_id);
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

v1::StatusCreator ToProto(const StatusCreator& creator) {
  v1::StatusCreator proto;
  proto.set_login(creator.login);
  proto.set_id(creator.id);
  proto.set_type(creator.type);
  return proto;
}

std::optional<v1::StatusCreator> AskedCreator(
    bool with_creator, const Repository& repository,
    const std::function<std::optional<StatusCreator>(const Repository&)>&
        creator_of) {
  if (!with_creator || !creator_of) return std::nullopt;
  const std::optional<StatusCreator> creator = creator_of(repository);
  if (!creator) return std::nullopt;
  return ToProto(*creator);
}

v1::ListReportsResponse ToProto(const CommitReports& list, const Sha& sha) {
  v1::ListReportsResponse proto;
  proto.set_repository(list.repository.Display());
  proto.set_sha(sha.Hex());
  for (const CommitReport& report : list.reports) {
    v1::ListedReport* const listed = proto.add_reports();
    listed->set_context(report.context);
    listed->set_sequence(report.sequence);
    *listed->mutable_accept_time() = ToProto(report.accept_time);
    listed->set_state(ToProto(report.state));
    if (report.result.has_value()) {
      listed->set_result(static_cast<v1::Result>(*report.result));
    }
    listed->set_description(report.description);
    listed->set_target_url(report.target_url);
    listed->set_caller(report.caller);
    listed->set_status_id(report.status_id);
    listed->set_creator_login(report.creator_login);
  }
  if (list.has_more && !list.reports.empty()) {
    proto.set_next_page_token(ReportPageToken(list.reports.back().sequence));
  }
  return proto;
}

v1::ResolveRefResponse ToProto(const ResolvedRef& resolved) {
  v1::ResolveRefResponse proto;
  proto.set_repository(resolved.repository.Display());
  proto.set_sha(resolved.sha.Hex());
  proto.set_full_ref(resolved.full_ref);
  if (resolved.update_time.has_value()) {
    *proto.mutable_update_time() = ToProto(*resolved.update_time);
  }
  return proto;
}

v1::GetRepositoryResponse ToProto(const FoundRepository& found) {
  v1::GetRepositoryResponse proto;
  proto.set_repository(found.repository.Display());
  proto.set_repository_id(found.number);
  return proto;
}

v1::CommitSummary ToProto(const CommitSummary& commit) {
  v1::CommitSummary proto;
  proto.set_repository(commit.repository.Display());
  proto.set_sha(commit.sha.Hex());
  proto.set_state(ToProto(commit.state));
  proto.set_status_count(commit.status_count);
  *proto.mutable_update_time() = ToProto(commit.update_time);
  return proto;
}

}  // namespace signalbox
