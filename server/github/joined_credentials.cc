#include "server/github/joined_credentials.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

class JoinedCredentials : public Credentials {
 public:
  explicit JoinedCredentials(std::vector<CredentialsPart> parts) {
    for (CredentialsPart& part : parts) {
      for (const std::string& account : part.accounts) {
        by_account_.emplace(absl::AsciiStrToLower(account),
                            part.credentials.get());
      }
      // An App's id contains a colon, so it differs from every account.
      for (std::string& id : part.credentials->Apps()) {
        by_account_.emplace(std::move(id), part.credentials.get());
      }
      parts_.push_back(std::move(part.credentials));
    }
  }

  std::string Find(const Repository& repository) const override {
    const Credentials* const part = PartOf(absl::AsciiStrToLower(
        absl::StrCat(repository.host, "/", repository.owner)));
    return part == nullptr ? "" : part->Find(repository);
  }

  absl::StatusOr<Token> Get(absl::string_view credential_id,
                            absl::Time now) override {
    Credentials* const part = PartOf(credential_id);
    if (part == nullptr) return NoCredential(credential_id);
    return part->Get(credential_id, now);
  }

  void NoteRefused(absl::string_view credential_id, const Token& token,
                   absl::string_view reason, absl::Time now) override {
    Credentials* const part = PartOf(credential_id);
    if (part != nullptr) part->NoteRefused(credential_id, token, reason, now);
  }

  void NoteAccepted(absl::string_view credential_id,
                    const Token& token) override {
    Credentials* const part = PartOf(credential_id);
    if (part != nullptr) part->NoteAccepted(credential_id, token);
  }

  std::vector<std::string> Apps() const override {
    std::vector<std::string> ids;
    for (const auto& part : parts_) {
      for (std::string& id : part->Apps()) {
        if (PartOf(id) == part.get()) ids.push_back(std::move(id));
      }
    }
    return ids;
  }

  void NoteAnswer(absl::string_view credential_id, absl::Time github_time,
                  absl::Duration limited_for) override {
    Credentials* const part = PartOf(credential_id);
    if (part == nullptr) return;
    part->NoteAnswer(credential_id, github_time, limited_for);
  }

  void LookAgain(absl::string_view host, absl::string_view account,
                 absl::Time now) override {
    Credentials* const part =
        PartOf(absl::AsciiStrToLower(absl::StrCat(host, "/", account)));
    if (part != nullptr) part->LookAgain(host, account, now);
  }

  void Recall(const std::vector<CredentialState>& states) override {
    for (const auto& part : parts_) part->Recall(states);
  }

  std::vector<CredentialState> States() const override {
    std::vector<CredentialState> states;
    for (const auto& part : parts_) {
      std::vector<CredentialState> some = part->States();
      std::move(some.begin(), some.end(), std::back_inserter(states));
    }
    std::ranges::sort(states, {}, &CredentialState::id);
    return states;
  }

 private:
  // A credential's id is one of its accounts, an account that "*" covers, or an
  // App's id.
  Credentials* PartOf(absl::string_view id) const {
    auto found = by_account_.find(id);
    if (found == by_account_.end()) {
      found = by_account_.find(absl::StrCat(id.substr(0, id.find('/')), "/*"));
    }
    return found == by_account_.end() ? nullptr : found->second;
  }

  std::vector<std::unique_ptr<Credentials>> parts_;
  std::map<std::string, Credentials*, std::less<>> by_account_;
};

}  // namespace

std::unique_ptr<Credentials> JoinCredentials(
    std::vector<CredentialsPart> parts) {
  return std::make_unique<JoinedCredentials>(std::move(parts));
}

}  // namespace signalbox
