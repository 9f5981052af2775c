#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/cli/printable.h"
#include "clients/cli/status_text.h"
#include "clients/cli/text_table.h"
#include "clients/cli/wording.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

// The server sends at most this many reports, and as many tries.
constexpr int kMostHistory = 1000;
// Longer names are cut on a screen. Elsewhere they overflow the column.
constexpr size_t kWhoWidth = 24;
// Even the smallest screen shows this many of the newest entries.
constexpr size_t kFewestEntries = 5;

struct Entry {
  absl::Time time;
  std::string who;
  std::string what;
  absl::string_view colour;
  std::string details;
};

absl::Time TimeOf(bool is_known, const google::protobuf::Timestamp& timestamp) {
  return is_known ? ToTime(timestamp) : absl::InfinitePast();
}

Entry ReportEntry(const v1::ReportRecord& report) {
  std::vector<std::string> facts;
  if (report.disposition() != v1::DISPOSITION_ACCEPTED) {
    facts.push_back(ValueWords(report.disposition()));
  }
  if (report.attempt() != 0) {
    facts.push_back(absl::StrCat("attempt ", report.attempt()));
  }
  if (!report.delivery_id().empty()) {
    facts.push_back(absl::StrCat("delivery ", report.delivery_id()));
  }
  // A webhook's id of the request is that of its delivery.
  const bool shows_request = !report.request_id().empty() &&
                             report.request_id() != report.delivery_id();
  if (shows_request) {
    facts.push_back(absl::StrCat("request ", report.request_id()));
  }
  const std::string separator =
      facts.empty() || report.description().empty() ? "" : ": ";
  return {TimeOf(report.has_accept_time(), report.accept_time()),
          !report.caller().empty()        ? Printable(report.caller())
          : !report.delivery_id().empty() ? "webhook"
                                          : "report",
          StateText(report.state(), report.result()), ColourOf(report.state()),
          Printable(absl::StrCat(absl::StrJoin(facts, ", "), separator,
                                 report.description()))};
}

Entry TryEntry(const v1::TryRecord& attempted) {
  std::string details = attempted.reason();
  if (attempted.has_begin_time() && attempted.has_end_time()) {
    const absl::Duration took =
        ToTime(attempted.end_time()) - ToTime(attempted.begin_time());
    absl::StrAppend(&details, details.empty() ? "in " : " in ",
                    Took(std::max(took, absl::ZeroDuration())));
  }
  if (!attempted.message().empty()) {
    absl::StrAppend(&details, details.empty() ? "" : ": ", attempted.message());
  }
  if (!attempted.decision().empty()) {
    absl::StrAppend(&details, details.empty() ? "" : "; ",
                    attempted.decision());
  }
  if (!attempted.request_id().empty()) {
    absl::StrAppend(&details, details.empty() ? "" : " ", "(request ",
                    attempted.request_id(), ")");
  }
  const int code = attempted.http_status();
  return {TimeOf(attempted.has_begin_time(), attempted.begin_time()), "GitHub",
          code == 0 ? "no answer" : absl::StrCat(code),
          ColourOf(code >= 200 && code < 300 ? v1::COMMIT_STATE_SUCCESS
                                             : v1::COMMIT_STATE_FAILURE),
          Printable(details)};
}

std::vector<Entry> EntriesOf(const v1::ExplainStatusResponse& explained) {
  std::vector<Entry> entries;
  for (const v1::ReportRecord& report : explained.reports()) {
    entries.push_back(ReportEntry(report));
  }
  for (const v1::TryRecord& attempted : explained.tries()) {
    entries.push_back(TryEntry(attempted));
  }
  // Stable: a report comes before the tries of the same time, which post it.
  std::ranges::stable_sort(entries, {}, &Entry::time);
  return entries;
}

// Names the lists that have reached the limit: "1,000 reports".
std::string FullLists(const v1::ExplainStatusResponse& explained) {
  std::vector<std::string> full;
  if (explained.reports_size() >= kMostHistory) full.push_back("1,000 reports");
  if (explained.tries_size() >= kMostHistory) full.push_back("1,000 tries");
  return absl::StrJoin(full, " and ");
}

std::string Table(const std::vector<Entry>& entries, absl::Time now,
                  const Screen& screen) {
  TextTable table({"TIME (UTC)", "AGO", "WHO", "WHAT", ""},
                  /*coloured_column=*/3, kWhoWidth);
  for (const Entry& entry : entries) {
    const bool is_known = entry.time != absl::InfinitePast();
    table.Add({is_known ? absl::FormatTime("%Y-%m-%d %H:%M:%S", entry.time,
                                           absl::UTCTimeZone())
                        : "-",
               is_known ? About(now - entry.time) : "-",
               screen.columns > 0 ? Shortened(entry.who, kWhoWidth) : entry.who,
               entry.what, entry.details},
              entry.colour);
  }
  return table.Text(screen.colours, screen.columns);
}

// The number of lines that `text` takes on the screen, including the one that
// its last newline begins.
size_t LineCount(absl::string_view text, const Screen& screen) {
  size_t count = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const size_t length = CharacterCount(line);
    count += screen.columns == 0 || length == 0
                 ? 1
                 : (length + screen.columns - 1) / screen.columns;
  }
  return count;
}

}  // namespace

std::string Timeline(absl::string_view commit,
                     const v1::ExplainStatusResponse& explained, absl::Time now,
                     const Screen& screen) {
  const v1::CommitStatus& status = explained.status();
  const auto head = [&](bool colours) {
    return absl::StrCat(Printable(commit), " ", Printable(status.context()),
                        ": ",
                        Coloured(StateText(status.state(), status.result()),
                                 ColourOf(status.state()), colours),
                        ", ", PostingText(status.posting(), now), "\n");
  };
  std::string below;
  if (!explained.next_step().empty()) {
    below = absl::StrCat(
        "\nWhat happens next: ", Printable(explained.next_step()), "\n");
  }
  absl::StrAppend(&below, "\n");
  std::vector<Entry> entries = EntriesOf(explained);
  if (entries.empty()) {
    return absl::StrCat(head(screen.colours), below,
                        "No report and no try is known.\n");
  }
  if (const std::string full = FullLists(explained); !full.empty()) {
    absl::StrAppend(&below, "Only the newest ", full,
                    " are known; older ones may be missing.\n");
  }
  if (screen.rows > 0) {
    // This includes the prompt. The table's head and the note about left-out
    // entries take two more lines.
    const size_t taken =
        LineCount(absl::StrCat(head(false), below), screen) + 2;
    const size_t room =
        std::max(screen.rows - std::min(taken, screen.rows), kFewestEntries);
    if (entries.size() > room) {
      const size_t left_out = entries.size() - room;
      absl::StrAppend(&below, left_out,
                      " older entries are left out; `| cat` shows all.\n");
      entries.erase(entries.begin(), entries.begin() + left_out);
    }
  }
  return absl::StrCat(head(screen.colours), below, Table(entries, now, screen));
}

}  // namespace signalbox
