#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// The number of a delivery is only its caller's claim. Here "ann" may speak for
// ann/*, "bob" for bob/*, and "org" for both.
class SqliteClaimsTest : public SqliteOutboxFixture {
 protected:
  static constexpr int64_t kBobs = 77;

  void SetUp() override { Begin(); }

  void Begin() {
    SqliteOutboxOptions options = Options();
    options.credential_of = [](const Repository& repository) {
      return repository.owner;
    };
    options.may_report = [](const std::string& caller,
                            const Repository& repository,
                            const std::string& /*context*/) {
      return caller == "org" || caller == repository.owner;
    };
    outbox_.reset();
    auto opened = OpenSqliteOutbox(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    outbox_ = *std::move(opened);
  }

  // What became of a result. With a number it comes as a delivery.
  std::string Said(const std::string& caller, const std::string& repository,
                   char sha, int64_t number = 0,
                   const std::string& context = "ci/build") {
    KeyReport report = ResultOf(Result::kSuccess, 0);
    report.repository = Repo(repository);
    report.sha = ShaOf(sha);
    report.context = context;
    report.repository_id = number;
    Submission submission = Of({report});
    submission.caller = caller;
    if (number != 0) {
      submission.delivery =
          Delivery{absl::StrCat("d", ++deliveries_), "", "status", "", 0};
    }
    submission.may_report = MayReport(caller);
    const auto outcomes = outbox_->Accept({submission}, clock_.Now());
    if (!outcomes.ok() || !outcomes->at(0).status.ok()) return "refused";
    return outcomes->at(0).receipts.at(0).disposition == Disposition::kAccepted
               ? "accepted"
               : "unchanged";
  }
  void Say(const std::string& caller, const std::string& repository, char sha,
           int64_t number = 0, const std::string& context = "ci/build") {
    ASSERT_NE(Said(caller, repository, sha, number, context), "refused");
  }

  static std::function<absl::Status(const Repository&)> MayReport(
      const std::string& caller) {
    return [caller](const Repository& meant) {
      return caller == "org" || meant.owner == caller
                 ? absl::OkStatus()
                 : absl::PermissionDeniedError("no");
    };
  }

  std::optional<Lease> Take(const std::string& credential) {
    LeaseRequest request;
    request.credential = credential;
    request.lease_time = absl::Minutes(1);
    const auto lease = signalbox::TakeDue(*outbox_, request, clock_.Now());
    return lease.ok() ? *lease : std::nullopt;
  }

  // The due results, by the names under which they would be posted.
  std::vector<std::string> Due() {
    std::vector<std::string> due;
    for (const char* const credential : {"ann", "bob"}) {
      while (const std::optional<Lease> lease = Take(credential)) {
        due.push_back(lease->repository.FullName());
      }
    }
    return due;
  }

  void Abandon(const std::string& credential) {
    const std::optional<Lease> lease = Take(credential);
    ASSERT_TRUE(lease.has_value());
    Settlement settlement;
    settlement.entry_id = lease->entry_id;
    settlement.version = lease->version;
    settlement.kind = Settlement::Kind::kAbandoned;
    settlement.reason = "PERMISSION_MISSING";
    ASSERT_TRUE(signalbox::Settle(*outbox_, settlement, clock_.Now()).ok());
  }

  std::vector<std::string> Asked() {
    std::vector<std::string> asked;
    const auto work = outbox_->FindDueWork(clock_.Now());
    for (const NameQuestion& question : work->questions) {
      asked.push_back(question.number != 0 ? absl::StrCat(question.number)
                                           : question.repository.FullName());
    }
    return asked;
  }

  // GitHub's answer to a question. An empty name: no such repository.
  void Answer(const std::string& asked, const std::string& name,
              int64_t number = 0) {
    const auto work = outbox_->FindDueWork(clock_.Now());
    for (const NameQuestion& question : work->questions) {
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
      ASSERT_TRUE(
          AsHolder(*outbox_, &Outbox::AnswerName, answer, clock_.Now()).ok());
      for (int i = 0; i < 100; ++i) {
        const auto more = AsHolder(*outbox_, &Outbox::DoChores, clock_.Now());
        ASSERT_TRUE(more.ok());
        if (!*more) return;
      }
      return;
    }
    ADD_FAILURE() << asked << " is not asked";
  }

  // The contexts of a repository's known commits.
  std::vector<std::string> Known(const std::string& repository) {
    std::vector<std::string> contexts;
    for (const char sha : {'a', 'b', 'c'}) {
      const auto commit = outbox_->GetCommit(Repo(repository), ShaOf(sha));
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
    const auto repositories = outbox_->Repositories(CanonicalName(), 10);
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
  // The same claim again.
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
  // The server asks whether ann/x leads there, and it does not.
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
    // GitHub redirects ann/x.
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

// A number that GitHub has once confirmed is no longer a claim.
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

// A caller without a right to a number's repository does not learn whether the
// server knows the number.
TEST_F(SqliteClaimsTest, AnswersTellNothingOfANumberThatIsAnothers) {
  std::vector<std::string> told[2];
  for (const bool is_known : {false, true}) {
    SCOPED_TRACE(is_known);
    if (is_known) Say("bob", "bob/app", 'a', kBobs);
    Say("ann", "ann/y", 'b', 5);
    // ann/y holds this very result. Under a new number nothing is held.
    for (int i = 0; i < 2; ++i) {
      told[is_known].push_back(Said("ann", "ann/y", 'b', kBobs));
    }
    Answer("77", "bob/app", kBobs);
    Answer("ann/y", "ann/y", 5);
    told[is_known].push_back(Said("ann", "ann/y", 'b', kBobs));
    EXPECT_THAT(Known("ann/y"), ElementsAre("b ci/build"));
    if (is_known) {
      EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
    }
    outbox_.reset();
    std::filesystem::remove_all(data_dir());
    Begin();
  }
  EXPECT_EQ(told[false], told[true]);
  EXPECT_THAT(told[true], ElementsAre("accepted", "unchanged", "accepted"));
}

// A caller that claims a number first, for its own repository, does not
// redirect other callers' deliveries to it.
TEST_F(SqliteClaimsTest, WhatOneClaimsLeadsNoDeliveryOfAnotherAway) {
  for (const bool name_is_known : {false, true}) {
    SCOPED_TRACE(name_is_known);
    Say("ann", "ann/x", 'a', kBobs);
    if (name_is_known) Say("org", "bob/app", 'b');
    Say("org", "bob/app", 'c', kBobs);
    std::vector<std::string> known = {"c ci/build"};
    if (name_is_known) known.insert(known.begin(), "b ci/build");
    EXPECT_EQ(Known("bob/app"), known);
    EXPECT_THAT(Known("ann/x"), ElementsAre("a ci/build"));
    Answer("77", "bob/app", kBobs);
    EXPECT_EQ(Known("bob/app"), known);
    EXPECT_THAT(Known("ann/x"), ElementsAre("a ci/build"));
    EXPECT_THAT(Names(), UnorderedElementsAre("ann/x 0", "bob/app 77"));
    outbox_.reset();
    std::filesystem::remove_all(data_dir());
    Begin();
  }
}

// A repository moves to the caller's account, under a name that another
// repository had there.
TEST_F(SqliteClaimsTest, WhatWasSaidEarlyIsOfTheRepositoryThatCame) {
  Say("bob", "bob/app", 'a', kBobs);
  Say("ann", "ann/y", 'b', 5);
  Say("ann", "ann/y", 'c', kBobs, "ci/early");
  EXPECT_THAT(Known("ann/y"), ElementsAre("b ci/build"));
  Answer("77", "ann/y", kBobs);
  EXPECT_THAT(Known("ann/y"), ElementsAre("c ci/early"));
  // GitHub redirects bob/app.
  Answer("bob/app", "ann/y", kBobs);
  EXPECT_THAT(Known("ann/y"), ElementsAre("a ci/build", "c ci/early"));
  EXPECT_THAT(Names(), ElementsAre("ann/y 77"));
}

TEST_F(SqliteClaimsTest, WhatNobodyHasTheNumberOfIsAbandoned) {
  Say("bob", "bob/app", 'a', kBobs);
  Say("ann", "ann/y", 'b', 5);
  Say("ann", "ann/y", 'c', kBobs, "ci/forged");
  Answer("77", "");
  Answer("ann/y", "ann/y", 5);
  EXPECT_THAT(Asked(), IsEmpty());
  EXPECT_THAT(Known("ann/y"), ElementsAre("b ci/build"));
  EXPECT_THAT(Known("bob/app"), ElementsAre("a ci/build"));
  EXPECT_THAT(Due(), UnorderedElementsAre("ann/y", "bob/app"));
}

// The answer under the caller's own old name does not tell it either.
TEST_F(SqliteClaimsTest, AnOldNameTellsNothingOfANumberThatIsAnothers) {
  std::vector<std::string> told[2];
  for (const bool is_known : {false, true}) {
    SCOPED_TRACE(is_known);
    if (is_known) Say("bob", "bob/app", 'a', kBobs);
    Say("ann", "ann/old", 'b', 5);
    ASSERT_TRUE(RenameRepository(*outbox_, Repo("ann/old"), Repo("ann/y"), 5,
                                 clock_.Now())
                    .ok());
    told[is_known].push_back(Said("ann", "ann/old", 'b', kBobs));
    EXPECT_THAT(Known("ann/y"), ElementsAre("b ci/build"));
    outbox_.reset();
    std::filesystem::remove_all(data_dir());
    Begin();
  }
  EXPECT_EQ(told[false], told[true]);
}

// The event of an unarchived repository revives its abandoned entries.
TEST_F(SqliteClaimsTest, AnEventTellsNothingOfANumberThatIsAnothers) {
  std::vector<std::string> due[2];
  for (const bool is_known : {false, true}) {
    SCOPED_TRACE(is_known);
    if (is_known) Say("bob", "bob/app", 'a', kBobs);
    Say("ann", "ann/y", 'b');
    Abandon("ann");
    EventSubmission event;
    event.delivery = Delivery{absl::StrCat("d", ++deliveries_), "", "", "", 0};
    event.caller = "ann";
    event.may_report = MayReport("ann");
    event.event = RepositoryArchived{Repo("ann/y"), kBobs, false};
    ASSERT_TRUE(outbox_->AcceptEvent(event, clock_.Now()).ok());
    for (const std::string& name : Due()) {
      if (name == "ann/y") due[is_known].push_back(name);
    }
    outbox_.reset();
    std::filesystem::remove_all(data_dir());
    Begin();
  }
  EXPECT_EQ(due[false], due[true]);
}

}  // namespace
}  // namespace signalbox
