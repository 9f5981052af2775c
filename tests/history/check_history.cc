#include "tests/history/check_history.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/history/credential_limits.h"
#include "tests/history/judgement.h"

namespace signalbox::history {
namespace {

using How = Answered::How;

// GitHub gives up on a request after 10 s, so that after 12 s it has had its
// effect or never will.
constexpr absl::Duration kDoubt = absl::Seconds(12);
// GitHub takes 1,000 statuses of a sha and context; the last are for results.
constexpr int kMostBeforePending = 950;
// Tries of one version that GitHub may refuse: the first, and three more; but
// five more of a commit that is not there yet.
constexpr int kMostRefused = 4;
constexpr int kMostWithoutCommit = 6;
// More tries of one version within a minute are hot.
constexpr int kMostInAMinute = 30;
// For so long after a start nothing expires.
constexpr absl::Duration kQuietTime = absl::Minutes(10);

// A call arrives so late at most.
constexpr absl::Duration kOnTheWay = absl::Minutes(1);

constexpr absl::string_view kExpiry = "No result within ";

// An accepted report, as the server recorded it.
struct Version {
  int64_t sequence = 0;
  Content content;
  Standing standing;  // After it.
};

// A request that the server has not seen the end of.
struct InFlight {
  absl::Time begin_time;
  std::optional<Content> posted;
  std::optional<StatusName> name;
  std::string credential;
  int64_t sequence = 0;  // Of what is posted.
};

// What the log tells of one status.
struct Status {
  std::map<std::string, std::vector<const Called*>> calls;  // By description.
  std::map<std::string, const Called*> deliveries;
  std::set<std::string> came_again;  // Of those.
  std::vector<const Recorded*> recorded;
  std::map<int64_t, Version> versions;  // By sequence.
  std::optional<Held> held;
  std::optional<Content> showed;

  int64_t acked = 0;   // The largest sequence acked so far.
  int64_t posted = 0;  // The largest sequence posted so far.
  std::optional<Content> known_shown;
  std::optional<Content> redirected;  // The last post that was, and when.
  int64_t redirected_sequence = 0;
  absl::Time redirect_time;
  std::optional<absl::Time> doubt;  // Begin of a post whose end is not known.
  bool doubt_has_a_time = true;     // No clock was set since.
  std::set<int64_t> in_flight;
  int applied_count = 0;
  bool was_refused = false;
  std::map<int64_t, int> refused;  // By sequence.
  std::map<int64_t, int> without_commit;
  std::map<int64_t, std::vector<absl::Time>> begins;
};

class Checker {
 public:
  explicit Checker(const std::vector<Event>& events) : events_(events) {}

  Findings Run() {
    for (const Event& event : events_)
      std::visit([&](auto& e) { Index(e); }, event);
    for (auto& [name, status] : statuses_) Replay(name, &status);
    for (const Event& event : events_)
      std::visit([&](auto& e) { Follow(e); }, event);
    if (is_over_) {
      for (auto& [name, status] : statuses_) CheckEnd(name, status);
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

  // Who said what, and what is there at the end.
  template <typename Other>
  void Index(const Other&) {}
  void Index(const Granted& event) { grants_.push_back(&event); }
  void Index(const Called& event) {
    calls_[event.call] = &event;
    Status& status = statuses_[event.name];
    status.calls[event.content.description].push_back(&event);
    if (!event.delivery_id.empty()) {
      if (!status.deliveries.try_emplace(event.delivery_id, &event).second) {
        status.came_again.insert(event.delivery_id);
      }
    }
  }
  void Index(const Calm&) { is_over_ = true; }
  void Index(const ClockSet&) { clock_was_set_ = true; }
  void Index(const Started& event) { starts_.push_back(event.time); }
  void Index(const Began& event) { has_begins_ |= event.posted.has_value(); }
  void Index(const Recorded& event) {
    statuses_[event.name].recorded.push_back(&event);
  }
  void Index(const Held& event) { statuses_[event.name].held = event; }
  void Index(const Showed& event) {
    statuses_[event.name].showed = event.content;
  }

  bool IsGranted(const Called& call) const {
    const auto fits = [](absl::string_view pattern, absl::string_view text) {
      if (absl::ConsumeSuffix(&pattern, "*")) {
        return absl::StartsWith(text, pattern);
      }
      return pattern == text;
    };
    return grants_.empty() ||
           std::any_of(grants_.begin(), grants_.end(), [&](const Granted* g) {
             return g->caller == call.caller &&
                    fits(g->repository, call.name.repository) &&
                    fits(g->context, call.name.context);
           });
  }

  // The call that a record is of, or nullptr.
  const Called* CallOf(const Status& status, const Recorded& row) const {
    if (!row.delivery_id.empty()) {
      const auto found = status.deliveries.find(row.delivery_id);
      return found == status.deliveries.end() ? nullptr : found->second;
    }
    const auto found = status.calls.find(row.content.description);
    if (found == status.calls.end()) return nullptr;
    for (const Called* call : found->second) {
      if (call->delivery_id.empty() && call->content == row.content &&
          call->attempt == row.attempt && call->caller == row.caller) {
        return call;
      }
    }
    return nullptr;
  }

  // Holds the server's record against the ordering rule.
  void Replay(const StatusName& name, Status* status) {
    Standing held;
    int64_t last = 0;
    std::set<std::string> deliveries;
    absl::Time held_since = absl::InfinitePast();
    absl::Duration expires_after;
    for (const Recorded* row : status->recorded) {
      const bool accepted = row->how == How::kAccepted;
      if (accepted) {
        ++findings_.checked.recorded;
        if (row->sequence <= last) {
          Violated("I3", name, "sequence ", row->sequence, " follows ", last);
        }
        last = row->sequence;
      }
      Judged judged;
      const Called* const call = CallOf(*status, *row);
      if (call != nullptr) {
        if (!IsGranted(*call)) {
          Violated("I20", name, "recorded what ", call->caller,
                   " may not report: ", LineOf(*row));
        }
        judged = JudgeCall(held, *call);
      } else if (absl::StartsWith(row->content.description, kExpiry) &&
                 row->content.state == "error") {
        judged = JudgeExpiry(held, row->content);
      } else {
        Violated("I1", name, "recorded what nobody said: ", LineOf(*row));
        continue;
      }
      if (accepted && !row->delivery_id.empty() &&
          !deliveries.insert(row->delivery_id).second) {
        Violated("I22", name, "one delivery took effect twice: ", LineOf(*row));
      }
      if (call == nullptr) {
        CheckExpiry(name, *status, *row, held_since, expires_after);
      }
      if (accepted) held_since = row->time;
      if (accepted && call != nullptr) expires_after = call->expires_after;
      if (judged.how != row->how) {
        Violated(held.kind == Standing::Kind::kNumberedResult ? "I10" : "I3",
                 name,
                 "recorded otherwise than the rule has it: ", LineOf(*row));
      }
      if (!accepted) continue;
      if (judged.how == How::kAccepted) held = judged.after;
      held.content = row->content;
      status->versions[row->sequence] = {row->sequence, row->content, held};
    }
  }

  // Whoever is away or whose clock was set gives callers time to show up.
  void CheckExpiry(const StatusName& name, const Status& status,
                   const Recorded& row, absl::Time held_since,
                   absl::Duration expires_after) {
    if (clock_was_set_) return;
    absl::Time expiry = held_since + expires_after;
    // A repetition renews it, and may want another time.
    for (const auto& [description, calls] : status.calls) {
      for (const Called* call : calls) {
        if (call->time < held_since - kOnTheWay || call->time > row.time) {
          continue;
        }
        expiry = std::min(
            expiry, std::max(held_since, call->time) + call->expires_after);
      }
    }
    if (row.time < expiry) {
      Violated("I3", name, "expired too early: ", LineOf(row));
    }
    for (const absl::Time start : starts_) {
      if (row.time >= start && row.time < start + kQuietTime) {
        Violated("I3", name, "expired so soon after a start: ", LineOf(row));
      }
    }
  }

  void Follow(const Granted&) {}
  void Follow(const Called& event) { acked_before_[event.call] = last_acked_; }
  void Follow(const Started& event) { limits_.Follow(event); }
  void Follow(const Calm&) {}
  void Follow(const Recorded&) {}
  void Follow(const Held&) {}
  void Follow(const Showed&) {}

  void Follow(const Answered& event) {
    const auto found = calls_.find(event.call);
    if (found == calls_.end()) return;
    const Called& call = *found->second;
    Status& status = statuses_[call.name];
    const bool is_ok =
        event.how == How::kAccepted || event.how == How::kUnchanged ||
        event.how == How::kSuperseded || event.how == How::kPromised;
    if (is_ok) {
      ++findings_.checked.acked;
      if (!IsGranted(call)) {
        Violated("I20", call.name, "acked what ", call.caller,
                 " may not report: ", LineOf(call));
      }
    }
    const auto version = status.versions.find(event.sequence);
    const bool is_known = version != status.versions.end();
    switch (event.how) {
      case How::kAccepted:
        if (!is_known || !(version->second.content == call.content)) {
          Violated("I1", call.name, "acked and lost: ", LineOf(call), "; ",
                   LineOf(event));
        } else if (event.sequence <= acked_before_[event.call]) {
          Violated("I3", call.name, "accepted as ", event.sequence, " when ",
                   acked_before_[event.call],
                   " was acked before it was said: ", LineOf(call));
        }
        status.acked = std::max(status.acked, event.sequence);
        last_acked_ = std::max(last_acked_, event.sequence);
        return;
      case How::kUnchanged:
      case How::kSuperseded:
        if (status.came_again.contains(call.delivery_id)) {
          return;  // A delivery that came again tells what is held.
        }
        if (!is_known) {
          Violated("I1", call.name, "what is held is lost: ", LineOf(call),
                   "; ", LineOf(event));
        } else if (JudgeCall(version->second.standing, call).how != event.how) {
          Violated("I3", call.name, "not what the rule says: ", LineOf(call),
                   "; ", LineOf(event));
        }
        return;
      case How::kConflict:
        if (!Ever(status, call, How::kConflict)) {
          Violated("I3", call.name, "refused without a reason: ", LineOf(call));
        }
        return;
      case How::kPromised:
        if (!WasRecorded(status, call) &&
            !Ever(status, call, How::kUnchanged) &&
            !Ever(status, call, How::kSuperseded)) {
          Violated("I4", call.name,
                   "success was told of what is lost: ", LineOf(call));
        }
        return;
      case How::kRefused:
      case How::kUnknown:
        return;
    }
  }

  static bool WasRecorded(const Status& status, const Called& call) {
    return std::any_of(status.recorded.begin(), status.recorded.end(),
                       [&](const Recorded* row) {
                         return row->content == call.content &&
                                row->attempt == call.attempt;
                       });
  }

  // Whether the rule said that of the call at any time.
  static bool Ever(const Status& status, const Called& call, How how) {
    return std::any_of(status.versions.begin(), status.versions.end(),
                       [&](const auto& version) {
                         return JudgeCall(version.second.standing, call).how ==
                                how;
                       });
  }

  // The version that a post is of: the oldest that says so and may still be
  // posted, or else any. Several say the same where somebody says something
  // again after something else.
  int64_t SequenceOf(const Status& status, const Content& content) const {
    // What is only seen at GitHub may have been begun before it was overtaken.
    const int64_t least =
        has_begins_ ? std::max(status.posted, status.acked) : status.posted;
    int64_t found = 0;
    for (const auto& [sequence, version] : status.versions) {
      if (!(version.content == content)) continue;
      found = sequence;
      if (sequence >= least) break;
    }
    return found;
  }

  // How many versions say the same.
  static int64_t VersionsOf(const Status& status, const Content& content) {
    return std::max<int64_t>(
        1, std::count_if(status.versions.begin(), status.versions.end(),
                         [&](const auto& version) {
                           return version.second.content == content;
                         }));
  }

  void CheckOrigin(const StatusName& name, const Status& status,
                   const Content& content) {
    const auto found = status.calls.find(content.description);
    const bool said =
        found != status.calls.end() &&
        std::any_of(found->second.begin(), found->second.end(),
                    [&](const Called* call) {
                      return call->content == content && IsGranted(*call);
                    });
    const bool expired = content.state == "error" && !status.calls.empty() &&
                         absl::StartsWith(content.description, kExpiry);
    if (!said && !expired) {
      Violated("I20", name,
               "posted what nobody was allowed to say: ", content.state, " ",
               content.description);
    }
  }

  // A post of `sequence` begins, or is seen at GitHub.
  void CheckOrder(const StatusName& name, Status* status, int64_t sequence,
                  const Content& content) {
    if (sequence == 0) {
      Violated("I7", name,
               "posted what is not in the record: ", content.description);
    } else if (sequence < status->posted) {
      Violated("I7", name, "posted ", sequence, " after ", status->posted);
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
    request = {event.time, event.posted, event.name, event.credential, 0};
    if (!event.name.has_value() || !event.posted.has_value()) return;
    Status& status = statuses_[*event.name];
    CheckAlone(event, status);
    ++findings_.checked.posts;
    const Content& content = *event.posted;
    CheckOrigin(*event.name, status, content);
    // A redirect only sends on what was begun before.
    const bool is_sent_on =
        status.redirected == content && status.redirect_time == event.time;
    request.sequence =
        is_sent_on ? status.redirected_sequence : SequenceOf(status, content);
    if (request.sequence != 0 && request.sequence < status.acked &&
        !is_sent_on) {
      Violated("I7", *event.name, "began to post ", request.sequence, " when ",
               status.acked, " was acked already: ", LineOf(event));
    }
    CheckOrder(*event.name, &status, request.sequence, content);
    if (status.doubt.has_value()) {
      Violated("I8", *event.name, "posted ",
               absl::FormatDuration(event.time - *status.doubt),
               " after a post in doubt, and GitHub not read in time: ",
               LineOf(event));
    }
    if (status.known_shown == content) {
      Violated("I11", *event.name, "posted what GitHub shows: ", LineOf(event));
    }
    if (!is_sent_on)
      CheckLimits(event, *event.name, limits_.CheckBudget(event));
    CheckPatience(*event.name, &status, request.sequence, event.time);
    status.in_flight.insert(event.exchange);
  }

  // At most one request of a status is under way, or can still take effect.
  void CheckAlone(const Began& event, Status& status) {
    for (const int64_t exchange : status.in_flight) {
      Violated("I9", *event.name, "began while ^", exchange,
               " was in flight: ", LineOf(event));
    }
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
    if (has_begins_) return;
    ++findings_.checked.posts;
    --status.applied_count;
    CheckOrigin(event.name, status, event.content);
    CheckOrder(event.name, &status, SequenceOf(status, event.content),
               event.content);
    ++status.applied_count;
  }

  void Follow(const Ended& event) {
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
    if (event.refusal.empty()) return;
    status.was_refused = true;
    if (event.refusal == "redirect") {
      status.redirected = request.posted;
      status.redirected_sequence = request.sequence;
      status.redirect_time = event.time;
      return;
    }
    const bool waits = event.refusal == "no_commit";
    // The wait for a commit begins anew after another refusal.
    if (!waits) status.without_commit.erase(request.sequence);
    int& count =
        (waits ? status.without_commit : status.refused)[request.sequence];
    // A process that ends can forget its last try, and one whose clock is set
    // can believe that it has lost it.
    const int64_t most = (waits ? kMostWithoutCommit : kMostRefused) +
                         findings_.checked.crashes + clock_sets_;
    if (++count > most * VersionsOf(status, *request.posted)) {
      Violated("I12", *request.name, "refused ", count,
               " times: ", LineOf(event));
    }
  }

  void Doubt(Status* status, absl::Time begin) {
    status->doubt = std::max(begin, status->doubt.value_or(begin));
    // Its moment is one of the wall clock, too.
    status->doubt_has_a_time = begin > clock_set_;
    status->known_shown.reset();
  }

  // GitHub's last word on a commit, even if it is that there is none; not a
  // word on the credential, the repository's place or the moment.
  static bool TellsWhatIsShown(const Ended& event) {
    if (event.http_status == 200) return true;
    return event.http_status >= 400 && event.http_status < 500 &&
           event.http_status != 401 && event.http_status != 408 &&
           event.http_status != 429 && event.silent_until <= event.time;
  }

  // A commit was read: what was in doubt early enough is so no more. Whoever
  // may not read what GitHub shows may post it again.
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
    limits_.Follow(event);
  }

  void Follow(const DiskTrouble& event) { limits_.Follow(event); }

  void Follow(const ClockSet& event) {
    clock_set_ = event.time;
    ++clock_sets_;
    limits_.Follow(event);
    for (auto& [name, status] : statuses_) status.doubt_has_a_time = false;
  }

  void Follow(const Revived& event) {
    Status& status = statuses_[event.name];
    status.refused.clear();
    status.without_commit.clear();
  }

  void CheckEnd(const StatusName& name, const Status& status) {
    if (status.versions.empty()) return;
    const Version& newest = status.versions.rbegin()->second;
    if (!status.held.has_value()) {
      Violated("I1", name, "the server does not know it any more");
      return;
    }
    const Held& held = *status.held;
    if (!(held.content == newest.content)) {
      Violated("I1", name, "held is ", LineOf(held), ", recorded last ",
               newest.sequence, " ", newest.content.description);
    }
    if (held.posting == "abandoned") {
      if (held.reason.empty()) Violated("I12", name, "abandoned, no reason");
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
  std::vector<const Granted*> grants_;
  std::map<int64_t, const Called*> calls_;
  std::map<StatusName, Status> statuses_;
  bool has_begins_ = false;
  int64_t last_acked_ = 0;  // The largest sequence of any status.
  std::map<int64_t, int64_t> acked_before_;  // By call: that, as it began.
  bool is_over_ = false;
  bool clock_was_set_ = false;
  std::vector<absl::Time> starts_;

  std::map<int64_t, InFlight> in_flight_;
  CredentialLimits limits_;
  absl::Time clock_set_ = absl::InfinitePast();
  int64_t clock_sets_ = 0;
  Findings findings_;
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
