#pragma once
// What one walk through the graph knows: the gradient collected so far for each node, and which node comes next. All of
// it belongs to the walk and nothing to the nodes, so walks run inside of each other (a hook that calls autograd::grad)
// and side by side (threads).

#include <chainrule/core/node.hpp>
#include <memory>

namespace chainrule::detail {

/// One node, seen by one walk.
struct Visit {
  Node* node = nullptr;
  TensorBase gradient;      // the sum of what its readers have sent so far
  TensorBase recomputed;    // its value, computed again for its readers (core/record.hpp)
  std::uint32_t asked = 0;  // how many of them have asked for it
  bool queued = false;      // waits for its turn
  bool needed = true;       // a gradient that is needed lies behind it
  bool captured = false;    // its gradient is a result of the walk
};

/// The visits of a walk, found by their node. Small graphs need no memory of their own; a visit never moves.
class Visits {
 public:
  Visits() = default;
  Visits(const Visits&) = delete;
  Visits& operator=(const Visits&) = delete;

  /// The visit of this node; a fresh one the first time.
  Visit& operator[](Node* node) {
    std::uint32_t slot = slot_of(node);
    for (; table_[slot] != 0; slot = (slot + 1) & mask_)
      if (Visit& v = at(table_[slot] - 1); v.node == node) return v;
    if (2 * (count_ + 1) > mask_) {
      grow();
      return (*this)[node];
    }
    table_[slot] = ++count_;
    Visit& fresh = at(count_ - 1);
    fresh.node = node;
    return fresh;
  }

 private:
  static constexpr std::uint32_t few = 16;  // visits in a chunk

  std::uint32_t slot_of(const Node* node) const {
    return static_cast<std::uint32_t>((reinterpret_cast<std::uintptr_t>(node) >> 6) * 0x9E3779B97F4A7C15u >> 40) &
           mask_;
  }
  Visit& at(std::uint32_t i) { return i < few ? first_[i] : more_[i / few - 1][i % few]; }

  [[gnu::noinline, gnu::cold]] void grow() {
    mask_ = 2 * mask_ + 1;
    large_.assign(mask_ + 1, 0);
    table_ = large_.data();
    for (std::uint32_t i = 0; i < count_; ++i) {
      std::uint32_t slot = slot_of(at(i).node);
      while (table_[slot] != 0) slot = (slot + 1) & mask_;
      table_[slot] = i + 1;
    }
    while ((more_.size() + 1) * few <= mask_ / 2) more_.push_back(std::make_unique<Visit[]>(few));
  }

  Visit first_[few];
  std::uint32_t small_[2 * few] = {};
  std::uint32_t* table_ = small_;  // index of a visit + 1, or 0
  std::uint32_t mask_ = 2 * few - 1, count_ = 0;
  std::vector<std::uint32_t> large_;
  std::vector<std::unique_ptr<Visit[]>> more_;
};

/// Visits in order of the nodes' creation, the newest first (a binary heap; <queue> and <algorithm> cost 9,000 lines).
class NewestFirst {
 public:
  bool empty() const { return heap_.empty(); }
  void push(Visit& visit) {
    const Entry entry{visit.node->id, &visit};
    std::size_t i = heap_.size();
    if (i == 0) heap_.reserve(16);
    heap_.push_back(entry);
    for (; i > 0 && heap_[(i - 1) / 2].id < entry.id; i = (i - 1) / 2) heap_[i] = heap_[(i - 1) / 2];
    heap_[i] = entry;
  }
  /// Null when none is left.
  Visit* pop() {
    if (heap_.empty()) return nullptr;
    Visit* top = heap_.front().visit;
    const Entry last = heap_.back();
    heap_.pop_back();
    const std::size_t n = heap_.size();
    for (std::size_t i = 0; n > 0;) {
      std::size_t child = 2 * i + 1;
      if (child + 1 < n && heap_[child + 1].id > heap_[child].id) ++child;
      if (child >= n || heap_[child].id < last.id) {
        heap_[i] = last;
        break;
      }
      heap_[i] = heap_[child];
      i = child;
    }
    return top;
  }

 private:
  struct Entry {
    std::uint64_t id;
    Visit* visit;
  };
  std::vector<Entry> heap_;
};

/// What a rule may ask about the walk that runs it.
class Walk {
 public:
  /// Whether the gradient that goes through this edge leads to one that is needed.
  bool needs(const Edge& edge) { return captures_ ? leads_to_captured(edge) : edge.node || edge.leaf; }
  Visit& visit(Node* node) { return visits_[node]; }
  /// Whether it is the last walk through this graph: what an op saved goes with its turn.
  bool frees() const { return frees_; }

 protected:
  [[gnu::noinline]] bool leads_to_captured(const Edge& edge) {
    if (!edge.node) return edge.leaf && captures_leaf(*edge.leaf);
    const Visit& v = visits_[edge.node.get()];
    return v.needed || v.captured;
  }
  bool captures_leaf(const TensorImpl& leaf) const {
    for (const TensorBase& c : captured_)
      if (c.impl() == &leaf) return true;
    return false;
  }

  Visits visits_;
  bool frees_ = false;
  bool captures_ = false;  // autograd::grad: gradients of these tensors, and no others
  std::span<const TensorBase> captured_;
};

}  // namespace chainrule::detail

namespace chainrule {
inline bool Needs::operator[](int i) const { return walk_->needs(node_->inputs[static_cast<std::size_t>(i)]); }
}  // namespace chainrule
