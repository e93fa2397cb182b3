#pragma once
// Draws a training::History: the curves of its columns over the epochs.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/figure.hpp>
#include <chainrule/train/history.hpp>
#include <string>
#include <vector>

namespace chainrule::plot {

struct HistoryOptions {
  std::string title = "";
  std::string x = "";                     ///< the column to draw over; "epoch" or "step" if there is one, else the rows
  std::vector<std::string> columns = {};  ///< what to draw; all others if empty
  int width = 640;
  int height = 0;
};

/// Draws columns of a history into a figure or a panel, as lines with the names of the columns.
///     plot::draw(f, history, {.columns = {"train_loss", "test_loss"}});
void draw(Drawing& drawing, const training::History& history, const HistoryOptions& options = {},
          Location at = Location::here());

/// A figure with a panel for each quantity: "train_loss" and "test_loss" are two lines, "train" and "test", of the
/// panel "loss".
///     plot::history_figure(history).save("training.svg");
[[nodiscard]] Figure history_figure(const training::History& history, const HistoryOptions& options = {},
                                    Location at = Location::here());

}  // namespace chainrule::plot

#if CHAINRULE_DEFINITIONS
#include <algorithm>

namespace chainrule::plot {
namespace detail {

struct Column {
  std::string name, quantity, part;  // "train_loss", "loss", "train"
};

/// Takes the word for a part of the data from the front or the end of a column's name.
[[gnu::cold]] CHAINRULE_INLINE Column column_named(const std::string& name) {
  static constexpr const char* parts[] = {"training", "train", "testing", "test", "validation", "valid", "val"};
  for (const std::string part : parts)
    for (const char mark : {'_', ' ', '/', '.', '-'}) {
      if (name.starts_with(part + mark) && name.size() > part.size() + 1)
        return {name, name.substr(part.size() + 1), part};
      if (name.ends_with(mark + part) && name.size() > part.size() + 1)
        return {name, name.substr(0, name.size() - part.size() - 1), part};
    }
  return {name, name, ""};
}

[[gnu::cold]] CHAINRULE_INLINE std::string x_column(const training::History& history, const HistoryOptions& options) {
  if (!options.x.empty()) return options.x;
  for (const char* name : {"epoch", "step", "iteration"})
    for (const auto& column : history.names())
      if (column == name) return column;
  return "";
}

[[gnu::cold]] CHAINRULE_INLINE std::vector<Column> columns_of(const training::History& history,
                                                              const HistoryOptions& options, Location at) {
  check(history.size() > 0, at, "plot: the history is empty; add rows to it first, history.add({{\"loss\", 0.3}})");
  const std::string x = x_column(history, options);
  std::vector<Column> columns;
  for (const auto& name : options.columns.empty() ? history.names() : options.columns)
    if (name != x) columns.push_back(column_named(name));
  std::string all;
  for (const auto& name : history.names()) all += (all.empty() ? "" : ", ") + name;
  for (const auto& column : columns)
    check(std::find(history.names().begin(), history.names().end(), column.name) != history.names().end(), at,
          "plot: the history has no column \"", column.name, "\"; it has ", all);
  check(x.empty() || std::find(history.names().begin(), history.names().end(), x) != history.names().end(), at,
        "plot: the history has no column \"", x, "\"; it has ", all);
  check(!columns.empty(), at, "plot: the history has no column beside \"", x, "\"; there is nothing to draw");
  return columns;
}

[[gnu::cold]] CHAINRULE_INLINE void draw_columns(Drawing& drawing, const training::History& history,
                                                 const std::vector<Column>& columns, const std::string& x,
                                                 Location at) {
  for (const auto& column : columns) {
    const std::string label = columns.size() == 1 ? "" : column.part.empty() ? column.name : column.part;
    const Values y(history.column(column.name, at));
    if (x.empty()) drawing.line(y, {.label = label}, at);
    else drawing.line(history.column(x, at), y, {.label = label}, at);
  }
  drawing.xlabel(x.empty() ? "row" : x);
}

}  // namespace detail

[[gnu::cold]] CHAINRULE_INLINE void draw(Drawing& drawing, const training::History& history,
                                         const HistoryOptions& options, Location at) {
  auto columns = detail::columns_of(history, options, at);
  bool one = true;  // quantity
  for (const auto& column : columns) one = one && column.quantity == columns[0].quantity;
  if (!one)
    for (auto& column : columns) column.part.clear();  // whole names
  detail::draw_columns(drawing, history, columns, detail::x_column(history, options), at);
  if (one) drawing.ylabel(columns[0].quantity);
  if (!options.title.empty()) drawing.title(options.title);
}

[[gnu::cold]] CHAINRULE_INLINE Figure history_figure(const training::History& history, const HistoryOptions& options,
                                                     Location at) {
  const auto columns = detail::columns_of(history, options, at);
  std::vector<std::vector<detail::Column>> panels;
  for (const auto& column : columns) {
    auto found = std::find_if(panels.begin(), panels.end(),
                              [&](const auto& panel) { return panel[0].quantity == column.quantity; });
    if (found == panels.end()) panels.push_back({column});
    else found->push_back(column);
  }
  const int n = static_cast<int>(panels.size()), across = n == 1 ? 1 : 2;
  Figure figure({.title = options.title,
                 .width = options.width,
                 .height = options.height,
                 .rows = (n + across - 1) / across,
                 .columns = across},
                at);
  for (int i = 0; i < n; ++i) {
    const auto& panel = panels[static_cast<std::size_t>(i)];
    detail::draw_columns(figure.panel(i / across, i % across), history, panel, detail::x_column(history, options), at);
    figure.ylabel(panel[0].quantity);
  }
  figure.panel(0, 0);
  return figure;
}

}  // namespace chainrule::plot
#endif
