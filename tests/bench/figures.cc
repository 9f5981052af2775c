#include "tests/bench/figures.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signalbox {
namespace {

std::string AimOf(const Figure& figure) {
  switch (figure.aim) {
    case Figure::Aim::kNone:
      return "";
    case Figure::Aim::kAtMost:
      return absl::StrFormat("<= %.6g", figure.target);
    case Figure::Aim::kAtLeast:
      return absl::StrFormat(">= %.6g", figure.target);
  }
  return "";
}

nlohmann::ordered_json OrNull(const std::optional<double>& number) {
  return number.has_value() ? nlohmann::ordered_json(*number) : nullptr;
}

std::string Short(double number) { return absl::StrFormat("%.6g", number); }

}  // namespace

std::string FiguresAsJson(const std::vector<Figure>& figures) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Figure& figure : figures) {
    array.push_back({{"suite", figure.suite},
                     {"what", figure.what},
                     {"value", figure.value},
                     {"unit", figure.unit},
                     {"reference", OrNull(figure.reference)},
                     {"ratio", OrNull(figure.ratio)},
                     {"aim", AimOf(figure)},
                     {"met", figure.Met()},
                     {"note", figure.note}});
  }
  return array.dump(2);
}

bool PrintFigures(const std::vector<Figure>& figures, bool json) {
  const bool all_met = std::all_of(figures.begin(), figures.end(),
                                   [](const Figure& f) { return f.Met(); });
  if (json) {
    std::printf("%s\n", FiguresAsJson(figures).c_str());
    return all_met;
  }
  size_t width = 0;
  bool compares = false;
  for (const Figure& figure : figures) {
    width = std::max(width, figure.what.size());
    compares |= figure.reference.has_value() || figure.ratio.has_value();
  }
  const int name_width = static_cast<int>(width);
  std::string suite;
  for (const Figure& figure : figures) {
    if (figure.suite != suite) {
      suite = figure.suite;
      std::printf("\n%s\n", suite.c_str());
      if (compares) {
        std::printf("  %-*s %12s %-6s %12s %8s %s\n", name_width, "", "value",
                    "", "reference", "ratio", "aim");
      }
    }
    std::printf("  %-*s %12s %-6s ", name_width, figure.what.c_str(),
                Short(figure.value).c_str(), figure.unit.c_str());
    if (compares) {
      std::printf(
          "%12s %8s ", figure.reference ? Short(*figure.reference).c_str() : "",
          figure.ratio ? absl::StrFormat("%.3g", *figure.ratio).c_str() : "");
    }
    std::printf("%-12s %s%s%s\n", AimOf(figure).c_str(),
                figure.aim == Figure::Aim::kNone ? ""
                : figure.Met()                   ? "met"
                                                 : "MISSED",
                figure.note.empty() ? "" : "  ", figure.note.c_str());
  }
  return all_met;
}

}  // namespace signalbox
