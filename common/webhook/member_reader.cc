#include "common/webhook/member_reader.h"

#include <optional>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/names.h"
#include "common/timestamp.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

constexpr size_t kMaxTitle = 1024;
constexpr size_t kMaxText = 1024;

}  // namespace

void MemberReader::Refuse(absl::string_view path, absl::string_view problem) {
  if (problem_.empty()) problem_ = absl::StrCat(path, " ", problem);
}

bool MemberReader::Has(absl::string_view path) const {
  return fields_.Find(path) != nullptr;
}

bool MemberReader::IsNothing(absl::string_view path) const {
  const JsonValue* const value = fields_.Find(path);
  return value == nullptr || std::holds_alternative<JsonNull>(*value);
}

bool MemberReader::IsObject(absl::string_view path) {
  if (Has(path) && IsNothing(path)) return false;
  Get<JsonObject>(path);
  return true;
}

bool MemberReader::HasObject(absl::string_view path) {
  return !IsNothing(path) && IsObject(path);
}

bool MemberReader::Bool(absl::string_view path) { return Get<bool>(path); }

bool MemberReader::OptionalBool(absl::string_view path) {
  return !IsNothing(path) && Bool(path);
}

int64_t MemberReader::Id(absl::string_view path) {
  const int64_t id = Get<int64_t>(path);
  if (id <= 0) Refuse(path, "is not a positive number");
  return id;
}

std::string MemberReader::Text(absl::string_view path) {
  std::string text = Get<std::string>(path);
  if (text.size() > kMaxText) {
    Refuse(path, absl::StrCat("is longer than ", kMaxText, " bytes"));
  }
  return text;
}

std::string MemberReader::OptionalText(absl::string_view path) {
  return IsNothing(path) ? "" : Text(path);
}

std::string MemberReader::LongText(absl::string_view path) {
  return Get<std::string>(path);
}

std::string MemberReader::OptionalLongText(absl::string_view path) {
  return IsNothing(path) ? "" : LongText(path);
}

std::string MemberReader::Title(absl::string_view path) {
  std::string text = Get<std::string>(path);
  text.resize(CutUtf8(text, kMaxTitle).size());
  return text;
}

std::string MemberReader::OptionalTitle(absl::string_view path) {
  return IsNothing(path) ? "" : Title(path);
}

std::string MemberReader::Login(absl::string_view account) {
  return IsObject(account) ? Text(absl::StrCat(account, ".login")) : "";
}

std::string MemberReader::Sha(absl::string_view path) {
  const std::string sha = Text(path);
  if (!IsSha(sha)) {
    Refuse(path, "is not a commit id (40 or 64 hexadecimal digits)");
  }
  return absl::AsciiStrToLower(sha);
}

absl::Time MemberReader::Time(absl::string_view path) {
  const std::optional<absl::Time> time = ParseTimestamp(Text(path));
  if (!time.has_value()) Refuse(path, "is not a time (RFC 3339)");
  return time.value_or(absl::InfinitePast());
}

std::string MemberReader::Owner(absl::string_view account) {
  const std::string path = absl::StrCat(account, ".login");
  std::string login = Text(path);
  if (!IsOwner(login)) Refuse(path, "is not the name of an account");
  return login;
}

std::string MemberReader::RepositoryName(absl::string_view path) {
  std::string name = Text(path);
  if (!IsRepositoryName(name)) {
    Refuse(path, "is not the name of a repository");
  }
  return name;
}

std::string MemberReader::Repository() {
  const std::string full_name = Text("repository.full_name");
  const absl::string_view name = full_name;
  const size_t slash = name.find('/');
  if (slash == absl::string_view::npos || !IsOwner(name.substr(0, slash)) ||
      !IsRepositoryName(name.substr(slash + 1))) {
    Refuse("repository.full_name", "is not OWNER/NAME");
  }
  return OnItsHost(name, "repository.html_url");
}

std::string MemberReader::Account(absl::string_view path) {
  const std::string login = Owner(path);
  return OnItsHost(login, absl::StrCat(path, ".html_url"));
}

std::string MemberReader::OnItsHost(absl::string_view name,
                                    absl::string_view page_path) {
  const std::string html_url = Text(page_path);
  absl::string_view page = html_url;
  if (!absl::ConsumePrefix(&page, "https://") &&
      !absl::ConsumePrefix(&page, "http://")) {
    Refuse(page_path, "is not an http or https URL");
  }
  const size_t slash = page.find('/');
  if (slash == absl::string_view::npos || !IsHost(page.substr(0, slash)) ||
      !absl::EqualsIgnoreCase(page.substr(slash + 1), name)) {
    Refuse(page_path,
           "is not the URL of the page of this account or "
           "repository");
  }
  const std::string host = absl::AsciiStrToLower(page.substr(0, slash));
  return host == "github.com" ? std::string(name)
                              : absl::StrCat(host, "/", name);
}

int64_t MemberReader::LooseNumber(absl::string_view path) const {
  return Loose<int64_t>(path);
}

std::string MemberReader::LooseText(absl::string_view path) const {
  return Loose<std::string>(path);
}

JsonTexts MemberReader::LooseTexts(absl::string_view path) const {
  return Loose<JsonTexts>(path);
}

template <typename T>
T MemberReader::Loose(absl::string_view path) const {
  const JsonValue* const value = fields_.Find(path);
  const T* const typed = value == nullptr ? nullptr : std::get_if<T>(value);
  return typed == nullptr ? T() : *typed;
}

template <typename T>
T MemberReader::Get(absl::string_view path) {
  const JsonValue* const value = fields_.Find(path);
  if (value == nullptr) {
    Refuse(path, "is missing");
    return T();
  }
  const T* const typed = std::get_if<T>(value);
  if (typed == nullptr) {
    Refuse(path, "has the wrong JSON type");
    return T();
  }
  return *typed;
}

}  // namespace signalbox
