#include "tests/github_simulator/pull_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/strip.h"
#include "tests/github_simulator/apps_fixture.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr char kPulls[] = "/repos/acme/widgets/pulls";

class PullApiFixture : public AppsFixture {
 protected:
  int Add(PullRequest pull_request) {
    if (pull_request.head_sha.empty()) pull_request.head_sha = kSha;
    return rules_->AddPullRequest(kRepository, std::move(pull_request));
  }

  std::vector<int> Listed(const std::string& query) {
    const SimulatedResponse answer = Get(kPulls + query);
    EXPECT_EQ(answer.status, 200) << query;
    std::vector<int> numbers;
    for (const Json& item : BodyOf(answer)) numbers.push_back(item["number"]);
    return numbers;
  }

  SimulatedResponse GetIfChanged(const std::string& target,
                                 const std::string& etag,
                                 const std::string& token = "token",
                                 const std::string& accept = "") {
    SimulatedRequest request = Request("GET", target, "", token);
    request.headers.emplace_back("If-None-Match", etag);
    if (!accept.empty()) request.headers.emplace_back("accept", accept);
    return rules_->Handle(request, now_);
  }
};

TEST_F(PullApiFixture, ListsByStateAndTime) {
  const absl::Duration hour = absl::Hours(1);
  Add({.number = 1, .created_at = now_, .updated_at = now_ + 9 * hour});
  Add({.number = 2,
       .is_open = false,
       .created_at = now_ + hour,
       .updated_at = now_ + 8 * hour});
  Add({.number = 3,
       .base_branch = "stable",
       .created_at = now_ + 2 * hour,
       .updated_at = now_ + 2 * hour});
  EXPECT_THAT(Listed(""), ElementsAre(3, 1));
  EXPECT_THAT(Listed("?state=open&sort=updated&direction=desc"),
              ElementsAre(1, 3));
  EXPECT_THAT(Listed("?sort=updated"), ElementsAre(3, 1));
  EXPECT_THAT(Listed("?direction=asc"), ElementsAre(1, 3));
  EXPECT_THAT(Listed("?state=closed"), ElementsAre(2));
  EXPECT_THAT(Listed("?state=all"), ElementsAre(3, 2, 1));
  EXPECT_THAT(Listed("?base=stable"), ElementsAre(3));
  EXPECT_THAT(Listed("?head=Acme:changes&base=main"), ElementsAre(1));
  EXPECT_THAT(Listed("?head=fork-owner:changes"), IsEmpty());
  for (const char* const query :
       {"?state=merged", "?sort=size", "?direction=down"}) {
    EXPECT_EQ(Get(kPulls + std::string(query)).status, 422) << query;
  }
}

TEST_F(PullApiFixture, LinksKeepTheQuery) {
  for (int i = 1; i <= 5; ++i) Add({.updated_at = now_ + absl::Hours(i)});
  std::vector<int> numbers;
  std::string target =
      kPulls +
      std::string("?state=open&sort=updated&direction=desc&per_page=2");
  while (!target.empty()) {
    const SimulatedResponse answer = Get(target);
    for (const Json& item : BodyOf(answer)) numbers.push_back(item["number"]);
    const std::string link = HeaderOf(answer, "link");
    const size_t end = link.find(">; rel=\"next\"");
    if (end == std::string::npos) break;
    const size_t begin = link.rfind('<', end) + 1;
    absl::string_view next = absl::string_view(link).substr(begin, end - begin);
    ASSERT_TRUE(absl::ConsumePrefix(&next, rules_->options().base_url)) << link;
    target = std::string(next);
  }
  EXPECT_THAT(numbers, ElementsAre(5, 4, 3, 2, 1));
}

TEST_F(PullApiFixture, ShowsOne) {
  Add({.number = 7,
       .title = "Mend it",
       .head_sha = kOtherSha,
       .head_branch = "mend",
       .is_draft = true,
       .author = "ann",
       .updated_at = now_});
  const Json one = BodyOf(Get(kPulls + std::string("/7")));
  EXPECT_EQ(one["number"], 7);
  EXPECT_EQ(one["title"], "Mend it");
  EXPECT_EQ(one["state"], "open");
  EXPECT_EQ(one["draft"], true);
  EXPECT_EQ(one["merged"], false);
  EXPECT_EQ(one["user"]["login"], "ann");
  EXPECT_EQ(one["head"]["sha"], kOtherSha);
  EXPECT_EQ(one["head"]["label"], "Acme:mend");
  EXPECT_EQ(one["head"]["repo"]["id"], kId);
  EXPECT_EQ(one["updated_at"], "2026-06-01T00:00:00Z");
  EXPECT_EQ(one["closed_at"], nullptr);
  // The head is a commit of the repository.
  EXPECT_TRUE(rules_->HasCommit(kRepository, kOtherSha));
  // A list leaves some members out.
  EXPECT_FALSE(BodyOf(Get(kPulls))[0].contains("merged"));
  for (const char* const number : {"8", "0", "-7", "x", "99999999999"}) {
    EXPECT_EQ(Get(absl::StrCat(kPulls, "/", number)).status, 404) << number;
  }
  EXPECT_EQ(Get("/repos/acme/gadgets/pulls").status, 404);
  EXPECT_EQ(rules_->misbehaviour().unknown_requests, 0);
}

TEST_F(PullApiFixture, AForkCanBeGone) {
  Add({.number = 1, .is_from_fork = true});
  Add({.number = 2, .is_from_fork = true, .is_fork_gone = true});
  Add({.number = 3, .is_open = false, .is_merged = true, .updated_at = now_});
  const Json fork = BodyOf(Get(kPulls + std::string("/1")));
  EXPECT_EQ(fork["head"]["repo"]["fork"], true);
  EXPECT_NE(fork["head"]["repo"]["id"], kId);
  EXPECT_EQ(fork["base"]["repo"]["id"], kId);
  EXPECT_TRUE(
      BodyOf(Get(kPulls + std::string("/2")))["head"]["repo"].is_null());
  const Json merged = BodyOf(Get(kPulls + std::string("/3")));
  EXPECT_EQ(merged["merged"], true);
  EXPECT_EQ(merged["state"], "closed");
  EXPECT_EQ(merged["merged_at"], "2026-06-01T00:00:00Z");
}

TEST_F(PullApiFixture, FollowsARenamedRepository) {
  Add({.number = 7});
  ASSERT_TRUE(rules_->RenameRepository(kRepository, "acme/things"));
  EXPECT_EQ(Get(kPulls).status, 301);
  EXPECT_EQ(Get("/repos/acme/things/pulls/7").status, 200);
  EXPECT_EQ(Get(absl::StrCat("/repositories/", kId, "/pulls/7")).status, 200);
}

TEST_F(PullApiFixture, AnInstallationNeedsThePermission) {
  Add({.number = 7});
  const std::string reader = Token(R"({"permissions":{"statuses":"read"}})");
  for (const char* const below : {"", "/7"}) {
    EXPECT_EQ(Get(kPulls + std::string(below), Token()).status, 200);
    const SimulatedResponse refused = Get(kPulls + std::string(below), reader);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(MessageOf(refused), "Resource not accessible by integration");
    EXPECT_EQ(HeaderOf(refused, "x-accepted-github-permissions"),
              "pull_requests=read");
  }
}

// ---- Conditional requests

TEST_F(PullApiFixture, WhatIsUnchangedIsFree) {
  Add({.number = 7});
  const SimulatedResponse first = Get(kPulls);
  const std::string etag = HeaderOf(first, "etag");
  EXPECT_THAT(etag, ::testing::MatchesRegex("W/\"[0-9a-f]{64}\""));
  const int64_t remaining = NumberIn(first, "x-ratelimit-remaining");
  for (int i = 0; i < 3; ++i) {
    const SimulatedResponse same = GetIfChanged(kPulls, etag);
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.body, "");
    EXPECT_EQ(HeaderOf(same, "etag"), etag);
  }
  const SimulatedResponse after = Get("/repos/acme/widgets");
  EXPECT_EQ(NumberIn(after, "x-ratelimit-remaining"), remaining - 1);

  Add({.number = 7, .title = "changed"});
  const SimulatedResponse changed = GetIfChanged(kPulls, etag);
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(HeaderOf(changed, "etag"), etag);
}

TEST_F(PullApiFixture, AnEtagIsForWhoGotIt) {
  const std::string etag = HeaderOf(Get(kPulls), "etag");
  const std::string token = Token();
  EXPECT_EQ(GetIfChanged(kPulls, etag, token).status, 200);
  EXPECT_EQ(GetIfChanged(kPulls, etag, "token", "application/json").status,
            200);
  EXPECT_EQ(GetIfChanged(kPulls, etag, "wrong").status, 401);
  // A part of an ETag is no ETag.
  EXPECT_EQ(GetIfChanged(kPulls, etag.substr(2)).status, 200);
  EXPECT_EQ(GetIfChanged(kPulls, etag.substr(3, 64)).status, 200);
  // A 404 has no ETag.
  EXPECT_EQ(HeaderOf(Get(kPulls + std::string("/7")), "etag"), "");
}

}  // namespace
}  // namespace signalbox
