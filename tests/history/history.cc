#include "tests/history/history.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace signalbox::history {
namespace {

std::string TextOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6S", time, absl::UTCTimeZone());
}

std::string TextOf(const Content& content) {
  return absl::StrCat(content.state, " \"", absl::CEscape(content.description),
                      "\" <", absl::CEscape(content.target_url), ">");
}

const char* TextOf(Answered::How how) {
  switch (how) {
    case Answered::How::kAccepted:
      return "accepted";
    case Answered::How::kUnchanged:
      return "unchanged";
    case Answered::How::kSuperseded:
      return "superseded";
    case Answered::How::kRefused:
      return "refused";
    case Answered::How::kUnknown:
      return "unknown";
    case Answered::How::kPromised:
      return "promised";
  }
  return "?";
}

// Writes the line of each kind of event.
struct Liner {
  std::string operator()(const Granted& event) const {
    return absl::StrCat("granted ", event.caller, " ", event.repository, " ",
                        event.context);
  }
  std::string operator()(const Called& event) const {
    return absl::StrCat(
        TextOf(event.time), " called #", event.call, " by ", event.caller, ": ",
        TextOf(event.name), " ", TextOf(event.content),
        " result=", event.result, " attempt=", event.attempt, " of \"",
        absl::CEscape(event.series), "\"", event.rerun ? " rerun" : "",
        event.newest_text_wins ? " newest text wins" : "",
        event.delivery_id.empty() ? "" : " delivery=", event.delivery_id,
        " expires_after=", absl::FormatDuration(event.expires_after));
  }
  std::string operator()(const Heard& event) const {
    return absl::StrCat(TextOf(event.time), " heard #", event.call);
  }
  std::string operator()(const Answered& event) const {
    return absl::StrCat(TextOf(event.time), " answered #", event.call, " ",
                        TextOf(event.how), " sequence=", event.sequence);
  }
  std::string operator()(const Began& event) const {
    return absl::StrCat(TextOf(event.time), " began ^", event.exchange, " ",
                        event.credential, event.is_budget ? " budget" : "",
                        event.posted.has_value() ? " post " : " ask ",
                        event.name.has_value() ? TextOf(*event.name) : "", " ",
                        event.posted.has_value() ? TextOf(*event.posted) : "",
                        event.server.empty() ? "" : " by ", event.server);
  }
  std::string operator()(const Applied& event) const {
    return absl::StrCat(TextOf(event.time), " applied ^", event.exchange, " ",
                        TextOf(event.name), " ", TextOf(event.content));
  }
  std::string operator()(const Ended& event) const {
    std::string line = absl::StrCat(TextOf(event.time), " ended ^",
                                    event.exchange, " ", event.http_status);
    if (event.in_doubt) line += " in doubt";
    if (!event.refusal.empty()) absl::StrAppend(&line, " ", event.refusal);
    if (event.silent_until != absl::InfinitePast()) {
      absl::StrAppend(&line, " silent until ", TextOf(event.silent_until));
    }
    if (event.remaining >= 0) {
      absl::StrAppend(&line, " ", event.remaining, " of ", event.limit,
                      " until ", TextOf(event.reset_time));
    }
    return line;
  }
  std::string operator()(const Crashed& event) const {
    return absl::StrCat(TextOf(event.time), " crashed");
  }
  std::string operator()(const Started& event) const {
    return absl::StrCat(TextOf(event.time), " started");
  }
  std::string operator()(const Frozen& event) const {
    return absl::StrCat(TextOf(event.time), " froze: \"", event.server, "\"");
  }
  std::string operator()(const TermBegan& event) const {
    return absl::StrCat(TextOf(event.time), " term began of \"", event.server,
                        "\"");
  }
  std::string operator()(const ClockSet& event) const {
    return absl::StrCat(TextOf(event.time), " clock set by ",
                        absl::FormatDuration(event.by));
  }
  std::string operator()(const DiskTrouble& event) const {
    return absl::StrCat(TextOf(event.time), " disk trouble ",
                        event.is_over ? "ends" : "begins");
  }
  std::string operator()(const Revived& event) const {
    return absl::StrCat(TextOf(event.time), " revived ", TextOf(event.name));
  }
  std::string operator()(const Calm& event) const {
    return absl::StrCat(TextOf(event.time), " calm");
  }
  std::string operator()(const Recorded& event) const {
    return absl::StrCat(TextOf(event.time), " recorded ", event.sequence, " ",
                        TextOf(event.how), " ", TextOf(event.name), " ",
                        TextOf(event.content), " attempt=", event.attempt,
                        " of \"", absl::CEscape(event.series), "\" by ",
                        event.caller, " delivery=", event.delivery_id);
  }
  std::string operator()(const Held& event) const {
    return absl::StrCat("held ", TextOf(event.name), " ", TextOf(event.content),
                        " attempt=", event.attempt, " ", event.posting, " ",
                        event.reason);
  }
  std::string operator()(const Showed& event) const {
    return absl::StrCat("showed ", TextOf(event.name), " ",
                        TextOf(event.content));
  }
  std::string operator()(const Attempted& event) const {
    return absl::StrCat(TextOf(event.time), " attempted ", event.delivery_id,
                        " ", TextOf(event.name), " of #", event.pull_request,
                        " updated ", TextOf(event.updated_time), ": ",
                        event.http_status,
                        event.is_redelivery ? " redelivery" : "");
  }
};

}  // namespace

void History::Add(Event event) {
  MutexLock lock(&mu_);
  events_.push_back(std::move(event));
}

std::string LineOf(const Event& event) { return std::visit(Liner(), event); }

std::string TextOf(const StatusName& name) {
  return absl::StrCat(name.repository, " ", name.sha, " ", name.context);
}

}  // namespace signalbox::history
