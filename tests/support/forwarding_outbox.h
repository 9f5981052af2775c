#ifndef SIGNALBOX_TESTS_SUPPORT_FORWARDING_OUTBOX_H_
#define SIGNALBOX_TESTS_SUPPORT_FORWARDING_OUTBOX_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/outbox/outbox.h"

namespace signalbox {

// An outbox that forwards every call to another outbox. Fakes derive from it
// and override the calls that they change.
class ForwardingOutbox : public Outbox {
 public:
  // `outbox` is borrowed. Null: only calls that the fake overrides may be used.
  explicit ForwardingOutbox(Outbox* outbox) : outbox_(outbox) {}

  absl::StatusOr<std::vector<Outcome>> Accept(
      absl::Span<const Submission> submissions, absl::Time now) override {
    return outbox_->Accept(submissions, now);
  }
  absl::Status RetryAll(absl::Span<const StatusKey> keys,
                        absl::Time now) override {
    return outbox_->RetryAll(keys, now);
  }
  absl::StatusOr<ListedPage> ListStatuses(const StatusQuery& query) override {
    return outbox_->ListStatuses(query);
  }
  absl::StatusOr<PostingCounts> CountPostings(absl::Time now) override {
    return outbox_->CountPostings(now);
  }
  absl::StatusOr<std::vector<std::string>> CredentialsOfParked() override {
    return outbox_->CredentialsOfParked();
  }
  absl::StatusOr<int64_t> BringProbesForward(const Term& term,
                                             const std::string& credential,
                                             int64_t after, absl::Time now,
                                             int limit) override {
    return outbox_->BringProbesForward(term, credential, after, now, limit);
  }
  bool NeedsCheck() override { return outbox_->NeedsCheck(); }
  absl::Status CheckFile(std::function<bool()> cancelled) override {
    return outbox_->CheckFile(std::move(cancelled));
  }
  absl::StatusOr<int> AbandonParked(const Term& term, absl::Time now,
                                    int limit) override {
    return outbox_->AbandonParked(term, now, limit);
  }
  absl::StatusOr<int> AbandonHeld(const Term& term,
                                  const std::string& credential,
                                  const std::string& reason, absl::Duration age,
                                  absl::Time now, int limit) override {
    return outbox_->AbandonHeld(term, credential, reason, age, now, limit);
  }
  absl::StatusOr<DueWork> FindDueWork(absl::Time now) override {
    return outbox_->FindDueWork(now);
  }
  absl::StatusOr<std::vector<std::optional<Lease>>> Turn(
      const Term& term, absl::Span<const Settlement> ended,
      absl::Span<const LeaseRequest> wanted, absl::Time now) override {
    return outbox_->Turn(term, ended, wanted, now);
  }
  void LeaveRequests(StandingRequests requests) override {
    outbox_->LeaveRequests(std::move(requests));
  }
  StandingRequests TakeRequestsBack(
      std::vector<StandingLease>* leases) override {
    return outbox_->TakeRequestsBack(leases);
  }
  absl::Status Confess(absl::Span<const int64_t> entries,
                       absl::Time now) override {
    return outbox_->Confess(entries, now);
  }
  absl::StatusOr<bool> BringForward(const Term& term, absl::Duration farthest,
                                    absl::Time now, int most) override {
    return outbox_->BringForward(term, farthest, now, most);
  }
  absl::StatusOr<CommitView> GetCommit(const Repository& repository,
                                       const Sha& sha) override {
    return outbox_->GetCommit(repository, sha);
  }
  absl::StatusOr<CommitReports> ListReports(const Repository& repository,
                                            const Sha& sha,
                                            int64_t before_sequence,
                                            int limit) override {
    return outbox_->ListReports(repository, sha, before_sequence, limit);
  }
  absl::StatusOr<ResolvedRef> ResolveRef(const Repository& repository,
                                         const std::string& ref) override {
    return outbox_->ResolveRef(repository, ref);
  }
  absl::StatusOr<FoundRepository> FindRepository(
      const Repository& name) override {
    return outbox_->FindRepository(name);
  }
  absl::StatusOr<FoundRepository> FindRepositoryWithNumber(
      const std::string& host, int64_t number) override {
    return outbox_->FindRepositoryWithNumber(host, number);
  }
  absl::StatusOr<ChangeCursor> NewestChange() override {
    return outbox_->NewestChange();
  }
  absl::StatusOr<std::vector<StatusChange>> ChangesAfter(ChangeCursor after,
                                                         int limit) override {
    return outbox_->ChangesAfter(after, limit);
  }
  absl::StatusOr<std::vector<CommitSummary>> ListCommits(
      const std::optional<Repository>& repository, int64_t before_sequence,
      int limit) override {
    return outbox_->ListCommits(repository, before_sequence, limit);
  }
  absl::StatusOr<History> GetHistory(const StatusKey& key) override {
    return outbox_->GetHistory(key);
  }
  absl::Status Retry(const StatusKey& key, absl::Time now) override {
    return outbox_->Retry(key, now);
  }
  absl::StatusOr<int> ExpirePendings(const Term& term, absl::Time now,
                                     int limit) override {
    return outbox_->ExpirePendings(term, now, limit);
  }
  absl::Status LearnName(const Term& term, const Repository& from,
                         const NameAnswer& answer, absl::Time now) override {
    return outbox_->LearnName(term, from, answer, now);
  }
  absl::StatusOr<Repository> MeantBy(const Repository& name) override {
    return outbox_->MeantBy(name);
  }
  absl::Status AnswerName(const Term& term, const NameAnswer& answer,
                          absl::Time now) override {
    return outbox_->AnswerName(term, answer, now);
  }
  absl::StatusOr<bool> DoChores(const Term& term, absl::Time now) override {
    return outbox_->DoChores(term, now);
  }
  absl::Status Checkpoint() override { return outbox_->Checkpoint(); }
  absl::StatusOr<bool> ForgetOlderThan(const Term& term, absl::Duration age,
                                       absl::Time now) override {
    return outbox_->ForgetOlderThan(term, age, now);
  }
  absl::Status SetPause(const std::string& credential, absl::Duration pause_for,
                        absl::Time now) override {
    return outbox_->SetPause(credential, pause_for, now);
  }
  absl::StatusOr<std::vector<CredentialPause>> Pauses(absl::Time now) override {
    return outbox_->Pauses(now);
  }
  absl::StatusOr<bool> TidyUp() override { return outbox_->TidyUp(); }
  absl::StatusOr<bool> AcceptEvent(const EventSubmission& submission,
                                   absl::Time now) override {
    return outbox_->AcceptEvent(submission, now);
  }
  absl::StatusOr<std::vector<Rerun>> Reruns(absl::Time now,
                                            int limit) override {
    return outbox_->Reruns(now, limit);
  }
  absl::Status SettleRerun(const Term& term, int64_t id,
                           std::optional<absl::Duration> retry_in,
                           absl::Time now) override {
    return outbox_->SettleRerun(term, id, retry_in, now);
  }
  absl::StatusOr<std::vector<bool>> KnownDeliveries(
      absl::Span<const std::string> ids) override {
    return outbox_->KnownDeliveries(ids);
  }
  absl::Status AwaitRedelivery(const Term& term, const std::string& id,
                               bool cancelled, absl::Time now) override {
    return outbox_->AwaitRedelivery(term, id, cancelled, now);
  }
  absl::StatusOr<std::vector<SeenHook>> SeenHooks() override {
    return outbox_->SeenHooks();
  }
  absl::StatusOr<std::vector<KnownRepository>> Repositories(
      const CanonicalName& after, int limit) override {
    return outbox_->Repositories(after, limit);
  }
  absl::Status SetInstallations(
      const Term& term,
      absl::Span<const CredentialInstallation> installations) override {
    return outbox_->SetInstallations(term, installations);
  }
  absl::StatusOr<std::vector<CredentialInstallation>> Installations() override {
    return outbox_->Installations();
  }
  absl::StatusOr<std::vector<CredentialCreator>> Creators() override {
    return outbox_->Creators();
  }
  absl::Status SetNamedTime(const Term& term, const std::string& name,
                            absl::Time time) override {
    return outbox_->SetNamedTime(term, name, time);
  }
  absl::StatusOr<std::optional<absl::Time>> GetNamedTime(
      const std::string& name) override {
    return outbox_->GetNamedTime(name);
  }
  absl::StatusOr<TermLook> Look() override { return outbox_->Look(); }
  absl::StatusOr<Term> Claim(const TermLook& seen, const std::string& owner,
                             const std::string& holder,
                             absl::Time now) override {
    return outbox_->Claim(seen, owner, holder, now);
  }
  absl::Status Beat(const Term& term, absl::Time now) override {
    return outbox_->Beat(term, now);
  }
  absl::Status GiveBack(const Term& term) override {
    return outbox_->GiveBack(term);
  }

 private:
  Outbox* const outbox_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FORWARDING_OUTBOX_H_
