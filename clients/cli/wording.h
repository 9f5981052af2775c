#ifndef SIGNALBOX_CLIENTS_CLI_WORDING_H_
#define SIGNALBOX_CLIENTS_CLI_WORDING_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

// What the server's values are called on a terminal.
namespace signalbox {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// How far apart two times are, in one unit: `3 s`, `5 min`, `2 h`, `4 d`. What
// is negative, as clocks differ, is `0 s`.
std::string About(absl::Duration duration);

// How long something took: `0.4s`, `12s`, `2m 13s`, `1h 5m`.
std::string Took(absl::Duration duration);

// `RATE_LIMIT` as people write it: `rate limit`. Not escaped.
std::string Words(absl::string_view upper_case_word);

// `name` of a value of the API without the name of its type: `TIMED_OUT` of
// `RESULT_TIMED_OUT`. So the command line and the documents write it.
absl::string_view WithoutType(absl::string_view name,
                              const google::protobuf::EnumDescriptor& type);

// `timed out` of `RESULT_TIMED_OUT`; `unknown` of a value of a newer server.
template <typename Enum>
std::string ValueWords(Enum value) {
  const auto& type = *google::protobuf::GetEnumDescriptor<Enum>();
  const auto* const known = type.FindValueByNumber(value);
  return known == nullptr ? "unknown" : Words(WithoutType(known->name(), type));
}

// `pending`, `error (timed out)`, `unknown`.
std::string StateText(v1::CommitState state, v1::Result result);

// How far GitHub has got: `shown at GitHub 3 s ago`. The reason is escaped.
std::string PostingText(const v1::Posting& posting, absl::Time now);

// `waits` with the reason and the next try: `waits: rate limit, next try in
// 40 s`. The reason is escaped.
std::string WaitText(absl::string_view waits, const v1::Posting& posting,
                     absl::Time now);

// The escape sequence for a state; empty: no colour.
absl::string_view ColourOf(v1::CommitState state);

// `text` in that colour, if colours are wanted.
std::string Coloured(absl::string_view text, absl::string_view colour,
                     bool colours);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_WORDING_H_
