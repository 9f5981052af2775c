#ifndef SIGNALBOX_SHIM_WEBHOOK_EVENT_ROW_H_
#define SIGNALBOX_SHIM_WEBHOOK_EVENT_ROW_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "shim/webhook/event.h"
#include "shim/webhook/member_reader.h"

namespace signalbox {

// One kind of event that is used. The header with the event's name is not
// signed, so the body's members must bear it out.
struct EventRow {
  using Names = std::vector<absl::string_view>;

  absl::string_view event;
  Names actions;        // The ones that are used; empty: the event has none.
  Names must_have;      // Null will do.
  Names must_not_have;  // Of other events only: GitHub adds members.
  Names wanted;         // What else `read` looks at.
  // What a delivery with one of the actions asks for; `action` of the result
  // is filled in by the caller, and so is what the reader refused.
  HookResult (*read)(MemberReader&);
};

// The table, a family of rows in each room.
std::vector<EventRow> ChangeEvents();   // pull_request, push, merge_group
std::vector<EventRow> CheckEvents();    // check_run, check_suite, status
std::vector<EventRow> CommentEvents();  // issue_comment
std::vector<EventRow> AccountEvents();  // repository, installation*

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_EVENT_ROW_H_
