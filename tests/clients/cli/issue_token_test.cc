// `issue-token`, as its users meet it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/clients/cli/cli_fixture.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class IssueTokenCommandTest : public CliFixture {
 protected:
  v1::IssueTokenRequest Asked(size_t call) {
    return std::get<v1::IssueTokenRequest>(server_.calls().at(call).request);
  }
};

TEST_F(IssueTokenCommandTest, PrintsTheTokenAlone) {
  Ended ended = RunCli({"issue-token"});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "sbx_issued\n");
  EXPECT_EQ(ended.errors, "");
  // What a checkout or a CI system says must not narrow it.
  EXPECT_THAT(Asked(0).narrowing().SerializeAsString(), IsEmpty());
  EXPECT_FALSE(Asked(0).has_valid_for());
  ended = RunCli({"issue-token", "--json"});
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("\"token\""), HasSubstr("\"sbx_issued\"")));
}

TEST_F(IssueTokenCommandTest, AsksForLess) {
  const Ended ended = RunCli(
      {"issue-token", "--for", "15m", "--repository", "acme/*", "--repository",
       "a/b", "--context", "ci/*", "--right", "report", "--right", "read",
       "--sha", std::string(40, 'a'), "--attempt", "7", "--series", "nightly"});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  const v1::IssueTokenRequest asked = Asked(0);
  EXPECT_EQ(asked.valid_for().seconds(), 900);
  EXPECT_THAT(asked.narrowing().repositories(), ElementsAre("acme/*", "a/b"));
  EXPECT_THAT(asked.narrowing().contexts(), ElementsAre("ci/*"));
  EXPECT_THAT(asked.narrowing().rights(), ElementsAre("report", "read"));
  EXPECT_EQ(asked.narrowing().sha(), std::string(40, 'a'));
  EXPECT_EQ(asked.narrowing().attempt(), 7);
  EXPECT_EQ(asked.narrowing().series(), "nightly");
}

TEST_F(IssueTokenCommandTest, WrongUsageExitsWith2) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"issue-token", "--for", "30s"},
                                             {"issue-token", "--for", "721h"},
                                             {"issue-token", "--attempt", "x"},
                                             {"issue-token", "--", "make"},
                                             {"issue-token", "acme/app"}}) {
    EXPECT_EQ(RunCli(wrong).exit_code, 2) << wrong[1];
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(IssueTokenCommandTest, WhatTheServerRefusesIsSaid) {
  server_.AnswerNext({grpc::StatusCode::PERMISSION_DENIED,
                      "caller farm does not have the right operate",
                      "NOT_GRANTED"});
  const Ended ended = RunCli({"issue-token", "--right", "operate"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors, HasSubstr("could not get a token"));
}

}  // namespace
}  // namespace signalbox
