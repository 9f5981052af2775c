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
  // The cells of one column have a colour each, the others have none.
  TextTable(std::vector<std::string> heads, size_t coloured_column);

  // Adds a row of as many cells as there are heads. `colour` is as ColourOf has
  // it, and must outlive the table.
  void Add(std::vector<std::string> cells, absl::string_view colour);

  // All of it, with its last line end.
  std::string Text(bool colours) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    absl::string_view colour;
  };

  const size_t coloured_column_;
  std::vector<Row> rows_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_TEXT_TABLE_H_
