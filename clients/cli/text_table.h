#ifndef SIGNALBOX_CLIENTS_CLI_TEXT_TABLE_H_
#define SIGNALBOX_CLIENTS_CLI_TEXT_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// A table for a terminal. It has a line with the heads of the columns, and a
// line for each row. A column is padded to the width of its widest cell.
//
// Not thread-safe.
class TextTable {
 public:
  // `coloured_column` is the index of the one column whose cells have colours.
  // No column is padded to more than `widest` characters. A longer cell is not
  // cut, but moves the rest of its line to the right.
  TextTable(std::vector<std::string> heads, size_t coloured_column,
            size_t widest = std::string::npos);

  // Adds a row, with a cell for each head. `colour` is for the cell in the
  // coloured column: an escape sequence from ColourOf, or empty. It is
  // borrowed.
  void Add(std::vector<std::string> cells, absl::string_view colour);

  // The whole table; it ends with a line end. Cuts lines to `line_width`
  // characters; 0: does not cut them. `colours`: use the rows' colours.
  std::string Text(bool colours, size_t line_width = 0) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    absl::string_view colour;
  };

  const size_t coloured_column_;
  const size_t widest_;
  std::vector<Row> rows_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_TEXT_TABLE_H_
