#pragma once
// The members of a module are its registration. This file finds them: it counts the members of an aggregate by trial
// initialisation, binds them with structured bindings, and reads their names from __PRETTY_FUNCTION__. g++ 12, clang 14
// and nvcc 13 agree on the result.
//     for_each_member(net, [](std::string_view name, auto& member) { ... });   // "conv1", Conv2d&; "fc1", Linear&; ...

#include <chainrule/core/error.hpp>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace chainrule::nn {

template <class Self> struct Module;

/// A module that has a constructor (and so is no aggregate) names its parts once, after its members:
///     struct Sized : nn::Module<Sized> {
///       nn::Linear in, out;
///       explicit Sized(int hidden) : in(784, hidden), out(hidden, 10) {}
///       using parts = nn::members<&Sized::in, &Sized::out>;
///     };
/// Its other data members (plain data, and what shall be neither trained nor saved) stand in a second list:
///       int calls = 0;
///       std::string label;
///       using others = nn::members<&Sized::calls, &Sized::label>;
/// A data member in neither list is an error, at compile time where sizes alone show it and else at the first use:
/// bytes of the object that no named member and no padding accounts for. Not seen: a member small enough to lie in the
/// padding between two others (a bool, a layer without tensors and numbers); a Parameter, a Tensor, a container never
/// is. A member with an alignas() of its own counts as unnamed. Modules with a list_parts() of their own are not
/// checked.
template <auto... P> struct members {};

/// `using others = nn::unchecked;` switches that check off, for members that no pointer can name: references,
/// bit-fields, the data of a base class.
struct unchecked {};

template <class M>
concept ListsParts = requires {
  typename M::parts;
};

namespace detail {

template <class Self> std::type_identity<Self> self_of(const Module<Self>*);  // never defined
template <class X>
concept DerivesFromModule = requires(const X* x) {
  detail::self_of(x);
};

/// What a module type has to be, whatever is done with it.
template <class X> struct DerivesFromItsOwnModule {
  static consteval bool holds() {
    if constexpr (DerivesFromModule<X>)
      return std::same_as<typename decltype(self_of(static_cast<const X*>(nullptr)))::type, std::remove_const_t<X>>;
    else return true;
  }
  static_assert(holds(),
                "this module derives from another module, whose forward and parameters it would have: derive "
                "from nn::Module<Derived> and hold the other module as a member");
  static constexpr bool value = true;
};

inline constexpr std::size_t max_members = 32;

/// Converts to anything; only ever used unevaluated.
struct Anything {
  template <class T> operator T() const;
};

template <class T, class... A> consteval bool initialises() {
  return requires { T{A{}...}; };
}

// How many initialisers T takes. Fewer than that may be refused (a member without default), so the count goes up to the
// first number that works and on to the last.
template <class T, bool Found = false, class... A> consteval std::size_t count_initialisers() {
  constexpr bool works = initialises<T, A...>();
  if constexpr (Found && !works) return sizeof...(A) - 1;
  else if constexpr (sizeof...(A) > max_members + 2) return sizeof...(A);
  else return count_initialisers<T, works, A..., Anything>();
}

template <class T>
inline constexpr std::size_t arity = count_initialisers<T>() - DerivesFromModule<T>;  // the base takes one

/// Pointers to every member of an aggregate, in order.
template <class T> constexpr auto pointers([[maybe_unused]] T& t) {
  constexpr auto n = arity<std::remove_const_t<T>>;
  static_assert(
      n <= max_members,
      "a module has at most 32 members: group some of them into a module of their own, or into a std::vector");
  if constexpr (n == 0) return std::tuple{};
  else if constexpr (n == 1) {
    auto& [m0] = t;
    return std::tuple{&m0};
  } else if constexpr (n == 2) {
    auto& [m0, m1] = t;
    return std::tuple{&m0, &m1};
  } else if constexpr (n == 3) {
    auto& [m0, m1, m2] = t;
    return std::tuple{&m0, &m1, &m2};
  } else if constexpr (n == 4) {
    auto& [m0, m1, m2, m3] = t;
    return std::tuple{&m0, &m1, &m2, &m3};
  } else if constexpr (n == 5) {
    auto& [m0, m1, m2, m3, m4] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4};
  } else if constexpr (n == 6) {
    auto& [m0, m1, m2, m3, m4, m5] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5};
  } else if constexpr (n == 7) {
    auto& [m0, m1, m2, m3, m4, m5, m6] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6};
  } else if constexpr (n == 8) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7};
  } else if constexpr (n == 9) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8};
  } else if constexpr (n == 10) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9};
  } else if constexpr (n == 11) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10};
  } else if constexpr (n == 12) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11};
  } else if constexpr (n == 13) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12};
  } else if constexpr (n == 14) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13};
  } else if constexpr (n == 15) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14};
  } else if constexpr (n == 16) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15};
  } else if constexpr (n == 17) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16};
  } else if constexpr (n == 18) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17};
  } else if constexpr (n == 19) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8, &m9,
                      &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18};
  } else if constexpr (n == 20) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,
                      &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19};
  } else if constexpr (n == 21) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9, &m10,
                      &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20};
  } else if constexpr (n == 22) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10,
                      &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21};
  } else if constexpr (n == 23) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11,
                      &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22};
  } else if constexpr (n == 24) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
           m23] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11,
                      &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23};
  } else if constexpr (n == 25) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12,
                      &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24};
  } else if constexpr (n == 26) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12,
                      &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25};
  } else if constexpr (n == 27) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25, m26] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12, &m13,
                      &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25, &m26};
  } else if constexpr (n == 28) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25, m26, m27] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12, &m13,
                      &m14, &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25, &m26, &m27};
  } else if constexpr (n == 29) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25, m26, m27, m28] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12, &m13, &m14,
                      &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28};
  } else if constexpr (n == 30) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25, m26, m27, m28, m29] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12, &m13, &m14,
                      &m15, &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28, &m29};
  } else if constexpr (n == 31) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25, m26, m27, m28, m29, m30] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12, &m13, &m14, &m15,
                      &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28, &m29, &m30};
  } else if constexpr (n == 32) {
    auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23,
           m24, m25, m26, m27, m28, m29, m30, m31] = t;
    return std::tuple{&m0,  &m1,  &m2,  &m3,  &m4,  &m5,  &m6,  &m7,  &m8,  &m9,  &m10, &m11, &m12, &m13, &m14, &m15,
                      &m16, &m17, &m18, &m19, &m20, &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28, &m29, &m30, &m31};
  }
}

/// "... &MLP::fc1)]" -> "fc1": the last word of what the compiler prints for a template argument.
template <auto P> consteval std::string_view last_word() {
  std::string_view s = __PRETTY_FUNCTION__;
  if (auto end = s.find("; std::string_view"); end != s.npos)
    s = s.substr(0, end);  // g++ goes on to explain string_view
  auto in_word = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  while (!in_word(s.back())) s.remove_suffix(1);
  auto i = s.size();
  while (i > 0 && in_word(s[i - 1])) --i;
  return s.substr(i);
}

template <class T> struct Box { T value; };
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"  // the module is local to a file
#pragma clang diagnostic ignored "-Wundefined-internal"  // modules in unnamed namespaces
#endif
template <class T> extern const Box<T> ghost;  // has an address at compile time; defined nowhere
template <class P> struct Carry { P p; };

template <class T, std::size_t I> consteval std::string_view member_name() {
  constexpr auto p = std::get<I>(pointers(ghost<T>.value));
  return last_word<Carry<std::remove_const_t<decltype(p)>>{p}>();
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

template <class T> constexpr std::string_view pretty() { return __PRETTY_FUNCTION__; }

}  // namespace detail

template <class T> std::string type_name();

namespace detail {

template <class X, class C> std::type_identity<X> member_type(X C::*);  // never defined
template <auto P> using MemberType = typename decltype(member_type(P))::type;

template <class M> consteval auto other_members() {
  if constexpr (requires { typename M::others; }) return typename M::others{};
  else return members<>{};
}
template <class M, auto... P, auto... Q> consteval auto named_members(members<P...>, members<Q...>) {
  return members<P..., Q...>{};
}

/// The bytes of an M that its named members do not take.
template <class M, auto... P> consteval std::size_t unnamed_bytes(members<P...>) {
  if (std::is_empty_v<M>) return 0;
  const std::size_t named = (std::is_polymorphic_v<M> ? sizeof(void*) : 0) + (sizeof(MemberType<P>) + ... + 0);
  return sizeof(M) > named ? sizeof(M) - named : 0;
}
/// The most of them that can be padding, in whatever order the members stand: only after a member whose size is no
/// multiple of the class's alignment does padding begin.
template <class M, auto... P> consteval std::size_t most_padding(members<P...>) {
  std::size_t sum = 0;
  for (std::size_t size : {std::size_t{0}, sizeof(MemberType<P>)...}) {
    const std::size_t multiple_of = size & (~size + 1);
    if (size && multiple_of < alignof(M)) sum += alignof(M) - multiple_of;
  }
  return sum;
}

template <class M> struct EveryMemberIsNamed {
  static constexpr auto all = named_members<M>(typename M::parts{}, other_members<M>());
  static constexpr std::size_t unnamed = unnamed_bytes<M>(all);
  static_assert(unnamed <= most_padding<M>(all),
                "a data member is missing in `using parts`, it would be neither trained nor saved: add it there, or "
                "name it in `using others = nn::members<&M::count>;` if it is plain data");
};

struct Extent {
  std::size_t offset, size, align;
  std::string_view name;
};

[[noreturn, gnu::cold, gnu::noinline]] inline void fail_unnamed(const std::string& module, std::size_t bytes,
                                                                std::string_view after) {
  fail({}, module, ": a data member is missing in `using parts`, it would be neither trained nor saved (", bytes,
       " bytes ", after.empty() ? "at the beginning" : "after ", after, " have no name); add it there, or name it in ",
       "`using others = nn::members<&", module, "::count>;` if it is plain data");
}

/// Whether the named members and the padding between them take all of m: sizes alone (EveryMemberIsNamed) cannot always
/// say.
template <class M, auto... P> bool check_extents(const M& m, members<P...>) {
  const auto* begin = reinterpret_cast<const char*>(std::addressof(m));
  Extent all[] = {{static_cast<std::size_t>(reinterpret_cast<const char*>(std::addressof(m.*P)) - begin),
                   sizeof(MemberType<P>), alignof(MemberType<P>), last_word<P>()}...,
                  {sizeof(M), 0, 1, {}}};
  for (std::size_t i = 1; i < sizeof...(P); ++i)
    for (std::size_t j = i; j > 0 && all[j].offset < all[j - 1].offset; --j) std::swap(all[j], all[j - 1]);
  all[sizeof...(P)].align = alignof(M);
  std::size_t end = std::is_polymorphic_v<M> ? sizeof(void*) : 0;
  std::string_view last;
  for (const Extent& e : all) {
    if (e.offset > (end + e.align - 1) / e.align * e.align) fail_unnamed(type_name<M>(), e.offset - end, last);
    if (e.offset + e.size >= end) end = e.offset + e.size, last = e.name;
  }
  return true;
}

template <class M> void check_members_are_named([[maybe_unused]] const M& m) {
  if constexpr (requires { requires std::same_as<typename M::others, unchecked>; }) return;
  else if constexpr (EveryMemberIsNamed<M>::unnamed > 0) {
    // Once for a type; anew if it throws.
    [[maybe_unused]] static const bool checked = check_extents(m, EveryMemberIsNamed<M>::all);
  }
}

}  // namespace detail

/// Calls f(name, member) for each direct member of m, in the order of declaration.
template <class M, class F> constexpr void for_each_member(M& m, F&& f) {
  using T = std::remove_const_t<M>;
  static_assert(detail::DerivesFromItsOwnModule<T>::value);
  if constexpr (ListsParts<T>) {
    detail::check_members_are_named<T>(m);
    [&]<auto... P>(members<P...>) { (f(detail::last_word<P>(), m.*P), ...); }
    (typename T::parts{});
  } else {
    static_assert(std::is_aggregate_v<T>,
                  "this module has a constructor or private members: name its parts with `using parts = "
                  "nn::members<&M::a, &M::b>;`");
    if constexpr (std::is_aggregate_v<T>) [&]<std::size_t... I>(std::index_sequence<I...>) {
        [[maybe_unused]] auto p = detail::pointers(m);
        (f(detail::member_name<T, I>(), *std::get<I>(p)), ...);
      }
    (std::make_index_sequence<detail::arity<T>>{});
  }
}

/// The name of a type without namespaces and template arguments: "Linear" for nn::BasicLinear<float>. (The prefix Basic
/// of a template stands for "of any element type" and is left out, as std::string is a std::basic_string.)
template <class T> std::string type_name() {
  std::string_view s = detail::pretty<T>();
  for (std::string_view key : {"T = ", "T="})  // g++ and clang; nvcc
    if (auto begin = s.find(key); begin != s.npos) {
      s.remove_prefix(begin + key.size());
      break;
    }
  int depth = 0;
  std::size_t end = 0;
  for (; end < s.size(); ++end) {  // up to the ; or ] that ends the list of template arguments
    char c = s[end];
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
    else if (depth == 0 && (c == ';' || c == ']')) break;
    else if (c == '>' || c == ')' || c == ']' || c == '}') --depth;
  }
  s = s.substr(0, end);
  const bool is_template = !s.empty() && s.back() == '>';
  if (is_template) {
    depth = 0;
    do {
      if (s.back() == '>') ++depth;
      if (s.back() == '<') --depth;
      s.remove_suffix(1);
    } while (depth > 0 && !s.empty());
  }
  auto begin = s.find_last_of(":. &*>)");
  std::string name(begin == s.npos ? s : s.substr(begin + 1));
  if (is_template && name.size() > 5 && name.starts_with("Basic") && name[5] >= 'A' && name[5] <= 'Z') name.erase(0, 5);
  return name;
}

}  // namespace chainrule::nn
