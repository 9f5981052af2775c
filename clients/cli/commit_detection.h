#ifndef SIGNALBOX_CLIENTS_CLI_COMMIT_DETECTION_H_
#define SIGNALBOX_CLIENTS_CLI_COMMIT_DETECTION_H_

#include <string>

#include "clients/cli/finding.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// Finds the commit that a run is about, as 40 or 64 hexadecimal digits, by what
// the CI system says, else by the checkout in the working directory.
//
// For a pull request it is the head. It is never a merge that was made to test
// the change, since nobody sees that commit at GitHub, and never the tip of the
// default branch where an event is about something else. Where the head cannot
// be found out, `value` is empty and the last warning says why: a status on the
// wrong commit is worse than none.
//
// A warning says if the checkout is on another commit than the one found. Pure
// but for what `surroundings` does.
Finding<std::string> FindSha(const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMMIT_DETECTION_H_
