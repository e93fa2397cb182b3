#pragma once
// Module: what every module can do, found through its members. The base is empty: no state, no virtual functions, no
// registration.
//     struct Net : nn::Module<Net> {
//       nn::Linear fc1{784, 128}, fc2{128, 10};
//       Tensor<> forward(Tensor<> x) { return fc2(relu(fc1(x))); }
//     };

#include <chainrule/core/compiled.hpp>
#include <chainrule/nn/repr.hpp>
#include <chainrule/nn/state_dict.hpp>

namespace chainrule::nn {

/// Watches the calls of modules on this thread: a summary table, a trace.
/// The tensors are null where a module takes or gives something else.
class ModuleObserver {
 public:
  virtual ~ModuleObserver() = default;
  virtual void before(ModuleRef, const TensorBase* /*input*/) {}
  virtual void after(ModuleRef, const TensorBase* /*input*/, const TensorBase* /*output*/) {}
};

namespace detail {

inline thread_local ModuleObserver* module_observer = nullptr;

/// An error on its way up: the name of the member it came from is put before its path, "fc1 (Linear)", "block.fc1
/// (Linear)".
[[gnu::cold]] void add_path(Error& error, ModuleRef m);

template <class X> const TensorBase* as_tensor(const X& x) {
  if constexpr (std::derived_from<X, TensorBase>) return &x;
  else return nullptr;
}

// Calls forward, with the user's line if it takes one.
template <class M, class... A> decltype(auto) forward_of(M& m, Location at, A&&... a) {
  if constexpr (requires { m.forward(std::forward<A>(a)..., at); }) return m.forward(std::forward<A>(a)..., at);
  else return m.forward(std::forward<A>(a)...);
}

// f(); an Error that passes through gets the path of m.
template <class M, class F> auto with_path(M& m, const F& f) {
  try {
    return f();
  } catch (Error& error) {
    add_path(error, nn::ref(m));
    throw;
  }
}

template <class M, class... A> decltype(auto) call(M& m, Location at, A&&... a) {
  try {
    if (!module_observer) [[likely]]
      return forward_of(m, at, std::forward<A>(a)...);
    const ModuleRef me = nn::ref(m);
    const TensorBase* in[] = {as_tensor(a)..., nullptr};
    const TensorBase input = in[0] ? *in[0] : TensorBase();  // forward may take it over
    module_observer->before(me, in[0] ? &input : nullptr);
    decltype(auto) out = forward_of(m, at, std::forward<A>(a)...);
    if (module_observer) module_observer->after(me, in[0] ? &input : nullptr, as_tensor(out));
    return out;
  } catch (Error& error) {
    add_path(error, nn::ref(m));
    throw;
  }
}

template <class X>
concept NoLocation = !std::same_as<std::remove_cvref_t<X>, Location>;
template <class M, class... A> using Result = decltype(std::declval<M&>().forward(std::declval<A>()...));

}  // namespace detail

/// `ObserveModules guard(observer);` watches this thread while the guard lives.
class ObserveModules {
 public:
  [[nodiscard]] explicit ObserveModules(ModuleObserver& o) : was_(std::exchange(detail::module_observer, &o)) {}
  ~ObserveModules() { detail::module_observer = was_; }
  ObserveModules(const ObserveModules&) = delete;
  ObserveModules& operator=(const ObserveModules&) = delete;

 private:
  ModuleObserver* was_;
};

/// The base of a module. Its members are its registration: layers, nn::Parameter, nn::Buffer, and std::vector
/// (nn::ModuleList), std::map<std::string, ...> (nn::ModuleDict), std::array, std::optional, std::unique_ptr and
/// std::shared_ptr of them. Other members are ignored. A module with a constructor names its parts: see nn::members.
///
/// Values: a copy is deep (layers, parameters, buffers), a move is cheap; `net = best;` copies the values into net's
/// parameters. train() and eval() set a member `bool training = true;` if there is one, and are remembered without,
/// too: see is_training().
///
/// A module is not a base of other modules: `struct Derived : Base` of a module Base does not compile as soon as its
/// own type matters: as a member of a module or in a Sequential, in nn::ref, nn::apply, summary, or when it is printed.
/// What Derived gets from Base itself, derived(x) and derived.parameters(), are Base's, and C++20 lets nobody see it.
/// Derive from nn::Module<Derived> and hold Base as a member. (A base that is a template of the deriving class and
/// hands it on, `struct Of : nn::Module<Self>`, is fine.)
template <class Self> struct Module {
  Module() = default;
  Module(const Module& other) noexcept { detail::eval_modes<Self>.copy(this, &other); }
  Module& operator=(const Module& other) noexcept {
    detail::eval_modes<Self>.copy(this, &other);
    return *this;
  }
  ~Module() { detail::eval_modes<Self>.set(this, false); }

  // ---- calling: net(x) is net.forward(x); an Error that passes through gets the path of the module it came from ----
  // (M = Self: looked at when it is called; Self is not complete yet while its base is being made.)
  template <class A, class M = Self> auto operator()(A&& a, Location at = Location::here()) -> detail::Result<M, A> {
    return detail::call(self(), at, std::forward<A>(a));
  }
  template <class A, class M = Self>
  auto operator()(A&& a, Location at = Location::here()) const -> detail::Result<const M, A> {
    return detail::call(self(), at, std::forward<A>(a));
  }
  template <class A, detail::NoLocation B, class M = Self>
  auto operator()(A&& a, B&& b, Location at = Location::here()) -> detail::Result<M, A, B> {
    return detail::call(self(), at, std::forward<A>(a), std::forward<B>(b));
  }
  template <class A, detail::NoLocation B, class M = Self>
  auto operator()(A&& a, B&& b, Location at = Location::here()) const -> detail::Result<const M, A, B> {
    return detail::call(self(), at, std::forward<A>(a), std::forward<B>(b));
  }
  template <class A, class B, detail::NoLocation C, class M = Self, class... D>
  auto operator()(A&& a, B&& b, C&& c, D&&... d) -> detail::Result<M, A, B, C, D...> {
    return detail::call(self(), Location{}, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c),
                        std::forward<D>(d)...);
  }

  // ---- parameters and buffers ----
  /// Handles to all parameters, in PyTorch's order; give them to an optimizer. They stay valid when the module moves to
  /// another device, loads a state or is assigned to. Throws if the module mixes float and double parameters.
  auto parameters() const {
    std::vector<Tensor<detail::ScalarOf<Self>>> all;
    for (auto& [name, tensor] : named_parameters()) all.push_back(std::move(tensor));
    return all;
  }
  /// The same with their names: "fc1.weight", "blocks.0.bias". A parameter that is shared by two modules is listed
  /// once.
  auto named_parameters() const {
    using T = detail::ScalarOf<Self>;
    std::vector<std::pair<std::string, Tensor<T>>> all;
    for (const NamedTensor& p : named_tensors(ref())) {
      if (!p.is_parameter) continue;
      check(p.tensor->dtype() == dtype_of<T>, {}, "parameters: ", p.name, " is ", name_of(p.tensor->dtype()),
            " and others are ", name_of(dtype_of<T>), "; use state_dict(), which holds any types");
      bool known = false;
      for (const auto& [name, tensor] : all) known = known || tensor.is_same(*p.tensor);
      if (!known) all.emplace_back(p.name, Tensor<T>(p.tensor->share()));
    }
    return all;
  }
  std::vector<TensorBase> buffers() const {
    std::vector<TensorBase> all;
    for (const NamedTensor& p : named_tensors(ref()))
      if (!p.is_parameter) all.push_back(*p.tensor);
    return all;
  }
  std::vector<std::pair<std::string, TensorBase>> named_buffers() const {
    std::vector<std::pair<std::string, TensorBase>> all;
    for (const NamedTensor& p : named_tensors(ref()))
      if (!p.is_parameter) all.emplace_back(p.name, *p.tensor);
    return all;
  }
  std::int64_t num_parameters(bool only_trainable = false) const {
    std::int64_t n = 0;
    for (const auto& p : parameters()) n += !only_trainable || p.requires_grad() ? p.numel() : 0;
    return n;
  }
  /// Freezes (false) or unfreezes all parameters: net.features.requires_grad_(false).
  Self& requires_grad_(bool on = true) {
    for (const auto& p : parameters()) p.requires_grad_(on, Location{});
    return self();
  }
  void zero_grad(bool set_to_none = true) {
    for (const auto& p : parameters()) p.zero_grad(set_to_none);
  }
  void zero_grad(ZeroGradOptions options) { zero_grad(options.set_to_none); }

  // ---- state ----
  /// Names and tensors, parameters and buffers, in PyTorch's order; they share storage with the module.
  StateDict state_dict() const { return nn::state_dict(ref()); }
  /// Copies the values of `dict` into this module. See nn::load_state_dict.
  LoadResult load_state_dict(const StateDict& dict, LoadOptions options = {}, Location at = Location::here()) {
    return nn::load_state_dict(ref(), dict, options, at);
  }
  /// Moves parameters and buffers to a device. Handles to them, an optimizer's for example, follow.
  Self& to(Device device, Location at = Location::here()) {
    nn::to(ref(), device, at);
    return self();
  }
  /// net.to<T>() of a module of T is the module. A module cannot take another element type: its type says which it has.
  template <class T, class M = Self> Self& to() {
    static_assert(std::is_same_v<T, detail::ScalarOf<M>>,
                  "to<T>: a module has its element type for life; write it as `template <class T> struct Net : "
                  "nn::Module<Net<T>> { nn::BasicLinear<T> fc{2, 3}; ... };` and make a Net<double>");
    return self();
  }
  Self& cpu(Location at = Location::here()) { return to(Device::cpu, at); }
  Self& cuda(Location at = Location::here()) { return to(Device::cuda, at); }
  Self clone() const { return self(); }  ///< a deep copy

  // ---- the tree ----
  /// Direct members that are modules.
  std::vector<std::pair<std::string, ModuleRef>> named_children() const {
    std::vector<std::pair<std::string, ModuleRef>> all;
    for (Part& part : ref().parts())
      if (part.module) all.emplace_back(std::move(part.name), part.module);
    return all;
  }
  std::vector<ModuleRef> children() const {
    std::vector<ModuleRef> all;
    for (auto& [name, child] : named_children()) all.push_back(child);
    return all;
  }
  /// This module (its name is empty) and everything below it, parents first.
  std::vector<std::pair<std::string, ModuleRef>> named_modules() const {
    std::vector<std::pair<std::string, ModuleRef>> all;
    detail::walk_modules(ref(), "", [&](const std::string& path, ModuleRef m) {
      for (const auto& [name, known] : all)
        if (known == m) return;
      all.emplace_back(path, m);
    });
    return all;
  }
  std::vector<ModuleRef> modules() const {
    std::vector<ModuleRef> all;
    for (auto& [name, m] : named_modules()) all.push_back(m);
    return all;
  }
  /// Calls f(ModuleRef) for every module of the tree, or f(nn::Linear&) for every Linear, wherever it stands: see
  /// nn::apply.
  template <class F> Self& apply(F&& f) {
    nn::apply(ref(), f);
    return self();
  }
  ModuleRef ref() const { return nn::ref(self()); }

  // ---- mode ----
  /// Training mode: Dropout drops, BatchNorm uses the batch's statistics. Modules begin in it.
  Self& train(bool on = true) {
    detail::visit_modules(ref(), [on](ModuleRef m) { m.set_training(on); });
    return self();
  }
  Self& eval() { return train(false); }
  /// What the last train() or eval() said that reached this module, whether or not a layer in it has use for the mode;
  /// true before. A module with a member `bool training` keeps it there.
  bool is_training() const { return ref().is_training(); }
  bool training() const { return is_training(); }  ///< PyTorch's name; where there is a member of this name, without ()

  /// As PyTorch prints it.
  std::string str() const { return ref().str(); }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
};

template <class Out, detail::DerivesFromModule M>
requires requires(Out& out, const std::string& s) { out << s; }
Out& operator<<(Out& out, const M& m) {
  out << nn::ref(m).str();
  return out;
}

}  // namespace chainrule::nn

#if CHAINRULE_DEFINITIONS
namespace chainrule::nn::detail {

[[gnu::noinline]] CHAINRULE_INLINE void add_path(Error& error, ModuleRef m) {
  std::string path = error.module_path();
  if (!error.module()) {
    path = m.type_name();
  } else {
    bool found = false;
    walk_modules(m, "", [&](const std::string& name, ModuleRef child) {
      if (found || name.empty() || child.address() != error.module() || child.type() != error.module_type()) return;
      found = true;
      path = path.find(' ') == path.npos ? name + " (" + path + ')' : name + '.' + path;
    });
  }
  error.set_module(std::move(path), m.address(), m.type());
}

}  // namespace chainrule::nn::detail
#endif
