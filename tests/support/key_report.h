#ifndef SIGNALBOX_TESTS_SUPPORT_KEY_REPORT_H_
#define SIGNALBOX_TESTS_SUPPORT_KEY_REPORT_H_

#include <string>
#include <vector>

#include "server/outbox/submission.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// A report about one key. The server's Report has no context, because one
// submission reports several contexts. Tests mostly report one.
struct KeyReport : Report {
  std::string context;

  StatusKey Key() const { return Report::Key(context); }
};

// One submission of all these reports. They may differ only in their contexts.
inline Submission Of(const std::vector<KeyReport>& reports) {
  Submission submission;
  if (!reports.empty()) submission.report = reports.front();
  for (const KeyReport& report : reports) {
    submission.contexts.push_back(report.context);
  }
  return submission;
}

// Makes the submission report this, and nothing else. Keeps its delivery.
inline void SetReport(Submission* submission, const KeyReport& report) {
  submission->report = report;
  submission->contexts = {report.context};
}

// The submission's report about its first key.
inline KeyReport ReportOf(const Submission& submission) {
  KeyReport report;
  static_cast<Report&>(report) = submission.report;
  report.context = submission.contexts.front();
  return report;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_KEY_REPORT_H_
