#pragma once
// RMSprop: steps divided by a running root mean square of the gradient.

#include <chainrule/optim/optimizer.hpp>
#include <cmath>
#include <initializer_list>
#include <optional>

namespace chainrule::optim {

struct RMSpropOptions {
  double lr = 1e-2;         ///< learning rate
  double alpha = 0.99;      ///< how slowly the average of g^2 moves
  double eps = 1e-8;        ///< keeps the divisor away from 0
  double weight_decay = 0;  ///< L2 penalty: adds weight_decay * parameter to the gradient
  double momentum = 0;      ///< how much of the last direction is kept
  bool centered = false;    ///< divides by the standard deviation instead: takes the mean of g out
  bool maximize = false;    ///< climbs instead of descending

  template <class F> void each(F f) {
    f("lr", lr), f("alpha", alpha), f("eps", eps), f("weight_decay", weight_decay), f("momentum", momentum),
        f("centered", centered), f("maximize", maximize);
  }
};

/// A group of parameters; what is left out is the optimizer's own.
template <class T = float> struct RMSpropGroup {
  std::vector<Tensor<T>> params = {};
  std::optional<double> lr = {}, alpha = {}, eps = {}, weight_decay = {}, momentum = {};
  std::optional<bool> centered = {}, maximize = {};
};

namespace detail {

/// `full`: with a momentum buffer and the mean of g, which are needed only for momentum > 0 and for centered.
template <class T, bool full> struct RmspropRule {
  static constexpr auto name = full ? "rmsprop_full" : "rmsprop";
  static constexpr int states = full ? 3 : 1;
  T lr, weight_decay, sign, alpha, rest, eps, momentum, centered;  // rest = 1 - alpha; centered is 0 or 1

  CHAINRULE_HD void operator()(T& p, T grad, T& v) const requires(!full) {
    T g = sign * grad + weight_decay * p;
    v = alpha * v + rest * g * g;
    p -= lr * g / (math::sqrt(v) + eps);
  }
  CHAINRULE_HD void operator()(T& p, T grad, T& v, T& b, T& mean) const requires full {
    T g = sign * grad + weight_decay * p;
    v = alpha * v + rest * g * g;
    mean = math::settle(mean + (g - mean) * rest);
    b = math::settle(momentum * b + g / (math::sqrt(v - centered * mean * mean) + eps));
    p -= lr * b;
  }
};

}  // namespace detail

/// RMSprop. For each parameter p with gradient g (g + weight_decay * p with weight decay):
///     v = alpha * v + (1 - alpha) * g^2                          s = sqrt(v) + eps
///     centered:  mean = alpha * mean + (1 - alpha) * g           s = sqrt(v - mean^2) + eps
///     p -= lr * g / s;   with momentum:  b = momentum * b + g / s,  p -= lr * b
/// b and mean count as 0 below 2^-100 (double: 2^-960): see math::settle().
/// Names, defaults and formulas are those of torch.optim.RMSprop (Hinton's lecture; centered: Graves 2013).
///     optim::RMSprop optimizer(net.parameters(), {.lr = 1e-3, .momentum = 0.9});
template <class T = float> class RMSprop final : public OptimizerOf<T, RMSpropOptions, 3> {
  using Base = OptimizerOf<T, RMSpropOptions, 3>;

 public:
  using Options = RMSpropOptions;

  explicit RMSprop(std::vector<Tensor<T>> params, RMSpropOptions options = {}, Location at = Location::here())
      : RMSprop(std::vector{RMSpropGroup<T>{std::move(params)}}, options, at) {}
  explicit RMSprop(std::initializer_list<Tensor<T>> params, RMSpropOptions options = {}, Location at = Location::here())
      : RMSprop(std::vector(params), options, at) {}
  explicit RMSprop(std::vector<RMSpropGroup<T>> groups, RMSpropOptions options = {}, Location at = Location::here())
      : Base("RMSprop", state_names), defaults_(options) {
    for (auto& group : groups) add_param_group(std::move(group), at);
    this->check_not_empty(at);
  }
  /// By position, in PyTorch's order: RMSprop(params, 1e-3, 0.9).
  template <Arithmetic Lr>
  RMSprop(std::vector<Tensor<T>> params, Lr lr, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0,
          double momentum = 0, bool centered = false, Location at = Location::here())
      : RMSprop(std::move(params),
                RMSpropOptions{static_cast<double>(lr), alpha, eps, weight_decay, momentum, centered}, at) {}
  template <Arithmetic Lr>
  RMSprop(std::initializer_list<Tensor<T>> params, Lr lr, double alpha = 0.99, double eps = 1e-8,
          double weight_decay = 0, double momentum = 0, bool centered = false, Location at = Location::here())
      : RMSprop(std::vector(params),
                RMSpropOptions{static_cast<double>(lr), alpha, eps, weight_decay, momentum, centered}, at) {}
  /// The learning rate by position, the rest by name: RMSprop(params, 0.1, {.momentum = 0.9}).
  template <Arithmetic Lr>
  RMSprop(std::vector<Tensor<T>> params, Lr lr, RMSpropOptions rest, Location at = Location::here())
      : RMSprop(std::move(params), detail::with_lr(rest, lr, "RMSprop", at), at) {}
  template <Arithmetic Lr>
  RMSprop(std::initializer_list<Tensor<T>> params, Lr lr, RMSpropOptions rest, Location at = Location::here())
      : RMSprop(std::vector(params), detail::with_lr(rest, lr, "RMSprop", at), at) {}
  template <class Params, std::size_t N>
  RMSprop(const Params& params, nn::detail::Worse lr, nn::detail::UnknownOption<N> rest);
  template <class Params, std::size_t N>
  RMSprop(const Params& params, nn::detail::UnknownOption<N> options);  // short error

  /// One more group of parameters, trained from now on (a layer that was frozen).
  void add_param_group(RMSpropGroup<T> group, Location at = Location::here()) {
    RMSpropOptions o{group.lr.value_or(defaults_.lr),
                     group.alpha.value_or(defaults_.alpha),
                     group.eps.value_or(defaults_.eps),
                     group.weight_decay.value_or(defaults_.weight_decay),
                     group.momentum.value_or(defaults_.momentum),
                     group.centered.value_or(defaults_.centered),
                     group.maximize.value_or(defaults_.maximize)};
    this->add({valid(o, at), std::move(group.params)}, o.momentum > 0 || o.centered ? 3 : 1, at);
  }

 private:
  static constexpr const char* state_names[] = {"square_avg", "momentum_buffer", "grad_avg"};

  static const RMSpropOptions& valid(const RMSpropOptions& o, Location at) {
    detail::check_option(o.lr >= 0, "RMSprop", "learning rate", o.lr, "0 or more", at);
    detail::check_option(o.eps >= 0, "RMSprop", "eps", o.eps, "0 or more", at);
    detail::check_option(o.momentum >= 0, "RMSprop", "momentum", o.momentum, "0 or more", at);
    detail::check_option(o.weight_decay >= 0, "RMSprop", "weight_decay", o.weight_decay, "0 or more", at);
    detail::check_option(o.alpha >= 0, "RMSprop", "alpha", o.alpha, "0 or more", at);
    return o;
  }

  void update(Location at) override {
    typename Base::template UpdateBatch<detail::RmspropRule<T, false>> plain(at);
    typename Base::template UpdateBatch<detail::RmspropRule<T, true>> full(at);
    this->for_each_grad([&](const RMSpropOptions& o, const Tensor<T>& p, auto& memory) {
      ++memory.steps;
      auto fill = [&](auto& batch, auto rule) {
        rule = {static_cast<T>(o.lr),       static_cast<T>(o.weight_decay), o.maximize ? T(-1) : T(1),
                static_cast<T>(o.alpha),    static_cast<T>(1 - o.alpha),    static_cast<T>(o.eps),
                static_cast<T>(o.momentum), o.centered ? T(1) : T(0)};
        batch.add(rule, p, memory);
      };
      if (o.momentum > 0 || o.centered) fill(full, detail::RmspropRule<T, true>{});
      else fill(plain, detail::RmspropRule<T, false>{});
    });
    plain.run();
    full.run();
  }
  double* momentum_slot(std::size_t group) override {
    return this->param_groups()[group].momentum > 0 ? &this->param_groups()[group].momentum : nullptr;
  }

  RMSpropOptions defaults_;
};
// Options that exist go before an UnknownOption.
template <class T> RMSprop(std::vector<Tensor<T>>, RMSpropOptions, Location = {}) -> RMSprop<T>;
template <class T> RMSprop(std::vector<RMSpropGroup<T>>, RMSpropOptions, Location = {}) -> RMSprop<T>;

}  // namespace chainrule::optim
