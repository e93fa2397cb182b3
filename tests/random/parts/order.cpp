// Extremes, medians, sorting: which element is chosen is part of the result, and its ties are conventions.

#include "random/draw.hpp"
#include <algorithm>
#include <numeric>

namespace chainrule_test::drawn {

namespace {

using List = std::vector<Number>;
using Positions = std::vector<std::size_t>;

// Stable; NaN counts as larger than any number.
Positions order_of(const List& l, bool descending) {
  Positions p(l.size());
  std::iota(p.begin(), p.end(), 0);
  const auto before = [&](double a, double b) {
    if (std::isnan(a)) return descending && !std::isnan(b);
    if (std::isnan(b)) return !descending;
    return descending ? a > b : a < b;
  };
  for (std::size_t i = 1; i < p.size(); ++i)  // insertion sort
    for (std::size_t k = i; k > 0 && before(l[p[k]].v, l[p[k - 1]].v); --k) std::swap(p[k], p[k - 1]);
  return p;
}
// The first NaN, else the first extreme.
std::size_t extreme_of(const List& l, bool largest) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < l.size(); ++i) {
    if (std::isnan(l[i].v)) return i;
    if (largest ? l[i].v > l[best].v : l[i].v < l[best].v) best = i;
  }
  return best;
}
// The element `value`, its derivatives shared evenly by all elements that are equal to it.
Number shared(const List& l, double value) {
  Number s;
  double n = 0;
  for (const auto& v : l)
    if (v.v == value) s = s + v, ++n;
  s = s / n;
  s.v = value;
  return n == 0 ? Number(value) : s;
}
Number shared_extreme(const List& l, bool largest) { return shared(l, l[extreme_of(l, largest)].v); }
List picked(const List& l, const Positions& p) {
  List r;
  for (auto i : p) r.push_back(l[i]);
  return r;
}
List numbers(const Positions& p) {
  List r;
  for (auto i : p) r.push_back(static_cast<double>(i));
  return r;
}
bool nothing_along(const Array& x, const Sizes& dims) {
  bool nothing = false;
  for (std::int64_t k = 0; k < x.dim(); ++k)
    nothing = nothing || (x.shape[static_cast<std::size_t>(k)] == 0 &&
                          (dims.empty() || std::find(dims.begin(), dims.end(), k) != dims.end() ||
                           std::find(dims.begin(), dims.end(), k - x.dim()) != dims.end()));
  return nothing;
}
// Two results along a dimension: the chosen elements and their positions.
std::function<Arrays(const Arrays&)> choose(std::int64_t dim, bool keepdim,
                                            const std::function<Positions(const List&)>& choice) {
  return [=](const Arrays& in) {
    Arrays r{along(in[0], dim, [&](const List& l) { return picked(l, choice(l)); }),
             along(in[0], dim, [&](const List& l) { return numbers(choice(l)); })};
    if (!keepdim && in[0].dim() > 0)
      for (auto& a : r) a.shape.erase(a.shape.begin() + wrap(dim, in[0].dim()));
    return r;
  };
}

template <class F>
RandomOp one_of(const std::string& op, const std::string& name, const F& call,
                const std::function<Positions(const List&)>& choice, bool second = true) {
  return {op, [=](Draw& d) {
            Sample s;
            s.inputs = {d.values(d.shape())};
            const auto dim = d.dim(s.inputs[0].dim(), s.refused);
            const bool keep = d.flag();
            s.call = name + "(" + std::to_string(dim) + (keep ? ", kept)" : ")");
            if (!second) s.level = Level::first;
            if (!s.refused) s.refused = nothing_along(s.inputs[0], {dim});
            s.calls([=](const auto& in) { return call(in[0], dim, keep); });
            s.reference = choose(dim, keep, choice);
            return s;
          }};
}

template <class F> RandomOp extreme_over(const std::string& name, const F& call, bool largest, bool whole) {
  return {"max", [=](Draw& d) {
            Sample s;
            s.inputs = {d.values(d.shape())};
            const Sizes dims = whole ? Sizes{} : d.dims(s.inputs[0].dim(), s.refused);
            const bool keep = !whole && d.flag();
            s.call = name + "(" + str(dims) + (keep ? ", kept)" : ")");
            if (!s.refused) s.refused = nothing_along(s.inputs[0], dims);
            s.calls([=](const auto& in) { return call(in[0], shape_of(dims), keep); });
            s.expects([=](const Arrays& in) {
              return reduce(in[0], dims, keep, [=](const List& l) { return shared_extreme(l, largest); });
            });
            return s;
          }};
}

template <bool largest> Sample draw_arg(Draw& d) {
  Sample s;
  with_any_type(d, [&](auto zero) {
    using T = decltype(zero);
    const Array x = values_of<T>(d, d.shape());
    const bool whole = d.chance(0.3), keep = d.flag();
    const auto dim = whole ? 0 : d.dim(x.dim(), s.refused);
    s.call = std::string(largest ? "argmax(" : "argmin(") + (whole ? "" : std::to_string(dim)) + ")";
    s.inputs = {x};
    if (!s.refused) s.refused = nothing_along(x, whole ? Sizes{} : Sizes{dim});
    s.values = [=, &d] {
      const std::optional<std::int64_t> axis_split = whole ? std::nullopt : std::optional<std::int64_t>(dim);
      const auto t = d.tensor<T>(x);
      return Arrays{array_of(largest ? cr::argmax(t, axis_split, keep) : cr::argmin(t, axis_split, keep))};
    };
    s.expects([=](const Arrays& in) {
      return reduce(in[0], whole ? Sizes{} : Sizes{dim}, keep,
                    [](const List& l) { return Number(static_cast<double>(extreme_of(l, largest))); });
    });
  });
  return s;
}

}  // namespace

RandomOps order_ops() {
  const auto largest = [](const List& l) { return Positions{extreme_of(l, true)}; };
  const auto smallest = [](const List& l) { return Positions{extreme_of(l, false)}; };
  const auto middle = [](const List& l) {
    for (std::size_t i = 0; i < l.size(); ++i)
      if (std::isnan(l[i].v)) return Positions{i};
    return Positions{order_of(l, false)[(l.size() - 1) / 2]};
  };
  RandomOps ops = {
      one_of(
          "max", "max", [](const auto& x, auto dim, bool keep) { return cr::max(x, dim, keep); }, largest),
      one_of(
          "max", "min", [](const auto& x, auto dim, bool keep) { return cr::min(x, dim, keep); }, smallest),
      extreme_over(
          "max", [](const auto& x, const auto&, bool) { return cr::max(x); }, true, true),
      extreme_over(
          "min", [](const auto& x, const auto&, bool) { return cr::min(x); }, false, true),
      extreme_over(
          "amax", [](const auto& x, const auto& dims, bool keep) { return cr::amax(x, dims, keep); }, true, false),
      extreme_over(
          "amin", [](const auto& x, const auto& dims, bool keep) { return cr::amin(x, dims, keep); }, false, false),
      {"argmax", draw_arg<true>},
      {"argmax", draw_arg<false>},
      one_of(
          "median", "median", [](const auto& x, auto dim, bool keep) { return cr::median(x, dim, keep); }, middle),
  };
  ops.push_back({"median", [middle](Draw& d) {
                   Sample s;
                   s.inputs = {d.values(d.shape())};
                   s.call = "median()";
                   s.refused = s.inputs[0].numel() == 0;
                   s.calls([](const auto& in) { return cr::median(in[0]); });
                   s.expects(
                       [=](const Arrays& in) { return filled({}, shared(in[0].x, in[0].x[middle(in[0].x)[0]].v)); });
                   return s;
                 }});
  ops.push_back({"sort", [](Draw& d) {
                   Sample s;
                   s.inputs = {d.values(d.shape())};
                   const auto dim = d.dim(s.inputs[0].dim(), s.refused);
                   const bool descending = d.flag();
                   s.call = "sort(" + std::to_string(dim) + (descending ? ", descending)" : ")");
                   s.calls([=](const auto& in) { return cr::sort(in[0], dim, descending); });
                   s.reference = choose(dim, true, [=](const List& l) { return order_of(l, descending); });
                   return s;
                 }});
  ops.push_back({"sort", [](Draw& d) {
                   Sample s;
                   s.inputs = {d.values(d.shape())};
                   const auto dim = d.dim(s.inputs[0].dim(), s.refused);
                   const int n = s.inputs[0].dim();
                   const std::int64_t size =
                       n == 0 || s.refused ? 1 : s.inputs[0].shape[static_cast<std::size_t>(wrap(dim, n))];
                   const auto k = n == 0 ? 1 : d.between(0, size + (d.chance(0.03) ? 1 : 0));
                   const bool top = d.flag();
                   s.refused = s.refused || k > size;
                   s.call =
                       "topk(" + std::to_string(k) + ", " + std::to_string(dim) + (top ? ", largest)" : ", smallest)");
                   s.calls([=](const auto& in) { return cr::topk(in[0], k, dim, top); });
                   s.reference = choose(dim, true, [=](const List& l) {
                     Positions p = order_of(l, top);
                     p.resize(static_cast<std::size_t>(k));
                     return p;
                   });
                   return s;
                 }});
  ops.push_back({"sort", [](Draw& d) {
                   Sample s;
                   with_any_type(d, [&](auto zero) {
                     using T = decltype(zero);
                     const Array x = values_of<T>(d, d.shape());
                     const auto dim = d.dim(x.dim(), s.refused);
                     const bool descending = d.flag();
                     s.call = "argsort(" + std::to_string(dim) + (descending ? ", descending)" : ")");
                     s.inputs = {x};
                     s.values = [=, &d] { return Arrays{array_of(cr::argsort(d.tensor<T>(x), dim, descending))}; };
                     s.expects([=](const Arrays& in) {
                       return along(in[0], dim, [=](const List& l) { return numbers(order_of(l, descending)); });
                     });
                   });
                   return s;
                 }});
  return ops;
}

}  // namespace chainrule_test::drawn
