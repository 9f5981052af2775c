#include "clients/cli/text_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"
#include "common/utf8.h"

namespace signalbox {

TextTable::TextTable(std::vector<std::string> heads, size_t coloured_column,
                     size_t widest)
    : coloured_column_(coloured_column), widest_(widest) {
  Add(std::move(heads), "");
}

void TextTable::Add(std::vector<std::string> cells, absl::string_view colour) {
  rows_.push_back({std::move(cells), colour});
}

std::string TextTable::Text(bool colours, size_t columns) const {
  // The last column needs no width.
  std::vector<size_t> widths(rows_.front().cells.size() - 1);
  for (const Row& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) {
      const size_t count = CharacterCount(row.cells[i]);
      widths[i] = std::max(widths[i], std::min(count, widest_));
    }
  }
  std::string text;
  for (const Row& row : rows_) {
    std::string line;
    size_t colour_begin = 0;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (i == coloured_column_) colour_begin = line.size();
      absl::StrAppend(&line, row.cells[i]);
      if (i == widths.size()) break;
      const size_t count = CharacterCount(row.cells[i]);
      line.append(std::max(widths[i], count) - count + 2, ' ');
    }
    absl::StripTrailingAsciiWhitespace(&line);
    if (columns > 0) line = Shortened(line, columns);
    const std::string& cell = row.cells[coloured_column_];
    if (line.compare(std::min(colour_begin, line.size()), cell.size(), cell) ==
        0) {
      line.replace(colour_begin, cell.size(),
                   Coloured(cell, row.colour, colours));
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace signalbox
