// Losses of scores and class labels, or class probabilities.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

const std::vector<std::string> reductions{"mean", "sum", "none"};

struct Classes {
  Sizes scores, rows;
  std::size_t dim;
  std::int64_t classes() const { return scores[dim]; }
  /// Index of class c in a row.
  Sizes at(Sizes row, std::int64_t c) const {
    row.insert(row.begin() + static_cast<std::ptrdiff_t>(dim), c);
    return row;
  }
};
Classes draw_classes(Draw& d) {
  Classes c;
  c.rows = d.shape(0, 3, 3);
  c.dim = c.rows.empty() ? 0 : 1;
  c.scores = c.rows;
  c.scores.insert(c.scores.begin() + static_cast<std::ptrdiff_t>(c.dim), d.size(4));
  return c;
}
Number log_softmax(const Array& x, const Classes& k, const Sizes& row, std::int64_t c) {
  double top = -inf;
  for (std::int64_t j = 0; j < k.classes(); ++j) top = std::max(top, x.at(k.at(row, j)).v);
  Number s;
  for (std::int64_t j = 0; j < k.classes(); ++j) s = s + exp(x.at(k.at(row, j)) - Number(top));
  return x.at(k.at(row, c)) - Number(top) - log(s);
}

// cross_entropy of labels, or nll_loss, which takes the scores as they are.
Sample draw_labels(Draw& d, bool entropy) {
  Sample s;
  const Classes k = draw_classes(d);
  s.inputs = {d.values(k.scores, {.low = -3, .high = 3, .specials = false})};
  const std::int64_t ignored = d.chance(0.5) ? -100 : d.between(-1, 2);
  Array labels = d.integers(k.rows, 0, std::max<std::int64_t>(0, k.classes() - 1));
  if (d.chance(0.4)) {
    labels.same.clear();
    for (auto& v : labels.x)
      if (d.chance(0.4)) v = static_cast<double>(ignored);
  }
  if (d.chance(0.04) && labels.numel() > 0)
    labels.same.clear(), labels.x[0] = d.flag() ? static_cast<double>(k.classes()) : -7;
  for (const auto& v : labels.x)
    s.refused =
        s.refused || ((v.v < 0 || v.v >= static_cast<double>(k.classes())) && v.v != static_cast<double>(ignored));
  const bool weighted = d.chance(0.4);
  const Array weight = d.values({k.classes()}, {.low = 0.25, .high = 2, .specials = false});
  const double smoothing = entropy ? d.any({0.0, 0.0, 0.1, 1.0}) : 0;
  const auto how = d.any(reductions);
  // Labels of any layout: a column of a larger table too.
  const bool column = d.flag();
  Array table{labels.shape, labels.x, labels.same};
  if (column) {
    table = Array{labels.shape, {}, {}};
    table.shape.push_back(2);
    for (const auto& v : labels.x) table.x.push_back(99), table.x.push_back(v);
  }
  const Ints target = column ? d.ints(table).select(-1, 1) : d.ints(table);
  s.call = std::string(entropy ? "cross_entropy(" : "nll_loss(") + how + ", ignored " + std::to_string(ignored) +
           (weighted ? ", weight" : "") + ", smoothing " + std::to_string(smoothing) + ")";
  s.calls([=, &d](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    const Tensor w = weighted ? d.tensor<typename Tensor::value_type>(weight) : Tensor();
    if (entropy)
      return cr::cross_entropy(
          in[0], target,
          {.weight = w, .ignore_index = ignored, .reduction = how.c_str(), .label_smoothing = smoothing});
    return cr::nll_loss(in[0], target, {.weight = w, .ignore_index = ignored, .reduction = how.c_str()});
  });
  s.expects([=](const Arrays& in) {
    Array terms = filled(k.rows, 0.0);
    Number sum;
    double divisor = 0;
    for (std::int64_t i = 0; i < terms.numel(); ++i) {
      const auto label = static_cast<std::int64_t>(labels.x[static_cast<std::size_t>(i)].v);
      if (label == ignored) continue;
      const Sizes row = index_of(k.rows, i);
      const auto weight_of = [&](std::int64_t c) {
        return weighted ? weight.x[static_cast<std::size_t>(c)] : Number(1);
      };
      const auto score = [&](std::int64_t c) {
        return entropy ? log_softmax(in[0], k, row, c) : in[0].at(k.at(row, c));
      };
      Number t = -(Number(1 - smoothing) * weight_of(label) * score(label));
      for (std::int64_t c = 0; c < k.classes() && smoothing > 0; ++c)
        t = t - Number(smoothing / static_cast<double>(k.classes())) * weight_of(c) * score(c);
      terms.x[static_cast<std::size_t>(i)] = t;
      sum = sum + t;
      divisor += weight_of(label).v;
    }
    if (how == "none") return terms;
    return filled({}, how == "sum" ? sum : divisor == 0 ? Number(nan) : sum / Number(divisor));
  });
  return s;
}
Sample draw_probabilities(Draw& d) {
  Sample s;
  const Classes k = draw_classes(d);
  s.inputs = {d.values(k.scores, {.low = -3, .high = 3, .specials = false}),
              d.values(k.scores, {.low = 0, .high = 1, .specials = false})};
  const bool weighted = d.chance(0.4);
  const Array weight = d.values({k.classes()}, {.low = 0.25, .high = 2, .specials = false});
  const double smoothing = d.any({0.0, 0.1, 1.0});
  const auto how = d.any(reductions);
  s.call = "cross_entropy of probabilities(" + how + (weighted ? ", weight" : "") + ", smoothing " +
           std::to_string(smoothing) + ")";
  s.calls([=, &d](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    return cr::cross_entropy(in[0], in[1],
                             {.weight = weighted ? d.tensor<typename Tensor::value_type>(weight) : Tensor(),
                              .reduction = how.c_str(),
                              .label_smoothing = smoothing});
  });
  s.expects([=](const Arrays& in) {
    Number sum;
    const Array terms = build(k.rows, [&](const Sizes& row) {
      Number t;
      for (std::int64_t c = 0; c < k.classes(); ++c) {
        const Number p =
            in[1].at(k.at(row, c)) * Number(1 - smoothing) + Number(smoothing / static_cast<double>(k.classes()));
        t = t - (weighted ? weight.x[static_cast<std::size_t>(c)] : Number(1)) * p * log_softmax(in[0], k, row, c);
      }
      sum = sum + t;
      return t;
    });
    if (how == "none") return terms;
    return filled({}, how == "sum"      ? sum
                      : in[0].x.empty() ? Number(nan)
                                        : sum / Number(static_cast<double>(terms.numel())));
  });
  return s;
}

}  // namespace

RandomOps class_loss_ops() {
  return {{"cross_entropy", [](Draw& d) { return draw_labels(d, true); }},
          {"nll_loss", [](Draw& d) { return draw_labels(d, false); }},
          {"cross_entropy", draw_probabilities}};
}

}  // namespace chainrule_test::drawn
