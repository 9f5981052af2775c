#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_CONTENDERS_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_CONTENDERS_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/program.h"

namespace signalbox {

// A server that takes webhooks and sets commit statuses.
struct Contender {
  std::string name;  // For people.
  std::vector<std::unique_ptr<Process>> programs;
  int port = 0;  // Where it takes webhooks, at 127.0.0.1.
  bool takes_forms = true;
  bool keeps_connections = true;
  // Whether it answers once a report is on disk, and posts later; else it posts
  // first and then answers.
  bool posts_behind = false;
};

// The simulator, without limits.
std::unique_ptr<Process> StartSimulator();

// All of them post to the GitHub at `api_url`, and verify with kWebhookSecret.

// Ours: the shim, and the server with its data in `data_dir`.
Contender StartSignalbox(const std::string& api_url,
                         const std::string& data_dir,
                         const std::string& secret_file);
// The guide's: Sinatra and Octokit, with puma's five threads.
Contender StartSinatra(const std::string& api_url);
// @octokit/webhooks on Node's HTTP server.
Contender StartNode(const std::string& api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_CONTENDERS_H_
