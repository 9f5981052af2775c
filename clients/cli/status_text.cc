#include "clients/cli/status_text.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/printable.h"
#include "clients/cli/text_table.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

// The most characters of a name and of a description in one line.
constexpr size_t kRepositoryWidth = 50;
constexpr size_t kContextWidth = 60;
constexpr size_t kListContextWidth = 40;
constexpr size_t kDescriptionWidth = 60;
constexpr size_t kShaWidth = 8;

// The pull request had a newer head before every report: nothing is pending.
bool IsOvertaken(const v1::GetCommitStatusResponse& commit) {
  return commit.statuses_size() > 0 &&
         std::ranges::all_of(commit.statuses(),
                             [](const v1::CommitStatus& status) {
                               return status.posting().reason() == "OVERTAKEN";
                             });
}

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

}  // namespace

std::string StatusTable(const v1::GetCommitStatusResponse& commit,
                        absl::Time now, bool colours) {
  TextTable table({"CONTEXT", "STATE", "DESCRIPTION", "POSTING"},
                  /*coloured_column=*/1);
  for (const v1::CommitStatus& status : commit.statuses()) {
    table.Add({Shortened(Printable(status.context()), kContextWidth),
               StateText(status.state(), status.result()),
               Shortened(Printable(status.description()), kDescriptionWidth),
               PostingText(status.posting(), now)},
              ColourOf(status.state()));
  }
  return absl::StrCat(
      Printable(commit.repository()), "@", Printable(commit.sha()), "  ",
      IsOvertaken(commit)
          ? PostingText(commit.statuses(0).posting(), now)
          : Coloured(StateText(commit.state(), v1::RESULT_UNSPECIFIED),
                     ColourOf(commit.state()), colours),
      "\n\n", table.Text(colours));
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

}  // namespace signalbox
