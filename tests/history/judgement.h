#ifndef SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
#define SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/history/history.h"

namespace signalbox::history {

// A second implementation of the ordering rule (the first is Judge in
// server/report), written as a table of all cases. CheckHistory and the tests
// of Judge compare the two.

// What a status holds, as far as the rule needs it.
struct Standing {
  enum class Kind {
    kNothing,
    kWebhookPending,
    kFarmPending,
    kNumberedResult,
    kUnnumberedResult,
    kExpired,
  };
  // What is known of one series: its newest run.
  struct Known {
    int64_t attempt = 0;
    // How the run ended so far: its worst result. "": it has no result. "over":
    // a later rerun has ended it, and reports of it are superseded.
    std::string end;
    // The value of Standing::heard at its last accepted report.
    int64_t heard = 0;
  };

  Kind kind = Kind::kNothing;
  std::string result;  // If it is one.
  Content content;
  // The series of the held report; nothing: the report has no attempt.
  std::optional<std::string> own;
  std::map<std::string, Known> series;
  int64_t heard = 0;  // How many numbered reports were accepted.
};

// The rule's verdict on a report.
struct Judged {
  // kAccepted, kUnchanged or kSuperseded. kRefused: this cannot happen.
  Answered::How how = Answered::How::kAccepted;
  Standing after;  // What the status holds then.
};

// The verdict on a caller's report.
Judged JudgeCall(const Standing& held, const Called& call);

// The verdict on the error that the server itself reports for an expired
// pending. kRefused: the status holds no pending that could expire.
Judged JudgeExpiry(const Standing& held, const Content& error);

}  // namespace signalbox::history

#endif  // SIGNALBOX_TESTS_HISTORY_JUDGEMENT_H_
