#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_TOKEN_REQUEST_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_TOKEN_REQUEST_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/apps.h"
#include "tests/github_simulator/status_request.h"
#include "tests/github_simulator/world.h"

namespace signalbox {

// Reads the body of `POST /app/installations/{id}/access_tokens`, which may
// narrow the token to some permissions and repositories. An empty body asks for
// all that the installation has. Sets `scope`, or returns why GitHub refuses
// the body. The body may be any bytes.
std::optional<Refusal> ReadTokenRequest(absl::string_view body,
                                        const Apps::Installation& installation,
                                        const World& world, Apps::Scope* scope);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_TOKEN_REQUEST_H_
