#ifndef SIGNALBOX_CLIENTS_CLI_TEXT_TABLE_H_
#define SIGNALBOX_CLIENTS_CLI_TEXT_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// A table for a terminal: a line for its heads and one for each row, columns as
// wide as their widest cell.
//
// Not thread-safe.
class TextTable {
 public:
  // The cells of one column have a colour each, the others have none. Cells of
  // more characters than `widest` overflow their column.
  TextTable(std::vector<std::string> heads, size_t coloured_column,
            size_t widest = std::string::npos);

  // Adds a row of as many cells as there are heads. `colour` is as ColourOf has
  // it, and must outlive the table.
  void Add(std::vector<std::string> cells, absl::string_view colour);

  // All of it, with its last line end. Lines are cut to `columns`; 0: they are
  // not.
  std::string Text(bool colours, size_t columns = 0) const;

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
