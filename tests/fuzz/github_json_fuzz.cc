#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/error.h"
#include "nlohmann/json.hpp"
#include "server/github/github_answers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

bool IsMoment(absl::Time time) {
  return time == absl::InfinitePast() ||
         (time > absl::FromCivil(absl::CivilYear(-1), absl::UTCTimeZone()) &&
          time < absl::FromCivil(absl::CivilYear(10001), absl::UTCTimeZone()));
}

void Refused(const absl::Status& status) {
  FUZZ_CHECK(absl::IsInvalidArgument(status) &&
                 ReasonOf(status) == "UNEXPECTED_ANSWER" &&
                 grammar::IsOneLine(status.message()),
             status.ToString());
}

void Check(const ListedDelivery& delivery) {
  FUZZ_CHECK(delivery.id > 0, delivery.id);
  FUZZ_CHECK(!delivery.guid.empty() && delivery.guid.size() <= 255, "a guid");
  FUZZ_CHECK(delivery.delivered_at != absl::InfinitePast() &&
                 IsMoment(delivery.delivered_at),
             absl::FormatTime(delivery.delivered_at));
  FUZZ_CHECK(delivery.status_code >= 0 && delivery.status_code < 1000,
             delivery.status_code);
}

void Check(const ListedPullRequest& pull) {
  FUZZ_CHECK(pull.change.pull_request_number > 0, "no number");
  FUZZ_CHECK(!pull.head_sha.empty(), "no head");
  FUZZ_CHECK(pull.change.event == "pull_request", pull.change.event);
  FUZZ_CHECK(IsMoment(pull.change.updated_time),
             absl::FormatTime(pull.change.updated_time));
}

void Check(const ListedHook& hook) {
  FUZZ_CHECK(!hook.url.empty() && hook.id > 0, hook.url);
  const int code = hook.last_response_code.value_or(0);
  FUZZ_CHECK(code >= 0 && code < 1000, code);
}

template <typename Value>
void CheckAll(const absl::StatusOr<std::vector<Value>>& list) {
  if (!list.ok()) return Refused(list.status());
  for (const Value& value : *list) Check(value);
}

void CheckPermissions(const std::vector<std::string>& permissions) {
  FUZZ_CHECK(permissions.size() <= 200, permissions.size(), " permissions");
  FUZZ_CHECK(std::is_sorted(permissions.begin(), permissions.end()),
             "not sorted");
  for (const std::string& permission : permissions) {
    FUZZ_CHECK(
        permission.size() <= 129 &&
            grammar::OnlyOf(permission, absl::StrCat(grammar::kAlnum, "-_=")),
        permission);
  }
}

void CheckAppAnswers(absl::string_view json) {
  const absl::StatusOr<Installation> installation = ReadInstallation(json);
  if (installation.ok()) {
    FUZZ_CHECK(installation->id > 0, installation->id);
    CheckPermissions(installation->permissions);
  } else {
    FUZZ_CHECK(absl::IsInvalidArgument(installation.status()) &&
                   grammar::IsOneLine(installation.status().message()),
               installation.status().ToString());
  }
  const absl::StatusOr<InstallationToken> token = ReadInstallationToken(json);
  if (!token.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(token.status()) &&
                   grammar::IsOneLine(token.status().message()) &&
                   token.status().message().size() < 100,
               token.status().ToString());
    return;
  }
  const std::string& word = token->value.Reveal();
  FUZZ_CHECK(!word.empty() && word.size() <= 8192 &&
                 grammar::IsPrintableAscii(word) &&
                 !absl::StrContains(word, ' '),
             "a token that cannot go into a header");
  FUZZ_CHECK(
      token->expiry_time > absl::InfinitePast() && IsMoment(token->expiry_time),
      absl::FormatTime(token->expiry_time));
  CheckPermissions(token->permissions);
}

void CheckOthers(absl::string_view json) {
  const absl::StatusOr<SentDelivery> sent = ReadSentDelivery(json);
  if (sent.ok()) {
    FUZZ_CHECK(!sent->event.empty(), "no event");
    const auto again = nlohmann::json::parse(sent->payload, nullptr, false);
    FUZZ_CHECK(again.is_object(), "the payload is no JSON any more");
  } else {
    Refused(sent.status());
  }
  const absl::StatusOr<ListedPullRequest> pull = ReadPullRequest(json);
  if (pull.ok()) {
    Check(*pull);
  } else {
    Refused(pull.status());
  }
  const auto contexts = ReadShownContexts(json);
  if (contexts.ok()) {
    for (const std::string& context : *contexts) {
      FUZZ_CHECK(!context.empty() && IsUtf8(context), "a context");
    }
  } else {
    Refused(contexts.status());
  }
  const auto permission = ReadPermission(json);
  FUZZ_CHECK(!permission.ok() || !permission->empty(), "no permission");
  if (!permission.ok()) Refused(permission.status());
  const auto hook = ReadAppHook(json);
  FUZZ_CHECK(!hook.ok() || !hook->url.empty(), "no hook");
  if (!hook.ok()) Refused(hook.status());
  const auto events = ReadAppEvents(json);
  if (!events.ok()) Refused(events.status());
  const auto facts = ReadRepository(json);
  FUZZ_CHECK(!facts.ok() || !facts->full_name.empty(), "no name");
  if (!facts.ok()) Refused(facts.status());
}

}  // namespace

// Input: flags (1: take a list for an object, and the other way round), the
// JSON. 0xff alone: a delivery that is nested 100,000 deep, which takes long.
FUZZ_TARGET(github_json) {
  FuzzInput in(input);
  const uint8_t flags = in.Byte();
  const absl::string_view json = in.Rest();
  const bool is_list = absl::StartsWith(json, "[");
  if (is_list == ((flags & 1) == 0)) {
    CheckAll(ReadDeliveries(json));
    CheckAll(ReadPullRequests(json));
    CheckAll(ReadHooks(json));
  } else {
    CheckOthers(json);
    CheckAppAnswers(json);
  }
  if (flags != 0xff || !json.empty()) return;
  constexpr int kDepth = 100'000;
  const absl::StatusOr<SentDelivery> sent = ReadSentDelivery(
      absl::StrCat(R"({"event":"x","request":{"payload":{"a":)",
                   std::string(kDepth, '['), std::string(kDepth, ']'), "}}}"));
  FUZZ_CHECK(!sent.ok(), "taken, at whatever depth");
  Refused(sent.status());
}

}  // namespace signalbox
