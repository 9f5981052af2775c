#ifndef SIGNALBOX_SERVER_REPORT_REASONS_H_
#define SIGNALBOX_SERVER_REPORT_REASONS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// A reason is a stable upper-case word, such as PERMISSION_MISSING: why a
// status waits or was abandoned, why a credential is paused or stopped, or why
// GitHub gave no answer. Programs read the word; these functions put it into
// words for people. reasons.cc has the list.

// Why GitHub does not show a commit status, and who can help or what to do. A
// part of a sentence, without a capital and a full stop. For a reason that is
// not in the list, the reason itself.
std::string ReasonInWords(absl::string_view reason);

// Why a question about a repository failed (a read, not a post). A whole
// sentence, which names `repository`. Empty: this function has no words for the
// reason; show the HTTP code and GitHub's text instead.
std::string ReasonOfQuestion(absl::string_view reason,
                             absl::string_view repository);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REASONS_H_
