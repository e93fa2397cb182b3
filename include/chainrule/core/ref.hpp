#pragma once
// Ref<T>: a share of an object that counts its owners itself. A std::shared_ptr is twice as large, keeps its count
// elsewhere, and every copy and every destructor of one is many times the code; tensors are copied everywhere.

#include <atomic>
#include <cstdint>
#include <utility>

namespace chainrule::detail {

/// The base of what a Ref can share. Its namespace has a function drop(T*), which frees it when the last share is gone.
struct Counted {
  std::atomic<std::uint32_t> owners{0};
};

template <class T> class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* object) : object_(object) { take(); }
  Ref(const Ref& other) : object_(other.object_) { take(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && object_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) drop(object_);
  }
  void reset() { *this = Ref(); }
  void swap(Ref& other) noexcept { std::swap(object_, other.object_); }
  /// A share that was given away by let_go() is taken again.
  static Ref taken(T* object) {
    Ref r;
    r.object_ = object;
    return r;
  }
  T* let_go() { return std::exchange(object_, nullptr); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  /// Whoever finds itself the only owner sees what the others wrote before they let go.
  std::uint32_t use_count() const { return object_ ? object_->owners.load(std::memory_order_acquire) : 0; }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

 private:
  void take() {
    if (object_) object_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  T* object_ = nullptr;
};

}  // namespace chainrule::detail
