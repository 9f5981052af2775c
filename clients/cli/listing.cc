#include "clients/cli/listing.h"

#include <cstdint>
#include <cstdio>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/console.h"
#include "clients/cli/printable.h"
#include "clients/cli/text_table.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

constexpr int kPageSize = 1000;
constexpr size_t kListContextWidth = 40;

int Fail(const absl::Status& error, absl::string_view what,
         const Arguments& arguments) {
  Complain(Explain(error, what, arguments, Subject()));
  return ExitCodeFor(error);
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

}  // namespace

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

std::string ListingTable(const v1::ListStatusesResponse& list, absl::Time now,
                         bool colours) {
  TextTable table({"REPOSITORY", "COMMIT", "CONTEXT", "STATE", "POSTING"},
                  /*coloured_column=*/3);
  for (const v1::ListedStatus& listed : list.statuses()) {
    const v1::CommitStatus& status = listed.status();
    table.Add({Shortened(Printable(listed.repository()), kRepositoryWidth),
               // Whole, for `explain` and `retry`.
               Printable(listed.sha()),
               Shortened(Printable(status.context()), kListContextWidth),
               StateText(status.state(), status.result()),
               PostingText(status.posting(), now)},
              ColourOf(status.state()));
  }
  return table.Text(colours);
}

std::string ListingSummary(const v1::ListStatusesResponse& list) {
  const int count = list.statuses_size();
  // By state, in the order of the API, and reason.
  std::map<v1::PostingState, std::map<std::string, int>> counts;
  for (const v1::ListedStatus& listed : list.statuses()) {
    const v1::Posting& posting = listed.status().posting();
    ++counts[posting.state()][posting.reason()];
  }
  std::vector<std::string> states;
  for (const auto& [state, reasons] : counts) {
    int of_state = 0;
    std::vector<std::string> parts;
    for (const auto& [reason, of_reason] : reasons) {
      of_state += of_reason;
      if (reason.empty()) continue;
      parts.push_back(absl::StrCat(of_reason, " ", Printable(Words(reason))));
    }
    states.push_back(absl::StrCat(
        of_state, " ", ValueWords(state), parts.empty() ? "" : " (",
        absl::StrJoin(parts, ", "), parts.empty() ? "" : ")"));
  }
  return absl::StrCat(count, count == 1 ? " status: " : " statuses: ",
                      absl::StrJoin(states, ", "), "\n");
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
  if (arguments.json) {
    PrintJson(all);
  } else if (all.statuses().empty()) {
    std::fputs(EmptyListing(arguments).c_str(), stdout);
  } else {
    std::printf("%s\n%s",
                ListingTable(all, absl::Now(), WantsColours()).c_str(),
                ListingSummary(all).c_str());
  }
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
  if (arguments.json) {
    PrintJson(all);
  } else if (count == 0) {
    std::puts("no status to retry");
  } else {
    std::puts(absl::StrCat(count, count == 1 ? " status" : " statuses",
                           " will be tried again; `signalbox list --stuck` "
                           "shows those that GitHub still refuses")
                  .c_str());
  }
  return kDone;
}

}  // namespace signalbox
