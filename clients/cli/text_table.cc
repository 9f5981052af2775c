#include "clients/cli/text_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"
#include "clients/cli/wording.h"

namespace signalbox {

TextTable::TextTable(std::vector<std::string> heads, size_t coloured_column)
    : coloured_column_(coloured_column) {
  Add(std::move(heads), "");
}

void TextTable::Add(std::vector<std::string> cells, absl::string_view colour) {
  rows_.push_back({std::move(cells), colour});
}

std::string TextTable::Text(bool colours) const {
  std::vector<size_t> widths(rows_.front().cells.size());
  for (const Row& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], CharacterCount(row.cells[i]));
    }
  }
  std::string text;
  for (const Row& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string& cell = row.cells[i];
      absl::StrAppend(&text, i == coloured_column_
                                 ? Coloured(cell, row.colour, colours)
                                 : cell);
      if (i + 1 == widths.size()) continue;
      text.append(widths[i] - CharacterCount(cell) + 2, ' ');
    }
    text.append("\n");
  }
  return text;
}

}  // namespace signalbox
