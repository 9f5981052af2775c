#ifndef SIGNALBOX_CLIENTS_CLI_WORDING_H_
#define SIGNALBOX_CLIENTS_CLI_WORDING_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "signalbox/v1/status_service.pb.h"

// How the program `signalbox` writes values of the server for people.
namespace signalbox {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// A rounded distance of two times: `3 s`, `5 min`, `2 h`, `4 d`. If it is
// negative, because clocks differ: `0 s`.
std::string About(absl::Duration duration);

// How long something took: `0.4s`, `12s`, `2m 13s`, `1h 5m`.
std::string Took(absl::Duration duration);

// A word of the API in words for people: `rate limit` for `RATE_LIMIT`. Not
// escaped.
std::string Words(absl::string_view upper_case_word);

// The name of an enumeration's value without the name of its type, as the
// command line and the documents write it: `TIMED_OUT` for `RESULT_TIMED_OUT`.
absl::string_view WithoutType(absl::string_view name,
                              const google::protobuf::EnumDescriptor& type);

// The name of an enumeration's value in words: `timed out` for
// `RESULT_TIMED_OUT`. `unknown`: the value is of a newer server.
template <typename Enum>
std::string ValueWords(Enum value) {
  const auto& type = *google::protobuf::GetEnumDescriptor<Enum>();
  const auto* const known = type.FindValueByNumber(value);
  return known == nullptr ? "unknown" : Words(WithoutType(known->name(), type));
}

// What GitHub shows, and the result if it says more: `pending`, `error (timed
// out)`, `unknown`.
std::string StateText(v1::CommitState state, v1::Result result);

// How far posting has got: `shown at GitHub 3 s ago`. Escapes the reason.
std::string PostingText(const v1::Posting& posting, absl::Time now);

// The text for a posting that waits: the word `waits`, the reason and the time
// of the next try: `waits: rate limit, next try in 40 s`. Escapes the reason.
std::string WaitText(absl::string_view waits, const v1::Posting& posting,
                     absl::Time now);

// The escape sequence that begins the colour of a state. Empty: no colour.
absl::string_view ColourOf(v1::CommitState state);

// `text` in the colour of such an escape sequence, if `colours`; else `text`.
std::string Coloured(absl::string_view text, absl::string_view colour,
                     bool colours);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_WORDING_H_
