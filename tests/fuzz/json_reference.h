#ifndef SIGNALBOX_TESTS_FUZZ_JSON_REFERENCE_H_
#define SIGNALBOX_TESTS_FUZZ_JSON_REFERENCE_H_

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/fuzz/fuzz.h"

namespace signalbox {

// A second, simple JSON checker, written from RFC 8259. A fuzz target compares
// it with the reader of deliveries.
class JsonReference {
 public:
  // Whether a text is a JSON object that the reader must accept. A byte order
  // mark may come first. There are at most 32 levels. No object has two members
  // of the same name, no number is too large for a double, and no string has
  // half of a surrogate pair.
  static bool IsDelivery(absl::string_view text) {
    if (!IsUtf8(text)) return false;
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    JsonReference json(text);
    json.Space();
    return json.Peek() == '{' && json.Value(1) && json.AtEnd();
  }

 private:
  explicit JsonReference(absl::string_view text) : left_(text) {}

  // '\0' at the end. A NUL in the text is never valid either.
  char Peek() const { return left_.empty() ? '\0' : left_.front(); }
  char Next() {
    const char c = Peek();
    if (!left_.empty()) left_.remove_prefix(1);
    return c;
  }
  bool Take(char wanted) { return Peek() == wanted && Next() == wanted; }
  bool Word(absl::string_view word) {
    if (left_.substr(0, word.size()) != word) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  void Space() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' ||
           Peek() == '\r') {
      Next();
    }
  }
  bool AtEnd() {
    Space();
    return left_.empty();
  }

  bool Value(int level) {
    Space();
    switch (Peek()) {
      case '{':
        return Object(level);
      case '[':
        return Array(level);
      case '"': {
        std::string ignored;
        return String(&ignored);
      }
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }

  bool Object(int level) {
    if (level > 32 || !Take('{')) return false;
    Space();
    if (Take('}')) return true;
    std::set<std::string> names;
    do {
      Space();
      std::string name;
      if (!String(&name) || !names.insert(name).second) return false;
      Space();
      if (!Take(':') || !Value(level + 1)) return false;
      Space();
    } while (Take(','));
    return Take('}');
  }

  bool Array(int level) {
    if (level > 32 || !Take('[')) return false;
    Space();
    if (Take(']')) return true;
    do {
      if (!Value(level + 1)) return false;
      Space();
    } while (Take(','));
    return Take(']');
  }

  bool Hex4(uint32_t* unit) {
    *unit = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr absl::string_view kHex = "0123456789abcdef0123456789ABCDEF";
      const size_t digit = kHex.find(Next());
      if (digit == absl::string_view::npos) return false;
      *unit = *unit * 16 + static_cast<uint32_t>(digit % 16);
    }
    return true;
  }

  static void Append(uint32_t point, std::string* text) {
    const auto put = [text](uint32_t byte) {
      *text += static_cast<char>(byte);
    };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xc0 | point >> 6);
      put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      put(0xe0 | point >> 12);
      put(0x80 | (point >> 6 & 0x3f));
      put(0x80 | (point & 0x3f));
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3f));
      put(0x80 | (point >> 6 & 0x3f));
      put(0x80 | (point & 0x3f));
    }
  }

  bool Escape(std::string* text) {
    constexpr absl::string_view kLetters = "\"\\/bfnrt";
    constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = Next();
    if (letter == 'u') {
      uint32_t unit = 0;
      if (!Hex4(&unit) || (unit >= 0xdc00 && unit < 0xe000)) return false;
      if (unit >= 0xd800 && unit < 0xdc00) {
        uint32_t low = 0;
        if (!Word("\\u") || !Hex4(&low) || low < 0xdc00 || low >= 0xe000) {
          return false;
        }
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      }
      Append(unit, text);
      return true;
    }
    const size_t found = letter == '\0' ? kLetters.npos : kLetters.find(letter);
    if (found == kLetters.npos) return false;
    *text += kMeanings[found];
    return true;
  }

  bool String(std::string* text) {
    if (!Take('"')) return false;
    while (true) {
      if (left_.empty()) return false;
      const char c = Next();
      if (c == '"') return true;
      if (c == '\\') {
        if (!Escape(text)) return false;
      } else if (c >= 0 && c < 0x20) {
        return false;
      } else {
        *text += c;
      }
    }
  }

  bool Digits(std::string* number) {
    bool any = false;
    while (Peek() >= '0' && Peek() <= '9') {
      *number += Next();
      any = true;
    }
    return any;
  }

  bool Number() {
    std::string number;
    if (Take('-')) number = "-";
    if (Take('0')) {
      number += '0';
    } else if (!Digits(&number)) {
      return false;
    }
    if (Take('.')) {
      number += '.';
      if (!Digits(&number)) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      number += Next();
      if (Peek() == '+' || Peek() == '-') number += Next();
      if (!Digits(&number)) return false;
    }
    return std::isfinite(std::strtod(number.c_str(), nullptr));
  }

  absl::string_view left_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_FUZZ_JSON_REFERENCE_H_
