#include "server/config/config_values.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/address.h"
#include "common/error.h"
#include "server/report/repository_rules.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

// Removes the field from an error, because the path in the file names it.
absl::Status WithoutField(const absl::Status& status, absl::string_view field) {
  return status.ok() ? status
                     : absl::InvalidArgumentError(absl::StripPrefix(
                           status.message(), absl::StrCat(field, ": ")));
}

absl::Status CheckAddress(absl::string_view address) {
  return WithoutField(ParseAddress("address", address).status(), "address");
}

absl::Status CheckListen(absl::string_view address) {
  if (!absl::StartsWith(address, "unix:")) return CheckAddress(address);
  return WithoutField(CheckUnixAddress("address", address), "address");
}

}  // namespace

absl::Status InvalidValue(absl::string_view value, absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_CONFIG",
               absl::StrCat(Quoted(value), " ", problem));
}

std::string ReadPath(YamlReader& in, const YamlValue& value) {
  return in.Text(value, "the path of a file");
}

std::string ReadAddress(YamlReader& in, const YamlValue& value) {
  std::string address = in.Text(value, "HOST:PORT");
  const absl::Status checked = CheckAddress(address);
  if (!checked.ok()) in.Refuse(value, checked.message());
  return address;
}

std::vector<std::string> ReadListen(YamlReader& in, const YamlValue& value) {
  constexpr absl::string_view kWanted = "addresses, HOST:PORT or unix:PATH";
  if (value.node->kind != YamlNode::Kind::kText) {
    return ReadSome(in, value, kWanted, CheckListen, kWanted);
  }
  std::string address = in.Text(value, "HOST:PORT or unix:PATH");
  const absl::Status checked = CheckListen(address);
  if (!checked.ok()) in.Refuse(value, checked.message());
  return {std::move(address)};
}

absl::Status CheckContext(absl::string_view context) {
  return WithoutField(ParseContext(context).status(), "context");
}

absl::Status CheckPattern(absl::string_view pattern) {
  return WithoutField(CheckRepositoryPattern("match", pattern), "match");
}

std::vector<std::string> ReadSome(YamlReader& in, const YamlValue& list,
                                  absl::string_view wanted,
                                  const YamlReader::Check& check,
                                  absl::string_view at_least) {
  std::vector<std::string> texts = in.Texts(list, wanted, check);
  if (texts.empty()) {
    in.Refuse(list, absl::StrCat("the list is empty; wanted ", at_least));
  }
  return texts;
}

}  // namespace signalbox
