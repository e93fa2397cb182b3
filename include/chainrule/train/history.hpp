#pragma once
// History: what was measured in each epoch, for a CSV file.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <chainrule/io/files.hpp>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::training {

/// A table of measured values, one row an epoch (or a step).
///     History history;
///     history.add({{"epoch", 1}, {"loss", 0.31}, {"accuracy", 0.92}});
///     history.save_csv("run.csv");
class History {
 public:
  using Row = std::vector<std::pair<std::string, double>>;

  /// One more row. The first one names the columns; later ones must have the same.
  void add(const Row& row, Location at = Location::here());
  std::size_t size() const { return rows_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  /// All values of one column.
  std::vector<double> column(const std::string& name, Location at = Location::here()) const;
  /// "epoch,loss" and a line for each row, with all digits.
  std::string csv() const;
  /// Writes it whole or not at all: a failure leaves the file that was there.
  void save_csv(const std::string& path, Location at = Location::here()) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<double>> rows_;
};

}  // namespace chainrule::training

#if CHAINRULE_DEFINITIONS
namespace chainrule::training {

CHAINRULE_INLINE void History::add(const Row& row, Location at) {
  if (names_.empty())
    for (const auto& [name, value] : row) names_.push_back(name);
  check(row.size() == names_.size(), at, "History: a row of ", row.size(), " values, the first had ", names_.size());
  std::vector<double> values;
  for (std::size_t i = 0; i < row.size(); ++i) {
    check(row[i].first == names_[i], at, "History: column ", i, " is ", names_[i], ", not ", row[i].first);
    values.push_back(row[i].second);
  }
  rows_.push_back(std::move(values));
}

CHAINRULE_INLINE std::vector<double> History::column(const std::string& name, Location at) const {
  for (std::size_t c = 0; c < names_.size(); ++c) {
    if (names_[c] != name) continue;
    std::vector<double> values;
    for (const auto& row : rows_) values.push_back(row[c]);
    return values;
  }
  fail(at, "History: there is no column ", name);
}

CHAINRULE_INLINE std::string History::csv() const {
  std::string s;
  for (std::size_t c = 0; c < names_.size(); ++c) (s += c ? "," : "") += names_[c];
  s += '\n';
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      char text[40];
      std::snprintf(text, sizeof text, "%s%.17g", c ? "," : "", row[c]);
      s += text;
    }
    s += '\n';
  }
  return s;
}

CHAINRULE_INLINE void History::save_csv(const std::string& path, Location at) const {
  const std::string text = csv();
  io::detail::replace_file(path, text.data(), text.size(), at);
}

}  // namespace chainrule::training
#endif
