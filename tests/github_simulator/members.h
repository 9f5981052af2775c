#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_MEMBERS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_MEMBERS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Reads the JSON members of a control request's body. If a member has a wrong
// type or value, its reader returns the default, and complaint() says what is
// wrong. A member that is absent or null has its default. After reading all
// members, look at complaint() before using them.
class Members {
 public:
  // An empty `body` counts as `{}`. If the body is no JSON object, there is a
  // complaint at once.
  explicit Members(absl::string_view body);

  // The first problem, for people; empty: there is none.
  const std::string& complaint() const { return complaint_; }
  // Adds a problem of a member; only the first one is kept. The complaint shows
  // the member's value, except those of `token` and `secret`.
  void Complain(absl::string_view name, absl::string_view problem);
  // Does so unless `is_right`.
  void Require(bool is_right, absl::string_view name,
               absl::string_view problem) {
    if (!is_right) Complain(name, problem);
  }

  // Each reads the member `name` of the type that its name says.
  std::string Text(const char* name, const std::string& fallback = "");
  std::vector<std::string> Texts(const char* name);
  // An integer from 0 to 2^53, or -1.
  int64_t Number(const char* name, int64_t fallback);
  // An integer from 0 to 2^31 - 1, or -1.
  int SmallNumber(const char* name, int fallback);
  bool Flag(const char* name, bool fallback);
  // A value of any type, as JSON text; empty if it is absent.
  std::string Raw(const char* name) const;
  // An object whose values are texts.
  std::vector<std::pair<std::string, std::string>> Headers(const char* name);
  // OWNER/NAME. The member is required.
  std::string FullName(const char* name);
  // 40 hexadecimal digits. The member is required.
  std::string Sha(const char* name);

 private:
  // Null: the member is absent.
  const nlohmann::json* Find(absl::string_view name) const;

  nlohmann::json json_;
  std::string complaint_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_MEMBERS_H_
