#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/console.h"
#include "clients/cli/status_text.h"

namespace signalbox {
namespace {

constexpr int kPageSize = 1000;

v1::StatusFilter FilterOf(const Arguments& arguments) {
  v1::StatusFilter filter;
  filter.set_repository(arguments.repository.value_or(""));
  filter.set_context(arguments.context_pattern);
  for (const v1::PostingState state : arguments.posting_states) {
    filter.add_posting_states(state);
  }
  for (const std::string& reason : arguments.reasons) {
    filter.add_reasons(reason);
  }
  return filter;
}

// Says what is missing: any match of the filters, or anything at all.
std::string EmptyListing(const Arguments& arguments) {
  if (arguments.repository || !arguments.context_pattern.empty() ||
      !arguments.reasons.empty()) {
    return "no status fits\n";
  }
  if (arguments.stuck) return "nothing is stuck\n";
  return arguments.posting_states.empty()
             ? "nothing is left to post: GitHub shows every status\n"
             : "no status fits\n";
}

// Whether the reader of our output has gone, as after `| head -1`.
bool ReaderHasGone() {
  pollfd output = {STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

int IssueToken(const Arguments& arguments, const Client& client) {
  v1::IssueTokenRequest request;
  v1::Narrowing& narrowing = *request.mutable_narrowing();
  narrowing.mutable_repositories()->Add(arguments.repository_patterns.begin(),
                                        arguments.repository_patterns.end());
  narrowing.mutable_contexts()->Add(arguments.context_patterns.begin(),
                                    arguments.context_patterns.end());
  narrowing.mutable_rights()->Add(arguments.rights.begin(),
                                  arguments.rights.end());
  narrowing.set_sha(arguments.sha.value_or(""));
  narrowing.set_series(arguments.series.value_or(""));
  narrowing.set_attempt(arguments.attempt.value_or(0));
  if (arguments.life.has_value()) {
    request.mutable_valid_for()->set_seconds(
        absl::ToInt64Seconds(*arguments.life));
  }
  const auto issued = client.IssueToken(request);
  if (!issued.ok()) {
    return Fail(issued.status(), "could not get a token", arguments);
  }
  // Alone on a line, for $(signalbox issue-token).
  Print(arguments, *issued, absl::StrCat(issued->token(), "\n"));
  return kDone;
}

int ListStatuses(const Arguments& arguments, const Client& client) {
  v1::ListStatusesRequest request;
  *request.mutable_filter() = FilterOf(arguments);
  request.set_page_size(kPageSize);
  v1::ListStatusesResponse all;
  do {
    const auto page = client.ListStatuses(request);
    if (!page.ok())
      return Fail(page.status(), "could not list statuses", arguments);
    all.mutable_statuses()->MergeFrom(page->statuses());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  Print(arguments, all,
        all.statuses().empty()
            ? EmptyListing(arguments)
            : absl::StrCat(ListingTable(all, absl::Now(), WantsColours()), "\n",
                           ListingSummary(all)));
  return kDone;
}

int RetryPosts(const Arguments& arguments, const Client& client) {
  v1::RetryPostsRequest request;
  *request.mutable_filter() = FilterOf(arguments);
  request.set_page_size(kPageSize);
  v1::RetryPostsResponse all;
  do {
    const auto page = client.RetryPosts(request);
    if (!page.ok()) {
      return Fail(page.status(),
                  all.retried_count() == 0
                      ? "could not retry statuses"
                      : absl::StrCat("stopped after retrying ",
                                     all.retried_count(), " statuses"),
                  arguments);
    }
    all.set_retried_count(all.retried_count() + page->retried_count());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  const int64_t count = all.retried_count();
  Print(arguments, all,
        count == 0
            ? "no status to retry\n"
            : absl::StrCat(count, count == 1 ? " status" : " statuses",
                           " will be tried again; `signalbox list --stuck` "
                           "shows those that GitHub still refuses\n"));
  return kDone;
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
    Print(arguments, message,
          WatchLine(message, absl::Now(), absl::LocalTimeZone(), colours));
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
  return Fail(end,
              was_there ? absl::StrCat("the watch ended after sequence ",
                                       request.after_sequence())
                        : "could not watch",
              arguments);
}

}  // namespace signalbox
