#include "tests/bench/our_programs.h"

#include "absl/strings/str_cat.h"

namespace signalbox {

std::string OurProgram(absl::string_view name) {
  return absl::StrCat(BinDirectory(), "/", name);
}

std::unique_ptr<Program> StartOurServer(const std::string& api_url,
                                        const std::string& data_dir) {
  return Program::Start("signalbox-server",
                        {OurProgram("signalbox-server"), "--listen",
                         "127.0.0.1:0", "--web-listen", "127.0.0.1:0",
                         "--data-dir", data_dir, "--github-api-url", api_url},
                        {{"GITHUB_TOKEN", "token"}}, "grpc listening on ");
}

std::unique_ptr<Program> StartOurShim(const std::string& server,
                                      const std::string& secret_file) {
  return Program::Start(
      "signalbox-shim",
      {OurProgram("signalbox-shim"), "--listen", "127.0.0.1:0", "--server",
       server, "--webhook-secret-file", secret_file},
      {}, "listening on ");
}

}  // namespace signalbox
