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

}  // namespace

bool PrintFigures(const std::vector<Figure>& figures, bool json) {
  const bool all_met = std::all_of(figures.begin(), figures.end(),
                                   [](const Figure& f) { return f.Met(); });
  if (json) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const Figure& figure : figures) {
      array.push_back({{"suite", figure.suite},
                       {"what", figure.what},
                       {"value", figure.value},
                       {"unit", figure.unit},
                       {"aim", AimOf(figure)},
                       {"met", figure.Met()}});
    }
    std::printf("%s\n", array.dump(2).c_str());
    return all_met;
  }
  size_t width = 0;
  for (const Figure& figure : figures) {
    width = std::max(width, figure.what.size());
  }
  std::string suite;
  for (const Figure& figure : figures) {
    if (figure.suite != suite) {
      suite = figure.suite;
      std::printf("\n%s\n", suite.c_str());
    }
    const std::string value = absl::StrFormat("%.6g", figure.value);
    std::printf("  %-*s %12s %-6s %-12s %s\n", static_cast<int>(width),
                figure.what.c_str(), value.c_str(), figure.unit.c_str(),
                AimOf(figure).c_str(),
                figure.aim == Figure::Aim::kNone ? ""
                : figure.Met()                   ? "met"
                                                 : "MISSED");
  }
  return all_met;
}

}  // namespace signalbox
