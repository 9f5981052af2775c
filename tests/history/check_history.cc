#include "tests/history/check_history.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/history/credential_limits.h"
#include "tests/history/record.h"

namespace signalbox::history {
namespace {

// GitHub drops a request after 10 s. The server reads 12 s after it looked at
// its clock, and a slow thread sends the request somewhat later.
constexpr absl::Duration kDoubt = absl::Milliseconds(11'900);
// GitHub accepts 1,000 statuses of a sha and context; results get the last.
constexpr int kMostBeforePending = 950;
// How many tries of one version GitHub may refuse: the first and three more,
// but five more for a missing commit.
constexpr int kMostRefused = 4;
constexpr int kMostWithoutCommit = 6;
// After GitHub refuses a whole repository, nothing is posted there for this
// long, unless GitHub accepts a post that was under way.
constexpr absl::Duration kBetweenProbes = absl::Seconds(10);
// A process takes nothing out once another one has the term, and sends what it
// has taken out within its lease. Leases are longer where commits are slow.
constexpr absl::Duration kLastOfTerm = absl::Seconds(30);
// After a redirect, a post is forwarded within this time.
constexpr absl::Duration kForwardTime = absl::Milliseconds(50);
// How often a repeated report may make an abandoned one due again.
constexpr absl::Duration kBetweenRevivals = absl::Seconds(10);
// More tries of one version in a minute mean that the server loops.
constexpr int kMostInAMinute = 30;

// A request whose end the server has not seen.
struct InFlight {
  absl::Time begin_time;
  std::optional<Content> posted;
  std::optional<StatusName> name;
  std::string credential;
  std::string server;
  int64_t sequence = 0;  // Of the posted version.
};

// Refusals of one version.
struct Refusals {
  int count = 0;
  int chances_before = 0;
};

// The log's events for one status.
struct Status {
  std::optional<Held> held;
  std::optional<Content> showed;

  int64_t posted = 0;  // The largest sequence posted so far.
  std::optional<Content> known_shown;
  std::optional<Content> applied;     // The last one, if the log has any.
  std::optional<Content> redirected;  // The last redirected post.
  int64_t redirected_sequence = 0;
  absl::Time redirect_time;
  std::optional<absl::Time> doubt;  // Begin of the last ambiguous post.
  // After a restart, the server measures the time since `doubt` with the wall
  // clock. It cannot if the clock was set meanwhile.
  bool doubt_is_on_disk = false;
  bool doubt_has_a_time = true;
  std::set<int64_t> in_flight;
  int applied_count = 0;
  bool was_refused = false;
  // By sequence.
  std::map<int64_t, Refusals> refused;
  std::map<int64_t, Refusals> without_commit;
  // How often an abandoned status may have become due again. No observer can
  // tell whether it was abandoned by then.
  int chances = 0;
  absl::Time chance_time = absl::InfinitePast();  // The last one by a report.
  std::map<int64_t, std::vector<absl::Time>> begins;
};

class Checker {
 public:
  explicit Checker(const std::vector<Event>& events)
      : events_(events), record_(&findings_, &missed_) {}

  Findings Run() {
    for (const Event& event : events_) {
      std::visit([&](auto& e) { record_.Add(e); }, event);
      std::visit([&](auto& e) { missed_.Add(e); }, event);
      std::visit([&](auto& e) { Index(e); }, event);
    }
    record_.Replay();
    for (const Event& event : events_)
      std::visit([&](auto& e) { Follow(e); }, event);
    if (is_over_) {
      for (auto& [name, status] : statuses_) CheckEnd(name, status);
      missed_.CheckEnd(
          [&](const StatusName& name) {
            return !record_.VersionsOf(name).empty();
          },
          &findings_.violations);
    }
    findings_.checked.statuses = static_cast<int64_t>(statuses_.size());
    return std::move(findings_);
  }

 private:
  template <typename... Pieces>
  void Violated(absl::string_view invariant, const StatusName& name,
                const Pieces&... pieces) {
    findings_.violations.push_back(
        {std::string(invariant), name, absl::StrCat(pieces...)});
  }

  // Notes the statuses, and the state at the end.
  template <typename Other>
  void Index(const Other&) {}
  void Index(const Called& event) { statuses_[event.name]; }
  void Index(const Calm&) { is_over_ = true; }
  void Index(const Began& event) { has_begins_ |= event.posted.has_value(); }
  void Index(const Recorded& event) { statuses_[event.name]; }
  void Index(const Held& event) { statuses_[event.name].held = event; }
  void Index(const Showed& event) {
    statuses_[event.name].showed = event.content;
  }

  void Follow(const Granted&) {}
  void Follow(const Called& event) {
    calls_[event.call] = &event;
    record_.Follow(event);
    NoteSaid(event, event.time);
  }
  void Follow(const Heard& event) {
    const auto call = calls_.find(event.call);
    if (call != calls_.end()) NoteSaid(*call->second, event.time);
  }
  // A report, or its repetition, may make an abandoned status due again.
  void NoteSaid(const Called& call, absl::Time now) {
    NoteRevival(now, &statuses_[call.name]);
    if (call.delivery_id.empty()) return;
    // The delivery shows that GitHub has the commit.
    for (auto& [name, status] : statuses_) {
      if (name.repository == call.name.repository &&
          name.sha == call.name.sha) {
        ++status.chances;
      }
    }
  }
  static void NoteRevival(absl::Time now, Status* status) {
    if (now < status->chance_time + kBetweenRevivals &&
        now >= status->chance_time) {
      return;
    }
    status->chance_time = now;
    ++status->chances;
  }
  void Follow(const Answered& event) { record_.Follow(event); }
  void Follow(const Started& event) { limits_.Follow(event); }
  void Follow(const Calm&) {}
  void Follow(const Recorded&) {}
  void Follow(const Held&) {}
  void Follow(const Showed&) {}
  void Follow(const Attempted&) {}

  // The version that a post shows: the oldest with this content that may still
  // be posted, or else any. Several versions can have the same content, if
  // callers repeat a report after another.
  int64_t SequenceOf(const StatusName& name, const Status& status,
                     const Content& content) const {
    // Without Began, a post may have begun before the newer report was acked.
    const int64_t least = has_begins_
                              ? std::max(status.posted, record_.AckedOf(name))
                              : status.posted;
    int64_t found = 0;
    for (const auto& [sequence, version] : record_.VersionsOf(name)) {
      if (!(version.content == content)) continue;
      found = sequence;
      if (sequence >= least) break;
    }
    return found;
  }

  // The number of versions with this content.
  int64_t VersionsOf(const StatusName& name, const Content& content) const {
    const auto& versions = record_.VersionsOf(name);
    return std::max<int64_t>(1, std::count_if(versions.begin(), versions.end(),
                                              [&](const auto& version) {
                                                return version.second.content ==
                                                       content;
                                              }));
  }

  void CheckOrigin(const StatusName& name, const Content& content) {
    if (!record_.MayBePosted(name, content)) {
      Violated("I20", name,
               "posted what no caller was allowed to report: ", content.state,
               " ", content.description);
    }
  }

  // A post of `sequence` begins, or is seen at GitHub.
  void CheckOrder(const StatusName& name, Status* status, int64_t sequence,
                  const Content& content) {
    if (sequence == 0) {
      Violated("I7", name,
               "posted what is not in the record: ", content.description);
    } else if (sequence < status->posted) {
      Violated("I7", name, "posted sequence ", sequence, " after ",
               status->posted);
    }
    status->posted = std::max(status->posted, sequence);
    if (content.state == "pending" &&
        status->applied_count >= kMostBeforePending) {
      Violated("I11", name, "posted a pending after ", status->applied_count,
               " statuses");
    }
  }

  void Follow(const Began& event) {
    CheckLimits(event, event.name.value_or(StatusName()),
                limits_.CheckSilence(event));
    InFlight& request = in_flight_[event.exchange];
    request = {event.time,       event.posted, event.name,
               event.credential, event.server, 0};
    if (!event.name.has_value() || !event.posted.has_value()) return;
    Status& status = statuses_[*event.name];
    CheckAlone(event, status);
    CheckTerm(event);
    CheckProbe(event);
    ++findings_.checked.posts;
    const Content& content = *event.posted;
    CheckOrigin(*event.name, content);
    // A redirect only forwards a post that has begun.
    const bool is_sent_on = status.redirected == content &&
                            event.time - status.redirect_time <= kForwardTime;
    request.sequence = is_sent_on ? status.redirected_sequence
                                  : SequenceOf(*event.name, status, content);
    // A redirect that led nowhere counts as another refusal. Under the new
    // name, the wait for the commit starts again.
    if (!is_sent_on && status.redirected.has_value()) {
      status.redirected.reset();
      ++status.chances;
    }
    const int64_t acked = record_.AckedOf(*event.name);
    if (request.sequence != 0 && request.sequence < acked && !is_sent_on) {
      Violated("I7", *event.name, "began to post ", request.sequence, " when ",
               acked, " was acked already: ", LineOf(event));
    }
    CheckOrder(*event.name, &status, request.sequence, content);
    if (status.doubt.has_value()) {
      Violated("I8", *event.name, "posted ",
               absl::FormatDuration(event.time - *status.doubt),
               " after an ambiguous post, and did not read back in time: ",
               LineOf(event));
    }
    // A late post of another process may have hidden it.
    if (status.known_shown == content &&
        status.applied.value_or(content) == content) {
      Violated("I11", *event.name, "posted what GitHub shows: ", LineOf(event));
    }
    if (!is_sent_on)
      CheckLimits(event, *event.name, limits_.CheckBudget(event));
    CheckPatience(*event.name, &status, request.sequence, event.time);
    status.in_flight.insert(event.exchange);
  }

  // After GitHub refuses a whole repository, the server must not try one status
  // after another.
  void CheckProbe(const Began& event) {
    const auto refused = refusals_.find(event.name->repository);
    if (refused == refusals_.end()) return;
    Refusal& refusal = refused->second;
    if (event.time >= refusal.time + kBetweenProbes) return;
    // One more may have been leased before.
    if (refusal.begun_since++ == 0) return;
    Violated("I12", *event.name, "posted ",
             absl::FormatDuration(event.time - refusal.time),
             " after GitHub refused the repository: ", LineOf(event));
  }

  // At most one request of a status is under way, or can still take effect.
  void CheckAlone(const Began& event, Status& status) {
    for (const int64_t exchange : status.in_flight) {
      Violated("I9", *event.name, "began while ^", exchange,
               " was in flight: ", LineOf(event));
    }
  }

  void CheckTerm(const Began& event) {
    if (!term_.has_value() || term_->server == event.server ||
        event.time <= term_->time + kLastOfTerm) {
      return;
    }
    Violated("I26", *event.name, "began ",
             absl::FormatDuration(event.time - term_->time),
             " after another process got the term: ", LineOf(event));
  }

  void CheckLimits(const Began& event, const StatusName& name,
                   const std::optional<std::string>& wrong) {
    if (wrong.has_value()) Violated("I13", name, *wrong, ": ", LineOf(event));
  }

  void CheckPatience(const StatusName& name, Status* status, int64_t sequence,
                     absl::Time now) {
    std::vector<absl::Time>& begins = status->begins[sequence];
    begins.push_back(now);
    if (begins.size() > kMostInAMinute &&
        now - begins[begins.size() - 1 - kMostInAMinute] < absl::Minutes(1)) {
      Violated("I12", name, "more than ", kMostInAMinute,
               " tries in a minute of ", sequence);
    }
  }

  void Follow(const Applied& event) {
    Status& status = statuses_[event.name];
    ++status.applied_count;
    status.applied = event.content;
    if (has_begins_) return;
    ++findings_.checked.posts;
    --status.applied_count;
    CheckOrigin(event.name, event.content);
    CheckOrder(event.name, &status,
               SequenceOf(event.name, status, event.content), event.content);
    ++status.applied_count;
  }

  void Follow(const Ended& event) {
    if (const auto late = late_.extract(event.exchange); !late.empty()) {
      return EndLate(late.mapped(), event);
    }
    const auto found = in_flight_.find(event.exchange);
    if (found == in_flight_.end()) return;
    const InFlight request = std::move(found->second);
    in_flight_.erase(found);
    limits_.Learn(request.credential, event);
    if (!request.name.has_value()) return;
    if (!request.posted.has_value()) {
      if (TellsWhatIsShown(event)) {
        EndDoubts(*request.name, request, event.http_status == 200);
      }
      return;
    }
    Status& status = statuses_[*request.name];
    status.in_flight.erase(event.exchange);
    if (event.in_doubt) {
      Doubt(&status, request.begin_time);
    } else if (event.http_status == 201 && !status.doubt.has_value()) {
      status.known_shown = request.posted;
    }
    // GitHub only checks the content if it accepts posts to the repository.
    if (event.http_status == 201 || event.http_status == 422 ||
        event.refusal == "redirect") {
      refusals_.erase(request.name->repository);
    }
    if (event.refusal != "redirect") status.redirected.reset();
    if (event.refusal.empty()) return;
    status.was_refused = true;
    if (event.refusal == "repository") {
      Refusal& refusal = refusals_[request.name->repository];
      // A request that was under way then says nothing new.
      if (request.begin_time >= refusal.time + kBetweenProbes) {
        refusal = {event.time, 0};
      }
      return;
    }
    if (event.refusal == "redirect") {
      status.redirected = request.posted;
      status.redirected_sequence = request.sequence;
      status.redirect_time = event.time;
      return;
    }
    const bool waits = event.refusal == "no_commit";
    // After another kind of refusal, the wait for a commit starts again.
    if (!waits) status.without_commit.erase(request.sequence);
    Refusals& refusals =
        (waits ? status.without_commit : status.refused)[request.sequence];
    if (refusals.count == 0) refusals.chances_before = status.chances;
    const int64_t chances = status.chances - refusals.chances_before + 1;
    // A process that dies can forget its last try. One whose clock is set can
    // believe that it lost the try.
    const int64_t most = (waits ? kMostWithoutCommit : kMostRefused) * chances +
                         findings_.checked.crashes + clock_sets_;
    if (++refusals.count > most * VersionsOf(*request.name, *request.posted)) {
      Violated("I12", *request.name, "refused ", refusals.count,
               " times: ", LineOf(event));
    }
  }

  // Another process may have posted meanwhile.
  void EndLate(const InFlight& request, const Ended& event) {
    limits_.Learn(request.credential, event);
    Status& status = statuses_[*request.name];
    status.was_refused |= !event.refusal.empty();
    if (event.http_status == 201 || event.http_status == 422) {
      refusals_.erase(request.name->repository);
    }
    if (!event.in_doubt && status.doubt == request.begin_time) {
      status.doubt.reset();
    }
  }

  void Doubt(Status* status, absl::Time begin) {
    status->doubt = std::max(begin, status->doubt.value_or(begin));
    status->doubt_is_on_disk = false;
    status->doubt_has_a_time = true;
    status->known_shown.reset();
  }

  // Whether this answers what a commit shows, even if it does not exist.
  // Answers about the credential, a redirect or a limit do not.
  static bool TellsWhatIsShown(const Ended& event) {
    if (event.http_status == 200) return true;
    return event.http_status >= 400 && event.http_status < 500 &&
           event.http_status != 401 && event.http_status != 408 &&
           event.http_status != 429 && event.silent_until <= event.time;
  }

  // A read ends all doubts that are old enough. If GitHub does not show the
  // commit, the server may post again what it showed.
  void EndDoubts(const StatusName& commit, const InFlight& request,
                 bool was_read) {
    StatusName name = commit;
    name.context.clear();
    for (auto it = statuses_.lower_bound(name);
         it != statuses_.end() && it->first.repository == commit.repository &&
         it->first.sha == commit.sha;
         ++it) {
      Status& status = it->second;
      if (!was_read) status.known_shown.reset();
      if (!status.doubt.has_value()) continue;
      if (status.doubt_has_a_time &&
          request.begin_time < *status.doubt + kDoubt) {
        continue;
      }
      status.doubt.reset();
    }
  }

  void Follow(const Crashed& event) {
    ++findings_.checked.crashes;
    for (const auto& [exchange, request] : in_flight_) {
      if (!request.posted.has_value()) continue;
      Status& status = statuses_[*request.name];
      status.in_flight.erase(exchange);
      Doubt(&status, request.begin_time);
    }
    in_flight_.clear();
    late_.clear();
    term_.reset();
    for (auto& [name, status] : statuses_) {
      status.doubt_is_on_disk = true;
      if (status.doubt.has_value() && *status.doubt <= clock_set_) {
        status.doubt_has_a_time = false;
      }
    }
    // The process can forget an answer that it was about to store.
    refusals_.clear();
    limits_.Follow(event);
  }

  // For other processes, its posts are in doubt from now on.
  void Follow(const Frozen& event) {
    for (auto it = in_flight_.begin(); it != in_flight_.end();) {
      const auto here = it++;
      const InFlight& request = here->second;
      if (request.server != event.server || !request.posted.has_value()) {
        continue;
      }
      Status& status = statuses_[*request.name];
      status.in_flight.erase(here->first);
      Doubt(&status, request.begin_time);
      late_.insert(in_flight_.extract(here));
    }
  }
  void Follow(const TermBegan& event) { term_ = event; }

  void Follow(const DiskTrouble& event) { limits_.Follow(event); }

  void Follow(const ClockSet& event) {
    clock_set_ = event.time;
    ++clock_sets_;
    refusals_.clear();
    limits_.Follow(event);
    for (auto& [name, status] : statuses_) {
      if (status.doubt_is_on_disk) status.doubt_has_a_time = false;
    }
  }

  void Follow(const Revived& event) {
    Status& status = statuses_[event.name];
    ++status.chances;
  }

  // For these reasons the server must keep trying for a week.
  static bool IsOfRepository(absl::string_view reason) {
    for (const absl::string_view one :
         {"REPOSITORY_NOT_FOUND", "PERMISSION_MISSING", "REPOSITORY_ARCHIVED",
          "REPOSITORY_GONE", "LEGAL_BLOCK"}) {
      if (reason == one) return true;
    }
    return false;
  }

  void CheckEnd(const StatusName& name, const Status& status) {
    const auto& versions = record_.VersionsOf(name);
    if (versions.empty()) return;
    const Version& newest = versions.rbegin()->second;
    if (!status.held.has_value()) {
      Violated("I1", name, "the server does not know the status any more");
      return;
    }
    const Held& held = *status.held;
    if (!(held.content == newest.content)) {
      Violated("I1", name, "the entry holds ", LineOf(held),
               ", but the last recorded report is ", newest.sequence, " ",
               newest.content.description);
    }
    if (held.posting == "abandoned") {
      if (held.reason.empty()) {
        Violated("I12", name, "abandoned without a reason");
      }
      if (IsOfRepository(held.reason)) {
        Violated("I12", name, "abandoned too early: ", held.reason);
      }
      const bool is_full = absl::StartsWith(held.reason, "STATUS_LIMIT") &&
                           status.applied_count >= kMostBeforePending;
      if (has_begins_ && !status.was_refused && !is_full) {
        Violated("I12", name,
                 "abandoned, but GitHub never refused it: ", held.reason);
      }
    } else if (held.posting != "posted") {
      Violated("I6", name, "still ", held.posting, " ", held.reason);
    } else if (!status.showed.has_value() ||
               !(*status.showed == newest.content)) {
      Violated("I6", name, "GitHub shows ",
               status.showed.has_value() ? status.showed->state : "nothing",
               " ", status.showed.value_or(Content()).description, " and not ",
               newest.content.state, " ", newest.content.description);
    }
  }

  const std::vector<Event>& events_;
  Findings findings_;
  Missed missed_;
  Record record_;
  std::map<StatusName, Status> statuses_;
  bool has_begins_ = false;
  bool is_over_ = false;

  std::map<int64_t, const Called*> calls_;
  std::map<int64_t, InFlight> in_flight_;
  std::map<int64_t, InFlight> late_;  // Posts of frozen processes.
  std::optional<TermBegan> term_;     // The newest, if the log has any.
  // The last refusal of each whole repository.
  struct Refusal {
    absl::Time time = absl::InfinitePast();
    int begun_since = 0;
  };
  std::map<std::string, Refusal> refusals_;
  CredentialLimits limits_;
  absl::Time clock_set_ = absl::InfinitePast();
  int64_t clock_sets_ = 0;
};

}  // namespace

Checked& Checked::operator+=(const Checked& other) {
  acked += other.acked;
  recorded += other.recorded;
  statuses += other.statuses;
  posts += other.posts;
  crashes += other.crashes;
  return *this;
}

Findings CheckHistory(const std::vector<Event>& events) {
  return Checker(events).Run();
}

}  // namespace signalbox::history
