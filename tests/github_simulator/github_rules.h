#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

class Apps;
class Hooks;
class PullRequests;
struct PullRequest;

// A request as it arrives at GitHub, and GitHub's answer.
struct SimulatedRequest {
  std::string method = "";
  std::string target = "";  // Path and query, as on the wire.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long the answer travels to the client. Until it arrives, the client
  // cannot know of a new rate limit and may send.
  absl::Duration latency = absl::ZeroDuration();
  // What GitHubRules::Open returned for it; 0: nobody called Open.
  int64_t exchange = 0;
};

struct SimulatedResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long GitHub takes to answer. The effect of the request is immediate.
  absl::Duration delay = absl::ZeroDuration();
  // After `delay` the connection is reset, with no answer; the effect stays.
  bool reset_connection = false;
  // As in the request.
  int64_t exchange = 0;
};

// Something that goes wrong at GitHub, for the next `count` requests whose
// target contains `target_contains`. A request meets the oldest fault that
// fits.
//
// A limit applies to the whole account (an installation, an App, or a token of
// another kind) that met it. Until it is over, each request of the account gets
// the same answer, uses up no fault and, unless it is a probe, counts as
// misbehaviour. Only `GET /rate_limit` is free during a primary limit.
struct Fault {
  // One of:
  //   server_error_html   502 with an HTML page, nothing applied
  //   server_error_json   500 `Server Error`, nothing applied
  //   slow                applied, answered after 11 s
  //   hang                not applied, and never answered: the connection is
  //                       reset after 30 s
  //   apply_late          as `hang`, but applied `seconds` later
  //   reset_after_apply   applied, then the connection is reset
  //   reset_before_apply  not applied, the connection is reset
  //   bad_json            applied; a 201 has half its body
  //   primary_limit_403, primary_limit_429
  //                       the hourly budget is spent until `seconds` from now
  //   secondary_limit     403 with `retry-after: seconds`
  //   secondary_limit_bare  403 without retry-after, remaining above 0
  //   abuse_limit         403 in the old wording, without retry-after
  //   unauthorized        401 `Bad credentials`
  //   forbidden           403 `Resource not accessible by integration`
  //   redirect_elsewhere  307 to `location`; the request's own path is added
  //                       if that is a host alone
  //   redirect_loop       307 to an address that redirects on without end
  //   answer              what the members below say, nothing applied
  std::string name = "";
  int count = 1;  // -1: until cleared.
  int seconds = 60;
  std::string target_contains = "";

  // Used by `answer` only:
  int status = 0;            // From 200 to 599.
  std::string body = "";     // Any bytes; or else
  std::string message = "";  // an error body, as GitHub has them, with
  std::string errors = "";   // this JSON array, if it is not empty.
  // These replace headers of the same name that all answers have.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = "";  // Empty: JSON.
  // The Location header; empty: none.
  std::string location = "";
};

// GitHub, as far as Signalbox uses it: the rules of a commit-status API,
// without sockets and without a clock. The simulator program adds HTTP, unit
// tests call it directly.
//
// Not thread-safe.
class GitHubRules {
 public:
  struct Options {
    // Accepted tokens besides those of installations. Empty: any token, but a
    // request must have one. A token that begins with `ghs_` belongs to an App,
    // any other to a user. Once there is an App, GitHub accepts a `ghs_` token
    // only if it is listed here or was made for an installation.
    std::vector<std::string> tokens = {};
    // Every repository exists and has every commit.
    bool any_repository = false;
    // The path below which the API lives: "", or "/api/v3" for a GHES.
    std::string api_prefix = "";
    // Every answer has x-ratelimit headers, and each account an hourly budget.
    bool rate_limits = true;
    int hourly_limit = 5000;
    // Links to this GitHub begin with it.
    std::string base_url = "http://127.0.0.1:8180";
    // The limit on requests of one account under way together; 0: none.
    int max_concurrent = 0;
    // Rows younger than this are missing from what clients read.
    absl::Duration read_lag = absl::ZeroDuration();
    // How long each answer takes.
    absl::Duration answer_delay = absl::ZeroDuration();
    // For how long GitHub lists webhook deliveries (GHES: 7 days), and how soon
    // a receiver must answer (GHES: 30 s).
    absl::Duration delivery_retention = absl::Hours(72);
    absl::Duration webhook_timeout = absl::Seconds(10);
    // GitHub sends every new status to the hooks that want `status`.
    bool status_events = false;
    // The host of a GHES, which its webhooks name; empty: github.com.
    std::string enterprise_host = "";
  };

  // A status as it was created.
  struct Row {
    int64_t id = 0;
    std::string state = "";
    std::string description = "";
    std::string target_url = "";
    std::string context = "";
    absl::Time created_at = absl::UnixEpoch();
    std::string creator = "";
  };

  // A row and its number in the order of all rows, from 1.
  struct Event {
    int64_t number = 0;
    std::string full_name = "";
    std::string sha = "";
    Row row;
  };

  // A commit that has statuses.
  struct CommitName {
    std::string full_name = "";
    std::string sha = "";
  };

  // What a client did that GitHub asks clients not to do. Tests end by
  // asserting that all are zero.
  struct Misbehaviour {
    int without_user_agent = 0;
    // A request during a rate limit's pause, once the client could know of it.
    // Probes of the limit are not counted: one request after each Retry-After
    // of more than 1 h, reset further away than 65 min or, where GitHub named
    // no moment, wait of 60 s, doubling up to 15 min.
    int in_forbidden_window = 0;
    // Same state, text and URL as GitHub already shows. Not counted: one repeat
    // after a request for the same key was answered with a 5xx, or its answer
    // did not reach the client.
    int identical_repeats = 0;
    int regressions = 0;  // A pending after a result; see AllowRerun.
    // More requests than Options::max_concurrent.
    int concurrent_requests = 0;
    int unknown_requests = 0;  // GitHub has no such route.
    // More than three redeliveries of one GUID to one hook.
    int too_many_redeliveries = 0;
    // Of a delivery that had succeeded, or that the receiver had refused with
    // 4xx, when the client last asked for the newest deliveries or a minute
    // ago, whichever is later.
    int needless_redeliveries = 0;

    // Every counter with its name.
    std::vector<std::pair<std::string, int>> All() const;
    bool operator==(const Misbehaviour&) const = default;
  };

  // A GitHub App. The private half of `public_key` (PEM) signs its JWTs.
  // Several keys may be active (rotation): see SetAppKeys.
  struct App {
    int64_t id = 0;
    std::string client_id = "";
    std::string slug = "";
    std::string public_key = "";
  };

  // Where an App may act. Its tokens are valid only for that account's
  // repositories, share one hourly budget, and make statuses as `SLUG[bot]`.
  struct Installation {
    int64_t id = 0;  // 0: the next free one.
    int64_t app_id = 0;
    std::string account = "";                   // A login.
    std::string account_type = "Organization";  // Or "User".
    bool suspended = false;                     // No tokens, and 403 to them.
    // About 520 characters with dots, underscores and dashes; else 40.
    bool long_tokens = true;
    absl::Duration token_lifetime = absl::Hours(1);
    // For this long after it was made, a token gets `young_status` (401, 403 or
    // 404) instead.
    absl::Duration young_for = absl::ZeroDuration();
    int young_status = 401;
    // Its permissions, such as {"statuses", "write"}; empty: contents, metadata
    // and pull requests "read", statuses "write".
    std::map<std::string, std::string> permissions = {};
  };

  explicit GitHubRules(Options options);
  ~GitHubRules();

  // Answers one API request. Never throws, whatever the request is.
  SimulatedResponse Handle(const SimulatedRequest& request, absl::Time now);

  // For a caller that sees when a client starts and stops waiting. Without
  // Open, the client waits from Handle until the answer is due. Call Open
  // before Handle, with the time at which the request was sent, and Close at
  // any time after Open. `is_answered` false: the client stopped waiting or
  // lost the connection, and does not know the outcome.
  int64_t Open(const SimulatedRequest& request, absl::Time now);
  void Close(int64_t exchange, bool is_answered);

  // Applies the requests that a fault delayed, if they are due. Returns when
  // the next one is due. Handle also does this.
  absl::Time ApplyLate(absl::Time now);

  // These change the options of the same name.
  void SetMaxConcurrent(int count);
  void SetReadLag(absl::Duration read_lag);
  void SetAnswerDelay(absl::Duration answer_delay);
  void SetStatusEvents(bool status_events);
  const Options& options() const;

  // The world. `full_name` is OWNER/NAME, in any case. A renamed repository
  // keeps its old names as redirects.

  // Takes over a current or old name of another repository; the redirect of an
  // old name ends. `id` 0: the next free one, above 2^32. Does nothing if the
  // id is in use.
  void AddRepository(absl::string_view full_name, int64_t id);
  // Adds the repository if necessary. Requests before `visible_from` do not
  // find the commit. If the commit exists, only that time changes.
  void AddCommit(absl::string_view full_name, absl::string_view sha,
                 absl::Time visible_from = absl::InfinitePast());
  // A new owner makes it a transfer. Returns false and changes nothing if there
  // is no such repository or another one has the new name.
  bool RenameRepository(absl::string_view full_name,
                        absl::string_view new_full_name);
  // These two do nothing if there is no such repository.
  void SetArchived(absl::string_view full_name, bool archived);
  void SetWritable(absl::string_view full_name, bool writable);

  // Sets the role of a login in a repository: "admin", "maintain", "write",
  // "triage", "read" or "none". For an organisation, OWNER, "admin" makes it an
  // owner, who is administrator of all repositories there. Without a role, the
  // user of a static token may write, and others may read.
  void SetRole(absl::string_view where, absl::string_view login,
               absl::string_view role);
  // Makes the user of a static token an administrator, or gives it "write".
  void SetAdmin(absl::string_view token, absl::string_view where,
                bool is_admin = true);
  // The login that GET /user shows.
  std::string LoginOf(absl::string_view token);
  // The scopes of a classic token, separated by commas; "repo" unless set.
  // Requests about an organisation's hooks need "admin:org_hook".
  void SetScopes(absl::string_view token, absl::string_view scopes);

  // Webhooks and what was delivered through them (hooks.h).
  Hooks& hooks();

  // Adds the repository and the head's commit if necessary. Replaces the pull
  // request of the same number; 0: takes the next number. Returns the number.
  int AddPullRequest(absl::string_view full_name, PullRequest pull_request);
  PullRequests& pull_requests();

  // Replaces one of the same id; its installations stay. The key must be valid.
  void AddApp(App app);
  // Replaces all keys by these, in PEM.
  void SetAppKeys(int64_t app_id, std::vector<std::string> public_keys);
  // Replaces an installation of the same id; its tokens stay. Returns the id.
  int64_t AddInstallation(Installation installation);
  // Its tokens are bad credentials from now on.
  void RemoveInstallation(int64_t id);
  // All tokens made so far are bad credentials from now on.
  void RevokeTokens(int64_t installation_id);
  int tokens_made(int64_t installation_id) const;
  bool HasApp(int64_t id) const;
  const Apps& apps() const;
  std::vector<int64_t> AppIds() const;
  std::vector<int64_t> InstallationIds() const;
  // Whether `pem` can be an App's key: the public half of an RSA key.
  static bool IsAppKey(absl::string_view pem);

  // The next pending after a result of this key is wanted: it is no regression.
  // Each call allows one.
  void AllowRerun(absl::string_view full_name, absl::string_view sha,
                  absl::string_view context);

  // ComplaintAbout(fault) must be empty.
  void AddFault(Fault fault);
  // Also ends the limits that faults began. Delayed requests stay delayed.
  void ClearFaults();
  static bool IsFault(absl::string_view name);
  // Says why a fault is impossible; empty: it is possible.
  static std::string ComplaintAbout(const Fault& fault);

  bool HasRepository(absl::string_view full_name) const;
  // Whether the commit exists, visible or not.
  bool HasCommit(absl::string_view full_name, absl::string_view sha) const;
  bool IsArchived(absl::string_view full_name) const;
  // The repository's name as it is spelled now; empty if there is none.
  std::string CurrentName(absl::string_view full_name) const;
  int64_t RepositoryId(absl::string_view full_name) const;

  // What GitHub shows: the newest row of each context, by lower-case context.
  std::map<std::string, Row> Shown(absl::string_view full_name,
                                   absl::string_view sha) const;
  // All rows of a commit, oldest first.
  std::vector<Row> Rows(absl::string_view full_name,
                        absl::string_view sha) const;
  // GitHub's combined state of a commit: "success", "failure" or "pending".
  std::string CombinedState(absl::string_view full_name,
                            absl::string_view sha) const;

  // The rows made after row number `number`, at most `limit`, oldest first.
  std::vector<Event> EventsAfter(int64_t number, size_t limit) const;
  // At most `limit` commits, the one with the newest row first.
  std::vector<CommitName> RecentCommits(size_t limit) const;

  const Misbehaviour& misbehaviour() const;
  // The most requests of one account that were ever under way together.
  int max_in_flight() const;
  // How many requests came.
  int request_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_H_
