// Elements picked and put by index tensors and masks.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {

std::string num(std::int64_t v) { return std::to_string(v); }
std::int64_t whole(const Number& v) { return static_cast<std::int64_t>(v.v); }

// Indices in [0, size); seldom one outside, which is refused.
Array draw_index(Draw& d, const Sizes& shape, std::int64_t size, bool& refused, bool negative = false) {
  Array index = d.integers(shape, negative ? -size : 0, std::max<std::int64_t>(0, size - 1));
  if (index.numel() > 0 && (size == 0 || d.chance(0.04))) {
    refused = true;
    index.same.clear();
    index.x[static_cast<std::size_t>(d.between(0, index.numel() - 1))] =
        static_cast<double>(d.flag() ? size : -size - 1);
  }
  return index;
}

Sample draw_index_select(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape())};
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), at = s.refused || n == 0 ? 0 : wrap(dim, n);
  const Array index =
      draw_index(d, {n == 0 ? 1 : d.size()}, n == 0 ? 1 : s.inputs[0].shape[static_cast<std::size_t>(at)], s.refused);
  const Ints i = d.ints(index);
  s.call = "index_select(" + num(dim) + ", " + str(index.shape) + ")";
  s.calls([=](const auto& in) { return cr::index_select(in[0], dim, i); });
  s.expects([=](const Arrays& in) {
    if (n == 0) return in[0];
    Sizes shape = in[0].shape;
    shape[static_cast<std::size_t>(at)] = index.numel();
    return build(shape, [&](const Sizes& p) {
      Sizes there = p;
      there[static_cast<std::size_t>(at)] = whole(index.x[static_cast<std::size_t>(p[static_cast<std::size_t>(at)])]);
      return in[0].at(there);
    });
  });
  return s;
}
Sample draw_embedding(Draw& d) {
  Sample s;
  s.inputs = {d.values({d.size(), d.size()})};
  const Array index = draw_index(d, d.shape(0, 3, 3), s.inputs[0].shape[0], s.refused);
  const Ints i = d.ints(index);
  const std::int64_t rows = s.inputs[0].shape[0];
  std::optional<std::int64_t> padding;
  if (rows > 0 && d.chance(0.3)) padding = d.between(-rows, rows - 1);
  s.call = "embedding(" + str(index.shape) + (padding ? ", padding_idx = " + std::to_string(*padding) : "") + ")";
  s.calls([=](const auto& in) { return cr::embedding(i, in[0], {.padding_idx = padding}); });
  s.expects([=](const Arrays& in) {
    Sizes shape = index.shape;
    shape.push_back(in[0].shape[1]);
    return build(shape, [&](Sizes p) {
      const auto column = p.back();
      p.pop_back();
      const Number value = in[0].at({whole(index.at(p)), column});
      const bool padded = padding && whole(index.at(p)) == (*padding < 0 ? *padding + rows : *padding);
      return padded ? Number(value.v) : value;  // the row of padding gets no gradient
    });
  });
  return s;
}
Sample draw_gather(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape())};
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), at = s.refused || n == 0 ? 0 : wrap(dim, n);
  Sizes shape = s.inputs[0].shape;
  for (std::size_t k = 0; k < shape.size(); ++k)
    shape[k] = static_cast<std::int64_t>(k) == at ? d.size() : d.between(0, 4) == 0 ? d.between(0, shape[k]) : shape[k];
  const Array index = draw_index(d, shape, n == 0 ? 1 : s.inputs[0].shape[static_cast<std::size_t>(at)], s.refused);
  const Ints i = d.ints(index);
  s.call = "gather(" + num(dim) + ", " + str(index.shape) + ")";
  s.calls([=](const auto& in) { return cr::gather(in[0], dim, i); });
  s.expects([=](const Arrays& in) {
    return build(index.shape, [&](const Sizes& p) {
      Sizes there = p;
      if (n > 0) there[static_cast<std::size_t>(at)] = whole(index.at(p));
      return in[0].at(there);
    });
  });
  return s;
}
Sample draw_scatter_add(Draw& d) {
  Sample s;
  const Sizes x = d.shape();
  const int n = static_cast<int>(x.size());
  const auto dim = d.dim(n, s.refused), at = s.refused || n == 0 ? 0 : wrap(dim, n);
  Sizes shape = x, source;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    shape[k] = static_cast<std::int64_t>(k) == at ? d.size() : d.between(0, shape[k]);
    source.push_back(shape[k] + d.between(0, 1));
  }
  s.inputs = {d.values(x), d.values(source)};
  const Array index = draw_index(d, shape, n == 0 ? 1 : x[static_cast<std::size_t>(at)], s.refused);
  const Ints i = d.ints(index);
  s.call = "scatter_add(" + num(dim) + ", " + str(index.shape) + ")";
  s.calls([=](const auto& in) { return cr::scatter_add(in[0], dim, i, in[1]); });
  s.expects([=](const Arrays& in) {
    Array y = in[0];
    for (std::int64_t k = 0; k < index.numel(); ++k) {
      Sizes from = index_of(index.shape, k), to = from;
      if (n > 0) to[static_cast<std::size_t>(at)] = whole(index.at(from));
      y.at(to) = y.at(to) + in[1].at(from);
    }
    return y;
  });
  return s;
}
Sample draw_one_hot(Draw& d) {
  Sample s;
  const std::int64_t classes = d.between(1, 4);
  const bool open = d.chance(0.3);
  bool refused = false;
  const Array labels = draw_index(d, d.shape(0, 3, 3), classes, refused);
  double largest = -1, smallest = 0;
  for (const auto& v : labels.x) largest = std::max(largest, v.v), smallest = std::min(smallest, v.v);
  s.refused = smallest < 0 || (open ? labels.numel() == 0 : refused);
  const std::int64_t wide = open ? static_cast<std::int64_t>(largest) + 1 : classes;
  s.inputs = {labels};
  s.call = "one_hot(" + num(open ? -1 : classes) + ")";
  s.values = [=, &d] { return Arrays{array_of(cr::one_hot(d.ints(labels), open ? -1 : classes))}; };
  s.expects([=](const Arrays& in) {
    Sizes shape = in[0].shape;
    shape.push_back(wide);
    return build(shape, [&](Sizes p) {
      const auto c = p.back();
      p.pop_back();
      return Number(whole(in[0].at(p)) == c);
    });
  });
  return s;
}
Sample draw_nonzero(Draw& d) {
  Sample s;
  with_any_type(d, [&](auto zero) {
    using T = decltype(zero);
    const Array x = values_of<T>(d, d.shape());
    s.call = "nonzero";
    s.inputs = {x};
    s.values = [=, &d] { return Arrays{array_of(cr::nonzero(d.tensor<T>(x)))}; };
    s.expects([](const Arrays& in) {
      Array r{{0, in[0].dim()}, {}, {}};
      for (std::int64_t i = 0; i < in[0].numel(); ++i) {
        if (in[0].x[static_cast<std::size_t>(i)].v == 0) continue;
        ++r.shape[0];
        for (auto k : index_of(in[0].shape, i)) r.x.push_back(static_cast<double>(k));
      }
      return r;
    });
  });
  return s;
}
Sample draw_masked_select(Draw& d) {
  Sample s;
  const Sizes wide = d.shape();
  s.inputs = {d.values(d.shape_from(wide))};
  const Array m = d.integers(d.shape_from(wide), 0, 1);
  const Bools mask = d.bools(m);
  s.call = "masked_select(" + str(m.shape) + ")";
  s.calls([=](const auto& in) { return cr::masked_select(in[0], mask); });
  s.expects([=](const Arrays& in) {
    const Sizes shape = broadcast(in[0].shape, m.shape);
    const Array x = expand(in[0], shape), on = expand(m, shape);
    Array r{{0}, {}, {}};
    for (std::size_t i = 0; i < x.x.size(); ++i)
      if (on.x[i].v != 0) r.x.push_back(x.x[i]);
    r.shape[0] = r.numel();
    return r;
  });
  return s;
}
Sample draw_diag(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(d.chance(0.05) ? 0 : 1, d.chance(0.05) ? 4 : 2))};
  const int n = s.inputs[0].dim();
  const bool trace = d.chance(0.25);
  const auto diagonal = trace ? 0 : d.between(-3, 3);
  s.refused = n != 2 && (trace || n != 1);
  s.call = trace ? "trace" : "diag(" + num(diagonal) + ")";
  s.calls([=](const auto& in) { return trace ? cr::trace(in[0]) : cr::diag(in[0], diagonal); });
  s.expects([=](const Arrays& in) {
    const auto down = std::max<std::int64_t>(0, -diagonal), right = std::max<std::int64_t>(0, diagonal);
    if (n == 1) {
      const auto size = in[0].shape[0] + down + right;
      return build({size, size}, [&](const Sizes& p) {
        return p[1] - p[0] == diagonal ? in[0].x[static_cast<std::size_t>(std::min(p[0], p[1]))] : Number(0);
      });
    }
    Array r{{0}, {}, {}};
    for (std::int64_t i = down, k = right; i < in[0].shape[0] && k < in[0].shape[1]; ++i, ++k)
      r.x.push_back(in[0].at({i, k}));
    r.shape[0] = r.numel();
    return trace ? reduce(r, {}, false,
                          [](const std::vector<Number>& l) {
                            Number sum;
                            for (const auto& v : l) sum = sum + v;
                            return sum;
                          })
                 : r;
  });
  return s;
}

// x.index({item, ...}): what each item stands for, by NumPy's rules as PyTorch reads them: integers first, as views.
struct Items {
  std::vector<cr::detail::IndexItem> list;
  std::string text;
  Sizes shape;                                // of the result
  std::function<Sizes(const Sizes&)> source;  // index in the result -> index in x
};
Items draw_items(Draw& d, const Sizes& x, bool& refused) {
  struct Part {
    enum { fixed, range, fresh, picked } kind;
    std::int64_t dim, start, step, size;
    Array index;
  };
  Items items;
  std::vector<Part> parts;
  const int n = static_cast<int>(x.size());
  bool dots = false;
  Sizes common;  // of the index tensors
  for (int k = 0; k < d.between(0, 3); ++k) common.push_back(d.between(1, 3));
  int used = 0;
  const auto whole_dim = [&](int k) { parts.push_back({Part::range, k, 0, 1, x[static_cast<std::size_t>(k)], {}}); };
  while (used < n || d.chance(0.1)) {
    const std::int64_t way = d.between(0, 6), size = used < n ? x[static_cast<std::size_t>(used)] : 0;
    if (way == 5 && parts.size() + static_cast<std::size_t>(n - used) < 8) {  // the view has at most 8 dimensions
      items.list.push_back(cr::None);
      items.text += "None, ";
      parts.push_back({Part::fresh, 0, 0, 0, 1, {}});
      continue;
    }
    if (used == n) break;
    if (way == 0 && size > 0) {
      const auto i = d.between(-size, size - 1);
      items.list.push_back(i);
      items.text += num(i) + ", ";
      parts.push_back({Part::fixed, used++, wrap(i, static_cast<int>(size)), 0, 0, {}});
    } else if (way == 1 || way == 0) {
      const auto from = d.between(-size - 1, size + 1), to = d.between(-size - 1, size + 1), step = d.between(1, 3);
      const bool open = d.flag();
      items.list.push_back(open ? cr::Slice(from, cr::None, step) : cr::Slice(from, to, step));
      items.text += num(from) + ":" + (open ? "" : num(to)) + ":" + num(step) + ", ";
      const auto a = std::clamp<std::int64_t>(from < 0 ? from + size : from, 0, size);
      const auto b = open ? size : std::clamp<std::int64_t>(to < 0 ? to + size : to, 0, size);
      parts.push_back({Part::range, used++, a, step, b > a ? (b - a + step - 1) / step : 0, {}});
    } else if (way == 2 || way == 3) {
      Sizes shape = d.shape_from(common);
      const Array index = draw_index(d, shape, size, refused, true);
      items.list.push_back(d.ints(index));
      items.text += "ints" + str(shape) + ", ";
      parts.push_back({Part::picked, used++, 0, 0, size, index});
    } else if (way == 4) {  // a mask: broadcasts with the other index tensors only if it counts to what they have
      const int dims = static_cast<int>(d.between(1, std::min(2, n - used)));
      const Sizes shape(x.begin() + used, x.begin() + used + dims);
      const Array mask = d.integers(shape, 0, 1);
      Sizes hits;
      for (std::int64_t i = 0; i < mask.numel(); ++i)
        if (mask.x[static_cast<std::size_t>(i)].v != 0) hits.push_back(i);
      const auto many = static_cast<std::int64_t>(hits.size());
      bool fits = common.empty() || common.back() == many || common.back() == 1;
      if (!fits) {
        whole_dim(used++);
        items.list.push_back(cr::Slice());
        items.text += ":, ";
        continue;
      }
      if (common.empty()) common = {many};
      common.back() = many;
      items.list.push_back(d.bools(mask));
      items.text += "mask" + str(shape) + ", ";
      for (int k = 0; k < dims; ++k) {
        Array index{{many}, {}, {}};
        for (auto i : hits) index.x.push_back(static_cast<double>(index_of(shape, i)[static_cast<std::size_t>(k)]));
        parts.push_back({Part::picked, used, 0, 0, x[static_cast<std::size_t>(used)], index});
        ++used;
      }
    } else if (!dots) {
      dots = true;
      const int skip = static_cast<int>(d.between(0, n - used));
      items.list.push_back("...");
      items.text += "..., ";
      for (int k = 0; k < skip; ++k) whole_dim(used++);
      // the items behind must name every dimension that is left
    } else {
      whole_dim(used++);
      items.list.push_back(cr::Slice());
      items.text += ":, ";
    }
    if (used < n && !dots && d.chance(0.2)) {  // the rest is taken whole
      while (used < n) whole_dim(used++);
      break;
    }
  }
  // The index tensors broadcast to `common` only if one of them has each of its sizes.
  Sizes together;
  bool any = false, adjacent = true;
  std::vector<std::size_t> view;  // parts that are dimensions of the view
  std::size_t first = 0, last = 0;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (parts[k].kind == Part::fixed) continue;
    if (parts[k].kind == Part::picked) {
      if (any && last + 1 != view.size()) adjacent = false;
      if (!any) first = view.size();
      last = view.size();
      any = true;
      together = broadcast(together, parts[k].index.shape);
    }
    view.push_back(k);
  }
  if (!adjacent) first = 0;
  Sizes rest;
  for (auto k : view)
    if (parts[k].kind != Part::picked) rest.push_back(static_cast<std::int64_t>(k));
  std::size_t before = 0;  // how many of the rest stand in front of the common shape
  for (std::size_t v = 0; v < view.size() && any && adjacent && v < first; ++v) ++before;
  if (!any) before = rest.size();
  for (std::size_t r = 0; r < before; ++r) items.shape.push_back(parts[static_cast<std::size_t>(rest[r])].size);
  if (any) items.shape.insert(items.shape.end(), together.begin(), together.end());
  for (std::size_t r = before; r < rest.size(); ++r)
    items.shape.push_back(parts[static_cast<std::size_t>(rest[r])].size);
  items.source = [=](const Sizes& p) {
    Sizes there(static_cast<std::size_t>(n));
    const Sizes picked(p.begin() + static_cast<std::ptrdiff_t>(any ? before : 0),
                       p.begin() + static_cast<std::ptrdiff_t>(any ? before + together.size() : 0));
    for (std::size_t r = 0; r < rest.size(); ++r) {
      const Part& part = parts[static_cast<std::size_t>(rest[r])];
      const auto i = p[r < before ? r : r + (any ? together.size() : 0)];
      if (part.kind == Part::range) there[static_cast<std::size_t>(part.dim)] = part.start + i * part.step;
    }
    for (const Part& part : parts) {
      if (part.kind == Part::fixed) there[static_cast<std::size_t>(part.dim)] = part.start;
      if (part.kind != Part::picked) continue;
      const Array wide = expand(part.index, together);
      there[static_cast<std::size_t>(part.dim)] = wrap(whole(wide.at(picked)), static_cast<int>(part.size));
    }
    return there;
  };
  return items;
}
Sample draw_index_call(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(0, 4, 3))};
  const Items items = draw_items(d, s.inputs[0].shape, s.refused);
  if (items.shape.size() > 8) return draw_index_call(d);
  s.call = "index(" + items.text + ")";
  s.calls([=](const auto& in) { return cr::detail::index(in[0], cr::detail::IndexItems(items.list), cr::Location{}); });
  s.expects(
      [=](const Arrays& in) { return build(items.shape, [&](const Sizes& p) { return in[0].at(items.source(p)); }); });
  return s;
}
Sample draw_index_put(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(0, 4, 3))};
  const Items items = draw_items(d, s.inputs[0].shape, s.refused);
  if (items.shape.size() > 8) return draw_index_put(d);
  s.inputs.push_back(d.values(d.shape_from(items.shape)));
  s.call = "index_put_(" + items.text + ")";
  s.calls([=](const auto& in) {
    auto y = in[0].clone();
    cr::detail::index_put(y, cr::detail::IndexItems(items.list), in[1], cr::Location{});
    return y;
  });
  s.expects([=](const Arrays& in) {
    Array y = in[0];
    const Array values = expand(in[1], items.shape);
    std::vector<bool> put(y.x.size());
    for (std::int64_t i = 0; i < values.numel(); ++i) {  // the last one stays; the gradient of all is g, as in PyTorch
      const auto there = static_cast<std::size_t>(position_of(y.shape, items.source(index_of(items.shape, i))));
      const Number& v = values.x[static_cast<std::size_t>(i)];
      Number sum = put[there] ? y.x[there] + v : v;
      sum.v = v.v;
      y.x[there] = sum;
      put[there] = true;
    }
    return y;
  });
  return s;
}

}  // namespace

RandomOps indexing_ops() {
  return {{"index_select", draw_index_select}, {"embedding", draw_embedding}, {"gather", draw_gather},
          {"scatter_add", draw_scatter_add},   {"one_hot", draw_one_hot},     {"nonzero", draw_nonzero},
          {"nonzero", draw_masked_select},     {"diag", draw_diag},           {"index", draw_index_call},
          {"index_put", draw_index_put}};
}

}  // namespace chainrule_test::drawn
