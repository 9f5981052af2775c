#include "tests/github_simulator/apps.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "tests/github_simulator/app_jwt.h"

namespace signalbox {
namespace {

constexpr char kUndecodable[] = "A JSON web token could not be decoded";

// Bytes that look random and depend only on `seed`.
std::string BytesOf(const std::string& seed, size_t size) {
  std::string bytes;
  for (int block = 0; bytes.size() < size; ++block) {
    bytes += Sha256(absl::StrCat(seed, "/", block));
  }
  bytes.resize(size);
  return bytes;
}

std::string LongToken(int64_t app_id, int64_t installation_id,
                      const std::string& seed) {
  const std::string header =
      absl::WebSafeBase64Escape(R"({"alg":"RS256","typ":"JWT"})");
  const std::string claims = absl::WebSafeBase64Escape(
      absl::StrCat(R"({"installation":)", installation_id, R"(,"jti":")",
                   absl::BytesToHexString(BytesOf(seed + "/id", 32)), "\"}"));
  // These characters break code that expects only letters and digits.
  const std::string signature =
      absl::StrCat("-_", absl::WebSafeBase64Escape(BytesOf(seed, 255)));
  return absl::StrCat("ghs_", app_id, "_", header, ".", claims, ".", signature);
}

}  // namespace

const Apps::Permissions& Apps::Granted() {
  static const auto* const kGranted = new Permissions{{"contents", "read"},
                                                      {"metadata", "read"},
                                                      {"pull_requests", "read"},
                                                      {"statuses", "write"}};
  return *kGranted;
}

void Apps::AddApp(App app) {
  const int64_t id = app.id;
  apps_[id] = std::move(app);
}

void Apps::SetAppKeys(int64_t app_id, std::vector<std::string> public_keys) {
  const auto it = apps_.find(app_id);
  if (it != apps_.end()) it->second.public_keys = std::move(public_keys);
}

int64_t Apps::AddInstallation(Installation installation) {
  if (installation.id == 0) {
    while (installations_.contains(next_installation_id_)) {
      ++next_installation_id_;
    }
    installation.id = next_installation_id_++;
  }
  if (installation.permissions.empty()) installation.permissions = Granted();
  // GitHub grants it together with any other permission.
  installation.permissions.try_emplace("metadata", "read");
  const int64_t id = installation.id;
  installations_[id] = std::move(installation);
  return id;
}

void Apps::RemoveInstallation(int64_t id) {
  RevokeTokens(id);
  installations_.erase(id);
}

void Apps::RevokeTokens(int64_t installation_id) {
  std::erase_if(tokens_, [installation_id](const auto& item) {
    return item.second.installation_id == installation_id;
  });
}

std::vector<int64_t> Apps::AppIds() const {
  std::vector<int64_t> ids;
  for (const auto& [id, app] : apps_) ids.push_back(id);
  return ids;
}

std::vector<int64_t> Apps::InstallationIds() const {
  std::vector<int64_t> ids;
  for (const auto& [id, installation] : installations_) ids.push_back(id);
  return ids;
}

int Apps::TokensMade(int64_t installation_id) const {
  const auto it = tokens_made_.find(installation_id);
  return it == tokens_made_.end() ? 0 : it->second;
}

const Apps::App* Apps::FindApp(int64_t id) const {
  const auto it = apps_.find(id);
  return it == apps_.end() ? nullptr : &it->second;
}

const Apps::Installation* Apps::FindInstallation(int64_t id) const {
  const auto it = installations_.find(id);
  return it == installations_.end() ? nullptr : &it->second;
}

const Apps::Token* Apps::FindToken(absl::string_view text) const {
  const auto it = tokens_.find(text);
  return it == tokens_.end() ? nullptr : &it->second;
}

const Apps::Installation* Apps::FindInstallationAt(
    int64_t app_id, absl::string_view account) const {
  for (const Installation* installation : InstallationsOf(app_id)) {
    if (absl::EqualsIgnoreCase(installation->account, account)) {
      return installation;
    }
  }
  return nullptr;
}

std::vector<const Apps::Installation*> Apps::InstallationsOf(
    int64_t app_id) const {
  std::vector<const Installation*> found;
  for (const auto& [id, installation] : installations_) {
    if (installation.app_id == app_id) found.push_back(&installation);
  }
  return found;
}

const Apps::App* Apps::Verify(absl::string_view jwt, absl::Time now,
                              std::string* complaint) const {
  *complaint = kUndecodable;
  const std::optional<AppJwt> parsed = AppJwt::Parse(jwt);
  if (!parsed.has_value()) return nullptr;
  for (const auto& [id, app] : apps_) {
    const bool is_issuer =
        parsed->issuer() == absl::StrCat(id) ||
        (!app.client_id.empty() && parsed->issuer() == app.client_id);
    if (!is_issuer || !parsed->IsSignedBy(app.public_keys)) continue;
    *complaint = parsed->ComplaintAbout(now);
    return complaint->empty() ? &app : nullptr;
  }
  return nullptr;
}

const Apps::Token& Apps::MakeToken(const Installation& installation,
                                   bool is_long, Scope scope, absl::Time now) {
  // The time makes the tokens of two simulators differ.
  const std::string seed = absl::StrCat(absl::ToUnixNanos(now), "/", ++serial_);
  Token token;
  token.text =
      is_long ? LongToken(installation.app_id, installation.id, seed)
              : absl::StrCat("ghs_", absl::BytesToHexString(BytesOf(seed, 18)));
  token.installation_id = installation.id;
  token.made_at = now;
  // To the second, as in the answer.
  token.expires_at = absl::FromUnixSeconds(
      absl::ToUnixSeconds(now + installation.token_lifetime));
  token.scope = std::move(scope);
  ++tokens_made_[installation.id];
  return tokens_.insert_or_assign(token.text, token).first->second;
}

}  // namespace signalbox
