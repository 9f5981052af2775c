#include "common/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

constexpr char kReasonPayload[] = "signalbox/reason";

}  // namespace

absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message) {
  absl::Status status(code, message);
  if (!reason.empty()) {
    status.SetPayload(kReasonPayload, absl::Cord(reason));
  }
  return status;
}

absl::Status InvalidField(absl::string_view field, absl::string_view value,
                          absl::string_view problem, absl::string_view reason) {
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat(field, ": ", Quoted(value), " ", problem));
}

absl::Status InvalidOption(absl::string_view option,
                           const absl::Status& problem) {
  return Error(absl::StatusCode::kInvalidArgument, ReasonOf(problem),
               absl::StrCat(option, ": ", problem.message()));
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::string Quoted(absl::string_view text, size_t limit) {
  const absl::string_view shown = FirstCharacters(text, limit);
  return absl::StrCat("\"", Escaped(shown),
                      shown.size() < text.size() ? "\"..." : "\"");
}

}  // namespace signalbox
