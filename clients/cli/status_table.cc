#include "clients/cli/status_table.h"

#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "clients/cli/printable.h"

namespace signalbox {
namespace {

constexpr size_t kContextWidth = 60;
constexpr size_t kDescriptionWidth = 60;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

// One unit is enough for "how long ago": `3 s`, `5 min`, `2 h`, `4 d`.
std::string About(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min");
  if (seconds < 86400) return absl::StrCat(seconds / 3600, " h");
  return absl::StrCat(seconds / 86400, " d");
}

// `RATE_LIMIT` as people write it.
std::string Words(absl::string_view upper_case_word) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(upper_case_word),
                             {{"_", " "}});
}

std::string StateText(const v1::CommitStatus& status) {
  const std::string name = v1::CommitState_Name(status.state());
  const std::string state = Words(absl::StripPrefix(name, "COMMIT_STATE_"));
  switch (status.result()) {
    case v1::CANCELLED:
    case v1::SKIPPED:
    case v1::TIMED_OUT:
    case v1::NEUTRAL:
      return absl::StrCat(state, " (", Words(v1::Result_Name(status.result())),
                          ")");
    default:
      return state.empty() ? "unknown" : state;
  }
}

std::string PostingText(const v1::Posting& posting, absl::Time now) {
  const std::string reason = Words(Printable(posting.reason()));
  const std::string because = reason.empty() ? "" : absl::StrCat(": ", reason);
  switch (posting.state()) {
    case v1::DUE:
      return "about to be posted";
    case v1::POSTED:
      if (!posting.has_post_time()) return "shown at GitHub";
      return absl::StrCat("shown at GitHub ",
                          About(now - ToTime(posting.post_time())), " ago");
    case v1::WAITING:
      if (!posting.has_next_try_time()) {
        return absl::StrCat("waiting", because);
      }
      return absl::StrCat("waiting", because, ", next try in ",
                          About(ToTime(posting.next_try_time()) - now));
    case v1::ABANDONED:
      return absl::StrCat("not posted", because);
    case v1::OBSERVED:
      return "seen at GitHub";
    default:
      return "unknown";
  }
}

absl::string_view ColourOf(v1::CommitState state) {
  switch (state) {
    case v1::COMMIT_STATE_SUCCESS:
      return "\x1b[32m";
    case v1::COMMIT_STATE_FAILURE:
    case v1::COMMIT_STATE_ERROR:
      return "\x1b[31m";
    case v1::COMMIT_STATE_PENDING:
      return "\x1b[33m";
    default:
      return "";
  }
}

std::string Coloured(absl::string_view text, absl::string_view colour,
                     bool colours) {
  if (!colours || colour.empty()) return std::string(text);
  return absl::StrCat(colour, text, "\x1b[0m");
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
          StateText(status),
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

  const std::string combined = v1::CommitState_Name(commit.state());
  std::string table = absl::StrCat(
      Printable(commit.repository()), "@", Printable(commit.sha()), "  ",
      Coloured(Words(absl::StripPrefix(combined, "COMMIT_STATE_")),
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

std::string Took(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 10) {
    return absl::StrCat(seconds, ".",
                        absl::ToInt64Milliseconds(duration) / 100 % 10, "s");
  }
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) {
    return absl::StrCat(seconds / 60, "m ", seconds % 60, "s");
  }
  return absl::StrCat(seconds / 3600, "h ", seconds / 60 % 60, "m");
}

}  // namespace signalbox
