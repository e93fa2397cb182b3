// Copies, conversions, creation, and edits in place.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {

Sample draw_copy(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape())};
  s.nan_gradients = true;
  const auto way = d.between(0, 2);
  s.call = way == 0 ? "clone" : way == 1 ? "contiguous" : "to double and back";
  s.calls([=](const auto& in) {
    using T = typename std::decay_t<decltype(in[0])>::value_type;
    return way == 0 ? in[0].clone() : way == 1 ? in[0].contiguous() : in[0].template to<double>().template to<T>();
  });
  s.expects([](const Arrays& in) { return in[0]; });
  return s;
}
template <class T, class U> Array converted(Draw& d, const Array& x) {
  return array_of(d.tensor<T>(x).template to<U>());
}
Sample draw_conversion(Draw& d) {
  Sample s;
  with_any_type(d, [&](auto zero) {
    using T = decltype(zero);
    const auto to = d.between(0, 3);
    Array x = values_of<T>(d, d.shape(), {.specials = false});
    if (to == 3) x = map(x, [](const Number& v) { return Number(std::abs(v.v)); });  // a negative fraction has no uint8
    s.inputs = {x};
    s.call = std::string("to ") + (to == 0 ? "float" : to == 1 ? "int64" : to == 2 ? "bool" : "uint8");
    s.values = [=, &d] {
      return Arrays{to == 0   ? converted<T, float>(d, x)
                    : to == 1 ? converted<T, std::int64_t>(d, x)
                    : to == 2 ? converted<T, bool>(d, x)
                              : converted<T, std::uint8_t>(d, x)};
    };
    s.expects([=](const Arrays& in) {
      return map(in[0], [=](const Number& v) { return Number(to == 0 ? v.v : to == 2 ? v.v != 0 : std::trunc(v.v)); });
    });
  });
  return s;
}
Sample draw_creation(Draw& d) {
  Sample s;
  const auto way = d.between(0, 4), n = d.between(0, 5), m = d.between(0, 5);
  const double a = d.value({}), b = d.value({}), step = d.any({0.25, 0.5, 1.5});
  const Array x = d.values(d.shape());
  s.inputs = {x};
  s.call = way == 0   ? "full_like, zeros_like, ones_like"
           : way == 1 ? "arange"
           : way == 2 ? "linspace"
           : way == 3 ? "eye"
                      : "full";
  s.values = [=, &d]() -> Arrays {
    const auto t = d.tensor<float>(x);
    switch (way) {
      case 0: return {array_of(cr::full_like(t, a)), array_of(cr::zeros_like(t)), array_of(cr::ones_like(t))};
      case 1: return {array_of(cr::arange(n, n + m)), array_of(cr::arange(0.0, static_cast<double>(m), step))};
      case 2: return {array_of(cr::linspace(a, b, n + 1))};
      case 3: return {array_of(cr::eye(n, m))};
      default: return {array_of(cr::full<double>(t.shape(), a))};
    }
  };
  s.reference = [=](const Arrays& in) -> Arrays {
    const auto line = [](std::int64_t size, const std::function<double(double)>& f) {
      return build({size}, [&](const Sizes& i) { return Number(f(static_cast<double>(i[0]))); });
    };
    switch (way) {
      case 0: return {filled(in[0].shape, a), filled(in[0].shape, 0.0), filled(in[0].shape, 1.0)};
      case 1:
        return {line(m, [=](double i) { return static_cast<double>(n) + i; }),
                line(static_cast<std::int64_t>(std::ceil(static_cast<double>(m) / step)),
                     [=](double i) { return i * step; })};
      case 2: return {line(n + 1, [=](double i) { return n == 0 ? a : a + (b - a) * i / static_cast<double>(n); })};
      case 3: return {build({n, m}, [](const Sizes& i) { return Number(i[0] == i[1]); })};
      default: return {filled(in[0].shape, a)};
    }
  };
  return s;
}

const std::vector<std::string> edits{"add_", "sub_", "mul_", "div_", "copy_", "clamp_", "relu_", "fill_"};

template <class T>
void edit(const cr::Tensor<T>& y, const std::string& what, const cr::Tensor<T>* other, double scalar) {
  if (what == "add_") other ? y.add_(*other) : y.add_(scalar);
  if (what == "sub_") other ? y.sub_(*other) : y.sub_(scalar);
  if (what == "mul_") other ? y.mul_(*other) : y.mul_(scalar);
  if (what == "div_") other ? y.div_(*other) : y.div_(scalar);
  if (what == "copy_") other ? y.copy_(*other) : y.fill_(static_cast<T>(scalar));
  if (what == "clamp_") y.clamp_(T(-1), T(scalar));
  if (what == "relu_") y.relu_();
  if (what == "fill_") y.fill_(static_cast<T>(scalar));
}
Number edited(const std::string& what, const Number& x, const Number& by, double scalar) {
  if (what == "add_") return x + by;
  if (what == "sub_") return x - by;
  if (what == "mul_") return x * by;
  if (what == "div_") return x / by;
  if (what == "copy_") return by;
  if (what == "clamp_") {
    const double low = x.v < -1 ? -1 : x.v;
    return low > scalar ? Number(scalar) : x.v > -1 && x.v < scalar ? x : Number(low);
  }
  if (what == "relu_") return x.v <= 0 ? Number(0) : x;
  return scalar;
}

Sample draw_recorded_edit(Draw& d) {  // of a value that requires a gradient
  Sample s;
  const Sizes shape = d.shape();
  const std::string what = d.any(edits);
  const bool with_tensor = d.flag() && what != "clamp_" && what != "relu_" && what != "fill_",
             itself = with_tensor && d.chance(0.1);
  const double scalar = d.any({0.5, 1.5, -0.5});
  s.inputs = {d.values(shape, {.specials = false})};
  if (with_tensor && !itself)
    s.inputs.push_back(d.values(d.shape_from(shape), {.low = 0.25, .high = 2, .specials = false}));
  if (itself && what == "div_") s.level = Level::value;
  s.call = what + (itself ? "(itself)" : with_tensor ? "(tensor)" : "(scalar)");
  s.calls([=](const auto& in) {
    auto y = in[0].clone();
    edit(y, what, with_tensor ? itself ? &y : &in[1] : nullptr, scalar);
    return y;
  });
  s.expects([=](const Arrays& in) {
    const Array by = itself ? in[0] : with_tensor ? in[1] : filled({}, Number(scalar));
    return zip(in[0], by, [&](const Number& x, const Number& y) { return edited(what, x, y, scalar); });
  });
  return s;
}
Sample draw_edit_of_a_part(Draw& d) {  // of a view, from a view that may overlap it: all of the memory counts
  Sample s;
  const auto n = d.between(2, 9);
  const auto size = d.between(0, n), a = d.between(0, n - size), b = d.between(0, n - size);
  const bool flipped = d.chance(0.3), matrix = d.chance(0.3);
  const std::string what = d.any(std::vector<std::string>{"add_", "sub_", "mul_", "copy_"});
  const Array x = d.values(matrix ? Sizes{n, n} : Sizes{n}, {.specials = false, .same = false});
  s.inputs = {x};
  s.call = what + " of an overlapping part";
  s.values = [=, &d]() -> Arrays {
    auto t = d.tensor<double>(x);
    if (matrix) {
      const auto other = t.t();
      edit(t, what, &other, 0);
    } else {
      const auto to = t.narrow(0, a, size);
      auto from = t.narrow(0, b, size);
      if (flipped) from = from.flip(0);
      edit(to, what, &from, 0);
    }
    return {array_of(t)};
  };
  s.reference = [=](const Arrays& in) -> Arrays {
    Array y = in[0];
    if (matrix)
      return {build(y.shape, [&](const Sizes& i) { return edited(what, in[0].at(i), in[0].at({i[1], i[0]}), 0); })};
    for (std::int64_t i = 0; i < size; ++i)
      y.x[static_cast<std::size_t>(a + i)] =
          edited(what, in[0].x[static_cast<std::size_t>(a + i)],
                 in[0].x[static_cast<std::size_t>(b + (flipped ? size - 1 - i : i))], 0);
    return {y};
  };
  return s;
}
Sample draw_plain_edit(Draw& d) {  // of a tensor of any layout that is in no graph
  Sample s;
  const Sizes shape = d.shape();
  const std::string what = d.any(edits);
  const bool with_tensor = d.flag() && what != "clamp_" && what != "relu_" && what != "fill_";
  const double scalar = d.any({0.5, 1.5, -0.5});
  const Array x = d.values(shape, {.same = false}), by = d.values(d.shape_from(shape), {.low = 0.25, .high = 2});
  s.inputs = {x, by};
  s.call = what + " without a graph";
  s.values = [=, &d]() -> Arrays {
    const auto t = d.tensor<double>(x), other = d.tensor<double>(by);
    edit(t, what, with_tensor ? &other : nullptr, scalar);
    return {array_of(t)};
  };
  s.reference = [=](const Arrays& in) -> Arrays {
    return {zip(in[0], with_tensor ? in[1] : filled({}, Number(scalar)), [&](const Number& v, const Number& y) {
      return std::isnan(v.v) && (what == "clamp_" || what == "relu_") ? Number(nan) : edited(what, v, y, scalar);
    })};
  };
  return s;
}

}  // namespace

RandomOps creation_ops() {
  return {{"copy", draw_copy},
          {"copy", draw_conversion},
          {"create", draw_creation},
          {"inplace", draw_recorded_edit},
          {"inplace", draw_edit_of_a_part},
          {"inplace", draw_plain_edit}};
}

}  // namespace chainrule_test::drawn
