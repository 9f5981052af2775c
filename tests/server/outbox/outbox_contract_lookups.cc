// Commits that are named by a ref, and repositories by GitHub's number.

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

// A push that moves the ref to the commit, as the delivery `id`.
Submission PushTo(const std::string& ref, char sha, const std::string& id,
                  absl::Time time = absl::InfinitePast(),
                  absl::string_view repository = "widgets") {
  Submission submission = Of({On(WebhookPending(), repository, sha)});
  submission.delivery = Delivery{id, "", "push", "", 0};
  submission.change.emplace();
  submission.change->event = "push";
  submission.change->base_ref = ref;
  submission.change->updated_time = time;
  return submission;
}

// The ref and the first digit of its commit; or the reason why there is none.
std::string Resolve(Outbox& outbox, const std::string& ref,
                    absl::string_view repository = "widgets") {
  const auto resolved = outbox.ResolveRef(Repo(repository), ref);
  if (!resolved.ok()) return ReasonOf(resolved.status());
  EXPECT_EQ(resolved->full_ref.empty(), !resolved->update_time.has_value());
  return absl::StrCat(resolved->full_ref, " ",
                      resolved->sha.Hex().substr(0, 1));
}

TEST_P(OutboxContract, ARefMeansTheCommitOfItsNewestPush) {
  Receipts(PushTo("refs/heads/main", 'a', "1"));
  Receipts(PushTo("refs/tags/v1", 'b', "2"));
  Receipts(PushTo("refs/tags/main", 'c', "3"));
  EXPECT_EQ(Resolve(outbox(), "main"), "refs/heads/main a");
  EXPECT_EQ(Resolve(outbox(), "heads/main"), "refs/heads/main a");
  EXPECT_EQ(Resolve(outbox(), "refs/heads/main"), "refs/heads/main a");
  EXPECT_EQ(Resolve(outbox(), "tags/main"), "refs/tags/main c");
  EXPECT_EQ(Resolve(outbox(), "v1"), "refs/tags/v1 b");
  for (const char* const unknown : {"Main", "heads/v1", "main2", "HEAD"}) {
    EXPECT_EQ(Resolve(outbox(), unknown), "REF_UNKNOWN") << unknown;
  }
  EXPECT_EQ(Resolve(outbox(), "main", "gadgets"), "REF_UNKNOWN");
  clock_.Advance(absl::Seconds(1));
  Receipts(PushTo("refs/heads/main", 'd', "4"));
  const auto resolved = outbox().ResolveRef(Repo("ACME/widgets"), "main");
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->sha, ShaOf('d'));
  EXPECT_EQ(resolved->update_time, Now());
  EXPECT_EQ(resolved->repository.Display(), "acme/widgets");
}

// Deliveries can arrive late, and twice.
TEST_P(OutboxContract, AnOlderPushDoesNotMoveARef) {
  const absl::Time pushed = Now() - absl::Minutes(5);
  const Submission older = PushTo("refs/heads/main", 'a', "1", pushed);
  Receipts(older);
  Receipts(PushTo("refs/heads/main", 'b', "2", pushed + absl::Seconds(1)));
  Receipts(PushTo("refs/heads/main", 'c', "3", pushed));
  Receipts(older);
  EXPECT_EQ(Resolve(outbox(), "main"), "refs/heads/main b");
  // A time of the future is not believed.
  Receipts(PushTo("refs/heads/main", 'd', "4", Now() + absl::Hours(9)));
  clock_.Advance(absl::Seconds(1));
  Receipts(PushTo("refs/heads/main", 'e', "5", Now()));
  EXPECT_EQ(Resolve(outbox(), "main"), "refs/heads/main e");
}

// Only GitHub knows where a branch is.
TEST_P(OutboxContract, AChangeThatACallerMadeUpDoesNotMoveARef) {
  Receipts(PushTo("refs/heads/main", 'a', "1"));
  Submission report = PushTo("refs/heads/main", 'b', "");
  report.delivery.reset();
  Receipts(report);
  EXPECT_EQ(Resolve(outbox(), "main"), "refs/heads/main a");
  // The server has read it at GitHub.
  report.from_github = true;
  report.change->updated_time = Now();
  report.report.sha = ShaOf('c');
  Receipts(report);
  EXPECT_EQ(Resolve(outbox(), "main"), "refs/heads/main c");
}

TEST_P(OutboxContract, APullRequestMovesItsBranch) {
  Submission submission = PushTo("", 'a', "1");
  submission.change->event = "pull_request";
  submission.change->head_ref = "topic";
  submission.change->pull_request_number = 5;
  submission.change->updated_time = Now();
  Receipts(submission);
  EXPECT_EQ(Resolve(outbox(), "topic"), "refs/heads/topic a");
}

// A push for which no context is expected. Callers ask only for refs of
// repositories with reports, so the outbox does not even keep its name.
TEST_P(OutboxContract, ADeliveryWithoutContextsMovesARefOfAKnownRepository) {
  Submission push = PushTo("refs/heads/main", 'b', "1");
  push.contexts.clear();
  Receipts(push);
  EXPECT_EQ(Resolve(outbox(), "main"), "REF_UNKNOWN");
  EXPECT_THAT(Names(), testing::IsEmpty());
  Accept(Pending(1));
  push.delivery->id = "2";
  Receipts(push);
  EXPECT_EQ(Resolve(outbox(), "main"), "refs/heads/main b");
}

TEST_P(OutboxContract, AShaMeansItselfAndItsBeginningOneKnownCommit) {
  const std::string sha(40, '7');
  EXPECT_EQ(Resolve(outbox(), sha), " 7");
  EXPECT_EQ(Resolve(outbox(), "7777777"), "REF_UNKNOWN");
  Accept(On(Pending(1), "widgets", '7'));
  EXPECT_EQ(Resolve(outbox(), "7777777"), " 7");
  EXPECT_EQ(Resolve(outbox(), sha.substr(0, 39)), " 7");
  EXPECT_EQ(Resolve(outbox(), "777777"), "REF_UNKNOWN");
  EXPECT_EQ(Resolve(outbox(), "7777778"), "REF_UNKNOWN");
  EXPECT_EQ(Resolve(outbox(), "7777777", "gadgets"), "REF_UNKNOWN");
  // The head of a branch is the same commit, and then there is another one.
  Receipts(PushTo("refs/heads/main", '7', "1"));
  EXPECT_EQ(Resolve(outbox(), "7777777"), " 7");
  KeyReport other = Pending(1);
  other.sha = *ParseSha(std::string(39, '7') + "8");
  Accept(other);
  EXPECT_EQ(Resolve(outbox(), "7777777"), "REF_UNKNOWN");
  // A branch may look like it.
  Receipts(PushTo("refs/heads/7777777", 'a', "2"));
  EXPECT_EQ(Resolve(outbox(), "7777777"), "refs/heads/7777777 a");
}

TEST_P(OutboxContract, RefsFollowTheirRepository) {
  const absl::Time pushed = Now() - absl::Minutes(5);
  Receipts(PushTo("refs/heads/main", 'a', "1", pushed, "old"));
  Receipts(PushTo("refs/heads/topic", 'b', "2", pushed, "old"));
  Receipts(
      PushTo("refs/heads/main", 'c', "3", pushed + absl::Minutes(1), "new"));
  Rename("old", "new");
  for (const char* const name : {"old", "new"}) {
    EXPECT_EQ(Resolve(outbox(), "main", name), "refs/heads/main c");
    EXPECT_EQ(Resolve(outbox(), "topic", name), "refs/heads/topic b");
  }
  EXPECT_EQ(outbox().ResolveRef(Repo("old"), "main")->repository.name, "new");
}

TEST_P(OutboxContract, RefsAreForgottenAfterTheRetention) {
  Receipts(PushTo("refs/heads/old", 'a', "1"));
  clock_.Advance(absl::Hours(24 * 60));
  Receipts(PushTo("refs/heads/new", 'b', "2"));
  clock_.Advance(absl::Hours(24 * 60));
  ForgetOlderThan(absl::Hours(24 * 90));
  EXPECT_EQ(Resolve(outbox(), "old"), "REF_UNKNOWN");
  EXPECT_EQ(Resolve(outbox(), "new"), "refs/heads/new b");
}

// Somebody may push branches without end.
TEST_P(OutboxContract, TheRefsOfARepositoryAreBounded) {
  std::vector<Submission> pushes;
  for (int i = 0; i < 2001; ++i) {
    pushes.push_back(PushTo(absl::StrCat("refs/heads/b", i), 'a',
                            absl::StrCat("d", i),
                            Now() - absl::Seconds(5000 - i)));
  }
  Accept(pushes);
  EXPECT_EQ(Resolve(outbox(), "b0"), "REF_UNKNOWN");
  EXPECT_EQ(Resolve(outbox(), "b1"), "refs/heads/b1 a");
  EXPECT_EQ(Resolve(outbox(), "b2000"), "refs/heads/b2000 a");
}

TEST_P(OutboxContract, ARepositoryIsFoundByItsNameAndItsNumber) {
  Deliver(On(WebhookPending(), "Acme/Widgets"), 7);
  const auto by_name = outbox().FindRepository(Repo("acme/widgets"));
  ASSERT_TRUE(by_name.ok()) << by_name.status();
  EXPECT_EQ(by_name->repository.Display(), "Acme/Widgets");
  EXPECT_EQ(by_name->number, 7);
  const auto by_number = outbox().FindRepositoryWithNumber("github.com", 7);
  ASSERT_TRUE(by_number.ok()) << by_number.status();
  EXPECT_EQ(by_number->repository.Display(), "Acme/Widgets");
  for (const auto& status :
       {outbox().FindRepositoryWithNumber("github.com", 8).status(),
        outbox().FindRepositoryWithNumber("github.com", 0).status(),
        outbox().FindRepositoryWithNumber("ghe.example", 7).status()}) {
    EXPECT_EQ(ReasonOf(status), "REPOSITORY_UNKNOWN") << status;
  }
  EXPECT_EQ(outbox().FindRepository(Repo("other"))->repository.Display(),
            "acme/other");
  EXPECT_EQ(outbox().FindRepository(Repo("other"))->number, 0);
  Rename("widgets", "things", 7);
  EXPECT_EQ(outbox().FindRepository(Repo("widgets"))->repository.name,
            "things");
  EXPECT_EQ(outbox().FindRepositoryWithNumber("github.com", 7)->repository.name,
            "things");
}

// Farms can make numbers up.
TEST_P(OutboxContract, ANumberOfAReportFindsNoRepository) {
  KeyReport report = Pending(1);
  report.repository_id = 7;
  Accept(report);
  EXPECT_FALSE(outbox().FindRepositoryWithNumber("github.com", 7).ok());
  EXPECT_EQ(outbox().FindRepository(Repo("widgets"))->number, 0);
}

}  // namespace
}  // namespace signalbox
