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

// What a delivery from GitHub asks the server to do, as plain values. ReadHook
// (webhook/event.h) makes them. The shim sends them to the server in a gRPC
// request; the server converts this request to these values again. If the
// server itself reads a delivery at GitHub, it uses them directly.
//
// The comments say what ReadHook returns. In a request from a farm the fields
// can have any value, so the server checks all of them.
//
// A repository is `[HOST/]OWNER/NAME`, an account is `[HOST/]LOGIN` (no host:
// github.com). An id is GitHub's number for a thing, above 0. A sha has 40 or
// 64 lower-case hexadecimal digits, and is not all zeros.

// The code change that a delivery is about: what a farm needs to build it.
// Proto `Change`.
struct HookChange {
  std::string event;  // `pull_request`, `push` or `merge_group`
  int64_t pull_request_number = 0;
  std::string title;   // Cut at 1 KiB.
  std::string author;  // Login; empty: the account was deleted.
  std::string head_ref;
  std::string base_ref;  // For a push or a merge group the full ref.
  bool draft = false;
  bool fork = false;      // The commit comes from another repository.
  std::string clone_url;  // Empty: the head's repository was deleted.
  absl::Time updated_time = absl::InfinitePast();  // InfinitePast: not known.
};

// A status that another program has set at GitHub. Proto `Observed`.
struct HookObserved {
  int64_t status_id = 0;      // GitHub's number for the status.
  std::string creator_login;  // Empty: not known.
};

// A delivery that becomes a report. Without `observed` a farm shall build a
// commit, and the report is a pending. With `observed` GitHub shows a status
// already. The call is ReportPending, or ReportResult if `result` is set.
struct HookReport {
  std::string repository;
  int64_t repository_id = 0;
  std::string sha;
  // Empty: the expected contexts. With `observed`: one context, any UTF-8.
  std::vector<std::string> contexts;
  std::optional<Result> result;  // Nothing: pending.
  // Build the commit again, even if it has results.
  bool rerun = false;
  std::string description;  // Cut at 1 KiB.
  std::string target_url;   // Empty if GitHub's has more than 2,048 bytes.
  // Nothing: the event names only the commit.
  std::optional<HookChange> change;
  std::optional<HookObserved> observed;
};

// A comment on a pull request asks to run contexts again.
struct HookRetest {
  std::string repository;
  int64_t pull_request_number = 0;
  std::vector<std::string> contexts;  // At most 100; empty: the expected ones.
  std::string login;                  // Of the comment's author.
  // GitHub's word for the author's relation to the repository, such as MEMBER.
  // Empty: not known.
  std::string author_association;
};

// A repository has a new name, or a new owner.
struct HookRename {
  std::string repository;
  std::string old_repository;
  int64_t repository_id = 0;
  bool transferred = false;  // True: a new owner. False: a new name.
  // When the repository was last changed. InfinitePast: not known.
  absl::Time update_time = absl::InfinitePast();
};

// A repository was archived (made read-only), or became writable again.
struct HookArchive {
  std::string repository;
  int64_t repository_id = 0;
  bool archived = false;
};

// An installation (GitHub's record that an App may act for an account) was
// created, deleted or changed; HookCall::action says which.
struct HookInstallation {
  int64_t installation_id = 0;
  std::string account;
  int64_t app_id = 0;  // 0: not known.
};

// One call to the server. A HookReport becomes a report, the other types become
// ReportEvent.
struct HookCall {
  // GitHub's word for what happened, such as `opened`. Empty: the event has no
  // actions.
  std::string action;
  std::variant<HookReport, HookRetest, HookRename, HookArchive,
               HookInstallation>
      request;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HOOK_CALL_H_
