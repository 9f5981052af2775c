// A tool that keeps its GitHub token, through the shim, the server and the
// simulator.

#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "tests/integration/commit.h"
#include "tests/integration/simulator_counters.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using nlohmann::json;

class ForwardProgramsTest : public testing::Test {
 protected:
  void SetUp() override {
    github_ = StartProgram("signalbox-github-simulator",
                           {"--listen", "127.0.0.1:0", "--any-repository",
                            "--token", "of-signalbox", "--token", "ghp_tool"});
    github_url_ =
        absl::StrCat("http://", github_->WaitForLine("listening on "));
    Write("token", "of-signalbox");
    Write("tool.sha256", Digest("ghp_tool"));
    Write("farm.sha256", Digest("sbt_farm"));
    std::string config = "callers:\n";
    for (const std::string name : {"tool", "farm"}) {
      absl::StrAppend(&config, "  - name: ", name,
                      "\n    token_sha256_file: ", dir_.Path(name + ".sha256"),
                      "\n    repositories: [acme/*]\n    contexts: [ci/*]\n"
                      "    rights: [report, read]\n");
      if (name == "tool") config += "    forward: true\n";
    }
    Write("server.yaml", config);
    server_ =
        StartProgram("signalbox-server",
                     {"--config", dir_.Path("server.yaml"), "--listen",
                      "127.0.0.1:0", "--web-listen", "127.0.0.1:0",
                      "--data-dir", dir_.Path("data"), "--github-api-url",
                      github_url_, "--github-token-file", dir_.Path("token")});
    const std::string grpc = server_->WaitForLine("grpc listening on ");
    shim_ = StartProgram(
        "signalbox-shim",
        {"--listen", "127.0.0.1:0", "--insecure-no-signature", "--server", grpc,
         "--rest-listen", "127.0.0.1:0", "--rest-forward"});
    base_ =
        absl::StrCat("http://", shim_->WaitForLine("GitHub's REST API on "));
  }
  void TearDown() override { ExpectGoodConduct(github_url_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.Path(name)) << text;
  }
  static std::string Digest(const std::string& text) {
    return absl::BytesToHexString(Sha256(text));
  }

  httplib::Result Get(const std::string& path, const std::string& token,
                      httplib::Headers headers = {}) {
    httplib::Client client(base_);
    headers.emplace("Authorization", "token " + token);
    return client.Get(path, headers);
  }

  TempDir dir_;
  std::string github_url_;
  std::string base_;
  std::unique_ptr<Process> github_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Process> shim_;
};

TEST_F(ForwardProgramsTest, AToolChangesOneUrl) {
  const auto repository = Get("/repos/acme/app", "ghp_tool");
  ASSERT_TRUE(repository);
  EXPECT_EQ(repository->status, 200);
  EXPECT_TRUE(repository->has_header("X-RateLimit-Limit"));
  const json shown = json::parse(repository->body);
  EXPECT_EQ(shown["url"], base_ + "/repos/acme/app");
  EXPECT_EQ(shown["owner"]["url"], base_ + "/users/acme");
  EXPECT_EQ(shown["html_url"], "https://github.com/acme/app");
  const auto unchanged =
      Get("/repos/acme/app", "ghp_tool",
          {{"If-None-Match", repository->get_header_value("ETag")}});
  ASSERT_TRUE(unchanged);
  EXPECT_EQ(unchanged->status, 304);

  httplib::Client client(base_);
  const auto created = client.Post(
      absl::StrCat("/repos/acme/app/statuses/", kSha),
      {{"Authorization", "token ghp_tool"}},
      R"({"state": "success", "context": "ci/lint"})", "application/json");
  ASSERT_TRUE(created);
  EXPECT_EQ(created->status, 201) << created->body;
  // Signalbox's number, and not GitHub's.
  EXPECT_GT(json::parse(created->body)["id"], int64_t{1} << 52);
  httplib::Client github(github_url_);
  github.set_read_timeout(40);
  const auto events = github.Get("/_simulator/events?after=0&wait=30");
  ASSERT_TRUE(events);
  EXPECT_NE(events->body.find("ci/lint"), std::string::npos) << events->body;
}

TEST_F(ForwardProgramsTest, OtherTokensDoNotReachGithub) {
  for (const auto& [token, status] :
       {std::pair{"sbt_farm", 404}, std::pair{"ghp_other", 401}}) {
    const auto answer = Get("/repos/acme/app/pulls", token);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status) << token;
  }
  EXPECT_EQ(shim_->Errors().find("forwarded"), std::string::npos)
      << shim_->Errors();
}

}  // namespace
}  // namespace signalbox
