#include "tests/history/judgement.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox::history {
namespace {

using How = Answered::How;
using Kind = Standing::Kind;

constexpr const char* kResults[] = {"success",   "failure", "error",
                                    "cancelled", "skipped", "timed_out",
                                    "neutral"};

// `Result` numbers the names in `kResults` from 1.
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

std::optional<Phase> PhaseOf(Kind kind) {
  switch (kind) {
    case Kind::kNothing:
      return std::nullopt;
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
  return std::nullopt;
}

How HowOf(Disposition disposition) {
  switch (disposition) {
    case Disposition::kAccepted:
      return How::kAccepted;
    case Disposition::kUnchanged:
      return How::kUnchanged;
    case Disposition::kSuperseded:
      return How::kSuperseded;
  }
  return How::kUnknown;
}

Report ReportOf(const Called& call) {
  Report report;
  report.result = ResultOf(call.result);
  report.attempt = call.attempt;
  report.series = call.series;
  report.description = call.content.description;
  report.target_url = call.content.target_url;
  report.rerun = call.rerun;
  report.newest_text_wins = call.newest_text_wins;
  report.from_webhook = !call.delivery_id.empty();
  return report;
}

Called CallOf(const std::string& series, int64_t attempt,
              const std::string& result, const std::string& text = "") {
  Called call;
  call.series = series;
  call.attempt = attempt;
  call.result = result;
  call.content = {StateOf(result), text, ""};
  return call;
}

Called Newest(Called call) {
  call.newest_text_wins = true;
  return call;
}

// One status, as the server and the oracle see it.
struct Both {
  std::optional<signalbox::Held> server;
  Standing oracle;
};

// The newest run of each series, in the words of both.
std::map<std::string, std::string> RunsOf(const signalbox::Held& held) {
  std::map<std::string, std::string> runs;
  std::vector<NewestRun> all = held.other_runs;
  if (held.run.attempt > 0) all.push_back(held.run);
  for (const NewestRun& run : all) {
    runs[run.series] =
        absl::StrCat(run.attempt, " ",
                     run.state == RunState::kOver ? "over"
                     : run.state == RunState::kEnded
                         ? kResults[static_cast<int>(run.result.value()) - 1]
                         : "");
  }
  EXPECT_EQ(runs.size(), all.size()) << "a series has two runs";
  return runs;
}

std::map<std::string, std::string> RunsOf(const Standing& standing) {
  std::map<std::string, std::string> runs;
  for (const auto& [name, run] : standing.series) {
    runs[name] = absl::StrCat(run.attempt, " ", run.end);
  }
  return runs;
}

// Everything on which the server's decisions depend.
std::string TextOf(const std::optional<signalbox::Held>& held) {
  if (!held.has_value()) return "nothing";
  std::string text = absl::StrCat(
      static_cast<int>(held->phase), " ",
      held->result.has_value() ? static_cast<int>(*held->result) : 0, " '",
      held->description, "' <", held->target_url, "> ", held->run.series, "/",
      held->run.attempt);
  for (const auto& [series, run] : RunsOf(*held)) {
    absl::StrAppend(&text, ", ", series, ": ", run);
  }
  return text;
}

// Lets both judge, and expects the same.
void Say(const Called& call, Both* both) {
  const Report report = ReportOf(call);
  const Judgement judgement =
      Judge(both->server.has_value() ? &*both->server : nullptr, report);
  Judged judged = JudgeCall(both->oracle, call);
  ASSERT_EQ(judged.how, HowOf(judgement.disposition))
      << TextOf(both->server) << " <- " << LineOf(call);
  if (judged.how == How::kAccepted) {
    if (!both->server.has_value()) both->server.emplace();
    Hold(report, judgement, &*both->server);
  }
  both->oracle = std::move(judged.after);
  ASSERT_EQ(PhaseOf(both->oracle.kind), both->server->phase);
  ASSERT_EQ(ResultOf(both->oracle.result), both->server->result);
  ASSERT_EQ(both->oracle.content.description, both->server->description);
  ASSERT_EQ(RunsOf(both->oracle), RunsOf(*both->server))
      << TextOf(both->server) << " after " << LineOf(call);
}

bool Expire(Both* both) {
  const Judged judged = JudgeExpiry(both->oracle, {"error", "expired", ""});
  if (judged.how != How::kAccepted) return false;
  both->oracle = judged.after;
  both->server->phase = Phase::kExpired;
  both->server->description = "expired";
  both->server->target_url = "";
  return true;
}

// All sequences of `reports` reports and expiries. The rule depends only on the
// state, so each state is entered once.
void GoThrough(const std::vector<Called>& alphabet, int reports,
               size_t least_states) {
  std::map<std::string, Both> fresh = {{"", Both()}};
  std::map<std::string, bool> seen;
  for (int length = 0; length < reports; ++length) {
    std::map<std::string, Both> next;
    for (const auto& [text, both] : fresh) {
      if (!seen.emplace(text, true).second) continue;
      for (const Called& call : alphabet) {
        Both after = both;
        Say(call, &after);
        if (testing::Test::HasFatalFailure()) return;
        next.emplace(TextOf(after.server), std::move(after));
      }
      Both expired = both;
      if (Expire(&expired)) {
        next.emplace(TextOf(expired.server), std::move(expired));
      }
    }
    fresh = std::move(next);
  }
  EXPECT_GE(seen.size(), least_states);
}

std::vector<Called> UnnumberedCalls() {
  Called webhook = CallOf("", 0, "");
  webhook.delivery_id = "d-1";
  Called webhook_rerun = webhook;
  webhook_rerun.rerun = true;
  Called rerun = CallOf("", 0, "");
  rerun.rerun = true;
  return {webhook,
          webhook_rerun,
          rerun,
          Newest(rerun),
          CallOf("", 0, "", "text"),
          CallOf("", 0, "success"),
          CallOf("", 0, "failure"),
          Newest(CallOf("", 0, "success", "text"))};
}

// The table and the server's rule were written independently.
TEST(JudgementTest, IsTheServersForEverySequenceOfSixReports) {
  std::vector<Called> alphabet = UnnumberedCalls();
  for (const char* series : {"", "other"}) {
    for (const int64_t attempt : {1, 2}) {
      alphabet.push_back(CallOf(series, attempt, ""));
      alphabet.push_back(CallOf(series, attempt, "", "text"));
      for (const char* result : {"success", "cancelled", "failure"}) {
        alphabet.push_back(CallOf(series, attempt, result));
      }
      alphabet.push_back(Newest(CallOf(series, attempt, "success", "text")));
    }
  }
  GoThrough(alphabet, 6, 400);
}

// Every result, in one series.
TEST(JudgementTest, IsTheServersForEveryResult) {
  std::vector<Called> alphabet = UnnumberedCalls();
  for (const char* result : kResults) {
    alphabet.push_back(CallOf("", 0, result));
    for (const int64_t attempt : {1, 2}) {
      alphabet.push_back(CallOf("s", attempt, result));
      alphabet.push_back(Newest(CallOf("s", attempt, result, "text")));
    }
    alphabet.push_back(CallOf("t", 1, result));
  }
  alphabet.push_back(CallOf("s", 1, ""));
  GoThrough(alphabet, 6, 400);
}

// More series than the server keeps report in turn.
TEST(JudgementTest, IsTheServersForMoreSeriesThanAreKept) {
  Both both;
  uint64_t random = 1;
  for (int i = 0; i < 5000; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto series = absl::StrCat((random >> 33) % 20);
    const auto attempt = static_cast<int64_t>(1 + (random >> 40) % 3);
    const bool is_result = (random >> 45) % 2 == 0;
    Say(CallOf(series, attempt,
               is_result ? kResults[(random >> 50) % std::size(kResults)] : ""),
        &both);
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_EQ(both.oracle.series.size(), 16U);
}

TEST(JudgementTest, OnlyAPendingExpires) {
  const Content error = {"error", "No result within 1h", ""};
  Standing held;
  EXPECT_EQ(JudgeExpiry(held, error).how, How::kRefused);
  for (const Called& pending : {CallOf("s", 1, ""), UnnumberedCalls()[0]}) {
    held = JudgeCall(Standing(), pending).after;
    const Judged judged = JudgeExpiry(held, error);
    EXPECT_EQ(judged.how, How::kAccepted);
    EXPECT_EQ(judged.after.kind, Kind::kExpired);
    EXPECT_EQ(judged.after.content, error);
    EXPECT_EQ(RunsOf(judged.after), RunsOf(held));
    EXPECT_EQ(JudgeExpiry(judged.after, error).how, How::kRefused);
  }
  held = JudgeCall(held, CallOf("s", 1, "success")).after;
  EXPECT_EQ(JudgeExpiry(held, error).how, How::kRefused);
}

}  // namespace
}  // namespace signalbox::history
