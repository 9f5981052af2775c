#ifndef SIGNALBOX_TESTS_COMMON_WEBHOOK_HOOK_RESULTS_H_
#define SIGNALBOX_TESTS_COMMON_WEBHOOK_HOOK_RESULTS_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/webhook/event.h"
#include "tests/common/webhook/payloads.h"

namespace signalbox {

using Json = nlohmann::ordered_json;

// Reads a delivery of this event with ReadHook, the code under test.
inline HookResult Read(absl::string_view event, const Json& payload) {
  return ReadHook(event, payload.dump());
}

inline bool IsCall(const HookResult& result) {
  return std::holds_alternative<HookCall>(result);
}
inline bool IsIgnored(const HookResult& result) {
  return std::holds_alternative<HookIgnored>(result);
}
inline bool IsMalformed(const HookResult& result) {
  return std::holds_alternative<HookMalformed>(result);
}

// Why the result is no call: the delivery is malformed, or asks for nothing.
// Empty: it is a call.
inline std::string Why(const HookResult& result) {
  if (const auto* bad = std::get_if<HookMalformed>(&result)) return bad->why;
  if (const auto* idle = std::get_if<HookIgnored>(&result)) return idle->why;
  return "";
}

// The action of a call; "none" if the result is no call.
inline std::string ActionOf(const HookResult& result) {
  return IsCall(result) ? std::get<HookCall>(result).action : "none";
}

// The call's request, which must be of this type. Fails the test if it is not.
template <typename Request>
Request RequestOf(const HookResult& result) {
  if (IsCall(result)) {
    const auto& request = std::get<HookCall>(result).request;
    if (const auto* typed = std::get_if<Request>(&request)) return *typed;
    ADD_FAILURE() << "a call of kind " << request.index();
  } else {
    ADD_FAILURE() << Why(result);
  }
  return {};
}

// Turns "a.b.c" into a JSON pointer.
inline Json::json_pointer Pointer(absl::string_view path) {
  return Json::json_pointer(
      absl::StrCat("/", absl::StrReplaceAll(path, {{".", "/"}})));
}

// The payload with another value at `path`, such as "repository.owner.login".
inline Json With(Json payload, absl::string_view path, Json value) {
  payload[Pointer(path)] = std::move(value);
  return payload;
}

// The payload without the member at `path`.
inline Json Without(Json payload, absl::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == absl::string_view::npos) {
    payload.erase(std::string(path));
  } else {
    payload[Pointer(path.substr(0, dot))].erase(
        std::string(path.substr(dot + 1)));
  }
  return payload;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_COMMON_WEBHOOK_HOOK_RESULTS_H_
