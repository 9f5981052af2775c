// What GitHub refuses for a whole repository.

#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

class PosterParkingTest : public PosterTest {
 protected:
  // From now on posts to `where` get this answer; 0: as GitHub answers.
  void Answer(int status, const std::string& message = "Not Found",
              const std::string& where = "") {
    transport_->hook = [=, this](const HttpRequest& request)
        -> std::optional<absl::StatusOr<HttpResponse>> {
      if (!absl::StrContains(request.url, where)) return std::nullopt;
      posts_.push_back(clock_.Now());
      if (status == 0) return std::nullopt;
      HttpResponse answer;
      answer.status = status;
      answer.body = absl::StrCat(R"({"message":")", message, R"("})");
      return answer;
    };
  }

  KeyReport Of(const std::string& name, int number,
               Result result = Result::kSuccess) {
    KeyReport report = Ended(name, result);
    report.sha = ShaOf(number);
    return report;
  }

  Disposition Repeat(const KeyReport& report) {
    Submission submission;
    SetReport(&submission, report);
    const auto outcomes = outbox_->Accept({submission}, clock_.Now());
    return outcomes->at(0).receipts.at(0).disposition;
  }

  Posting PostingAt(const std::string& name, int number) {
    return outbox_->GetCommit(Repo(name), ShaOf(number))
        ->statuses.at(0)
        .posting;
  }

  // The waits between the posts.
  std::vector<int64_t> Waits() const {
    std::vector<int64_t> waits;
    for (size_t i = 1; i < posts_.size(); ++i) {
      waits.push_back(absl::ToInt64Seconds(
          absl::Trunc(posts_[i] - posts_[i - 1], absl::Seconds(1))));
    }
    return waits;
  }

  std::vector<absl::Time> posts_;
};

TEST_F(PosterParkingTest, OneRefusalAndATakenPostASecondLater) {
  Unpace();
  Answer(404);
  Say(Of("acme/web", 1));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(PostingAt("acme/web", 1).state, PostingState::kWaiting);
  EXPECT_EQ(PostingAt("acme/web", 1).reason, "REPOSITORY_NOT_FOUND");
  Answer(0);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
  EXPECT_EQ(PostingAt("acme/web", 1).state, PostingState::kPosted);
}

// Each of these refusals is about the whole repository.
TEST_F(PosterParkingTest, WhatParks) {
  Unpace();
  const struct {
    int status;
    std::string message;
    std::string reason;
  } kCases[] = {
      {404, "Not Found", "REPOSITORY_NOT_FOUND"},
      {403, "Resource not accessible by integration", "PERMISSION_MISSING"},
      {403, "Repository was archived so is read-only.", "REPOSITORY_ARCHIVED"},
      {403, "Repository access blocked", "REPOSITORY_BLOCKED"},
      {403, "Resource protected by organization SAML enforcement",
       "SSO_REQUIRED"},
      {403, "the organization has an IP allow list enabled", "IP_NOT_ALLOWED"},
      {403, "You must authenticate via a GitHub App.", "APP_REQUIRED"},
      {410, "Gone", "REPOSITORY_GONE"},
      {451, "Unavailable", "LEGAL_BLOCK"},
  };
  int number = 0;
  for (const auto& one : kCases) {
    const std::string name = absl::StrCat("acme/r", ++number);
    Answer(one.status, one.message);
    Say(Of(name, 1));
    Say(Of(name, 2));
    RunFor(absl::Seconds(5));
    for (const int sha : {1, 2}) {
      EXPECT_EQ(PostingAt(name, sha).state, PostingState::kWaiting)
          << one.message;
      EXPECT_EQ(PostingAt(name, sha).reason, one.reason);
      EXPECT_GT(PostingAt(name, sha).next_try_time, clock_.Now());
    }
    EXPECT_EQ(transport_->sent.size(), 1u) << one.message;
    Answer(0);
    RunFor(absl::Seconds(20));
    EXPECT_EQ(ShownState(name, ShaOf(2)), "success") << one.message;
    transport_->sent.clear();
  }
}

TEST_F(PosterParkingTest, WhatStaysWithTheEntry) {
  Unpace();
  int number = 0;
  for (const auto& [status, message] : std::vector<std::pair<int, std::string>>{
           {400, "Problems parsing JSON"},
           {422,
            "This SHA and context has reached the maximum number of "
            "statuses."},
           {422, "Validation Failed"}}) {
    Answer(status, message);
    const std::string name = absl::StrCat("acme/r", ++number);
    Say(Of(name, 1));
    RunFor(absl::Seconds(1));
    EXPECT_EQ(PostingAt(name, 1).state, PostingState::kAbandoned) << message;
    Answer(0);
    Say(Of(name, 2));
    RunFor(absl::Seconds(1));
    EXPECT_EQ(ShownState(name, ShaOf(2)), "success") << message;
  }
}

TEST_F(PosterParkingTest, ProbesGetRarer) {
  Unpace(8);
  Answer(404);
  for (int i = 0; i < 20; ++i) Say(Of("acme/web", i));
  RunFor(absl::Hours(4));
  // Eight were under way together.
  EXPECT_EQ(posts_.size(), 8u + 7u);
  EXPECT_THAT(Waits(), ElementsAre(0, 0, 0, 0, 0, 0, 0, 10, 60, 300, 900, 3600,
                                   3600, 3600));
  Answer(0);
  RunFor(absl::Hours(1));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ShownState("acme/web", ShaOf(i)), "success");
  }
}

TEST_F(PosterParkingTest, AnotherRepositoryDoesNotWait) {
  Unpace();
  Answer(404, "Not Found", "acme/web/");
  Say(Of("acme/web", 1));
  Say(Of("acme/app", 1));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/app", ShaOf(1)), "success");
}

// The same report again gets an OK, so a post must follow.
TEST_F(PosterParkingTest, TheSameReportAgainBringsTheProbeForward) {
  Unpace();
  Answer(404);
  const KeyReport report = Of("acme/web", 1);
  Say(report);
  RunFor(absl::Hours(3));
  Answer(0);
  EXPECT_EQ(Repeat(report), Disposition::kUnchanged);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
}

TEST_F(PosterParkingTest, AnotherSuccessInTheRepositoryTakesAllWithIt) {
  Unpace();
  Answer(404);
  Say(Of("acme/web", 1));
  RunFor(absl::Hours(3));
  Answer(0);
  Say(Of("acme/web", 2));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
  EXPECT_EQ(ShownState("acme/web", ShaOf(2)), "success");
}

TEST_F(PosterParkingTest, AnotherTokenInTheFileBringsTheProbeForward) {
  Unpace();
  Answer(404);
  Say(Of("acme/web", 1));
  RunFor(absl::Hours(3));
  const size_t before = posts_.size();
  RunFor(absl::Minutes(20));
  EXPECT_EQ(posts_.size(), before);
  Answer(0);
  std::ofstream(TokenFile()) << "another-token";
  RunFor(absl::Seconds(30));
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
}

TEST_F(PosterParkingTest, AStartBringsTheProbeForward) {
  Unpace();
  Answer(404);
  Say(Of("acme/web", 1));
  RunFor(absl::Hours(3));
  Answer(0);
  StartPoster();
  Learn();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
}

TEST_F(PosterParkingTest, ProbesTakeATenthOfThePace) {
  Answer(404);
  for (int i = 0; i < 40; ++i) Say(Of(absl::StrCat("acme/r", i), 1));
  RunFor(absl::Hours(6));
  const absl::Time begin = clock_.Now();
  posts_.clear();
  for (int i = 0; i < 40; ++i) Repeat(Of(absl::StrCat("acme/r", i), 1));
  RunFor(absl::Minutes(10));
  // 80 a minute, so a probe every 7.5 s.
  ASSERT_EQ(posts_.size(), 40u);
  EXPECT_GE(posts_.back() - begin, absl::Seconds(7.5) * 39);
  EXPECT_LE(posts_.back() - begin, absl::Seconds(7.5) * 42);
}

TEST_F(PosterParkingTest, ATroubleIsNoRefusal) {
  Unpace();
  Answer(404);
  Say(Of("acme/web", 1));
  RunFor(absl::Seconds(1));
  Answer(502, "Server Error");
  RunFor(absl::Minutes(30));
  EXPECT_EQ(PostingAt("acme/web", 1).reason, "REPOSITORY_NOT_FOUND");
  posts_.clear();
  Answer(404);
  RunFor(absl::Minutes(6));
  ASSERT_GE(posts_.size(), 2u);
  // As if there had been no probe.
  EXPECT_EQ(Waits()[0], 60);
}

// By the new time the probe's lease ended long ago, but its request has not.
TEST_F(PosterParkingTest, AClockThatIsSetSendsNoProbeTwice) {
  Unpace();
  Answer(404);
  Say(Of("acme/web", 1));
  RunFor(absl::Seconds(9));
  fake_->SetDelay(absl::Seconds(5));
  Answer(0);
  RunFor(absl::Seconds(2));
  ASSERT_EQ(posts_.size(), 2u);
  clock_.Jump(absl::Seconds(76));
  RunFor(absl::Seconds(10));
  EXPECT_EQ(posts_.size(), 2u);
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
  EXPECT_EQ(PostingAt("acme/web", 1).state, PostingState::kPosted);
}

// A run takes long then, and learns of the refusal before it takes more.
TEST_F(PosterParkingTest, ASlowStoreLetsNoMoreBeRefused) {
  Unpace(8);
  Answer(404);
  for (int i = 0; i < 20; ++i) Say(Of("acme/web", i));
  outbox_->commit_time = absl::Seconds(2);
  outbox_->during_take = [this] { transport_->DeliverDue(); };
  RunFor(absl::Seconds(60));
  // The first one, one that was taken before the first ended, and a probe.
  EXPECT_EQ(posts_.size(), 3u);
}

TEST_F(PosterParkingTest, AfterAWeekItIsGivenUpAndAReportTakesItUpAgain) {
  Unpace();
  Answer(404);
  const KeyReport report = Of("acme/web", 1);
  Say(report);
  RunFor(absl::Hours(7 * 24 + 1));
  ASSERT_EQ(*AsHolder(*outbox_, &Outbox::AbandonParked, clock_.Now(), 100), 1);
  EXPECT_EQ(PostingAt("acme/web", 1).state, PostingState::kAbandoned);
  EXPECT_EQ(PostingAt("acme/web", 1).reason, "REPOSITORY_NOT_FOUND");
  Answer(0);
  EXPECT_EQ(Repeat(report), Disposition::kUnchanged);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web", ShaOf(1)), "success");
}

}  // namespace
}  // namespace signalbox
