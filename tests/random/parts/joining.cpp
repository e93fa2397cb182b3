// Tensors joined, and cut into several.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {

Array joined(const Arrays& parts, std::int64_t d) {
  const auto k = static_cast<std::size_t>(d);
  Sizes shape = parts[0].shape;
  shape[k] = 0;
  for (const auto& p : parts) shape[k] += p.shape[k];
  return build(shape, [&](const Sizes& i) {
    Sizes there = i;
    std::size_t which = 0;
    while (there[k] >= parts[which].shape[k]) there[k] -= parts[which++].shape[k];
    return parts[which].at(there);
  });
}
Array part_of(const Array& x, std::int64_t d, std::int64_t begin, std::int64_t size) {
  Sizes shape = x.shape;
  shape[static_cast<std::size_t>(d)] = size;
  return build(shape, [&](const Sizes& i) {
    Sizes there = i;
    there[static_cast<std::size_t>(d)] += begin;
    return x.at(there);
  });
}
Array with_dim(Array x, std::int64_t d) {
  x.shape.insert(x.shape.begin() + d, 1);
  return x;
}
Array without_dim(Array x, std::int64_t d) {
  x.shape.erase(x.shape.begin() + d);
  return x;
}

Sample draw_cat(Draw& d) {
  Sample s;
  const Sizes first = d.shape(1, 3, 3);
  const int n = static_cast<int>(first.size());
  const auto dim = d.dim(n, s.refused), at = s.refused ? 0 : wrap(dim, n), many = d.between(1, 4);
  for (std::int64_t i = 0; i < many; ++i) {
    Sizes shape = first;
    shape[static_cast<std::size_t>(at)] = d.size(3);
    if (i > 0 && d.chance(0.02) && n > 1) shape[static_cast<std::size_t>(at == 0 ? 1 : 0)] += 1, s.refused = true;
    if (d.chance(0.1)) shape = {0};  // left out
    s.inputs.push_back(d.values(shape));
  }
  const bool twice = d.chance(0.15);  // the first one again
  bool all_empty = true;
  for (const auto& x : s.inputs) all_empty = all_empty && x.shape == Sizes{0};
  if (all_empty && n > 1) s.refused = dim != 0 && dim != -1;
  if (s.refused && !all_empty) {  // whether the sizes still disagree depends on which were left out
    Sizes seen;
    bool differ = dim < -n || dim >= n;
    for (const auto& x : s.inputs) {
      if (x.shape == Sizes{0}) continue;
      Sizes others = x.shape;
      others[static_cast<std::size_t>(at)] = 0;
      differ = differ || (!seen.empty() && seen != others);
      seen = others;
    }
    s.refused = differ;
  }
  s.call = "cat(" + std::to_string(dim) + (twice ? ", the first again)" : ")");
  s.calls([=](auto in) {
    if (twice) in.push_back(in[0]);
    return cr::cat(in, dim);
  });
  s.expects([=](Arrays in) {
    if (twice) in.push_back(in[0]);
    Arrays parts;
    for (const auto& x : in)
      if (x.shape != Sizes{0}) parts.push_back(x);
    return parts.empty() ? in[0] : joined(parts, at);
  });
  return s;
}
Sample draw_stack(Draw& d) {
  Sample s;
  const Sizes shape = d.shape(0, 3, 3);
  const int n = static_cast<int>(shape.size());
  const auto many = d.between(1, 3), way = d.between(0, 2);
  bool refused = false;
  const auto dim = d.dim(n + 1, refused);
  for (std::int64_t i = 0; i < many; ++i) s.inputs.push_back(d.values(shape));
  if (way == 0) {
    s.refused = refused;
    s.call = "stack(" + std::to_string(dim) + ")";
    s.calls([=](const auto& in) { return cr::stack(in, dim); });
  } else {
    s.call = way == 1 ? "vstack" : "hstack";
    s.calls([=](const auto& in) { return way == 1 ? cr::vstack(in) : cr::hstack(in); });
  }
  s.expects([=](const Arrays& in) {
    Arrays parts;
    for (const auto& x : in) {
      if (way == 0) parts.push_back(with_dim(x, wrap(dim, n + 1)));
      else if (way == 1) parts.push_back(n == 0 ? reshape(x, {1, 1}) : n == 1 ? with_dim(x, 0) : x);
      else parts.push_back(n == 0 ? reshape(x, {1}) : x);
    }
    return joined(parts, way == 0 ? wrap(dim, n + 1) : way == 1 ? 0 : n > 1 ? 1 : 0);
  });
  return s;
}
Sample draw_split(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(1, 3))};
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), at = s.refused ? 0 : wrap(dim, n),
             size = s.inputs[0].shape[static_cast<std::size_t>(at)];
  const auto way = d.between(0, 3), by = d.between(d.chance(0.05) ? 0 : 1, 5);
  Sizes sizes;
  if (way == 0) {  // by sizes
    for (std::int64_t left = size; sizes.size() < 7 && (left > 0 || d.chance(0.2)); left -= sizes.back())
      sizes.push_back(d.between(0, left));
    std::int64_t sum = 0;
    for (auto k : sizes) sum += k;
    if (sum < size || sizes.empty()) sizes.push_back(size - sum);
    if (d.chance(0.05)) sizes[0] += 1, s.refused = true;
    s.call = "split(" + str(sizes) + ", " + std::to_string(dim) + ")";
    s.calls([=](const auto& in) { return cr::split(in[0], shape_of(sizes), dim); });
  } else if (way == 3) {
    s.call = "unbind(" + std::to_string(dim) + ")";
    s.calls([=](const auto& in) { return cr::unbind(in[0], dim); });
    s.reference = [=](const Arrays& in) {
      Arrays parts;
      for (std::int64_t i = 0; i < size; ++i) parts.push_back(without_dim(part_of(in[0], at, i, 1), at));
      return parts;
    };
    return s;
  } else {
    const std::int64_t each = way == 1 ? by : by == 0 ? 0 : (size + by - 1) / by;
    s.refused = s.refused || (by == 0 && !(way == 1 && size == 0));
    for (std::int64_t left = size; each > 0 && left > 0; left -= each) sizes.push_back(std::min(each, left));
    if (size == 0) sizes.assign(way == 1 ? 1 : static_cast<std::size_t>(by), 0);
    s.call = (way == 1 ? "split(" : "chunk(") + std::to_string(by) + ", " + std::to_string(dim) + ")";
    s.calls([=](const auto& in) { return way == 1 ? cr::split(in[0], by, dim) : cr::chunk(in[0], by, dim); });
  }
  s.reference = [=](const Arrays& in) {
    Arrays parts;
    std::int64_t begin = 0;
    for (auto k : sizes) {
      parts.push_back(part_of(in[0], at, begin, k));
      begin += k;
    }
    return parts;
  };
  return s;
}

}  // namespace

RandomOps joining_ops() { return {{"cat", draw_cat}, {"cat", draw_stack}, {"split", draw_split}}; }

}  // namespace chainrule_test::drawn
