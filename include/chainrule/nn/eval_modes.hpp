#pragma once
// Which modules are in evaluation mode, of those that have no member `training` to say so. A base with a data member
// would be no empty base (members are found by structured bindings, which want all data in one class), so the mode
// stands here, by address; the copies, moves and the end of a module keep it true (see Module).

#include <chainrule/core/compiled.hpp>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chainrule::nn::detail {

/// A set of addresses, sorted. One for each type of module: a module and its first member may share an address.
class EvalModes {
 public:
  constexpr EvalModes() = default;

  bool contains(const void* module) const;
  void set(const void* module, bool eval);
  /// `to` gets the mode of `from`.
  void copy(const void* to, const void* from) {
    if (size_.load(std::memory_order_relaxed)) set(to, contains(from));
  }

 private:
  struct Lock {
    std::atomic_flag& busy;
    explicit Lock(std::atomic_flag& b) : busy(b) {
      while (busy.test_and_set(std::memory_order_acquire)) busy.wait(true, std::memory_order_relaxed);
    }
    ~Lock() {
      busy.clear(std::memory_order_release);
      busy.notify_one();
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
  };

  static std::uintptr_t number(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
  std::size_t lower_bound(const void* module) const {
    std::size_t low = 0;
    for (std::size_t high = all_->size(); low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      if (number((*all_)[middle]) < number(module)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  std::vector<const void*>* all_ = nullptr;
  mutable std::atomic_flag busy_;
  std::atomic<std::size_t> size_{0};
};

template <class Self> inline EvalModes eval_modes;

}  // namespace chainrule::nn::detail

#if CHAINRULE_DEFINITIONS
namespace chainrule::nn::detail {

CHAINRULE_INLINE bool EvalModes::contains(const void* module) const {
  if (size_.load(std::memory_order_relaxed) == 0) return false;
  const Lock lock(busy_);
  const std::size_t i = lower_bound(module);
  return i < all_->size() && (*all_)[i] == module;
}

CHAINRULE_INLINE void EvalModes::set(const void* module, bool eval) {
  if (!eval && size_.load(std::memory_order_relaxed) == 0) return;
  const Lock lock(busy_);
  if (!all_) all_ = new std::vector<const void*>;  // never freed: modules may be destroyed after every static object
  const std::size_t i = lower_bound(module);
  const bool known = i < all_->size() && (*all_)[i] == module;
  const auto at = all_->begin() + static_cast<std::ptrdiff_t>(i);
  if (eval && !known) all_->insert(at, module);
  if (!eval && known) all_->erase(at);
  size_.store(all_->size(), std::memory_order_relaxed);
}

}  // namespace chainrule::nn::detail
#endif
