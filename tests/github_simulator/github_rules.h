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

// A request as it arrives at GitHub.
struct SimulatedRequest {
  std::string method = "";
  std::string target = "";  // Path and query, as on the wire.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long the answer will travel to the client. Until it arrives, the client
  // cannot know of a new rate limit and may send requests.
  absl::Duration latency = absl::ZeroDuration();
  // The number that GitHubRules::Open gave to this request and its answer; 0:
  // Open was not called.
  int64_t exchange = 0;
};

// GitHub's answer to a request.
struct SimulatedResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "";
  // How long GitHub takes to answer. The effect of the request is immediate.
  absl::Duration delay = absl::ZeroDuration();
  // True: GitHub sends no answer, but resets the connection after `delay`. The
  // effect of the request stays.
  bool reset_connection = false;
  // As in the request.
  int64_t exchange = 0;
};

// An order from a test: GitHub does something wrong, or imposes a limit, at the
// next `count` requests whose target contains `target_contains`. If several
// faults fit a request, it meets the oldest.
//
// A limit applies to the whole account that met it: an installation, an App, or
// a token of another kind. Until the limit is over, each request of the account
// gets the same answer, and uses up no fault. Such a request counts as
// misbehaviour, unless it is a probe (see Misbehaviour). During a primary
// limit, `GET /rate_limit` works and is free.
struct Fault {
  // What goes wrong ("applied": the request has its effect), one of:
  //   server_error_html   502 with an HTML page, not applied
  //   server_error_json   500 `Server Error`, not applied
  //   slow                applied, answered after 11 s
  //   hang                not applied and not answered: the connection is reset
  //                       after 30 s
  //   apply_late          as `hang`, but applied `seconds` later
  //   reset_after_apply   applied, then the connection is reset
  //   reset_before_apply  not applied, and the connection is reset
  //   bad_json            applied; a 201 has half its body
  //   primary_limit_403, primary_limit_429
  //                       the hourly budget is spent until `seconds` from now
  //   secondary_limit     403 with `retry-after: seconds`
  //   secondary_limit_bare  403 without retry-after, remaining above 0
  //   abuse_limit         403 in GitHub's old wording, without retry-after
  //   unauthorized        401 `Bad credentials`
  //   forbidden           403 `Resource not accessible by integration`
  //   redirect_elsewhere  307 to `location`; if that is a host alone, the
  //                       request's own path is added
  //   redirect_loop       307 to an address that redirects on without end
  //   answer              what the members below say, not applied
  std::string name = "";
  int count = 1;     // How many requests meet it; -1: all, until it is cleared.
  int seconds = 60;  // Used as `name` says.
  std::string target_contains = "";  // Empty: fits every request.

  // The rest is used by `answer`, and `location` by `redirect_elsewhere`, too.
  int status = 0;         // From 200 to 599.
  std::string body = "";  // Any bytes. Or leave it empty and set `message`:
  // the body is then GitHub's error object with this message and, if it is not
  // empty, the JSON array `errors`.
  std::string message = "";
  std::string errors = "";
  // These replace headers of the same name that GitHub sends with all answers.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = "";  // Empty: JSON.
  // The Location header; empty: none.
  std::string location = "";
};

// A simulated GitHub: it stores repositories, commits and statuses, and answers
// API requests by GitHub's rules. It has neither sockets nor a clock. The
// simulator program serves it over HTTP, and tests call it directly or through
// FakeGitHub.
//
// Not thread-safe.
class GitHubRules {
 public:
  struct Options {
    // The static tokens that GitHub accepts, besides those of installations.
    // Empty: it accepts any token, but a request must have one. A token that
    // begins with `ghs_` belongs to an App, any other to a user. Once there is
    // an App, GitHub accepts a `ghs_` token only if it is listed here or was
    // made for an installation.
    std::vector<std::string> tokens = {};
    // Acts as if every repository and every commit existed.
    bool any_repository = false;
    // The path below which the API lives: "", or "/api/v3" as on a GHES.
    std::string api_prefix = "";
    // Each account has an hourly budget of `hourly_limit` requests, and every
    // answer says in x-ratelimit headers what is left of it.
    bool rate_limits = true;
    int hourly_limit = 5000;
    // The beginning of all links to this GitHub.
    std::string base_url = "http://127.0.0.1:8180";
    // How many requests of one account may be under way together before they
    // count as misbehaviour; 0: any number.
    int max_concurrent = 0;
    // Clients do not see rows younger than this. It plays GitHub's replicas
    // that lag behind.
    absl::Duration read_lag = absl::ZeroDuration();
    // How long each answer takes.
    absl::Duration answer_delay = absl::ZeroDuration();
    // For how long GitHub lists webhook deliveries (a GHES: 7 days), and how
    // soon a receiver must answer a webhook (a GHES: 30 s).
    absl::Duration delivery_retention = absl::Hours(72);
    // GitHub's lists lack attempts that began less than this ago.
    absl::Duration delivery_lag = absl::ZeroDuration();
    absl::Duration webhook_timeout = absl::Seconds(10);
    // GitHub sends each new status to the webhooks that want the event
    // `status`.
    bool status_events = false;
    // The host of a GHES, which webhooks name in a header; empty: github.com.
    std::string enterprise_host = "";

    // The beginning of all links to the API.
    std::string api_url() const { return base_url + api_prefix; }
  };

  // A status as a client created it. GitHub keeps all rows of a commit, and
  // shows the newest one of each context.
  struct Row {
    int64_t id = 0;
    std::string state = "";
    std::string description = "";
    std::string target_url = "";
    std::string context = "";
    absl::Time created_at = absl::UnixEpoch();
    std::string creator = "";
  };

  // A row, and its number in the order in which all rows were made, from 1.
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

  // How often clients did what GitHub asks its clients not to do. Tests end
  // with a check that all counters are zero.
  struct Misbehaviour {
    int without_user_agent = 0;  // Requests without the header User-Agent.
    // Requests during a rate limit, once the client could know of the limit.
    // Probes are not counted, so that a client need not believe a long pause. A
    // client may send one probe after each Retry-After of more than 1 h, and if
    // the limit's reset is more than 65 min away. If GitHub named no moment, it
    // may probe after 60 s, then after waits that double up to 15 min.
    int in_forbidden_window = 0;
    // Posts with the state, description and URL that GitHub already shows. Not
    // counted: one repeat after a request for the same key was answered with
    // 5xx, or after its answer did not reach the client.
    int identical_repeats = 0;
    int regressions = 0;  // Pendings after a result, without AllowRerun.
    // Requests that began while Options::max_concurrent were under way.
    int concurrent_requests = 0;
    int unknown_requests = 0;  // For a route that GitHub does not have.
    // Orders to redeliver one GUID to one webhook, beyond three.
    int too_many_redeliveries = 0;
    // Orders to redeliver a delivery that needs none: it had succeeded, or the
    // receiver had refused it with 4xx. The state counts at which the client
    // last listed the newest deliveries, or a minute ago, whichever is later.
    int needless_redeliveries = 0;

    // Every counter with its name.
    std::vector<std::pair<std::string, int>> All() const;
    bool operator==(const Misbehaviour&) const = default;
  };

  // A GitHub App. GitHub accepts JWTs that are signed with the private half of
  // `public_key` (PEM). Apps::SetAppKeys allows several keys.
  struct App {
    int64_t id = 0;
    std::string client_id = "";
    std::string slug = "";
    std::string public_key = "";
  };

  // GitHub's record that an App may act for an account. Its tokens are valid
  // only for that account's repositories, share one hourly budget, and create
  // statuses as `SLUG[bot]`.
  struct Installation {
    int64_t id = 0;  // 0: the next free one.
    int64_t app_id = 0;
    std::string account = "";                   // A login.
    std::string account_type = "Organization";  // Or "User".
    // GitHub makes no tokens for it, and answers its tokens with 403.
    bool suspended = false;
    // True: tokens have about 520 characters, among them dots, underscores and
    // dashes. False: 40 characters.
    bool long_tokens = true;
    absl::Duration token_lifetime = absl::Hours(1);
    // For so long after a token was made, GitHub answers it with `young_status`
    // (401, 403 or 404), because it does not know the token everywhere yet.
    absl::Duration young_for = absl::ZeroDuration();
    int young_status = 401;
    // Its permissions, such as {"statuses", "write"}. Empty: "read" for
    // contents, metadata and pull requests, "write" for statuses.
    std::map<std::string, std::string> permissions = {};
  };

  explicit GitHubRules(Options options);
  ~GitHubRules();

  // Answers one API request at time `now`. Never throws, whatever the request
  // is.
  SimulatedResponse Handle(const SimulatedRequest& request, absl::Time now);

  // Tell GitHub when a client waits for an answer, which decides what the
  // client can know (of limits, and of the fate of its posts). Without these
  // calls, GitHub assumes that the client waits from Handle until the answer is
  // due.
  //
  // Call Open when the client sends the request, before Handle, and put the
  // returned number into the request. Call Close when the client has the
  // answer, or stops waiting; `is_answered` false: it does not know the
  // outcome.
  int64_t Open(const SimulatedRequest& request, absl::Time now);
  void Close(int64_t exchange, bool is_answered);

  // Applies the requests that the fault `apply_late` delayed and that are due.
  // Returns when the next one is due; infinite: none. Handle also does this.
  absl::Time ApplyLate(absl::Time now);

  // These change the option of the same name from now on.
  void SetMaxConcurrent(int count);
  void SetReadLag(absl::Duration read_lag);
  void SetAnswerDelay(absl::Duration answer_delay);
  void SetStatusEvents(bool status_events);
  const Options& options() const;

  // The repositories. `full_name` is OWNER/NAME, in any case. The old names of
  // a renamed repository redirect to it.

  // Adds a repository. If another repository has the name, or had it, the new
  // one takes it over, and the redirect of an old name ends. `id` 0: the next
  // free one, above 2^32. Does nothing if the id is in use.
  void AddRepository(absl::string_view full_name, int64_t id);
  // Adds a commit, and its repository if necessary. Requests before
  // `visible_from` do not find the commit. If the commit exists, only that time
  // changes.
  void AddCommit(absl::string_view full_name, absl::string_view sha,
                 absl::Time visible_from = absl::InfinitePast());
  // Makes a commit the head of a branch, or removes the branch if `sha` is
  // empty. Does nothing if there is no such repository.
  void SetBranch(absl::string_view full_name, absl::string_view branch,
                 absl::string_view sha);
  // Renames a repository; if the owner changes, this is a transfer. False:
  // there is no such repository, or another one has the new name. Nothing
  // changes then.
  bool RenameRepository(absl::string_view full_name,
                        absl::string_view new_full_name);
  // These do nothing if there is no such repository. Clients cannot post to an
  // archived repository (403), nor to one that is not writable (404).
  void SetArchived(absl::string_view full_name, bool archived);
  void SetWritable(absl::string_view full_name, bool writable);

  // Sets what the user `login` may do. `where` is OWNER/NAME or an
  // organisation. For a repository, `role` is "admin", "maintain", "write",
  // "triage", "read" or "none". For an organisation, "admin" makes the user an
  // owner, who administrates all its repositories. By default the user of a
  // static token may write, and others may read.
  void SetRole(absl::string_view where, absl::string_view login,
               absl::string_view role);
  // Gives the user of a static token the role "admin", or "write".
  void SetAdmin(absl::string_view token, absl::string_view where,
                bool is_admin = true);
  // The login of a static token's user, as GET /user shows it.
  std::string LoginOf(absl::string_view token);
  // Sets the scopes of a classic token, separated by commas; "repo" unless set.
  // Requests about an organisation's webhooks need "admin:org_hook".
  void SetScopes(absl::string_view token, absl::string_view scopes);

  // Webhooks and what was delivered through them (hooks.h).
  Hooks& hooks();

  // Adds a pull request, and its repository and head commit if necessary.
  // Replaces the pull request of the same number. Number 0: the next free one.
  // Returns the number.
  int AddPullRequest(absl::string_view full_name, PullRequest pull_request);
  PullRequests& pull_requests();

  // Adds an App, or replaces the one of the same id; its installations stay.
  // IsRsaPublicKey (app_jwt.h) must be true of its key.
  void AddApp(App app);
  // Adds an installation, or replaces the one of the same id; its tokens stay.
  // Returns the id.
  int64_t AddInstallation(Installation installation);
  // The Apps, their installations and tokens (apps.h).
  Apps& apps();

  // Says that the key's next pending after a result is intended, so that it
  // does not count as a regression. Each call allows one.
  void AllowRerun(absl::string_view full_name, absl::string_view sha,
                  absl::string_view context);

  // Orders a fault. ComplaintAboutFault (faults.h) must find nothing wrong.
  void AddFault(Fault fault);
  // Cancels all faults, and ends the limits that faults began. Requests that
  // `apply_late` delayed stay delayed.
  void ClearFaults();

  bool HasRepository(absl::string_view full_name) const;
  // Whether the commit exists, visible or not.
  bool HasCommit(absl::string_view full_name, absl::string_view sha) const;
  bool IsArchived(absl::string_view full_name) const;
  // The present name of the repository with this name or old name, as spelled;
  // empty: there is none.
  std::string CurrentName(absl::string_view full_name) const;
  int64_t RepositoryId(absl::string_view full_name) const;

  // What GitHub shows at a commit: the newest row of each context. The keys are
  // the contexts in lower case.
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
  // The most requests of one account that were under way together so far.
  int max_in_flight() const;
  // How many requests Handle has answered.
  int request_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_GITHUB_RULES_H_
