#ifndef SIGNALBOX_COMMON_WEBHOOK_EVENT_H_
#define SIGNALBOX_COMMON_WEBHOOK_EVENT_H_

#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/hook_call.h"

namespace signalbox {

// A valid delivery that the server need not know of.
struct HookIgnored {
  std::string action;  // As in HookCall.
  // For the log: why the server need not know of it. For a ping it describes
  // the hook instead.
  std::string why;
};

// A delivery with a body that GitHub would not send with this event's name.
struct HookMalformed {
  std::string why;  // Names members of the JSON, never their values.
};

// What follows from a delivery: a call to the server, nothing, or an error.
using HookResult = std::variant<HookCall, HookIgnored, HookMalformed>;

// Reads a delivery. The shim calls it, and so does the server for a delivery
// that it reads at GitHub. `event` is the value of the header X-GitHub-Event.
// `json` is the body; if the delivery was sent as a form, the form's `payload`.
// Verify the signature of the body first. The signature does not cover the
// header, so anyone could have changed it. ReadHook therefore compares: a body
// that belongs to another event is malformed.
//
// The repository in the result is the one that sent the event; for a pull
// request it is the base. Its host is that of its `html_url`. The commit is the
// head of a pull request or of a merge group, or the commit to which a pushed
// ref now points. It is never a test merge commit or an annotated tag object.
//
// Thread-safe.
HookResult ReadHook(absl::string_view event, absl::string_view json);

// Whether ReadHook can return a HookCall for this event and action (empty: the
// event has no actions). If not, a redelivery is useless.
bool UsesEvent(absl::string_view event, absl::string_view action);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_EVENT_H_
