#pragma once
// The members of a module are its registration. This file finds them: it counts the members of an aggregate by trial initialisation,
// binds them with structured bindings, and reads their names from __PRETTY_FUNCTION__. g++ 12, clang 14 and nvcc 13 agree on the result.
//     for_each_member(net, [](std::string_view name, auto& member) { ... });   // "conv1", Conv2d&; "fc1", Linear&; ...

#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace chainrule::nn {

/// The base of all modules: what derives from Module<Self> derives from it.
struct ModuleTag {};

/// A module that has a constructor (and so is no aggregate) names its parts once, after its members:
///     struct Sized : nn::Module<Sized> {
///       nn::Linear in, out;
///       explicit Sized(int hidden) : in(784, hidden), out(hidden, 10) {}
///       using parts = nn::members<&Sized::in, &Sized::out>;
///     };
template <auto... P> struct members {};

template <class M> concept ListsParts = requires { typename M::parts; };

namespace detail {

inline constexpr std::size_t max_members = 32;

/// Converts to anything; only ever used unevaluated.
struct Anything {
  template <class T> operator T() const;
};

template <class T, class... A> consteval bool initialises() { return requires { T{A{}...}; }; }

// How many initialisers T takes. Fewer than that may be refused (a member without default), so the count goes up to the first number
// that works and on to the last.
template <class T, bool Found = false, class... A> consteval std::size_t count_initialisers() {
  constexpr bool works = initialises<T, A...>();
  if constexpr (Found && !works) return sizeof...(A) - 1;
  else if constexpr (sizeof...(A) > max_members + 2) return sizeof...(A);
  else return count_initialisers<T, works, A..., Anything>();
}

template <class T> inline constexpr std::size_t arity = count_initialisers<T>() - std::derived_from<T, ModuleTag>;  // the base takes one

/// Pointers to every member of an aggregate, in order.
template <class T> constexpr auto pointers([[maybe_unused]] T& t) {
  constexpr auto n = arity<std::remove_const_t<T>>;
  static_assert(n <= max_members, "a module has at most 32 members: group some of them into a module of their own, or into a std::vector");
  if constexpr (n == 0) return std::tuple{};
  else if constexpr (n == 1) { auto& [m0] = t; return std::tuple{&m0}; }
  else if constexpr (n == 2) { auto& [m0, m1] = t; return std::tuple{&m0, &m1}; }
  else if constexpr (n == 3) { auto& [m0, m1, m2] = t; return std::tuple{&m0, &m1, &m2}; }
  else if constexpr (n == 4) { auto& [m0, m1, m2, m3] = t; return std::tuple{&m0, &m1, &m2, &m3}; }
  else if constexpr (n == 5) { auto& [m0, m1, m2, m3, m4] = t; return std::tuple{&m0, &m1, &m2, &m3, &m4}; }
  else if constexpr (n == 6) { auto& [m0, m1, m2, m3, m4, m5] = t; return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5}; }
  else if constexpr (n == 7) { auto& [m0, m1, m2, m3, m4, m5, m6] = t; return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6}; }
  else if constexpr (n == 8) { auto& [m0, m1, m2, m3, m4, m5, m6, m7] = t; return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7}; }
  else if constexpr (n == 9) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8}; }
  else if constexpr (n == 10) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9}; }
  else if constexpr (n == 11) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10}; }
  else if constexpr (n == 12) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11}; }
  else if constexpr (n == 13) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12}; }
  else if constexpr (n == 14) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13}; }
  else if constexpr (n == 15) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14}; }
  else if constexpr (n == 16) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15}; }
  else if constexpr (n == 17) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16}; }
  else if constexpr (n == 18) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17}; }
  else if constexpr (n == 19) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18}; }
  else if constexpr (n == 20) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19}; }
  else if constexpr (n == 21) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20}; }
  else if constexpr (n == 22) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20,
      m21] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21}; }
  else if constexpr (n == 23) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22}; }
  else if constexpr (n == 24) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23}; }
  else if constexpr (n == 25) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24}; }
  else if constexpr (n == 26) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25}; }
  else if constexpr (n == 27) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25, m26] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25, &m26}; }
  else if constexpr (n == 28) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25, m26, m27] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25, &m26, &m27}; }
  else if constexpr (n == 29) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25, m26, m27, m28] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28}; }
  else if constexpr (n == 30) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25, m26, m27, m28, m29] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28, &m29}; }
  else if constexpr (n == 31) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25, m26, m27, m28, m29, m30] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28, &m29, &m30}; }
  else if constexpr (n == 32) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
      m22, m23, m24, m25, m26, m27, m28, m29, m30, m31] = t;
    return std::tuple{&m0, &m1, &m2, &m3, &m4, &m5, &m6, &m7, &m8, &m9, &m10, &m11, &m12, &m13, &m14, &m15, &m16, &m17, &m18, &m19, &m20,
      &m21, &m22, &m23, &m24, &m25, &m26, &m27, &m28, &m29, &m30, &m31}; }
}

/// "... &MLP::fc1)]" -> "fc1": the last word of what the compiler prints for a template argument.
template <auto P> consteval std::string_view last_word() {
  std::string_view s = __PRETTY_FUNCTION__;
  if (auto end = s.find("; std::string_view"); end != s.npos) s = s.substr(0, end);  // g++ goes on to explain string_view
  auto in_word = [](char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
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

/// Calls f(name, member) for each direct member of m, in the order of declaration.
template <class M, class F> constexpr void for_each_member(M& m, F&& f) {
  using T = std::remove_const_t<M>;
  if constexpr (ListsParts<T>) {
    [&]<auto... P>(members<P...>) { (f(detail::last_word<P>(), m.*P), ...); }(typename T::parts{});
  } else {
    static_assert(std::is_aggregate_v<T>,
                  "this module has a constructor or private members: name its parts with `using parts = nn::members<&M::a, &M::b>;`");
    if constexpr (std::is_aggregate_v<T>)
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        [[maybe_unused]] auto p = detail::pointers(m);
        (f(detail::member_name<T, I>(), *std::get<I>(p)), ...);
      }(std::make_index_sequence<detail::arity<T>>{});
  }
}

/// The name of a type without namespaces and template arguments: "Linear" for nn::BasicLinear<float>. (The prefix Basic of a
/// template stands for "of any element type" and is left out, as std::string is a std::basic_string.)
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
