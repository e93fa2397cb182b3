#pragma once
// What mse_loss, l1_loss and smooth_l1_loss have in common: a function f of the distance x - y, summed or averaged. f
// has value, slope and curve (f, f', f''); f'' is piecewise constant, so there is nothing to differentiate after it.

#include <chainrule/core/binary.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/mul.hpp>
#include <chainrule/ops/neg.hpp>
#include <chainrule/ops/reduction.hpp>
#include <chainrule/ops/sum.hpp>

namespace chainrule {

namespace fn {

/// loss = scale * sum of f(x - y), in one pass. x and y are contiguous.
template <class F, class T> struct PairwiseLoss {
  static constexpr auto name = F::name;
  using fn = void(const F& f, std::int64_t n, const T* x, const T* y, double scale, T* loss);

  static void cpu(const F& f, std::int64_t n, const T* x, const T* y, double scale, T* loss) {
    constexpr std::int64_t chunk = 16384;
    auto sum_of = [=](std::int64_t begin, std::int64_t end) {
      return simd::run([=] {
        constexpr std::int64_t block = 1024, width = simd::lanes<T>;
        double sum = 0;
        for (std::int64_t from = begin; from < end; from += block) {
          const std::int64_t to = from + block < end ? from + block : end;
          T lane[width] = {};
          std::int64_t i = from;
          for (; i + width <= to; i += width) {
            CHAINRULE_SIMD for (std::int64_t k = 0; k < width; ++k) lane[k] += f.value(x[i + k] - y[i + k]);
          }
          CHAINRULE_SIMD for (std::int64_t k = 0; k < to - i; ++k) lane[k] += f.value(x[i + k] - y[i + k]);
          simd::join_lanes<width / 2>(simd::Plus{}, lane);
          sum += static_cast<double>(lane[0]);
        }
        return sum;
      });
    };
    double total = 0;
    if (n <= chunk) {
      total = sum_of(0, n);
    } else {
      std::vector<double> part(static_cast<std::size_t>((n + chunk - 1) / chunk));
      parallel_chunks(n, chunk, [&](std::int64_t begin, std::int64_t end) {
        part[static_cast<std::size_t>(begin / chunk)] = sum_of(begin, end);
      });
      for (double p : part) total += p;
    }
    *loss = static_cast<T>(total * scale);
  }
};

}  // namespace fn

namespace detail {

/// A loss refuses shapes that differ: what would broadcast by accident gives a number that looks right and trains
/// nothing.
inline void check_same_shape(const char* op, const TensorBase& input, const TensorBase& target, Location at) {
  if (input.shape() == target.shape()) [[likely]]
    return check_same_device(op, at, input, target);
  fail(at, op, ": input ", input.shape(), " and target ", target.shape(), " must have the same shape",
       input.numel() == target.numel() ? "; use target.view_as(input)" : "; expand one of them if that is meant");
}

template <class F> struct LossValue {
  static constexpr auto name = F::name;
  F f;
  template <class T> CHAINRULE_HD T operator()(T x, T y) const { return f.value(x - y); }
};
template <class F, class T> struct LossSlope {
  static constexpr auto name = F::grad_name;
  F f;
  T scale;
  CHAINRULE_HD T operator()(T g, T x, T y) const { return g * scale * f.slope(x - y); }
};
template <class F, class T> struct LossCurve {
  static constexpr auto name = F::curve_name;
  F f;
  T scale;
  CHAINRULE_HD T operator()(T g, T x, T y) const { return g * scale * f.curve(x - y); }
};

template <class F, Real T>
Tensor<T> pairwise_curve(const F& f, const Tensor<T>& a, const Tensor<T>& x, const Tensor<T>& y, double scale,
                         Location at = Location::here()) {
  return record(
      F::curve_name, map(LossCurve<F, T>{f, static_cast<T>(scale)}, at, a, x, y), {a, x, y}, keep(x, y),
      [f, scale](const Tensor<T>& u, const Tensor<T>& p, const Tensor<T>& q) {
        return Grads{pairwise_curve(f, u, p, q, scale), Tensor<T>(), Tensor<T>()};
      },
      at);
}

template <class F, Real T>
Tensor<T> pairwise_slope(const F& f, const Tensor<T>& g, const Tensor<T>& x, const Tensor<T>& y, double scale,
                         Location at = Location::here()) {
  return record(
      F::grad_name, map(LossSlope<F, T>{f, static_cast<T>(scale)}, at, g, x, y), {g, x, y}, keep(g, x, y),
      [f, scale](const Tensor<T>& u, Needs need, const Tensor<T>& up, const Tensor<T>& p, const Tensor<T>& q) {
        Tensor<T> to_g, to_x;
        if (need[0]) to_g = pairwise_slope(f, u, p, q, scale);
        if (need[1] || need[2]) to_x = pairwise_curve(f, u * up, p, q, scale);
        return Grads{to_g, to_x, need[2] ? neg(to_x) : Tensor<T>()};
      },
      at);
}

template <class F, Real T>
Tensor<T> pairwise_loss(const F& f, const Tensor<T>& x, const Tensor<T>& y, chainrule::Reduction reduction,
                        Location at) {
  check_same_shape(F::name, x, y, at);
  const double scale = reduction == chainrule::Reduction::mean ? 1 / static_cast<double>(x.numel()) : 1;
  Tensor<T> loss;
  if (reduction == chainrule::Reduction::none) {
    loss = map(LossValue<F>{f}, at, x, y);
  } else {
    no_grad guard;
    const Tensor<T> a = contiguous(x, at), b = contiguous(y, at);
    loss = allocate<T>({}, x.device());
    kernel<fn::PairwiseLoss<F, T>>::on(x.device(), at)(f, x.numel(), a.data(), b.data(), scale, loss.data());
  }
  return record(
      F::name, loss, {x, y}, keep(x, y),
      [f, scale](const Tensor<T>& g, Needs need, const Tensor<T>& p, const Tensor<T>& q) {
        Tensor<T> gx = pairwise_slope(f, g, p, q, scale);
        return Grads{gx, need[1] ? neg(gx) : Tensor<T>()};
      },
      at);
}

}  // namespace detail

/// Options of the losses that have no others, as in PyTorch.
struct LossOptions {
  Reduction reduction = Reduction::mean;
};

}  // namespace chainrule
