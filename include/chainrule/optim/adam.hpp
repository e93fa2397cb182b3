#pragma once
// Adam and AdamW: steps scaled by running averages of the gradient and of its square.

#include <chainrule/optim/optimizer.hpp>
#include <cmath>
#include <initializer_list>
#include <optional>

namespace chainrule::optim {

struct AdamOptions {
  double lr = 1e-3;                             ///< learning rate
  std::pair<double, double> betas{0.9, 0.999};  ///< how slowly the averages of g and of g^2 move
  double eps = 1e-8;                            ///< keeps the divisor away from 0
  double weight_decay = 0;                      ///< L2 penalty: adds weight_decay * parameter to the gradient
  bool amsgrad = false;                         ///< divides by the largest average of g^2 so far
  bool maximize = false;                        ///< climbs instead of descending

  template <class F> void each(F f) {
    f("lr", lr), f("beta1", betas.first), f("beta2", betas.second), f("eps", eps), f("weight_decay", weight_decay),
        f("amsgrad", amsgrad), f("maximize", maximize);
  }
};

struct AdamWOptions {
  double lr = 1e-3;                             ///< learning rate
  std::pair<double, double> betas{0.9, 0.999};  ///< how slowly the averages of g and of g^2 move
  double eps = 1e-8;                            ///< keeps the divisor away from 0
  double weight_decay = 1e-2;                   ///< shrinks the parameter itself by lr * weight_decay a step
  bool amsgrad = false;                         ///< divides by the largest average of g^2 so far
  bool maximize = false;                        ///< climbs instead of descending

  template <class F> void each(F f) {
    f("lr", lr), f("beta1", betas.first), f("beta2", betas.second), f("eps", eps), f("weight_decay", weight_decay),
        f("amsgrad", amsgrad), f("maximize", maximize);
  }
};

/// A group of parameters; what is left out is the optimizer's own.
template <class T = float> struct AdamGroup {
  std::vector<Tensor<T>> params = {};
  std::optional<double> lr = {};
  std::optional<std::pair<double, double>> betas = {};
  std::optional<double> eps = {}, weight_decay = {};
  std::optional<bool> amsgrad = {}, maximize = {};
};
template <class T = float> using AdamWGroup = AdamGroup<T>;

namespace detail {

template <class T> struct AdamRule {
  static constexpr auto name = "adam";
  static constexpr int states = 2;
  T sign, l2, shrink;       // g = sign * grad + l2 * p;  p *= shrink
  T rest1, beta2, rest2;    // rest = 1 - beta
  T step, root_scale, eps;  // step = lr / (1 - beta1^t),  root_scale = 1 / sqrt(1 - beta2^t)

  CHAINRULE_HD T average(T& p, T grad, T& m, T& v) const {
    T g = sign * grad + l2 * p;
    p *= shrink;
    m = math::settle(m + (g - m) * rest1);
    return v = v * beta2 + g * g * rest2;
  }
  CHAINRULE_HD void move(T& p, T m, T v) const { p -= step * m / (math::sqrt(v) * root_scale + eps); }
  CHAINRULE_HD void operator()(T& p, T grad, T& m, T& v) const { move(p, m, average(p, grad, m, v)); }
};

template <class T> struct AmsgradRule : AdamRule<T> {
  static constexpr auto name = "amsgrad";
  static constexpr int states = 3;
  CHAINRULE_HD void operator()(T& p, T grad, T& m, T& v, T& largest) const {
    T now = this->average(p, grad, m, v);
    largest = now > largest ? now : largest;
    this->move(p, m, largest);
  }
};

/// What Adam and AdamW share: they differ in what weight_decay does.
template <class T, class AdamOptionsType, bool decoupled> class AdamFamily : public OptimizerOf<T, AdamOptionsType, 3> {
  using Base = OptimizerOf<T, AdamOptionsType, 3>;

 public:
  using Options = AdamOptionsType;

  /// One more group of parameters, trained from now on (a layer that was frozen).
  void add_param_group(AdamGroup<T> group, Location at = Location::here()) {
    Options o{group.lr.value_or(defaults_.lr),           group.betas.value_or(defaults_.betas),
              group.eps.value_or(defaults_.eps),         group.weight_decay.value_or(defaults_.weight_decay),
              group.amsgrad.value_or(defaults_.amsgrad), group.maximize.value_or(defaults_.maximize)};
    this->add({valid(o, at), std::move(group.params)}, o.amsgrad ? 3 : 2, at);
  }

 protected:
  AdamFamily(std::vector<AdamGroup<T>> groups, const Options& options, Location at)
      : Base(optimizer_name, state_names), defaults_(options) {
    for (auto& group : groups) add_param_group(std::move(group), at);
    this->check_not_empty(at);
  }

 private:
  static constexpr const char* optimizer_name = decoupled ? "AdamW" : "Adam";
  static constexpr const char* state_names[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

  static const Options& valid(const Options& o, Location at) {
    check_option(o.lr >= 0, optimizer_name, "learning rate", o.lr, "0 or more", at);
    check_option(o.eps >= 0, optimizer_name, "eps", o.eps, "0 or more", at);
    check_option(o.betas.first >= 0 && o.betas.first < 1, optimizer_name, "first beta", o.betas.first, "in [0, 1)", at);
    check_option(o.betas.second >= 0 && o.betas.second < 1, optimizer_name, "second beta", o.betas.second, "in [0, 1)",
                 at);
    check_option(o.weight_decay >= 0, optimizer_name, "weight_decay", o.weight_decay, "0 or more", at);
    return o;
  }

  void update(Location at) override {
    typename Base::template UpdateBatch<AdamRule<T>> plain(at);
    typename Base::template UpdateBatch<AmsgradRule<T>> amsgrad(at);
    this->for_each_grad([&](const Options& o, const Tensor<T>& p, auto& memory) {
      const auto t = static_cast<double>(++memory.steps);
      const double beta1 = o.betas.first, beta2 = o.betas.second;
      const double unbias1 = 1 - std::pow(beta1, t), unbias2 = 1 - std::pow(beta2, t);
      const AdamRule<T> rule{o.maximize ? T(-1) : T(1),
                             decoupled ? T(0) : static_cast<T>(o.weight_decay),
                             decoupled ? static_cast<T>(1 - o.lr * o.weight_decay) : T(1),
                             static_cast<T>(1 - beta1),
                             static_cast<T>(beta2),
                             static_cast<T>(1 - beta2),
                             static_cast<T>(o.lr / unbias1),
                             static_cast<T>(1 / std::sqrt(unbias2)),
                             static_cast<T>(o.eps)};
      if (o.amsgrad) amsgrad.add({rule}, p, memory);
      else plain.add(rule, p, memory);
    });
    plain.run();
    amsgrad.run();
  }
  double* momentum_slot(std::size_t group) override { return &this->param_groups()[group].betas.first; }

  Options defaults_;
};

}  // namespace detail

/// Adam. For each parameter p with gradient g (g + weight_decay * p with weight decay), at its t-th step:
///     m = beta1 * m + (1 - beta1) * g;   v = beta2 * v + (1 - beta2) * g^2
///     p -= lr * m' / (sqrt(v') + eps)    with  m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t)
/// amsgrad takes the largest v so far for v. m counts as 0 below 2^-100 (double: 2^-960): see math::settle().
/// Names, defaults and formulas are those of torch.optim.Adam (Kingma and Ba 2014).
///     optim::Adam optimizer(net.parameters(), {.lr = 1e-3});     // or (net.parameters(), 1e-3)
///     optim::Adam optimizer({{.params = a, .lr = 1e-4}, {.params = b}}, {.lr = 1e-3});     // groups
template <class T = float> class Adam final : public detail::AdamFamily<T, AdamOptions, false> {
  using Family = detail::AdamFamily<T, AdamOptions, false>;

 public:
  explicit Adam(std::vector<Tensor<T>> params, AdamOptions options = {}, Location at = Location::here())
      : Family({{std::move(params)}}, options, at) {}
  explicit Adam(std::initializer_list<Tensor<T>> params, AdamOptions options = {}, Location at = Location::here())
      : Family({{params}}, options, at) {}
  explicit Adam(std::vector<AdamGroup<T>> groups, AdamOptions options = {}, Location at = Location::here())
      : Family(std::move(groups), options, at) {}
  /// By position, in PyTorch's order: Adam(params, 1e-3, {0.9, 0.99}).
  template <Arithmetic Lr>
  Adam(std::vector<Tensor<T>> params, Lr lr, std::pair<double, double> betas = {0.9, 0.999}, double eps = 1e-8,
       double weight_decay = 0, bool amsgrad = false, Location at = Location::here())
      : Adam(std::move(params), AdamOptions{static_cast<double>(lr), betas, eps, weight_decay, amsgrad}, at) {}
  template <Arithmetic Lr>
  Adam(std::initializer_list<Tensor<T>> params, Lr lr, std::pair<double, double> betas = {0.9, 0.999},
       double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, Location at = Location::here())
      : Adam(std::vector(params), AdamOptions{static_cast<double>(lr), betas, eps, weight_decay, amsgrad}, at) {}
  /// The learning rate by position, the rest by name: Adam(params, 0.1, {.weight_decay = 1e-4}).
  template <Arithmetic Lr>
  Adam(std::vector<Tensor<T>> params, Lr lr, AdamOptions rest, Location at = Location::here())
      : Adam(std::move(params), detail::with_lr(rest, lr, "Adam", at), at) {}
  template <Arithmetic Lr>
  Adam(std::initializer_list<Tensor<T>> params, Lr lr, AdamOptions rest, Location at = Location::here())
      : Adam(std::vector(params), detail::with_lr(rest, lr, "Adam", at), at) {}
  template <class Params, std::size_t N>
  Adam(const Params& params, nn::detail::Worse lr, nn::detail::UnknownOption<N> rest);
  template <class Params, std::size_t N>
  Adam(const Params& params, nn::detail::UnknownOption<N> options);  // short error
};
// Options that exist go before an UnknownOption.
template <class T> Adam(std::vector<Tensor<T>>, AdamOptions, Location = {}) -> Adam<T>;
template <class T> Adam(std::vector<AdamGroup<T>>, AdamOptions, Location = {}) -> Adam<T>;

/// AdamW: Adam whose weight decay acts on the parameter itself, p *= 1 - lr * weight_decay, instead of on the gradient.
/// Names, defaults and formulas are those of torch.optim.AdamW (Loshchilov and Hutter 2017).
///     optim::AdamW optimizer(net.parameters(), {.lr = 1e-3, .weight_decay = 0.05});
template <class T = float> class AdamW final : public detail::AdamFamily<T, AdamWOptions, true> {
  using Family = detail::AdamFamily<T, AdamWOptions, true>;

 public:
  explicit AdamW(std::vector<Tensor<T>> params, AdamWOptions options = {}, Location at = Location::here())
      : Family({{std::move(params)}}, options, at) {}
  explicit AdamW(std::initializer_list<Tensor<T>> params, AdamWOptions options = {}, Location at = Location::here())
      : Family({{params}}, options, at) {}
  explicit AdamW(std::vector<AdamWGroup<T>> groups, AdamWOptions options = {}, Location at = Location::here())
      : Family(std::move(groups), options, at) {}
  /// By position, in PyTorch's order: AdamW(params, 1e-3, {0.9, 0.99}).
  template <Arithmetic Lr>
  AdamW(std::vector<Tensor<T>> params, Lr lr, std::pair<double, double> betas = {0.9, 0.999}, double eps = 1e-8,
        double weight_decay = 1e-2, bool amsgrad = false, Location at = Location::here())
      : AdamW(std::move(params), AdamWOptions{static_cast<double>(lr), betas, eps, weight_decay, amsgrad}, at) {}
  template <Arithmetic Lr>
  AdamW(std::initializer_list<Tensor<T>> params, Lr lr, std::pair<double, double> betas = {0.9, 0.999},
        double eps = 1e-8, double weight_decay = 1e-2, bool amsgrad = false, Location at = Location::here())
      : AdamW(std::vector(params), AdamWOptions{static_cast<double>(lr), betas, eps, weight_decay, amsgrad}, at) {}
  /// The learning rate by position, the rest by name: AdamW(params, 0.1, {.weight_decay = 1e-4}).
  template <Arithmetic Lr>
  AdamW(std::vector<Tensor<T>> params, Lr lr, AdamWOptions rest, Location at = Location::here())
      : AdamW(std::move(params), detail::with_lr(rest, lr, "AdamW", at), at) {}
  template <Arithmetic Lr>
  AdamW(std::initializer_list<Tensor<T>> params, Lr lr, AdamWOptions rest, Location at = Location::here())
      : AdamW(std::vector(params), detail::with_lr(rest, lr, "AdamW", at), at) {}
  template <class Params, std::size_t N>
  AdamW(const Params& params, nn::detail::Worse lr, nn::detail::UnknownOption<N> rest);
  template <class Params, std::size_t N>
  AdamW(const Params& params, nn::detail::UnknownOption<N> options);  // short error
};
// Options that exist go before an UnknownOption.
template <class T> AdamW(std::vector<Tensor<T>>, AdamWOptions, Location = {}) -> AdamW<T>;
template <class T> AdamW(std::vector<AdamWGroup<T>>, AdamWOptions, Location = {}) -> AdamW<T>;

}  // namespace chainrule::optim
