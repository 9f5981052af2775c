#include "clients/cli/listing.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/console.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

constexpr int kPageSize = 1000;
constexpr size_t kShaLength = 8;
constexpr size_t kRepositoryWidth = 50;
constexpr size_t kContextWidth = 40;

int Fail(const absl::Status& error, absl::string_view what,
         const Arguments& arguments) {
  Complain(Explain(error, what, arguments, Subject()));
  return ExitCodeFor(error);
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
  struct Row {
    std::array<std::string, 5> cells;
    absl::string_view state_colour;
  };
  constexpr size_t kStateColumn = 3;
  std::vector<Row> rows = {
      {{"REPOSITORY", "COMMIT", "CONTEXT", "STATE", "POSTING"}, ""}};
  for (const v1::ListedStatus& listed : list.statuses()) {
    const v1::CommitStatus& status = listed.status();
    rows.push_back(
        {{Shortened(Printable(listed.repository()), kRepositoryWidth),
          Printable(listed.sha().substr(0, kShaLength)),
          Shortened(Printable(status.context()), kContextWidth),
          StateText(status.state(), status.result()),
          PostingText(status.posting(), now)},
         ColourOf(status.state())});
  }
  std::array<size_t, 5> widths = {};
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], CharacterCount(row.cells[i]));
    }
  }
  std::string table;
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string& cell = row.cells[i];
      absl::StrAppend(&table, i == kStateColumn
                                  ? Coloured(cell, row.state_colour, colours)
                                  : cell);
      if (i + 1 == widths.size()) continue;
      table.append(widths[i] - CharacterCount(cell) + 2, ' ');
    }
    table.append("\n");
  }
  return table;
}

int ListStatuses(const Arguments& arguments, const Client& client) {
  v1::ListStatusesRequest request;
  *request.mutable_filter() = FilterOf(arguments);
  request.set_page_size(kPageSize);
  v1::ListStatusesResponse all;
  do {
    const auto page = client.ListStatuses(request);
    if (!page.ok()) return Fail(page.status(), "no list", arguments);
    all.mutable_statuses()->MergeFrom(page->statuses());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (arguments.json) {
    PrintJson(all);
  } else if (all.statuses().empty()) {
    std::puts("none");
  } else {
    std::fputs(ListingTable(all, absl::Now(), WantsColours()).c_str(), stdout);
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
                  absl::StrCat("tried again so far: ", all.retried_count(),
                               "; the rest is not"),
                  arguments);
    }
    all.set_retried_count(all.retried_count() + page->retried_count());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (arguments.json) {
    PrintJson(all);
  } else {
    std::printf("tried again: %lld\n",
                static_cast<long long>(all.retried_count()));
  }
  return kDone;
}

}  // namespace signalbox
