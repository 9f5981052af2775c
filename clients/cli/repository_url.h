#ifndef SIGNALBOX_CLIENTS_CLI_REPOSITORY_URL_H_
#define SIGNALBOX_CLIENTS_CLI_REPOSITORY_URL_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// Returns the host to which ssh's configuration sends a connection to `host`,
// which may be an alias. Empty: not known; the host in the URL then counts.
using SshHost = std::function<std::string(const std::string& host)>;

// The repository of a remote of git, as `[HOST/]OWNER/NAME`. `url` has any form
// that git accepts: https, http, ssh, git, or `[USER@]HOST:PATH`. The result
// has no user and no password. It has the port of https or http, but not of
// ssh. For a form that uses ssh, the function asks `ssh_host`, unless `url`
// names github.com. Without an `ssh_host`, the host in `url` counts.
//
// Empty: `url` is something else, such as a path, or a URL with more than an
// owner and a name.
std::string RepositoryFromUrl(absl::string_view url,
                              const SshHost& ssh_host = nullptr);

// `HOST/OWNER/NAME`, or `OWNER/NAME` if `host` is empty or github.com. Drops a
// `.git` at the end. Empty: `owner_and_name` is not `OWNER/NAME`, or `host` is
// not a host.
std::string RepositoryOn(absl::string_view host,
                         absl::string_view owner_and_name);

// `repository` without a `.git` at its end. Clone URLs have it; no repository's
// name does.
absl::string_view WithoutGit(absl::string_view repository);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_REPOSITORY_URL_H_
