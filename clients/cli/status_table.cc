#include "clients/cli/status_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"

namespace signalbox {
namespace {

constexpr size_t kContextWidth = 60;
constexpr size_t kDescriptionWidth = 60;

// Every report came when the pull request had a newer head: nothing is pending.
bool IsOvertaken(const v1::GetCommitStatusResponse& commit) {
  return commit.statuses_size() > 0 &&
         std::all_of(commit.statuses().begin(), commit.statuses().end(),
                     [](const v1::CommitStatus& status) {
                       return status.posting().reason() == "OVERTAKEN";
                     });
}

}  // namespace

std::string StatusTable(const v1::GetCommitStatusResponse& commit,
                        absl::Time now, bool colours) {
  struct Row {
    std::array<std::string, 4> cells;
    absl::string_view state_colour;
  };
  constexpr size_t kStateColumn = 1;
  std::vector<Row> rows = {
      {{"CONTEXT", "STATE", "DESCRIPTION", "POSTING"}, ""}};
  for (const v1::CommitStatus& status : commit.statuses()) {
    rows.push_back(
        {{Shortened(Printable(status.context()), kContextWidth),
          StateText(status.state(), status.result()),
          Shortened(Printable(status.description()), kDescriptionWidth),
          PostingText(status.posting(), now)},
         ColourOf(status.state())});
  }
  std::array<size_t, 4> widths = {};
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], CharacterCount(row.cells[i]));
    }
  }

  std::string table = absl::StrCat(
      Printable(commit.repository()), "@", Printable(commit.sha()), "  ",
      IsOvertaken(commit)
          ? PostingText(commit.statuses(0).posting(), now)
          : Coloured(StateText(commit.state(), v1::RESULT_UNSPECIFIED),
                     ColourOf(commit.state()), colours),
      "\n\n");
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

}  // namespace signalbox
