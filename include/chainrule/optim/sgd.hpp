#pragma once
// Stochastic gradient descent, with momentum.

#include <chainrule/optim/optimizer.hpp>
#include <initializer_list>
#include <optional>

namespace chainrule::optim {

struct SGDOptions {
  double lr = 1e-3;         ///< learning rate
  double momentum = 0;      ///< how much of the last direction is kept
  double dampening = 0;     ///< how much of the new gradient is held back from the second step on
  double weight_decay = 0;  ///< L2 penalty: adds weight_decay * parameter to the gradient
  bool nesterov = false;    ///< looks one momentum step ahead
  bool maximize = false;    ///< climbs instead of descending

  template <class F> void each(F f) {
    f("lr", lr), f("momentum", momentum), f("dampening", dampening), f("weight_decay", weight_decay),
        f("nesterov", nesterov), f("maximize", maximize);
  }
};

/// A group of parameters; what is left out is the optimizer's own.
template <class T = float> struct SGDGroup {
  std::vector<Tensor<T>> params = {};
  std::optional<double> lr = {}, momentum = {}, dampening = {}, weight_decay = {};
  std::optional<bool> nesterov = {}, maximize = {};
};

namespace detail {

template <class T> struct SgdRule {
  static constexpr auto name = "sgd";
  static constexpr int states = 0;
  T lr, weight_decay, sign;
  CHAINRULE_HD void operator()(T& p, T g) const { p -= lr * (sign * g + weight_decay * p); }
};

template <class T> struct SgdMomentumRule {
  static constexpr auto name = "sgd_momentum";
  static constexpr int states = 1;
  T lr, weight_decay, sign, momentum, keep, direct, ahead;  // the direction is direct * g + ahead * b
  CHAINRULE_HD void operator()(T& p, T grad, T& b) const {
    T g = sign * grad + weight_decay * p;
    b = math::settle(momentum * b + keep * g);
    p -= lr * (direct * g + ahead * b);
  }
};

}  // namespace detail

/// Stochastic gradient descent. For each parameter p with gradient g (g + weight_decay * p with weight decay):
///     without momentum:  p -= lr * g
///     with momentum:     b = momentum * b + (1 - dampening) * g;   p -= lr * b          (b = g at the first step)
///     nesterov:                                                    p -= lr * (g + momentum * b)
/// b counts as 0 below 2^-100 (double: 2^-960): see math::settle().
/// Names, defaults and formulas are those of torch.optim.SGD (Sutskever et al. 2013).
///     optim::SGD optimizer(net.parameters(), {.lr = 0.1, .momentum = 0.9});     // or (net.parameters(), 0.1, 0.9)
///     optim::SGD optimizer({{.params = a, .lr = 1e-2}, {.params = b}}, {.lr = 1e-3});     // groups
template <class T = float> class SGD final : public OptimizerOf<T, SGDOptions, 1> {
  using Base = OptimizerOf<T, SGDOptions, 1>;

 public:
  using Options = SGDOptions;

  explicit SGD(std::vector<Tensor<T>> params, SGDOptions options = {}, Location at = Location::here())
      : SGD(std::vector{SGDGroup<T>{std::move(params)}}, options, at) {}
  explicit SGD(std::initializer_list<Tensor<T>> params, SGDOptions options = {}, Location at = Location::here())
      : SGD(std::vector(params), options, at) {}
  explicit SGD(std::vector<SGDGroup<T>> groups, SGDOptions options = {}, Location at = Location::here())
      : Base("SGD", state_names), defaults_(options) {
    for (auto& group : groups) add_param_group(std::move(group), at);
    this->check_not_empty(at);
  }
  /// By position, in PyTorch's order: SGD(params, 0.1, 0.9).
  template <Arithmetic Lr>
  SGD(std::vector<Tensor<T>> params, Lr lr, double momentum = 0, double dampening = 0, double weight_decay = 0,
      bool nesterov = false, Location at = Location::here())
      : SGD(std::move(params), SGDOptions{static_cast<double>(lr), momentum, dampening, weight_decay, nesterov}, at) {}
  template <Arithmetic Lr>
  SGD(std::initializer_list<Tensor<T>> params, Lr lr, double momentum = 0, double dampening = 0,
      double weight_decay = 0, bool nesterov = false, Location at = Location::here())
      : SGD(std::vector(params), SGDOptions{static_cast<double>(lr), momentum, dampening, weight_decay, nesterov}, at) {
  }
  /// The learning rate by position, the rest by name: SGD(params, 0.1, {.momentum = 0.9}).
  template <Arithmetic Lr>
  SGD(std::vector<Tensor<T>> params, Lr lr, SGDOptions rest, Location at = Location::here())
      : SGD(std::move(params), detail::with_lr(rest, lr, "SGD", at), at) {}
  template <Arithmetic Lr>
  SGD(std::initializer_list<Tensor<T>> params, Lr lr, SGDOptions rest, Location at = Location::here())
      : SGD(std::vector(params), detail::with_lr(rest, lr, "SGD", at), at) {}
  template <class Params, std::size_t N>
  SGD(const Params& params, nn::detail::Worse lr, nn::detail::UnknownOption<N> rest);
  template <class Params, std::size_t N>
  SGD(const Params& params, nn::detail::UnknownOption<N> options);  // short error

  /// One more group of parameters, trained from now on (a layer that was frozen).
  void add_param_group(SGDGroup<T> group, Location at = Location::here()) {
    SGDOptions o{group.lr.value_or(defaults_.lr),
                 group.momentum.value_or(defaults_.momentum),
                 group.dampening.value_or(defaults_.dampening),
                 group.weight_decay.value_or(defaults_.weight_decay),
                 group.nesterov.value_or(defaults_.nesterov),
                 group.maximize.value_or(defaults_.maximize)};
    this->add({valid(o, at), std::move(group.params)}, o.momentum != 0 ? 1 : 0, at);
  }

 private:
  static constexpr const char* state_names[] = {"momentum_buffer"};

  static const SGDOptions& valid(const SGDOptions& o, Location at) {
    detail::check_option(o.lr >= 0, "SGD", "learning rate", o.lr, "0 or more", at);
    detail::check_option(o.momentum >= 0, "SGD", "momentum", o.momentum, "0 or more", at);
    detail::check_option(o.weight_decay >= 0, "SGD", "weight_decay", o.weight_decay, "0 or more", at);
    check(!o.nesterov || (o.momentum > 0 && o.dampening == 0), at,
          "SGD: nesterov needs a momentum above 0 and no dampening, got momentum ", o.momentum, " and dampening ",
          o.dampening);
    return o;
  }

  void update(Location at) override {
    typename Base::template UpdateBatch<detail::SgdRule<T>> plain(at);
    typename Base::template UpdateBatch<detail::SgdMomentumRule<T>> with_momentum(at);
    this->for_each_grad([&](const SGDOptions& o, const Tensor<T>& p, auto& memory) {
      const bool first = !memory.state[0].defined();
      ++memory.steps;
      const T lr = static_cast<T>(o.lr), decay = static_cast<T>(o.weight_decay), sign = o.maximize ? T(-1) : T(1),
              momentum = static_cast<T>(o.momentum);
      if (o.momentum == 0) plain.add({lr, decay, sign}, p, memory);
      else
        with_momentum.add({lr, decay, sign, momentum, first ? T(1) : static_cast<T>(1 - o.dampening),
                           o.nesterov ? T(1) : T(0), o.nesterov ? momentum : T(1)},
                          p, memory);
    });
    plain.run();
    with_momentum.run();
  }
  double* momentum_slot(std::size_t group) override {
    return this->param_groups()[group].momentum > 0 ? &this->param_groups()[group].momentum : nullptr;
  }

  SGDOptions defaults_;
};
// Options that exist go before an UnknownOption.
template <class T> SGD(std::vector<Tensor<T>>, SGDOptions, Location = {}) -> SGD<T>;
template <class T> SGD(std::vector<SGDGroup<T>>, SGDOptions, Location = {}) -> SGD<T>;

}  // namespace chainrule::optim
