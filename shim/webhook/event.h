#ifndef SIGNALBOX_SHIM_WEBHOOK_EVENT_H_
#define SIGNALBOX_SHIM_WEBHOOK_EVENT_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// What a farm needs to know of the change that a delivery tells of; proto
// `Change`.
struct HookChange {
  std::string event;  // `pull_request` or `push`
  int64_t pull_request_number = 0;
  std::string title;   // Cut at 1 KiB.
  std::string author;  // Empty if the account is gone.
  std::string head_ref;
  std::string base_ref;  // For a push the full ref.
  bool draft = false;
  bool fork = false;
  std::string clone_url;  // Empty if the head's repository is gone.
  absl::Time updated_time = absl::InfinitePast();  // InfinitePast: not known.
};

// One call to the server: ReportPending.
struct HookCall {
  std::string action;      // Empty for events without actions.
  std::string repository;  // `[HOST/]OWNER/NAME`; no host: github.com.
  int64_t repository_id = 0;
  std::string sha;  // 40 or 64 lower-case hex digits, not all zeros.
  HookChange change;
};

// A good delivery that asks for nothing.
struct HookIgnored {
  std::string action;
  std::string why;
};

// Not what GitHub sends for this event. `why` names members, never values.
struct HookMalformed {
  std::string why;
};

using HookResult = std::variant<HookCall, HookIgnored, HookMalformed>;

// What a delivery asks for. `event` is the value of X-GitHub-Event, which is
// not signed: a body that belongs to another event is malformed. `json` is the
// decoded body, whose signature is known to be good.
//
// The repository is always the one that sent the event (the base of a pull
// request), on the host of its `html_url`. The commit is the head of a pull
// request or what a pushed ref now shows, never a merge commit or the object
// of an annotated tag.
//
// Thread-safe.
HookResult ReadHook(absl::string_view event, absl::string_view json);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_EVENT_H_
