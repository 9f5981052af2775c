#include "tests/bench/webhooks/contenders.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/bench/our_programs.h"
#include "tests/bench/webhooks/deliveries.h"

namespace signalbox {
namespace {

std::string Script(absl::string_view name) {
  return absl::StrCat(SIGNALBOX_BENCH_SERVERS_DIR, "/", name);
}

std::map<std::string, std::string> Environment(const std::string& api_url) {
  return {{"GITHUB_API_URL", api_url},
          {"GITHUB_WEBHOOK_SECRET", kWebhookSecret},
          {"CONFORMANCE_DIR", SIGNALBOX_CONFORMANCE_DIR},
          {"NODE_ENV", "production"},
          {"RACK_ENV", "production"}};
}

}  // namespace

std::unique_ptr<Process> StartSimulator() {
  return StartMeasured(
      "simulator",
      {OurProgram("signalbox-github-simulator"), "--listen", "127.0.0.1:0",
       "--token", "token", "--any-repository", "--hourly-limit", "0"},
      {}, "listening on ");
}

Contender StartSignalbox(const std::string& api_url,
                         const std::string& data_dir,
                         const std::string& secret_file) {
  Contender contender;
  contender.name = "signalbox";
  contender.posts_behind = true;
  auto server = StartOurServer(api_url, data_dir);
  auto shim = StartOurShim(server->found(), secret_file);
  contender.port = shim->Port();
  contender.programs.push_back(std::move(shim));
  contender.programs.push_back(std::move(server));
  return contender;
}

Contender StartSinatra(const std::string& api_url) {
  Contender contender;
  contender.name = "Sinatra";
  contender.programs.push_back(StartMeasured(
      "puma",
      {"puma", "--no-config", "--threads", "5:5", "--bind", "tcp://127.0.0.1:0",
       "--environment", "production", Script("guide.ru")},
      Environment(absl::StrCat(api_url, "/")), "Listening on http://"));
  contender.port = contender.programs.front()->Port();
  return contender;
}

Contender StartNode(const std::string& api_url) {
  Contender contender;
  contender.name = "Node";
  contender.takes_forms = false;
  contender.programs.push_back(
      StartMeasured("node", {"node", Script("node_server.mjs")},
                    Environment(api_url), "listening on "));
  contender.port = contender.programs.front()->Port();
  return contender;
}

}  // namespace signalbox
