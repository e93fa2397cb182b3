#pragma once
// Watching a program compute: one hook sees every forward op, every backward step and every gradient that reaches a
// leaf. Tracing, pictures, NaN hunting and profiling are users of it. When nobody watches it costs one pointer test per
// op.

#include <chainrule/core/node.hpp>

namespace chainrule {

/// An op was computed.
struct ForwardEvent {
  const char* op;
  std::span<const TensorBase* const> inputs;
  const TensorBase& output;
  const Node* node;  ///< its place in the graph; null if it was not recorded
  Location at;       ///< the user's line
};

/// The engine ran one gradient rule.
struct BackwardEvent {
  const Node& node;
  const TensorBase& upstream;  ///< d(loss)/d(value of the node)
  const Grads& contributions;  ///< what it sends to each operand, in operand order
};

/// A gradient reached a leaf.
struct LeafEvent {
  const TensorBase& leaf;
  const TensorBase& contribution;
};

/// Derive, override what you want to see, and watch with an Observe guard. The tensors in an event may be edited in
/// place later: an observer that keeps them must clone() them.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void forward(const ForwardEvent&) {}
  virtual void backward(const BackwardEvent&) {}
  virtual void leaf(const LeafEvent&) {}

 private:
  friend class Observe;
  friend struct ObserverAccess;
  Observer* outer_ = nullptr;
};

namespace detail {
inline thread_local Observer* observer = nullptr;
}

/// Runs a scope unwatched: an observer may run ops itself, and so does a gradient rule.
class Unobserved {
 public:
  [[nodiscard]] Unobserved() : was_(std::exchange(detail::observer, nullptr)) {}
  ~Unobserved() { detail::observer = was_; }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
  Observer* who() const { return was_; }

 private:
  Observer* was_;
};

struct ObserverAccess {
  template <class Event> static void tell(Observer* first, void (Observer::*what)(const Event&), const Event& event) {
    Unobserved guard;
    for (Observer* o = first; o; o = o->outer_) (o->*what)(event);
  }
};

/// `Observe guard(my_observer);` watches this thread while the guard lives. Guards nest; every observer sees every
/// event.
class Observe {
 public:
  [[nodiscard]] explicit Observe(Observer& o) : was_(detail::observer) {
    o.outer_ = was_;
    detail::observer = &o;
  }
  ~Observe() { detail::observer = was_; }
  Observe(const Observe&) = delete;
  Observe& operator=(const Observe&) = delete;

 private:
  Observer* was_;
};

}  // namespace chainrule
