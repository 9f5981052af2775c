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
  // How long an answer is on its way to the client. What the client sends
  // before it can know of a rate limit is not held against it.
  absl::Duration latency = absl::ZeroDuration();
  // What GitHubRules::Open returned for it; 0: it was not called.
  int64_t exchange = 0;
};

struct SimulatedResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long GitHub takes to answer. The request has its effect at once.
  absl::Duration delay = absl::ZeroDuration();
  // After `delay` the connection is reset instead; the effect stays.
  bool reset_connection = false;
  // As in the request.
  int64_t exchange = 0;
};

// Something that goes wrong at GitHub, for the next `count` requests whose
// target contains `target_contains`. The oldest fault that fits a request has
// its way.
//
// A limit concerns the whole account (an installation, an App, or a token of
// another kind) that met it: until it is over, each of its requests gets the
// same answer, consumes no fault and, but for a probe, counts as misbehaviour.
// Only `GET /rate_limit` is free during a primary limit.
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

  // Of `answer`.
  int status = 0;            // From 200 to 599.
  std::string body = "";     // Any bytes; or else
  std::string message = "";  // an error body, as GitHub has them, with
  std::string errors = "";   // this JSON array, if it is not empty.
  // Instead of those of the same name that all answers have.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = "";  // Empty: JSON.
  // The Location header; empty: none.
  std::string location = "";
};

// GitHub, as far as Signalbox meets it: the rules of a commit-status API
// without sockets and without a clock. The simulator program puts HTTP around
// it, unit tests call it directly.
//
// Not thread-safe.
class GitHubRules {
 public:
  struct Options {
    // Accepted tokens beside those of installations; empty: any, but there
    // must be one. A token that begins with `ghs_` belongs to an App, any other
    // to a user. Once there is an App, the first kind is not any: only what is
    // listed here or what an installation was given.
    std::vector<std::string> tokens = {};
    // Every repository exists and has every commit.
    bool any_repository = false;
    // Under which path the API lives: "" or, as GHES has it, "/api/v3".
    std::string api_prefix = "";
    // x-ratelimit headers on every answer, and an hourly budget of each
    // account.
    bool rate_limits = true;
    int hourly_limit = 5000;
    // What links to itself begin with.
    std::string base_url = "http://127.0.0.1:8180";
    // Requests of one account that may be under way together; 0: any number.
    int max_concurrent = 0;
    // Rows younger than this are missing from what clients read.
    absl::Duration read_lag = absl::ZeroDuration();
    // How long each answer takes.
    absl::Duration answer_delay = absl::ZeroDuration();
    // How long webhook deliveries are told of (GHES: 7 days), and within which
    // time a receiver must answer (GHES: 30 s).
    absl::Duration delivery_retention = absl::Hours(72);
    absl::Duration webhook_timeout = absl::Seconds(10);
    // Every status that is created is sent to the hooks that want `status`.
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

  // A row with the number that tells the order of all rows, from 1.
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
    // During a rate limit's pause, once the client could know of it. Not
    // counted is one request after each Retry-After of more than 1 h, reset
    // further away than 65 min or, where GitHub named no moment, 60 s doubling
    // up to 15 min: it probes whether the limit is over.
    int in_forbidden_window = 0;
    // Same state, text and URL as shown already. Not counted, once, is what
    // follows a request for the same key whose answer did not reach the client
    // or was a 5xx.
    int identical_repeats = 0;
    int regressions = 0;  // A pending after a result; see AllowRerun.
    // Beyond Options::max_concurrent.
    int concurrent_requests = 0;
    int unknown_requests = 0;  // GitHub has no such route.
    // Beyond the third of one GUID to one hook.
    int too_many_redeliveries = 0;
    // Of what had succeeded, or what the receiver had refused by 4xx, when the
    // client last asked for the newest deliveries, or a minute ago.
    int needless_redeliveries = 0;

    // Every counter with its name.
    std::vector<std::pair<std::string, int>> All() const;
    bool operator==(const Misbehaviour&) const = default;
  };

  // A GitHub App, whose JWTs are signed with the private half of `public_key`
  // (PEM). Several keys may be active (rotation): see SetAppKeys.
  struct App {
    int64_t id = 0;
    std::string client_id = "";
    std::string slug = "";
    std::string public_key = "";
  };

  // Where an App may act. Its tokens are good for the repositories of that
  // account alone, share one hourly budget, and make statuses as `SLUG[bot]`.
  struct Installation {
    int64_t id = 0;  // 0: the next free one.
    int64_t app_id = 0;
    std::string account = "";                   // A login.
    std::string account_type = "Organization";  // Or "User".
    bool suspended = false;                     // No tokens, and 403 to them.
    // About 520 characters with dots, underscores and dashes; else 40.
    bool long_tokens = true;
    absl::Duration token_lifetime = absl::Hours(1);
    // For so long after it was made, a token gets `young_status` instead: 401,
    // 403 or 404.
    absl::Duration young_for = absl::ZeroDuration();
    int young_status = 401;
    // What it may do, such as {"statuses", "write"}; empty: contents, metadata
    // and pull requests "read", statuses "write".
    std::map<std::string, std::string> permissions = {};
  };

  explicit GitHubRules(Options options);
  ~GitHubRules();

  // Answers one API request. Never throws, whatever the request is.
  SimulatedResponse Handle(const SimulatedRequest& request, absl::Time now);

  // For whoever knows when a client begins and ceases to wait for an answer;
  // without, it waits from Handle until the answer is due. Open goes before
  // Handle, at the time when the request was sent; Close at any time after
  // Open. `is_answered` false: the client gave up, or lost the connection, and
  // knows nothing of what became of its request.
  int64_t Open(const SimulatedRequest& request, absl::Time now);
  void Close(int64_t exchange, bool is_answered);

  // Applies the requests that a fault made late, as far as they are due.
  // Returns when the next one is due. Handle does so too.
  absl::Time ApplyLate(absl::Time now);

  // Change the options of the same name.
  void SetMaxConcurrent(int count);
  void SetReadLag(absl::Duration read_lag);
  void SetAnswerDelay(absl::Duration answer_delay);
  void SetStatusEvents(bool status_events);
  const Options& options() const;

  // The world. `full_name` is OWNER/NAME, in any case; a renamed repository
  // also goes by its old names.

  // A name in use passes to the new repository, and so does an old name, whose
  // redirect ends. `id` 0: the next free one, above 2^32. An id in use keeps
  // its repository, and nothing happens.
  void AddRepository(absl::string_view full_name, int64_t id);
  // Makes the repository if there is none. Requests before `visible_from` do
  // not find the commit. Of a commit that exists, only that time changes.
  void AddCommit(absl::string_view full_name, absl::string_view sha,
                 absl::Time visible_from = absl::InfinitePast());
  // Also to another owner, which is a transfer. False, and nothing happens, if
  // there is no such repository or another one has the new name.
  bool RenameRepository(absl::string_view full_name,
                        absl::string_view new_full_name);
  // These two do nothing if there is no such repository.
  void SetArchived(absl::string_view full_name, bool archived);
  void SetWritable(absl::string_view full_name, bool writable);

  // What a login may do in a repository: "admin", "maintain", "write",
  // "triage", "read" or "none". Of an organisation, OWNER, "admin" makes it an
  // owner, who is administrator of all its repositories. Without, whom a static
  // token belongs to may write, and others read.
  void SetRole(absl::string_view where, absl::string_view login,
               absl::string_view role);
  // The same for whom a static token belongs to: is an administrator, or may
  // write.
  void SetAdmin(absl::string_view token, absl::string_view where,
                bool is_admin = true);
  // Who that is, as GET /user has it.
  std::string LoginOf(absl::string_view token);
  // Of a classic token, separated by commas; "repo" unless set. An
  // organisation's hooks want "admin:org_hook".
  void SetScopes(absl::string_view token, absl::string_view scopes);

  // Webhooks and what was delivered through them (hooks.h).
  Hooks& hooks();

  // Makes the repository and the head's commit if need be, and replaces the
  // pull request of the same number. Returns the number, the next one if it is
  // 0.
  int AddPullRequest(absl::string_view full_name, PullRequest pull_request);
  PullRequests& pull_requests();

  // Replaces one of the same id, whose installations stay. The key must be one.
  void AddApp(App app);
  // From now on these keys, PEM, and no others.
  void SetAppKeys(int64_t app_id, std::vector<std::string> public_keys);
  // Replaces one of the same id, whose tokens stay. Returns the id.
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

  // The next pending that follows a result of this key is asked for: it is no
  // regression. Once for each call.
  void AllowRerun(absl::string_view full_name, absl::string_view sha,
                  absl::string_view context);

  // There must be no complaint about it.
  void AddFault(Fault fault);
  // Also ends the limits that faults began. What is late stays late.
  void ClearFaults();
  static bool IsFault(absl::string_view name);
  // A sentence about what makes a fault impossible; empty: nothing does.
  static std::string ComplaintAbout(const Fault& fault);

  bool HasRepository(absl::string_view full_name) const;
  // Whether it is visible yet or not.
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
