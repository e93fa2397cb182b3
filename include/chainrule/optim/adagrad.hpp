#pragma once
// Adagrad: steps divided by the root of all squared gradients so far.

#include <chainrule/optim/optimizer.hpp>
#include <cmath>
#include <initializer_list>
#include <optional>

namespace chainrule::optim {

struct AdagradOptions {
  double lr = 1e-2;                      ///< learning rate
  double lr_decay = 0;                   ///< at its t-th step the learning rate is lr / (1 + (t - 1) * lr_decay)
  double weight_decay = 0;               ///< L2 penalty: adds weight_decay * parameter to the gradient
  double initial_accumulator_value = 0;  ///< what the sum of squares begins with
  double eps = 1e-10;                    ///< keeps the divisor away from 0
  bool maximize = false;                 ///< climbs instead of descending

  template <class F> void each(F f) {
    f("lr", lr), f("lr_decay", lr_decay), f("weight_decay", weight_decay),
        f("initial_accumulator_value", initial_accumulator_value), f("eps", eps), f("maximize", maximize);
  }
};

/// A group of parameters; what is left out is the optimizer's own.
template <class T = float> struct AdagradGroup {
  std::vector<Tensor<T>> params = {};
  std::optional<double> lr = {}, lr_decay = {}, weight_decay = {}, initial_accumulator_value = {}, eps = {};
  std::optional<bool> maximize = {};
};

namespace detail {

template <class T> struct AdagradRule {
  static constexpr auto name = "adagrad";
  static constexpr int states = 1;
  T lr, weight_decay, sign, eps;
  CHAINRULE_HD void operator()(T& p, T grad, T& sum) const {
    T g = sign * grad + weight_decay * p;
    sum += g * g;
    p -= lr * g / (math::sqrt(sum) + eps);
  }
};

}  // namespace detail

/// Adagrad. For each parameter p with gradient g (g + weight_decay * p with weight decay), at its t-th step:
///     sum += g^2;   p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(sum) + eps)
/// Names, defaults and formulas are those of torch.optim.Adagrad (Duchi, Hazan and Singer 2011).
///     optim::Adagrad optimizer(net.parameters(), {.lr = 0.1});
template <class T = float> class Adagrad final : public OptimizerOf<T, AdagradOptions, 1> {
  using Base = OptimizerOf<T, AdagradOptions, 1>;

 public:
  using Options = AdagradOptions;

  explicit Adagrad(std::vector<Tensor<T>> params, AdagradOptions options = {}, Location at = Location::here())
      : Adagrad(std::vector{AdagradGroup<T>{std::move(params)}}, options, at) {}
  explicit Adagrad(std::initializer_list<Tensor<T>> params, AdagradOptions options = {}, Location at = Location::here())
      : Adagrad(std::vector(params), options, at) {}
  explicit Adagrad(std::vector<AdagradGroup<T>> groups, AdagradOptions options = {}, Location at = Location::here())
      : Base("Adagrad", state_names), defaults_(options) {
    for (auto& group : groups) add_param_group(std::move(group), at);
    this->check_not_empty(at);
  }
  /// By position, in PyTorch's order: Adagrad(params, 0.1, 1e-3).
  template <Arithmetic Lr>
  Adagrad(std::vector<Tensor<T>> params, Lr lr, double lr_decay = 0, double weight_decay = 0,
          double initial_accumulator_value = 0, double eps = 1e-10, Location at = Location::here())
      : Adagrad(std::move(params),
                AdagradOptions{static_cast<double>(lr), lr_decay, weight_decay, initial_accumulator_value, eps}, at) {}
  template <Arithmetic Lr>
  Adagrad(std::initializer_list<Tensor<T>> params, Lr lr, double lr_decay = 0, double weight_decay = 0,
          double initial_accumulator_value = 0, double eps = 1e-10, Location at = Location::here())
      : Adagrad(std::vector(params),
                AdagradOptions{static_cast<double>(lr), lr_decay, weight_decay, initial_accumulator_value, eps}, at) {}
  /// The learning rate by position, the rest by name: Adagrad(params, 0.1, {.eps = 1e-8}).
  template <Arithmetic Lr>
  Adagrad(std::vector<Tensor<T>> params, Lr lr, AdagradOptions rest, Location at = Location::here())
      : Adagrad(std::move(params), detail::with_lr(rest, lr, "Adagrad", at), at) {}
  template <Arithmetic Lr>
  Adagrad(std::initializer_list<Tensor<T>> params, Lr lr, AdagradOptions rest, Location at = Location::here())
      : Adagrad(std::vector(params), detail::with_lr(rest, lr, "Adagrad", at), at) {}
  template <class Params, std::size_t N>
  Adagrad(const Params& params, nn::detail::Worse lr, nn::detail::UnknownOption<N> rest);
  template <class Params, std::size_t N>
  Adagrad(const Params& params, nn::detail::UnknownOption<N> options);  // short error

  /// One more group of parameters, trained from now on (a layer that was frozen).
  void add_param_group(AdagradGroup<T> group, Location at = Location::here()) {
    AdagradOptions o{group.lr.value_or(defaults_.lr),
                     group.lr_decay.value_or(defaults_.lr_decay),
                     group.weight_decay.value_or(defaults_.weight_decay),
                     group.initial_accumulator_value.value_or(defaults_.initial_accumulator_value),
                     group.eps.value_or(defaults_.eps),
                     group.maximize.value_or(defaults_.maximize)};
    this->add({valid(o, at), std::move(group.params)}, 1, at);
  }

 private:
  static constexpr const char* state_names[] = {"sum"};

  static const AdagradOptions& valid(const AdagradOptions& o, Location at) {
    detail::check_option(o.lr >= 0, "Adagrad", "learning rate", o.lr, "0 or more", at);
    detail::check_option(o.lr_decay >= 0, "Adagrad", "lr_decay", o.lr_decay, "0 or more", at);
    detail::check_option(o.weight_decay >= 0, "Adagrad", "weight_decay", o.weight_decay, "0 or more", at);
    detail::check_option(o.initial_accumulator_value >= 0, "Adagrad", "initial_accumulator_value",
                         o.initial_accumulator_value, "0 or more", at);
    detail::check_option(o.eps >= 0, "Adagrad", "eps", o.eps, "0 or more", at);
    return o;
  }

  void update(Location at) override {
    typename Base::template UpdateBatch<detail::AdagradRule<T>> batch(at);
    this->for_each_grad([&](const AdagradOptions& o, const Tensor<T>& p, auto& memory) {
      const auto t = static_cast<double>(++memory.steps);
      const double lr = o.lr / (1 + (t - 1) * o.lr_decay);
      batch.add({static_cast<T>(lr), static_cast<T>(o.weight_decay), o.maximize ? T(-1) : T(1), static_cast<T>(o.eps)},
                p, memory, static_cast<T>(o.initial_accumulator_value));
    });
    batch.run();
  }

  AdagradOptions defaults_;
};
// Options that exist go before an UnknownOption.
template <class T> Adagrad(std::vector<Tensor<T>>, AdagradOptions, Location = {}) -> Adagrad<T>;
template <class T> Adagrad(std::vector<AdagradGroup<T>>, AdagradOptions, Location = {}) -> Adagrad<T>;

}  // namespace chainrule::optim
