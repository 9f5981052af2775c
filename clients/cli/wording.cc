#include "clients/cli/wording.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "clients/cli/printable.h"

namespace signalbox {
namespace {

std::string Because(const v1::Posting& posting) {
  if (posting.reason().empty()) return "";
  return absl::StrCat(": ", Words(Printable(posting.reason())));
}

}  // namespace

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

std::string About(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min");
  if (seconds < 86400) return absl::StrCat(seconds / 3600, " h");
  return absl::StrCat(seconds / 86400, " d");
}

std::string Words(absl::string_view upper_case_word) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(upper_case_word),
                             {{"_", " "}});
}

absl::string_view WithoutType(absl::string_view name,
                              const google::protobuf::EnumDescriptor& type) {
  // CommitState: COMMIT_STATE_.
  std::string prefix;
  for (const char letter : type.name()) {
    if (absl::ascii_isupper(letter) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(letter);
  }
  return absl::StripPrefix(name, prefix + '_');
}

std::string StateText(v1::CommitState state, v1::Result result) {
  const std::string words = ValueWords(state);
  switch (result) {
    case v1::RESULT_CANCELLED:
    case v1::RESULT_SKIPPED:
    case v1::RESULT_TIMED_OUT:
    case v1::RESULT_NEUTRAL:
      return absl::StrCat(words, " (", ValueWords(result), ")");
    default:
      return words;
  }
}

std::string WaitText(absl::string_view waits, const v1::Posting& posting,
                     absl::Time now) {
  std::string text = absl::StrCat(waits, Because(posting));
  if (posting.has_next_try_time()) {
    absl::StrAppend(&text, ", next try in ",
                    About(ToTime(posting.next_try_time()) - now));
  }
  return text;
}

std::string PostingText(const v1::Posting& posting, absl::Time now) {
  switch (posting.state()) {
    case v1::POSTING_STATE_DUE:
      return "about to be posted";
    case v1::POSTING_STATE_POSTED:
      if (!posting.has_post_time()) return "shown at GitHub";
      return absl::StrCat("shown at GitHub ",
                          About(now - ToTime(posting.post_time())), " ago");
    case v1::POSTING_STATE_WAITING:
      if (posting.reason() == "NO_CREDENTIAL") {
        return "will not be posted: the server has no credential for the "
               "account";
      }
      return WaitText("waiting", posting, now);
    case v1::POSTING_STATE_ABANDONED:
      if (posting.reason() == "OVERTAKEN") {
        return absl::StrCat("overtaken by ",
                            posting.overtaken_by().empty()
                                ? "a newer head"
                                : Printable(posting.overtaken_by()),
                            "; nothing was posted");
      }
      return absl::StrCat("not posted", Because(posting));
    case v1::POSTING_STATE_OBSERVED:
      return "seen at GitHub";
    default:
      return "unknown";
  }
}

absl::string_view ColourOf(v1::CommitState state) {
  switch (state) {
    case v1::COMMIT_STATE_SUCCESS:
      return "\x1b[32m";
    case v1::COMMIT_STATE_FAILURE:
    case v1::COMMIT_STATE_ERROR:
      return "\x1b[31m";
    case v1::COMMIT_STATE_PENDING:
      return "\x1b[33m";
    default:
      return "";
  }
}

std::string Coloured(absl::string_view text, absl::string_view colour,
                     bool colours) {
  if (!colours || colour.empty()) return std::string(text);
  return absl::StrCat(colour, text, "\x1b[0m");
}

std::string Took(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 10) {
    return absl::StrCat(seconds, ".",
                        absl::ToInt64Milliseconds(duration) / 100 % 10, "s");
  }
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) {
    return absl::StrCat(seconds / 60, "m ", seconds % 60, "s");
  }
  return absl::StrCat(seconds / 3600, "h ", seconds / 60 % 60, "m");
}

}  // namespace signalbox
