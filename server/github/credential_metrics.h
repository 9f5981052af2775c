#ifndef SIGNALBOX_SERVER_GITHUB_CREDENTIAL_METRICS_H_
#define SIGNALBOX_SERVER_GITHUB_CREDENTIAL_METRICS_H_

#include <map>
#include <string>
#include <vector>

#include "server/base/metrics.h"
#include "server/github/credentials.h"

namespace signalbox {

// Shows which credentials are stopped as
// `signalbox_credential_stopped{credential,reason}`: 1 while stopped, 0
// afterwards.
//
// Requests name the accounts that "*" stands for. So only the first 1,000 pairs
// that were ever stopped get a series; the log has all of them.
//
// Not thread-safe.
class CredentialMetrics {
 public:
  // `metrics` is borrowed.
  explicit CredentialMetrics(Metrics* metrics) : metrics_(metrics) {}

  void Show(const std::vector<CredentialState>& states);

 private:
  Metrics* const metrics_;
  // The value of each series, by credential and reason.
  std::map<std::pair<std::string, std::string>, bool> shown_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CREDENTIAL_METRICS_H_
