#ifndef SIGNALBOX_CLIENTS_CLI_REMOTE_H_
#define SIGNALBOX_CLIENTS_CLI_REMOTE_H_

#include <string>

#include "clients/cli/finding.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// The repository of the checkout in the working directory: of the remote that
// `gh repo set-default` chose, else of `origin`, else of the only one. By its
// URL as it is stored, unless that is a short form which `insteadOf` expands.
Finding<std::string> FindRemote(const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_REMOTE_H_
