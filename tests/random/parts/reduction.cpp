// Reductions over all dimensions, one or several, and running sums.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {

using List = std::vector<Number>;

Number sum_of(const List& l) {
  Number s;
  for (const auto& v : l) s = s + v;
  return s;
}
Number product_of(const List& l) {
  Number p = 1;
  for (const auto& v : l) p = p * v;
  return p;
}
Number variance_of(const List& l, bool unbiased) {
  const double n = static_cast<double>(l.size()), degrees = std::max(0.0, n - (unbiased ? 1 : 0));
  const Number mean = sum_of(l) / n;
  Number s;
  for (const auto& v : l) s = s + (v - mean) * (v - mean);
  return degrees == 0 ? Number(nan, nan, nan, nan) : s / degrees;
}

struct Over {
  Sizes dims;
  bool keepdim;
  cr::Dims list() const { return shape_of(dims); }
};

// An op over any dimensions: call(x, dims, keepdim).
template <class F>
RandomOp over_dims(const std::string& op, const std::string& name, Spread spread, const F& call,
                   const std::function<Number(const List&)>& plain, Level level = Level::second, double looser = 1) {
  return {op, [=](Draw& d) {
            Sample s;
            s.inputs = {d.values(d.shape(), spread)};
            const Over o{d.dims(s.inputs[0].dim(), s.refused), d.flag()};
            s.call = name + "(" + str(o.dims) + (o.keepdim ? ", kept)" : ")");
            s.level = level;
            s.looser = looser;
            s.calls([=](const auto& in) { return call(in[0], o.list(), o.keepdim); });
            s.expects([=](const Arrays& in) { return reduce(in[0], o.dims, o.keepdim, plain); });
            return s;
          }};
}

template <class Call>
RandomOp of_any_type(const std::string& op, const std::string& name, const Call& call,
                     const std::function<double(const List&)>& plain) {
  return {op, [=](Draw& d) {
            Sample s;
            with_any_type(d, [&](auto zero) {
              using T = decltype(zero);
              const Array x = values_of<T>(d, d.shape());
              const Over o{d.dims(x.dim(), s.refused), d.flag()};
              s.call = name + "(" + str(o.dims) + (o.keepdim ? ", kept)" : ")") + " of any type";
              s.inputs = {x};
              s.values = [&d, x, call, o] { return Arrays{array_of(call(d.tensor<T>(x), o.list(), o.keepdim))}; };
              s.expects([=](const Arrays& in) {
                return reduce(in[0], o.dims, o.keepdim, [&](const List& l) { return Number(plain(l)); });
              });
            });
            return s;
          }};
}

// (sum of |x|^p)^(1/p), and what it tends to for p = 0 and the infinities. Where the norm is 0, or an element is for p
// < 1, the derivative counts as 0.
Number norm_of(const List& l, double p) {
  if (p == 0) {
    double n = 0;
    for (const auto& v : l) n += v.v != 0;
    return n;
  }
  if (std::isinf(p)) {
    double best = p > 0 ? 0 : inf;
    for (const auto& v : l) {
      if (std::isnan(v.v)) return nan;
      best = p > 0 ? std::max(best, std::abs(v.v)) : std::min(best, std::abs(v.v));
    }
    Number all;
    double n = 0;
    for (const auto& v : l)
      if (std::abs(v.v) == best) all = all + abs(v), ++n;
    all = all / n;
    all.v = best;
    return all;
  }
  Number s;
  bool zero = false;
  for (const auto& v : l) {
    zero = zero || v.v == 0;
    s = s + (v.v == 0 ? Number(std::pow(0.0, p)) : power(abs(v), p));
  }
  if (zero && p < 0) return s.v != s.v ? nan : 0;
  if (s.v == 0) return 0;
  return power(s, 1 / p);
}

}  // namespace

RandomOps reduction_ops() {
  const Spread all, plain{.specials = false};
  RandomOps ops = {
      over_dims(
          "sum", "sum", all, [](const auto& x, const auto& dims, bool keep) { return cr::sum(x, dims, keep); }, sum_of),
      over_dims(
          "mean", "mean", all, [](const auto& x, const auto& dims, bool keep) { return cr::mean(x, dims, keep); },
          [](const List& l) { return l.empty() ? Number(nan) : sum_of(l) / Number(static_cast<double>(l.size())); }),
      of_any_type(
          "sum", "sum", [](const auto& x, const auto& dims, bool keep) { return cr::sum(x, dims, keep); },
          [](const List& l) { return sum_of(l).v; }),
      of_any_type(
          "mean", "mean", [](const auto& x, const auto& dims, bool keep) { return cr::mean(x, dims, keep); },
          [](const List& l) { return sum_of(l).v / static_cast<double>(l.size()); }),
      of_any_type(
          "any", "any", [](const auto& x, const auto& dims, bool keep) { return cr::any(x, dims, keep); },
          [](const List& l) { return std::any_of(l.begin(), l.end(), [](const Number& v) { return v.v != 0; }); }),
      of_any_type(
          "any", "all", [](const auto& x, const auto& dims, bool keep) { return cr::all(x, dims, keep); },
          [](const List& l) { return std::all_of(l.begin(), l.end(), [](const Number& v) { return v.v != 0; }); }),
  };
  ops.push_back(
      {"count_nonzero", [](Draw& d) {
         Sample s;
         with_any_type(d, [&](auto zero) {
           using T = decltype(zero);
           const Array x = values_of<T>(d, d.shape());
           const Sizes dims = d.dims(x.dim(), s.refused);
           s.call = "count_nonzero(" + str(dims) + ")";
           s.inputs = {x};
           s.values = [&d, x, dims] { return Arrays{array_of(cr::count_nonzero(d.tensor<T>(x), shape_of(dims)))}; };
           s.expects([=](const Arrays& in) {
             return reduce(in[0], dims, false, [](const List& l) {
               return Number(
                   static_cast<double>(std::count_if(l.begin(), l.end(), [](const Number& v) { return v.v != 0; })));
             });
           });
         });
         return s;
       }});
  for (const bool unbiased : {true, false}) {
    ops.push_back(over_dims(
        "var", "var", plain,
        [=](const auto& x, const auto& dims, bool keep) { return cr::var(x, dims, unbiased, keep); },
        [=](const List& l) { return variance_of(l, unbiased); }));
    // Where all values are equal the derivative of std counts as 0; its second derivative is left alone there.
    ops.push_back(over_dims(
        "var", "std", {.ties = false, .specials = false, .same = false},
        [=](const auto& x, const auto& dims, bool keep) { return cr::std(x, dims, unbiased, keep); },
        [=](const List& l) { return sqrt(variance_of(l, unbiased)); }, Level::second, 10));
    ops.push_back(over_dims(
        "var", "std of equal values", plain,
        [=](const auto& x, const auto& dims, bool keep) { return cr::std(x, dims, unbiased, keep); },
        [=](const List& l) { return sqrt(variance_of(l, unbiased)); }, Level::first, 10));
  }
  ops.push_back({"prod", [](Draw& d) {
                   Sample s;
                   s.inputs = {d.values(d.shape())};
                   const bool whole = d.chance(0.3), keep = d.flag();
                   const auto dim = whole ? 0 : d.dim(s.inputs[0].dim(), s.refused);
                   s.call = whole ? "prod()" : "prod(" + std::to_string(dim) + (keep ? ", kept)" : ")");
                   s.calls([=](const auto& in) { return whole ? cr::prod(in[0]) : cr::prod(in[0], dim, keep); });
                   s.expects([=](const Arrays& in) {
                     return reduce(in[0], whole ? Sizes{} : Sizes{dim}, !whole && keep, product_of);
                   });
                   return s;
                 }});
  ops.push_back({"norm", [](Draw& d) {
                   Sample s;
                   const double p = d.any({2.0, 1.0, 3.0, 0.5, 1.5, inf, 0.0, -1.0, -2.0, -inf});
                   s.inputs = {d.values(d.shape(), {.specials = p == 2 || p == 1 || p == inf})};
                   const Sizes dims = d.dims(s.inputs[0].dim(), s.refused);
                   const bool keep = d.flag();
                   s.call = "norm(" + std::to_string(p) + ", " + str(dims) + (keep ? ", kept)" : ")");
                   bool smooth = true;  // no second derivative at 0, nor where two elements are both the largest
                   for (const auto& v : s.inputs[0].x)
                     smooth = smooth && v.v != 0 && std::abs(v.v) != 0.5 && std::abs(v.v) != 1 &&
                              std::abs(v.v) != 1.5 && std::abs(v.v) != 2;
                   for (const bool same : s.inputs[0].same) smooth = smooth && !same;
                   if (!smooth) s.level = Level::first;
                   if (p < 1) s.looser = 100;
                   if (p < 0 || p == inf)  // there is none of nothing
                     for (std::size_t k = 0; k < s.inputs[0].shape.size() && !s.refused; ++k) {
                       bool over = dims.empty();
                       for (auto m : dims) over = over || wrap(m, s.inputs[0].dim()) == static_cast<std::int64_t>(k);
                       s.refused = over && s.inputs[0].shape[k] == 0;
                     }
                   s.calls([=](const auto& in) { return cr::norm(in[0], p, shape_of(dims), keep); });
                   s.expects([=](const Arrays& in) {
                     return reduce(in[0], dims, keep, [=](const List& l) { return norm_of(l, p); });
                   });
                   return s;
                 }});
  ops.push_back({"cumsum", [](Draw& d) {
                   Sample s;
                   s.inputs = {d.values(d.shape(), {.specials = true})};
                   const auto dim = d.dim(s.inputs[0].dim(), s.refused);
                   s.call = "cumsum(" + std::to_string(dim) + ")";
                   s.calls([=](const auto& in) { return cr::cumsum(in[0], dim); });
                   s.expects([=](const Arrays& in) {
                     return along(in[0], dim, [](List l) {
                       for (std::size_t i = 1; i < l.size(); ++i) l[i] = l[i - 1] + l[i];
                       return l;
                     });
                   });
                   return s;
                 }});
  return ops;
}

}  // namespace chainrule_test::drawn
