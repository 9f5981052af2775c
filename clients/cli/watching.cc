#include "clients/cli/watching.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/console.h"
#include "clients/cli/printable.h"
#include "clients/cli/text_table.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

constexpr size_t kShaWidth = 8;

absl::Time ChangeTime(const v1::CommitStatus& status, absl::Time now) {
  switch (status.posting().state()) {
    case v1::POSTING_STATE_DUE:
      return status.has_report_time() ? ToTime(status.report_time()) : now;
    case v1::POSTING_STATE_POSTED:
      return status.posting().has_post_time()
                 ? ToTime(status.posting().post_time())
                 : now;
    default:
      return now;
  }
}

// Whether the reader of our output has gone, as after `| head -1`.
bool ReaderHasGone() {
  pollfd output = {STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

std::string WatchLine(const v1::WatchStatusesResponse& change, absl::Time now,
                      absl::TimeZone zone, bool colours) {
  const v1::CommitStatus& status = change.status();
  const std::string description =
      Shortened(Printable(status.description()), kDescriptionWidth);
  return absl::StrCat(
      absl::FormatTime("%H:%M:%S ", ChangeTime(status, now), zone),
      Shortened(Printable(change.repository()), kRepositoryWidth), "@",
      Printable(absl::string_view(change.sha()).substr(0, kShaWidth)), " ",
      Shortened(Printable(status.context()), kContextWidth), ": ",
      Coloured(StateText(status.state(), status.result()),
               ColourOf(status.state()), colours),
      description.empty() ? "" : absl::StrCat(" (", description, ")"), ", ",
      status.posting().state() == v1::POSTING_STATE_POSTED
          ? "shown at GitHub"
          : PostingText(status.posting(), now),
      "\n");
}

int WatchStatuses(const Arguments& arguments, const Client& client) {
  v1::WatchStatusesRequest request;
  for (const std::string& pattern : arguments.repository_patterns) {
    request.add_repositories(pattern);
  }
  for (const std::string& pattern : arguments.context_patterns) {
    request.add_contexts(pattern);
  }
  for (const v1::CommitState state : arguments.states) {
    request.add_states(state);
  }
  if (arguments.after_sequence) {
    request.set_after_sequence(*arguments.after_sequence);
  }
  const bool colours = WantsColours();
  bool was_there = false;
  const auto print = [&](const v1::WatchStatusesResponse& message) {
    was_there = true;
    request.set_after_sequence(message.sequence());
    // This is a bookmark. One comes at least once a minute.
    if (message.repository().empty()) return !ReaderHasGone();
    if (arguments.json) {
      PrintJson(message);
    } else {
      std::fputs(WatchLine(message, absl::Now(), absl::LocalTimeZone(), colours)
                     .c_str(),
                 stdout);
    }
    // False: the reader has gone, as `head` does.
    return std::fflush(stdout) == 0;
  };
  absl::Status end = client.WatchStatuses(request, print);
  // A wrong address fails at once; after a first message, `watch` retries on.
  if (absl::IsUnavailable(end) && was_there && !arguments.retry_for_is_given) {
    end = client.WithPatience(absl::InfiniteDuration(), nullptr)
              .WatchStatuses(request, print);
  }
  if (end.ok()) return kDone;
  Complain(Explain(end,
                   was_there ? absl::StrCat("the watch ended after sequence ",
                                            request.after_sequence())
                             : "could not watch",
                   arguments, Subject()));
  return ExitCodeFor(end);
}

}  // namespace signalbox
