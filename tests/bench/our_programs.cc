#include "tests/bench/our_programs.h"

namespace signalbox {

std::unique_ptr<Process> StartOurServer(const std::string& api_url,
                                        const std::string& data_dir) {
  return StartMeasured("signalbox-server",
                       {OurProgram("signalbox-server"), "--listen",
                        "127.0.0.1:0", "--web-listen", "127.0.0.1:0",
                        "--data-dir", data_dir, "--github-api-url", api_url},
                       {{"GITHUB_TOKEN", "token"}}, "grpc listening on ");
}

std::unique_ptr<Process> StartOurShim(const std::string& server,
                                      const std::string& secret_file) {
  return StartMeasured("signalbox-shim",
                       {OurProgram("signalbox-shim"), "--listen", "127.0.0.1:0",
                        "--server", server, "--webhook-secret-file",
                        secret_file, "--trusted-proxy", "127.0.0.1"},
                       {}, "listening on ");
}

}  // namespace signalbox
