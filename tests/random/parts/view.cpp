// Views, and copies of a part: each element of the result is one of the input. Linear, so that the second derivative is
// 0.

#include "random/draw.hpp"
#include <algorithm>
#include <numeric>

namespace chainrule_test::drawn {

namespace {

Array permuted(const Array& x, const Sizes& order) {  // order[i]: which dimension of x stands at i
  Sizes shape;
  for (auto k : order) shape.push_back(x.shape[static_cast<std::size_t>(k)]);
  return build(shape, [&](const Sizes& i) {
    Sizes there(i.size());
    for (std::size_t k = 0; k < i.size(); ++k) there[static_cast<std::size_t>(order[k])] = i[k];
    return x.at(there);
  });
}
Sizes counting(int n) {
  Sizes s(static_cast<std::size_t>(n));
  std::iota(s.begin(), s.end(), 0);
  return s;
}
Array sliced(const Array& x, std::int64_t d, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const auto k = static_cast<std::size_t>(d);
  const std::int64_t n = x.shape[k];
  start = std::clamp<std::int64_t>(start < 0 ? start + n : start, 0, n);
  stop = std::clamp<std::int64_t>(stop < 0 ? stop + n : stop, 0, n);
  Sizes shape = x.shape;
  shape[k] = 0;
  for (std::int64_t i = start; i < stop; i += step) ++shape[k];
  return build(shape, [&](const Sizes& i) {
    Sizes there = i;
    there[k] = start + i[k] * step;
    return x.at(there);
  });
}
Array without(Array x, std::int64_t d) {
  x.shape.erase(x.shape.begin() + d);
  return x;
}

// The numbers 2, 3, .. of one size cut into factors; one of them may be asked for as -1.
Sizes factors(Draw& d, std::int64_t n) {
  Sizes s;
  for (std::int64_t left = n; s.size() < 4 && (left != 1 || d.chance(0.3));) {
    std::int64_t f = d.between(1, std::max<std::int64_t>(1, std::min<std::int64_t>(left, 6)));
    while (left != 0 && left % f != 0) --f;
    if (s.size() == 3 || left == 0) f = left;
    s.push_back(f);
    if (left == 0) return s;
    left /= f;
  }
  std::int64_t product = count(s);
  if (product != n) s.push_back(n / product);
  return s;
}

Sample start(Draw& d, int min_dims = 0) {
  Sample s;
  s.inputs = {d.values(d.shape(min_dims))};
  return s;
}
std::string num(std::int64_t v) { return std::to_string(v); }

Sample draw_reshape(Draw& d) {
  Sample s = start(d);
  const Sizes shape = factors(d, s.inputs[0].numel());
  Sizes asked = shape;
  const bool open = !shape.empty() && d.flag() && s.inputs[0].numel() > 0;
  if (open) asked[static_cast<std::size_t>(d.between(0, static_cast<std::int64_t>(shape.size()) - 1))] = -1;
  else if (d.chance(0.03)) asked.push_back(7), s.refused = s.inputs[0].numel() != 0 && true;
  const bool by_flatten = d.chance(0.2) && !s.refused && asked == shape;
  if (by_flatten) {
    const int n = s.inputs[0].dim();
    const auto a = d.dim(n, s.refused), b = d.dim(n, s.refused);
    const auto first = wrap(a, std::max(1, n)), last = wrap(b, std::max(1, n));
    s.refused = s.refused || first > last;
    s.call = "flatten(" + num(a) + ", " + num(b) + ")";
    s.calls([=](const auto& in) { return cr::flatten(in[0], a, b); });
    s.expects([=](const Arrays& in) {
      Sizes to;
      std::int64_t joined = 1;
      for (int k = 0; k < n; ++k) {
        const auto size = in[0].shape[static_cast<std::size_t>(k)];
        if (k < first || k > last) to.push_back(size);
        else if (joined *= size; k == last) to.push_back(joined);
      }
      return reshape(in[0], n == 0 ? Sizes{1} : to);
    });
    return s;
  }
  s.call = "reshape(" + str(asked) + ")";
  s.calls([=](const auto& in) { return cr::reshape(in[0], shape_of(asked)); });
  s.expects([=](const Arrays& in) { return reshape(in[0], asked.size() > shape.size() ? asked : shape); });
  return s;
}
Sample draw_contiguous_view(Draw& d) {  // view() of what is contiguous is always possible
  Sample s = start(d);
  const Sizes shape = factors(d, s.inputs[0].numel());
  s.call = "contiguous().view(" + str(shape) + ")";
  s.calls([=](const auto& in) { return in[0].contiguous().view(shape_of(shape)); });
  s.expects([=](const Arrays& in) { return reshape(in[0], shape); });
  return s;
}
Sample draw_unflatten(Draw& d) {
  Sample s = start(d, 1);
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), at = s.refused ? 0 : wrap(dim, n);
  const Sizes cut = factors(d, s.inputs[0].shape[static_cast<std::size_t>(at)]);
  Sizes shape = s.inputs[0].shape;
  shape.erase(shape.begin() + at);
  shape.insert(shape.begin() + at, cut.begin(), cut.end());
  if (cut.empty() || shape.size() > 8) return draw_unflatten(d);
  s.call = "unflatten(" + num(dim) + ", " + str(cut) + ")";
  s.calls([=](const auto& in) { return cr::unflatten(in[0], dim, shape_of(cut)); });
  s.expects([=](const Arrays& in) { return reshape(in[0], shape); });
  return s;
}
Sample draw_permute(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim();
  Sizes order = counting(n);
  for (int i = n; i > 1; --i)
    std::swap(order[static_cast<std::size_t>(i - 1)], order[static_cast<std::size_t>(d.between(0, i - 1))]);
  Sizes asked = order;
  for (auto& k : asked)
    if (d.flag()) k -= n;
  if (d.chance(0.03) && n > 1) asked[0] = asked[1], s.refused = true;
  s.call = "permute(" + str(asked) + ")";
  s.calls([=](const auto& in) { return cr::permute(in[0], shape_of(asked)); });
  s.expects([=](const Arrays& in) { return permuted(in[0], order); });
  return s;
}
Sample draw_transpose(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim();
  const auto a = d.dim(n, s.refused), b = d.dim(n, s.refused);
  s.call = "transpose(" + num(a) + ", " + num(b) + ")";
  s.calls([=](const auto& in) { return cr::transpose(in[0], a, b); });
  s.expects([=](const Arrays& in) {
    Sizes order = counting(n);
    if (n > 0) std::swap(order[static_cast<std::size_t>(wrap(a, n))], order[static_cast<std::size_t>(wrap(b, n))]);
    return permuted(in[0], order);
  });
  return s;
}
Sample draw_squeeze(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim();
  const bool whole = d.flag();
  const auto dim = whole ? 0 : d.dim(n, s.refused);
  s.call = "squeeze(" + (whole ? "" : num(dim)) + ")";
  s.calls([=](const auto& in) { return whole ? cr::squeeze(in[0]) : cr::squeeze(in[0], dim); });
  s.expects([=](const Arrays& in) {
    Sizes shape;
    for (int k = 0; k < n; ++k)
      if (in[0].shape[static_cast<std::size_t>(k)] != 1 || (!whole && k != wrap(dim, n)))
        shape.push_back(in[0].shape[static_cast<std::size_t>(k)]);
    return reshape(in[0], shape);
  });
  return s;
}
Sample draw_unsqueeze(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n + 1, s.refused);
  s.call = "unsqueeze(" + num(dim) + ")";
  s.calls([=](const auto& in) { return cr::unsqueeze(in[0], dim); });
  s.expects([=](const Arrays& in) {
    Sizes shape = in[0].shape;
    shape.insert(shape.begin() + wrap(dim, n + 1), 1);
    return reshape(in[0], shape);
  });
  return s;
}
Sample draw_expand(Draw& d) {
  Sample s;
  const Sizes wide = d.shape();
  s.inputs = {d.values(d.shape_from(wide))};
  Sizes asked = wide;
  const auto extra = wide.size() - s.inputs[0].shape.size();
  for (std::size_t k = extra; k < wide.size(); ++k)
    if (s.inputs[0].shape[k - extra] == wide[k] && d.chance(0.3)) asked[k] = -1;
  if (d.chance(0.03) && !wide.empty() && !s.inputs[0].shape.empty() && s.inputs[0].shape.back() > 1)
    asked.back() = s.inputs[0].shape.back() + 1, s.refused = true;
  s.call = "expand(" + str(asked) + ")";
  s.calls([=](const auto& in) { return cr::expand(in[0], shape_of(asked)); });
  s.expects([=](const Arrays& in) { return expand(in[0], wide); });
  return s;
}
Sample draw_slice(Draw& d) {
  Sample s = start(d, 1);
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), at = s.refused ? 0 : wrap(dim, n),
             size = s.inputs[0].shape[static_cast<std::size_t>(at)];
  const auto from = d.between(-size - 2, size + 2), to = d.between(-size - 2, size + 2),
             step = d.chance(0.03) ? 0 : d.between(1, 4);
  s.refused = s.refused || step == 0;
  if (d.flag()) {
    s.call = "slice(" + num(dim) + ", " + num(from) + ", " + num(to) + ", " + num(step) + ")";
    s.calls([=](const auto& in) { return cr::slice(in[0], dim, from, to, step); });
    s.expects([=](const Arrays& in) { return sliced(in[0], at, from, to, step); });
    return s;
  }
  const auto first = from < 0 ? from + size : from,
             length =
                 d.between(d.chance(0.05) ? -1 : 0, std::max<std::int64_t>(1, size - std::max<std::int64_t>(0, first)));
  s.refused =
      (s.refused && step != 0) || first < 0 || length < 0 || first + length > size || dim != at - (dim < 0 ? n : 0);
  s.call = "narrow(" + num(dim) + ", " + num(from) + ", " + num(length) + ")";
  s.calls([=](const auto& in) { return cr::narrow(in[0], dim, from, length); });
  s.expects([=](const Arrays& in) { return sliced(in[0], at, first, first + length, 1); });
  return s;
}
Sample draw_select(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), at = s.refused || n == 0 ? 0 : wrap(dim, n),
             size = n == 0 ? 0 : s.inputs[0].shape[static_cast<std::size_t>(at)];
  const auto index = d.between(-std::max<std::int64_t>(1, size), std::max<std::int64_t>(1, size) - 1);
  s.refused = s.refused || size == 0;
  s.call = "select(" + num(dim) + ", " + num(index) + ")";
  s.calls([=](const auto& in) { return cr::select(in[0], dim, index); });
  s.expects([=](const Arrays& in) {
    return without(sliced(in[0], at, wrap(index, static_cast<int>(size)), wrap(index, static_cast<int>(size)) + 1, 1),
                   at);
  });
  return s;
}
Sample draw_flip(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim();
  const Sizes dims = n == 0 ? Sizes{} : d.dims(n, s.refused);
  s.call = "flip(" + str(dims) + ")";
  s.calls([=](const auto& in) { return cr::flip(in[0], shape_of(dims)); });
  s.expects([=](const Arrays& in) {
    return build(in[0].shape, [&](const Sizes& i) {
      Sizes there = i;
      for (auto k : dims) {
        const auto at = static_cast<std::size_t>(wrap(k, n));
        there[at] = in[0].shape[at] - 1 - i[at];
      }
      return in[0].at(there);
    });
  });
  return s;
}
Sample draw_roll(Draw& d) {
  Sample s = start(d, 1);
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), shift = d.between(-9, 9);
  s.call = "roll(" + num(shift) + ", " + num(dim) + ")";
  s.calls([=](const auto& in) { return cr::roll(in[0], shift, dim); });
  s.expects([=](const Arrays& in) {
    const auto at = static_cast<std::size_t>(wrap(dim, n));
    return build(in[0].shape, [&](const Sizes& i) {
      Sizes there = i;
      const auto size = in[0].shape[at];
      there[at] = ((i[at] - shift) % size + size) % size;
      return in[0].at(there);
    });
  });
  return s;
}
Sample draw_repeat(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(0, 3, 3))};
  const int n = s.inputs[0].dim();
  const bool tile = d.flag();
  Sizes times(static_cast<std::size_t>(tile ? d.between(0, n + 1) : n + d.between(0, 1)));
  for (auto& t : times) t = d.size(3);
  Sizes whole = times;
  while (whole.size() < static_cast<std::size_t>(n)) whole.insert(whole.begin(), 1);
  if (d.chance(0.03) && !times.empty()) times[0] = -1, s.refused = true;
  s.call = (tile ? "tile(" : "repeat(") + str(times) + ")";
  s.calls([=](const auto& in) { return tile ? cr::tile(in[0], shape_of(times)) : cr::repeat(in[0], shape_of(times)); });
  s.expects([=](const Arrays& in) {
    const auto extra = whole.size() - static_cast<std::size_t>(n);
    Sizes shape = whole;
    for (std::size_t k = extra; k < whole.size(); ++k) shape[k] *= in[0].shape[k - extra];
    return build(shape, [&](const Sizes& i) {
      Sizes there;
      for (std::size_t k = extra; k < i.size(); ++k) there.push_back(i[k] % in[0].shape[k - extra]);
      return in[0].at(there);
    });
  });
  return s;
}
Sample draw_triangle(Draw& d) {
  Sample s = start(d);
  const bool lower = d.flag();
  const auto diagonal = d.between(-4, 4);
  s.refused = s.inputs[0].dim() < 2;
  s.call = (lower ? "tril(" : "triu(") + num(diagonal) + ")";
  s.calls([=](const auto& in) { return lower ? cr::tril(in[0], diagonal) : cr::triu(in[0], diagonal); });
  s.expects([=](const Arrays& in) {
    return build(in[0].shape, [&](const Sizes& i) {
      const auto right = i[i.size() - 1] - i[i.size() - 2];
      return (lower ? right <= diagonal : right >= diagonal) ? in[0].at(i) : Number(0);
    });
  });
  return s;
}
Sample draw_pad(Draw& d) {
  Sample s = start(d);
  const int n = s.inputs[0].dim(), padded = static_cast<int>(d.between(0, n));
  const double value = d.any({0.0, 9.0, -inf});
  Sizes pads;
  for (int k = 0; k < padded; ++k) {
    const auto size = s.inputs[0].shape[static_cast<std::size_t>(n - 1 - k)];
    pads.push_back(d.between(-1, 2));
    pads.push_back(d.between(-1, 2));
    s.refused =
        s.refused || std::min<std::int64_t>(0, pads[pads.size() - 2]) + std::min<std::int64_t>(0, pads.back()) < -size;
    // torch only looks at the size that is left; a cut past the other end is an error here.
  }
  if (d.chance(0.03) && pads.size() < 8) pads.push_back(1), s.refused = true;
  s.call = "pad(" + str(pads) + ", " + std::to_string(value) + ")";
  s.calls([=](const auto& in) { return cr::pad(in[0], shape_of(pads), {.value = value}); });
  s.expects([=](const Arrays& in) {
    Sizes shape = in[0].shape, before(shape.size());
    for (int k = 0; k < padded; ++k) {
      const auto at = static_cast<std::size_t>(n - 1 - k);
      before[at] = pads[static_cast<std::size_t>(2 * k)];
      shape[at] += before[at] + pads[static_cast<std::size_t>(2 * k + 1)];
    }
    return build(shape, [&](const Sizes& i) {
      Sizes there = i;
      for (std::size_t k = 0; k < i.size(); ++k) {
        there[k] -= before[k];
        if (there[k] < 0 || there[k] >= in[0].shape[k]) return Number(value);
      }
      return in[0].at(there);
    });
  });
  return s;
}

}  // namespace

RandomOps view_ops() {
  return {{"view", draw_reshape},   {"view", draw_contiguous_view}, {"view", draw_unflatten}, {"view", draw_permute},
          {"view", draw_transpose}, {"view", draw_squeeze},         {"view", draw_unsqueeze}, {"view", draw_expand},
          {"view", draw_slice},     {"view", draw_select},          {"flip", draw_flip},      {"flip", draw_roll},
          {"repeat", draw_repeat},  {"tril", draw_triangle},        {"pad", draw_pad}};
}

}  // namespace chainrule_test::drawn
