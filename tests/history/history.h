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
// callers, GitHub, and the process that started and killed it. At its end is
// what the server and GitHub showed after all trouble was over. From it,
// CheckHistory decides whether the server kept its promises.
//
// Nothing here depends on the code under test.

// A commit status. Its names hold for the whole history: a renamed repository
// keeps its first one.
struct StatusName {
  std::string repository;  // "acme/app"
  std::string sha;         // Lower case.
  std::string context;     // Lower case.

  friend bool operator==(const StatusName&, const StatusName&) = default;
  friend auto operator<=>(const StatusName&, const StatusName&) = default;
};

// What a commit status says. A load gives each report its own short, plain
// description, so that a post tells which report it shows.
struct Content {
  std::string state;  // "pending", "success", "failure" or "error".
  std::string description;
  std::string target_url;

  friend bool operator==(const Content&, const Content&) = default;
};

// What a caller may report.
struct Granted {
  std::string caller;
  std::string repository;  // "acme/app", or "acme/*"
  std::string context;     // "ci/build", or "ci/*"
};

// A caller begins to report one status of one call. A repetition is a separate
// call with the same content, even after a lost answer.
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
  std::string delivery_id;  // Not empty: a webhook pending.
  absl::Duration expires_after = absl::Hours(6);
};

// The server has the call on disk, perhaps not for the first time: a call that
// the network delivers twice is heard twice.
struct Heard {
  int64_t call = 0;
  absl::Time time;
};

// The caller learns the outcome of its call. Without this, it is unknown.
struct Answered {
  enum class How {
    kAccepted,
    kUnchanged,
    kSuperseded,
    kRefused,   // Permanently; nothing was accepted.
    kUnknown,   // Unavailable, too late, or no answer: it may be repeated.
    kPromised,  // OK, but the answer did not say which of the first three.
  };
  int64_t call = 0;
  absl::Time time;
  How how = How::kUnknown;
  // From the receipt: the report's own if it was accepted, otherwise that of
  // the held one. 0: the answer had none, or nothing is held.
  int64_t sequence = 0;
};

// The server begins a request to GitHub.
struct Began {
  int64_t exchange = 0;  // Its number, from 1.
  absl::Time time;
  // A post; nothing: a question.
  std::optional<Content> posted;
  // The status to post, or the commit to read (its context does not matter).
  // Nothing: neither.
  std::optional<StatusName> name;
  // A request for the budget is allowed during a primary limit.
  bool is_budget = false;
  std::string credential;
  // Which of several processes; empty: the first one.
  std::string server = "";
};

// GitHub creates a status.
struct Applied {
  int64_t exchange = 0;  // 0: not known.
  absl::Time time;
  StatusName name;
  Content content;
};

// The server has the answer, or stops waiting.
struct Ended {
  int64_t exchange = 0;
  absl::Time time;
  int http_status = 0;  // 0: no answer.
  // Ambiguous: the server cannot know whether it took or will take effect.
  bool in_doubt = false;
  // Until then GitHub wants no requests with this credential.
  absl::Time silent_until = absl::InfinitePast();
  // The budget in the answer; -1: none.
  int remaining = -1;
  int limit = -1;
  absl::Time reset_time = absl::InfinitePast();
  // Why GitHub refused a post: "no_commit", which may pass; "redirect", which
  // may lead somewhere; "repository", for every post to it; or "other".
  std::string refusal;
};

// The server's process ends without warning, or starts.
struct Crashed {
  absl::Time time;
};
struct Started {
  absl::Time time;
};

// A process stops for longer than a lease, and will go on. What it has sent
// goes on meanwhile.
struct Frozen {
  absl::Time time;
  std::string server;  // As in Began.
};

// From now on this process takes out what is to be posted, and no other.
struct TermBegan {
  absl::Time time;
  std::string server;  // As in Began.
};

// Somebody sets the machine's clock.
struct ClockSet {
  absl::Time time;
  absl::Duration by;
};

// The store begins or ceases to fail writes. Meanwhile it cannot remember what
// GitHub says.
struct DiskTrouble {
  absl::Time time;
  bool is_over = false;
};

// Somebody retries an abandoned status, and no answer says that this failed.
struct Revived {
  absl::Time time;
  StatusName name;
};

// From here on nothing goes wrong, and nobody reports.
struct Calm {
  absl::Time time;
};

// At the end: a report in the server's record of a status, in order of arrival.
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

// At the end: the server's view of a status.
struct Held {
  StatusName name;
  Content content;
  int64_t attempt = 0;
  // "posted", "due", "waiting", "abandoned".
  std::string posting;
  std::string reason;
};

// At the end: what GitHub shows for a status.
struct Showed {
  StatusName name;
  Content content;
};

using Event = std::variant<Granted, Called, Heard, Answered, Began, Applied,
                           Ended, Crashed, Started, Frozen, TermBegan, ClockSet,
                           DiskTrouble, Revived, Calm, Recorded, Held, Showed>;

// Thread-safe, except events().
class History {
 public:
  void Add(Event event);

  // In the order of Add. Nobody may be adding.
  const std::vector<Event>& events() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return events_;
  }

 private:
  Mutex mu_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mu_);
};

// One line for people, with everything in it: two events have equal lines only
// if they are equal.
std::string LineOf(const Event& event);

// "acme/app 0123456 ci/build"
std::string TextOf(const StatusName& name);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_HISTORY_H_
