#include "tests/github_simulator/status_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

// The text is UTF-8: the JSON parser accepts nothing else.
size_t CodePoints(absl::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

bool HasFourByteCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0xf0; });
}

// From U+0000 to U+001F and from U+007F to U+009F.
bool HasControlCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

bool IsHttpUrl(absl::string_view text) {
  return absl::StartsWithIgnoreCase(text, "http://") ||
         absl::StartsWithIgnoreCase(text, "https://");
}

// A value of the wrong type, as GitHub's messages show it.
std::string Inspect(const Json& value) {
  if (value.is_null()) return "nil";
  if (value.is_array()) return "[...]";
  if (value.is_object()) return "{...}";
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Field {
  const char* name;
  bool is_nullable;
  std::string NewStatus::*member;
};

constexpr Field kFields[] = {
    {"state", false, &NewStatus::state},
    {"target_url", true, &NewStatus::target_url},
    {"description", true, &NewStatus::description},
    {"context", false, &NewStatus::context},
};

}  // namespace

std::optional<Refusal> ReadObject(absl::string_view body, Json* json) {
  *json = Json::parse(body.begin(), body.end(), nullptr,
                      /*allow_exceptions=*/false);
  if (json->is_discarded()) {
    return Refusal{.http_status = 400, .message = "Problems parsing JSON"};
  }
  if (!json->is_object()) {
    return Refusal{.http_status = 400,
                   .message = "Body should be a JSON object"};
  }
  return std::nullopt;
}

Json StatusFieldError(absl::string_view field, absl::string_view message) {
  Json error = {{"resource", "Status"}, {"code", "custom"}};
  if (!field.empty()) error["field"] = field;
  error["message"] = message;
  return error;
}

std::optional<Refusal> ReadStatusRequest(absl::string_view body,
                                         NewStatus* status) {
  Json json;
  if (auto refusal = ReadObject(body, &json)) return refusal;
  std::string complaints;
  if (!json.contains("state")) {
    absl::StrAppend(&complaints, "\n\n\"state\" wasn't supplied.");
  }
  *status = NewStatus();
  for (const Field& field : kFields) {
    const auto value = json.find(field.name);
    if (value == json.end()) continue;
    if (value->is_string()) {
      status->*field.member = value->get<std::string>();
    } else if (!value->is_null() || !field.is_nullable) {
      absl::StrAppend(&complaints, "\n\nFor 'properties/", field.name, "', ",
                      Inspect(*value), " is not a string",
                      field.is_nullable ? " or null." : ".");
    }
  }
  if (!complaints.empty()) {
    return Refusal{.message = absl::StrCat("Invalid request.", complaints)};
  }

  Json errors = Json::array();
  const auto refuse = [&errors](absl::string_view field,
                                absl::string_view message) {
    errors.push_back(StatusFieldError(field, message));
  };
  if (status->state != "error" && status->state != "failure" &&
      status->state != "pending" && status->state != "success") {
    refuse("state", "state is not included in the list");
  }
  if (CodePoints(status->description) > 140) {
    refuse("description",
           "description is too long (maximum is 140 characters)");
  }
  if (HasFourByteCharacter(status->description)) {
    refuse("description", "description doesn't accept 4-byte Unicode");
  }
  if (CodePoints(status->context) > 255) {
    refuse("context", "context is too long (maximum is 255 characters)");
  }
  // GitHub's answer to an empty context or URL is not documented, nor is that
  // to such characters in a context. Our clients must send none of these, so
  // the simulator refuses them.
  if (status->context.empty()) refuse("context", "context can't be blank");
  if (HasFourByteCharacter(status->context)) {
    refuse("context", "context doesn't accept 4-byte Unicode");
  }
  if (HasControlCharacter(status->context)) {
    refuse("context", "context doesn't accept control characters");
  }
  const auto url = json.find("target_url");
  if (url != json.end() && url->is_string() && !IsHttpUrl(status->target_url)) {
    refuse("target_url", "Target url must use http(s) scheme");
  }
  if (errors.empty()) return std::nullopt;
  return Refusal{.message = "Validation Failed", .errors = errors.dump()};
}

}  // namespace signalbox
