#ifndef SIGNALBOX_REST_APP_REQUEST_H_
#define SIGNALBOX_REST_APP_REQUEST_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "rest/refusal.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// The part of AnswerApp that needs no server. Pure.

// The body of a request for a token of an installation.
struct AppTokenRequest {
  std::vector<std::string> repositories;  // Names; empty: all.
  // The permission `statuses`.
  enum class Statuses { kAll, kRead, kWrite } statuses = Statuses::kAll;
};

// Reads a body, which may be empty or null. Other permissions than `statuses`
// are ignored: the answer says which the token has. Refused with 422 is what
// would make the token good for more than the tool asks for: only permissions
// for other things, repositories by number, an empty list of repositories.
std::variant<AppTokenRequest, RestRefusal> ReadAppTokenRequest(
    absl::string_view body);

// The accounts on this host that the caller's grants name without `*`.
std::vector<std::string> AccountsOf(const v1::Grants& grants,
                                    absl::string_view host);
// Whether the grants cover a repository that the account may have.
bool CoversAccount(const v1::Grants& grants, absl::string_view host,
                   absl::string_view account);

// The number by which tools know the account's installation: always the same,
// positive, of 31 bits.
int64_t InstallationIdOf(absl::string_view host, absl::string_view account);

// The request to the server. `account` is empty if the installation is not one
// of AccountsOf. The refusal: the caller has not what the tool asks for.
std::variant<v1::IssueTokenRequest, RestRefusal> IssueRequestOf(
    const AppTokenRequest& request, const v1::Grants& grants,
    const std::string& host, const std::string& account);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_APP_REQUEST_H_
