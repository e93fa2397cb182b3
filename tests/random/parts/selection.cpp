// where, masked_fill, isclose.

#include "random/draw.hpp"

namespace chainrule_test::drawn {

namespace {

// Where the condition is true the first, else the second; either may be a scalar.
Sample draw_where(Draw& d) {
  Sample s;
  const Sizes wide = d.shape();
  const Array condition = d.integers(d.shape_from(wide), 0, 1);
  const Bools c = d.bools(condition);
  const double number = d.any({-1.0, 0.0, 2.5, nan});
  const auto way = d.between(0, 2);
  s.nan_gradients = true;
  s.inputs = {d.values(wide)};
  if (way == 0) s.inputs.push_back(d.values(d.shape_from(wide)));
  s.call = way == 0   ? "where(condition, x, y)"
           : way == 1 ? "where(condition, x, scalar)"
                      : "where(condition, scalar, x)";
  s.calls([=](const auto& in) {
    return way == 0 ? cr::where(c, in[0], in[1]) : way == 1 ? cr::where(c, in[0], number) : cr::where(c, number, in[0]);
  });
  s.expects([=](const Arrays& in) {
    Array x = way == 2 ? filled({}, Number(number)) : in[0], y = way == 0   ? in[1]
                                                                 : way == 1 ? filled({}, Number(number))
                                                                            : in[0];
    const Sizes shape = broadcast(broadcast(condition.shape, x.shape), y.shape);
    const Array pick = expand(condition, shape), a = expand(x, shape), b = expand(y, shape);
    return build(shape, [&](const Sizes& i) { return pick.at(i).v != 0 ? a.at(i) : b.at(i); });
  });
  return s;
}

}  // namespace

RandomOps selection_ops() {
  RandomOps ops = {
      {"where", draw_where},
  };
  ops.push_back({"isclose", [](Draw& d) {
                   Sample s;
                   const Sizes wide = d.shape();
                   const Array b = d.values(wide);
                   Array a = b;
                   a.same.clear();
                   for (auto& v : a.x) v = d.chance(0.3) ? d.value({}) : v.v * (1 + d.any({0.0, 1e-3, 0.1}));
                   const double rtol = d.any({1e-5, 0.01, 0.0}), atol = d.any({1e-8, 0.01, 0.0});
                   const bool equal_nan = d.flag();
                   s.call = "isclose, allclose, equal";
                   s.inputs = {a, b};
                   s.refused = d.chance(0.02);
                   const bool refused = s.refused;
                   s.values = [=, &d] {
                     const auto x = d.tensor<double>(a), y = d.tensor<double>(b);
                     const double lowest = refused ? -1 : atol;
                     return Arrays{array_of(cr::isclose(x, y, rtol, lowest, equal_nan)),
                                   filled({}, cr::allclose(x, y, rtol, lowest, equal_nan)),
                                   filled({}, cr::equal(x, y))};
                   };
                   s.reference = [=](const Arrays& in) {
                     Arrays r{zip(in[0], in[1], [&](const Number& x, const Number& y) {
                       if (std::isnan(x.v) || std::isnan(y.v))
                         return Number(equal_nan && std::isnan(x.v) && std::isnan(y.v));
                       return Number(x.v == y.v || (std::isfinite(x.v) && std::isfinite(y.v) &&
                                                    std::abs(x.v - y.v) <= atol + rtol * std::abs(y.v)));
                     })};
                     bool all = true, same = true;
                     for (const auto& v : r[0].x) all = all && v.v != 0;
                     for (std::size_t i = 0; i < in[0].x.size(); ++i) same = same && in[0].x[i].v == in[1].x[i].v;
                     r.push_back(filled({}, all));
                     r.push_back(filled({}, same));
                     return r;
                   };
                   return s;
                 }});
  ops.push_back({"masked_fill", [](Draw& d) {
                   Sample s;
                   const Sizes wide = d.shape();
                   const Array m = d.integers(d.shape_from(wide), 0, 1);
                   const Bools mask = d.bools(m);
                   const double value = d.any({-7.0, 0.0, inf, nan});
                   const bool in_place = d.flag();
                   s.call = in_place ? "masked_fill_" : "masked_fill";
                   s.nan_gradients = true;
                   s.inputs = {d.values(in_place || d.flag() ? wide : d.shape_from(wide))};
                   s.calls([=](const auto& in) {
                     using T = typename std::decay_t<decltype(in[0])>::value_type;
                     if (!in_place) return cr::masked_fill(in[0], mask, T(value));
                     auto y = in[0].clone();
                     y.masked_fill_(mask, T(value));
                     return y;
                   });
                   s.expects([=](const Arrays& in) {
                     return zip(in[0], m,
                                [&](const Number& x, const Number& on) { return on.v != 0 ? Number(value) : x; });
                   });
                   return s;
                 }});
  return ops;
}

}  // namespace chainrule_test::drawn
