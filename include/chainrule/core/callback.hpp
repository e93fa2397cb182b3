#pragma once
// Callback<R(Args...)>: any callable, shared between copies. std::function without <functional>, which costs 11,000
// lines.

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace chainrule {

template <class Signature> class Callback;

/// Holds anything that can be called with Args and gives an R, or gives nothing: then R{} stands for it, so that a hook
/// that only prints needs no return. Copies share the callable. Empty until it is given one.
template <class R, class... Args> class Callback<R(Args...)> {
 public:
  Callback() = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Callback> &&
           std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>) Callback(F&& f)
      : held_(std::make_shared<Held<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}
  template <class F>
  requires(!std::is_void_v<R> && std::is_void_v<std::invoke_result_t<std::remove_cvref_t<F>&, Args...>>) Callback(F&& f)
      : held_(std::make_shared<Held<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return held_ != nullptr; }
  R operator()(Args... args) const { return held_->call(std::forward<Args>(args)...); }

 private:
  struct Any {
    virtual ~Any() = default;
    virtual R call(Args... args) = 0;
  };
  template <class F> struct Held final : Any {
    template <class G> explicit Held(G&& g) : f(std::forward<G>(g)) {}
    // [](int epoch) for a Callback of std::int64_t: the caller's choice, and no warning in this file.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
    R call(Args... args) override {
      if constexpr (!std::is_void_v<R> && std::is_void_v<std::invoke_result_t<F&, Args...>>) {
        f(std::forward<Args>(args)...);
        return R{};
      } else {
        return f(std::forward<Args>(args)...);
      }
    }
#pragma GCC diagnostic pop
    F f;
  };
  std::shared_ptr<Any> held_;
};

}  // namespace chainrule
