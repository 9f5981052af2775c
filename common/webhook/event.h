#ifndef SIGNALBOX_COMMON_WEBHOOK_EVENT_H_
#define SIGNALBOX_COMMON_WEBHOOK_EVENT_H_

#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/hook_call.h"

namespace signalbox {

// A valid delivery that needs no call.
struct HookIgnored {
  std::string action;
  std::string why;  // For a ping: the hook, as the ping describes it.
};

// A body that GitHub does not send for this event. `why` names members, never
// values.
struct HookMalformed {
  std::string why;
};

using HookResult = std::variant<HookCall, HookIgnored, HookMalformed>;

// Reads what a delivery asks for. `event` is the value of X-GitHub-Event, which
// is not signed: a body that belongs to another event is malformed. `json` is
// the decoded body, whose signature must have been verified.
//
// The repository is always the one that sent the event (the base of a pull
// request), on the host of its `html_url`. The commit is the head of a pull
// request or of a merge group, or the commit that a pushed ref now points to.
// It is never a test merge commit or an annotated tag object.
//
// Thread-safe.
HookResult ReadHook(absl::string_view event, absl::string_view json);

// Whether ReadHook can make a call from an event with this action (empty:
// none), so that a redelivery is useful.
bool UsesEvent(absl::string_view event, absl::string_view action);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_EVENT_H_
