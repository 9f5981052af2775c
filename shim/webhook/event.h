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

// What a farm needs to know of the change that a delivery tells of; proto
// `Change`.
struct HookChange {
  std::string event;  // `pull_request`, `push` or `merge_group`
  int64_t pull_request_number = 0;
  std::string title;   // Cut at 1 KiB.
  std::string author;  // Empty if the account is gone.
  std::string head_ref;
  std::string base_ref;  // For a push or a merge group the full ref.
  bool draft = false;
  bool fork = false;
  std::string clone_url;  // Empty if the head's repository is gone.
  absl::Time updated_time = absl::InfinitePast();  // InfinitePast: not known.
};

// In all that follows a repository is `[HOST/]OWNER/NAME`, an account
// `[HOST/]LOGIN` (no host: github.com), an id GitHub's number, over 0, and a
// sha 40 or 64 lower-case hex digits, not all zeros.

// A commit is to be built: ReportPending.
struct HookPending {
  std::string repository;
  int64_t repository_id = 0;
  std::string sha;
  std::vector<std::string> contexts;  // Empty: the expected ones.
  bool rerun = false;                 // Even if it was built before.
  // Nothing where the event tells only of the commit.
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

// Somebody asks in a comment for contexts to be run again.
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
  bool transferred = false;  // It is the owner that is new.
  absl::Time update_time = absl::InfinitePast();  // InfinitePast: not known.
};

// A repository became read-only, or writable again.
struct HookArchive {
  std::string repository;
  int64_t repository_id = 0;
  bool archived = false;
};

// An installation of a GitHub App came, went or changed, as `action` says.
struct HookInstallation {
  int64_t installation_id = 0;
  std::string account;
  int64_t app_id = 0;  // 0: not known.
};

// One call to the server: a report, or (from HookRetest on) ReportEvent.
struct HookCall {
  std::string action;  // Empty for events without actions.
  std::variant<HookPending, HookStatus, HookRetest, HookRename, HookArchive,
               HookInstallation>
      request;
};

// A good delivery that asks for nothing.
struct HookIgnored {
  std::string action;
  std::string why;  // For a ping: what hook it is, as it says itself.
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
// request or of a merge group, or what a pushed ref now shows, never a test
// merge commit or the object of an annotated tag.
//
// Thread-safe.
HookResult ReadHook(absl::string_view event, absl::string_view json);

// Whether ReadHook can make a call of an event with this action (empty: it has
// none); so whether there is a use in having it delivered again.
bool UsesEvent(absl::string_view event, absl::string_view action);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_EVENT_H_
