#ifndef SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_
#define SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/report/code_change.h"
#include "server/report/event.h"
#include "server/report/judge.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// The webhook request that a submission comes from.
struct Delivery {
  std::string id;
  std::string digest;  // 32 bytes, or empty.
  std::string event;
  std::string action;
  // GitHub's number for the hook that sent the request; 0: not known.
  int64_t hook_id = 0;
};

// A status that GitHub shows already: GitHub's number for it, and the login
// that set it.
struct Observed {
  int64_t status_id = 0;
  std::string creator_login;
};

// A call that is about all contexts of a commit covers at most this many.
inline constexpr size_t kMostReportedContexts = 1000;

// One call: one report for each of its contexts. The outbox accepts all of them
// or none.
struct Submission {
  Report report;
  // As spelled. If there are none, a delivery only shows that GitHub has the
  // commit.
  std::vector<std::string> contexts;
  // Also report every other context of the commit that was reported here
  // before, if `may_report_context` allows it. An empty function allows every
  // context.
  bool with_all_reported = false;
  std::function<bool(absl::string_view context)> may_report_context;
  std::optional<Delivery> delivery;
  std::optional<CodeChange> change;
  // The reports describe what GitHub shows. Nothing is posted for them.
  std::optional<Observed> observed;
  // For pendings with a delivery. A redelivery runs the contexts again if it
  // arrives at least 10 s after the delivery, this server has not asked GitHub
  // for it, and none of the contexts is pending.
  bool redelivery_is_rerun = false;
  // The reports are only recorded in the history, as SUPERSEDED, to explain why
  // the server did nothing.
  bool for_history = false;
  // The server itself asked GitHub, so the numbers in the report are GitHub's.
  // The outbox also believes the numbers of a delivery, and no others.
  bool from_github = false;
  // Compare and set: a report that would be accepted is refused with ABORTED,
  // reason CHANGED, if a report with a larger sequence was accepted before; 0:
  // if any report was. Only with one context, and without `delivery` and
  // `observed`.
  std::optional<int64_t> if_sequence;
  // The authenticated name; empty: the configuration names no callers.
  std::string caller;
  // Asked when the reports turn out to be about another repository, because
  // theirs was renamed: whether the caller may report for that one. If it
  // returns an error, nothing is accepted, and the error is the outcome. Must
  // not block. Empty: everything is allowed.
  std::function<absl::Status(const Repository&)> may_report;

  // Whether it has no reports. With a delivery, it then only names the commit.
  bool ReportsNothing() const { return contexts.empty() && !with_all_reported; }
  // Whether it can change nothing at all.
  bool IsEmpty() const { return ReportsNothing() && !delivery.has_value(); }
};

// What the outbox did with one report.
struct Receipt {
  std::string context;
  // The report's sequence if it was accepted, else the sequence of the report
  // that the entry holds; 0: the entry holds none.
  int64_t sequence = 0;
  Disposition disposition = Disposition::kAccepted;
  // When the held pending expires; nothing: the entry holds no pending, or the
  // pending never expires.
  std::optional<absl::Time> expire_time;
  // What GitHub will show now; nothing if no report was accepted yet.
  std::optional<CommitState> state;
  // The newest run of the report's series, this report's included, and its
  // worst result. 0 and nothing: the report has no number.
  int64_t newest_attempt = 0;
  std::optional<Result> newest_result;
};

// What the outbox did with a submission. The outcome is durable.
struct Outcome {
  // If not OK, the outbox accepted nothing of the submission. An error of
  // `may_report`, INVALID_ARGUMENT, or ABORTED because of `if_sequence`.
  absl::Status status;
  // One per context, if `status` is OK; those for `with_all_reported` follow.
  std::vector<Receipt> receipts;
  // An entry or a probe may be due sooner than before.
  bool made_due = false;
};

// One call with an event at GitHub, which is not a report.
struct EventSubmission {
  Delivery delivery;
  Event event;
  std::string caller;
  // As in Submission, for every repository that the event turns out to be
  // about.
  std::function<absl::Status(const Repository&)> may_report;
};

// A RerunRequested on which the server has yet to act.
struct Rerun {
  int64_t id = 0;
  RerunRequested wanted;  // The repository has its present name.
  std::string caller;
  std::string delivery_id;
  int try_count = 0;
  absl::Time due_time;
};

// A repository that was named in a report, a delivery or an answer of GitHub's.
struct KnownRepository {
  Repository repository;   // As first spelled.
  int64_t github_id = 0;   // 0: not known.
  std::string credential;  // Empty: no credential posts for it.
};

// A question for GitHub about a repository's name.
struct NameQuestion {
  int64_t id = 0;
  std::string credential;  // The credential that asks.
  // Without a number: which repository has this name? With a number, the name
  // only selects the host and the credential.
  Repository repository;
  // Not 0: what is the name of the repository with this number?
  int64_t number = 0;
};

struct NameAnswer {
  enum class Kind {
    kNamed,       // `name` and `number` belong together.
    kMissing,     // GitHub has no such repository, or hides it.
    kUnanswered,  // The question is to be asked again.
  };
  int64_t question_id = 0;
  Kind kind = Kind::kUnanswered;
  Repository name;
  int64_t number = 0;  // 0: GitHub did not say.
  // `updated_at` of the repository; absl::InfinitePast(): GitHub did not say.
  absl::Time update_time = absl::InfinitePast();
};

// A hook whose deliveries reach this server.
struct SeenHook {
  std::string host;
  int64_t id = 0;

  friend bool operator==(const SeenHook&, const SeenHook&) = default;
};

// How far the posting of an entry to GitHub has got. The numbers are stored and
// never change.
enum class PostingState {
  kDue = 1,        // To be posted as soon as the budget allows.
  kPosted = 2,     // GitHub acknowledged it.
  kWaiting = 3,    // To be posted later; the reason says why.
  kAbandoned = 4,  // Not to be posted again until something changes.
  kObserved = 5,   // Seen at GitHub, never reported here.
};
constexpr PostingState LastOf(PostingState) { return PostingState::kObserved; }

struct Posting {
  PostingState state = PostingState::kDue;
  std::string reason;  // Why it waits or was abandoned; empty otherwise.
  // With the reason OVERTAKEN: the full sha of the pull request's newer head.
  // Empty: not known.
  std::string overtaken_by;
  int try_count = 0;  // For the newest report.
  // When the next try is due. Nothing while a try is in flight, and if no more
  // tries follow. In the past: the entry waits for its turn.
  std::optional<absl::Time> next_try_time;
  // When GitHub acknowledged the newest report.
  std::optional<absl::Time> post_time;
};

// The public part of an entry.
struct StatusView {
  std::string context;  // As first spelled.
  Phase phase = Phase::kWebhookPending;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;  // Nothing: pending or expired.
  std::string description;
  std::string target_url;
  // The newest accepted run that has a number; attempt 0: there is none.
  int64_t attempt = 0;
  std::string series;
  int64_t sequence = 0;  // Of the newest change, in a report or a posting.
  absl::Time report_time;
  std::optional<absl::Time> expire_time;
  Posting posting;
};

struct CommitView {
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  std::string sha;
  std::vector<StatusView> statuses;  // Ordered by context.
};

// A status after one change.
struct StatusChange {
  Repository repository;  // With its present name.
  std::string sha;
  StatusView status;  // Its `sequence` is the number of the change.
};

struct CommitSummary {
  Repository repository;  // As first spelled.
  std::string sha;
  CommitState state = CommitState::kPending;
  int status_count = 0;
  absl::Time update_time;
  int64_t sequence = 0;  // The page token: pass it as `before_sequence`.
};

// Reason of an abandoned status whose pull request already had a newer head
// when the status was reported. Such a status does not count for its commit.
inline constexpr char kOvertaken[] = "OVERTAKEN";
// The reason why a status waits if no credential posts for its repository.
inline constexpr char kNoCredential[] = "NO_CREDENTIAL";

// Whether a report of the status was accepted here and counts for its commit.
bool IsReported(const StatusView& status);

// Reason of an abandoned entry whose row was damaged, so that the server cannot
// know what to post. The outbox accepts the next report for its key, whatever
// it says. The poster reads what GitHub shows before it posts that report.
inline constexpr absl::string_view kRowDamaged = "ROW_DAMAGED";

// The combined state of a commit's statuses, by GitHub's rule: failure if any
// is error or failure, else pending if any is pending or there are none, else
// success. Never error. Only statuses for which IsReported is true count.
CommitState CombinedState(absl::Span<const StatusView> statuses);

// The place in a list where the next page begins: after this entry of this
// repository, by the store's own numbers.
struct StatusPlace {
  int64_t repository = 0;
  // The commit of the entry, if the list is ordered by commits; else empty.
  std::string sha;
  int64_t entry = 0;

  friend bool operator==(const StatusPlace&, const StatusPlace&) = default;
};

// A status in a list across repositories.
struct ListedStatus {
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  bool is_parked = false;  // Whether the repository is.
  std::string sha;
  StatusView status;
  StatusPlace place;
};

struct StatusQuery {
  // The states that `wants` can accept. The outbox need not look at others.
  std::set<PostingState> states = {PostingState::kDue, PostingState::kWaiting,
                                   PostingState::kAbandoned};
  std::set<std::string> reasons;  // Empty: all.
  StatusPlace after;
  int limit = 0;
  // Which repositories are wanted (`sha` and `status` are not set yet), and
  // which statuses. `wants` may change the status that it gets. Neither may
  // block. Empty: all.
  std::function<bool(const ListedStatus&)> wants_repository = nullptr;
  std::function<bool(ListedStatus*)> wants = nullptr;
  // Whether `wants` turns every due status of a credential into a waiting one.
  // Empty: of no credential.
  std::function<bool(const std::string& credential)> credential_waits = nullptr;
};

struct ListedPage {
  std::vector<ListedStatus> statuses;
  // Nothing: this page is the last. A page before the last may hold less than
  // `limit`.
  std::optional<StatusPlace> next;
};

// How many statuses are not posted yet.
struct PostingCounts {
  struct Key {
    PostingState state = PostingState::kDue;
    std::string credential;  // For kDue.
    std::string reason;      // For the other states.

    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::map<Key, int64_t> by_reason;
  // By credential: the time since which its longest due status has been due.
  std::map<std::string, absl::Time> oldest_due;
};

// The visible parts of a commit status at GitHub, as shown or as posted.
struct Shown {
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;

  friend bool operator==(const Shown&, const Shown&) = default;
};

// A request with an unknown end may take effect for this long after its begin:
// GitHub gives up after 10 s. Until then the server sends nothing for the key.
inline constexpr absl::Duration kAmbiguousWait = absl::Seconds(12);

// No correct due time is further away than this: the longest wait between tries
// is five minutes, and a lease is shorter. A later due time was written before
// the wall clock was set back.
inline constexpr absl::Duration kFarthestDue = absl::Minutes(6);

// An entry that was taken out for one try. Until the lease is settled or its
// deadline is over, only its holder may post for the key.
struct Lease {
  int64_t entry_id = 0;
  int64_t version = 0;  // Counts the accepted reports of the key.
  int64_t sequence = 0;
  Repository repository;
  int64_t repository_id = 0;  // GitHub's number; 0: not known.
  std::string sha;
  std::string context;
  Shown wanted;  // The description as stored, not yet fitted.
  // The status that GitHub shows, set by this server or by another program.
  // Nothing: the server does not know it.
  std::optional<Shown> shown;
  int64_t posted_version = 0;  // The newest that GitHub acknowledged; 0: none.
  int try_count = 0;           // Tries at this version before this one.
  int refusal_count = 0;       // Those that GitHub certainly refused.
  absl::Time due_since;        // When the entry first became due.
  // A try at this key has an unknown end. This is the latest time at which such
  // a try began; nothing if the end of the last try is known.
  std::optional<absl::Time> ambiguous_since;
  // How many statuses GitHub has for the key, as far as the server knows.
  // GitHub takes at most 1,000.
  int status_count = 0;
  int64_t lease_number = 0;  // Counts the leases of the entry.
  // The repository is parked, and this try probes whether GitHub still refuses
  // its statuses.
  bool is_probe = false;
};

// One try, for the history.
struct Try {
  absl::Time begin_time;
  absl::Time end_time;
  int http_status = 0;  // 0: no answer.
  std::string request_id;
  std::string reason;
  std::string message;  // At most 256 bytes.
};

// How a lease ends.
struct Settlement {
  enum class Kind {
    kPosted,  // GitHub now shows `shown`.
    kRetry,   // To be tried again at `next_try_time`.
    // GitHub refused for a reason that holds for the whole repository, which is
    // now parked (see parking.h). The entry still waits to be posted.
    kParked,
    kAbandoned,  // Not to be tried again.
    // No request was made. The entry is due again as it was, or at
    // `next_try_time` if that is still to come.
    kReturned,
    // A read found what GitHub shows: `shown`, or nothing for the key. No try
    // is ambiguous any more. The entry is due again as it was.
    kRead,
  };
  int64_t entry_id = 0;
  int64_t version = 0;  // The lease's.
  Kind kind = Kind::kPosted;
  std::optional<Shown> shown;  // kPosted, kRead.
  // kPosted, kRead: GitHub's number; 0: not known.
  int64_t status_id = 0;
  absl::Time next_try_time;  // kRetry, kReturned.
  std::string reason;        // kRetry, kParked, kAbandoned.
  bool refused = false;      // kRetry: GitHub certainly refused.
  bool ambiguous = false;    // kRetry: GitHub may have applied it.
  bool reading = false;      // kRetry: the try was a read.
  // GitHub takes no more statuses for the key.
  bool full = false;
  // GitHub accepted the post, or refused only its content. The repository is no
  // longer parked.
  bool writable = false;
  // kAbandoned: the lease's count. An entry that was made due again since then
  // is not abandoned.
  int refusal_count = 0;
  std::optional<Try> attempted;  // Nothing if no request was made.
  // The lease's number. 0: not given; the outbox then cannot tell this lease
  // from a later one of the same version.
  int64_t lease_number = 0;
};

struct LeaseRequest {
  // Take entries of this credential only: those whose repository has it from
  // `credential_of`.
  std::string credential;
  // True: pendings; false: results.
  bool pendings = false;
  // Round-robin: the search begins with the first repository after this
  // canonical name and wraps around. Empty: at the beginning.
  std::string after_repository;
  // Let a due probe of a parked repository go first. With `pendings` the probe
  // can be a result or a pending, else only a result.
  bool may_probe = false;
  // Take only entries that have been due since this time or longer.
  absl::Time due_before = absl::InfiniteFuture();
  // Lowered to the earliest due time of the entries that are skipped because of
  // `due_before` or `held`. It covers all of them only if no entry is taken.
  // Borrowed; null: not wanted.
  absl::Time* first_left_out = nullptr;
  // The end of the lease. Until then only its holder may post for the key.
  absl::Time deadline;
  // Entries that must not be taken, whatever their due times: the caller's
  // steady clock says that it is too early. Borrowed; null: none.
  const std::set<int64_t>* held = nullptr;
};

struct RecordedReport {
  int64_t id = 0;        // Grows from report to report of an entry.
  int64_t sequence = 0;  // 0 if it was not accepted.
  absl::Time accept_time;
  Disposition disposition = Disposition::kAccepted;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;
  int64_t attempt = 0;
  std::string series;
  std::string description;
  std::string target_url;
  std::string caller;
  std::string delivery_id;
};

struct RecordedTry {
  int64_t id = 0;        // Grows from try to try of an entry.
  int64_t sequence = 0;  // The report's that was posted.
  Try attempted;
};

// The history of an entry: why GitHub shows what it shows.
struct History {
  StatusView status;
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  // A try is in flight.
  bool in_flight = false;
  // When its repository was parked; nothing: it is not parked.
  std::optional<absl::Time> parked_since;
  std::vector<RecordedReport> reports;  // Oldest first.
  std::vector<RecordedTry> tries;       // Oldest first.
};

// A credential with due entries, or with a due probe.
struct DueCredential {
  std::string credential;
  bool has_results = false;  // False: pendings only.

  friend bool operator==(const DueCredential&, const DueCredential&) = default;
};

// GitHub has asked for a pause of this credential.
struct CredentialPause {
  std::string credential;
  absl::Time until;
};

// GitHub's number for the installation behind a credential.
struct CredentialInstallation {
  std::string credential;
  std::string app;
  int64_t installation_id = 0;  // 0: the App is no longer installed.
};

// Outbox keeps one entry per key: the newest report, and how far its posting to
// GitHub has got. A report overwrites its entry; the poster makes GitHub match
// the entry. Outbox also keeps a history, which no decision depends on.
//
// Every method is one transaction. OK means that the change is durable.
//
// Errors, unless a method says otherwise: UNAVAILABLE: repeat the call.
// RESOURCE_EXHAUSTED, reason DISK_FULL: the change was made or not; do not
// acknowledge a report. INTERNAL: the store is damaged or a write failed; the
// process must end and recover.
//
// Thread-safe.
class Outbox {
 public:
  virtual ~Outbox() = default;

  // Accepts submissions in order, each as a whole, by Judge. `now` is the time
  // of their arrival. Returns one outcome per submission.
  //
  // A pending becomes due `pending_settle` (an option of the store) after
  // `now`, or when the entry's earlier pending would have; a result becomes due
  // at once. An entry becomes due even if GitHub already shows what its new
  // report says; the poster compares with `shown` and saves the request.
  //
  // A delivery is recognised by its id or digest. A submission with a delivery
  // that was accepted before changes nothing (except with
  // `redelivery_is_rerun`): its receipts are UNCHANGED and describe the held
  // report. A submission is SUPERSEDED in all contexts if its change is older
  // (HeadTime) than the newest known change of its pull request and names
  // another sha.
  //
  // Judge does not see a submission with `observed`, which only describes what
  // GitHub shows. It is ACCEPTED if its number is larger than the last known
  // one, else UNCHANGED.
  //
  // A report for an abandoned entry that Judge finds UNCHANGED makes the entry
  // due again, at the earliest ten seconds after it was last due. It does not
  // if no try can help (STATUS_LIMIT_REACHED, INVALID_SHA, CONTEXT_REFUSED).
  // Any report for a parked repository brings its probe forward. A delivery
  // shows that GitHub has the commit, whether it has contexts or not. It makes
  // entries due again that GitHub refused for lack of the commit
  // (NO_COMMIT_FOUND).
  //
  // A delivery is about the repository with its number, whichever repository
  // has its name now: deliveries can be late, and names change. The server then
  // asks GitHub for the present names (NameQuestions). The outbox does not
  // believe the numbers of reports without a delivery, because a farm that
  // mixes numbers up would mix repositories up. A report under an old name may
  // wait some seconds until GitHub has confirmed that the name is still an old
  // one.
  virtual absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) = 0;

  // The credentials that have entries or a probe due at `now`, sorted.
  virtual absl::StatusOr<std::vector<DueCredential>> DueCredentials(
      absl::Time now) = 0;

  // Takes out the entry that has been due longest, in the first repository that
  // has a due one (see `after_repository`), and marks it as in flight. Nothing
  // if no entry is due. An entry in flight is not due again until its deadline
  // is over; the next lease then has `ambiguous_since` set.
  virtual absl::StatusOr<std::optional<Lease>> TakeDue(
      const LeaseRequest& request, absl::Time now) = 0;

  // Repairs times after the wall clock was set back, because they would delay
  // what was due already. Entries and reruns that are due later than `limit`
  // become due at `now`, and so do probes and questions with a past that is
  // later than `now`. Changes at most `most` of each, the entries that are due
  // soonest first. True: there may be more.
  virtual absl::StatusOr<bool> BringForward(absl::Time limit, absl::Time now,
                                            int most) = 0;

  // Ends a lease. If a newer report arrived meanwhile, the entry stays due, but
  // the outbox still notes what it learned about GitHub. If the lease was lost
  // (taken over after its deadline), only the history changes.
  virtual absl::Status Settle(const Settlement& settlement, absl::Time now) = 0;

  // When the next entry or probe of any credential becomes due, or the next
  // name question is to be asked, later than `now`; absl::InfiniteFuture() if
  // none will.
  virtual absl::StatusOr<absl::Time> NextDueTime(absl::Time now) = 0;

  // NOT_FOUND, reason NOTHING_REPORTED, if nothing was ever reported for the
  // commit.
  virtual absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                               absl::string_view sha) = 0;

  // Newest first: the commits whose newest report has a sequence below
  // `before_sequence` (0: all).
  virtual absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) = 0;

  // The newest 1,000 reports and the newest 1,000 tries of a key. NOT_FOUND,
  // reason NOTHING_REPORTED, as GetCommit.
  virtual absl::StatusOr<History> GetHistory(const StatusKey& key) = 0;

  // The newest sequence given; 0: none was.
  virtual absl::StatusOr<int64_t> NewestSequence() = 0;

  // The changes after the sequence `after_sequence`, in order; at most `limit`.
  // Each accepted report is a change, and so is each change of a posting that
  // has a separate sequence. If one submission observed a status twice, or a
  // key was merged into another, only the last of these changes may be left.
  // OUT_OF_RANGE, reason SEQUENCE_NOT_KEPT: the outbox has forgotten some of
  // them, or never gave that sequence.
  virtual absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
      int64_t after_sequence, int limit) = 0;

  // Makes an abandoned entry due again, as if it had never been tried, and
  // brings the probe of a parked repository forward. Changes no other entry.
  // NOT_FOUND as GetCommit; FAILED_PRECONDITION, reason ROW_DAMAGED: only
  // another report helps (see kRowDamaged).
  virtual absl::Status Retry(const StatusKey& key, absl::Time now) = 0;

  // As Retry, for many keys, some hundred per transaction. After an error, some
  // of them may be due already. Skips unknown and damaged ones.
  virtual absl::Status RetryAll(absl::Span<const StatusKey> keys,
                                absl::Time now) = 0;

  // Lists statuses of all repositories that have a name. Repositories come in
  // the order in which the outbox first saw them, and the statuses of each
  // likewise. If posted or observed statuses are wanted, too, they come commit
  // by commit. A status that matches the whole time is on exactly one page.
  // Leaves out a status without an accepted report for which GitHub shows
  // nothing.
  //
  // Looks at a bounded number of statuses and repositories, so a page can be
  // short or empty although more follow.
  virtual absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) = 0;
  // Counts the statuses that are not posted, up to a million of each kind.
  virtual absl::StatusOr<PostingCounts> CountPostings(absl::Time now) = 0;

  // The credentials that have parked repositories, sorted.
  virtual absl::StatusOr<std::vector<std::string>> CredentialsOfParked() = 0;
  // A credential has changed: brings the probes of its parked
  // repositories forward. Handles at most `limit` repositories, those after
  // `after` by the store's own numbers (0: from the first). Returns the number
  // of the last one; 0: there are no more.
  virtual absl::StatusOr<int64_t> BringProbesForward(
      const std::string& credential, int64_t after, absl::Time now,
      int limit) = 0;
  // Abandons at most `limit` entries of repositories that are no longer probed,
  // and returns how many. Also begins to abandon the entries of repositories
  // whose name GitHub has not given for a week.
  virtual absl::StatusOr<int> AbandonParked(absl::Time now, int limit) = 0;
  // A credential is stopped for this reason: abandons at most
  // `limit` entries that wait for it and were reported before `before`. Returns
  // how many.
  virtual absl::StatusOr<int> AbandonHeld(const std::string& credential,
                                          const std::string& reason,
                                          absl::Time before, absl::Time now,
                                          int limit) = 0;

  // Replaces at most `limit` expired pendings by `error`, those that expired
  // first. Returns how many.
  virtual absl::StatusOr<int> ExpirePendings(absl::Time now, int limit) = 0;

  // When the next pending expires; absl::InfiniteFuture() if none will.
  virtual absl::StatusOr<absl::Time> NextExpiry() = 0;

  // GitHub answered that the repository `from` is the one in `answer` now
  // (kNamed). The entries of both names are merged by Judge, unless their
  // numbers differ. From then on `from` means the new name, until GitHub
  // answers that a repository is called `from`. Does nothing if the names are
  // equal.
  virtual absl::Status LearnName(const Repository& from,
                                 const NameAnswer& answer, absl::Time now) = 0;
  // A shorter form of LearnName; `github_id` 0: not known.
  absl::Status RenameRepository(const Repository& from, const Repository& to,
                                int64_t github_id, absl::Time now);

  // The repository that a name means: another one if GitHub, as far as the
  // outbox knows, redirects this old name.
  virtual absl::StatusOr<Repository> MeantBy(const Repository& name) = 0;

  // The questions about names to ask GitHub by `now`, longest due first. A
  // question stays until it is answered.
  virtual absl::StatusOr<std::vector<NameQuestion>> NameQuestions(
      absl::Time now, int limit) = 0;
  // Takes the answer to a question: forgets the question, or has it asked again
  // later.
  virtual absl::Status AnswerName(const NameAnswer& answer, absl::Time now) = 0;

  // Does a batch of the work that is too much for one transaction: commits that
  // move to another repository, entries that become due again or are abandoned.
  // True: there is more.
  virtual absl::StatusOr<bool> DoChores(absl::Time now) = 0;

  // Deletes old commits, with everything that belongs to them, and history
  // older than `before`. A commit is kept while one of its entries is due, may
  // expire, or was reported, posted, abandoned or seen at GitHub since
  // `before`. Works in small batches of some hundred rows. True: there may be
  // more.
  virtual absl::StatusOr<bool> ForgetBefore(absl::Time before) = 0;

  // Stores until when a credential must make no requests, so that a restart
  // does not forget it. Forgets pauses that are over at `now`.
  virtual absl::Status SetPause(const std::string& credential, absl::Time until,
                                absl::Time now) = 0;
  virtual absl::StatusOr<std::vector<CredentialPause>> Pauses() = 0;

  // Stores the installations of these credentials, so that a restart does not
  // forget them.
  virtual absl::Status SetInstallations(
      absl::Span<const CredentialInstallation> installations) = 0;
  virtual absl::StatusOr<std::vector<CredentialInstallation>>
  Installations() = 0;

  // Accepts an event and applies it at once. A repository that moved is renamed
  // as by RenameRepository. If a repository is writable again, or an
  // installation was created or changed, the entries that were abandoned for
  // that reason become due. A RerunRequested is stored for Reruns.
  //
  // False: its delivery (id or digest) was accepted before, and nothing
  // changes. An error of `may_report` is returned, and nothing changes either.
  virtual absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                           absl::Time now) = 0;

  // At most `limit` reruns to act on, those that are due first.
  virtual absl::StatusOr<std::vector<Rerun>> Reruns(int limit) = 0;
  // Ends a rerun, or has it tried again at `next_try_time`.
  virtual absl::Status SettleRerun(int64_t id,
                                   std::optional<absl::Time> next_try_time) = 0;

  // For each of these deliveries, whether it was accepted in the last days.
  virtual absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) = 0;
  // The server asks GitHub for this delivery again, or (`cancelled`) did not
  // ask after all. If the delivery arrives again within an hour, it is
  // therefore no person's request to run contexts again.
  virtual absl::Status AwaitRedelivery(const std::string& id, bool cancelled,
                                       absl::Time now) = 0;
  // The hooks that sent the accepted deliveries.
  virtual absl::StatusOr<std::vector<SeenHook>> SeenHooks() = 0;
  // At most `limit` repositories, ordered by their canonical names, beginning
  // after `after`.
  virtual absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const std::string& after, int limit) = 0;

  // A time that is stored under a name, such as the time up to which the server
  // has searched for missing deliveries. Nothing: it was never set.
  virtual absl::Status SetNamedTime(const std::string& name,
                                    absl::Time time) = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_
