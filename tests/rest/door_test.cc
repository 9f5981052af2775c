#include "rest/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rest/status_request.h"
#include "tests/rest/fake_status_service.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";
constexpr char kSuccess[] = R"({"state": "success", "context": "ci"})";

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() {
    options_.clock = [this] { return now_; };
    options_.new_request_id = [] { return "id-of-the-request"; };
    receipt_.set_sequence(5);
    receipt_.set_state(v1::COMMIT_STATE_SUCCESS);
    receipt_.mutable_report_time()->set_seconds(1700000000);
    server_.SetReceipt(receipt_);
  }

  HttpAnswer Ask(const std::string& method, const std::string& target,
                 const std::string& body = "", const Headers& more = {}) {
    if (door_ == nullptr) {
      door_ = std::make_unique<RestDoor>(options_, server_.stub());
    }
    HttpServerRequest request;
    request.head.method = method;
    request.head.path = target.substr(0, target.find('?'));
    if (target.size() > request.head.path.size()) {
      request.head.query = target.substr(request.head.path.size() + 1);
    }
    request.head.headers = {{"host", host_}};
    request.head.headers.insert(request.head.headers.end(), more.begin(),
                                more.end());
    if (!is_chunked_) request.head.content_length = body.size();
    request.first_byte = std::chrono::steady_clock::now();
    request.peer_is_loopback = peer_is_loopback_;
    return door_->Handle(request, [&](BodySink sink) {
      if (!body_status_.ok()) return body_status_;
      return sink(body) ? absl::OkStatus() : absl::CancelledError("enough");
    });
  }
  HttpAnswer Get(const std::string& target, const Headers& more = {}) {
    return Ask("GET", target, "", more);
  }
  HttpAnswer Post(const std::string& body = kSuccess,
                  const std::string& prefix = "", const Headers& more = {}) {
    return Ask("POST",
               absl::StrCat(prefix, "/repos/acme/app/statuses/", kCommit), body,
               more);
  }

  static nlohmann::json Parsed(const HttpAnswer& answer) {
    return nlohmann::json::parse(answer.text);
  }
  static std::string Header(const HttpAnswer& answer, absl::string_view name) {
    for (const auto& [one, value] : answer.headers) {
      if (one == name) return value;
    }
    return "";
  }

  // A report of `context` with this number.
  static v1::ListedReport Report(int64_t sequence, const std::string& context,
                                 v1::CommitState state) {
    v1::ListedReport report;
    report.set_sequence(sequence);
    report.set_context(context);
    report.set_state(state);
    report.mutable_accept_time()->set_seconds(1700000000 + sequence);
    return report;
  }

  FakeStatusService server_;
  RestDoorOptions options_;
  absl::Time now_ = absl::FromUnixSeconds(1700000100);
  std::string host_ = "127.0.0.1:8090";
  bool peer_is_loopback_ = true;
  absl::Status body_status_;  // Of reading a body.
  bool is_chunked_ = false;   // The head does not say how long the body is.
  v1::Receipt receipt_;

 private:
  std::unique_ptr<RestDoor> door_;
};

TEST_F(DoorTest, CreatesAStatus) {
  const HttpAnswer answer = Post(
      R"({"state": "success", "context": "ci", "description": "a\nb",
          "target_url": "javascript:x"})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
  const nlohmann::json status = Parsed(answer);
  EXPECT_EQ(status["id"], 4503599627370501);
  EXPECT_EQ(status["state"], "success");
  EXPECT_EQ(status["context"], "ci");
  // As GitHub will show it.
  EXPECT_EQ(status["description"], "a b");
  EXPECT_TRUE(status["target_url"].is_null());
  EXPECT_EQ(status["created_at"], "2023-11-14T22:13:20Z");
  const std::string url =
      absl::StrCat("http://127.0.0.1:8090/repos/acme/app/statuses/", kCommit);
  EXPECT_EQ(status["url"], url);
  EXPECT_EQ(Header(answer, "Location"), url);

  ASSERT_EQ(server_.results().size(), 1u);
  const v1::ReportResultRequest sent = server_.results()[0];
  EXPECT_EQ(sent.repository(), "github.com/acme/app");
  EXPECT_EQ(sent.sha(), kCommit);
  EXPECT_EQ(sent.context(), "ci");
  EXPECT_EQ(sent.description(), "a\nb");
}

// A call of the body's own size would be too large for the server.
TEST_F(DoorTest, SendsNoMoreOfTheTextsThanTheServerKeeps) {
  for (const char* const name : {"description", "target_url"}) {
    std::string body =
        absl::StrCat(R"({"state": "success", ")", name, R"(": "http://a/)");
    body.append(kMaxRestBody - body.size() - 2, 'x');
    EXPECT_EQ(Post(body + "\"}").status, 201) << name;
    EXPECT_LT(server_.results().back().ByteSizeLong(), size_t{8 << 10}) << name;
  }
}

TEST_F(DoorTest, APendingIsReportedAsPending) {
  receipt_.set_state(v1::COMMIT_STATE_PENDING);
  server_.SetReceipt(receipt_);
  const HttpAnswer answer = Post(R"({"state": "pending"})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(Parsed(answer)["state"], "pending");
  EXPECT_EQ(Parsed(answer)["context"], "default");
  ASSERT_EQ(server_.pendings().size(), 1u);
  EXPECT_THAT(server_.pendings()[0].contexts(), ElementsAre("default"));
}

TEST_F(DoorTest, LinksAndHostFollowThePath) {
  const HttpAnswer answer = Post(kSuccess, "/ghe.example/api/v3");
  EXPECT_EQ(Header(answer, "Location"),
            absl::StrCat("http://127.0.0.1:8090/ghe.example/api/v3/repos/acme/"
                         "app/statuses/",
                         kCommit));
  EXPECT_EQ(server_.results()[0].repository(), "ghe.example/acme/app");
}

TEST_F(DoorTest, LinksBeginWithThePublicUrl) {
  options_.public_url = "https://box.example";
  options_.default_host = "ghe.example";
  EXPECT_EQ(
      Header(Post(), "Location"),
      absl::StrCat("https://box.example/repos/acme/app/statuses/", kCommit));
  EXPECT_EQ(server_.results()[0].repository(), "ghe.example/acme/app");
}

TEST_F(DoorTest, FindsARepositoryByItsNumber) {
  const HttpAnswer answer =
      Ask("POST", absl::StrCat("/repositories/1296269/statuses/", kCommit),
          kSuccess);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(server_.results()[0].repository(), "github.com/acme/app");
  server_.Fail("GetRepository",
               {grpc::StatusCode::NOT_FOUND, "REPOSITORY_UNKNOWN", ""});
  EXPECT_EQ(
      Ask("POST", absl::StrCat("/repositories/7/statuses/", kCommit), kSuccess)
          .status,
      404);
  EXPECT_EQ(server_.results().size(), 1u);
}

TEST_F(DoorTest, EveryAnswerHasGitHubsHeaders) {
  for (const HttpAnswer& answer : {Post(), Post("x"), Get("/nothing"), Get("/"),
                                   Get("/user", {{"origin", "x"}})}) {
    EXPECT_EQ(Header(answer, "X-GitHub-Media-Type"), "github.v3; format=json");
    EXPECT_EQ(Header(answer, "X-GitHub-Request-Id"), "id-of-the-request");
    EXPECT_EQ(Header(answer, "X-OAuth-Scopes"), "repo:status");
    EXPECT_EQ(Header(answer, "Date"), "Tue, 14 Nov 2023 22:15:00 GMT");
    EXPECT_EQ(Header(answer, "Cache-Control"), "no-store");
    // Absent means unlimited.
    EXPECT_EQ(Header(answer, "X-RateLimit-Remaining"), "");
    EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
  }
  EXPECT_EQ(server_.request_id(), "id-of-the-request");
}

TEST_F(DoorTest, PassesTheTokenOnUnchanged) {
  server_.SetCaller("farm", {"report"});
  Post(kSuccess, "", {{"authorization", "bEARER  abc"}});
  EXPECT_THAT(server_.calls(), ElementsAre("ReportResult:bEARER  abc"));
}

TEST_F(DoorTest, OnlyTheServerJudgesTokens) {
  server_.Fail("ReportResult", {grpc::StatusCode::UNAUTHENTICATED, "", ""});
  const HttpAnswer answer = Post();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(Parsed(answer)["message"], "Bad credentials");
}

TEST_F(DoorTest, WithoutCallersOnlyLocalRequestsAreAnswered) {
  host_ = "box.example";
  const HttpAnswer answer = Post(kSuccess, "", {{"authorization", "token x"}});
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(Parsed(answer)["message"].get<std::string>(),
              ::testing::HasSubstr("callers"));
  EXPECT_THAT(server_.results(), IsEmpty());
  // These answers tell nothing about callers or repositories.
  EXPECT_EQ(Get("/").status, 200);
  EXPECT_EQ(Get("/meta").status, 200);
  host_ = "localhost";
  EXPECT_EQ(Post().status, 201);
  peer_is_loopback_ = false;
  EXPECT_EQ(Post().status, 401);
  peer_is_loopback_ = true;
  EXPECT_EQ(Post(kSuccess, "", {{"x-forwarded-for", "::1"}}).status, 401);
}

TEST_F(DoorTest, WithCallersARequestFromElsewhereNeedsAToken) {
  server_.SetCaller("farm", {"report"});
  host_ = "box.example";
  EXPECT_EQ(Post().status, 401);
  EXPECT_THAT(server_.results(), IsEmpty());
  EXPECT_EQ(Post(kSuccess, "", {{"authorization", "token x"}}).status, 201);
  // The door asks whether there are callers with no token, and not every time.
  EXPECT_THAT(server_.calls(),
              ElementsAre("GetServerInfo:", "ReportResult:token x"));
  now_ += absl::Seconds(6);
  EXPECT_EQ(Post(kSuccess, "", {{"authorization", "token x"}}).status, 201);
  EXPECT_THAT(server_.calls(),
              ElementsAre("GetServerInfo:", "ReportResult:token x",
                          "GetServerInfo:", "ReportResult:token x"));
}

TEST_F(DoorTest, RefusesWebPages) {
  EXPECT_EQ(Post(kSuccess, "", {{"origin", "http://127.0.0.1:8090"}}).status,
            403);
  EXPECT_EQ(Post(kSuccess, "", {{"sec-fetch-site", "none"}}).status, 403);
  EXPECT_EQ(Post(kSuccess, "", {{"host", "second"}}).status, 400);
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(DoorTest, RefusesBodiesBeforeItAsksTheServer) {
  EXPECT_EQ(Post("{").status, 400);
  EXPECT_EQ(Post("[]").status, 400);
  EXPECT_EQ(Post("{}").status, 422);
  EXPECT_EQ(Post(std::string(300 << 10, ' ')).status, 413);
  const HttpAnswer short_sha =
      Ask("POST", "/repos/acme/app/statuses/0123456", kSuccess);
  EXPECT_EQ(short_sha.status, 422);
  EXPECT_EQ(Parsed(short_sha)["errors"][0]["message"],
            "sha must be a 40 character SHA1");
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(DoorTest, ABodyWithoutALengthHasTheSameLimit) {
  is_chunked_ = true;
  std::string body = kSuccess;
  body.resize(kMaxRestBody, ' ');
  EXPECT_EQ(Post(body).status, 201);
  EXPECT_EQ(Post(body + " ").status, 413);
  EXPECT_EQ(server_.results().size(), 1u);
}

TEST_F(DoorTest, ABodyThatDoesNotArriveIsNoReport) {
  body_status_ = absl::InvalidArgumentError("ended too soon");
  EXPECT_EQ(Post().status, 400);
  for (const absl::Status& status :
       {absl::DeadlineExceededError("slow"), absl::UnavailableError("slow")}) {
    body_status_ = status;
    const HttpAnswer answer = Post();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(Header(answer, "Retry-After"), "5");
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

// The client gets its answer before it gives up.
TEST_F(DoorTest, WaitsForTheServerOnlySoLong) {
  options_.timeout = std::chrono::milliseconds(-1000);
  const HttpAnswer answer = Post();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(Header(answer, "X-Signalbox-Reason"), "UNKNOWN_WHETHER_ACCEPTED");
}

TEST_F(DoorTest, TroubleIsWorthARepeat) {
  for (const auto code :
       {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED,
        grpc::StatusCode::DEADLINE_EXCEEDED}) {
    server_.Fail("ReportResult", {code, "", ""});
    const HttpAnswer answer = Post();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(Header(answer, "Retry-After"), "5");
  }
  server_.Fail("ReportResult", {grpc::StatusCode::INTERNAL, "", ""});
  EXPECT_EQ(Header(Post(), "Retry-After"), "");
}

TEST_F(DoorTest, ARepositoryOfOthersLooksLikeAnUnknownPath) {
  server_.Fail("ReportResult", {grpc::StatusCode::PERMISSION_DENIED,
                                "NOT_GRANTED", "repository"});
  const HttpAnswer hidden = Post();
  const HttpAnswer nowhere = Get("/repos/acme/app/nothing");
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.text, nowhere.text);
  EXPECT_EQ(hidden.headers, nowhere.headers);
  server_.Fail("ReportResult",
               {grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "context"});
  const HttpAnswer refused = Post();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(Header(refused, "Retry-After"), "");
  EXPECT_EQ(Header(refused, "X-Signalbox-Reason"), "NOT_GRANTED");
}

TEST_F(DoorTest, ListsTheStatusesOfACommit) {
  v1::ListedReport observed = Report(3, "lint", v1::COMMIT_STATE_FAILURE);
  observed.set_status_id(7);
  observed.set_creator_login("octocat");
  server_.SetReports({Report(4, "ci", v1::COMMIT_STATE_SUCCESS), observed,
                      Report(2, "CI", v1::COMMIT_STATE_PENDING)});
  const HttpAnswer all =
      Get(absl::StrCat("/repos/acme/app/commits/", kCommit, "/statuses"));
  EXPECT_EQ(all.status, 200);
  const nlohmann::json list = Parsed(all);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0]["id"], 4503599627370500);
  EXPECT_EQ(list[0]["creator"]["login"], "signalbox");
  EXPECT_EQ(list[1]["id"], 7);
  EXPECT_EQ(list[1]["creator"]["login"], "octocat");
  EXPECT_EQ(Header(all, "Link"), "");
  EXPECT_EQ(Get(absl::StrCat("/repos/acme/app/statuses/", kCommit)).text,
            all.text);

  const nlohmann::json combined =
      Parsed(Get(absl::StrCat("/repos/acme/app/commits/", kCommit, "/status")));
  EXPECT_EQ(combined["state"], "failure");
  EXPECT_EQ(combined["total_count"], 2);
  EXPECT_EQ(combined["statuses"].size(), 2u);
  EXPECT_EQ(combined["statuses"][0]["id"], 4503599627370500);
  EXPECT_EQ(combined["statuses"][0]["state"], "success");
  EXPECT_FALSE(combined["statuses"][0].contains("creator"));
  EXPECT_EQ(combined["repository"]["full_name"], "acme/app");
}

// Flux gives up on an error, and Renovate takes a 404 for a deleted branch.
TEST_F(DoorTest, ACommitWithoutReportsHasNoStatuses) {
  const std::string commit = absl::StrCat("/repos/acme/app/commits/", kCommit);
  EXPECT_EQ(Get(commit + "/statuses").text, "[]");
  const nlohmann::json combined = Parsed(Get(commit + "/status"));
  EXPECT_EQ(combined["state"], "pending");
  EXPECT_EQ(combined["total_count"], 0);
}

TEST_F(DoorTest, TheStateOfACommitIsGitHubs) {
  using States = std::vector<v1::CommitState>;
  const std::pair<States, const char*> kCases[] = {
      {{v1::COMMIT_STATE_SUCCESS, v1::COMMIT_STATE_SUCCESS}, "success"},
      {{v1::COMMIT_STATE_SUCCESS, v1::COMMIT_STATE_PENDING}, "pending"},
      {{v1::COMMIT_STATE_PENDING, v1::COMMIT_STATE_ERROR}, "failure"},
      {{v1::COMMIT_STATE_FAILURE, v1::COMMIT_STATE_PENDING}, "failure"}};
  for (const auto& [states, combined] : kCases) {
    std::vector<v1::ListedReport> reports;
    for (const v1::CommitState state : states) {
      const auto number = static_cast<int64_t>(reports.size());
      reports.push_back(Report(9 - number, absl::StrCat("ci/", number), state));
    }
    server_.SetReports(reports);
    EXPECT_EQ(Parsed(Get(absl::StrCat("/repos/acme/app/commits/", kCommit,
                                      "/status")))["state"],
              combined);
  }
}

TEST_F(DoorTest, PagesAreOnOurOwnAddress) {
  std::vector<v1::ListedReport> reports;
  for (int i = 250; i > 0; --i) {
    reports.push_back(
        Report(i, absl::StrCat("ci/", i), v1::COMMIT_STATE_SUCCESS));
  }
  server_.SetReports(reports);
  const HttpAnswer second =
      Get("/api/v3/repos/acme/app/commits/a%2Fb/status?per_page=100&page=2");
  EXPECT_EQ(Parsed(second)["total_count"], 250);
  EXPECT_EQ(Parsed(second)["statuses"].size(), 100u);
  EXPECT_EQ(Parsed(second)["statuses"][0]["context"], "ci/150");
  EXPECT_THAT(
      Header(second, "Link"),
      ::testing::HasSubstr("<http://127.0.0.1:8090/api/v3/repos/acme/app/"
                           "commits/a/b/status?per_page=100&page=3>; "
                           "rel=\"next\""));
  EXPECT_EQ(
      Parsed(Get("/repos/acme/app/statuses/main?per_page=100&page=4")).size(),
      0u);
  EXPECT_EQ(Parsed(Get("/repos/acme/app/statuses/main")).size(), 30u);
}

TEST_F(DoorTest, OfManyReportsItShowsTheNewest) {
  std::vector<v1::ListedReport> reports;
  for (int i = 5100; i > 0; --i) {
    reports.push_back(
        Report(i, absl::StrCat("ci/", i), v1::COMMIT_STATE_SUCCESS));
  }
  // It is too old to count.
  reports.back().set_state(v1::COMMIT_STATE_FAILURE);
  server_.SetReports(reports);
  const nlohmann::json last = Parsed(Get(absl::StrCat(
      "/repos/acme/app/commits/", kCommit, "/status?per_page=100&page=50")));
  EXPECT_EQ(last["total_count"], 5000);
  EXPECT_EQ(last["state"], "success");
  EXPECT_EQ(last["statuses"].back()["context"], "ci/101");
}

TEST_F(DoorTest, ARefIsResolvedByTheServer) {
  EXPECT_EQ(Get("/repos/acme/app/commits/feature/x/statuses").status, 200);
  EXPECT_EQ(server_.resolved(), "feature/x");
  EXPECT_EQ(server_.listed().sha(), std::string(40, 'b'));
  EXPECT_EQ(Parsed(Get("/repos/acme/app/commits/main"))["sha"],
            std::string(40, 'b'));
  server_.Fail("ResolveRef", {grpc::StatusCode::NOT_FOUND, "REF_UNKNOWN", ""});
  const HttpAnswer unknown = Get("/repos/acme/app/commits/x/y/status");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_EQ(Parsed(unknown)["message"], "No commit found for SHA: x/y");
  server_.Fail("ResolveRef", {grpc::StatusCode::PERMISSION_DENIED,
                              "NOT_GRANTED", "repository"});
  EXPECT_EQ(Get("/repos/acme/app/commits/x/status").status, 404);
}

TEST_F(DoorTest, ShowsARepositoryAndACommit) {
  server_.SetCaller("farm", {"read"});
  const Headers token = {{"authorization", "token x"}};
  const HttpAnswer answer = Get("/repos/acme/app", token);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Parsed(answer)["id"], 1296269);
  EXPECT_EQ(Parsed(answer)["permissions"]["push"], false);
  const HttpAnswer commit =
      Get(absl::StrCat("/repos/acme/app/commits/", kCommit), token);
  EXPECT_EQ(Parsed(commit)["sha"], kCommit);
  server_.Fail("GetRepository", {grpc::StatusCode::PERMISSION_DENIED,
                                 "NOT_GRANTED", "repository"});
  EXPECT_EQ(Get("/repos/acme/app", token).status, 404);
  EXPECT_EQ(
      Get(absl::StrCat("/repos/acme/app/commits/", kCommit), token).status,
      404);
}

TEST_F(DoorTest, ShowsUsersOnlyToCallers) {
  server_.SetCaller("farm", {"report"});
  for (const char* const path : {"/user", "/users/octocat", "/rate_limit"}) {
    EXPECT_EQ(Get(path).status, 401) << path;
    EXPECT_EQ(Get(path, {{"authorization", "token x"}}).status, 200) << path;
  }
  const Headers token = {{"authorization", "token x"}};
  EXPECT_EQ(Parsed(Get("/user", token))["login"], "farm");
  EXPECT_EQ(Parsed(Get("/users/octocat", token))["login"], "octocat");
}

// Tools read every answer as JSON.
TEST_F(DoorTest, RequestsThatItCannotSeeAreAnsweredInGitHubsForm) {
  RestDoor door(options_, server_.stub());
  for (const int status : {400, 500, 503}) {
    const HttpAnswer answer = door.AnswerUnseen(status);
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
    EXPECT_NE(Parsed(answer)["message"], "");
    EXPECT_EQ(Parsed(answer)["status"], std::to_string(status));
    EXPECT_EQ(Header(answer, "X-GitHub-Request-Id"), "id-of-the-request");
    EXPECT_EQ(Header(answer, "Retry-After"), status == 503 ? "5" : "");
  }
}

// Before the server's first post the server does not know the user, but tools
// read `creator` anyway.
TEST_F(DoorTest, NamesTheUserThatPosts) {
  server_.SetReports({Report(1, "ci", v1::COMMIT_STATE_SUCCESS)});
  const std::string list =
      absl::StrCat("/repos/acme/app/commits/", kCommit, "/statuses");
  const std::string pending = R"({"state": "pending", "context": "ci"})";
  for (const nlohmann::json& status :
       {Parsed(Post()), Parsed(Post(pending)), Parsed(Get(list))[0]}) {
    EXPECT_EQ(status["creator"]["login"], "signalbox");
    EXPECT_EQ(status["creator"]["type"], "Bot");
  }
  v1::StatusCreator creator;
  creator.set_login("octocat");
  creator.set_id(583231);
  creator.set_type("User");
  server_.SetCreator(creator);
  for (const nlohmann::json& status :
       {Parsed(Post()), Parsed(Post(pending)), Parsed(Get(list))[0]}) {
    EXPECT_EQ(status["creator"]["login"], "octocat");
    EXPECT_EQ(status["creator"]["id"], 583231);
    EXPECT_EQ(status["creator"]["type"], "User");
    EXPECT_EQ(status["creator"]["html_url"], "https://github.com/octocat");
  }
}

TEST_F(DoorTest, TheRootIsTextForPeople) {
  EXPECT_EQ(Get("/").content_type, "application/json; charset=utf-8");
  const HttpAnswer text = Get("/", {{"accept", "text/plain"}});
  EXPECT_EQ(text.content_type, "text/plain; charset=utf-8");
  EXPECT_THAT(text.text, ::testing::HasSubstr("http://127.0.0.1:8090/"));
  EXPECT_THAT(server_.calls(), IsEmpty());
}

const Headers kFarm = {{"authorization", "token farm"}};

TEST_F(DoorTest, ACallerThatReportsAgainUsesAStream) {
  server_.SetCaller("farm", {"report"});
  server_.AllowStreams();
  v1::StatusCreator creator;
  creator.set_login("acme-bot");
  server_.SetCreator(creator);
  EXPECT_EQ(Post(kSuccess, "", kFarm).status, 201);
  const HttpAnswer again =
      Post(R"({"state": "pending", "context": "ci"})", "", kFarm);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(Parsed(again)["creator"]["login"], "acme-bot");
  EXPECT_EQ(Parsed(again)["id"], IdOfReport(5));
  EXPECT_EQ(server_.request_id(), "id-of-the-request");
  EXPECT_EQ(Post(kSuccess, "", {{"authorization", "token other"}}).status, 201);
  EXPECT_THAT(server_.calls(),
              ElementsAre("ReportResult:token farm", "StreamReports:token farm",
                          "ReportResult:token other"));
  EXPECT_EQ(server_.pendings().size(), 1);
}

TEST_F(DoorTest, AStreamRefusesAsACallDoes) {
  server_.SetCaller("farm", {"report"});
  server_.AllowStreams();
  EXPECT_EQ(Post(kSuccess, "", kFarm).status, 201);
  server_.Fail("ReportResult",
               {grpc::StatusCode::PERMISSION_DENIED, "NOT_GRANTED", "context"});
  const HttpAnswer refused = Post(kSuccess, "", kFarm);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(server_.calls(), ElementsAre("ReportResult:token farm",
                                           "StreamReports:token farm"));
}

TEST_F(DoorTest, WithoutItsStreamACallerMakesACall) {
  server_.SetCaller("farm", {"report"});
  server_.AllowStreams();
  EXPECT_EQ(Post(kSuccess, "", kFarm).status, 201);
  server_.Fail("StreamReports", {grpc::StatusCode::UNAUTHENTICATED, "", ""});
  EXPECT_EQ(Post(kSuccess, "", kFarm).status, 201);
  EXPECT_EQ(server_.results().size(), 2);
}

TEST_F(DoorTest, AStrangerGetsNoStream) {
  server_.SetCaller("farm", {"report"});
  server_.AllowStreams();
  server_.Fail("ReportResult", {grpc::StatusCode::UNAUTHENTICATED, "", ""});
  EXPECT_EQ(Post(kSuccess, "", kFarm).status, 401);
  EXPECT_EQ(Post(kSuccess, "", kFarm).status, 401);
  EXPECT_THAT(server_.calls(), ElementsAre("ReportResult:token farm",
                                           "ReportResult:token farm"));
}

}  // namespace
}  // namespace signalbox
