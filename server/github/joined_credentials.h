#ifndef SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "server/github/credentials.h"

namespace signalbox {

// Credentials of one kind, and the accounts that they are configured for:
// "host/account", or "host/*" for all other accounts of a host.
struct CredentialsPart {
  std::unique_ptr<Credentials> credentials;
  std::vector<std::string> accounts;
};

// Several kinds of credentials as one. Who names an account posts for it, and
// else who has "*" at its host, whatever their kinds; of several who do, the
// first part.
std::unique_ptr<Credentials> JoinCredentials(
    std::vector<CredentialsPart> parts);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_
