#include "tests/bench/rest/rest_world.h"

#include <httplib.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/bench/our_programs.h"

namespace signalbox {
namespace {

httplib::Client ControlOf(const std::string& github_url) {
  httplib::Client client(github_url);
  client.set_read_timeout(60);
  return client;
}

void Check(const httplib::Result& result, const std::string& what) {
  if (!result || result->status / 100 != 2) {
    GiveUp(absl::StrCat("the simulator does not do ", what, ": ",
                        result ? result->body : to_string(result.error())));
  }
}

}  // namespace

RestWorld::RestWorld()
    : simulator_(StartMeasured(
          "simulator",
          {OurProgram("signalbox-github-simulator"), "--listen", "127.0.0.1:0",
           "--token", "token", "--any-repository", "--hourly-limit", "0"},
          {}, "listening on ")),
      github_url_(absl::StrCat("http://", simulator_->found())) {
  server_ = StartOurServer(github_url_, dir_.Path("data"));
  shim_ = StartOurEndpoint(server_->found(), dir_);
  rest_url_ = absl::StrCat("http://", shim_->found());
}

void RestWorld::Order(const std::string& what,
                      const nlohmann::json& body) const {
  Check(ControlOf(github_url_)
            .Post("/_simulator/" + what, body.dump(), "application/json"),
        what);
}

void RestWorld::EndFaults() const {
  Check(ControlOf(github_url_).Delete("/_simulator/faults"), "DELETE faults");
}

nlohmann::json RestWorld::Ask(const std::string& what) const {
  const auto result = ControlOf(github_url_).Get("/_simulator/" + what);
  Check(result, what);
  return nlohmann::json::parse(result->body);
}

std::unique_ptr<Process> StartOurEndpoint(const std::string& server,
                                          const TempDir& dir) {
  const std::string secret_file = dir.Path("secret");
  std::ofstream(secret_file) << "It's a Secret to Everybody";
  return StartMeasured("signalbox-shim",
                       {OurProgram("signalbox-shim"), "--listen", "127.0.0.1:0",
                        "--server", server, "--webhook-secret-file",
                        secret_file, "--rest-listen", "127.0.0.1:0"},
                       {}, "GitHub's REST API on ");
}

nlohmann::json RunOctokit(const nlohmann::json& order) {
  const auto node = StartMeasured(
      "octokit",
      {"node", absl::StrCat(SIGNALBOX_BENCH_REST_DIR, "/octokit_load.mjs"),
       order.dump()},
      {{"CONFORMANCE_DIR", SIGNALBOX_CONFORMANCE_DIR},
       {"NODE_ENV", "production"}},
      "result ");
  return nlohmann::json::parse(node->found());
}

}  // namespace signalbox
