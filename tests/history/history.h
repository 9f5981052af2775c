#ifndef SIGNALBOX_TESTS_HISTORY_HISTORY_H_
#define SIGNALBOX_TESTS_HISTORY_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/base/mutex.h"

// A namespace of its own, since the server has other meanings for these words.
namespace signalbox::history {

// A log of what went on around a server, as those saw it who stood outside:
// its callers, GitHub, and whoever started and killed it. At the end stands
// what the server and GitHub showed once all trouble was over. CheckHistory
// decides by it whether the server kept its promises.
//
// Nothing here depends on the code that is judged.

// A commit status, by names that hold for the whole history: a repository
// keeps the one it had first, whatever it is called later.
struct StatusName {
  std::string repository;  // "acme/app"
  std::string sha;         // Lower case.
  std::string context;     // Lower case.

  friend bool operator==(const StatusName&, const StatusName&) = default;
  friend auto operator<=>(const StatusName&, const StatusName&) = default;
};

// What a commit status says. A load gives every report a description of its
// own, short and plain, so that what GitHub is sent tells which report it was.
struct Content {
  std::string state;  // "pending", "success", "failure" or "error".
  std::string description;
  std::string target_url;

  friend bool operator==(const Content&, const Content&) = default;
};

// What somebody is allowed to report.
struct Granted {
  std::string caller;
  std::string repository;  // "acme/app", or "acme/*"
  std::string context;     // "ci/build", or "ci/*"
};

// Somebody begins to report something: one status of one call. A repetition,
// also one by the same caller after a lost answer, is a call of its own with
// the same content.
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

// The server has what was said on disk. It may have had it before: what a
// network delivers twice is heard twice.
struct Heard {
  int64_t call = 0;
  absl::Time time;
};

// The caller learns how its call ended. A call without one is in doubt.
struct Answered {
  enum class How {
    kAccepted,
    kUnchanged,
    kSuperseded,
    kRefused,   // For good, and nothing was accepted.
    kUnknown,   // Not available, too late, or no answer: it may be repeated.
    kPromised,  // OK, but the caller was not told which of the first three.
  };
  int64_t call = 0;
  absl::Time time;
  How how = How::kUnknown;
  // Of the receipt: the report's own if it was accepted, else of what is held;
  // 0: the caller was not told, or nothing is held.
  int64_t sequence = 0;
};

// The server begins a request to GitHub.
struct Began {
  int64_t exchange = 0;  // Its number, from 1.
  absl::Time time;
  // A post; nothing: it only asks.
  std::optional<Content> posted;
  // The status that is posted, or the commit that is read (its context does
  // not matter). Nothing: it is about neither.
  std::optional<StatusName> name;
  // Asking for the budget is allowed while a primary limit lasts.
  bool is_budget = false;
  std::string credential;
};

// GitHub makes a status.
struct Applied {
  int64_t exchange = 0;  // 0: not known.
  absl::Time time;
  StatusName name;
  Content content;
};

// The server has its answer, or gives up.
struct Ended {
  int64_t exchange = 0;
  absl::Time time;
  int http_status = 0;  // 0: no answer.
  // Nobody on this side can know whether it took effect, or still will.
  bool in_doubt = false;
  // GitHub wants silence of this credential until then.
  absl::Time silent_until = absl::InfinitePast();
  // What it says of the budget; -1: nothing.
  int remaining = -1;
  int limit = -1;
  absl::Time reset_time = absl::InfinitePast();
  // Of a refusal of what was posted: "no_commit", which is worth waiting for,
  // "redirect", which may lead somewhere, "repository", which holds for all
  // that is posted there, or "other".
  std::string refusal;
};

// The server's process ends without warning, or begins.
struct Crashed {
  absl::Time time;
};
struct Started {
  absl::Time time;
};

// Somebody sets the machine's clock.
struct ClockSet {
  absl::Time time;
  absl::Duration by;
};

// From here on, or from here on no more, the store fails to write, and so
// cannot remember what GitHub says.
struct DiskTrouble {
  absl::Time time;
  bool is_over = false;
};

// Somebody asks for an abandoned status to be tried again, and was not told
// that it is not.
struct Revived {
  absl::Time time;
  StatusName name;
};

// From here on nothing goes wrong any more, and nothing is reported.
struct Calm {
  absl::Time time;
};

// At the end: a report in the server's own record of a status, in the order in
// which they came.
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

// At the end: what the server says of a status.
struct Held {
  StatusName name;
  Content content;
  int64_t attempt = 0;
  // "posted", "due", "waiting", "abandoned".
  std::string posting;
  std::string reason;
};

// At the end: what GitHub shows of a status.
struct Showed {
  StatusName name;
  Content content;
};

using Event = std::variant<Granted, Called, Heard, Answered, Began, Applied,
                           Ended, Crashed, Started, ClockSet, DiskTrouble,
                           Revived, Calm, Recorded, Held, Showed>;

// Thread-safe, but for events().
class History {
 public:
  void Add(Event event);

  // In the order in which they were added; nobody may be adding.
  const std::vector<Event>& events() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return events_;
  }

 private:
  Mutex mu_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mu_);
};

// One line for people, which says all of it: equal events, and no others, have
// equal lines.
std::string LineOf(const Event& event);

// "acme/app 0123456 ci/build"
std::string TextOf(const StatusName& name);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_HISTORY_H_
