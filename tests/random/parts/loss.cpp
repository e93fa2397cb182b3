// Losses of an input and a target of one shape.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

const Spread plain{.specials = false};
const std::vector<std::string> reductions{"mean", "sum", "none"};

Array reduced(const Array& terms, const std::string& how) {
  if (how == "none") return terms;
  Number s;
  for (const auto& v : terms.x) s = s + v;
  if (how == "mean") s = terms.x.empty() ? Number(nan) : s / Number(static_cast<double>(terms.numel()));
  return filled({}, s);
}
// Inputs of one shape, seldom of two, which is refused even where they would broadcast.
void draw_pair(Draw& d, Sample& s, const Spread& input, const Spread& target) {
  const Sizes shape = d.shape();
  Sizes other = shape;
  if (d.chance(0.03) && !shape.empty() && shape[0] > 1) other[0] = 1, s.refused = true;
  s.inputs = {d.values(shape, input), d.values(other, target)};
}

template <class F>
RandomOp of_distance(const std::string& op, const F& call, const std::function<Number(const Number&)>& f) {
  return {op, [=](Draw& d) {
            Sample s;
            draw_pair(d, s, {}, {});
            const auto how = d.any(reductions);
            s.nan_gradients = true;
            s.call = op + "(" + how + ")";
            s.calls([=](const auto& in) { return call(in[0], in[1], how); });
            s.expects([=](const Arrays& in) {
              return reduced(zip(in[0], in[1], [&](const Number& x, const Number& y) { return f(x - y); }), how);
            });
            return s;
          }};
}

// Weights that broadcast to the terms.
Array draw_weight(Draw& d, const Sizes& shape) {
  Sizes w = d.shape_from(shape);
  return d.values(w, {.low = 0.25, .high = 2, .specials = false});
}

Sample draw_bce(Draw& d) {
  Sample s;
  const bool edges = d.chance(0.25);  // probabilities of exactly 0 and 1: a logarithm below -100 counts as -100
  draw_pair(d, s, {.low = 0.0625, .high = 0.9375, .ties = false, .specials = false},
            {.low = 0, .high = 1, .specials = false});
  if (edges) {
    s.level = Level::value;
    s.inputs[0].same.clear();
    for (auto& v : s.inputs[0].x) v = d.flag() ? v.v : d.any({0.0, 1.0});
  }
  if (d.chance(0.03) && s.inputs[0].numel() > 0) {
    s.inputs[0].same.clear();
    s.inputs[0].x[0] = d.any({1.5, -0.25, nan}), s.refused = true;
  }
  const auto how = d.any(reductions);
  const bool weighted = d.chance(0.4) && !s.refused;
  const Array weight = draw_weight(d, s.inputs[0].shape);
  s.looser = 10;
  s.call = "binary_cross_entropy(" + how + (weighted ? ", weight)" : ")");
  s.calls([=, &d](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    return cr::binary_cross_entropy(
        in[0], in[1],
        {.weight = weighted ? d.tensor<typename Tensor::value_type>(weight) : Tensor(), .reduction = how.c_str()});
  });
  s.expects([=](const Arrays& in) {
    Array terms = zip(in[0], in[1], [](const Number& x, const Number& y) {
      const Number with = x.v == 0 ? Number(-100) : log(x), without = x.v == 1 ? Number(-100) : log(Number(1) - x);
      return -(y * with + (Number(1) - y) * without);
    });
    if (weighted) terms = zip(terms, weight, [](const Number& t, const Number& w) { return t * w; });
    return reduced(terms, how);
  });
  return s;
}
Sample draw_bce_logits(Draw& d) {
  Sample s;
  draw_pair(d, s, {.low = -4, .high = 4, .specials = false}, {.low = 0, .high = 1, .specials = false});
  const auto how = d.any(reductions);
  const bool weighted = d.chance(0.4) && !s.refused, positive = d.chance(0.4) && !s.refused;
  const Array weight = draw_weight(d, s.inputs[0].shape), more = draw_weight(d, s.inputs[0].shape);
  s.call =
      "binary_cross_entropy_with_logits(" + how + (weighted ? ", weight" : "") + (positive ? ", pos_weight)" : ")");
  s.calls([=, &d](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    using T = typename Tensor::value_type;
    return cr::binary_cross_entropy_with_logits(in[0], in[1],
                                                {.weight = weighted ? d.tensor<T>(weight) : Tensor(),
                                                 .reduction = how.c_str(),
                                                 .pos_weight = positive ? d.tensor<T>(more) : Tensor()});
  });
  s.expects([=](const Arrays& in) {
    const Array p = expand(positive ? more : filled({}, Number(1)), in[0].shape);
    Array terms = build(in[0].shape, [&](const Sizes& i) {
      const Number x = in[0].at(i), y = in[1].at(i), with = log(sigmoid(x)), without = log(sigmoid(-x));
      return -(p.at(i) * y * with + (Number(1) - y) * without);
    });
    if (weighted) terms = zip(terms, weight, [](const Number& t, const Number& w) { return t * w; });
    return reduced(terms, how);
  });
  return s;
}

}  // namespace

RandomOps loss_ops() {
  RandomOps ops = {
      of_distance(
          "mse_loss",
          [](const auto& x, const auto& y, const std::string& how) {
            return cr::mse_loss(x, y, {.reduction = how.c_str()});
          },
          [](const Number& v) { return v * v; }),
      of_distance(
          "l1_loss",
          [](const auto& x, const auto& y, const std::string& how) {
            return cr::l1_loss(x, y, {.reduction = how.c_str()});
          },
          [](const Number& v) { return abs(v); }),
      {"binary_cross_entropy", draw_bce},
      {"binary_cross_entropy", draw_bce_logits},
  };
  for (const double beta : {1.0, 0.5, 0.0, 2.0})
    ops.push_back(of_distance(
        "smooth_l1_loss",
        [=](const auto& x, const auto& y, const std::string& how) {
          return cr::smooth_l1_loss(x, y, {.reduction = how.c_str(), .beta = beta});
        },
        [=](const Number& v) {
          if (std::isnan(v.v) && beta > 0) return Number(nan, v.a == 0 ? 0 : nan, v.b == 0 ? 0 : nan, 0);
          return std::abs(v.v) < beta ? v * v / Number(2 * beta) : abs(v) - Number(beta / 2);
        }));
  return ops;
}

}  // namespace chainrule_test::drawn
