#ifndef SIGNALBOX_TESTS_SUPPORT_PROBLEMS_H_
#define SIGNALBOX_TESTS_SUPPORT_PROBLEMS_H_

#include <string>
#include <vector>

#include "server/report/diagnosis.h"

namespace signalbox {

// The problems' messages, for people.
inline std::vector<std::string> MessagesOf(
    const std::vector<Problem>& problems) {
  std::vector<std::string> messages;
  for (const Problem& problem : problems) messages.push_back(problem.message);
  return messages;
}

// The problems' codes, for programs.
inline std::vector<std::string> CodesOf(const std::vector<Problem>& problems) {
  std::vector<std::string> codes;
  for (const Problem& problem : problems) codes.push_back(problem.code);
  return codes;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_PROBLEMS_H_
