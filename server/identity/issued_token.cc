#include "server/identity/issued_token.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace signalbox {
namespace {

constexpr absl::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kBlock = 8;  // Bytes.
// How many characters so many bytes take.
constexpr size_t kCharacters[kBlock + 1] = {0, 2, 3, 5, 6, 7, 9, 10, 11};

// Appends the parts of a token, most significant byte first.
class Writer {
 public:
  void Number(uint64_t value, size_t bytes) {
    for (size_t i = bytes; i-- > 0;) {
      bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
  }
  void Text(const std::string& text) {
    fits_ = fits_ && text.size() <= std::numeric_limits<uint16_t>::max();
    Number(text.size(), 2);
    bytes_ += text;
  }
  void List(const std::vector<std::string>& list) {
    fits_ = fits_ && list.size() <= std::numeric_limits<uint8_t>::max();
    Number(list.size(), 1);
    for (const std::string& text : list) Text(text);
  }

  std::optional<std::string> Take() {
    if (!fits_) return std::nullopt;
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  bool fits_ = true;
};

// Takes the parts of a token off the front. After an error all parts are empty.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  uint64_t Number(size_t bytes) {
    uint64_t value = 0;
    for (const char byte : Bytes(bytes)) {
      value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
  }
  std::string Text() { return std::string(Bytes(Number(2))); }
  std::vector<std::string> List() {
    std::vector<std::string> list(Number(1));
    for (std::string& text : list) text = Text();
    return list;
  }

  bool IsAtEnd() const { return is_valid_ && rest_.empty(); }

 private:
  absl::string_view Bytes(size_t count) {
    is_valid_ = is_valid_ && count <= rest_.size();
    if (!is_valid_) return "";
    const absl::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  absl::string_view rest_;
  bool is_valid_ = true;
};

}  // namespace

std::optional<std::string> BytesOf(const IssuedToken& token) {
  Writer out;
  out.Number(static_cast<uint64_t>(absl::ToUnixSeconds(token.expire_time)), 8);
  out.Text(token.issuer);
  out.Text(token.caller);
  const TokenNarrowing& narrowing = token.narrowing;
  out.List(narrowing.repositories);
  out.List(narrowing.contexts);
  out.List(narrowing.rights);
  out.Text(narrowing.sha);
  out.Text(narrowing.series);
  out.Number(static_cast<uint64_t>(narrowing.attempt), 8);
  return out.Take();
}

std::optional<IssuedToken> IssuedTokenOf(absl::string_view bytes) {
  Reader in(bytes);
  IssuedToken token;
  token.expire_time = absl::FromUnixSeconds(static_cast<int64_t>(in.Number(8)));
  token.issuer = in.Text();
  token.caller = in.Text();
  TokenNarrowing& narrowing = token.narrowing;
  narrowing.repositories = in.List();
  narrowing.contexts = in.List();
  narrowing.rights = in.List();
  narrowing.sha = in.Text();
  narrowing.series = in.Text();
  narrowing.attempt = static_cast<int64_t>(in.Number(8));
  // Times that do not fit into absl::Time would be written otherwise.
  if (!in.IsAtEnd() || BytesOf(token) != bytes) return std::nullopt;
  return token;
}

std::string EncodeLettersAndDigits(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() / kBlock * kCharacters[kBlock] +
               kCharacters[bytes.size() % kBlock]);
  while (!bytes.empty()) {
    const absl::string_view block = bytes.substr(0, kBlock);
    bytes.remove_prefix(block.size());
    uint64_t value = 0;
    for (const char byte : block) {
      value = value << 8 | static_cast<unsigned char>(byte);
    }
    const size_t begin = text.size();
    text.resize(begin + kCharacters[block.size()]);
    for (size_t i = text.size(); i-- > begin; value /= kDigits.size()) {
      text[i] = kDigits[value % kDigits.size()];
    }
  }
  return text;
}

std::optional<std::string> DecodeLettersAndDigits(absl::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / kCharacters[kBlock] * kBlock + kBlock);
  while (!text.empty()) {
    const absl::string_view block = text.substr(0, kCharacters[kBlock]);
    text.remove_prefix(block.size());
    const auto* const size =
        std::find(std::begin(kCharacters), std::end(kCharacters), block.size());
    if (size == std::end(kCharacters)) return std::nullopt;
    const auto count = static_cast<size_t>(size - std::begin(kCharacters));
    uint64_t value = 0;
    for (const char c : block) {
      const size_t digit = kDigits.find(c);
      if (digit == absl::string_view::npos ||
          value >
              (std::numeric_limits<uint64_t>::max() - digit) / kDigits.size()) {
        return std::nullopt;
      }
      value = value * kDigits.size() + digit;
    }
    if (count < kBlock && value >> (8 * count) != 0) return std::nullopt;
    for (size_t i = count; i-- > 0;) {
      bytes += static_cast<char>(value >> (8 * i) & 0xff);
    }
  }
  return bytes;
}

}  // namespace signalbox
