#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "common/webhook/event_row.h"
#include "tests/common/webhook/hook_results.h"

namespace signalbox {
namespace {

TEST(CheckEventsTest, RerunOfACheckRunIsOfItsName) {
  const HookResult result = Read("check_run", CheckRunPayload());
  EXPECT_EQ(ActionOf(result), "rerequested");
  const HookReport call = RequestOf<HookReport>(result);
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.contexts, std::vector<std::string>{"ci/build"});
  EXPECT_TRUE(call.rerun);
  // The server keeps the change that it knows.
  EXPECT_FALSE(call.change.has_value());
}

TEST(CheckEventsTest, RerunOfACheckSuiteIsOfAllContexts) {
  const HookReport call =
      RequestOf<HookReport>(Read("check_suite", CheckSuitePayload()));
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_TRUE(call.contexts.empty());
  EXPECT_TRUE(call.rerun);
  EXPECT_FALSE(call.change.has_value());
}

// The server would refuse such a context, but the delivery is not at fault.
TEST(CheckEventsTest, NamesThatNoContextHasAreIgnored) {
  const auto named = [](const std::string& name) {
    return Read("check_run", With(CheckRunPayload(), "check_run.name", name));
  };
  EXPECT_TRUE(IsCall(named(std::string(255, 'x'))));
  EXPECT_TRUE(IsCall(named("build (ubuntu, 18)")));
  EXPECT_TRUE(IsCall(named("\u2713 gr\u00fcn")));
  for (const std::string& name :
       {std::string(256, 'x'), std::string("\U0001f389"), std::string(" x"),
        std::string("x "), std::string("a\nb"), std::string("a\x7f")}) {
    EXPECT_TRUE(IsIgnored(named(name))) << name;
  }
  EXPECT_TRUE(IsMalformed(named("")));
}

TEST(CheckEventsTest, StatusIsObserved) {
  const HookResult result = Read("status", StatusPayload());
  EXPECT_EQ(ActionOf(result), "");
  const HookReport call = RequestOf<HookReport>(result);
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.contexts, std::vector<std::string>{"ci/build"});
  EXPECT_EQ(call.result, Result::kSuccess);
  EXPECT_EQ(call.description, "Built in 3 s");
  EXPECT_EQ(call.target_url, "https://ci.example.com/7");
  EXPECT_EQ(call.observed.value().status_id, 6805126730);
  EXPECT_EQ(call.observed->creator_login, "octocat");
  EXPECT_FALSE(call.rerun);
}

TEST(CheckEventsTest, StatusHasOneOfFourStates) {
  const auto result = [](const char* word) {
    return RequestOf<HookReport>(Read("status", StatusPayload(word))).result;
  };
  EXPECT_EQ(result("pending"), std::nullopt);
  EXPECT_EQ(result("success"), Result::kSuccess);
  EXPECT_EQ(result("failure"), Result::kFailure);
  EXPECT_EQ(result("error"), Result::kError);
  for (const char* word : {"", "SUCCESS", "queued", "neutral", "pending "}) {
    EXPECT_TRUE(IsMalformed(Read("status", StatusPayload(word)))) << word;
  }
}

TEST(CheckEventsTest, TextsOfAStatusMayBeNull) {
  Json payload = StatusPayload();
  payload["description"] = nullptr;
  payload["target_url"] = nullptr;
  payload["sender"] = nullptr;
  HookReport call = RequestOf<HookReport>(Read("status", payload));
  EXPECT_EQ(call.description, "");
  EXPECT_EQ(call.target_url, "");
  EXPECT_EQ(call.observed.value().creator_login, "");
  payload.erase("sender");
  EXPECT_TRUE(IsCall(Read("status", payload)));
  for (const char* name : {"description", "target_url"}) {
    EXPECT_TRUE(IsMalformed(Read("status", With(StatusPayload(), name, 7))));
  }
}

// Others' statuses may have contexts that ours may not. But the server would
// take an empty one for its default.
TEST(CheckEventsTest, ContextOfAStatusIsAnyText) {
  std::string check_marks;
  for (int i = 0; i < 255; ++i) check_marks += "\xf0\x9f\x9a\xa6";
  for (const std::string& context :
       {std::string("\xe2\x9c\x93 lint"), std::string(" x "), check_marks}) {
    EXPECT_EQ(RequestOf<HookReport>(
                  Read("status", With(StatusPayload(), "context", context)))
                  .contexts,
              std::vector<std::string>{context});
  }
  EXPECT_TRUE(
      IsMalformed(Read("status", With(StatusPayload(), "context", ""))));
}

TEST(CheckEventsTest, LongTextsAreNoReasonToLoseAStatus) {
  Json payload = StatusPayload();
  payload["description"] = std::string(5000, 'x');
  payload["target_url"] = "https://x/" + std::string(2038, 'x');
  HookReport call = RequestOf<HookReport>(Read("status", payload));
  EXPECT_EQ(call.description, std::string(1024, 'x'));
  EXPECT_EQ(call.target_url.size(), 2048u);
  payload["target_url"] = "https://x/" + std::string(2039, 'x');
  call = RequestOf<HookReport>(Read("status", payload));
  EXPECT_EQ(call.target_url, "");
}

}  // namespace
}  // namespace signalbox
