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

// A request as it arrives at GitHub, and GitHub's answer.
struct SimulatedRequest {
  std::string method = "";
  std::string target = "";  // Path and query, as on the wire.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long an answer is on its way to the client. What the client sends
  // before it can know of a rate limit is not held against it.
  absl::Duration latency = absl::ZeroDuration();
};

struct SimulatedResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long GitHub takes to answer. The request has its effect at once.
  absl::Duration delay = absl::ZeroDuration();
  // The connection is reset instead of answering; the effect stays.
  bool reset_connection = false;
};

// Something that goes wrong at GitHub, for the next `count` requests whose
// target contains `target_contains`. The oldest fault that fits a request has
// its way.
//
// A limit concerns the whole token that met it: until it is over, each request
// with that token gets the same answer, consumes no fault and counts as
// misbehaviour. Only `GET /rate_limit` is free during a primary limit.
struct Fault {
  // One of:
  //   server_error_html   502 with an HTML page, nothing applied
  //   server_error_json   500 `Server Error`, nothing applied
  //   slow                applied, answered after 11 s
  //   reset_after_apply   applied, then the connection is reset
  //   reset_before_apply  not applied, the connection is reset
  //   primary_limit_403, primary_limit_429
  //                       the hourly budget is spent until `seconds` from now
  //   secondary_limit     403 with `retry-after: seconds`
  //   secondary_limit_bare  403 without retry-after, remaining above 0
  //   abuse_limit         403 in the old wording, without retry-after
  //   unauthorized        401 `Bad credentials`
  //   forbidden           403 `Resource not accessible by integration`
  std::string name = "";
  int count = 1;  // -1: until cleared.
  int seconds = 60;
  std::string target_contains = "";
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
    // x-ratelimit headers on every answer, and the hourly budget of each token.
    bool rate_limits = true;
    int hourly_limit = 5000;
    // What links to itself begin with.
    std::string base_url = "http://127.0.0.1:8180";
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
    int in_forbidden_window = 0;  // During a rate limit's pause.
    int identical_repeats = 0;    // Same state, text and URL as shown already.
    int regressions = 0;          // A pending after a result; see AllowRerun.
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
  };

  explicit GitHubRules(Options options);
  ~GitHubRules();

  // Answers one API request. Never throws, whatever the request is.
  SimulatedResponse Handle(const SimulatedRequest& request, absl::Time now);

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
  // False, and nothing happens, if there is no such repository or another one
  // has the new name.
  bool RenameRepository(absl::string_view full_name,
                        absl::string_view new_full_name);
  // These two do nothing if there is no such repository.
  void SetArchived(absl::string_view full_name, bool archived);
  void SetWritable(absl::string_view full_name, bool writable);

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
  std::vector<int64_t> AppIds() const;
  std::vector<int64_t> InstallationIds() const;
  // Whether `pem` can be an App's key: the public half of an RSA key.
  static bool IsAppKey(absl::string_view pem);

  // The next pending that follows a result of this key is asked for: it is no
  // regression. Once for each call.
  void AllowRerun(absl::string_view full_name, absl::string_view sha,
                  absl::string_view context);

  // `fault.name` must be one of Fault's.
  void AddFault(Fault fault);
  // Also ends the limits that faults began.
  void ClearFaults();
  static bool IsFault(absl::string_view name);

  bool HasRepository(absl::string_view full_name) const;
  // Whether it is visible yet or not.
  bool HasCommit(absl::string_view full_name, absl::string_view sha) const;
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
  // How many requests came.
  int request_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_H_
