// Matrix products and linear layers, as sums of products.

#include "random/draw.hpp"
#include <cmath>

namespace chainrule_test::drawn {

namespace {

const Spread plain{.specials = false};

// (.., m, k) x (.., k, n), vectors as rows and columns.
Array product(Array a, Array b) {
  const bool row = a.dim() == 1, column = b.dim() == 1;
  if (row) a.shape.insert(a.shape.begin(), 1);
  if (column) b.shape.push_back(1);
  const Sizes batch_a(a.shape.begin(), a.shape.end() - 2), batch_b(b.shape.begin(), b.shape.end() - 2),
      batch = broadcast(batch_a, batch_b);
  const auto m = a.shape[a.shape.size() - 2], k = a.shape.back(), n = b.shape.back();
  Sizes shape = batch, wide_a = batch, wide_b = batch;
  shape.insert(shape.end(), {m, n});
  wide_a.insert(wide_a.end(), {m, k});
  wide_b.insert(wide_b.end(), {k, n});
  const Array x = expand(a, wide_a), y = expand(b, wide_b);
  Array c = build(shape, [&](const Sizes& i) {
    Sizes left = i, right = i;
    Number s;
    for (std::int64_t j = 0; j < k; ++j) {
      left[left.size() - 1] = j;
      right[right.size() - 2] = j;
      s = s + x.at(left) * y.at(right);
    }
    return s;
  });
  if (column) c.shape.pop_back();
  if (row) c.shape.erase(c.shape.end() - (column ? 1 : 2));
  return c;
}

Sample draw_matmul(Draw& d) {
  Sample s;
  const auto m = d.size(5), k = d.chance(0.05) ? d.between(5, 40) : d.size(5), n = d.size(5),
             other = d.chance(0.03) ? k + 1 : k;
  const Sizes batch = d.shape(0, 2, 3);
  Sizes a = d.shape_from(batch), b = d.flag() ? batch : d.shape_from(batch);
  a.insert(a.end(), {m, k});
  b.insert(b.end(), {other, n});
  if (d.chance(0.2)) a = {k};
  if (d.chance(0.2)) b = {other};
  s.refused = other != k;
  if (d.chance(0.02)) a = {}, s.refused = true;
  s.inputs = {d.values(a, plain), d.values(b, plain)};
  s.call = "matmul";
  s.calls([](const auto& in) { return cr::matmul(in[0], in[1]); });
  s.expects([](const Arrays& in) { return product(in[0], in[1]); });
  return s;
}
Sample draw_named_product(Draw& d) {
  Sample s;
  const auto m = d.size(5), k = d.size(5), n = d.size(5), batch = d.size(3);
  switch (d.between(0, 4)) {
    case 0:
      s.inputs = {d.values({m, k}, plain), d.values({k, n}, plain)};
      s.call = "mm";
      s.calls([](const auto& in) { return cr::mm(in[0], in[1]); });
      break;
    case 1:
      s.inputs = {d.values({batch, m, k}, plain), d.values({batch, k, n}, plain)};
      s.call = "bmm";
      s.calls([](const auto& in) { return cr::bmm(in[0], in[1]); });
      break;
    case 2:
      s.inputs = {d.values({m, k}, plain), d.values({k}, plain)};
      s.call = "mv";
      s.calls([](const auto& in) { return cr::mv(in[0], in[1]); });
      break;
    case 3:
      s.inputs = {d.values({k}, plain), d.values({k}, plain)};
      s.call = "dot";
      s.calls([](const auto& in) { return cr::dot(in[0], in[1]); });
      break;
    default:
      s.inputs = {d.values({m}, plain), d.values({n}, plain)};
      s.call = "outer";
      s.calls([](const auto& in) { return cr::outer(in[0], in[1]); });
      s.expects([](const Arrays& in) {
        return build({in[0].shape[0], in[1].shape[0]}, [&](const Sizes& i) {
          return in[0].x[static_cast<std::size_t>(i[0])] * in[1].x[static_cast<std::size_t>(i[1])];
        });
      });
      return s;
  }
  s.expects([](const Arrays& in) { return product(in[0], in[1]); });
  return s;
}
Sample draw_linear(Draw& d, bool relu) {
  Sample s;
  const auto in_features = d.chance(0.05) ? d.between(5, 40) : d.size(5), out = d.size(5);
  const bool vector = !relu && d.chance(0.1);  // a weight of one dimension: one output, whose dimension goes
  Sizes x = d.shape(0, 3, 3);
  x.push_back(in_features + (d.chance(0.03) ? 1 : 0));
  s.refused = x.back() != in_features;
  s.inputs = {d.values(x, plain), d.values(vector ? Sizes{in_features} : Sizes{out, in_features}, plain)};
  const bool bias = !vector && d.flag();
  if (bias) s.inputs.push_back(d.values({out}, plain));
  s.call = std::string(relu ? "linear_relu" : "linear") + (bias ? " with bias" : "") + (vector ? " with a vector" : "");
  s.calls([=](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    const Tensor b = bias ? in[2] : Tensor();
    return relu ? cr::linear_relu(in[0], in[1], b) : cr::linear(in[0], in[1], b);
  });
  const auto before_relu = [=](const Arrays& in) {
    Array w = vector ? in[1] : build({in[1].shape[1], in[1].shape[0]}, [&](const Sizes& i) {
      return in[1].at({i[1], i[0]});
    });
    Array y = product(in[0], w);
    if (bias) y = zip(y, in[2], [](const Number& a, const Number& b) { return a + b; });
    return y;
  };
  if (relu && !s.refused)  // so near to the kink a float's rounding decides which side it is
    for (const Number& v : before_relu(s.inputs).x) s.double_only = s.double_only || std::abs(v.v) < 1e-4;
  s.expects([=](const Arrays& in) {
    const Array y = before_relu(in);
    return relu ? map(y, [](const Number& v) { return v.v > 0 ? v : Number(0); }) : y;
  });
  return s;
}

}  // namespace

RandomOps product_ops() {
  return {{"matmul", draw_matmul},
          {"matmul", draw_named_product},
          {"linear", [](Draw& d) { return draw_linear(d, false); }},
          {"linear_relu", [](Draw& d) { return draw_linear(d, true); }}};
}

}  // namespace chainrule_test::drawn
