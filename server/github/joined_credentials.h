#ifndef SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "server/github/credentials.h"

namespace signalbox {

// Credentials of one kind, and the accounts that the configuration gives them:
// "host/account", or "host/*" for all other accounts of a host.
struct CredentialsPart {
  std::unique_ptr<Credentials> credentials;
  std::vector<std::string> accounts;
};

// Joins several kinds of credentials. For each account, a part that names it
// wins over one that has "*" for its host, whatever their kinds. Among equals
// the first part wins.
std::unique_ptr<Credentials> JoinCredentials(
    std::vector<CredentialsPart> parts);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_
