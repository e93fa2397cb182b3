#pragma once
// Where the texts of a figure lie: for tests that none covers another and none is cut off.

#include <chainrule/plot/text.hpp>
#include "support/catch.hpp"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace chainrule_test {

/// A text of a picture, and the corners of the box that it fills.
struct TextBox {
  std::string text;
  double x[4], y[4];
};

namespace detail {
/// The value of an attribute of a tag, or "" if it has none.
inline std::string attribute(const std::string& tag, const std::string& name) {
  const auto at = tag.find(' ' + name + "=\"");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 3;
  return tag.substr(begin, tag.find('"', begin) - begin);
}
inline std::string without_entities(std::string text) {
  const std::pair<const char*, const char*> all[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
  for (const auto& [name, character] : all)
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
      text.replace(at, std::string(name).size(), character);
  return text;
}
}  // namespace detail

/// The boxes of all texts of an SVG that Figure wrote. Widths are estimated as those of the wider one of Arial and
/// DejaVu Sans.
inline std::vector<TextBox> text_boxes(const std::string& svg) {
  std::vector<TextBox> boxes;
  for (auto at = svg.find("<text "); at != std::string::npos; at = svg.find("<text ", at + 1)) {
    const auto close = svg.find('>', at), end = svg.find("</text>", at);
    const std::string tag = svg.substr(at, close - at);
    TextBox box{.text = detail::without_entities(svg.substr(close + 1, end - close - 1)), .x = {}, .y = {}};
    const auto number = [&](const char* name) { return std::strtod(detail::attribute(tag, name).c_str(), nullptr); };
    const double size = number("font-size"), x = number("x"), y = number("y");
    const double width =
        chainrule::plot::detail::text_width(box.text, size, detail::attribute(tag, "font-weight") == "bold");
    const std::string anchor = detail::attribute(tag, "text-anchor");
    const double left = anchor == "middle" ? -width / 2 : anchor == "end" ? -width : 0;
    const std::string transform = detail::attribute(tag, "transform");
    const double angle =
        transform.empty() ? 0 : std::strtod(transform.c_str() + 7, nullptr) * 3.14159265358979 / 180;  // "rotate(-45"
    const double right = left + width, top = -0.74 * size, bottom = 0.22 * size;
    const double corners[4][2] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
    for (int i = 0; i < 4; ++i) {
      box.x[i] = x + corners[i][0] * std::cos(angle) - corners[i][1] * std::sin(angle);
      box.y[i] = y + corners[i][0] * std::sin(angle) + corners[i][1] * std::cos(angle);
    }
    boxes.push_back(box);
  }
  return boxes;
}

/// Two boxes do not overlap if a side of one separates them.
inline bool overlap(const TextBox& a, const TextBox& b) {
  for (const TextBox* one : {&a, &b})
    for (int side = 0; side < 2; ++side) {
      const double dx = one->x[side + 1] - one->x[side], dy = one->y[side + 1] - one->y[side];
      const auto range = [&](const TextBox& box) {
        double low = 1e30, high = -1e30;
        for (int i = 0; i < 4; ++i) {
          low = std::min(low, box.x[i] * dx + box.y[i] * dy);
          high = std::max(high, box.x[i] * dx + box.y[i] * dy);
        }
        return std::pair(low, high);
      };
      const auto [a_low, a_high] = range(a);
      const auto [b_low, b_high] = range(b);
      if (a_high <= b_low || b_high <= a_low) return false;
    }
  return true;
}

/// What is wrong with the texts of a picture, one line each: two that overlap, one that leaves the picture.
inline std::vector<std::string> text_faults(const std::string& svg) {
  std::vector<std::string> faults;
  const auto boxes = text_boxes(svg);
  const std::string view = detail::attribute(svg, "viewBox");  // "0 0 640 400"
  char* end = nullptr;
  const double width = std::strtod(view.c_str() + 4, &end), height = std::strtod(end, nullptr);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (int k = 0; k < 4; ++k)
      if (!(boxes[i].x[k] >= 0 && boxes[i].x[k] <= width && boxes[i].y[k] >= 0 && boxes[i].y[k] <= height)) {
        faults.push_back("\"" + boxes[i].text + "\" leaves the picture");
        break;
      }
    for (std::size_t j = 0; j < i; ++j)
      if (overlap(boxes[i], boxes[j]))
        faults.push_back("\"" + boxes[j].text + "\" and \"" + boxes[i].text + "\" overlap");
  }
  return faults;
}

/// For each figure that a test draws: every text can be read.
inline void check_no_overlap(const std::string& svg) {
  CHECK(text_boxes(svg).size() > 0);
  CHECK(text_faults(svg) == std::vector<std::string>{});
}

}  // namespace chainrule_test
