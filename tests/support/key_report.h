#ifndef SIGNALBOX_TESTS_SUPPORT_KEY_REPORT_H_
#define SIGNALBOX_TESTS_SUPPORT_KEY_REPORT_H_

#include <string>
#include <vector>

#include "server/outbox/outbox.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// What is said of one key.
struct KeyReport : Report {
  std::string context;

  StatusKey Key() const { return Report::Key(context); }
};

// One that says this. All must say the same, under one context or more.
inline Submission Of(const std::vector<KeyReport>& reports) {
  Submission submission;
  if (!reports.empty()) submission.report = reports.front();
  for (const KeyReport& report : reports) {
    submission.contexts.push_back(report.context);
  }
  return submission;
}

inline void SetReport(Submission* submission, const KeyReport& report) {
  submission->report = report;
  submission->contexts = {report.context};
}

// What it says of its first key.
inline KeyReport ReportOf(const Submission& submission) {
  KeyReport report;
  static_cast<Report&>(report) = submission.report;
  report.context = submission.contexts.front();
  return report;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_KEY_REPORT_H_
