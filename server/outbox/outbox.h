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
#include "server/report/change.h"
#include "server/report/event.h"
#include "server/report/judge.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// The webhook request that a submission came with.
struct Delivery {
  std::string id;
  std::string digest;  // 32 bytes, or empty.
  std::string event;
  std::string action;
  // GitHub's number for the hook that sent it; 0: not known.
  int64_t hook_id = 0;
};

// GitHub's number for a status that it shows already, and who set it.
struct Observed {
  int64_t status_id = 0;
  std::string creator_login;
};

// So many contexts of a commit a call for all of them is about at most.
inline constexpr size_t kMostReportedContexts = 1000;

// One call: one report for each of its contexts. All are accepted or refused
// together.
struct Submission {
  Report report;
  // As spelled. Without any, a delivery only tells that GitHub has the commit.
  std::vector<std::string> contexts;
  // Also every other context of the commit that was reported here, as far as
  // the caller may report it. Empty: any.
  bool with_all_reported = false;
  std::function<bool(absl::string_view context)> may_report_context;
  std::optional<Delivery> delivery;
  std::optional<Change> change;
  // The reports tell what GitHub shows, and ask for nothing.
  std::optional<Observed> observed;
  // Pendings with a delivery: if GitHub makes it again 10 s later or more, and
  // this server has not asked for that, they are to be run again, once none of
  // their contexts is pending.
  bool redelivery_is_rerun = false;
  // The reports only tell the history why nothing was done: SUPERSEDED.
  bool for_history = false;
  // The server asked GitHub itself: numbers are GitHub's. Those of a delivery
  // are, too; any others are not believed.
  bool from_github = false;
  // What would be accepted is refused with ABORTED, reason CHANGED, if a report
  // with a larger number was accepted; 0: if any was. One context, and neither
  // a delivery nor what was observed.
  std::optional<int64_t> if_sequence;
  std::string
      caller;  // Who was authenticated; empty: callers are not told apart.
  // Whether the caller may do the same to another repository: the reports turn
  // out to be about it, because it was renamed. Its error is the outcome. Must
  // not block. Empty: everything is allowed.
  std::function<absl::Status(const Repository&)> may_report;

  // Whether it reports nothing: with a delivery it only names the commit.
  bool ReportsNothing() const { return contexts.empty() && !with_all_reported; }
  // Whether nothing can come of it.
  bool IsEmpty() const { return ReportsNothing() && !delivery.has_value(); }
};

// What became of one report.
struct Receipt {
  std::string context;
  // Of the report if it was accepted, else of what is held; 0: nothing is.
  int64_t sequence = 0;
  Disposition disposition = Disposition::kAccepted;
  // When the pending that is held now expires; nothing: none is held, or it
  // never does.
  std::optional<absl::Time> expire_time;
  // What GitHub is to show now; nothing if no report was accepted yet.
  std::optional<CommitState> state;
};

// What became of a submission, once it is durable.
struct Outcome {
  // What `may_report` said, INVALID_ARGUMENT, or ABORTED by `if_sequence`:
  // nothing of the submission was accepted.
  absl::Status status;
  // One per context, if `status` is OK; those of `with_all_reported` follow.
  std::vector<Receipt> receipts;
  // Something may be due sooner than it was.
  bool made_due = false;
};

// One call that tells of something else than a report.
struct EventSubmission {
  Delivery delivery;
  Event event;
  std::string caller;
  // As in Submission, of every repository that the event turns out to be about.
  std::function<absl::Status(const Repository&)> may_report;
};

// A RerunRequested that is still to be acted on.
struct Rerun {
  int64_t id = 0;
  RerunRequested wanted;  // The repository as it is called now.
  std::string caller;
  std::string delivery_id;
  int try_count = 0;
  absl::Time due_time;
};

// A repository that was heard of.
struct KnownRepository {
  Repository repository;  // As first spelled.
  int64_t github_id = 0;  // 0: not known.
  std::string lane;       // Who posts; empty: nobody does.
};

// What GitHub is to be asked about names.
struct NameQuestion {
  int64_t id = 0;
  std::string lane;  // Whose credential asks.
  // Who has this name? With a number it only says where to ask.
  Repository repository;
  int64_t number = 0;  // Not 0: what is the repository with it called?
};

struct NameAnswer {
  enum class Kind {
    kNamed,       // `name` and `number` belong together.
    kMissing,     // GitHub knows no such repository, or does not show it.
    kUnanswered,  // To be asked again.
  };
  int64_t question_id = 0;
  Kind kind = Kind::kUnanswered;
  Repository name;
  int64_t number = 0;  // 0: not told.
  // `updated_at` of the repository; absl::InfinitePast(): not told.
  absl::Time update_time = absl::InfinitePast();
};

// A hook whose deliveries reach us.
struct SeenHook {
  std::string host;
  int64_t id = 0;

  friend bool operator==(const SeenHook&, const SeenHook&) = default;
};

// How far GitHub has got with an entry. The numbers are stored and never
// change.
enum class PostingState {
  kDue = 1,        // To be posted as soon as the budget allows.
  kPosted = 2,     // GitHub acknowledged it.
  kWaiting = 3,    // To be posted later; the reason says why.
  kAbandoned = 4,  // Not to be posted again until something changes.
  kObserved = 5,   // Not reported here: seen at GitHub.
};
constexpr PostingState LastOf(PostingState) { return PostingState::kObserved; }

struct Posting {
  PostingState state = PostingState::kDue;
  std::string reason;  // Why it waits or was abandoned; empty otherwise.
  // Reason OVERTAKEN: the newer head of the pull request, a whole sha; empty:
  // it is not known.
  std::string overtaken_by;
  int try_count = 0;  // Tries at the newest report.
  // Nothing while a try is in flight, and if none will be made. It may have
  // passed: then the try is only waiting for its turn.
  std::optional<absl::Time> next_try_time;
  // When GitHub acknowledged the newest report.
  std::optional<absl::Time> post_time;
};

// What people may know of an entry.
struct StatusView {
  std::string context;  // As first spelled.
  Phase phase = Phase::kWebhookPending;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;  // Nothing while pending, and when expired.
  std::string description;
  std::string target_url;
  // The numbered run that was accepted last; attempt 0: none was.
  int64_t attempt = 0;
  std::string series;
  int64_t sequence = 0;  // Of the newest change, be it a report or a posting.
  absl::Time report_time;
  std::optional<absl::Time> expire_time;
  Posting posting;
};

struct CommitView {
  Repository repository;  // As first spelled.
  std::string lane;       // Who posts; empty: nobody does.
  std::string sha;
  std::vector<StatusView> statuses;  // By context.
};

// A status as it was after one change.
struct StatusChange {
  Repository repository;  // As first spelled; as it is called now.
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

// The reason of a status that was only reported when its pull request had a
// newer head, and so never counted. It is abandoned.
inline constexpr char kOvertaken[] = "OVERTAKEN";

// Whether a status was reported here, and counts for its commit.
bool IsReported(const StatusView& status);

// Why an entry is abandoned whose row held what cannot be there: nobody knows
// what is to be posted. The next report for its key is accepted, whatever it
// says, and GitHub is read before it is posted.
inline constexpr absl::string_view kRowDamaged = "ROW_DAMAGED";

// All statuses of a commit in one word, by the rule of GitHub's combined
// status: failure if any is error or failure, else pending if any is or there
// are none, else success. Never error. Only those that IsReported count.
CommitState CombinedState(absl::Span<const StatusView> statuses);

// Where a list goes on: behind this entry of this repository, by the store's
// own numbers.
struct StatusPlace {
  int64_t repository = 0;
  // The commit of the entry, where a list goes by commits; else empty.
  std::string sha;
  int64_t entry = 0;

  friend bool operator==(const StatusPlace&, const StatusPlace&) = default;
};

// A status among those of many repositories.
struct ListedStatus {
  Repository repository;   // As first spelled.
  std::string lane;        // Who posts; empty: nobody does.
  bool is_parked = false;  // The repository.
  std::string sha;
  StatusView status;
  StatusPlace place;
};

struct StatusQuery {
  // What `wants` takes at most: others need not be looked at.
  std::set<PostingState> states = {PostingState::kDue, PostingState::kWaiting,
                                   PostingState::kAbandoned};
  std::set<std::string> reasons;  // Empty: all.
  StatusPlace after;
  int limit = 0;
  // Whether any status of a repository is wanted (`sha` and `status` are not
  // set yet), and which one is. `wants` may change what it is shown. Neither
  // may block. Empty: all are.
  std::function<bool(const ListedStatus&)> wants_repository = nullptr;
  std::function<bool(ListedStatus*)> wants = nullptr;
  // Whether `wants` makes all that is due of a lane waiting. Empty: of none.
  std::function<bool(const std::string& lane)> lane_waits = nullptr;
};

struct ListedPage {
  std::vector<ListedStatus> statuses;
  // Nothing: that was all. A page that goes on may hold less than `limit`.
  std::optional<StatusPlace> next;
};

// How many statuses are not posted.
struct PostingCounts {
  struct Key {
    PostingState state = PostingState::kDue;
    std::string lane;    // kDue.
    std::string reason;  // The others.

    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::map<Key, int64_t> by_reason;
  // By lane: since when the status is due that is due longest.
  std::map<std::string, absl::Time> oldest_due;
};

// What GitHub shows, or was asked to show, for a key.
struct Shown {
  CommitState state = CommitState::kPending;
  std::string description;
  std::string target_url;

  friend bool operator==(const Shown&, const Shown&) = default;
};

// For so long after its begin a request whose end nobody knows may still take
// effect: GitHub gives up after 10 s. Nothing is sent for the key before.
inline constexpr absl::Duration kAmbiguousWait = absl::Seconds(12);

// No honest due time is further away than this: what waits between tries waits
// for five minutes at most, and a lease is shorter. What is due later was
// written under a clock that has been set back since.
inline constexpr absl::Duration kFarthestDue = absl::Minutes(6);

// An entry taken out for one try. Whoever holds it alone may post for its key
// until it is settled or its deadline is over.
struct Lease {
  int64_t entry_id = 0;
  int64_t version = 0;  // v(K): counts the accepted reports of the key.
  int64_t sequence = 0;
  Repository repository;
  int64_t repository_id = 0;  // GitHub's number; 0: not known.
  std::string sha;
  std::string context;
  Shown wanted;  // The description is as kept, not yet fitted.
  // What GitHub acknowledged last; nothing if it never did.
  std::optional<Shown> shown;
  int64_t posted_version = 0;  // The version behind `shown`; 0: none.
  int try_count = 0;           // Tries at this version before this one.
  int refusal_count = 0;       // Those that GitHub definitely refused.
  absl::Time due_since;        // When the entry first became due.
  // A try at this key has ended without anybody knowing how, begun at the
  // latest at this time; nothing if the last try's end is known.
  std::optional<absl::Time> ambiguous_since;
  // Statuses that GitHub has of the key, as far as is known: GitHub takes 1,000
  // of them and no more.
  int status_count = 0;
  int64_t lease_number = 0;  // Counts the leases of the entry.
  // Its repository is parked, and it probes whether GitHub takes it by now.
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
    kPosted,  // GitHub shows `shown` now.
    kRetry,   // To be tried again at `next_try_time`.
    // Refused for a reason that holds for the whole repository, which is parked
    // (see parking.h); the entry stays wanted.
    kParked,
    kAbandoned,  // Not to be tried again.
    kReturned,   // Not tried: due again as it was, at `next_try_time`.
    // GitHub was asked, and shows `shown`, or nothing for the key: no try's end
    // is in doubt any more. Due again as it was.
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
  bool refused = false;      // kRetry: GitHub definitely refused.
  bool ambiguous = false;    // kRetry: GitHub may show it all the same.
  bool reading = false;      // kRetry: it was a read that was tried.
  // GitHub takes no more statuses of the key.
  bool full = false;
  // GitHub took it, or refused only what it says: its repository is not parked
  // any more.
  bool writable = false;
  // kAbandoned: the lease's. What began anew since then is not abandoned.
  int refusal_count = 0;
  std::optional<Try> attempted;  // Nothing if no request was made.
  // The lease's. 0: not told; a lease that was lost to another one of the same
  // version is then taken for that one.
  int64_t lease_number = 0;
};

struct LeaseRequest {
  // Whose entries: those whose repository the outbox's `lane_of` gives this.
  std::string lane;
  // Results, or pendings.
  bool pendings = false;
  // Round-robin: the search begins with the first repository after this
  // canonical name and wraps around. Empty: at the beginning.
  std::string after_repository;
  // An entry of a parked repository whose probe is due goes before all others:
  // for `pendings` one of either class, else a result.
  bool may_probe = false;
  // Only entries that have been due since this or longer.
  absl::Time due_before = absl::InfiniteFuture();
  // Lowered to when the first of the entries that are left alone, because of
  // `due_before` or `held`, became due or will. Borrowed; null: not wanted. It
  // speaks of all of them only if nothing is taken.
  absl::Time* first_left_out = nullptr;
  // Until when nobody else may post for the key.
  absl::Time deadline;
  // Entries that are not taken out, whatever their times say: the caller knows
  // by a steady clock that it is too early. Borrowed; null: none.
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
  int64_t sequence = 0;  // Of the report that was posted.
  Try attempted;
};

// Why an entry shows what it shows.
struct History {
  StatusView status;
  Repository repository;  // As first spelled.
  std::string lane;       // Who posts; empty: nobody does.
  // A try is under way.
  bool in_flight = false;
  // Since when its repository is parked; nothing: it is not.
  std::optional<absl::Time> parked_since;
  std::vector<RecordedReport> reports;  // Oldest first.
  std::vector<RecordedTry> tries;       // Oldest first.
};

// A lane that has entries which are due, or a probe.
struct DueLane {
  std::string lane;
  bool has_results = false;  // Not pendings alone.

  friend bool operator==(const DueLane&, const DueLane&) = default;
};

// GitHub has asked a credential to be silent.
struct LanePause {
  std::string lane;
  absl::Time until;
};

// GitHub's number for the installation of an App, behind a lane.
struct LaneInstallation {
  std::string lane;
  std::string app;
  int64_t installation_id = 0;  // 0: there is none any more.
};

// Outbox keeps one entry per key: the newest report, and how far GitHub has
// got with it. A report overwrites its entry; a poster makes GitHub match it.
// Beside the entries it keeps a history, by which nothing is decided.
//
// Every method is one transaction. OK means that it is durable.
//
// Errors, unless a method says otherwise: UNAVAILABLE (repeat it),
// RESOURCE_EXHAUSTED, reason DISK_FULL (nothing changed, or it is unknown
// whether it did; an ack must not be given), INTERNAL (the store is damaged or
// a write failed: the process must end and recover).
//
// Thread-safe.
class Outbox {
 public:
  virtual ~Outbox() = default;

  // Accepts submissions in order, each as a whole, by Judge. `now` is when
  // they arrived. One outcome per submission.
  //
  // A pending becomes due `pending_settle` (an option of the store) after
  // `now`, or when the entry's earlier pending would have; a result at once.
  // An entry whose new report wants what GitHub shows already becomes due all
  // the same; the poster sees `shown` and saves the request.
  //
  // A submission with a delivery whose id or digest was accepted before
  // changes nothing (but see `redelivery_is_rerun`): its receipts are UNCHANGED
  // and carry what is held. One whose change is older (HeadTime) than the
  // newest known of its pull request, and names another sha, is SUPERSEDED
  // throughout.
  //
  //
  // A submission with `observed` never reaches Judge: it only says what GitHub
  // shows, and counts (ACCEPTED) if its number is larger than the last one that
  // is known, else it is UNCHANGED.
  //
  // A report about what is held, be it unchanged, makes an abandoned entry due
  // again, ten seconds after it was due last at the earliest, unless no try can
  // help (STATUS_LIMIT_REACHED, INVALID_SHA, CONTEXT_REFUSED). Any report for a
  // parked repository brings its probe forward. A delivery tells that GitHub
  // has the commit: what was refused since GitHub did not have it
  // (NO_COMMIT_FOUND) is due again, whether it has contexts or not.
  //
  // A delivery is about the repository with its number, whatever has the name
  // that it gives: it may be late, and names change. GitHub is then asked what
  // the repositories are called (NameQuestions). Numbers of reports without a
  // delivery are not believed: a farm that mixes them up would mix repositories
  // up. What comes by an old name may wait some seconds for GitHub's answer
  // whether it still is one.
  virtual absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) = 0;

  // The lanes that have entries which are due at `now`, or a probe that is,
  // sorted.
  virtual absl::StatusOr<std::vector<DueLane>> DueLanes(absl::Time now) = 0;

  // Takes out the entry that is longest due in the first repository (see
  // `after_repository`) that has one, and marks it as in flight. Nothing if
  // nothing is due. An entry in flight is not due until its deadline is over;
  // it is then taken out with `ambiguous_since` set.
  virtual absl::StatusOr<std::optional<Lease>> TakeDue(
      const LeaseRequest& request, absl::Time now) = 0;

  // Makes due at `now` what is due later than `limit`, and what was begun later
  // than now: at most `most` entries, the soonest due first, and as many
  // probes, reruns and questions. True: there may be more. For a clock that was
  // set back, which would delay what was due already.
  virtual absl::StatusOr<bool> BringForward(absl::Time limit, absl::Time now,
                                            int most) = 0;

  // Ends a lease. If a newer report came meanwhile, its entry stays due, but
  // what is known of GitHub is noted all the same. If the lease was lost
  // (taken over after its deadline), nothing but the history changes.
  virtual absl::Status Settle(const Settlement& settlement, absl::Time now) = 0;

  // When the next entry of any lane becomes due, or the next name is to be
  // asked for, later than `now`; absl::InfiniteFuture() if none will.
  virtual absl::StatusOr<absl::Time> NextDueTime(absl::Time now) = 0;

  // NOT_FOUND, reason NOTHING_REPORTED, if nothing was ever reported for it.
  virtual absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                               absl::string_view sha) = 0;

  // Newest first; those whose newest report has a number below
  // `before_sequence` (0: all).
  virtual absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) = 0;

  // With the newest 1,000 reports and the newest 1,000 tries. NOT_FOUND, reason
  // NOTHING_REPORTED, as GetCommit.
  virtual absl::StatusOr<History> GetHistory(const StatusKey& key) = 0;

  // The newest number given; 0: none was.
  virtual absl::StatusOr<int64_t> NewestSequence() = 0;

  // What changed after the number `after_sequence`, in order; at most `limit`
  // changes. Each report that was accepted is a change, and so is each change
  // of a posting that took a number. Of what was observed twice in one
  // submission, or of a key that was merged into another, only the last may be
  // left.
  // OUT_OF_RANGE, reason SEQUENCE_NOT_KEPT: some of them are forgotten, or that
  // number was never given.
  virtual absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
      int64_t after_sequence, int limit) = 0;

  // Makes an abandoned entry due again, as if it had never been tried, and
  // brings the probe of a parked repository forward; does nothing to any other.
  // NOT_FOUND as GetCommit; FAILED_PRECONDITION, reason ROW_DAMAGED: only
  // another report helps (see kRowDamaged).
  virtual absl::Status Retry(const StatusKey& key, absl::Time now) = 0;

  // The same for many, some hundred in a transaction: after an error some are
  // due. What nothing is known of, or is damaged, is passed by.
  virtual absl::Status RetryAll(absl::Span<const StatusKey> keys,
                                absl::Time now) = 0;

  // Statuses of all repositories that have a name: repository by repository, in
  // the order in which these were first heard of, and for each in the order in
  // which its statuses were; but commit by commit if what GitHub shows is
  // wanted, too. What is there all the time is on exactly one page. A status of
  // which nothing was accepted, and GitHub shows nothing, is left out.
  //
  // Looks at a bounded number of statuses and repositories: a page of a filter
  // that fits little may be short, or empty, and still have a next one.
  virtual absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) = 0;
  // Counts up to a million of each.
  virtual absl::StatusOr<PostingCounts> CountPostings(absl::Time now) = 0;

  // The lanes that have parked repositories, sorted.
  virtual absl::StatusOr<std::vector<std::string>> ParkedLanes() = 0;
  // The credential of a lane has changed: the probes of its parked repositories
  // are brought forward, of at most `limit` of them, those behind `after` by
  // the store's own numbers (0: from the first). The last one; 0: that was all.
  virtual absl::StatusOr<int64_t> BringProbesForward(const std::string& lane,
                                                     int64_t after,
                                                     absl::Time now,
                                                     int limit) = 0;
  // Abandons entries of repositories that are not probed any more, at most
  // `limit`; how many. Begins to abandon what is reported for repositories
  // whose name nobody could find out for a week.
  virtual absl::StatusOr<int> AbandonParked(absl::Time now, int limit) = 0;
  // The credential of a lane is stopped, for this reason: abandons what was
  // reported before `before` and waits for it, at most `limit`; how many.
  virtual absl::StatusOr<int> AbandonHeld(const std::string& lane,
                                          const std::string& reason,
                                          absl::Time before, absl::Time now,
                                          int limit) = 0;

  // Reports `error` in place of the pendings whose expiry has passed, at most
  // `limit` of them, those first that passed first. Returns how many.
  virtual absl::StatusOr<int> ExpirePendings(absl::Time now, int limit) = 0;

  // When the next pending expires; absl::InfiniteFuture() if none will.
  virtual absl::StatusOr<absl::Time> NextExpiry() = 0;

  // GitHub answered that the repository `from` is what `answer` says now
  // (kNamed). What is known under both names is merged by Judge, unless their
  // numbers differ, and what says `from` from now on means the new name, until
  // GitHub answers `from` itself. Nothing happens if the names are equal.
  virtual absl::Status LearnName(const Repository& from,
                                 const NameAnswer& answer, absl::Time now) = 0;
  // The same in short; `github_id` 0: not known.
  absl::Status RenameRepository(const Repository& from, const Repository& to,
                                int64_t github_id, absl::Time now);

  // The repository that is meant by a name: another one if the name is an old
  // one, which GitHub redirects as far as is known.
  virtual absl::StatusOr<Repository> MeantBy(const Repository& name) = 0;

  // What GitHub is to be asked about names by `now`, longest due first. They
  // stay until they are answered.
  virtual absl::StatusOr<std::vector<NameQuestion>> NameQuestions(
      absl::Time now, int limit) = 0;
  // An answer that came; what was asked is forgotten, or asked again later.
  virtual absl::Status AnswerName(const NameAnswer& answer, absl::Time now) = 0;

  // Does a batch of what is too much for one transaction: commits that move to
  // another repository, and entries that become due again. True: there is more.
  virtual absl::StatusOr<bool> DoChores(absl::Time now) = 0;

  // Deletes commits that nobody has touched since `before` and that have
  // nothing due, with all that hangs on them, and history older than that: a
  // small batch, some hundred rows. True: there may be more.
  virtual absl::StatusOr<bool> ForgetBefore(absl::Time before) = 0;

  // Until when a lane must be silent, for after a restart. What has passed is
  // forgotten.
  virtual absl::Status SetPause(const std::string& lane, absl::Time until,
                                absl::Time now) = 0;
  virtual absl::StatusOr<std::vector<LanePause>> Pauses() = 0;

  // Remembers the installations of these lanes, for after a restart.
  virtual absl::Status SetInstallations(
      absl::Span<const LaneInstallation> installations) = 0;
  virtual absl::StatusOr<std::vector<LaneInstallation>> Installations() = 0;

  // Takes an event. What it means for entries is done at once: a repository
  // that moved is renamed as by RenameRepository, and what was abandoned in a
  // repository that can be written again, or for an account whose installation
  // came or changed, becomes due. A RerunRequested is kept for Reruns.
  //
  // False: its delivery (id or digest) was accepted before, and nothing
  // changes. What `may_report` says instead of OK is returned, and nothing
  // changes either.
  virtual absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                           absl::Time now) = 0;

  // The reruns to be acted on, those first that are due first; at most `limit`.
  virtual absl::StatusOr<std::vector<Rerun>> Reruns(int limit) = 0;
  // Ends a rerun, or has it tried again at `next_try_time`.
  virtual absl::Status SettleRerun(int64_t id,
                                   std::optional<absl::Time> next_try_time) = 0;

  // Of each of these deliveries, whether it was accepted in the last days.
  virtual absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) = 0;
  // GitHub is asked to make this delivery again, or (`cancelled`) was not asked
  // after all: its next arrival within an hour is nobody's wish to run anything
  // again.
  virtual absl::Status AwaitRedelivery(const std::string& id, bool cancelled,
                                       absl::Time now) = 0;
  // The hooks that they came from.
  virtual absl::StatusOr<std::vector<SeenHook>> SeenHooks() = 0;
  // The repositories whose canonical names come after `after`, by those names;
  // at most `limit`.
  virtual absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const std::string& after, int limit) = 0;

  // A moment that is to be remembered under a name: up to when something was
  // looked through. Nothing: it was never set.
  virtual absl::Status SetMark(const std::string& name, absl::Time time) = 0;
  virtual absl::StatusOr<std::optional<absl::Time>> GetMark(
      const std::string& name) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_OUTBOX_H_
