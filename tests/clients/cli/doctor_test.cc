// `doctor`, as its users meet it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class DoctorTest : public CliFixture {
 protected:
  DoctorTest() {
    diagnosis_.add_expected_contexts("ci/build");
    diagnosis_.set_credential("github.com/acme");
    server_.SetDiagnosis(diagnosis_);
  }

  void SetProblem(const std::string& problem) {
    diagnosis_.add_problems()->set_message(problem);
    server_.SetDiagnosis(diagnosis_);
  }

  std::string AskedFor() {
    const auto calls = server_.calls();
    return std::get<v1::DiagnoseRepositoryRequest>(calls.back().request)
        .repository();
  }

  v1::DiagnoseRepositoryResponse diagnosis_;
};

TEST_F(DoctorTest, SaysThatEverythingLooksRight) {
  const Ended ended = RunCli({"doctor"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.errors, "");
  EXPECT_THAT(
      ended.output,
      AllOf(StartsWith(absl::StrCat("acme/widgets\n\nserver       ",
                                    server_.address(), ", serving\n")),
            HasSubstr("ci/build"), HasSubstr("github.com/acme"),
            EndsWith("\neverything looks right\n"), Not(HasSubstr("\x1b"))));
}

TEST_F(DoctorTest, SaysWhichServerItIsAndWhoAsks) {
  EXPECT_THAT(RunCli({"doctor"}).output, HasSubstr("\nversion      unknown"));
  v1::GetServerInfoResponse info;
  info.set_version("1.2.3");
  info.set_revision("6dcb09b");
  info.mutable_grants()->add_rights("report");
  info.mutable_grants()->add_repositories("*");
  server_.SetInfo(info);
  EXPECT_THAT(RunCli({"doctor"}).output,
              AllOf(HasSubstr("\nversion      1.2.3 (6dcb09b)\n"),
                    HasSubstr("\nyou          anybody: ")));
  info.mutable_grants()->set_caller("linux-farm");
  info.mutable_grants()->add_rights("read");
  info.mutable_grants()->set_repositories(0, "acme/*");
  info.mutable_grants()->add_contexts("ci/*");
  server_.SetInfo(info);
  EXPECT_THAT(RunCli({"doctor"}).output,
              HasSubstr("\nyou          linux-farm: may report, read\n"
                        "             repositories acme/*; contexts ci/*\n"));
  info.mutable_grants()->mutable_token_expire_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Hours(50)));
  server_.SetInfo(info);
  EXPECT_THAT(RunCli({"doctor"}).output,
              AllOf(HasSubstr("contexts ci/*\n             token ends at 20"),
                    HasSubstr(" (in 2 d)\n")));
  // Of a token that the server has issued.
  v1::Narrowing& narrowing = *info.mutable_grants()->mutable_narrowing();
  narrowing.add_repositories("acme/app");
  narrowing.set_series("night\x1bly");
  narrowing.set_attempt(7);
  server_.SetInfo(info);
  EXPECT_THAT(RunCli({"doctor"}).output,
              HasSubstr("contexts ci/*\n             token only for "
                        "repositories acme/app; series night\\x1bly; attempt "
                        "7\n             token ends at 20"));
}

TEST_F(DoctorTest, ExitsWith1IfSomethingIsWrong) {
  SetProblem("The token may not set statuses.");
  const Ended ended = RunCli({"doctor"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.errors, "");
  EXPECT_THAT(
      ended.output,
      EndsWith("\nproblem: The token may not set statuses.\n\n1 problem\n"));
}

TEST_F(DoctorTest, AsksForTheRepositoryThatIsGivenOrFound) {
  // `doctor` needs no commit: none is given, found or wanted.
  options_.environment.erase("GITHUB_SHA");
  options_.environment["GITHUB_RUN_ID"] = "garbage";
  EXPECT_EQ(RunCli({"doctor"}).errors, "");
  EXPECT_EQ(AskedFor(), "acme/widgets");
  RunCli({"doctor", "a/b"});
  EXPECT_EQ(AskedFor(), "a/b");
  RunCli({"doctor", "--repository", "ghes.example.com/c/d"});
  EXPECT_EQ(AskedFor(), "ghes.example.com/c/d");
  RunCli({"--server", server_.address(), "doctor", "e/f", "--json"});
  EXPECT_EQ(AskedFor(), "e/f");
}

TEST_F(DoctorTest, WrongUsageExitsWith2) {
  options_.environment.erase("GITHUB_REPOSITORY");
  const Ended ended = RunCli({"doctor"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--repository"));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"doctor", "a/b", "c/d"},
           {"doctor", "a/b", "--repository", "a/b"},
           {"doctor", "a/b", "--sha", std::string(40, 'a')},
           {"doctor", "a/b", "--context", "x"},
           {"doctor", "a/b", "--", "make"},
           {"doctor", "--repository"}}) {
    EXPECT_EQ(RunCli(arguments).exit_code, 2);
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(DoctorTest, JsonIsTheServersAnswer) {
  SetProblem("One \x1b[31m.");
  diagnosis_.set_rate_limit(5000);
  server_.SetDiagnosis(diagnosis_);
  const Ended ended = RunCli({"doctor", "--json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.errors, "");
  EXPECT_THAT(ended.output, Not(HasSubstr("\x1b")));
  const nlohmann::json json = nlohmann::json::parse(ended.output);
  EXPECT_EQ(json["expected_contexts"][0], "ci/build");
  EXPECT_EQ(json["credential"], "github.com/acme");
  EXPECT_EQ(json["problems"][0]["message"], "One \x1b[31m.");
  EXPECT_EQ(json["rate_limit"], "5000");
  EXPECT_THAT(json["hook_settings"], SizeIs(0));
}

TEST_F(DoctorTest, AServerThatIsAboutToStopIsAProblem) {
  server_.SetServing(false);
  Ended ended = RunCli({"doctor"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr(", not serving\n"), EndsWith("\n1 problem\n")));
  ended = RunCli({"doctor", "--json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("is about to stop"));
  EXPECT_EQ(nlohmann::json::parse(ended.output)["credential"],
            "github.com/acme");
}

TEST_F(DoctorTest, AServerThatDoesNotSayWhetherItServesIsTakenAtItsAnswer) {
  FakeServer silent("127.0.0.1:0", /*tells_health=*/false);
  options_.environment["SIGNALBOX_SERVER"] = silent.address();
  EXPECT_EQ(RunCli({"doctor"}).exit_code, 0);
  EXPECT_THAT(silent.calls(), SizeIs(1));
}

TEST_F(DoctorTest, NobodyThereExitsWith3) {
  options_.environment["SIGNALBOX_SERVER"] = Nowhere();
  const Ended ended = RunCli({"doctor"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("could not diagnose acme/widgets"),
                    HasSubstr(Nowhere()), HasSubstr("Check that it runs")));
}

TEST_F(DoctorTest, AServerThatIsAwayIsAskedOnceUnlessToldOtherwise) {
  server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "stopping"});
  EXPECT_EQ(RunCli({"doctor"}).exit_code, 3);
  EXPECT_THAT(server_.calls(), SizeIs(1));
  server_.AnswerNext({grpc::StatusCode::UNAVAILABLE, "stopping"});
  EXPECT_EQ(RunCli({"doctor", "--retry-for", "1m"}).exit_code, 0);
}

TEST_F(DoctorTest, WhatTheServerRefusesIsSaid) {
  server_.AnswerAll(
      {grpc::StatusCode::PERMISSION_DENIED, "may not read", "NOT_GRANTED"});
  const Ended ended = RunCli({"doctor"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors,
              AllOf(HasSubstr("could not diagnose acme/widgets"),
                    HasSubstr("may not read"), HasSubstr("NOT_GRANTED"),
                    HasSubstr("repository from GITHUB_REPOSITORY")));
}

// An older server does not have the method.
TEST_F(DoctorTest, AServerThatDoesNotKnowTheCallIsSaidSo) {
  server_.AnswerAll({grpc::StatusCode::UNIMPLEMENTED, ""});
  EXPECT_EQ(RunCli({"doctor"}).exit_code, 1);
}

TEST_F(DoctorTest, ATerminalGetsColours) {
  options_.environment["TERM"] = "xterm";
  EXPECT_THAT(OnTerminal({"doctor"}).output,
              HasSubstr("\x1b[32meverything looks right\x1b[0m"));
  SetProblem("One \x1b[32m.");
  EXPECT_THAT(OnTerminal({"doctor"}).output,
              AllOf(HasSubstr("\x1b[31mproblem:\x1b[0m One \\x1b[32m."),
                    HasSubstr("\x1b[31m1 problem\x1b[0m")));
  EXPECT_THAT(OnTerminal({"doctor", "--json"}).output, Not(HasSubstr("\x1b")));
  options_.environment["NO_COLOR"] = "1";
  EXPECT_THAT(OnTerminal({"doctor"}).output, Not(HasSubstr("\x1b")));
}

TEST_F(DoctorTest, HelpSaysWhatItIsFor) {
  const Ended ended = RunCli({"doctor", "--help"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("REPOSITORY"), HasSubstr("--repository NAME"),
                    HasSubstr("--json"), HasSubstr("Exit codes"),
                    Not(HasSubstr("--sha")), Not(HasSubstr("--context"))));
  EXPECT_THAT(RunCli({"--help"}).output, HasSubstr("doctor"));
}

}  // namespace
}  // namespace signalbox
