// Softmax and its relatives, normalisation of batches, rows and vectors, dropout.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {

using List = std::vector<Number>;
const Spread plain{.specials = false}, distinct{.ties = false, .specials = false, .same = false};

double largest(const List& l) {
  double best = -inf;
  for (const auto& v : l) best = std::isnan(v.v) || std::isnan(best) ? nan : std::max(best, v.v);
  return best;
}
Number sum_of(const List& l) {
  Number s;
  for (const auto& v : l) s = s + v;
  return s;
}
Number log_sum_exp(const List& l) {
  const double top = largest(l);
  if (std::isinf(top)) return top;
  Number s;
  for (const auto& v : l) s = s + exp(v - Number(top));
  return log(s) + Number(top);
}
Sample draw_softmax(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(), {.low = -4, .high = 4})};
  const int n = s.inputs[0].dim();
  const auto dim = d.dim(n, s.refused), way = d.between(0, 2);
  const bool keep = d.flag();
  s.call = std::string(way == 0   ? "softmax("
                       : way == 1 ? "log_softmax("
                                  : "logsumexp(") +
           std::to_string(dim) + (keep && way == 2 ? ", kept)" : ")");
  s.calls([=](const auto& in) {
    return way == 0   ? cr::softmax(in[0], dim)
           : way == 1 ? cr::log_softmax(in[0], dim)
                      : cr::logsumexp(in[0], dim, keep);
  });
  s.expects([=](const Arrays& in) {
    if (way == 2) return reduce(in[0], {dim}, keep, log_sum_exp);
    return along(in[0], dim, [=](const List& l) {
      const Number total = log_sum_exp(l);
      const bool nothing = std::isinf(total.v) || std::isnan(total.v);
      List r;
      for (const auto& v : l) r.push_back(nothing ? Number(nan) : way == 1 ? v - total : exp(v - total));
      return r;
    });
  });
  return s;
}

Sample draw_batch_norm(Draw& d, bool relu) {
  Sample s;
  Sizes shape = d.shape(2, 4, 4);
  if (d.chance(0.03)) shape = {std::max<std::int64_t>(1, shape[0])}, s.refused = true;
  const std::int64_t channels = shape.size() > 1 ? shape[1] : 1;
  const bool training = d.flag(), statistics = !training || d.flag(), affine = d.flag(), skip = relu && d.flag();
  const std::int64_t values = shape.size() > 1 ? count(shape) / std::max<std::int64_t>(1, channels) : 0;
  s.refused = s.refused || (training && values == 1);
  s.inputs = {d.values(shape, distinct)};
  if (affine) s.inputs.push_back(d.values({channels}, distinct)), s.inputs.push_back(d.values({channels}, distinct));
  if (skip) s.inputs.push_back(d.values(shape, distinct));
  const Array mean = d.values({channels}, distinct),
              var = d.values({channels}, {.low = 0.5, .high = 2, .ties = false, .specials = false, .same = false});
  const double momentum = d.any({0.1, 0.0, 1.0, 0.3}), eps = d.any({1e-5, 1e-3, 0.1});
  if (statistics && d.chance(0.02)) s.refused = true;
  const bool only_mean = statistics && s.refused && shape.size() > 1 && !(training && values == 1);
  s.call = std::string(relu ? "batch_norm_relu(" : "batch_norm(") + (training ? "training" : "evaluation") +
           (statistics ? ", statistics" : "") + (affine ? ", weight and bias" : "") + (skip ? ", skip)" : ")");
  s.looser = 30;  // a channel of two values close to each other
  s.calls([=, &d](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    using T = typename Tensor::value_type;
    const Tensor m = statistics ? d.tensor<T>(mean) : Tensor(),
                 v = statistics && !only_mean ? d.tensor<T>(var) : Tensor();
    const Tensor w = affine ? in[1] : Tensor(), b = affine ? in[2] : Tensor();
    Tensors<T> r{relu ? cr::batch_norm_relu(in[0], m, v, w, b, training, momentum, eps, skip ? in.back() : Tensor())
                      : cr::batch_norm(in[0], m, v, w, b, training, momentum, eps)};
    if (statistics) r.push_back(m.detach().clone()), r.push_back(v.detach().clone());
    return r;
  });
  s.reference = [=](const Arrays& in) {
    const Array& x = in[0];
    Array y = x, m = mean, v = var;
    for (std::int64_t c = 0; c < channels; ++c) {
      List l;
      for (std::int64_t i = 0; i < x.numel(); ++i)
        if (index_of(x.shape, i)[1] == c) l.push_back(x.x[static_cast<std::size_t>(i)]);
      const double n = static_cast<double>(l.size());
      Number center = mean.x[static_cast<std::size_t>(c)], spread = var.x[static_cast<std::size_t>(c)];
      if (training && !l.empty()) {  // of nothing: the running statistics stay
        center = sum_of(l) / Number(n);
        spread = 0;
        for (const auto& e : l) spread = spread + (e - center) * (e - center);
        spread = spread / Number(n);
        Number& running = m.x[static_cast<std::size_t>(c)];
        running = (1 - momentum) * running.v + momentum * center.v;
        Number& running_var = v.x[static_cast<std::size_t>(c)];
        running_var = (1 - momentum) * running_var.v + momentum * spread.v * n / (n - 1);
      }
      const Number scale = Number(1) / sqrt(spread + Number(eps));
      for (std::int64_t i = 0; i < x.numel(); ++i) {
        if (index_of(x.shape, i)[1] != c) continue;
        const auto k = static_cast<std::size_t>(i);
        Number e = (x.x[k] - center) * scale;
        if (affine) e = e * in[1].x[static_cast<std::size_t>(c)] + in[2].x[static_cast<std::size_t>(c)];
        if (skip) e = e + in.back().x[k];
        y.x[k] = relu && !(e.v > 0) ? Number(0) : e;
      }
    }
    Arrays r{y};
    if (statistics) r.push_back(m), r.push_back(v);
    return r;
  };
  return s;
}

Sample draw_layer_norm(Draw& d) {
  Sample s;
  const Sizes shape = d.shape(1, 4, 4);
  const auto first = d.between(0, static_cast<std::int64_t>(shape.size()) - 1);
  Sizes normalized(shape.begin() + first, shape.end());
  const auto whole = normalized;
  if (d.chance(0.03)) normalized[0] += 1, s.refused = true;
  const bool weight = d.flag(), bias = d.flag();
  const double eps = d.any({1e-5, 1e-3, 0.1});
  s.inputs = {d.values(shape, distinct)};
  if (weight) s.inputs.push_back(d.values(normalized, plain));
  if (bias) s.inputs.push_back(d.values(normalized, plain));
  s.looser = 30;
  s.call = "layer_norm(" + str(normalized) + (weight ? ", weight" : "") + (bias ? ", bias)" : ")");
  s.calls([=](const auto& in) {
    using Tensor = std::decay_t<decltype(in[0])>;
    return cr::layer_norm(in[0], shape_of(normalized), weight ? in[1] : Tensor(), bias ? in.back() : Tensor(), eps);
  });
  s.expects([=](const Arrays& in) {
    const auto width = count(whole);
    Array y = in[0];
    for (std::int64_t row = 0; width > 0 && row < in[0].numel() / width; ++row) {
      const List l(in[0].x.begin() + row * width, in[0].x.begin() + (row + 1) * width);
      const Number n = static_cast<double>(width), center = sum_of(l) / n;
      Number spread;
      for (const auto& e : l) spread = spread + (e - center) * (e - center);
      const Number scale = Number(1) / sqrt(spread / n + Number(eps));
      for (std::int64_t i = 0; i < width; ++i) {
        Number e = (l[static_cast<std::size_t>(i)] - center) * scale;
        if (weight) e = e * in[1].x[static_cast<std::size_t>(i)];
        if (bias) e = e + in.back().x[static_cast<std::size_t>(i)];
        y.x[static_cast<std::size_t>(row * width + i)] = e;
      }
    }
    return y;
  });
  return s;
}

// The p-norm of a vector that is not 0 anywhere (norm's own conventions are drawn in reduction.cpp).
Number norm_of(const List& l, double p) {
  if (std::isinf(p)) {
    Number best;
    for (const auto& v : l)
      if (std::abs(v.v) > best.v) best = abs(v);
    return best;
  }
  Number s;
  for (const auto& v : l) s = s + (p == 2 ? v * v : power(abs(v), p));
  return p == 2 ? sqrt(s) : power(s, 1 / p);
}
Number at_least(const Number& x, double low) { return x.v > low ? x : Number(low); }

// cosine_similarity: below eps the norm keeps its derivatives, as in PyTorch.
Number kept_at_least(const Number& x, double low) { return {std::max(x.v, low), x.a, x.b, x.ab}; }

Sample draw_normalize(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape(), {.low = 0.25, .high = 3, .ties = false, .specials = false, .same = false})};
  for (auto& v : s.inputs[0].x)
    if (d.flag()) v = -v;
  const auto dim = d.dim(s.inputs[0].dim(), s.refused);
  const double p = d.any({2.0, 1.0, 3.0, inf, 0.5, -1.0, 0.0}), eps = d.any({1e-12, 0.5, 2.0});
  const Sizes& shape = s.inputs[0].shape;
  if (!s.refused && (p < 0 || p == inf) && !shape.empty())  // nothing has no such norm
    s.refused = shape[static_cast<std::size_t>(wrap(dim, static_cast<int>(shape.size())))] == 0;
  s.looser = p < 1 ? 100 : 10;
  s.call = "normalize(" + std::to_string(p) + ", " + std::to_string(dim) + ", " + std::to_string(eps) + ")";
  s.calls([=](const auto& in) { return cr::normalize(in[0], p, dim, eps); });
  s.expects([=](const Arrays& in) {
    return along(in[0], dim, [=](const List& l) {
      const Number length = at_least(p == 0 ? Number(static_cast<double>(l.size())) : norm_of(l, p), eps);
      List r;
      for (const auto& v : l) r.push_back(v / length);
      return r;
    });
  });
  return s;
}
Sample draw_cosine(Draw& d) {
  Sample s;
  const Sizes wide = d.shape();
  s.inputs = {d.values(d.shape_from(wide), {.low = 0.25, .high = 3, .ties = false, .specials = false}),
              d.values(wide, {.low = -3, .high = -0.25, .ties = false, .specials = false})};
  for (auto& x : s.inputs)
    if (std::find(x.same.begin(), x.same.end(), true) == x.same.end())
      for (auto& v : x.x)
        if (d.flag()) v = -v;
  const auto dim = d.dim(static_cast<int>(wide.size()), s.refused);
  const double eps = d.any({1e-8, 0.5, 2.0});
  s.looser = 10;
  s.call = "cosine_similarity(" + std::to_string(dim) + ", " + std::to_string(eps) + ")";
  s.calls([=](const auto& in) { return cr::cosine_similarity(in[0], in[1], dim, eps); });
  s.expects([=](const Arrays& in) {
    const auto square = [](const Number& v) { return v * v; };
    const auto length = [&](const Array& x) {
      return map(reduce(map(expand(x, wide), square), {dim}, false, sum_of),
                 [=](const Number& v) { return kept_at_least(sqrt(v), eps); });
    };
    const auto times = [](const Number& a, const Number& b) { return a * b; };
    const Array dot = reduce(zip(expand(in[0], wide), in[1], times), {dim}, false, sum_of);
    return zip(dot, zip(length(in[0]), length(in[1]), times), [](const Number& a, const Number& b) { return a / b; });
  });
  return s;
}
Sample draw_dropout(Draw& d) {
  Sample s;
  s.inputs = {d.values(d.shape())};
  const double p = d.any({0.0, 0.5, 0.25, 1.0, d.chance(0.1) ? 1.5 : 0.75});
  const bool training = d.chance(0.8);
  const auto seed = d.bits();
  s.refused = p > 1;
  s.call = "dropout(" + std::to_string(p) + (training ? ", training)" : ")");
  s.nan_gradients = false;
  s.calls([=](const auto& in) {
    cr::Generator g(seed);
    return cr::dropout(in[0], p, training, &g);
  });
  s.expects([=](const Arrays& in) {  // which elements stay is random: those that do among ones
    if (!training || p == 0) return in[0];
    cr::Generator g(seed);
    const auto mask = cr::dropout(cr::ones<double>(shape_of(in[0].shape)), p, true, &g).to_vector();
    Array y = in[0];
    for (std::size_t i = 0; i < mask.size(); ++i) y.x[i] = mask[i] != 0 ? y.x[i] / Number(1 - p) : Number(0);
    return y;
  });
  return s;
}

}  // namespace

RandomOps normalisation_ops() {
  return {{"softmax", draw_softmax},
          {"batch_norm", [](Draw& d) { return draw_batch_norm(d, false); }},
          {"batch_norm_relu", [](Draw& d) { return draw_batch_norm(d, true); }},
          {"layer_norm", draw_layer_norm},
          {"normalize", draw_normalize},
          {"normalize", draw_cosine},
          {"dropout", draw_dropout}};
}

}  // namespace chainrule_test::drawn
