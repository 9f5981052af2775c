#ifndef SIGNALBOX_SERVER_GITHUB_GITHUB_ANSWERS_H_
#define SIGNALBOX_SERVER_GITHUB_GITHUB_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"
#include "server/report/code_change.h"
#include "server/report/report.h"

namespace signalbox {

// These functions turn the bodies of GitHub's JSON answers into structs. They
// trust nothing: a member of another type or out of its range counts as
// missing. A list element that lacks a required member is left out. Pure.
//
// INVALID_ARGUMENT, reason UNEXPECTED_ANSWER: the text is not JSON, is nested
// deeper than 40, is an object instead of a list, or lacks a required member.

// One attempt of GitHub's to send a delivery to the hook's URL, from the list
// of a hook's deliveries.
struct ListedDelivery {
  int64_t id = 0;    // GitHub's number of the attempt.
  std::string guid;  // The delivery's id, X-GitHub-Delivery.
  absl::Time delivered_at = absl::InfinitePast();  // By GitHub's clock.
  bool redelivery = false;                         // Not the first attempt.
  int status_code = 0;  // The receiver's HTTP answer; 0: none.
  std::string event;    // "pull_request".
  std::string action;   // "opened"; empty: the event has none.
};
// Reads GET .../hooks/{id}/deliveries, a page of attempts.
absl::StatusOr<std::vector<ListedDelivery>> ReadDeliveries(
    absl::string_view json);

// The content of a delivery.
struct SentDelivery {
  std::string event;  // The header X-GitHub-Event.
  // JSON. Encoded again, so the signature of the delivery does not fit it.
  std::string payload;
};
// Reads GET .../hooks/{id}/deliveries/{attempt}.
absl::StatusOr<SentDelivery> ReadSentDelivery(absl::string_view json);

// A pull request as it is now.
struct ListedPullRequest {
  std::string base_full_name;      // OWNER/NAME of the base repository.
  int64_t base_repository_id = 0;  // GitHub's number; 0: not given.
  std::string head_sha;            // As GitHub wrote it, not checked.
  bool open = false;
  CodeChange change;  // Its number, title, author, branches and so on.
};
// ReadPullRequest reads one pull request, ReadPullRequests a page of a list.
absl::StatusOr<ListedPullRequest> ReadPullRequest(absl::string_view json);
absl::StatusOr<std::vector<ListedPullRequest>> ReadPullRequests(
    absl::string_view json);

// The contexts in a page of a combined status (GET .../commits/{sha}/status).
absl::StatusOr<std::vector<std::string>> ReadShownContexts(
    absl::string_view json);

// A commit status as GitHub shows it.
struct ShownStatus {
  int64_t id = 0;
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;
};

// Sets `shown` to what a page of a combined status shows for one context, which
// is compared without regard to ASCII case. Leaves `shown` as it is if the page
// does not have the context. False: the page is malformed.
bool ReadShownStatus(absl::string_view json, absl::string_view context,
                     std::optional<ShownStatus>* shown);

// What a user may do in a repository: admin, write, read or none. Reads GET
// .../collaborators/{login}/permission.
absl::StatusOr<std::string> ReadPermission(absl::string_view json);

// The settings of a hook: a webhook of a repository, an organisation or an App.
struct ListedHook {
  int64_t id = 0;
  std::string url;            // Where GitHub sends the deliveries.
  std::string content_type;   // "json" or "form".
  bool active = true;         // False: GitHub sends nothing.
  bool has_secret = false;    // GitHub signs the deliveries.
  bool insecure_ssl = false;  // GitHub does not check the URL's certificate.
  std::vector<std::string> events;  // Those that GitHub sends; "*": all.
  // The receiver's HTTP answer to the last delivery; 0: no answer. Nothing:
  // there was no delivery yet, or GitHub does not say.
  std::optional<int> last_response_code;
  std::string last_response_message;
};
// Reads a page of a repository's or an organisation's hooks.
absl::StatusOr<std::vector<ListedHook>> ReadHooks(absl::string_view json);
// Reads an App's only hook (GET /app/hook/config). It has no `events`, and is
// always active.
absl::StatusOr<ListedHook> ReadAppHook(absl::string_view json);
// The events that an App subscribes to (GET /app).
absl::StatusOr<std::vector<std::string>> ReadAppEvents(absl::string_view json);

// What GitHub says about a repository, as far as its statuses depend on it.
struct RepositoryFacts {
  std::string full_name;  // OWNER/NAME.
  int64_t id = 0;         // GitHub's number; 0: not given.
  // When it last changed; InfinitePast: not given.
  absl::Time update_time = absl::InfinitePast();
  bool owner_is_user = false;      // Not an organisation.
  std::optional<bool> is_private;  // Nothing: not given.
  bool archived = false;           // Its owner made it read-only.
  bool disabled = false;           // GitHub has closed it.
  // Whether the credential that asked may push to it. Nothing: not given.
  std::optional<bool> may_push;
};
// Reads GET /repos/{owner}/{repo}.
absl::StatusOr<RepositoryFacts> ReadRepository(absl::string_view json);

// GitHub's record that an account has installed an App, so that the App may act
// for the account.
struct Installation {
  int64_t id = 0;
  bool suspended = false;  // The account does not let the App act for now.
  // The App's permissions, such as `statuses=write`, sorted; at most 200.
  // Empty: GitHub did not say.
  std::vector<std::string> permissions = {};
};

// A token that GitHub made for an installation.
struct InstallationToken {
  Secret value;
  absl::Time expiry_time;  // By GitHub's clock.
  // As in Installation.
  std::vector<std::string> permissions = {};
};

// Reads GET .../installation.
absl::StatusOr<Installation> ReadInstallation(absl::string_view json);
// Reads the answer to POST .../access_tokens. The token must be one printable
// word of at most 8 KiB. GitHub may change its form, so nothing else is
// checked. An error contains nothing of the answer.
absl::StatusOr<InstallationToken> ReadInstallationToken(absl::string_view json);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_GITHUB_ANSWERS_H_
