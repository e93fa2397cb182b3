// Draws, operands, and the comparison of a call with its reference.

#include "random/draw.hpp"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>

extern "C" {
[[gnu::weak]] void __sanitizer_set_death_callback(void (*)());
}

namespace chainrule_test::drawn {

namespace {

std::string current;  // the call that runs now: for a crash's report
void tell_current() { std::fprintf(stderr, "\nin the draw: %s\n", current.c_str()); }

std::uint64_t mixed(std::uint64_t z) {  // the finalizer of splitmix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Draw::Draw(std::uint64_t seed, const std::string& op, std::int64_t number) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (char c : op) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  key_ = mixed(mixed(seed + 0x9e3779b97f4a7c15u) ^ h) ^
         mixed(static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15u + 1);
}
std::uint64_t Draw::bits() { return mixed(key_ + 0x9e3779b97f4a7c15u * ++counter_); }
double Draw::uniform(double low, double high) {
  return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
}
std::int64_t Draw::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>((bits() >> 1) % static_cast<std::uint64_t>(high - low + 1));
}
std::int64_t Draw::size(std::int64_t largest) {
  const double p = uniform(0, 1);
  return p < 0.06 ? 0 : p < 0.25 ? 1 : between(std::min<std::int64_t>(2, largest), largest);
}
Sizes Draw::shape(int min_dims, int max_dims, std::int64_t largest) {
  Sizes s(static_cast<std::size_t>(between(min_dims, max_dims)));
  for (auto& n : s) n = size(largest);
  while (count(s) > 60)
    for (auto& n : s) n = std::min<std::int64_t>(n, std::max<std::int64_t>(1, n - 1));
  if (largest >= 4 && !s.empty() && count(s) <= 8 &&
      chance(0.06))  // several vectors of the processor, and what is left of one
    s[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(s.size()) - 1))] = between(5, 40);
  return s;
}
Sizes Draw::shape_from(const Sizes& wide) {
  Sizes s(wide.begin() + (chance(0.3) ? between(0, static_cast<std::int64_t>(wide.size())) : 0), wide.end());
  for (auto& n : s)
    if (chance(0.25)) n = 1;
  return s;
}
double Draw::value(const Spread& s) { return static_cast<double>(static_cast<float>(uniform(s.low, s.high))); }
Array Draw::values(const Sizes& shape, const Spread& s) {
  Array a = filled(shape, 0.0);
  const bool ties = s.ties && chance(0.35), specials = s.specials && chance(0.12);
  const auto lowest = static_cast<std::int64_t>(std::ceil(2 * s.low)),
             highest = static_cast<std::int64_t>(std::floor(2 * s.high));
  for (auto& v : a.x) {
    v = ties && highest >= lowest ? 0.5 * static_cast<double>(between(lowest, highest)) : value(s);
    if (specials && chance(0.3)) v = any({nan, nan, inf, -inf});
  }
  a.same.assign(shape.size(), false);
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (!s.same || !chance(0.1)) continue;
    a.same[k] = true;
    for (std::int64_t i = 0; i < a.numel(); ++i) {
      Sizes index = index_of(shape, i);
      index[k] = 0;
      a.x[static_cast<std::size_t>(i)] = a.at(index);
    }
  }
  return a;
}
Array Draw::integers(const Sizes& shape, std::int64_t low, std::int64_t high) {
  Array a = values(shape, {.ties = false, .specials = false});  // for its equal dimensions
  std::map<double, double> chosen;
  for (auto& v : a.x) {
    if (!chosen.count(v.v)) chosen[v.v] = static_cast<double>(between(low, high));
    v = chosen[v.v];
  }
  return a;
}
std::int64_t Draw::dim(int n, bool& refused) {
  const int range = std::max(1, n);
  if (chance(0.02)) {
    refused = true;
    return flag() ? range : -range - 1;
  }
  return between(-range, range - 1);
}
Sizes Draw::dims(int n, bool& refused) {
  Sizes all(static_cast<std::size_t>(std::max(1, n))), some;
  std::iota(all.begin(), all.end(), 0);
  for (std::size_t i = all.size(); i > 1; --i)
    std::swap(all[i - 1], all[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(i) - 1))]);
  for (auto d : all)
    if (flag()) some.push_back(flag() ? d : d - std::max(1, n));
  if (!some.empty() && chance(0.02)) {
    refused = true;
    some.push_back(some[0]);
  }
  return some;
}

template <class T> Operand<T> operand(Draw& d, const Array& values, bool requires_grad) {
  const int n = values.dim();
  struct Axis {
    int dim;  // of the operand; -1: one that is selected away
    std::int64_t size, first, step, memory;
  };
  std::vector<Axis> axes;
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  const bool plain = d.chance(0.25), mixed_order = !plain && d.chance(0.6);
  for (int i = n; mixed_order && i > 1; --i)
    std::swap(order[static_cast<std::size_t>(i - 1)], order[static_cast<std::size_t>(d.between(0, i - 1))]);
  if (!plain && d.chance(0.3) && n < cr::Shape::max_dims) order.insert(order.begin() + d.between(0, n), -1);
  for (int k : order) {
    Axis a{k, 1, 0, 1, 1};
    if (k >= 0)
      a.size = !values.same.empty() && values.same[static_cast<std::size_t>(k)] &&
                       values.shape[static_cast<std::size_t>(k)] > 0
                   ? 1
                   : values.shape[static_cast<std::size_t>(k)];
    if (!plain && (k < 0 || d.chance(0.4))) {
      a.first = d.between(0, 2);
      a.step = k < 0 ? 1 : d.between(1, 3);
    }
    a.memory = a.first + (a.size > 0 ? (a.size - 1) * a.step + 1 : 0) + (plain ? 0 : d.between(0, 1));
    axes.push_back(a);
  }
  Sizes memory_shape;
  for (const auto& a : axes) memory_shape.push_back(a.memory);
  const std::int64_t numel = count(memory_shape);
  T* memory = d.memory<T>(numel);
  for (std::int64_t i = 0; i < numel; ++i) {
    if constexpr (cr::Real<T>) memory[i] = std::numeric_limits<T>::quiet_NaN();
    else memory[i] = static_cast<T>(77);
  }
  Operand<T> o;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const Sizes index = index_of(values.shape, i);
    Sizes there;
    for (const auto& a : axes) {
      const std::int64_t along = a.dim < 0 || a.size != values.shape[static_cast<std::size_t>(a.dim)]
                                     ? 0
                                     : index[static_cast<std::size_t>(a.dim)];
      there.push_back(a.first + along * a.step);
    }
    o.from.push_back(position_of(memory_shape, there));
    memory[o.from.back()] = static_cast<T>(values.x[static_cast<std::size_t>(i)].v);
  }
  o.leaf = cr::Tensor<T>::from_blob(memory, shape_of(memory_shape));
  if (d.flag()) o.leaf = o.leaf.clone();
  const bool whole = d.chance(0.6);  // the leaf is the memory; else the operand itself
  if (requires_grad && whole) o.leaf.requires_grad_();
  o.x = o.leaf;
  int axis = 0;
  std::vector<int> left;
  for (const auto& a : axes) {
    if (a.dim < 0) {
      o.x = o.x.select(axis, a.first);
      continue;
    }
    if (a.step > 1 || d.chance(0.2))
      o.x = o.x.slice(axis, a.first, a.first + (a.size > 0 ? (a.size - 1) * a.step + 1 : 0), a.step);
    else if (a.size != a.memory) o.x = o.x.narrow(axis, a.first, a.size);
    left.push_back(a.dim);
    ++axis;
  }
  if (mixed_order) {
    cr::Dims back = cr::Shape::filled(n, 0);
    for (int i = 0; i < n; ++i) back[left[static_cast<std::size_t>(i)]] = i;
    o.x = o.x.permute(back);
  }
  if (!(o.x.shape() == shape_of(values.shape))) o.x = o.x.expand(shape_of(values.shape));
  if (!whole) {
    o.x = o.leaf = o.x.detach();
    if (requires_grad) o.leaf.requires_grad_();
    std::iota(o.from.begin(), o.from.end(), 0);
  }
  return o;
}
template Operand<float> operand(Draw&, const Array&, bool);
template Operand<double> operand(Draw&, const Array&, bool);
template <class T> cr::Tensor<T> Draw::tensor(const Array& values) { return operand<T>(*this, values, false).x; }
template cr::Tensor<float> Draw::tensor(const Array&);
template cr::Tensor<double> Draw::tensor(const Array&);
template cr::Tensor<std::int64_t> Draw::tensor(const Array&);
template cr::Tensor<std::int32_t> Draw::tensor(const Array&);
template cr::Tensor<std::uint8_t> Draw::tensor(const Array&);
template cr::Tensor<bool> Draw::tensor(const Array&);

namespace {

struct Disagreement {
  std::string what;
};
std::string text(double v) {
  char s[40];
  std::snprintf(s, sizeof s, "%.9g", v);
  return s;
}
std::string text(const Array& a) {
  std::string s = "{";
  for (std::size_t i = 0; i < a.x.size(); ++i) s += (i ? ", " : "") + text(a.x[i].v);
  return s + "}";
}
bool close(double got, double want, double tolerance, double scale) {
  if (std::isnan(want)) return std::isnan(got);
  if (got == want) return true;
  return std::abs(got - want) <= tolerance * std::max({1.0, scale, std::abs(want)});
}
void compare(const char* what, std::size_t output, const Array& got, const Array& want, double tolerance) {
  const std::string name = what + (output ? " of result " + std::to_string(output) : std::string());
  if (got.shape != want.shape)
    throw Disagreement{name + " has shape " + str(got.shape) + ", expected " + str(want.shape)};
  for (std::size_t i = 0; i < want.x.size(); ++i)
    if (!close(got.x[i].v, want.x[i].v, tolerance, 0))
      throw Disagreement{name + " is " + text(got.x[i].v) + " at " +
                         str(index_of(want.shape, static_cast<std::int64_t>(i))) + ", expected " + text(want.x[i].v) +
                         " (" + text(got) + ", expected " + text(want) + ")"};
}
void compare_sum(const char* what, const std::vector<double>& got, const std::vector<double>& want, double tolerance) {
  double g = 0, w = 0, scale = 0;
  for (double v : got) g += v, scale += std::abs(v);
  for (double v : want) w += v, scale += std::abs(v);
  if (!close(g, w, tolerance, scale))
    throw Disagreement{std::string(what) + " is " + text(g) + ", expected " + text(w)};
}
bool finite(const Number& x) {
  return !std::isnan(x.v) && std::isfinite(x.a) && std::isfinite(x.b) && std::isfinite(x.ab);
}

template <class T> std::vector<double> doubles(const cr::Tensor<T>& t) {
  const auto v = t.to_vector();
  return {v.begin(), v.end()};
}
template <class T> cr::Tensor<T> tensor_of(const std::vector<double>& v, const cr::Shape& shape) {
  return cr::tensor(std::vector<T>(v.begin(), v.end())).reshape(shape);
}

// The gradients' own derivatives: of the inputs (along the second direction), and of the upstream gradients, which give
// J v.
template <class T> void check_sample(Draw& d, const Sample& s, const Function<T>& call) {
  const double tolerance = (std::is_same_v<T, float> ? 3e-4 : 1e-8) * s.looser;
  std::vector<Operand<T>> in;
  std::vector<bool> needed;
  const bool differentiate = s.level != Level::value && !s.refused && !s.inputs.empty();
  bool any_needed = false;
  for (std::size_t i = 0; i < s.inputs.size(); ++i) {
    needed.push_back(differentiate && d.chance(0.8));
    any_needed = any_needed || needed.back();
  }
  if (differentiate && !any_needed)
    needed[static_cast<std::size_t>(d.between(0, static_cast<std::int64_t>(needed.size()) - 1))] = true;
  Tensors<T> xs;
  for (std::size_t i = 0; i < s.inputs.size(); ++i) {
    in.push_back(operand<T>(d, s.inputs[i], needed[i]));
    xs.push_back(in[i].x);
  }
  const Tensors<T> ys = call(xs);
  if (s.refused) throw Disagreement{"should have been refused"};

  // Directions: at random, or, where a NaN is about, along one element.
  bool all_finite = true;
  for (const auto& a : s.inputs)
    for (const auto& v : a.x) all_finite = all_finite && std::isfinite(v.v);
  std::vector<std::vector<double>> v1, v2;
  std::vector<std::pair<std::size_t, std::size_t>> single;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto n = static_cast<std::size_t>(in[i].leaf.numel());
    v1.emplace_back(n, 0.0);
    v2.emplace_back(n, 0.0);
    if (!needed[i]) continue;
    for (std::size_t k = 0; k < n && all_finite; ++k) v1[i][k] = d.uniform(-1, 1), v2[i][k] = d.uniform(-1, 1);
    for (std::size_t k = 0; k < in[i].from.size() && !all_finite; ++k)
      if (!std::isinf(s.inputs[i].x[k].v)) single.emplace_back(i, static_cast<std::size_t>(in[i].from[k]));
  }
  if (!single.empty()) {
    const auto [i, k] = d.any(single);
    v1[i][k] = 1;
  }
  Arrays dual = s.inputs;
  for (std::size_t i = 0; i < in.size(); ++i)
    for (std::size_t k = 0; k < dual[i].x.size(); ++k)
      dual[i].x[k] = Number(dual[i].x[k].v, v1[i][static_cast<std::size_t>(in[i].from[k])],
                            v2[i][static_cast<std::size_t>(in[i].from[k])], 0);
  const Arrays want = s.reference(dual);

  if (ys.size() != want.size())
    throw Disagreement{"gives " + std::to_string(ys.size()) + " results, expected " + std::to_string(want.size())};
  for (std::size_t o = 0; o < ys.size(); ++o) compare("the value", o, array_of(ys[o]), want[o], tolerance);
  if (!differentiate) return;

  bool comparable = true;
  for (const auto& y : want)
    for (const auto& v : y.x) comparable = comparable && finite(v);
  if (!all_finite) comparable = s.nan_gradients && !single.empty();
  else if (!comparable) comparable = false;

  // Upstream gradients, of any layout.
  const bool twice = d.chance(0.7) && s.level == Level::second;
  Tensors<T> outputs, ups, leaves, up_leaves;
  std::vector<std::vector<double>> up_values;
  std::vector<std::size_t> which;
  std::vector<double> first, second;
  std::vector<Operand<T>> up_operands;
  for (std::size_t o = 0; o < ys.size(); ++o) {
    if (!ys[o].requires_grad()) continue;
    Array c = d.values(want[o].shape, {.low = -1, .high = 1, .specials = false});
    up_operands.push_back(operand<T>(d, c, twice));
    outputs.push_back(ys[o]);
    ups.push_back(up_operands.back().x);
    up_leaves.push_back(up_operands.back().leaf);
    which.push_back(o);
    for (std::size_t k = 0; k < c.x.size(); ++k) {
      first.push_back(want[o].x[k].a == 0 ? 0 : c.x[k].v * want[o].x[k].a);
      second.push_back(want[o].x[k].ab == 0 ? 0 : c.x[k].v * want[o].x[k].ab);
    }
  }
  for (std::size_t o = 0; o < ys.size() && comparable; ++o)
    for (std::size_t k = 0; k < want[o].x.size() && !ys[o].requires_grad(); ++k)
      if (want[o].x[k].a != 0)
        throw Disagreement{"the result has no gradient, but depends on an input that requires one"};
  if (outputs.empty()) return;
  std::vector<std::size_t> input_of;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (needed[i]) leaves.push_back(in[i].leaf), input_of.push_back(i);
  const auto gs =
      cr::autograd::grad(outputs, leaves, ups, {.retain_graph = d.flag(), .create_graph = twice, .allow_unused = true});
  std::vector<double> got;
  for (std::size_t j = 0; j < gs.size(); ++j) {
    if (!gs[j].defined()) continue;
    if (!(gs[j].shape() == leaves[j].shape()))
      throw Disagreement{"the gradient of input " + std::to_string(input_of[j]) + " has shape " + gs[j].shape().str() +
                         ", not the input's, " + leaves[j].shape().str()};
    const auto g = doubles(gs[j]);
    for (std::size_t k = 0; k < g.size(); ++k)
      if (v1[input_of[j]][k] != 0) got.push_back(g[k] * v1[input_of[j]][k]);
  }
  if (comparable) compare_sum("the gradient along a direction", got, first, tolerance * 10);
  if (!twice) return;

  Tensors<T> second_outputs, second_ups, second_leaves = leaves;
  for (std::size_t j = 0; j < gs.size(); ++j) {
    if (!gs[j].defined() || !gs[j].requires_grad()) continue;
    second_outputs.push_back(gs[j]);
    second_ups.push_back(tensor_of<T>(v1[input_of[j]], gs[j].shape()));
  }
  for (const auto& c : up_leaves) second_leaves.push_back(c);
  Tensors<T> hs(second_leaves.size());
  if (!second_outputs.empty())
    hs = cr::autograd::grad(second_outputs, second_leaves, second_ups, {.allow_unused = true});
  got.clear();
  for (std::size_t j = 0; j < leaves.size(); ++j) {
    if (!hs[j].defined()) continue;
    const auto h = doubles(hs[j]);
    for (std::size_t k = 0; k < h.size(); ++k) got.push_back(h[k] * v2[input_of[j]][k]);
  }
  if (!comparable || !all_finite) return;
  compare_sum("the second derivative along two directions", got, second, tolerance * 100);
  for (std::size_t o = 0; o < which.size(); ++o) {  // d(g, v1) / d(upstream) = J v1, element by element
    const Array& y = want[which[o]];
    std::vector<double> jv(static_cast<std::size_t>(up_leaves[o].numel())), h(jv.size());
    for (std::size_t k = 0; k < y.x.size(); ++k) jv[static_cast<std::size_t>(up_operands[o].from[k])] += y.x[k].a;
    if (hs[leaves.size() + o].defined()) h = doubles(hs[leaves.size() + o]);
    for (std::size_t k = 0; k < jv.size(); ++k)
      if (!close(h[k], jv[k], tolerance * 10, 0))
        throw Disagreement{"the derivative of the gradient by its upstream is " + text(h[k]) + ", expected " +
                           text(jv[k])};
  }
}

std::string run_one(Draw& d, const Sample& s) {
  try {
    if (s.values) {
      const Arrays got = s.values();
      if (s.refused) return "should have been refused";
      const Arrays want = s.reference(s.inputs);
      if (got.size() != want.size())
        return "gives " + std::to_string(got.size()) + " results, expected " + std::to_string(want.size());
      for (std::size_t o = 0; o < want.size(); ++o) compare("the value", o, got[o], want[o], 1e-5 * s.looser);
    } else if (!s.double_only && d.chance(0.3)) {
      current += " in float";
      check_sample<float>(d, s, s.run.in_float);
    } else {
      check_sample<double>(d, s, s.run.in_double);
    }
  } catch (const Disagreement& e) { return e.what; } catch (const cr::Error& e) {
    return s.refused ? std::string() : std::string("throws: ") + e.what();
  } catch (const std::exception& e) { return std::string("throws, and not an Error: ") + e.what(); }
  return {};
}

}  // namespace

std::string disagreements(const RandomOps& list, std::int64_t draws) {
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(tell_current);
  const char* only = std::getenv("CHAINRULE_DRAW");
  const char* seed_text = std::getenv("CHAINRULE_DRAW_SEED");
  const bool trace = std::getenv("CHAINRULE_DRAW_TRACE") != nullptr;
  const std::uint64_t seed = seed_text ? std::strtoull(seed_text, nullptr, 10) : 1;
  const std::string only_op = only ? std::string(only, std::strcspn(only, ":")) : "";
  const char* only_number = only ? std::strchr(only, ':') : nullptr;
  std::map<std::string, std::vector<const RandomOp*>> by_op;
  for (const auto& r : list) by_op[r.op].push_back(&r);
  std::string report;
  for (const auto& [op, ways] : by_op) {
    if (only && op != only_op) continue;
    std::int64_t bad = 0;
    std::map<std::string, int> told;  // a few of each kind
    for (std::int64_t i = 0; i < draws; ++i) {
      if (only_number && i != std::strtoll(only_number + 1, nullptr, 10)) continue;
      Draw d(seed, op, i);
      const Sample s = d.any(ways)->make(d);
      current = op + ":" + std::to_string(i) + " " + s.call + " of";
      for (const auto& a : s.inputs) current += " " + str(a.shape);
      if (trace) std::fprintf(stderr, "%s\n", current.c_str());
      const std::string what = run_one(d, s);
      if (what.empty()) continue;
      ++bad;
      if (told[s.call.substr(0, s.call.find('(')) + what.substr(0, 14)]++ >= 2 && !only) continue;
      report += "\nCHAINRULE_DRAW=" + current + ": " + what;
      for (std::size_t k = 0; k < s.inputs.size() && (only || s.inputs[k].x.size() < 9); ++k)
        report += "\n    input " + std::to_string(k) + ": " + text(s.inputs[k]);
    }
    if (bad)
      report += "\n" + op + ": " + std::to_string(bad) + " of " + std::to_string(draws) + " draws disagree (seed " +
                std::to_string(seed) + ")\n";
  }
  return report;
}

}  // namespace chainrule_test::drawn
