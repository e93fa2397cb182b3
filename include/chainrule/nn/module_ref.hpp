#pragma once
// A module whose type is known at run time only. Everything a module can do (list its parameters, save, load, print,
// move to a device) is written once, on ModuleRef; a module type contributes one table of functions, found through its
// members.

#include <chainrule/core/compiled.hpp>
#include <chainrule/nn/eval_modes.hpp>
#include <chainrule/nn/parameter.hpp>
#include <chainrule/nn/reflect.hpp>
#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace chainrule::nn {

struct Part;

namespace detail {

/// What the walk knows about one type of module.
struct ModuleInfo {
  enum Kind { module, list, dict };
  Kind kind;
  std::string (*name)();
  std::string (*extra)(const void* m);  // what stands in the brackets when it is printed
  std::vector<Part> (*parts)(void* m);
  bool* (*training)(void* m);  // its `bool training` member, or null
  bool (*is_training)(void* m);
  void (*set_training)(void* m, bool on);
};
template <class M> const ModuleInfo& module_info();

}  // namespace detail

/// A reference to any module. `net.modules()` and `net.apply(f)` deal in these:
///     net.apply([](nn::ModuleRef m) {
///       if (auto* linear = m.as<nn::Linear>()) nn::init::xavier_uniform_(linear->weight);
///     });
class ModuleRef {
 public:
  ModuleRef() = default;
  ModuleRef(void* module, const detail::ModuleInfo& info) : module_(module), info_(&info) {}

  const void* address() const { return module_; }
  const void* type() const { return info_; }  ///< of the module: a module and its first member share an address
  std::string type_name() const { return info_->name(); }           ///< "Linear"
  std::string extra_repr() const { return info_->extra(module_); }  ///< "in_features=5, out_features=3, bias=True"
  std::vector<Part> parts() const;                                  ///< direct members
  bool* training_flag() const { return info_->training(module_); }  ///< its member `bool training`, or null
  /// Its own mode, without its children's.
  bool is_training() const { return info_->is_training(module_); }
  void set_training(bool on) const { info_->set_training(module_, on); }
  bool is_list() const { return info_->kind == detail::ModuleInfo::list; }
  /// The module itself if it is an M, else null.
  template <class M> M* as() const { return info_ == &detail::module_info<M>() ? static_cast<M*>(module_) : nullptr; }
  std::string str() const;  ///< as PyTorch prints it

  explicit operator bool() const { return module_ != nullptr; }
  friend bool operator==(const ModuleRef&, const ModuleRef&) = default;

 private:
  void* module_ = nullptr;
  const detail::ModuleInfo* info_ = nullptr;
};

/// A direct member of a module that matters to it: a parameter, a buffer, or a module.
struct Part {
  std::string name;
  TensorBase* tensor = nullptr;  ///< of a parameter or buffer
  bool is_parameter = false;
  ModuleRef module;  ///< of a module
};

namespace detail {

template <class X, template <class...> class Of> inline constexpr bool is_a = false;
template <template <class...> class Of, class... A> inline constexpr bool is_a<Of<A...>, Of> = true;
template <class X> inline constexpr bool is_array = false;
template <class X, std::size_t N> inline constexpr bool is_array<std::array<X, N>> = true;

template <class X>
concept IsParameter = is_a<X, BasicParameter>;
template <class X>
concept IsBuffer = is_a<X, BasicBuffer>;
/// Derives from nn::Module; or has parts; or is a plain struct with a forward().
template <class X>
concept IsModule = std::is_class_v<X> &&
    (DerivesFromModule<X> || ListsParts<X> || (std::is_aggregate_v<X> && requires { &X::forward; }));
template <class X>
concept IsList = is_a<X, std::vector> || is_array<X>;
template <class X>
concept IsDict = requires {
  typename X::mapped_type;
  requires std::same_as<typename X::key_type, std::string>;
};
/// std::optional, std::unique_ptr, std::shared_ptr: there or not.
template <class X>
concept IsHolder = is_a<X, std::optional> || is_a<X, std::unique_ptr> || is_a<X, std::shared_ptr>;
/// A module of any type as a value (nn::AnyModule): what counts is the module in it.
template <class X>
concept WrapsModule = !DerivesFromModule<X> && requires(const X& x) {
  typename X::scalar_type;
  { x.ref() } -> std::same_as<ModuleRef>;
};
/// Its parts are known at run time only (nn::Sequential): `std::vector<nn::Part> list_parts()`.
template <class X>
concept ListsPartsAtRunTime = requires(X& m) {
  { m.list_parts() } -> std::same_as<std::vector<Part>>;
};

template <class X> consteval bool is_part() {
  static_assert(DerivesFromItsOwnModule<X>::value);
  if constexpr (IsParameter<X> || IsBuffer<X> || IsModule<X> || WrapsModule<X>) return true;
  else if constexpr (IsList<X>) return is_part<typename X::value_type>();
  else if constexpr (IsDict<X>) return is_part<typename X::mapped_type>();
  else if constexpr (is_a<X, std::optional>) return is_part<typename X::value_type>();
  else if constexpr (IsHolder<X>) return is_part<typename X::element_type>();
  else return false;
}

/// A standard container or tuple of parts that the walk does not look into: std::deque<Linear>, std::map<int, Linear>,
/// std::pair<Linear, Linear>. What only refers to its part (a pointer, std::weak_ptr) may: it owns nothing.
template <class X> struct HidesParts { static constexpr bool value = false; };
template <template <class...> class C, class... A>
requires(!is_a<C<A...>, std::weak_ptr>) struct HidesParts<C<A...>> {
  template <class X> static consteval bool holds() {
    if constexpr (requires { sizeof(X); }) return is_part<X>();
    else return false;
  }
  static constexpr bool value = (holds<A>() || ...);
};

/// Tensors in a module are data. One that asks to be trained but is no Parameter would stay as it is, without a word.
[[gnu::cold]] void refuse_forgotten(std::string_view name);
template <class X> void check_data(std::string_view name, const X& member) {
  if constexpr (std::derived_from<X, TensorBase>) {
    if (member.defined() && member.requires_grad() && member.is_leaf()) refuse_forgotten(name);
  } else if constexpr (requires { requires std::derived_from<typename X::value_type, TensorBase>; }) {
    for (const auto& tensor : member) check_data(name, tensor);
  }
}

template <class X> void add_part(std::vector<Part>& parts, std::string_view name, X& member) {
  if constexpr (!is_part<X>()) {
    check_data(name, member);
    static_assert(
        !HidesParts<X>::value,
        "this member holds layers or parameters in a container that is not looked into, so they would be "
        "neither trained nor saved: use std::vector, std::array, std::map<std::string, ...>, std::optional, a "
        "pointer, or a module of its own");
  } else if constexpr (IsParameter<X> || IsBuffer<X>) {
    if (member.defined()) parts.push_back({std::string(name), &member, IsParameter<X>, {}});
  } else if constexpr (WrapsModule<X>) {
    if (const ModuleRef wrapped = member.ref()) parts.push_back({std::string(name), nullptr, false, wrapped});
  } else if constexpr (IsHolder<X>) {
    if (member) add_part(parts, name, *member);
  } else {
    parts.push_back({std::string(name), nullptr, false, ModuleRef(&member, module_info<X>())});
  }
}

template <class M> consteval std::size_t member_count() {
  if constexpr (ListsParts<M>) return []<auto... P>(members<P...>) {
      return sizeof...(P);
    }
  (typename M::parts{});
  else if constexpr (std::is_aggregate_v<M>) return arity<M>; else return 0;
}

template <class M> std::vector<Part> parts_of(void* module) {
  M& m = *static_cast<M*>(module);
  std::vector<Part> parts;
  if constexpr (IsList<M>) parts.reserve(m.size());
  else if constexpr (!ListsPartsAtRunTime<M> && !IsDict<M> && IsModule<M>) parts.reserve(member_count<M>());
  if constexpr (ListsPartsAtRunTime<M>) parts = m.list_parts();
  else if constexpr (IsList<M>)
    for (std::size_t i = 0; i < m.size(); ++i) add_part(parts, std::to_string(i), m[i]);
  else if constexpr (IsDict<M>)
    for (auto& [name, child] : m) add_part(parts, name, child);
  else if constexpr (IsModule<M>)
    for_each_member(m, [&](std::string_view name, auto& member) { add_part(parts, name, member); });
  return parts;
}

template <class M> std::string name_of_module() {
  if constexpr (requires { std::string(M::module_name); }) return std::string(M::module_name);
  else if constexpr (IsList<M>) return is_a<typename M::value_type, BasicParameter> ? "ParameterList" : "ModuleList";
  else if constexpr (IsDict<M>) return is_a<typename M::mapped_type, BasicParameter> ? "ParameterDict" : "ModuleDict";
  else if constexpr (!IsModule<M>) return "Function";
  else return type_name<M>();
}
template <class M> std::string extra_of(const void* module) {
  if constexpr (requires(const M& m) {
                  { m.extra_repr() } -> std::convertible_to<std::string>;
                })
    return static_cast<const M*>(module)->extra_repr();
  else return {};
}
template <class M> bool* training_of(void* module) {
  if constexpr (requires(M & m) {
                  { m.training } -> std::same_as<bool&>;
                })
    return &static_cast<M*>(module)->training;
  else return nullptr;
}

template <class Self> const void* base_of(const Module<Self>* m) { return m; }
template <class M> bool is_training_of(void* module) {
  if (const bool* flag = training_of<M>(module)) return *flag;
  if constexpr (DerivesFromModule<M>) return !eval_modes<M>.contains(base_of<M>(static_cast<M*>(module)));
  else return true;
}
template <class M> void set_training_of(void* module, bool on) {
  if (bool* flag = training_of<M>(module)) *flag = on;
  else if constexpr (DerivesFromModule<M>) eval_modes<M>.set(base_of<M>(static_cast<M*>(module)), !on);
}

template <class M> const ModuleInfo& module_info() {
  static_assert(DerivesFromItsOwnModule<M>::value);
  static constexpr ModuleInfo info{IsList<M>   ? ModuleInfo::list
                                   : IsDict<M> ? ModuleInfo::dict
                                               : ModuleInfo::module,
                                   &name_of_module<M>,
                                   &extra_of<M>,
                                   &parts_of<M>,
                                   &training_of<M>,
                                   &is_training_of<M>,
                                   &set_training_of<M>};
  return info;
}

/// The element type of a module's parameters: that of the first one in the tree; void if there is none.
template <class X> consteval auto scalar_of();

template <class... None> consteval auto first_scalar(std::tuple<None...>*) { return std::type_identity<void>{}; }
template <class First, class... Rest> consteval auto first_scalar(std::tuple<First*, Rest...>*) {
  constexpr auto scalar = scalar_of<std::remove_const_t<First>>();
  if constexpr (std::is_void_v<typename decltype(scalar)::type>)
    return first_scalar(static_cast<std::tuple<Rest...>*>(nullptr));
  else return scalar;
}
template <class M, auto... P>
auto member_pointers(members<P...>) -> std::tuple<std::remove_reference_t<decltype(std::declval<M&>().*P)>*...>;

template <class X> consteval auto scalar_of() {
  if constexpr (requires { typename X::scalar_type; }) return std::type_identity<typename X::scalar_type>{};
  else if constexpr (IsParameter<X>) return std::type_identity<typename X::value_type>{};
  else if constexpr (!is_part<X>() || IsBuffer<X>) return std::type_identity<void>{};
  else if constexpr (IsList<X> || is_a<X, std::optional>) return scalar_of<typename X::value_type>();
  else if constexpr (IsDict<X>) return scalar_of<typename X::mapped_type>();
  else if constexpr (IsHolder<X>) return scalar_of<typename X::element_type>();
  else if constexpr (ListsParts<X>)
    return first_scalar(static_cast<decltype(member_pointers<X>(typename X::parts{}))*>(nullptr));
  else if constexpr (std::is_aggregate_v<X>)
    return first_scalar(static_cast<decltype(pointers(std::declval<X&>()))*>(nullptr));
  else return std::type_identity<void>{};
}
template <class X> using FoundScalar = typename decltype(scalar_of<X>())::type;
template <class X> using ScalarOf = std::conditional_t<std::is_void_v<FoundScalar<X>>, float, FoundScalar<X>>;

}  // namespace detail

/// A reference to m, for everything that deals in modules of any type.
template <class M> ModuleRef ref(const M& m) { return ModuleRef(const_cast<M*>(&m), detail::module_info<M>()); }

inline std::vector<Part> ModuleRef::parts() const { return info_->parts(module_); }

}  // namespace chainrule::nn

#if CHAINRULE_DEFINITIONS
namespace chainrule::nn::detail {

CHAINRULE_INLINE void refuse_forgotten(std::string_view name) {
  fail({}, "the module's member ", std::string(name),
       " is a tensor that requires a gradient, but no nn::Parameter: it would be neither trained nor saved. Write "
       "nn::Parameter ",
       std::string(name), " = ...; or, if it is only data, detach() it");
}

}  // namespace chainrule::nn::detail
#endif
