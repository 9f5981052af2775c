#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/error.h"
#include "server/rpc/convert.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

constexpr char kGitHub[] = "github.com";
constexpr char kGhes[] = "github.example.com";

const ConvertOptions& Options() {
  static const auto* const options = [] {
    // The server refuses texts that are not UTF-8. The library would log them.
    google::protobuf::SetLogHandler(nullptr);
    RepositoryRule rule;
    rule.match = "acme/*";
    rule.contexts = {"ci/build", "ci/lint"};
    rule.pending_expires_after = absl::Hours(1);
    auto* const made = new ConvertOptions();
    made->rules = RepositoryRules({rule}, {"ci/build"});
    made->known_hosts = {kGitHub, kGhes};
    return made;
  }();
  return *options;
}

void CheckRefusal(const absl::Status& status) {
  constexpr const char* kReasons[] = {
      "INVALID_REPOSITORY",    "UNKNOWN_HOST",
      "INVALID_SHA",           "INVALID_CONTEXT",
      "TOO_MANY_CONTEXTS",     "INVALID_ATTEMPT",
      "INVALID_RESULT",        "INVALID_EXPIRES_AFTER",
      "INVALID_REPOSITORY_ID", "INVALID_DELIVERY",
      "INVALID_OBSERVED",      "INVALID_EVENT",
      "INVALID_SERIES",        "INVALID_NEWEST_TEXT_WINS"};
  constexpr const char* kFields[] = {"repository",
                                     "sha",
                                     "context",
                                     "contexts",
                                     "attempt",
                                     "series",
                                     "result",
                                     "expires_after",
                                     "never_expires",
                                     "expires_only_if_configured",
                                     "newest_text_wins",
                                     "repository_id",
                                     "delivery.id",
                                     "delivery.event",
                                     "delivery.action",
                                     "delivery.digest",
                                     "delivery.hook_id",
                                     "observed.status_id",
                                     "old_repository",
                                     "account",
                                     "installation_id",
                                     "app_id",
                                     "action",
                                     "pull_request_number",
                                     "login",
                                     "author_association",
                                     "event"};
  FUZZ_CHECK(absl::IsInvalidArgument(status), status.ToString());
  const std::string reason = ReasonOf(status);
  FUZZ_CHECK(std::find(std::begin(kReasons), std::end(kReasons), reason) !=
                 std::end(kReasons),
             status.ToString());
  FUZZ_CHECK(grammar::IsOneLine(status.message()), status.ToString());
  // For a list the error names the item: contexts[2].
  const std::string field(
      status.message().substr(0, status.message().find_first_of(":[")));
  FUZZ_CHECK(std::find(std::begin(kFields), std::end(kFields), field) !=
                 std::end(kFields),
             status.ToString());
}

void Check(const Repository& repository) {
  FUZZ_CHECK(grammar::IsRepository(repository.Display()), repository.Display());
  FUZZ_CHECK(repository.host == kGitHub || repository.host == kGhes,
             repository.host);
}

void CheckKept(const std::string& text) {
  FUZZ_CHECK(text.size() <= 4096 && IsUtf8(text), "a text that was not fitted");
}

void CheckLink(const std::string& url) {
  FUZZ_CHECK(url.empty() || (url.size() <= 2048 &&
                             absl::StartsWithIgnoreCase(url, "http") &&
                             grammar::IsPrintableAscii(url)),
             url);
}

void Check(const Delivery& delivery) {
  FUZZ_CHECK(!delivery.id.empty() && !delivery.event.empty(), "no delivery");
  for (const std::string& text :
       {delivery.id, delivery.event, delivery.action}) {
    FUZZ_CHECK(text.size() <= 255 && grammar::IsPrintableAscii(text), text);
  }
  FUZZ_CHECK(delivery.digest.empty() || delivery.digest.size() == 32,
             "no digest");
  FUZZ_CHECK(delivery.hook_id >= 0, delivery.hook_id);
}

void Check(const CodeChange& change) {
  FUZZ_CHECK(change.pull_request_number >= 0, change.pull_request_number);
  for (const std::string& text : {change.event, change.title, change.author,
                                  change.head_ref, change.base_ref}) {
    CheckKept(text);
  }
  CheckLink(change.clone_url);
  // The range of a Timestamp. Beyond it two heads have no order.
  FUZZ_CHECK(change.updated_time == absl::InfinitePast() ||
                 (change.updated_time >= absl::FromUnixSeconds(-62135596800) &&
                  change.updated_time < absl::FromUnixSeconds(253402300800)),
             absl::FormatTime(change.updated_time));
}

void CheckContext(const std::string& context, bool observed) {
  FUZZ_CHECK(observed ? grammar::IsObservedContext(context)
                      : grammar::IsContext(context),
             context);
}

void Check(const Report& report) {
  Check(report.repository);
  FUZZ_CHECK(grammar::IsLowerSha(report.sha.Hex()), report.sha.Hex());
  FUZZ_CHECK(report.attempt >= 0 && report.repository_id >= 0, "below zero");
  FUZZ_CHECK(report.series.size() <= 255 &&
                 std::none_of(report.series.begin(), report.series.end(),
                              absl::ascii_iscntrl) &&
                 (report.series.empty() || report.attempt > 0),
             report.series);
  CheckKept(report.description);
  CheckLink(report.target_url);
  FUZZ_CHECK(report.expires_after == absl::InfiniteDuration() ||
                 (report.expires_after >= absl::Minutes(1) &&
                  report.expires_after <= absl::Hours(30 * 24)),
             absl::FormatDuration(report.expires_after));
  if (report.result.has_value()) {
    const int result = static_cast<int>(*report.result);
    FUZZ_CHECK(result >= 1 && result <= 7, result);
  }
  FUZZ_CHECK(!report.from_webhook || report.attempt == 0,
             "a numbered delivery");
  FUZZ_CHECK(!report.from_webhook || !report.newest_text_wins,
             "a delivery whose newest text wins");
}

template <typename Request>
void CheckReports(const Request& request) {
  const absl::StatusOr<Converted> converted = FromProto(request, Options());
  if (!converted.ok()) return CheckRefusal(converted.status());
  const Submission& submission = converted->submission;
  FUZZ_CHECK(submission.contexts.size() <= 100, submission.contexts.size());
  if (submission.delivery.has_value()) Check(*submission.delivery);
  if (submission.change.has_value()) Check(*submission.change);
  if (submission.observed.has_value()) {
    FUZZ_CHECK(submission.observed->status_id > 0, "no number");
    CheckKept(submission.observed->creator_login);
    FUZZ_CHECK(submission.contexts.size() == 1, "several observed at once");
  }
  Check(submission.report);
  for (const std::string& context : submission.contexts) {
    CheckContext(context, submission.observed.has_value());
  }
  for (const std::string& warning : converted->warnings) {
    FUZZ_CHECK(grammar::IsOneLine(warning), warning);
  }
}

void CheckWord(const std::string& text) {
  FUZZ_CHECK(text.size() <= 255 && grammar::IsPrintableAscii(text) &&
                 !absl::StrContains(text, ' '),
             text);
}

void CheckEvent(const RepositoryMoved& event) {
  Check(event.from);
  Check(event.to);
  FUZZ_CHECK(event.from.host == event.to.host && event.repository_id > 0,
             event.from.Display());
}
void CheckEvent(const RepositoryArchived& event) {
  Check(event.repository);
  FUZZ_CHECK(event.repository_id > 0, event.repository_id);
}
void CheckEvent(const InstallationChanged& event) {
  FUZZ_CHECK(event.host == kGitHub || event.host == kGhes, event.host);
  FUZZ_CHECK(grammar::IsOwner(event.account), event.account);
  FUZZ_CHECK(event.installation_id > 0 && event.app_id >= 0, "no number");
  FUZZ_CHECK(!event.action.empty(), "no action");
  CheckWord(event.action);
}
void CheckEvent(const RerunRequested& event) {
  Check(event.repository);
  FUZZ_CHECK(event.pull_request_number > 0, event.pull_request_number);
  FUZZ_CHECK(event.contexts.size() <= 100, event.contexts.size());
  for (const std::string& context : event.contexts) {
    FUZZ_CHECK(grammar::IsContext(context), context);
  }
  FUZZ_CHECK(!event.login.empty(), "nobody asks");
  CheckWord(event.login);
  CheckWord(event.author_association);
}

void CheckEventRequest(const v1::ReportEventRequest& request) {
  const absl::StatusOr<EventSubmission> event = FromProto(request, Options());
  if (!event.ok()) return CheckRefusal(event.status());
  Check(event->delivery);
  std::visit([](const auto& what) { CheckEvent(what); }, event->event);
}

template <typename Request>
void FillCommon(FuzzInput& in, uint8_t members, Request* request) {
  request->set_repository(std::string(in.Text()));
  request->set_sha(std::string(in.Text()));
  request->set_description(std::string(in.Text()));
  request->set_target_url(std::string(in.Text()));
  if ((members & 1) != 0) {
    request->set_attempt(in.Int64());
    request->set_series(std::string(in.Text()));
  }
  if ((members & 2) != 0) request->set_repository_id(in.Int64());
  if ((members & 4) != 0) {
    v1::Delivery& delivery = *request->mutable_delivery();
    delivery.set_id(std::string(in.Text()));
    delivery.set_event(std::string(in.Text()));
    delivery.set_action(std::string(in.Text()));
    delivery.set_digest(std::string(in.UpTo(33), 'd'));
    delivery.set_hook_id(in.Int64());
  }
  if ((members & 8) != 0) {
    request->mutable_observed()->set_status_id(in.Int64());
    request->mutable_observed()->set_creator_login(std::string(in.Text()));
  }
}

// Builds a pending from parts, so that most inputs are nearly right.
v1::ReportPendingRequest PendingFrom(FuzzInput& in) {
  v1::ReportPendingRequest request;
  const uint8_t members = in.Byte();
  FillCommon(in, members, &request);
  if ((members & 16) != 0) {
    request.mutable_expires_after()->set_seconds(in.Int64());
    request.mutable_expires_after()->set_nanos(
        static_cast<int32_t>(in.Int64()));
  }
  if ((members & 32) != 0) {
    v1::Change& change = *request.mutable_change();
    change.set_event(std::string(in.Text()));
    change.set_pull_request_number(in.Int64());
    change.set_title(std::string(in.Text()));
    change.set_clone_url(std::string(in.Text()));
    change.mutable_updated_time()->set_seconds(in.Int64());
    change.mutable_updated_time()->set_nanos(static_cast<int32_t>(in.Int64()));
  }
  request.set_never_expires((members & 48) == 0);
  request.set_expires_only_if_configured((members & 80) == 0);
  request.set_rerun((members & 64) != 0);
  if ((members & 128) != 0) {
    const std::string context(in.Text());
    const int more = in.UpTo(127);
    for (int i = 0; i <= more; ++i) request.add_contexts(context);
  }
  return request;
}

v1::ReportResultRequest ResultFrom(FuzzInput& in) {
  v1::ReportResultRequest request;
  const uint8_t members = in.Byte();
  FillCommon(in, members, &request);
  request.set_context(std::string(in.Text()));
  request.set_result(static_cast<v1::Result>(in.Int64()));
  return request;
}

template <typename Request, typename Checker>
void Parsed(absl::string_view bytes, Checker check) {
  static auto* const request = new Request();
  if (request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    check(*request);
  }
}

}  // namespace

// Input: which message; for the first three its bytes as they are on the wire,
// for the others its parts.
FUZZ_TARGET(proto) {
  FuzzInput in(input);
  (void)Options();
  switch (in.UpTo(5)) {
    case 0:
      return Parsed<v1::ReportPendingRequest>(
          in.Rest(), [](const auto& request) { CheckReports(request); });
    case 1:
      return Parsed<v1::ReportResultRequest>(
          in.Rest(), [](const auto& request) { CheckReports(request); });
    case 2:
    case 3:
      return Parsed<v1::ReportEventRequest>(in.Rest(), CheckEventRequest);
    case 4:
      return CheckReports(PendingFrom(in));
    default:
      return CheckReports(ResultFrom(in));
  }
}

}  // namespace signalbox
