#include "server/github/github_answers.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/timestamp.h"
#include "nlohmann/json.hpp"

namespace signalbox {
namespace {

using Json = nlohmann::json;

absl::Status Unexpected(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "UNEXPECTED_ANSWER", what);
}

// A delivery's limit (32), and the levels of the answer around it. The library
// writes JSON recursively, so deeper JSON could overflow the stack.
constexpr int kMaxDepth = 40;

constexpr size_t kMaxToken = 8 << 10;
constexpr size_t kMaxPermissions = 200;
constexpr size_t kMaxPermissionWord = 64;

absl::StatusOr<Json> Parse(absl::string_view text, Json::value_t type) {
  bool too_deep = false;
  const auto in_bounds = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json json = Json::parse(text.begin(), text.end(), in_bounds,
                          /*allow_exceptions=*/false);
  if (too_deep) return Unexpected("GitHub's answer is nested too deeply");
  if (json.type() == type) return json;
  return Unexpected(type == Json::value_t::array
                        ? "GitHub's answer is not a JSON list"
                        : "GitHub's answer is not a JSON object");
}

// Null: it is not there.
const Json* MemberOf(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

const Json& Object(const Json& object, const char* name) {
  static const auto* const nothing = new Json();
  const Json* const found = MemberOf(object, name);
  return found == nullptr ? *nothing : *found;
}

std::string Text(const Json& object, const char* name) {
  const Json* const found = MemberOf(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>()
                                                : std::string();
}

// 0: it is not there, or does not fit.
int64_t Number(const Json& object, const char* name) {
  const Json* const found = MemberOf(object, name);
  if (found == nullptr || !found->is_number_integer()) return 0;
  if (found->is_number_unsigned() &&
      found->get<uint64_t>() >
          static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return 0;
  }
  return found->get<int64_t>();
}

std::optional<bool> MaybeFlag(const Json& object, const char* name) {
  const Json* const found = MemberOf(object, name);
  if (found == nullptr || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

bool Flag(const Json& object, const char* name, bool otherwise = false) {
  return MaybeFlag(object, name).value_or(otherwise);
}

std::vector<std::string> Texts(const Json& object, const char* name) {
  std::vector<std::string> texts;
  const Json* const found = MemberOf(object, name);
  if (found == nullptr || !found->is_array()) return texts;
  for (const Json& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

absl::Time TimeIn(const Json& object, const char* name) {
  return ParseTimestamp(Text(object, name)).value_or(absl::InfinitePast());
}

std::optional<ListedDelivery> DeliveryFrom(const Json& item) {
  ListedDelivery delivery;
  delivery.id = Number(item, "id");
  delivery.guid = Text(item, "guid");
  delivery.delivered_at = TimeIn(item, "delivered_at");
  if (delivery.id <= 0 || delivery.guid.empty() || delivery.guid.size() > 255 ||
      delivery.delivered_at == absl::InfinitePast()) {
    return std::nullopt;
  }
  delivery.redelivery = Flag(item, "redelivery");
  const int64_t code = Number(item, "status_code");
  delivery.status_code = code > 0 && code < 1000 ? static_cast<int>(code) : 0;
  delivery.event = Text(item, "event");
  delivery.action = Text(item, "action");
  return delivery;
}

std::optional<ListedPullRequest> PullRequestFrom(const Json& item) {
  const Json& head = Object(item, "head");
  const Json& base = Object(item, "base");
  const Json& head_repository = Object(head, "repo");
  const Json& base_repository = Object(base, "repo");
  ListedPullRequest pull;
  pull.base_full_name = Text(base_repository, "full_name");
  pull.base_repository_id = Number(base_repository, "id");
  pull.head_sha = Text(head, "sha");
  pull.open = Text(item, "state") == "open";
  CodeChange& change = pull.change;
  change.event = "pull_request";
  change.pull_request_number = Number(item, "number");
  if (change.pull_request_number <= 0 || pull.head_sha.empty()) {
    return std::nullopt;
  }
  change.title = Text(item, "title");
  change.author = Text(Object(item, "user"), "login");
  change.head_ref = Text(head, "ref");
  change.base_ref = Text(base, "ref");
  change.draft = Flag(item, "draft");
  // If the head's repository is gone, nobody knows; it then counts as a fork.
  const int64_t head_id = Number(head_repository, "id");
  change.fork = head_id == 0 || head_id != pull.base_repository_id;
  change.clone_url = Text(head_repository, "clone_url");
  change.updated_time = TimeIn(item, "updated_at");
  return pull;
}

std::optional<ListedHook> HookFrom(const Json& config) {
  ListedHook hook;
  hook.url = Text(config, "url");
  if (hook.url.empty()) return std::nullopt;
  hook.content_type = Text(config, "content_type");
  // GitHub shows a secret as asterisks, and leaves out a missing one.
  hook.has_secret = !Text(config, "secret").empty();
  const Json* const insecure = MemberOf(config, "insecure_ssl");
  hook.insecure_ssl = Text(config, "insecure_ssl") == "1" ||
                      (insecure != nullptr && insecure->is_number_integer() &&
                       Number(config, "insecure_ssl") == 1);
  return hook;
}

// The status `unused` or `active` means that nothing failed. After a failure
// without an answer, the code is 0 or null.
std::optional<int> LastCode(const Json& last) {
  const int64_t code = Number(last, "code");
  if (code > 0 && code < 1000) return static_cast<int>(code);
  const std::string status = Text(last, "status");
  if (status.empty() || status == "unused" || status == "active") {
    return std::nullopt;
  }
  return 0;
}

std::optional<RepositoryFacts> FactsFrom(const Json& object) {
  RepositoryFacts facts;
  facts.full_name = Text(object, "full_name");
  if (facts.full_name.empty()) return std::nullopt;
  facts.id = std::max<int64_t>(Number(object, "id"), 0);
  facts.update_time = TimeIn(object, "updated_at");
  facts.owner_is_user = Text(Object(object, "owner"), "type") == "User";
  facts.is_private = MaybeFlag(object, "private");
  facts.archived = Flag(object, "archived");
  facts.disabled = Flag(object, "disabled");
  facts.may_push = MaybeFlag(Object(object, "permissions"), "push");
  return facts;
}

bool IsPermissionWord(absl::string_view word) {
  return !word.empty() && word.size() <= kMaxPermissionWord &&
         std::ranges::all_of(word, [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-';
         });
}

std::vector<std::string> PermissionsIn(const Json& object) {
  std::vector<std::string> permissions;
  const Json& found = Object(object, "permissions");
  if (!found.is_object()) return permissions;
  for (const auto& [name, value] : found.items()) {
    const std::string* const level = value.get_ptr<const std::string*>();
    if (level == nullptr || !IsPermissionWord(*level) ||
        !IsPermissionWord(name)) {
      continue;
    }
    if (permissions.size() == kMaxPermissions) break;
    permissions.push_back(absl::StrCat(name, "=", *level));
  }
  std::ranges::sort(permissions);
  return permissions;
}

absl::Status NoToken(absl::string_view why) {
  return Unexpected(absl::StrCat("GitHub's answer is not a token: ", why));
}

template <typename Value, typename From>
absl::StatusOr<std::vector<Value>> ReadList(absl::string_view json, From from) {
  const absl::StatusOr<Json> list = Parse(json, Json::value_t::array);
  if (!list.ok()) return list.status();
  std::vector<Value> values;
  for (const Json& item : *list) {
    std::optional<Value> value = from(item);
    if (value.has_value()) values.push_back(*std::move(value));
  }
  return values;
}

// Reads an object. `from` finds nothing in one that is not `what`.
template <typename From>
auto ReadOne(absl::string_view json, absl::string_view what, From from)
    -> absl::StatusOr<
        typename std::invoke_result_t<From, const Json&>::value_type> {
  const absl::StatusOr<Json> object = Parse(json, Json::value_t::object);
  if (!object.ok()) return object.status();
  auto value = from(*object);
  if (value.has_value()) return *std::move(value);
  return Unexpected(absl::StrCat("GitHub's answer is not ", what));
}

}  // namespace

absl::StatusOr<std::vector<ListedDelivery>> ReadDeliveries(
    absl::string_view json) {
  return ReadList<ListedDelivery>(json, DeliveryFrom);
}

absl::StatusOr<SentDelivery> ReadSentDelivery(absl::string_view json) {
  return ReadOne(
      json, "a delivery with a payload",
      [](const Json& delivery) -> std::optional<SentDelivery> {
        const Json& payload = Object(Object(delivery, "request"), "payload");
        std::string event = Text(delivery, "event");
        if (event.empty() || !payload.is_object()) return std::nullopt;
        return SentDelivery{std::move(event),
                            payload.dump(-1, ' ', /*ensure_ascii=*/false,
                                         Json::error_handler_t::replace)};
      });
}

absl::StatusOr<ListedPullRequest> ReadPullRequest(absl::string_view json) {
  return ReadOne(json, "a pull request", PullRequestFrom);
}

absl::StatusOr<std::vector<ListedPullRequest>> ReadPullRequests(
    absl::string_view json) {
  return ReadList<ListedPullRequest>(json, PullRequestFrom);
}

absl::StatusOr<std::vector<std::string>> ReadShownContexts(
    absl::string_view json) {
  return ReadOne(
      json, "a combined status",
      [](const Json& object) -> std::optional<std::vector<std::string>> {
        const Json& statuses = Object(object, "statuses");
        if (!statuses.is_array()) return std::nullopt;
        std::vector<std::string> contexts;
        for (const Json& status : statuses) {
          std::string context = Text(status, "context");
          if (!context.empty()) contexts.push_back(std::move(context));
        }
        return contexts;
      });
}

bool ReadShownStatus(absl::string_view json, absl::string_view context,
                     std::optional<ShownStatus>* shown) {
  const absl::StatusOr<Json> object = Parse(json, Json::value_t::object);
  if (!object.ok()) return false;
  const Json& statuses = Object(*object, "statuses");
  if (!statuses.is_array()) return false;
  for (const Json& one : statuses) {
    if (!one.is_object()) return false;
    if (!absl::EqualsIgnoreCase(Text(one, "context"), context)) continue;
    const auto state = ParseCommitState(Text(one, "state"));
    if (!state.has_value()) return false;
    *shown = ShownStatus{std::max<int64_t>(Number(one, "id"), 0), *state,
                         Text(one, "description"), Text(one, "target_url")};
  }
  return true;
}

absl::StatusOr<std::string> ReadPermission(absl::string_view json) {
  return ReadOne(json, "a permission",
                 [](const Json& object) -> std::optional<std::string> {
                   std::string permission = Text(object, "permission");
                   if (permission.empty()) return std::nullopt;
                   return permission;
                 });
}

absl::StatusOr<std::vector<ListedHook>> ReadHooks(absl::string_view json) {
  return ReadList<ListedHook>(
      json, [](const Json& item) -> std::optional<ListedHook> {
        std::optional<ListedHook> hook = HookFrom(Object(item, "config"));
        if (!hook.has_value()) return std::nullopt;
        hook->id = Number(item, "id");
        if (hook->id <= 0) return std::nullopt;
        hook->active = Flag(item, "active", /*otherwise=*/true);
        hook->events = Texts(item, "events");
        const Json& last = Object(item, "last_response");
        hook->last_response_code = LastCode(last);
        hook->last_response_message = Text(last, "message");
        return hook;
      });
}

absl::StatusOr<ListedHook> ReadAppHook(absl::string_view json) {
  return ReadOne(json, "a hook", HookFrom);
}

absl::StatusOr<std::vector<std::string>> ReadAppEvents(absl::string_view json) {
  return ReadOne(json, "an App", [](const Json& object) {
    return std::optional(Texts(object, "events"));
  });
}

absl::StatusOr<RepositoryFacts> ReadRepository(absl::string_view json) {
  return ReadOne(json, "a repository", FactsFrom);
}

absl::StatusOr<Installation> ReadInstallation(absl::string_view json) {
  return ReadOne(json, "an installation",
                 [](const Json& object) -> std::optional<Installation> {
                   const int64_t id = Number(object, "id");
                   if (id <= 0) return std::nullopt;
                   return Installation{
                       id, !Object(object, "suspended_at").is_null(),
                       PermissionsIn(object)};
                 });
}

absl::StatusOr<InstallationToken> ReadInstallationToken(
    absl::string_view json) {
  absl::StatusOr<Json> object = Parse(json, Json::value_t::object);
  if (!object.ok()) return object.status();
  InstallationToken token;
  if (const auto value = object->find("token");
      value != object->end() && value->is_string()) {
    // Moved, because nobody wipes the memory of a copy.
    token.value = Secret(std::move(value->get_ref<std::string&>()));
  }
  const std::string& word = token.value.Reveal();
  if (word.empty()) return NoToken("it has none");
  if (word.size() > kMaxToken) {
    return NoToken(absl::StrCat("it has more than ", kMaxToken, " bytes"));
  }
  // The token goes into a header, so it must not contain a line break.
  if (!std::ranges::all_of(word, absl::ascii_isgraph)) {
    return NoToken("it has a space or an unprintable character");
  }
  token.expiry_time = TimeIn(*object, "expires_at");
  if (token.expiry_time == absl::InfinitePast()) {
    return NoToken("its expires_at is not a time");
  }
  token.permissions = PermissionsIn(*object);
  return token;
}

}  // namespace signalbox
