#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "rest/url_mover.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {
namespace {

using nlohmann::json;

constexpr char kApi[] = "http://a";
constexpr char kBase[] = "http://box/b";

// As UrlMover, in the tree of values instead of the text.
void MoveUrls(json& value) {
  if (value.is_array()) {
    for (json& one : value) MoveUrls(one);
  }
  if (!value.is_object()) return;
  for (auto& [name, one] : value.items()) {
    if (!one.is_string() || (name != "url" && !absl::EndsWith(name, "_url"))) {
      MoveUrls(one);
      continue;
    }
    const auto url = one.get<std::string>();
    absl::string_view rest = url;
    if (absl::ConsumePrefix(&rest, kApi) &&
        (rest.empty() || absl::StrContains("/?#{", rest[0]))) {
      one = absl::StrCat(kBase, rest);
    }
  }
}

}  // namespace

// Input: a body, which is also the value of a header.
FUZZ_TARGET(url_mover) {
  // The tree is walked and destroyed recursively.
  if (input.size() > 4096) return;
  const UrlMover mover(kApi, kBase);
  const std::string body(input);
  const std::string moved = mover.Json(body);
  json expected = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (expected.is_discarded()) {
    FUZZ_CHECK(moved == body, "no JSON became ", moved);
  } else {
    MoveUrls(expected);
    const json found = json::parse(moved, nullptr, false);
    FUZZ_CHECK(found == expected, body, " became ", moved);
  }
  if (!absl::StrContains(body, kApi)) {
    FUZZ_CHECK(mover.Link(body) == body, "Link became ", mover.Link(body));
  }
  mover.Location(body);
}

}  // namespace signalbox
