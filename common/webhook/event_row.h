#ifndef SIGNALBOX_COMMON_WEBHOOK_EVENT_ROW_H_
#define SIGNALBOX_COMMON_WEBHOOK_EVENT_ROW_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "common/webhook/event.h"
#include "common/webhook/member_reader.h"

namespace signalbox {

// ReadHook works by a table with a row for each event that Signalbox uses. The
// header with the event's name is not signed, so the body must confirm the
// name: it must have some members and must not have others.
struct EventRow {
  // Paths of members, as in json_fields.h.
  using Names = std::vector<absl::string_view>;

  absl::string_view event;  // Its name in X-GitHub-Event.
  Names actions;            // That Signalbox uses; empty: the event has none.
  Names must_have;          // They may be null.
  // Members by which one knows other events. Not all that are unknown: GitHub
  // adds new members to its events.
  Names must_not_have;
  Names wanted;  // Other members that `read` reads.
  // Reads the body of a delivery with one of `actions`. The caller then sets
  // `action` in the result, and returns HookMalformed if the reader has a
  // problem.
  HookResult (*read)(MemberReader&);
};

// Reads a report about the member `repository` and the commit in the member at
// the path `sha`.
HookReport ReadReport(MemberReader& read, absl::string_view sha);

// The rows of the table, by kind of event.
std::vector<EventRow> ChangeEvents();   // pull_request, push, merge_group
std::vector<EventRow> CheckEvents();    // check_run, check_suite, status
std::vector<EventRow> CommentEvents();  // issue_comment
std::vector<EventRow> AccountEvents();  // repository, installation*

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_EVENT_ROW_H_
