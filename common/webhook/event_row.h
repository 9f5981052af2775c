#ifndef SIGNALBOX_COMMON_WEBHOOK_EVENT_ROW_H_
#define SIGNALBOX_COMMON_WEBHOOK_EVENT_ROW_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "common/webhook/event.h"
#include "common/webhook/member_reader.h"

namespace signalbox {

// One kind of event that Signalbox uses. The header with the event's name is
// not signed, so the members of the body must confirm the name.
struct EventRow {
  using Names = std::vector<absl::string_view>;

  absl::string_view event;
  Names actions;        // The used ones; empty: the event has none.
  Names must_have;      // May be null.
  Names must_not_have;  // Known members of other events: GitHub adds new ones.
  Names wanted;         // Other members that `read` looks at.
  // Reads a delivery with one of the actions. The caller sets `action` of the
  // result and handles the reader's problem.
  HookResult (*read)(MemberReader&);
};

// A report about the delivery's repository, and the commit in this member.
HookReport ReadReport(MemberReader& read, absl::string_view sha);

// The table, in families of rows.
std::vector<EventRow> ChangeEvents();   // pull_request, push, merge_group
std::vector<EventRow> CheckEvents();    // check_run, check_suite, status
std::vector<EventRow> CommentEvents();  // issue_comment
std::vector<EventRow> AccountEvents();  // repository, installation*

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_EVENT_ROW_H_
