#pragma once
// Printing modules as PyTorch prints them.

#include <chainrule/core/compiled.hpp>
#include <chainrule/nn/module_ref.hpp>
#include <cstdio>
#include <cstdlib>

namespace chainrule::nn {
namespace repr {

/// A number as Python prints it: the shortest text that reads back as the same number; 1.0, 0.1, 1e-05.
std::string number(double v);
inline std::string boolean(bool v) { return v ? "True" : "False"; }
/// 3 for a Shape made of one number, (3, 5) for a list.
inline std::string size(const Shape& s) { return s.size() == 1 ? std::to_string(s[0]) : s.str(); }

inline std::string indented(std::string s) {
  for (std::size_t i = s.find('\n'); i != s.npos; i = s.find('\n', i + 1)) s.insert(i + 1, "  ");
  return s;
}

}  // namespace repr

inline std::string ModuleRef::str() const {
  const std::string extra = extra_repr();
  std::vector<std::pair<std::string, std::string>> children;  // name, text
  for (const Part& part : parts())
    if (part.module) children.emplace_back(part.name, part.module.str());
  if (children.empty()) return type_name() + '(' + extra + ')';
  std::string s = type_name() + '(';
  if (!extra.empty()) s += "\n  " + repr::indented(extra);
  for (std::size_t i = 0; i < children.size();) {
    std::size_t end = i + 1;  // a list writes equal neighbours once: (0-3): 4 x Linear(...)
    if (is_list())
      while (end < children.size() && children[end].second == children[i].second) ++end;
    s += "\n  (" + children[i].first + (end - i > 1 ? '-' + children[end - 1].first : "") + "): ";
    s += repr::indented((end - i > 1 ? std::to_string(end - i) + " x " : "") + children[i].second);
    i = end;
  }
  return s + "\n)";
}

}  // namespace chainrule::nn

#if CHAINRULE_DEFINITIONS
namespace chainrule::nn::repr {

CHAINRULE_INLINE std::string number(double v) {
  char text[40];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, v);
    if (std::strtod(text, nullptr) == v || v != v) break;
  }
  std::string s = text;
  if (auto e = s.find('e');
      e != s.npos && std::abs(v) >= 1 && std::abs(v) < 1e16) {  // Python writes exponents from 1e16 on only
    std::snprintf(text, sizeof text, "%.0f", v);
    s = text;
  }
  return s.find_first_of(".eni") == s.npos ? s + ".0" : s;
}

}  // namespace chainrule::nn::repr
#endif
