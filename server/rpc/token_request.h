#ifndef SIGNALBOX_SERVER_RPC_TOKEN_REQUEST_H_
#define SIGNALBOX_SERVER_RPC_TOKEN_REQUEST_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/calls/conversion.h"
#include "server/identity/issued_token.h"
#include "server/rpc/authorizer.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// What the caller `by` asks the server to issue at `now`. Pure.
//
// The token ends with the caller's own token, if that ends earlier. A caller
// that has come with a JWT does not have a token, and its JWT ends soon.
//
// INVALID_ARGUMENT names the field. Reasons: NO_CALLERS, INVALID_PATTERN,
// TOO_MANY_PATTERNS, INVALID_CONTEXT, INVALID_RIGHT, INVALID_REPOSITORY,
// UNKNOWN_HOST, INVALID_SHA, INVALID_SERIES, INVALID_ATTEMPT,
// INVALID_VALID_FOR. PERMISSION_DENIED, reason NOT_GRANTED: the caller itself
// lacks a right, or the grant of a repository or context without `*`, that the
// narrowing names.
absl::StatusOr<IssuedToken> TokenWanted(const v1::IssueTokenRequest& request,
                                        const Identity& by,
                                        const ConvertOptions& options,
                                        absl::Time now);

// Who a caller is and what it may do, as the API says it.
v1::Grants GrantsOf(const Identity& identity);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_TOKEN_REQUEST_H_
