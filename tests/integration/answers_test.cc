// What becomes of a commit status after each of GitHub's answers, with the
// server's own client and poster, over HTTP, against the simulator. The order
// is that of GitHub's documentation: answers to any request, then to a status.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/http/curl_transport.h"
#include "server/base/wake_up.h"
#include "server/github/github_limits.h"
#include "server/github/static_credentials.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/poster/poster.h"
#include "tests/github_simulator/http_front.h"
#include "tests/support/fake_clock.h"
#include "tests/support/key_report.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

constexpr char kRepository[] = "acme/web";
constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";
constexpr char kToken[] = "acme-token";

// GitHub over HTTP, on the test's own clock.
class HttpGitHub {
 public:
  HttpGitHub(GitHubRules::Options options, FakeClock* clock)
      : clock_(clock), front_(*HttpFront::Bind(Address{"127.0.0.1", 0})) {
    options.base_url = url();
    rules_ = std::make_unique<GitHubRules>(options);
    thread_ = std::thread([this] {
      front_->Serve(
          [this](const SimulatedRequest& request) {
            MutexLock lock(&mu_);
            SimulatedRequest opened = request;
            opened.exchange = rules_->Open(request, clock_->Now());
            return rules_->Handle(opened, clock_->Now());
          },
          [this](int64_t exchange, bool is_answered) {
            MutexLock lock(&mu_);
            rules_->Close(exchange, is_answered);
          });
    });
  }
  ~HttpGitHub() {
    front_->Stop();
    thread_.join();
  }

  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", front_->port());
  }

  // Gives access to the rules, for the length of the call.
  template <typename Use>
  auto With(Use use) {
    MutexLock lock(&mu_);
    return use(*rules_);
  }

 private:
  FakeClock* const clock_;
  const std::unique_ptr<HttpFront> front_;
  Mutex mu_;
  std::unique_ptr<GitHubRules> rules_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

Fault Answers(int status, const std::string& message,
              const std::string& errors = "") {
  Fault fault;
  fault.name = "answer";
  fault.count = -1;
  fault.status = status;
  fault.message = message;
  fault.errors = errors;
  fault.target_contains = "/statuses/";
  return fault;
}

Fault Named(const std::string& name, int count = 1) {
  Fault fault;
  fault.name = name;
  fault.count = count;
  fault.target_contains = "/statuses/";
  return fault;
}

Fault With(Fault fault, const std::string& header, const std::string& value) {
  fault.headers.emplace_back(header, value);
  return fault;
}

// Makes the fault meet all requests, not only statuses.
Fault Everywhere(Fault fault) {
  fault.target_contains.clear();
  return fault;
}

Fault Times(Fault fault, int count) {
  fault.count = count;
  return fault;
}

std::string FieldError(const std::string& field, const std::string& message) {
  return absl::StrCat(R"([{"resource":"Status","code":"custom","field":")",
                      field, R"(","message":")", message, R"("}])");
}

// An answer, and what becomes of a result that meets it.
struct Row {
  std::string name;
  Fault fault;
  // The posting in the end, half a day later.
  PostingState state = PostingState::kPosted;
  std::string reason = "";
  // Posts that GitHub saw, the last one included.
  int posts = 1;
  // The time from the first try to the last.
  absl::Duration last = absl::ZeroDuration();
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class AnswersTest : public testing::TestWithParam<Row> {
 protected:
  AnswersTest() {
    GitHubRules::Options options;
    options.tokens = {kToken};
    options.max_concurrent = 1;
    github_ = std::make_unique<HttpGitHub>(options, &clock_);
    github_->With([](GitHubRules& rules) {
      rules.AddRepository(kRepository, 4'600'000'042);
      rules.AddCommit(kRepository, kSha);
    });

    StaticCredential credential;
    credential.api_url = github_->url();
    credential.accounts = {"*"};
    credential.token = Secret(kToken);
    credentials_ = *MakeStaticCredentials({credential});
    PaceOptions pace;
    pace.per_minute = 0;
    limiter_.SetPace("github.com/*", pace);
    SqliteOutboxOptions outbox_options(kGitHubLimits);
    outbox_options.data_dir = dir_.Path("data");
    outbox_options.credential_of = [this](const Repository& repository) {
      return credentials_->Find(repository);
    };
    outbox_ = *OpenSqliteOutbox(outbox_options);
    transport_ = *MakeCurlTransport({});
    // One second instead of twelve: a silent answer here never comes.
    client_ = std::make_unique<GitHubClient>(transport_.get(), "signalbox/1",
                                             absl::Seconds(1));
    gate_ = std::make_unique<RequestGate>(&limiter_, credentials_.get());
    poster_ = std::make_unique<Poster>(
        outbox_.get(), credentials_.get(), client_.get(), gate_.get(),
        kGitHubLimits, &metrics_, &clock_, &wake_up_);
    poster_->SetTerm(*TermOf(*outbox_, clock_.Now()));
  }

  ~AnswersTest() override { transport_.reset(); }

  void TearDown() override {
    const auto counted =
        github_->With([](GitHubRules& rules) { return rules.misbehaviour(); });
    for (const auto& [name, count] : counted.All()) EXPECT_EQ(count, 0) << name;
  }

  void Say(CommitState state, const std::string& description = "",
           const std::string& target_url = "") {
    KeyReport report;
    report.repository = *ParseRepository(kRepository);
    report.sha = *ParseSha(kSha);
    report.context = "ci/build";
    report.attempt = ++attempt_;
    report.result =
        state == CommitState::kSuccess ? Result::kSuccess : Result::kFailure;
    report.description = description;
    report.target_url = target_url;
    ASSERT_TRUE(outbox_->Accept({Of({report})}, clock_.Now()).ok());
  }

  // Runs it as a Worker does. While a request is under way the clock stands.
  void RunFor(absl::Duration time) {
    const absl::Time end = clock_.Now() + time;
    for (int runs = 0; runs < 10000; ++runs) {
      wake_up_.Take();
      const absl::Time next = poster_->RunOnce();
      if (poster_->InFlight() > 0) {
        while (!wake_up_.is_requested()) {
          wake_up_.WaitFor(absl::InfiniteDuration());
        }
        continue;
      }
      const absl::Time now = clock_.Now();
      if (next <= now) continue;
      clock_.Advance(std::min(next, end) - now);
      if (next > end) return;
    }
    FAIL() << "it runs hot";
  }

  Posting PostingNow() {
    const auto commit =
        outbox_->GetCommit(*ParseRepository(kRepository), *ParseSha(kSha));
    return commit.ok() ? commit->statuses.at(0).posting : Posting();
  }

  // The posts among the tries; reads are left out.
  std::vector<Try> Posts() {
    const auto history = outbox_->GetHistory(StatusKey::Of(
        *ParseRepository(kRepository), *ParseSha(kSha), "ci/build"));
    std::vector<Try> posts;
    for (const RecordedTry& one : history->tries) {
      if (one.attempted.reason != "READ") posts.push_back(one.attempted);
    }
    return posts;
  }

  GitHubRules::Row Shown(const std::string& full_name = kRepository) {
    return github_->With([&](GitHubRules& rules) {
      return rules.Shown(full_name, kSha)["ci/build"];
    });
  }
  size_t RowCount() {
    return github_->With([](GitHubRules& rules) {
      return rules.Rows(kRepository, kSha).size();
    });
  }

  FakeClock clock_;
  WakeUp wake_up_;
  TempDir dir_;
  Metrics metrics_;
  std::unique_ptr<HttpGitHub> github_;
  std::unique_ptr<Credentials> credentials_;
  RateLimiter limiter_;
  std::unique_ptr<RequestGate> gate_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<HttpTransport> transport_;
  std::unique_ptr<GitHubClient> client_;
  std::unique_ptr<Poster> poster_;
  int64_t attempt_ = 0;
};

TEST_P(AnswersTest, IsHandledAsItShould) {
  const Row& row = GetParam();
  // The budget is known, and the connection is open.
  limiter_.Admit("github.com/*", /*pending=*/false, clock_.Steady());
  HttpResponse known;
  known.status = 200;
  limiter_.Observe("github.com/*", known, Verdict(), clock_.Look());
  github_->With([&](GitHubRules& rules) { rules.AddFault(row.fault); });
  Say(CommitState::kSuccess, "fine", "https://ci.example.com/1");
  RunFor(absl::Hours(12));

  const Posting posting = PostingNow();
  EXPECT_EQ(posting.state, row.state);
  EXPECT_EQ(posting.reason, row.reason);
  const std::vector<Try> posts = Posts();
  ASSERT_EQ(posts.size(), static_cast<size_t>(row.posts));
  EXPECT_EQ(posts.back().begin_time - posts.front().begin_time, row.last);
  for (const Try& post : posts) {
    EXPECT_EQ(post.http_status == 0, post.request_id.empty()) << post.reason;
  }
  EXPECT_EQ(Shown().state, row.state == PostingState::kPosted ? "success" : "");
  EXPECT_LE(RowCount(), 1u);

  // In each case, once GitHub is well again, a newer report is shown.
  github_->With([](GitHubRules& rules) { rules.ClearFaults(); });
  Say(CommitState::kFailure);
  RunFor(absl::Hours(2));
  const bool stays = row.reason == "STATUS_LIMIT_REACHED";
  EXPECT_EQ(Shown().state, stays ? "" : "failure");
}

constexpr PostingState kAbandoned = PostingState::kAbandoned;
constexpr PostingState kPosted = PostingState::kPosted;
constexpr PostingState kWaiting = PostingState::kWaiting;

Row Refused(const std::string& name, const Fault& fault,
            const std::string& reason) {
  return {name, fault, kAbandoned, reason};
}

// The whole repository waits, and is probed after 10 s, 1, 5, 15 and 60 min,
// then every hour.
Row Parks(const std::string& name, const Fault& fault,
          const std::string& reason) {
  return {name, fault, kWaiting, reason, 16, absl::Seconds(40870)};
}

INSTANTIATE_TEST_SUITE_P(
    Done, AnswersTest,
    testing::Values(Row{"Created", Times(Named("slow"), 0)},
                    // GitHub has the status, whatever the body says.
                    Row{"CreatedWithABrokenBody", Named("bad_json")}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    General, AnswersTest,
    testing::Values(
        Refused("ParsingProblem", Answers(400, "Problems parsing JSON"),
                "BAD_REQUEST"),
        Refused("NotAnObject", Answers(400, "Body should be a JSON object"),
                "BAD_REQUEST"),
        Refused("ApiVersion",
                Answers(400, "API version \"2022-11-28\" is not supported."),
                "API_VERSION_REFUSED"),
        Parks("ApiVersionRetired",
              Answers(410, "This API version is no longer available"),
              "API_VERSION_REFUSED"),
        Parks("Gone", Answers(410, "Gone"), "REPOSITORY_GONE"),
        Parks("LegalBlock", Answers(451, "Repository access blocked"),
              "LEGAL_BLOCK"),
        Parks("NotFound", Answers(404, "Not Found"), "REPOSITORY_NOT_FOUND"),
        Parks("Integration",
              Answers(403, "Resource not accessible by integration"),
              "PERMISSION_MISSING"),
        Parks("FineGrainedToken",
              Answers(403, "Resource not accessible by personal access token"),
              "PERMISSION_MISSING"),
        Parks("Archived",
              Answers(403, "Repository was archived so is read-only."),
              "REPOSITORY_ARCHIVED"),
        Parks("Blocked", Answers(403, "Repository access blocked"),
              "REPOSITORY_BLOCKED"),
        Parks("Saml",
              With(Answers(403,
                           "Resource protected by organization SAML "
                           "enforcement. You must grant your token "
                           "access."),
                   "X-GitHub-SSO", "required; url=https://github.com/sso"),
              "SSO_REQUIRED"),
        Parks("IpAllowList",
              Answers(403,
                      "Although you appear to have the correct "
                      "authorization credentials, the `acme` "
                      "organization has an IP allow list enabled"),
              "IP_NOT_ALLOWED"),
        Parks("AppRequired",
              Answers(403, "You must authenticate via a GitHub App."),
              "APP_REQUIRED"),
        // GitHub has never used this code here. The server tries a few times.
        Row{"Conflict", Answers(409, "Conflict"), kAbandoned, "CONFLICT", 4,
            absl::Seconds(43)},
        Row{"ConflictThatPasses", Times(Answers(409, "Conflict"), 2), kPosted,
            "", 3, absl::Seconds(13)},
        Row{"Teapot", Answers(418, "I'm a teapot"), kAbandoned,
            "UNEXPECTED_ANSWER", 4, absl::Seconds(43)}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Status, AnswersTest,
    testing::Values(
        // Right after a push from a fork: after 1, 2, 4, 8 and 15 s.
        Row{"NoCommit",
            Answers(422, absl::StrCat("No commit found for SHA: ", kSha)),
            kAbandoned, "NO_COMMIT_FOUND", 6, absl::Seconds(30)},
        Row{"NoCommitYet",
            Times(Answers(422, absl::StrCat("No commit found for SHA: ", kSha)),
                  3),
            kPosted, "", 4, absl::Seconds(7)},
        Refused("Sha",
                Answers(422, "Validation Failed",
                        FieldError("sha",
                                   "sha must be a 40 character "
                                   "SHA1")),
                "INVALID_SHA"),
        Refused("State",
                Answers(422, "Validation Failed",
                        FieldError("state",
                                   "state is not included in the "
                                   "list")),
                "STATE_REFUSED"),
        Refused("Context",
                Answers(422, "Validation Failed",
                        FieldError("context",
                                   "context is too long (maximum is "
                                   "255 characters)")),
                "CONTEXT_REFUSED"),
        Refused("Full",
                Answers(422, "Validation Failed",
                        R"([{"resource":"Status","code":"custom","message":)"
                        R"("This SHA and context has reached the maximum )"
                        R"(number of statuses."}])"),
                "STATUS_LIMIT_REACHED"),
        Refused("Unheard", Answers(422, "Validation Failed"),
                "VALIDATION_FAILED"),
        Refused("Request", Answers(422, "Invalid request.\n\nFor 'x', y."),
                "BAD_REQUEST"),
        // A text or a link must not cost a result.
        Row{"Description",
            Times(Answers(422, "Validation Failed",
                          FieldError("description",
                                     "description is too long "
                                     "(maximum is 140 "
                                     "characters)")),
                  1),
            kPosted, "", 2},
        Row{"Emoji",
            Times(Answers(422, "Validation Failed",
                          FieldError("description",
                                     "description doesn't "
                                     "accept 4-byte Unicode")),
                  1),
            kPosted, "", 2},
        Row{"TargetUrl",
            Times(Answers(422, "Validation Failed",
                          FieldError("target_url",
                                     "Target url must use "
                                     "http(s) scheme")),
                  1),
            kPosted, "", 2},
        Row{"DescriptionForGood",
            Answers(422, "Validation Failed",
                    FieldError("description", "is bad")),
            kAbandoned, "DESCRIPTION_REFUSED", 2}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Limits, AnswersTest,
    testing::Values(
        Row{"RetryAfter",
            Times(With(Answers(403,
                               "You have exceeded a secondary rate "
                               "limit."),
                       "retry-after", "90"),
                  1),
            kPosted, "", 2, absl::Seconds(91)},
        Row{"TooManyRequests",
            Times(With(Answers(429, "Too many requests"), "retry-after", "7"),
                  1),
            kPosted, "", 2, absl::Seconds(8)},
        // 60 s, doubling.
        Row{"NoMoment",
            Times(Answers(403,
                          "You have exceeded a secondary rate limit. "
                          "Please wait a few minutes."),
                  2),
            kPosted, "", 3, absl::Seconds(180)},
        Row{"OldWording",
            Times(Answers(403,
                          "You have triggered an abuse detection "
                          "mechanism. Please retry your request again "
                          "later."),
                  1),
            kPosted, "", 2, absl::Seconds(60)},
        Row{"BareTooManyRequests", Times(Answers(429, ""), 1), kPosted, "", 2,
            absl::Seconds(60)},
        // A value that does not parse counts as absent.
        Row{"RetryAfterADate",
            Times(With(Answers(429, "slow down"), "retry-after",
                       "Mon, 01 Jun 2026 00:10:00 GMT"),
                  1),
            kPosted, "", 2, absl::Seconds(60)},
        Row{"AbsurdRetryAfter",
            Times(With(Answers(403, "secondary rate limit"), "retry-after",
                       "99999999999999999999"),
                  1),
            kPosted, "", 2, absl::Hours(1) + absl::Seconds(1)},
        Row{"Reset",
            Times(With(With(Answers(403,
                                    "API rate limit exceeded for user ID "
                                    "1."),
                            "x-ratelimit-remaining", "0"),
                       "x-ratelimit-reset", "1780272600"),
                  1),
            kPosted, "", 2, absl::Minutes(10) + absl::Seconds(1)},
        Row{"AbsurdReset",
            Times(With(With(Answers(429, "API rate limit exceeded"),
                            "x-ratelimit-remaining", "0"),
                       "x-ratelimit-reset", "4102444800"),
                  1),
            kPosted, "", 2, absl::Minutes(65) + absl::Seconds(1)},
        Row{"LoginLocked",
            Times(Answers(403,
                          "Maximum number of login attempts exceeded. "
                          "Please try again later."),
                  1),
            kPosted, "", 2, absl::Seconds(60)}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Credentials, AnswersTest,
    testing::Values(
        Row{"OneRefusal", Times(Answers(401, "Bad credentials"), 1), kPosted,
            "", 2, absl::Seconds(1)},
        // The second refusal stops the credential. Nothing is abandoned.
        Row{"Refused", Everywhere(Answers(401, "Bad credentials")), kWaiting,
            "BAD_CREDENTIALS", 2, absl::Seconds(1)},
        Row{"AccountSuspended",
            Everywhere(Answers(403, "Sorry. Your account was suspended")),
            kWaiting, "ACCOUNT_SUSPENDED", 1},
        Row{"InstallationSuspended",
            Everywhere(Answers(403, "This installation has been suspended")),
            kWaiting, "INSTALLATION_SUSPENDED", 1}),
    [](const auto& info) { return info.param.name; });

// After these the server reads back, 12 s after the begin, and repeats nothing
// that GitHub shows.
INSTANTIATE_TEST_SUITE_P(
    Doubt, AnswersTest,
    testing::Values(
        Row{"HtmlPage", Named("server_error_html"), kPosted, "", 2,
            absl::Seconds(12)},
        Row{"ServerError", Named("server_error_json"), kPosted, "", 2,
            absl::Seconds(12)},
        Row{"EmptyServerError", Times(Answers(503, ""), 1), kPosted, "", 2,
            absl::Seconds(12)},
        Row{"GatewayTimeout", Times(Answers(504, "Server Error"), 1), kPosted,
            "", 2, absl::Seconds(12)},
        Row{"ResetBefore", Named("reset_before_apply"), kPosted, "", 2,
            absl::Seconds(12)},
        Row{"ResetAfter", Named("reset_after_apply"), kPosted, "", 1},
        Row{"Silence", Named("hang"), kPosted, "", 2, absl::Seconds(12)},
        Row{"SlowButDone", Named("slow"), kPosted, "", 1}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Redirects, AnswersTest,
    testing::Values(Refused(
                        "Elsewhere",
                        [] {
                          Fault fault = Named("redirect_elsewhere", -1);
                          fault.location = "http://127.0.0.1:9";
                          return fault;
                        }(),
                        "REDIRECT_REFUSED"),
                    Refused("Loop", Named("redirect_loop", -1),
                            "REDIRECT_REFUSED"),
                    Row{"WithoutAnAddress", Answers(307, "Moved Permanently"),
                        kAbandoned, "UNEXPECTED_ANSWER", 4, absl::Seconds(43)}),
    [](const auto& info) { return info.param.name; });

using AnswerTest = AnswersTest;

TEST_F(AnswerTest, ARenamedRepositoryIsFollowedAndLearnt) {
  github_->With([](GitHubRules& rules) {
    rules.RenameRepository(kRepository, "acme/site");
  });
  Say(CommitState::kSuccess);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Shown("acme/site").state, "success");
  const auto commit =
      outbox_->GetCommit(*ParseRepository("acme/site"), *ParseSha(kSha));
  ASSERT_TRUE(commit.ok());
  EXPECT_EQ(commit->repository.FullName(), "acme/site");
  Say(CommitState::kFailure);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Shown("acme/site").state, "failure");
  EXPECT_EQ(Posts().size(), 2u);
}

TEST_F(AnswerTest, ATransferIsFollowedToTheNewOwner) {
  github_->With([](GitHubRules& rules) {
    rules.RenameRepository(kRepository, "labs/web");
  });
  Say(CommitState::kSuccess);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Shown("labs/web").state, "success");
  EXPECT_EQ(PostingNow().state, PostingState::kPosted);
}

// A request can take effect after its try has ended.
TEST_F(AnswerTest, WhatIsAppliedLateIsFoundOut) {
  Fault late = Named("apply_late");
  late.seconds = 9;
  github_->With([&](GitHubRules& rules) { rules.AddFault(late); });
  Say(CommitState::kFailure);
  RunFor(absl::Seconds(1));
  Say(CommitState::kSuccess);
  RunFor(absl::Minutes(5));
  EXPECT_EQ(Shown().state, "success");
  EXPECT_EQ(PostingNow().state, PostingState::kPosted);
}

TEST_F(AnswerTest, AHostWithoutLimitsIsUnlimited) {
  Fault no_limits = Answers(404, "Rate limiting is not enabled.");
  no_limits.target_contains = "/rate_limit";
  github_->With([&](GitHubRules& rules) { rules.AddFault(no_limits); });
  Say(CommitState::kSuccess);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Shown().state, "success");
}

}  // namespace
}  // namespace signalbox
