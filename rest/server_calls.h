#ifndef SIGNALBOX_REST_SERVER_CALLS_H_
#define SIGNALBOX_REST_SERVER_CALLS_H_

#include <chrono>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "common/secret.h"
#include "rest/caller_streams.h"
#include "rest/refusal.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// On whose behalf a call is made, and until when.
struct CallTerms {
  // The caller's own header Authorization, which the server judges. Empty: the
  // request has none.
  Secret authorization;
  std::string request_id;  // Also in the logs of the server.
  std::chrono::steady_clock::time_point deadline;
};

// A report that the server has taken.
struct Reported {
  v1::Receipt receipt;
  v1::StatusCreator creator;  // Who posts it; empty: not known yet.
};

// The gRPC calls of the door. Each blocks until the server has answered, or
// until the deadline. `server` is borrowed; `repository` is `HOST/OWNER/NAME`.
// Thread-safe.
class ServerCalls {
 public:
  explicit ServerCalls(v1::StatusService::StubInterface& server)
      : server_(server), streams_(server) {}

  RestOr<Reported> Report(const v1::ReportPendingRequest& request,
                          const CallTerms& terms) const;
  RestOr<Reported> Report(const v1::ReportResultRequest& request,
                          const CallTerms& terms) const;
  // Which hosts the server serves, and what the caller may do.
  RestOr<v1::GetServerInfoResponse> ServerInfo(const CallTerms& terms) const;
  // What the caller may do.
  RestOr<v1::Grants> Grants(const CallTerms& terms) const;
  // Whether the server's configuration names callers. If not, the server
  // accepts calls with any token, and without one.
  RestOr<bool> HasCallers(const CallTerms& terms) const;
  // A token with which the caller can do less than all it may.
  RestOr<v1::IssueTokenResponse> IssueToken(
      const v1::IssueTokenRequest& request, const CallTerms& terms) const;
  RestOr<v1::GetRepositoryResponse> Repository(
      const v1::GetRepositoryRequest& request, const CallTerms& terms) const;
  // The full sha that a ref means.
  RestOr<std::string> Resolve(const std::string& repository,
                              const std::string& ref,
                              const CallTerms& terms) const;
  // Passes the reports of a commit over all contexts to `take`, newest first:
  // the newest 5,000 if there are more. Keeps few of them at a time: their
  // texts can be long. Returns who posts them (empty: not known yet). The
  // refusal: not all were passed.
  RestOr<v1::StatusCreator> Reports(
      const std::string& repository, const std::string& sha,
      const CallTerms& terms,
      absl::FunctionRef<void(const v1::ListedReport&)> take) const;

 private:
  // Reports over the caller's stream. Nothing: only a call of its own can.
  template <typename Request>
  std::optional<RestOr<Reported>> Stream(const Request& request,
                                         const CallTerms& terms) const;

  v1::StatusService::StubInterface& server_;
  mutable CallerStreams streams_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_SERVER_CALLS_H_
