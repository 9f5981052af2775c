#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_ANSWERS_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"
#include "server/report/code_change.h"
#include "server/report/report.h"

namespace signalbox {

// These functions read GitHub's JSON answers. They trust nothing: a member of
// another type or out of its range counts as missing, and a list element
// without a required member is left out. INVALID_ARGUMENT, reason
// UNEXPECTED_ANSWER: the answer is not JSON, is nested deeper than 40, or is an
// object instead of a list.

// One attempt of a delivery, as GitHub lists it.
struct ListedDelivery {
  int64_t id = 0;    // Of the attempt.
  std::string guid;  // Of the delivery: X-GitHub-Delivery.
  absl::Time delivered_at = absl::InfinitePast();
  bool redelivery = false;
  int status_code = 0;  // 0: no answer.
  std::string event;
  std::string action;
};
absl::StatusOr<std::vector<ListedDelivery>> ReadDeliveries(
    absl::string_view json);

// The content of a delivery, from GitHub's answer about one attempt.
struct SentDelivery {
  std::string event;    // X-GitHub-Event.
  std::string payload;  // JSON, re-encoded: not the bytes that were signed.
};
absl::StatusOr<SentDelivery> ReadSentDelivery(absl::string_view json);

// A pull request in its present state.
struct ListedPullRequest {
  std::string base_full_name;  // OWNER/NAME.
  int64_t base_repository_id = 0;
  std::string head_sha;
  bool open = false;
  CodeChange change;
};
absl::StatusOr<ListedPullRequest> ReadPullRequest(absl::string_view json);
absl::StatusOr<std::vector<ListedPullRequest>> ReadPullRequests(
    absl::string_view json);

// The contexts that a combined status shows.
absl::StatusOr<std::vector<std::string>> ReadShownContexts(
    absl::string_view json);

// A commit status as GitHub shows it.
struct ShownStatus {
  int64_t id = 0;
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;
};

// What a page of a combined status shows for one context, which is compared
// without regard to ASCII case. Leaves `shown` as it is if the page shows
// nothing. False: the answer is malformed.
bool ReadShownStatus(absl::string_view json, absl::string_view context,
                     std::optional<ShownStatus>* shown);

// `permission` of a collaborator: admin, write, read or none.
absl::StatusOr<std::string> ReadPermission(absl::string_view json);

// The settings of a webhook, as in the lists of hooks.
struct ListedHook {
  int64_t id = 0;
  std::string url;
  std::string content_type;
  bool active = true;
  bool has_secret = false;
  bool insecure_ssl = false;
  std::vector<std::string> events;
  // Nothing: no delivery yet, or GitHub does not say. 0: no answer.
  std::optional<int> last_response_code;
  std::string last_response_message;
};
absl::StatusOr<std::vector<ListedHook>> ReadHooks(absl::string_view json);
// Reads an App's only hook, which has no events and is always active.
absl::StatusOr<ListedHook> ReadAppHook(absl::string_view json);
// The events that an App subscribes to.
absl::StatusOr<std::vector<std::string>> ReadAppEvents(absl::string_view json);

// A repository, as far as its statuses are concerned.
struct RepositoryFacts {
  std::string full_name;  // OWNER/NAME.
  int64_t id = 0;         // 0: GitHub does not say.
  // When it last changed; InfinitePast: GitHub does not say.
  absl::Time update_time = absl::InfinitePast();
  bool owner_is_user = false;  // Not an organisation.
  // GitHub does not always tell this and `may_push`.
  std::optional<bool> is_private;
  bool archived = false;
  bool disabled = false;
  std::optional<bool> may_push;  // May the credential push?
};
absl::StatusOr<RepositoryFacts> ReadRepository(absl::string_view json);

// GitHub's record that an App may act for an account.
struct Installation {
  int64_t id = 0;
  bool suspended = false;
  // The App's permissions, such as `statuses=write`, sorted; at most 200.
  // Empty: GitHub did not say.
  std::vector<std::string> permissions = {};
};

// A token that GitHub made for an installation.
struct InstallationToken {
  Secret value;
  absl::Time expiry_time;  // By GitHub's clock.
  // As for Installation.
  std::vector<std::string> permissions = {};
};

absl::StatusOr<Installation> ReadInstallation(absl::string_view json);
// The token must be one printable word of at most 8 KiB. Nothing else is
// assumed about it, since GitHub may change its form. The error holds nothing
// of the answer.
absl::StatusOr<InstallationToken> ReadInstallationToken(absl::string_view json);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_GITHUB_ANSWERS_H_
