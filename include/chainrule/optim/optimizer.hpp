#pragma once
// What all optimizers share: groups of parameters with options of their own, the state of each parameter, saving and
// loading, and the one pass over memory that a step is. A particular optimizer adds its options and a rule for one
// element (sgd.hpp, adam.hpp, ...).

#include <chainrule/autograd/methods.hpp>
#include <chainrule/core/math.hpp>
#include <chainrule/core/simd.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/create.hpp>
#include <chainrule/ops/inplace.hpp>
#include <chainrule/optim/state.hpp>
#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::optim {

/// The part of an optimizer that does not depend on the element type: what learning-rate schedulers and training loops
/// need. Schedulers refer to it, so it stays where it is.
class Optimizer {
 public:
  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  /// Changes every parameter that has a gradient, by the optimizer's formula. Parameters without one are left alone.
  void step(Location at = Location::here()) {
    no_grad guard;
    update(at);
  }
  /// Calls `closure` (zero_grad, forward, backward; it returns the loss) with recording on, then steps. Returns the
  /// loss.
  template <std::invocable Closure> auto step(Closure&& closure, Location at = Location::here()) {
    auto loss = [&] {
      enable_grad guard;
      return closure();
    }();
    step(at);
    return loss;
  }
  /// Forgets all gradients (or, with set_to_none = false, fills them with zeros).
  virtual void zero_grad(bool set_to_none = true) = 0;
  void zero_grad(ZeroGradOptions options) { zero_grad(options.set_to_none); }

  virtual std::size_t num_groups() const = 0;
  /// The learning rate of a group.
  double lr(std::size_t group = 0, Location at = Location::here()) const {
    check_group(group, "lr", at);
    return *const_cast<Optimizer*>(this)->lr_slot(group);
  }
  /// Sets the learning rate of all groups.
  void set_lr(double lr, Location at = Location::here()) {
    for (std::size_t g = 0; g < num_groups(); ++g) set_lr(g, lr, at);
  }
  void set_lr(std::size_t group, double lr, Location at = Location::here()) {
    check_group(group, "set_lr", at);
    check(lr >= 0, at, "set_lr: the learning rate must not be negative, got ", lr);
    *lr_slot(group) = lr;
  }

  /// Where a group keeps its momentum (SGD, RMSprop) or its first beta (Adam), which OneCycleLR cycles; null if it has
  /// none.
  virtual double* momentum_slot(std::size_t group) = 0;
  /// The learning rate that schedulers start from: the group's own when the first scheduler was made.
  std::vector<double>& initial_lrs() { return initial_lrs_; }

  /// The state of every parameter ("state.0.exp_avg", "state.0.step") and the options of every group
  /// ("param_groups.0.lr"), copied.
  virtual StateDict state_dict() const = 0;
  /// Takes over what state_dict() gave, from an optimizer of the same kind over parameters of the same shapes. Changes
  /// nothing if it throws.
  virtual void load_state_dict(const NamedTensors& state, Location at = Location::here()) = 0;

 protected:
  virtual void update(Location at) = 0;
  virtual double* lr_slot(std::size_t group) = 0;
  void check_group(std::size_t group, const char* what, Location at) const {
    check(group < num_groups(), at, what, ": there is no parameter group ", group, ", only ", num_groups());
  }

 private:
  std::vector<double> initial_lrs_;
};

/// One parameter's share of a step: where its values, its gradient and its state lie, and the rule with this
/// parameter's options in it.
template <class Rule, class T> struct ParamUpdate {
  Rule rule;
  std::int64_t numel;
  T* value;
  const T* grad;
  T* state[Rule::states > 0 ? Rule::states : 1];
};

/// The slot of an update rule: all parameters in one call. Rule names itself, says how many state values an element has
/// (`static constexpr int states`), and changes one element: rule(value&, grad, state&...).
template <class Rule, class T> struct Update {
  static constexpr auto name = Rule::name;
  using fn = void(std::span<const ParamUpdate<Rule, T>> parts);

  // Walks the parameters as if they stood one after the other, split into equal chunks: many small ones make one chunk.
  static void cpu(std::span<const ParamUpdate<Rule, T>> parts) {
    std::int64_t total = 0;
    for (const auto& part : parts) total += part.numel;
    parallel_chunks(total, std::int64_t{16384}, [&](std::int64_t begin, std::int64_t end) {
      for (const auto& part : parts) {
        const std::int64_t from = begin > 0 ? begin : 0, to = end < part.numel ? end : part.numel;
        if (from < to) run(part, from, to, std::make_integer_sequence<int, Rule::states>{});
        begin -= part.numel;
        end -= part.numel;
        if (end <= 0) break;
      }
    });
  }

 private:
  template <int... S>
  static void run(const ParamUpdate<Rule, T>& part, std::int64_t from, std::int64_t to,
                  std::integer_sequence<int, S...>) {
    loop(part.rule, to - from, part.value + from, part.grad + from, (part.state[S] + from)...);
  }
  template <class... State>
  static void loop(const Rule rule, std::int64_t n, T* value, const T* grad, State*... state) {
    simd::run([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) rule(value[i], grad[i], state[i]...); });
  }
};

/// A group: parameters, and the optimizer's options for them: `optimizer.param_groups()[0].lr`.
template <class T, class Options> struct ParamGroup : Options { std::vector<Tensor<T>> params; };

namespace detail {

/// Options with the learning rate that stood before them.
template <class Options, Arithmetic Lr> Options with_lr(Options rest, Lr lr, const char* name, Location at) {
  check(rest.lr == Options{}.lr, at, name, ": the learning rate stands there twice, ", lr, " and {.lr = ", rest.lr,
        "}; give one of them");
  rest.lr = static_cast<double>(lr);
  return rest;
}

/// Calls f(name, number&) for all that an optimizer's options hold: with their each(f), or through the members of a
/// struct of numbers.
template <class Options, class F> void each_option(Options& options, const F& f) {
  if constexpr (requires { options.each(f); }) {
    options.each(f);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      auto numbers = nn::detail::pointers(options);
      (f(std::string(nn::detail::member_name<Options, I>()).c_str(), *std::get<I>(numbers)), ...);
    }
    (std::make_index_sequence<nn::detail::arity<Options>>{});
  }
}

}  // namespace detail

/// The base of an optimizer over Tensor<T> with these Options and up to States tensors of state for each parameter.
/// Options is a struct of numbers with a `double lr`, or has `template <class F> void each(F f)`, which calls
/// f(name, number&) for all that it holds.
/// A deriving class gives the constructor its name and its states' names, and overrides update(); docs/own-parts.md has
/// one.
template <class T, class Options, int States> class OptimizerOf : public Optimizer {
  static_assert(Real<T>, "only float and double tensors are trained");

 public:
  using Group = ParamGroup<T, Options>;

  std::vector<Group>& param_groups() { return groups_; }
  const std::vector<Group>& param_groups() const { return groups_; }
  std::size_t num_groups() const override { return groups_.size(); }

  using Optimizer::zero_grad;
  void zero_grad(bool set_to_none = true) override {
    for (auto& group : groups_)
      for (auto& p : group.params) p.zero_grad(set_to_none);
  }

  [[gnu::cold]] StateDict state_dict() const override;
  [[gnu::cold]] void load_state_dict(const NamedTensors& dict, Location at = Location::here()) override;

 protected:
  /// What an optimizer remembers of one parameter.
  struct Memory {
    std::int64_t steps = 0;                    // how often it was changed
    Tensor<T> state[States > 0 ? States : 1];  // of the parameter's shape; undefined until the first step
    Tensor<T> room[States > 0 ? States : 1];   // memory for large ones, not touched until then
  };

  OptimizerOf(const char* name, std::span<const char* const> state_names) : name_(name), state_names_(state_names) {}
  /// All of it for an optimizer of your own: one group, all states in use.
  OptimizerOf(const char* name, std::span<const char* const> state_names, std::vector<Tensor<T>> params,
              const Options& options, Location at = Location::here())
      : OptimizerOf(name, state_names) {
    check(state_names.size() == States, at, name, ": ", States, " states need as many names, got ", state_names.size());
    add({options, std::move(params)}, States, at);
    check_not_empty(at);
  }

  /// Takes a group over after checking all of it. `states`: how many each parameter will need. Room for large ones is
  /// set aside now, behind the parameters: what lasts as long as training would else part the memory that activations
  /// and gradients share.
  [[gnu::cold]] void add(Group group, int states, Location at) {
    std::size_t i = 0;
    for (const auto& p : group.params) {
      check(p.defined(), at, name_, ": parameter ", i, " is not defined");
      check(p.is_leaf(), at, name_, ": parameter ", i, " (shape ", p.shape(), ") was computed by ", op_of(p),
            "; only leaves can be optimized, as net.parameters() gives them");
      check(p.is_contiguous(), at, name_, ": parameter ", i, " (shape ", p.shape(),
            ") is not contiguous; make it from contiguous()");
      for (std::size_t j = 0; j < i; ++j)
        check(!p.is_same(group.params[j]), at, name_, ": parameters ", j, " and ", i, " are the same tensor");
      for (std::size_t g = 0; g < groups_.size(); ++g)
        for (const auto& other : groups_[g].params)
          check(!p.is_same(other), at, name_, ": parameter ", i, " of group ", groups_.size(), " (shape ", p.shape(),
                ") is in group ", g, " already");
      ++i;
    }
    std::vector<Memory> memory(group.params.size());
    for (std::size_t k = 0; k < group.params.size(); ++k) {
      const auto& p = group.params[k];
      if (p.device() != Device::cpu || !p.requires_grad() ||
          static_cast<std::size_t>(p.numel()) * sizeof(T) < chainrule::detail::Arena::smallest)
        continue;
      for (int s = 0; s < states; ++s) memory[k].room[s] = chainrule::detail::allocate<T>(p.shape(), Device::cpu);
    }
    groups_.reserve(groups_.size() + 1);  // nothing below throws half-way
    memory_.push_back(std::move(memory));
    groups_.push_back(std::move(group));
  }
  /// The end of a constructor: at least one parameter, or it is a mistake (a module without parameters, a list that was
  /// moved from).
  void check_not_empty(Location at) const {
    std::size_t n = 0;
    for (const auto& group : groups_) n += group.params.size();
    check(n > 0, at, name_, ": got an empty parameter list; pass net.parameters()");
  }

  /// State i of a parameter, which begins as zeros. (An optimizer with a kernel of its own uses UpdateBatch instead.)
  const Tensor<T>& state_of(const Tensor<T>& p, Memory& memory, int i = 0) const {
    auto& state = memory.state[i];
    if (!state.defined()) state = zeros<T>(p.shape(), {.device = p.device()});
    return state;
  }
  /// Calls see(group, parameter, memory) for each parameter that has a gradient.
  template <class See> void for_each_grad(See see) {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (std::size_t i = 0; i < groups_[g].params.size(); ++i)
        if (auto& p = groups_[g].params[i]; p.grad().defined()) see(std::as_const(groups_[g]), p, memory_[g][i]);
  }

  /// The parameters that one rule applies to, gathered for one kernel call per device.
  template <class Rule> class UpdateBatch {
   public:
    explicit UpdateBatch(Location at) : at_(at) {}
    void add(const Rule& rule, const Tensor<T>& p, Memory& memory, T initial = T(0)) {
      Tensor<T> g = p.grad();
      if (!g.is_contiguous()) g = copies_.emplace_back(g.contiguous(at_));
      ParamUpdate<Rule, T> part{rule, p.numel(), p.data(), g.data(), {}};
      for (int s = 0; s < Rule::states; ++s) {
        auto& state = memory.state[s];
        if (!state.defined()) begin(state, memory.room[s], p, initial);
        else if (state.device() != p.device()) state = state.to(p.device(), at_);  // the module has moved since
        part.state[s] = state.data();
      }
      parts_[p.device().index()].push_back(part);
      chainrule::detail::count_edit(*p.impl(), at_);
    }
    void run() {
      for (Device d : {Device::cpu, Device::cuda})
        if (auto& parts = parts_[d.index()]; !parts.empty()) kernel<Update<Rule, T>>::on(d, at_)(parts);
    }

   private:
    [[gnu::cold, gnu::noinline]] void begin(Tensor<T>& state, Tensor<T>& room, const Tensor<T>& p, T initial) const {
      if (room.defined() && p.device() == Device::cpu) state = std::exchange(room, {}).fill_(initial, at_);
      else state = full<T>(p.shape(), initial, {.device = p.device()}, at_), room = {};
    }

    Location at_;
    std::vector<ParamUpdate<Rule, T>> parts_[device_count];
    std::vector<Tensor<T>> copies_;
  };

  double* lr_slot(std::size_t group) override { return &groups_[group].lr; }
  double* momentum_slot(std::size_t) override { return nullptr; }
  const char* name() const { return name_; }

 private:
  static const char* op_of(const Tensor<T>& p) { return p.grad_fn() ? p.grad_fn()->op : ""; }

  const char* name_;
  std::span<const char* const> state_names_;  // "exp_avg", ...: one per state
  std::vector<Group> groups_;
  std::vector<std::vector<Memory>> memory_;  // [group][parameter]
};

template <class T, class Options, int States> StateDict OptimizerOf<T, Options, States>::state_dict() const {
  no_grad guard;
  StateDict dict;
  std::size_t index = 0;
  for (const auto& group : memory_)
    for (const auto& memory : group) {
      const std::string prefix = "state." + std::to_string(index++) + '.';
      if (memory.steps == 0 && !memory.state[0].defined()) continue;
      detail::put_number(dict, prefix, "step", static_cast<double>(memory.steps));
      for (std::size_t s = 0; s < States; ++s)
        if (memory.state[s].defined()) dict.emplace_back(prefix + state_names_[s], memory.state[s].clone());
    }
  const auto& initial = const_cast<OptimizerOf*>(this)->initial_lrs();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::string prefix = "param_groups." + std::to_string(g) + '.';
    detail::put_number(dict, prefix, "size", static_cast<double>(groups_[g].params.size()));
    Options options = groups_[g];
    detail::each_option(options, [&](const char* what, auto& value) {
      detail::put_number(dict, prefix, what, static_cast<double>(value));
    });
    if (g < initial.size()) detail::put_number(dict, prefix, "initial_lr", initial[g]);
  }
  return dict;
}

template <class T, class Options, int States>
void OptimizerOf<T, Options, States>::load_state_dict(const NamedTensors& dict, Location at) {
  no_grad guard;
  detail::StateReader reader(name_, dict, at);
  // Everything is read and checked before anything is taken over.
  std::vector<Options> options;
  std::vector<double> initial;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::string prefix = "param_groups." + std::to_string(g) + '.';
    const auto size =
        static_cast<std::size_t>(chainrule::detail::fitting<std::int64_t>(reader.number(prefix, "size"), name_, at));
    check(size == groups_[g].params.size(), at, name_, ".load_state_dict: group ", g, " has ", groups_[g].params.size(),
          " parameters, the saved one has ", size);
    options.push_back(groups_[g]);
    detail::each_option(options.back(), [&](const char* what, auto& value) {
      value = static_cast<std::remove_reference_t<decltype(value)>>(reader.number(prefix, what));
    });
    if (double lr = 0; reader.number(prefix, "initial_lr", lr)) initial.push_back(lr);
  }
  std::vector<std::vector<Memory>> memory;
  std::size_t index = 0;
  for (const auto& group : groups_) {
    memory.emplace_back(group.params.size());
    for (std::size_t i = 0; i < group.params.size(); ++i) {
      const std::string prefix = "state." + std::to_string(index++) + '.';
      const auto& p = group.params[i];
      auto& m = memory.back()[i];
      if (double steps = 0; reader.number(prefix, "step", steps))
        m.steps = chainrule::detail::fitting<std::int64_t>(steps, name_, at);
      for (std::size_t s = 0; s < States; ++s)
        if (const TensorBase* t = reader.tensor(prefix, state_names_[s], dtype_of<T>, p.shape()))
          m.state[s] = Tensor<T>(t->share()).clone(at).to(p.device(), at);
    }
  }
  reader.check_all_used();

  for (std::size_t g = 0; g < groups_.size(); ++g) static_cast<Options&>(groups_[g]) = options[g];
  memory_ = std::move(memory);
  initial_lrs() = std::move(initial);
}

namespace detail {

/// PyTorch's checks of an option, in its order; `ok` is written so that NaN fails it.
template <class V>
void check_option(bool ok, const char* optimizer, const char* option, const V& value, const char* expected,
                  Location at) {
  check(ok, at, optimizer, ": invalid ", option, ' ', value, "; it must be ", expected);
}

}  // namespace detail

}  // namespace chainrule::optim
