#include "rest/status_request.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

StatusRequest Read(const std::string& body) {
  const auto read = ReadStatusRequest(body);
  const auto* const request = std::get_if<StatusRequest>(&read);
  EXPECT_NE(request, nullptr) << body;
  return request == nullptr ? StatusRequest() : *request;
}

RestRefusal Refuse(const std::string& body) {
  const auto read = ReadStatusRequest(body);
  const auto* const refusal = std::get_if<RestRefusal>(&read);
  EXPECT_NE(refusal, nullptr) << body;
  return refusal == nullptr ? RestRefusal() : *refusal;
}

TEST(StatusRequestTest, ReadsTheFourMembers) {
  const StatusRequest request = Read(
      R"({"state": "failure", "context": "ci/größe", "description": "3 of 5",
          "target_url": "https://ci.example/7", "sha": ["x"], "other": {}})");
  EXPECT_EQ(request.state, v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(request.context, "ci/größe");
  EXPECT_EQ(request.description, "3 of 5");
  EXPECT_EQ(request.target_url, "https://ci.example/7");
}

TEST(StatusRequestTest, NullAndEmptyAreAbsent) {
  for (const char* const body :
       {R"({"state": "pending"})",
        R"({"state": "pending", "context": null, "description": null,
            "target_url": null})",
        R"({"state": "pending", "context": "", "description": "",
            "target_url": ""})"}) {
    const StatusRequest request = Read(body);
    EXPECT_EQ(request.context, "default");
    EXPECT_EQ(request.description, "");
    EXPECT_EQ(request.target_url, "");
  }
}

TEST(StatusRequestTest, RefusesWhatIsNoJsonObject) {
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("state=success"),
        std::string(R"({"state": "success"} x)"),
        std::string(R"({"state": "success",})"),
        // Two readers could choose different ones.
        std::string(R"({"state": "success", "state": "failure"})"),
        std::string("{\"state\": \"succ\xff\"}"),
        std::string("{\"state\": \"success\"}\0", 21),
        std::string(R"({"state": "\ud800"})"),
        absl::StrCat(R"({"state": "success", "x": )", std::string(5000, '['),
                     std::string(5000, ']'), "}")}) {
    const RestRefusal refusal = Refuse(body);
    EXPECT_EQ(refusal.status, 400) << body.substr(0, 100);
    EXPECT_EQ(refusal.message, "Problems parsing JSON") << body.substr(0, 100);
  }
  for (const char* const body : {"[]", "\"success\"", "null", "5", "true"}) {
    const RestRefusal refusal = Refuse(body);
    EXPECT_EQ(refusal.status, 400) << body;
    EXPECT_EQ(refusal.message, "Body should be a JSON object") << body;
  }
}

TEST(StatusRequestTest, NamesTheMemberThatIsWrong) {
  static const struct {
    const char* body;
    const char* field;
    const char* code;
  } kCases[] = {
      {"{}", "state", "missing_field"},
      {R"({"state": null})", "state", "missing_field"},
      {R"({"state": ""})", "state", "missing_field"},
      {R"({"state": "Success"})", "state", "custom"},
      {R"({"state": " success"})", "state", "custom"},
      {R"({"state": "cancelled"})", "state", "custom"},
      {R"({"state": 1})", "state", "invalid"},
      {R"({"state": ["success"]})", "state", "invalid"},
      {R"({"state": "success", "context": 5})", "context", "invalid"},
      {R"({"state": "success", "description": {}})", "description", "invalid"},
      {R"({"state": "success", "target_url": false})", "target_url", "invalid"},
      {R"({"state": "success", "context": "a\nb"})", "context", "custom"},
      {R"({"state": "success", "context": "\ud83d\ude80"})", "context",
       "custom"},
      {R"({"state": "success", "context": " a"})", "context", "custom"}};
  for (const auto& one : kCases) {
    const RestRefusal refusal = Refuse(one.body);
    EXPECT_EQ(refusal.status, 422) << one.body;
    EXPECT_EQ(refusal.field, one.field) << one.body;
    EXPECT_EQ(refusal.code, one.code) << one.body;
  }
  const auto with_context = [](size_t characters) {
    std::string context;
    for (size_t i = 0; i < characters; ++i) context += "ä";
    return absl::StrCat(R"({"state": "success", "context": ")", context, "\"}");
  };
  EXPECT_EQ(Read(with_context(255)).context.size(), 510u);
  EXPECT_EQ(Refuse(with_context(256)).field, "context");
}

// Texts and links are no reason to lose a result: the server repairs them.
TEST(StatusRequestTest, TakesAnyTextAndLink) {
  const StatusRequest request = Read(
      R"({"state": "success", "description": "\ud83d\ude80\n", "target_url":
          "javascript:x"})");
  EXPECT_EQ(request.description, "\xF0\x9F\x9A\x80\n");
  EXPECT_EQ(request.target_url, "javascript:x");
}

StatusRequest WithState(v1::CommitState state) {
  StatusRequest request;
  request.state = state;
  request.context = "ci";
  request.description = "text";
  request.target_url = "https://ci.example";
  return request;
}

TEST(StatusRequestTest, APendingIsUnnumberedAndExpiresOnlyIfConfigured) {
  const auto report = ReportOf(WithState(v1::COMMIT_STATE_PENDING),
                               "github.com/acme/app", "sha");
  const auto& pending = std::get<v1::ReportPendingRequest>(report);
  EXPECT_EQ(pending.repository(), "github.com/acme/app");
  EXPECT_EQ(pending.sha(), "sha");
  ASSERT_EQ(pending.contexts_size(), 1);
  EXPECT_EQ(pending.contexts(0), "ci");
  EXPECT_EQ(pending.description(), "text");
  EXPECT_EQ(pending.target_url(), "https://ci.example");
  EXPECT_EQ(pending.attempt(), 0);
  EXPECT_FALSE(pending.rerun());
  EXPECT_TRUE(pending.newest_text_wins());
  EXPECT_TRUE(pending.expires_only_if_configured());
  EXPECT_FALSE(pending.never_expires());
}

TEST(StatusRequestTest, EveryOtherStateIsAResult) {
  static const struct {
    v1::CommitState state;
    v1::Result result;
  } kCases[] = {{v1::COMMIT_STATE_SUCCESS, v1::RESULT_SUCCESS},
                {v1::COMMIT_STATE_FAILURE, v1::RESULT_FAILURE},
                {v1::COMMIT_STATE_ERROR, v1::RESULT_ERROR}};
  for (const auto& one : kCases) {
    const auto report = ReportOf(WithState(one.state), "acme/app", "sha");
    const auto& result = std::get<v1::ReportResultRequest>(report);
    EXPECT_EQ(result.result(), one.result);
    EXPECT_EQ(result.context(), "ci");
    EXPECT_EQ(result.attempt(), 0);
    EXPECT_TRUE(result.newest_text_wins());
  }
}

TEST(StatusRequestTest, StatesHaveGitHubsNames) {
  for (const char* const name : {"error", "failure", "pending", "success"}) {
    EXPECT_EQ(NameOf(StateNamed(name)), name);
  }
  EXPECT_EQ(StateNamed(""), v1::COMMIT_STATE_UNSPECIFIED);
  EXPECT_EQ(NameOf(v1::COMMIT_STATE_UNSPECIFIED), "");
}

}  // namespace
}  // namespace signalbox
