// A server that cannot start writes one line that says why, and exits with 2.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class StartTest : public testing::Test {
 protected:
  std::vector<std::string> Arguments(
      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "--listen",    "127.0.0.1:0", "--web-listen",
        "127.0.0.1:0", "--data-dir",  dir_.path() + "/data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  void ExpectRefused(
      const std::vector<std::string>& arguments,
      const std::vector<std::string>& said,
      const std::map<std::string, std::string>& environment = {}) {
    const auto server = StartProgram("signalbox-server", arguments,
                                     {.environment = environment});
    EXPECT_EQ(server->Wait(), 2);
    const std::string error = server->Errors();
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
    for (const std::string& text : said) {
      EXPECT_NE(error.find(text), std::string::npos)
          << "wanted \"" << text << "\" in: " << error;
    }
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = dir_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  TempDir dir_;
};

TEST_F(StartTest, ADataDirectoryThatIsAFile) {
  const std::string file = Write("file", "x");
  ExpectRefused(Arguments({"--data-dir", file}), {file});
  ExpectRefused(Arguments({"--data-dir", file + "/below"}), {file});
}

TEST_F(StartTest, ADatabaseThatIsNone) {
  mkdir((dir_.path() + "/data").c_str(), 0700);
  Write("data/signalbox.db", std::string(8192, 'x'));
  ExpectRefused(Arguments(), {dir_.path() + "/data"});
}

TEST_F(StartTest, ASecondServerOnTheSameData) {
  const auto first = StartProgram("signalbox-server", Arguments());
  first->WaitForLine("web listening on ");
  ExpectRefused(Arguments(), {dir_.path() + "/data"});
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(), 0);
}

TEST_F(StartTest, APortThatIsTaken) {
  const auto first = StartProgram("signalbox-server", Arguments());
  const std::string grpc = first->WaitForLine("grpc listening on ");
  const std::string web = first->WaitForLine("web listening on ");
  const std::string other = dir_.path() + "/other";
  ExpectRefused(Arguments({"--data-dir", other, "--listen", grpc}), {grpc});
  ExpectRefused(Arguments({"--data-dir", other, "--web-listen", web}), {web});
}

TEST_F(StartTest, AnAddressThatIsNotLoopback) {
  ExpectRefused(Arguments({"--listen", "0.0.0.0:0"}),
                {"listen", "0.0.0.0:0", "loopback"});
  ExpectRefused(Arguments({"--web-listen", "[::]:0"}),
                {"web_listen", "loopback"});
  ExpectRefused(Arguments({"--listen", "50051"}), {"listen", "50051"});
}

TEST_F(StartTest, AConfigurationThatIsWrong) {
  const std::string file =
      Write("server.yaml", "listen: 127.0.0.1:0\nlisen: x\n");
  ExpectRefused(Arguments({"--config", file}), {file + ":2", "lisen"});
  ExpectRefused(Arguments({"--config", file + "-missing"}),
                {file + "-missing"});
}

TEST_F(StartTest, AnApiUrlThatWouldShowTheToken) {
  ExpectRefused(Arguments({"--github-api-url", "http://ghes.example.com"}),
                {"--github-api-url", "unencrypted", "allow_http"});
}

TEST_F(StartTest, ATokenFileThatIsMissingOrEmpty) {
  ExpectRefused(Arguments({"--github-token-file", "/nonexistent/token"}),
                {"/nonexistent/token"});
  const std::string empty = Write("empty", "\n");
  ExpectRefused(Arguments({"--github-token-file", empty}), {empty, "empty"});
}

TEST_F(StartTest, AnApiUrlThatIsNone) {
  for (const char* url : {"github.example.com", "ftp://github.example.com",
                          "https://github.example.com/api?x=1"}) {
    ExpectRefused(Arguments({"--github-api-url", url}), {url, "http"},
                  {{"GITHUB_TOKEN", "t"}});
  }
}

TEST_F(StartTest, AContextThatGitHubWouldRefuse) {
  ExpectRefused(Arguments({"--context", " ci"}), {"context"});
}

TEST_F(StartTest, WithoutATokenItStartsAndSaysSo) {
  const auto server = StartProgram("signalbox-server", Arguments());
  server->WaitForLine("web listening on ");
  server->Signal(SIGINT);
  EXPECT_EQ(server->Wait(absl::Seconds(10)), 0);
  EXPECT_NE(server->Errors().find("GITHUB_TOKEN"), std::string::npos);
}

// The same address twice is one listener, not an address in use.
TEST_F(StartTest, MetricsMayBeOnTheWebAddress) {
  std::string web;
  {
    const auto server = StartProgram("signalbox-server", Arguments());
    web = server->WaitForLine("web listening on ");
    server->Signal(SIGTERM);
    EXPECT_EQ(server->Wait(), 0);
  }
  const auto server =
      StartProgram("signalbox-server",
                   Arguments({"--web-listen", web, "--metrics-listen", web}));
  EXPECT_EQ(server->WaitForLine("web listening on "), web);
}

TEST_F(StartTest, CheckSaysWhetherTheDataAreIntact) {
  {
    const auto server = StartProgram("signalbox-server", Arguments());
    server->WaitForLine("web listening on ");
    server->Signal(SIGTERM);
    EXPECT_EQ(server->Wait(), 0);
  }
  EXPECT_EQ(StartProgram("signalbox-server", Arguments({"--check"}))->Wait(),
            0);
  Write("data/signalbox.db", std::string(8192, 'x'));
  EXPECT_NE(StartProgram("signalbox-server", Arguments({"--check"}))->Wait(),
            0);
}

TEST_F(StartTest, TheLogSaysWhetherTheDatabaseIsChecked) {
  const auto run = [this](int signal) {
    const auto server = StartProgram("signalbox-server", Arguments());
    server->WaitForLine("web listening on ");
    server->Signal(signal);
    server->Wait();
    return server->Errors();
  };
  const auto says = [](const std::string& log, const char* text) {
    return log.find(text) != std::string::npos;
  };
  run(SIGTERM);
  const std::string after_stop = run(SIGKILL);
  const std::string after_kill = run(SIGTERM);
  EXPECT_FALSE(says(after_stop, "checking the database")) << after_stop;
  EXPECT_FALSE(says(after_kill, "needs no check")) << after_kill;
}

TEST_F(StartTest, OthersOfTheSameUserCannotLookIntoIt) {
  if (geteuid() == 0) GTEST_SKIP() << "root may look into everything";
  const auto server = StartProgram("signalbox-server", Arguments());
  server->WaitForLine("web listening on ");
  for (const char* file : {"environ", "mem"}) {
    EXPECT_FALSE(
        std::ifstream(absl::StrCat("/proc/", server->pid(), "/", file)))
        << file;
  }
}

// Log rotation sends SIGHUP to every daemon.
TEST_F(StartTest, AHangupDoesNotEndTheServer) {
  const auto server = StartProgram("signalbox-server", Arguments());
  server->WaitForLine("web listening on ");
  server->Signal(SIGHUP);
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), 0);
  EXPECT_NE(server->Errors().find("SIGHUP ignored"), std::string::npos)
      << server->Errors();
}

}  // namespace
}  // namespace signalbox
