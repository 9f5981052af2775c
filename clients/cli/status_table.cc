#include "clients/cli/status_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"
#include "clients/cli/text_table.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

// The pull request had a newer head before every report: nothing is pending.
bool IsOvertaken(const v1::GetCommitStatusResponse& commit) {
  return commit.statuses_size() > 0 &&
         std::ranges::all_of(commit.statuses(),
                             [](const v1::CommitStatus& status) {
                               return status.posting().reason() == "OVERTAKEN";
                             });
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

}  // namespace signalbox
