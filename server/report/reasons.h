#ifndef SIGNALBOX_SERVER_REPORT_REASONS_H_
#define SIGNALBOX_SERVER_REPORT_REASONS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// What reasons mean, for people: why a status waits or was abandoned, why a
// credential waits or is stopped, and why GitHub gave no answer. A reason is a
// stable upper-case word.

// What the reason means for a commit status, and who can help or what to do. A
// part of a sentence. The reason itself if it is not known here.
std::string ReasonInWords(absl::string_view reason);

// The same for a request that only asks GitHub about a repository, in a
// sentence. `repository` is its name. Empty: only the HTTP code and GitHub's
// text say more than the reason.
std::string ReasonOfQuestion(absl::string_view reason,
                             absl::string_view repository);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REASONS_H_
