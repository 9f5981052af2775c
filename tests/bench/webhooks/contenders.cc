#include "tests/bench/webhooks/contenders.h"

#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/bench/webhooks/deliveries.h"

namespace signalbox {
namespace {

std::string Ours(absl::string_view program) {
  return absl::StrCat(BinDirectory(), "/", program);
}

std::string Script(absl::string_view name) {
  return absl::StrCat(SIGNALBOX_BENCH_SERVERS_DIR, "/", name);
}

// Of "HOST:PORT", with anything that is not a digit behind it.
int PortOf(const Program& program) {
  const std::string& text = program.ready();
  const size_t begin = text.rfind(':') + 1;
  const size_t end = text.find_first_not_of("0123456789", begin);
  int port = 0;
  if (!absl::SimpleAtoi(text.substr(begin, end - begin), &port)) {
    GiveUp(absl::StrCat(program.name(), " listens on ", text));
  }
  return port;
}

std::map<std::string, std::string> Environment(const std::string& api_url) {
  return {{"GITHUB_API_URL", api_url},
          {"GITHUB_WEBHOOK_SECRET", kWebhookSecret},
          {"CONFORMANCE_DIR", SIGNALBOX_CONFORMANCE_DIR},
          {"NODE_ENV", "production"},
          {"RACK_ENV", "production"}};
}

}  // namespace

std::unique_ptr<Program> StartSimulator() {
  return Program::Start(
      "simulator",
      {Ours("signalbox-github-simulator"), "--listen", "127.0.0.1:0", "--token",
       "token", "--any-repository", "--hourly-limit", "0"},
      {}, "listening on ");
}

Contender StartSignalbox(const std::string& api_url,
                         const std::string& data_dir,
                         const std::string& secret_file) {
  Contender contender;
  contender.name = "signalbox";
  contender.keeps_connections = false;
  contender.posts_behind = true;
  auto server = Program::Start(
      "signalbox-server",
      {Ours("signalbox-server"), "--listen", "127.0.0.1:0", "--web-listen",
       "127.0.0.1:0", "--data-dir", data_dir, "--github-api-url", api_url},
      {{"GITHUB_TOKEN", "token"}}, "grpc listening on ");
  auto shim = Program::Start(
      "signalbox-shim",
      {Ours("signalbox-shim"), "--listen", "127.0.0.1:0", "--server",
       server->ready(), "--webhook-secret-file", secret_file},
      {}, "listening on ");
  contender.port = PortOf(*shim);
  contender.programs.push_back(std::move(shim));
  contender.programs.push_back(std::move(server));
  return contender;
}

Contender StartSinatra(const std::string& api_url) {
  Contender contender;
  contender.name = "Sinatra";
  contender.programs.push_back(Program::Start(
      "puma",
      {"puma", "--no-config", "--threads", "5:5", "--bind", "tcp://127.0.0.1:0",
       "--environment", "production", Script("guide.ru")},
      Environment(absl::StrCat(api_url, "/")), "Listening on http://"));
  contender.port = PortOf(*contender.programs.front());
  return contender;
}

Contender StartNode(const std::string& api_url) {
  Contender contender;
  contender.name = "Node";
  contender.takes_forms = false;
  contender.programs.push_back(
      Program::Start("node", {"node", Script("node_server.mjs")},
                     Environment(api_url), "listening on "));
  contender.port = PortOf(*contender.programs.front());
  return contender;
}

}  // namespace signalbox
