#ifndef SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "server/github/credentials.h"

namespace signalbox {

// Credentials of one kind (plain tokens or Apps), and the accounts for which
// the configuration names them: "host/account", or "host/*" for all accounts of
// a host that it does not name.
struct CredentialsPart {
  std::unique_ptr<Credentials> credentials;
  std::vector<std::string> accounts;
};

// Makes several kinds of credentials one, so that their users need not know the
// kinds. For each account, a part that names it wins over a part that has "*"
// for its host. If several parts name it, or several have "*", the first wins.
std::unique_ptr<Credentials> JoinCredentials(
    std::vector<CredentialsPart> parts);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_JOINED_CREDENTIALS_H_
