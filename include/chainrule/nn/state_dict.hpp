#pragma once
// The walk over a module's tree, and the state dictionary: names like "features.0.weight", in PyTorch's order, so that
// its files load.

#include <chainrule/core/compiled.hpp>
#include <chainrule/nn/module_ref.hpp>

namespace chainrule::nn {

/// A tensor of a module with its path.
struct NamedTensor {
  std::string name;
  TensorBase* tensor;
  bool is_parameter;
};

namespace detail {

/// Calls f(path, module) for a module and everything below it, parents first.
template <class F> void walk_modules(ModuleRef m, const std::string& path, const F& f) {
  f(path, m);
  for (const Part& part : m.parts())
    if (part.module) walk_modules(part.module, path.empty() ? part.name : path + '.' + part.name, f);
}

/// Calls f(module) for a module and everything below it, parents first.
template <class F> void visit_modules(ModuleRef m, const F& f) {
  f(m);
  for (const Part& part : m.parts())
    if (part.module) visit_modules(part.module, f);
}

}  // namespace detail

/// Every parameter and buffer of a tree: a module's own parameters, its own buffers, then its children's.
std::vector<NamedTensor> named_tensors(ModuleRef root);

/// The name of a tensor, and the line of the user's program that asks for it: an operator takes no default arguments.
struct TensorName {
  std::string_view name;
  Location at;
  template <std::convertible_to<std::string_view> S>
  TensorName(const S& s, Location where = Location::here()) : name(s), at(where) {}
};

/// Names and tensors of any types, in order. The tensors of a module's dictionary share its storage; clone() them to
/// keep a snapshot.
///     auto state = net.state_dict();
///     state["fc1.weight"];                                 // Tensor<float>, or state.get("fc1.weight")
///     state.get<std::int64_t>("bn1.num_batches_tracked");  // another type is named
///     for (auto& [name, tensor] : state) ...
class StateDict : public std::vector<std::pair<std::string, TensorBase>> {
 public:
  using vector::vector;

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  const TensorBase* find(std::string_view name) const;
  /// The names, in order.
  std::vector<std::string> keys() const;
  /// The tensor of this name as its type. Throws if there is none, or if its type is another.
  template <class T = float> Tensor<T> get(std::string_view name, Location at = Location::here()) const {
    const TensorBase* found = find(name);
    if (!found) [[unlikely]]
      fail_unknown(name, at);
    if (found->dtype() != dtype_of<T>) [[unlikely]]
      fail_type(name, found->dtype(), dtype_of<T>, at);
    return Tensor<T>(found->share());
  }
  using vector::operator[];
  /// get(name): a handle, of floats. (It is const: `state["a"] = t` would not change the dictionary; set("a", t) does.)
  const Tensor<float> operator[](TensorName key) const { return get<float>(key.name, key.at); }
  /// Adds a tensor, or replaces the one of this name.
  void set(std::string_view name, const TensorBase& tensor);
  /// Copies of the values, which later training does not change.
  StateDict clone() const;

 private:
  [[noreturn, gnu::cold]] void fail_unknown(std::string_view name, Location at) const;
  [[noreturn, gnu::cold, gnu::noinline]] static void fail_type(std::string_view name, DType is, DType asked,
                                                               Location at) {
    constexpr const char* types[] = {"float", "double", "std::int64_t", "std::int32_t", "std::uint8_t", "bool"};
    fail(at, "state_dict: \"", name, "\" is ", name_of(is), ", not ", name_of(asked), "; get<",
         types[static_cast<int>(is)], ">(\"", name, "\") gives it");
  }
};

namespace detail {

/// How many letters have to be added, left out or replaced to make b of a.
[[gnu::cold]] std::size_t edits_between(std::string_view a, std::string_view b);

}  // namespace detail

inline void StateDict::fail_unknown(std::string_view name, Location at) const {
  const std::string* nearest = nullptr;
  for (const auto& [known, tensor] : *this)
    if (!nearest || detail::edits_between(name, known) < detail::edits_between(name, *nearest)) nearest = &known;
  check(nearest, at, "state_dict: no tensor is called \"", name, "\": it is empty");
  fail(at, "state_dict: no tensor is called \"", name, "\"; the nearest name is \"", *nearest, "\"");
}

/// Options of load_state_dict().
struct LoadOptions {
  bool strict = true;  ///< every tensor of the module must be in the dictionary, and nothing else
};

/// What did not match under {.strict = false}.
struct LoadResult {
  std::vector<std::string> missing_keys;     ///< in the module, not in the dictionary
  std::vector<std::string> unexpected_keys;  ///< in the dictionary, not in the module
};

StateDict state_dict(ModuleRef root);

/// Copies the values of a dictionary into the module. Everything is compared first; an Error lists all that does not
/// match, and nothing was changed then. As in PyTorch, a dictionary may lack BatchNorm's num_batches_tracked
/// (old files do).
LoadResult load_state_dict(ModuleRef root, const StateDict& dict, LoadOptions options, Location at);

/// Moves every parameter and buffer to a device. The handles stay the same ones: their storage is exchanged.
void to(ModuleRef root, Device device, Location at);

namespace detail {

// The type of the only parameter of something that can be called; not of an overloaded or generic one, which has many.
// Never defined.
template <class R, class A> std::type_identity<A> parameter_of(R (*)(A));
template <class R, class C, class A> std::type_identity<A> parameter_of(R (C::*)(A));
template <class R, class C, class A> std::type_identity<A> parameter_of(R (C::*)(A) const);

template <class F> consteval auto visited_by() {
  if constexpr (requires(F & f) { detail::parameter_of(f); })
    return decltype(detail::parameter_of(std::declval<F&>())){};
  else if constexpr (requires { detail::parameter_of(&F::operator()); })
    return decltype(detail::parameter_of(&F::operator())){};
  else return std::type_identity<void>{};
}

template <class X> consteval bool never_visited() {  // holds a module or belongs to one, but is none
  if constexpr (std::is_class_v<X>) return std::derived_from<X, TensorBase> || WrapsModule<X> || IsHolder<X>;
  else return true;
}

template <class F> void visit(ModuleRef m, F& f) {
  using A = typename decltype(visited_by<F>())::type;
  using M = std::remove_cvref_t<A>;
  if constexpr (std::is_void_v<A>) {
    static_assert(!std::is_void_v<A>,
                  "apply: write the type of the module instead of auto, [](nn::Linear& layer) {...}, to be called for "
                  "every Linear, or [](nn::ModuleRef m) {...} to be called for every module: m.as<nn::Linear>() is "
                  "null if it is none");
  } else if constexpr (std::same_as<M, ModuleRef>) {
    f(m);
  } else {
    static_assert(std::is_lvalue_reference_v<A>,
                  "apply: take the module by reference, [](nn::Linear& layer) {...}; a copy would be changed and lost");
    static_assert(!never_visited<M>(),
                  "apply: visits modules, such as nn::Linear&; tensors are in net.parameters() and net.buffers(), and "
                  "what is in an nn::AnyModule or a pointer is visited as its own type");
    if (auto* found = m.as<M>()) f(*found);
  }
}

}  // namespace detail

/// Calls f for every module of the tree, children first and `root` last, as PyTorch does. What f takes says which: an
/// nn::ModuleRef stands for any, a reference to one type of module for those of exactly this type, wherever they stand
/// (in a Sequential, a vector, a map). A generic lambda does not compile: the types of modules are known at run time
/// only.
///     net.apply([](nn::Linear& layer) { nn::init::xavier_uniform_(layer.weight); });
///     net.apply([](nn::ModuleRef m) { print(m.type_name()); });
template <class F> void apply(ModuleRef root, F&& f) {
  for (const Part& part : root.parts())
    if (part.module) nn::apply(part.module, f);
  detail::visit(root, f);
}

}  // namespace chainrule::nn

#if CHAINRULE_DEFINITIONS
namespace chainrule::nn {

CHAINRULE_INLINE std::vector<NamedTensor> named_tensors(ModuleRef root) {
  std::vector<NamedTensor> all;
  detail::walk_modules(root, "", [&](const std::string& path, ModuleRef m) {
    const auto parts = m.parts();
    for (bool parameters : {true, false})
      for (const Part& part : parts)
        if (part.tensor && part.is_parameter == parameters)
          all.push_back({path.empty() ? part.name : path + '.' + part.name, part.tensor, parameters});
  });
  return all;
}

}  // namespace chainrule::nn
namespace chainrule::nn::detail {

CHAINRULE_INLINE std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // of a's first i letters to b's first j
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      const std::size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      row[j] = replaced < other ? replaced : other;
    }
  }
  return row.back();
}

}  // namespace chainrule::nn::detail
namespace chainrule::nn {

CHAINRULE_INLINE StateDict state_dict(ModuleRef root) {
  StateDict dict;
  for (const NamedTensor& t : named_tensors(root))
    dict.emplace_back(t.name, TensorBase(chainrule::detail::alias(*t.tensor)));
  return dict;
}

CHAINRULE_INLINE LoadResult load_state_dict(ModuleRef root, const StateDict& dict, LoadOptions options, Location at) {
  LoadResult result;
  std::string wrong;
  const auto mine = named_tensors(root);
  std::vector<bool> used(dict.size(), false);
  std::vector<std::pair<TensorBase*, const TensorBase*>> copies;
  for (const NamedTensor& t : mine) {
    std::size_t i = 0;
    while (i < dict.size() && dict[i].first != t.name) ++i;
    if (i == dict.size()) {
      if (!t.name.ends_with("num_batches_tracked")) result.missing_keys.push_back(t.name);
      continue;
    }
    used[i] = true;
    const TensorBase& given = dict[i].second;
    if (!given.defined()) wrong += "\n  " + t.name + ": the given tensor is not defined";
    else if (!(given.shape() == t.tensor->shape()))
      wrong += "\n  " + t.name + ": the module's shape is " + t.tensor->shape().str() + ", the given one " +
               given.shape().str();
    else if (given.dtype() != t.tensor->dtype())
      wrong += std::string("\n  ") + t.name + ": the module's type is " + name_of(t.tensor->dtype()) +
               ", the given one " + name_of(given.dtype());
    else copies.emplace_back(t.tensor, &given);
  }
  for (std::size_t i = 0; i < dict.size(); ++i)
    if (!used[i]) result.unexpected_keys.push_back(dict[i].first);
  if (options.strict) {
    for (const auto& name : result.missing_keys) wrong += "\n  " + name + ": missing";
    for (const auto& name : result.unexpected_keys)
      wrong += "\n  " + name + ": unexpected, the module has no such tensor";
  }
  check(
      wrong.empty(), at, "load_state_dict: the dictionary does not fit ", root.type_name(), "; nothing was loaded",
      wrong,
      options.strict && copies.size() == mine.size() ? "\npass {.strict = false} to leave out what is unexpected" : "");
  no_grad guard;
  for (auto& [to, from] : copies)
    chainrule::detail::with_bits(
        *to, [&, source = from](const auto& t) { t.copy_(std::remove_cvref_t<decltype(t)>(source->share()), at); });
  return result;
}

CHAINRULE_INLINE void to(ModuleRef root, Device device, Location at) {
  no_grad guard;
  auto move = [&](TensorBase& tensor) {
    if (tensor.device() == device) return;
    chainrule::detail::with_bits(tensor, [&](const auto& t) {
      auto moved = t.detach().to(device, at);
      tensor.impl()->storage = moved.impl()->storage;
      tensor.impl()->offset = 0;
      tensor.impl()->strides = moved.strides();
      tensor.impl()->contiguous = true;
    });
  };
  for (const NamedTensor& t : named_tensors(root)) {
    move(*t.tensor);
    if (auto& grad = t.tensor->impl()->grad) {
      TensorBase g(grad);
      move(g);
    }
  }
}

CHAINRULE_INLINE const TensorBase* StateDict::find(std::string_view name) const {
  for (const auto& entry : *this)
    if (entry.first == name) return &entry.second;
  return nullptr;
}

CHAINRULE_INLINE std::vector<std::string> StateDict::keys() const {
  std::vector<std::string> all;
  for (const auto& entry : *this) all.push_back(entry.first);
  return all;
}

CHAINRULE_INLINE void StateDict::set(std::string_view name, const TensorBase& tensor) {
  for (auto& entry : *this)
    if (entry.first == name) {
      entry.second = tensor;
      return;
    }
  emplace_back(name, tensor);
}

CHAINRULE_INLINE StateDict StateDict::clone() const {
  StateDict copy;
  no_grad guard;
  for (const auto& entry : *this)
    chainrule::detail::with_bits(entry.second, [&](const auto& t) {
      copy.emplace_back(entry.first, chainrule::clone(t, Location{}));
      copy.back().second.impl()->dtype = entry.second.dtype();
    });
  return copy;
}

}  // namespace chainrule::nn
#endif
