#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// The number that a delivery gives is its caller's word. Here "ann" may speak
// of ann/*, and "bob" of bob/*.
class SqliteClaimsTest : public SqliteOutboxFixture {
 protected:
  static constexpr int64_t kBobs = 77;

  void SetUp() override { Begin(); }

  void Begin() {
    SqliteOutboxOptions options = Options();
    options.lane_of = [](const Repository& repository) {
      return repository.owner;
    };
    options.may_report = [](const std::string& caller,
                            const Repository& repository,
                            const std::string& /*context*/) {
      return caller == repository.owner;
    };
    outbox_.reset();
    auto opened = OpenSqliteOutbox(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    outbox_ = *std::move(opened);
  }

  // A result; with a number by a delivery.
  void Say(const std::string& caller, const std::string& repository, char sha,
           int64_t number = 0, const std::string& context = "ci/build") {
    KeyReport report = ResultOf(Result::kSuccess, 0);
    report.repository = Repo(repository);
    report.sha = std::string(40, sha);
    report.context = context;
    report.repository_id = number;
    Submission submission = Of({report});
    submission.caller = caller;
    if (number != 0) {
      submission.delivery =
          Delivery{absl::StrCat("d", ++deliveries_), "", "status", "", 0};
    }
    submission.may_report = [caller](const Repository& meant) {
      return meant.owner == caller ? absl::OkStatus()
                                   : absl::PermissionDeniedError("no");
    };
    const auto outcomes = outbox_->Accept({submission}, clock_.Now());
    ASSERT_TRUE(outcomes.ok() && outcomes->at(0).status.ok());
  }

  std::vector<std::string> Asked() {
    std::vector<std::string> asked;
    const auto questions = outbox_->NameQuestions(clock_.Now(), 10);
    for (const NameQuestion& question : *questions) {
      asked.push_back(question.number != 0 ? absl::StrCat(question.number)
                                           : question.repository.FullName());
    }
    return asked;
  }

  // GitHub's answer to a question; no name: it knows none.
  void Answer(const std::string& asked, const std::string& name,
              int64_t number = 0) {
    const auto questions = outbox_->NameQuestions(clock_.Now(), 10);
    for (const NameQuestion& question : *questions) {
      if ((question.number != 0 ? absl::StrCat(question.number)
                                : question.repository.FullName()) != asked) {
        continue;
      }
      NameAnswer answer;
      answer.question_id = question.id;
      answer.kind =
          name.empty() ? NameAnswer::Kind::kMissing : NameAnswer::Kind::kNamed;
      if (!name.empty()) answer.name = Repo(name);
      answer.number = number;
      ASSERT_TRUE(outbox_->AnswerName(answer, clock_.Now()).ok());
      for (int i = 0; i < 100; ++i) {
        const auto more = outbox_->DoChores(clock_.Now());
        ASSERT_TRUE(more.ok());
        if (!*more) return;
      }
      return;
    }
    ADD_FAILURE() << asked << " is not asked";
  }

  // Contexts of the commits that are known of a repository.
  std::vector<std::string> Known(const std::string& repository) {
    std::vector<std::string> contexts;
    for (const char sha : {'a', 'b', 'c'}) {
      const auto commit =
          outbox_->GetCommit(Repo(repository), std::string(40, sha));
      if (!commit.ok()) continue;
      if (commit->repository.FullName() != repository) continue;
      for (const StatusView& status : commit->statuses) {
        contexts.push_back(
            absl::StrCat(std::string(1, sha), " ", status.context));
      }
    }
    return contexts;
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto repositories = outbox_->Repositories("", 10);
    for (const KnownRepository& known : *repositories) {
      names.push_back(
          absl::StrCat(known.repository.FullName(), " ", known.github_id));
    }
    return names;
  }

  std::unique_ptr<Outbox> outbox_;
  int deliveries_ = 0;
};

TEST_F(SqliteClaimsTest, WhatHasNoNameGetsNoneThatIsNotItsCallers) {
  Say("bob", "bob/app", 'a');
  Say("ann", "ann/y", 'b', 5);
  Say("ann", "ann/y", 'c', kBobs, "ci/forged");
  Answer("77", "bob/app", kBobs);
  EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
  EXPECT_THAT(Names(), UnorderedElementsAre("ann/y 5", "bob/app 77"));
  // The same again.
  Say("ann", "ann/y", 'c', kBobs, "ci/forged");
  EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
}

TEST_F(SqliteClaimsTest, ANameOfNobodyHereIsNotMadeKnown) {
  Say("ann", "ann/y", 'b', 5);
  Say("ann", "ann/y", 'c', kBobs, "ci/forged");
  Answer("77", "bob/app", kBobs);
  EXPECT_THAT(Names(), ElementsAre("ann/y 5"));
  Say("bob", "bob/app", 'a', kBobs);
  EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
  EXPECT_THAT(Names(), UnorderedElementsAre("ann/y 5", "bob/app 77"));
}

TEST_F(SqliteClaimsTest, ANumberThatWasTakenGoesToWhoHasIt) {
  Say("ann", "ann/x", 'a', kBobs);
  Say("bob", "bob/app", 'a', kBobs);
  EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
  EXPECT_THAT(Known("ann/x"), ElementsAre("a ci/build"));
  Answer("77", "bob/app", kBobs);
  EXPECT_THAT(Names(), UnorderedElementsAre("ann/x 0", "bob/app 77"));
  // GitHub is asked whether its name leads there.
  Answer("ann/x", "");
  EXPECT_THAT(Asked(), IsEmpty());
  EXPECT_THAT(Known("ann/x"), ElementsAre("a ci/build"));
  EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
}

TEST_F(SqliteClaimsTest, WhatWasTransferredMovesWhoeverReportedIt) {
  for (const bool is_known : {false, true}) {
    SCOPED_TRACE(is_known);
    Say("ann", "ann/x", 'a', kBobs);
    Say("ann", "ann/x", 'b');
    if (is_known) Say("bob", "bob/app", 'a', 0, "ci/other");
    Say("bob", "bob/app", 'c', kBobs);
    Answer("77", "bob/app", kBobs);
    // A redirect.
    Answer("ann/x", "bob/app", kBobs);
    std::vector<std::string> known = {"a ci/build", "b ci/build", "c ci/build"};
    if (is_known) known.insert(known.begin() + 1, "a ci/other");
    EXPECT_EQ(Known("bob/app"), known);
    EXPECT_THAT(Names(), ElementsAre("bob/app 77"));
    outbox_.reset();
    std::filesystem::remove_all(data_dir());
    Begin();
  }
}

TEST_F(SqliteClaimsTest, WhatItsCallerMayReportMovesAtOnce) {
  Say("ann", "ann/x", 'a', 7);
  Say("ann", "ann/new", 'b', 8);
  Say("ann", "ann/new", 'c', 7);
  Answer("7", "ann/newer", 7);
  EXPECT_THAT(Known("ann/newer"), ElementsAre("a ci/build", "c ci/build"));
  EXPECT_THAT(Names(), UnorderedElementsAre("ann/new 8", "ann/newer 7"));
}

// What GitHub has answered once is no claim any more.
TEST_F(SqliteClaimsTest, WhatGitHubSaidOnceIsKnown) {
  Say("ann", "ann/x", 'a', 7);
  Say("ann", "ann/new", 'b', 8);
  Say("ann", "ann/new", 'c', 7);
  Answer("7", "ann/x", 7);
  clock_.Advance(absl::Minutes(10));
  Say("ann", "ann/new", 'b', 7, "ci/more");
  Answer("7", "bob/x", 7);
  EXPECT_THAT(Known("bob/x"),
              ElementsAre("a ci/build", "b ci/more", "c ci/build"));
}

}  // namespace
}  // namespace signalbox
