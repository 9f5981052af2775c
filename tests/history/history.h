#ifndef SIGNALBOX_TESTS_HISTORY_HISTORY_H_
#define SIGNALBOX_TESTS_HISTORY_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"

// A separate namespace: the server uses these words with other meanings.
namespace signalbox::history {

// A log of the events around a server, as observers outside saw them: its
// callers, GitHub, and the test that started and killed the server. The log
// ends with what the server and GitHub show after all trouble is over.
// CheckHistory (check_history.h) decides from the log whether the server kept
// its promises.
//
// Nothing here depends on the code under test.

// Names a commit status. The names stay the same through the whole history: a
// renamed repository keeps its first name here.
struct StatusName {
  std::string repository;  // "acme/app"
  std::string sha;         // Lower case.
  std::string context;     // Lower case.

  friend bool operator==(const StatusName&, const StatusName&) = default;
  friend auto operator<=>(const StatusName&, const StatusName&) = default;
};

// What a commit status says. The program that makes the reports gives each its
// own short description, so that a post tells which report it shows.
struct Content {
  std::string state;  // "pending", "success", "failure" or "error".
  std::string description;
  std::string target_url;

  friend bool operator==(const Content&, const Content&) = default;
};

// A caller that may report, and what about.
struct Granted {
  std::string caller;
  std::string repository;  // "acme/app", or "acme/*"
  std::string context;     // "ci/build", or "ci/*"
};

// A caller begins a call that reports one status. If it repeats the call, also
// after a lost answer, that is a new Called with the same content.
struct Called {
  int64_t call = 0;  // Its number, from 1.
  absl::Time time;
  std::string caller;
  StatusName name;
  Content content;
  std::string result;   // "success", "cancelled" ...; empty: a pending.
  int64_t attempt = 0;  // 0: unnumbered.
  std::string series;   // The counter of `attempt`.
  bool rerun = false;
  bool newest_text_wins = false;
  std::string delivery_id;  // Not empty: a webhook pending.
  absl::Duration expires_after = absl::Hours(6);
};

// The server has the call on disk. If the network delivers a call twice, there
// are two Heard for it.
struct Heard {
  int64_t call = 0;
  absl::Time time;
};

// The caller learns the outcome of its call. Without this event, the caller
// does not know the outcome.
struct Answered {
  enum class How {
    kAccepted,
    kUnchanged,
    kSuperseded,
    kRefused,  // Permanently; nothing was accepted.
    // UNAVAILABLE, deadline exceeded, or no answer. The caller may repeat it.
    kUnknown,
    kPromised,  // OK, but the answer did not say which of the first three.
  };
  int64_t call = 0;
  absl::Time time;
  How how = How::kUnknown;
  // The sequence in the receipt: the report's own if the server accepted it,
  // otherwise that of the report that the status holds. 0: there was none.
  int64_t sequence = 0;
};

// The server begins a request to GitHub.
struct Began {
  int64_t exchange = 0;  // Its number, from 1.
  absl::Time time;
  // What a post is to set; nothing: the request is a question.
  std::optional<Content> posted;
  // The status that a post sets, or a status of the commit that a question
  // reads (its context means nothing then). Nothing: the request is about
  // neither.
  std::optional<StatusName> name;
  // The request asks for the budget. During a primary limit GitHub allows only
  // this.
  bool is_budget = false;
  std::string credential;
  // The process that sends it, where the test has several; empty: the first
  // one.
  std::string server = "";
};

// GitHub creates a status.
struct Applied {
  int64_t exchange = 0;  // 0: not known.
  absl::Time time;
  StatusName name;
  Content content;
};

// The server has GitHub's answer, or stops waiting for it.
struct Ended {
  int64_t exchange = 0;
  absl::Time time;
  int http_status = 0;  // 0: no answer.
  // The try is ambiguous: the server cannot know whether the request took
  // effect, or will do so later.
  bool in_doubt = false;
  // GitHub asked for no requests with this credential until then.
  absl::Time silent_until = absl::InfinitePast();
  // The hourly budget in the answer's headers; -1: it named none.
  int remaining = -1;
  int limit = -1;
  absl::Time reset_time = absl::InfinitePast();
  // Why GitHub refused a post. "no_commit": it does not see the commit, perhaps
  // not yet. "redirect": it named another address. "repository": it refuses all
  // posts to the repository. "other". Empty: it did not refuse.
  std::string refusal;
};

// The server's process ends without warning.
struct Crashed {
  absl::Time time;
};
// The server's process starts.
struct Started {
  absl::Time time;
};

// A process stops for longer than a lease, and will go on later. Requests that
// it has sent go on meanwhile.
struct Frozen {
  absl::Time time;
  std::string server;  // As in Began.
};

// This process gets the term: from now on no other process takes out what is to
// be posted.
struct TermBegan {
  absl::Time time;
  std::string server;  // As in Began.
};

// The clock of the server's machine is set forward, or back if `by` is
// negative.
struct ClockSet {
  absl::Time time;
  absl::Duration by;
};

// Writes of the store begin to fail, or work again (`is_over`). Meanwhile the
// server cannot store what GitHub tells it.
struct DiskTrouble {
  absl::Time time;
  bool is_over = false;
};

// Somebody asked the server to revive an abandoned status, and no answer says
// that this failed.
struct Revived {
  absl::Time time;
  StatusName name;
};

// From here on nothing goes wrong, and no caller reports.
struct Calm {
  absl::Time time;
};

// At the end: a report in the server's history of a status. These come in the
// order of arrival.
struct Recorded {
  StatusName name;
  int64_t sequence = 0;  // 0: it was not accepted.
  absl::Time time;
  Answered::How how = Answered::How::kAccepted;  // kAccepted or kSuperseded.
  Content content;
  int64_t attempt = 0;
  std::string series;
  std::string caller;
  std::string delivery_id;
};

// At the end: what the server's entry of a status says.
struct Held {
  StatusName name;
  Content content;
  int64_t attempt = 0;
  // The state of posting: "posted", "due", "waiting" or "abandoned".
  std::string posting;
  std::string reason;
};

// At the end: what GitHub shows for a status.
struct Showed {
  StatusName name;
  Content content;
};

// At the end: an attempt of GitHub's to deliver a webhook that asks for a
// pending of this status, as GitHub's list of deliveries has it.
struct Attempted {
  absl::Time time;
  std::string delivery_id;
  StatusName name;
  int64_t pull_request = 0;  // The commit became its head; 0: it is a push.
  // When the pull request got this head, as the webhook says.
  absl::Time updated_time;
  int http_status = 0;  // Of the answer; 0: none came.
  bool is_redelivery = false;
};

using Event =
    std::variant<Granted, Called, Heard, Answered, Began, Applied, Ended,
                 Crashed, Started, Frozen, TermBegan, ClockSet, DiskTrouble,
                 Revived, Calm, Recorded, Held, Showed, Attempted>;

// Collects the events while a test runs. Thread-safe, except events().
class History {
 public:
  void Add(Event event);

  // In the order of Add. No other thread may call Add meanwhile.
  const std::vector<Event>& events() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return events_;
  }

 private:
  Mutex mu_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mu_);
};

// One line for people, with every field: the lines of different events differ.
std::string LineOf(const Event& event);

// A short name for people: "acme/app 0123456 ci/build".
std::string TextOf(const StatusName& name);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_HISTORY_H_
