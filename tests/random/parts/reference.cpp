// Numbers with derivatives, and arrays of them: the plain arithmetic of the references.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {
double times(double x, double y) {
  return x == 0 || y == 0 ? 0 : x * y;
}  // of derivatives: 0 is "does not depend on it"
}  // namespace

Number chain(const Number& x, double f, double f1, double f2) {
  return {f, times(f1, x.a), times(f1, x.b), times(f1, x.ab) + times(f2, times(x.a, x.b))};
}
Number operator+(const Number& x, const Number& y) { return {x.v + y.v, x.a + y.a, x.b + y.b, x.ab + y.ab}; }
Number operator-(const Number& x, const Number& y) { return {x.v - y.v, x.a - y.a, x.b - y.b, x.ab - y.ab}; }
Number operator-(const Number& x) { return {-x.v, -x.a, -x.b, -x.ab}; }
Number operator*(const Number& x, const Number& y) {
  return {x.v * y.v, times(x.v, y.a) + times(x.a, y.v), times(x.v, y.b) + times(x.b, y.v),
          times(x.v, y.ab) + times(x.a, y.b) + times(x.b, y.a) + times(x.ab, y.v)};
}
Number operator/(const Number& x, const Number& y) {
  Number r = x * chain(y, 1 / y.v, -1 / (y.v * y.v), 2 / (y.v * y.v * y.v));
  r.v = x.v / y.v;
  return r;
}
Number exp(const Number& x) {
  const double e = std::exp(x.v);
  return chain(x, e, e, e);
}
Number log(const Number& x) { return chain(x, std::log(x.v), 1 / x.v, -1 / (x.v * x.v)); }
Number sqrt(const Number& x) {
  const double r = std::sqrt(x.v);
  return r == 0 ? Number(0) : chain(x, r, 0.5 / r, -0.25 / (r * x.v));
}
Number abs(const Number& x) { return chain(x, std::abs(x.v), (x.v > 0) - (x.v < 0), 0); }
Number power(const Number& x, double p) {
  if (p == 0) return 1;
  return chain(x, std::pow(x.v, p), p * std::pow(x.v, p - 1), p == 1 ? 0 : p * (p - 1) * std::pow(x.v, p - 2));
}
Number sigmoid(const Number& x) {
  const double s = 1 / (1 + std::exp(-x.v));
  return chain(x, s, s * (1 - s), s * (1 - s) * (1 - 2 * s));
}

std::int64_t count(const Sizes& shape) {
  std::int64_t n = 1;
  for (auto s : shape) n *= s;
  return n;
}
Sizes index_of(const Sizes& shape, std::int64_t position) {
  Sizes index(shape.size());
  for (std::size_t k = shape.size(); k-- > 0; position /= shape[k]) index[k] = position % shape[k];
  return index;
}
std::int64_t position_of(const Sizes& shape, const Sizes& index) {
  std::int64_t position = 0;
  for (std::size_t k = 0; k < shape.size(); ++k) position = position * shape[k] + index[k];
  return position;
}
const Number& Array::at(const Sizes& index) const { return x[static_cast<std::size_t>(position_of(shape, index))]; }
Number& Array::at(const Sizes& index) { return x[static_cast<std::size_t>(position_of(shape, index))]; }
Array filled(const Sizes& shape, const Number& value) {
  return {shape, std::vector<Number>(static_cast<std::size_t>(count(shape)), value), {}};
}
Array build(const Sizes& shape, const std::function<Number(const Sizes&)>& f) {
  Array a = filled(shape, 0.0);
  for (std::int64_t i = 0; i < a.numel(); ++i) a.x[static_cast<std::size_t>(i)] = f(index_of(shape, i));
  return a;
}
Array map(const Array& x, const std::function<Number(const Number&)>& f) {
  Array a = filled(x.shape, 0.0);
  for (std::size_t i = 0; i < x.x.size(); ++i) a.x[i] = f(x.x[i]);
  return a;
}
Sizes broadcast(const Sizes& x, const Sizes& y) {
  Sizes s = x.size() >= y.size() ? x : y;
  const Sizes& other = x.size() >= y.size() ? y : x;
  for (std::size_t k = 0; k < other.size(); ++k) {
    auto& n = s[s.size() - 1 - k];
    const auto m = other[other.size() - 1 - k];
    n = n == 1 ? m : n;
  }
  return s;
}
Array expand(const Array& x, const Sizes& shape) {
  return build(shape, [&](const Sizes& index) {
    Sizes mine(index.end() - x.dim(), index.end());
    for (std::size_t k = 0; k < mine.size(); ++k)
      if (x.shape[k] == 1) mine[k] = 0;
    return x.at(mine);
  });
}
Array zip(const Array& x, const Array& y, const std::function<Number(const Number&, const Number&)>& f) {
  const Sizes shape = broadcast(x.shape, y.shape);
  Array a = expand(x, shape);
  const Array b = expand(y, shape);
  for (std::size_t i = 0; i < a.x.size(); ++i) a.x[i] = f(a.x[i], b.x[i]);
  return a;
}
Array reshape(const Array& x, const Sizes& shape) { return {shape, x.x, {}}; }
Array reduce(const Array& x, const Sizes& dims, bool keepdim,
             const std::function<Number(const std::vector<Number>&)>& f) {
  std::vector<bool> gone(x.shape.size(), dims.empty());
  for (auto d : dims)
    if (x.dim() > 0) gone[static_cast<std::size_t>(wrap(d, x.dim()))] = true;
  Sizes kept = x.shape, shape;
  for (std::size_t k = 0; k < kept.size(); ++k) {
    if (gone[k]) kept[k] = 1;
    if (!gone[k] || keepdim) shape.push_back(kept[k]);
  }
  std::vector<std::vector<Number>> lists(static_cast<std::size_t>(count(kept)));
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    Sizes index = index_of(x.shape, i);
    for (std::size_t k = 0; k < index.size(); ++k)
      if (gone[k]) index[k] = 0;
    lists[static_cast<std::size_t>(position_of(kept, index))].push_back(x.x[static_cast<std::size_t>(i)]);
  }
  Array a = filled(shape, 0.0);
  for (std::size_t i = 0; i < lists.size(); ++i) a.x[i] = f(lists[i]);
  return a;
}
Array along(const Array& x, std::int64_t dim, const std::function<std::vector<Number>(const std::vector<Number>&)>& f) {
  if (x.dim() == 0) return {{}, f(x.x), {}};
  const auto d = static_cast<std::size_t>(wrap(dim, x.dim()));
  Sizes lines = x.shape, shape = x.shape;
  lines[d] = 1;
  shape[d] = static_cast<std::int64_t>(f(std::vector<Number>(static_cast<std::size_t>(x.shape[d]))).size());
  Array a = filled(shape, 0.0);
  for (std::int64_t i = 0; i < count(lines); ++i) {
    Sizes index = index_of(lines, i);
    std::vector<Number> line;
    for (index[d] = 0; index[d] < x.shape[d]; ++index[d]) line.push_back(x.at(index));
    line = f(line);
    for (index[d] = 0; index[d] < shape[d]; ++index[d]) a.at(index) = line[static_cast<std::size_t>(index[d])];
  }
  return a;
}
std::string str(const Sizes& list) { return shape_of(list).str(); }
cr::Shape shape_of(const Sizes& sizes) { return cr::Shape(std::span<const std::int64_t>(sizes)); }

}  // namespace chainrule_test::drawn
