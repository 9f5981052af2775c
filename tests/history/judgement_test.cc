#include "tests/history/judgement.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/report/report.h"

namespace signalbox::history {
namespace {

using Kind = Standing::Kind;

constexpr const char* kResults[] = {"success",   "failure", "error",
                                    "cancelled", "skipped", "timed_out",
                                    "neutral"};

// The numbers of `Result` are those of `kResults`, from 1.
std::optional<Result> ResultOf(const std::string& name) {
  for (size_t i = 0; i < std::size(kResults); ++i) {
    if (name == kResults[i]) return static_cast<Result>(i + 1);
  }
  return std::nullopt;
}

std::string StateOf(const std::string& result) {
  const std::optional<Result> known = ResultOf(result);
  return std::string(CommitStateName(
      known.has_value() ? CommitStateOf(*known) : CommitState::kPending));
}

Phase PhaseOf(Kind kind) {
  switch (kind) {
    case Kind::kNothing:
    case Kind::kWebhookPending:
      return Phase::kWebhookPending;
    case Kind::kFarmPending:
      return Phase::kFarmPending;
    case Kind::kNumberedResult:
      return Phase::kNumberedResult;
    case Kind::kUnnumberedResult:
      return Phase::kUnnumberedResult;
    case Kind::kExpired:
      return Phase::kExpired;
  }
  return Phase::kExpired;
}

Answered::How HowOf(Disposition disposition) {
  switch (disposition) {
    case Disposition::kAccepted:
      return Answered::How::kAccepted;
    case Disposition::kUnchanged:
      return Answered::How::kUnchanged;
    case Disposition::kSuperseded:
      return Answered::How::kSuperseded;
    case Disposition::kConflict:
      return Answered::How::kConflict;
  }
  return Answered::How::kUnknown;
}

// Everything that a status can hold, but for the numbers' sizes.
std::vector<Standing> AllStandings() {
  std::vector<Standing> all(1);
  for (const Kind kind :
       {Kind::kWebhookPending, Kind::kFarmPending, Kind::kUnnumberedResult,
        Kind::kNumberedResult, Kind::kExpired}) {
    const bool is_result =
        kind == Kind::kUnnumberedResult || kind == Kind::kNumberedResult;
    for (const int64_t attempt : {0, 1, 7}) {
      if (kind == Kind::kNumberedResult && attempt == 0) continue;
      for (const int64_t round : {0, 1, 2}) {
        for (const char* result : kResults) {
          Standing standing;
          standing.kind = kind;
          standing.attempt = attempt;
          standing.round = round;
          if (is_result) standing.result = result;
          standing.content = {StateOf(standing.result), "held", "https://h/"};
          if (kind == Kind::kExpired) standing.content.state = "error";
          all.push_back(standing);
          if (!is_result) break;
        }
      }
    }
  }
  return all;
}

// Everything that can be said, likewise.
std::vector<Called> AllCalls() {
  std::vector<Called> all;
  std::vector<std::string> results(std::begin(kResults), std::end(kResults));
  results.push_back("");
  for (const std::string& result : results) {
    for (const int64_t attempt : {0, 1, 2, 7, 8}) {
      for (const char* description : {"held", "other"}) {
        for (const char* url : {"https://h/", ""}) {
          for (const bool rerun : {false, true}) {
            for (const char* delivery : {"", "d-1"}) {
              // Only pendings ask for a rerun or come from a delivery.
              if (!result.empty() && (rerun || *delivery != '\0')) continue;
              Called call;
              call.result = result;
              call.attempt = attempt;
              call.content = {StateOf(result), description, url};
              call.rerun = rerun;
              call.delivery_id = delivery;
              all.push_back(call);
            }
          }
        }
      }
    }
  }
  return all;
}

std::string TextOf(const Standing& held, const Called& call) {
  return absl::StrCat("held kind ", static_cast<int>(held.kind), " #",
                      held.attempt, " round ", held.round, " ", held.result,
                      "; ", LineOf(call));
}

// The table and the server's rule were written apart from each other.
TEST(JudgementTest, IsTheServersForEveryPair) {
  std::map<Answered::How, int> seen;
  for (const Standing& held : AllStandings()) {
    for (const Called& call : AllCalls()) {
      SCOPED_TRACE(TextOf(held, call));
      signalbox::Held server_held;
      server_held.phase = PhaseOf(held.kind);
      server_held.attempt = held.attempt;
      server_held.round = held.round;
      server_held.result = ResultOf(held.result);
      server_held.description = held.content.description;
      server_held.target_url = held.content.target_url;
      Report report;
      report.result = ResultOf(call.result);
      report.attempt = call.attempt;
      report.description = call.content.description;
      report.target_url = call.content.target_url;
      report.rerun = call.rerun;
      report.from_webhook = !call.delivery_id.empty();

      const Judgement server =
          Judge(held.kind == Kind::kNothing ? nullptr : &server_held, report);
      const Judged judged = JudgeCall(held, call);
      ASSERT_EQ(judged.how, HowOf(server.disposition));
      ++seen[judged.how];
      if (judged.how == Answered::How::kAccepted) {
        EXPECT_EQ(PhaseOf(judged.after.kind), server.phase);
        EXPECT_NE(judged.after.kind, Kind::kNothing);
        EXPECT_EQ(judged.after.attempt, server.attempt);
        EXPECT_EQ(judged.after.round, server.round);
        EXPECT_EQ(judged.after.result, call.result);
        EXPECT_EQ(judged.after.content, call.content);
      } else {
        EXPECT_EQ(judged.after.kind, held.kind);
        EXPECT_EQ(judged.after.attempt, held.attempt);
        EXPECT_EQ(judged.after.round, held.round);
        EXPECT_EQ(judged.after.result, held.result);
        EXPECT_EQ(judged.after.content, held.content);
      }
    }
  }
  for (const Answered::How how :
       {Answered::How::kAccepted, Answered::How::kUnchanged,
        Answered::How::kSuperseded, Answered::How::kConflict}) {
    EXPECT_GT(seen[how], 100) << static_cast<int>(how);
  }
}

TEST(JudgementTest, OnlyAPendingExpires) {
  const Content error = {"error", "No result within 1h", ""};
  int expired = 0;
  for (const Standing& held : AllStandings()) {
    SCOPED_TRACE(static_cast<int>(held.kind));
    const Judged judged = JudgeExpiry(held, error);
    const bool is_pending =
        held.kind == Kind::kWebhookPending || held.kind == Kind::kFarmPending;
    EXPECT_EQ(judged.how,
              is_pending ? Answered::How::kAccepted : Answered::How::kConflict);
    EXPECT_EQ(judged.after.kind, is_pending ? Kind::kExpired : held.kind);
    EXPECT_EQ(judged.after.attempt, held.attempt);
    EXPECT_EQ(judged.after.round, held.round);
    EXPECT_EQ(judged.after.content, is_pending ? error : held.content);
    expired += is_pending ? 1 : 0;
  }
  EXPECT_GT(expired, 0);
}

}  // namespace
}  // namespace signalbox::history
