#ifndef SIGNALBOX_CLIENTS_CLI_REPOSITORY_URL_H_
#define SIGNALBOX_CLIENTS_CLI_REPOSITORY_URL_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// The host that ssh would talk to, by its configuration, for a host or an
// alias; empty: not known.
using SshHost = std::function<std::string(const std::string& host)>;

// The `[HOST/]OWNER/NAME` that a remote of git names, in any of the forms that
// git takes: https, http, ssh, git, and `[USER@]HOST:PATH`. The user and the
// password are dropped, and so is the port of ssh, which says nothing of the
// web address. For a URL of ssh, `ssh_host` (which may be empty) says which
// host stands behind the name, unless it is GitHub's. Empty if `url` is not of
// that kind, such as a path or a URL with more than an owner and a name.
std::string RepositoryFromUrl(absl::string_view url,
                              const SshHost& ssh_host = nullptr);

// `HOST/OWNER/NAME`, without the host if it is GitHub's; empty if `owner/name`
// is not of that form. `host` may be empty: GitHub's.
std::string RepositoryOn(absl::string_view host,
                         absl::string_view owner_and_name);

// `repository` without the `.git` that clone URLs end in and no name does.
absl::string_view WithoutGit(absl::string_view repository);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_REPOSITORY_URL_H_
