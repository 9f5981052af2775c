#ifndef SIGNALBOX_COMMON_HOOK_CALL_H_
#define SIGNALBOX_COMMON_HOOK_CALL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/result.h"

namespace signalbox {

// What a delivery from GitHub asks the server to do, as plain values. The shim
// writes them into the request of a gRPC call, and the server reads them from
// it again. A server that reads a delivery by itself needs no request.
//
// The comments say what a delivery can contain. In a request of a farm the
// fields can have any value, so the server checks them all.
//
// A repository is `[HOST/]OWNER/NAME`, an account is `[HOST/]LOGIN` (no host:
// github.com), an id is GitHub's number, over 0, and a sha is 40 or 64
// lower-case hex digits, not all zeros.

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

// A status that GitHub shows; proto `Observed`.
struct HookObserved {
  int64_t status_id = 0;      // GitHub's number for the status.
  std::string creator_login;  // Empty: not known.
};

// A commit is to be built, or (with `observed`) GitHub shows a status:
// ReportPending, or ReportResult if it has a result.
struct HookReport {
  std::string repository;
  int64_t repository_id = 0;
  std::string sha;
  // Empty: the expected ones. With `observed` one: any UTF-8, never empty.
  std::vector<std::string> contexts;
  std::optional<Result> result;
  bool rerun = false;       // Even if it was built before.
  std::string description;  // Cut at 1 KiB.
  std::string target_url;   // Empty if over 2,048 bytes.
  // Nothing: the event only names the commit.
  std::optional<HookChange> change;
  std::optional<HookObserved> observed;
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

// One call to the server: a report, or, for the other types, ReportEvent.
struct HookCall {
  std::string action;  // Empty for events without actions.
  std::variant<HookReport, HookRetest, HookRename, HookArchive,
               HookInstallation>
      request;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HOOK_CALL_H_
