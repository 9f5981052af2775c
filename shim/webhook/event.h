#ifndef SIGNALBOX_SHIM_WEBHOOK_EVENT_H_
#define SIGNALBOX_SHIM_WEBHOOK_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// What a farm needs to know of the change in a delivery; proto `Change`.
struct HookChange {
  std::string event;  // `pull_request`, `push` or `merge_group`
  int64_t pull_request_number = 0;
  std::string title;   // Cut at 1 KiB.
  std::string author;  // Empty: the account is gone.
  std::string head_ref;
  std::string base_ref;  // For a push or a merge group the full ref.
  bool draft = false;
  bool fork = false;
  std::string clone_url;  // Empty: the head's repository is gone.
  absl::Time updated_time = absl::InfinitePast();  // InfinitePast: not known.
};

// Below, a repository is `[HOST/]OWNER/NAME`, an account is `[HOST/]LOGIN` (no
// host: github.com), an id is GitHub's number, over 0, and a sha is 40 or 64
// lower-case hex digits, not all zeros.

// A commit is to be built: ReportPending.
struct HookPending {
  std::string repository;
  int64_t repository_id = 0;
  std::string sha;
  std::vector<std::string> contexts;  // Empty: the expected ones.
  bool rerun = false;                 // Even if it was built before.
  // Nothing: the event only names the commit.
  std::optional<HookChange> change;
};

enum class HookState { kPending, kSuccess, kFailure, kError };

// What GitHub shows: ReportPending or ReportResult, with `observed`.
struct HookStatus {
  std::string repository;
  int64_t repository_id = 0;
  std::string sha;
  std::string context;  // Any UTF-8, never empty.
  HookState state = HookState::kPending;
  std::string description;    // Cut at 1 KiB.
  std::string target_url;     // Empty if over 2,048 bytes.
  int64_t status_id = 0;      // GitHub's number for the status.
  std::string creator_login;  // Empty: not known.
};

// A comment asks for contexts to be run again.
struct HookRetest {
  std::string repository;
  int64_t pull_request_number = 0;
  std::vector<std::string> contexts;  // At most 100; empty: the expected ones.
  std::string login;
  std::string author_association;  // Empty: not known.
};

// A repository has a new name, or a new owner.
struct HookRename {
  std::string repository;
  std::string old_repository;
  int64_t repository_id = 0;
  bool transferred = false;                       // The new part is the owner.
  absl::Time update_time = absl::InfinitePast();  // InfinitePast: not known.
};

// A repository became read-only, or writable again.
struct HookArchive {
  std::string repository;
  int64_t repository_id = 0;
  bool archived = false;
};

// An installation of a GitHub App was created, deleted or changed; see
// `action`.
struct HookInstallation {
  int64_t installation_id = 0;
  std::string account;
  int64_t app_id = 0;  // 0: not known.
};

// One call to the server: a report, or, for HookRetest and the types after it,
// ReportEvent.
struct HookCall {
  std::string action;  // Empty for events without actions.
  std::variant<HookPending, HookStatus, HookRetest, HookRename, HookArchive,
               HookInstallation>
      request;
};

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

#endif  // SIGNALBOX_SHIM_WEBHOOK_EVENT_H_
