#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/webhook/form.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {
namespace {

// The content of a part of a form, up to the first wrong escape.
struct Decoded {
  std::string text;
  bool wrong = false;
};

Decoded Decode(absl::string_view encoded) {
  constexpr absl::string_view kHex = "0123456789abcdef0123456789ABCDEF";
  Decoded decoded;
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%') {
      const size_t high =
          i + 1 < encoded.size() ? kHex.find(encoded[i + 1]) : kHex.npos;
      const size_t low =
          i + 2 < encoded.size() ? kHex.find(encoded[i + 2]) : kHex.npos;
      if (high == kHex.npos || low == kHex.npos) {
        decoded.wrong = true;
        return decoded;
      }
      decoded.text += static_cast<char>(high % 16 * 16 + low % 16);
      i += 2;
    } else {
      decoded.text += encoded[i] == '+' ? ' ' : encoded[i];
    }
  }
  return decoded;
}

struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string payload;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// The slow way: cut first, then decode.
Outcome Reference(absl::string_view body, size_t max_payload) {
  const Outcome wrong = {absl::StatusCode::kInvalidArgument, ""};
  Outcome outcome;
  bool found = false;
  for (const absl::string_view field :
       std::vector<absl::string_view>(absl::StrSplit(body, '&'))) {
    const size_t equals = field.find('=');
    const Decoded name = Decode(field.substr(0, equals));
    if (name.wrong) return wrong;
    const bool is_payload = name.text == "payload";
    if (is_payload && found) return wrong;
    found |= is_payload;
    if (equals == absl::string_view::npos) continue;
    const Decoded value = Decode(field.substr(equals + 1));
    if (is_payload && value.text.size() > max_payload) {
      return {absl::StatusCode::kResourceExhausted, ""};
    }
    if (value.wrong) return wrong;
    if (is_payload) outcome.payload = value.text;
  }
  return found ? outcome : wrong;
}

Outcome InPiecesBy(uint32_t seed, absl::string_view body, size_t max_payload,
                   size_t likely) {
  FormDecoder decoder(max_payload, likely);
  absl::StatusCode failed = absl::StatusCode::kOk;
  size_t size = 0;
  InPieces(body, seed, [&](absl::string_view piece) {
    const absl::StatusCode code = decoder.Update(piece).code();
    FUZZ_CHECK(failed == absl::StatusCode::kOk || code == failed,
               "once it has failed it stays failed");
    failed = code;
    FUZZ_CHECK(decoder.size() >= size && decoder.size() <= max_payload,
               "a payload that shrinks, or is over its limit");
    size = decoder.size();
  });
  const absl::StatusOr<std::string> payload = decoder.Finish();
  FUZZ_CHECK(
      failed == absl::StatusCode::kOk || payload.status().code() == failed,
      "Finish forgets what was wrong");
  if (!payload.ok()) return {payload.status().code(), ""};
  return {absl::StatusCode::kOk, *payload};
}

Outcome Whole(absl::string_view body, size_t max_payload) {
  FormDecoder decoder(max_payload);
  (void)decoder.Update(body);
  const absl::StatusOr<std::string> payload = decoder.Finish();
  if (!payload.ok()) return {payload.status().code(), ""};
  return {absl::StatusCode::kOk, *payload};
}

std::string Encode(absl::string_view text, uint32_t seed) {
  std::string encoded;
  for (const char c : text) {
    seed = seed * 1664525 + 1013904223;
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c));
    if (plain && (seed >> 28) != 0) {
      encoded += c;
    } else if (c == ' ' && (seed >> 31) != 0) {
      encoded += '+';
    } else {
      const char* const digits =
          (seed >> 30) % 2 == 0 ? "0123456789abcdef" : "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

// Input: a seed for the pieces, the limit, the body.
FUZZ_TARGET(form) {
  FuzzInput in(input);
  const uint32_t seed = in.Byte();
  const uint8_t limit = in.Byte();
  const size_t max_payload = limit < 128 ? limit : 4096;
  const absl::string_view body = in.Rest();

  const Outcome expected = Reference(body, max_payload);
  FUZZ_CHECK(Whole(body, max_payload) == expected, "whole: code ",
             static_cast<int>(Whole(body, max_payload).code), " instead of ",
             static_cast<int>(expected.code));
  FUZZ_CHECK(InPiecesBy(seed, body, max_payload, 0) == expected, "in pieces");
  FUZZ_CHECK(InPiecesBy(seed + 1, body, max_payload, max_payload) == expected,
             "in other pieces");

  // Any body comes out unchanged when it is sent as a payload.
  const Outcome sent = {absl::StatusCode::kOk, std::string(body)};
  const std::string form = absl::StrCat("a%3db=c&payload=", Encode(body, seed),
                                        "&x=", Encode(body, seed + 2));
  FUZZ_CHECK(InPiecesBy(seed, form, body.size(), 0) == sent,
             "a payload that was encoded is another one");
}

}  // namespace signalbox
