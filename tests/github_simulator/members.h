#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_MEMBERS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_MEMBERS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Reads the members of a control request's body. It complains about the first
// wrong one. A member that is absent or null has its default.
class Members {
 public:
  // An empty body has no members.
  explicit Members(absl::string_view body);

  // Empty while nothing is wrong.
  const std::string& complaint() const { return complaint_; }
  void Complain(absl::string_view name, absl::string_view problem);

  std::string Text(const char* name, const std::string& fallback = "");
  std::vector<std::string> Texts(const char* name);
  // From 0 to 2^53, or -1.
  int64_t Number(const char* name, int64_t fallback);
  // From 0 to 2^31 - 1, or -1.
  int SmallNumber(const char* name, int fallback);
  bool Flag(const char* name, bool fallback);
  // Any value, as JSON text; empty if it is absent.
  std::string Raw(const char* name) const;
  // An object of strings.
  std::vector<std::pair<std::string, std::string>> Headers(const char* name);
  // OWNER/NAME; required.
  std::string FullName(const char* name);
  // 40 hexadecimal digits; required.
  std::string Sha(const char* name);

 private:
  // Null: it is absent.
  const nlohmann::json* Find(const char* name) const;

  nlohmann::json json_;
  std::string complaint_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_MEMBERS_H_
