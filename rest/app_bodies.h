#ifndef SIGNALBOX_REST_APP_BODIES_H_
#define SIGNALBOX_REST_APP_BODIES_H_

#include <string>
#include <vector>

#include "rest/bodies.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// The bodies of answers to tools that authenticate as a GitHub App, in JSON.
// The grants are those of the caller that is the App.

std::string AppBody(const v1::Grants& grants, const RestPlace& place);
std::string InstallationBody(const std::string& account,
                             const v1::Grants& grants, const RestPlace& place);
std::string InstallationsBody(const std::vector<std::string>& accounts,
                              const v1::Grants& grants, const RestPlace& place);
// `repositories` are those of `account` that the tool has asked for. Empty:
// all.
std::string AppTokenBody(const v1::IssueTokenResponse& issued,
                         const std::string& account,
                         const std::vector<std::string>& repositories,
                         const RestPlace& place);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_APP_BODIES_H_
