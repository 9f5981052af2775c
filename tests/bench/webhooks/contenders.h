#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_CONTENDERS_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_CONTENDERS_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/program.h"

namespace signalbox {

// A running server that takes webhooks and sets commit statuses: ours, or one
// that people use instead. The benchmark compares them.
struct Contender {
  std::string name;                                // For people.
  std::vector<std::unique_ptr<Process>> programs;  // All that it consists of.
  int port = 0;  // Where it takes webhooks, at 127.0.0.1.
  bool takes_forms = true;
  // True: it answers a webhook once the report is on disk, and posts later.
  // False: it posts first and then answers.
  bool posts_behind = false;
};

// Starts the GitHub simulator, without rate limits.
std::unique_ptr<Process> StartSimulator();

// These start a server that posts to the GitHub at `api_url` and takes webhooks
// signed with kWebhookSecret.

// Signalbox: the shim, and the server with its data in `data_dir`.
// `secret_file` holds kWebhookSecret.
Contender StartSignalbox(const std::string& api_url,
                         const std::string& data_dir,
                         const std::string& secret_file);
// The server of GitHub's guide: Sinatra and Octokit, with puma's five threads.
Contender StartSinatra(const std::string& api_url);
// @octokit/webhooks on Node's HTTP server.
Contender StartNode(const std::string& api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_CONTENDERS_H_
