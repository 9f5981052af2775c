#ifndef SIGNALBOX_TESTS_BENCH_REST_REST_WORLD_H_
#define SIGNALBOX_TESTS_BENCH_REST_REST_WORLD_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/bench/program.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// The GitHub simulator, a server that posts to it, and a shim with the REST
// endpoint. Nothing is limited until a suite asks for it.
class RestWorld {
 public:
  RestWorld();

  const std::string& github_url() const { return github_url_; }
  const std::string& rest_url() const { return rest_url_; }
  const Process& server() const { return *server_; }
  const Process& shim() const { return *shim_; }

  // Sends an order to the simulator's control API: `POST /_simulator/WHAT`.
  void Order(const std::string& what, const nlohmann::json& body) const;
  void EndFaults() const;
  // What `GET /_simulator/WHAT` answers.
  nlohmann::json Ask(const std::string& what) const;

 private:
  const TempDir dir_;
  std::unique_ptr<Process> simulator_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Process> shim_;
  std::string github_url_;
  std::string rest_url_;
};

// Starts a shim with the REST endpoint in front of the server at `server`
// (HOST:PORT). found() of the result is the address of the endpoint.
std::unique_ptr<Process> StartOurEndpoint(const std::string& server,
                                          const TempDir& dir);

// Runs octokit_load.mjs, which describes `order` and the result.
nlohmann::json RunOctokit(const nlohmann::json& order);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_REST_REST_WORLD_H_
