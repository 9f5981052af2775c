#include "rest/listing.h"

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "rest/paging.h"
#include "rest/status_request.h"

namespace signalbox {
namespace {

RestStatus StatusOf(const v1::ListedReport& report) {
  RestStatus status;
  status.id = report.status_id() != 0 ? report.status_id()
                                      : IdOfReport(report.sequence());
  status.state = NameOf(report.state());
  status.context = report.context();
  status.description = report.description();
  status.target_url = report.target_url();
  status.time = absl::FromUnixSeconds(report.accept_time().seconds());
  if (report.status_id() != 0) {
    status.creator =
        report.creator_login().empty() ? "ghost" : report.creator_login();
  }
  return status;
}

}  // namespace

void Listing::Add(const v1::ListedReport& report) {
  if (is_combined_ &&
      !contexts_.insert(absl::AsciiStrToLower(report.context())).second) {
    return;
  }
  has_failed_ |= report.state() == v1::COMMIT_STATE_ERROR ||
                 report.state() == v1::COMMIT_STATE_FAILURE;
  is_pending_ |= report.state() == v1::COMMIT_STATE_PENDING;
  if (IsOnPage(total_++, page_, per_page_)) {
    on_page_.push_back(StatusOf(report));
  }
}

absl::string_view Listing::state() const {
  if (has_failed_) return "failure";
  return total_ == 0 || is_pending_ ? "pending" : "success";
}

}  // namespace signalbox
