// The autograd state machine, drawn at random: programs of ops, views, edits in place, hooks, nested and repeated
// walks, detach and no_grad, against an interpreter that knows nothing of graphs, views or versions. For it a tensor is
// a list of cells; a cell holds a value and its derivative with respect to every element of every leaf. A view is
// another list of the same cells, an edit writes to cells, detach() drops derivatives, no_grad writes values and leaves
// derivatives. A walk must give the interpreter's gradients or throw an Error.

#include <chainrule/chainrule.hpp>
#include <array>
#include <cmath>
#include <memory>
#include <sstream>
#include "support/catch.hpp"

namespace {

namespace cr = chainrule;
using cr::Tensor;
using Real = Tensor<double>;

constexpr int leaves = 2, leaf_size = 4, inputs = leaves * leaf_size;

/// A value and its derivatives by the inputs: forward mode.
struct Dual {
  double value = 0;
  std::array<double, inputs> slope{};

  friend Dual operator+(Dual a, const Dual& b) { return combine(a.value + b.value, a, 1, b, 1); }
  friend Dual operator*(Dual a, const Dual& b) { return combine(a.value * b.value, a, b.value, b, a.value); }
  static Dual combine(double value, const Dual& a, double da, const Dual& b, double db) {
    Dual r;
    r.value = value;
    for (int i = 0; i < inputs; ++i)
      r.slope[static_cast<std::size_t>(i)] =
          da * a.slope[static_cast<std::size_t>(i)] + db * b.slope[static_cast<std::size_t>(i)];
    return r;
  }
  static Dual constant(double v) {
    Dual r;
    r.value = v;
    return r;
  }
};

using Cell = std::shared_ptr<Dual>;

/// What the interpreter holds for a tensor of the library.
struct Mirror {
  Real tensor;
  std::vector<Cell> cells;  // row-major
  bool tracked = false;     // some gradient goes through it: requires_grad() must say so
  bool expanded = false;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  int below(int n) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<int>((z ^ (z >> 31)) % static_cast<std::uint64_t>(n));
  }
  bool chance(int percent) { return below(100) < percent; }
  double value() { return (below(2001) - 1000) / 800.0; }

 private:
  std::uint64_t state_;
};

enum class End { right, refused, wrong };

class Program {
 public:
  explicit Program(std::uint64_t seed) : random_(seed) {
    for (int k = 0; k < leaves; ++k) {
      std::vector<double> values;
      Mirror m;
      for (int i = 0; i < leaf_size; ++i) {
        Dual d = Dual::constant(random_.value());
        d.slope[static_cast<std::size_t>(k * leaf_size + i)] = 1;
        values.push_back(d.value);
        m.cells.push_back(std::make_shared<Dual>(d));
      }
      m.tensor = cr::tensor(values).reshape({2, 2});
      m.tensor.requires_grad_();
      m.tracked = true;
      leaf_[k] = m.tensor;
      pool_.push_back(m);
    }
  }

  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  // y.add_(f(y)), where f saved y, makes y and its history hold each other until a walk frees the graph: cut here.
  ~Program() {
    for (Mirror& m : pool_) {
      cr::detail::TensorImpl& impl = *m.tensor.impl();
      impl.node = {};
      if (impl.base) impl.base->node = {};
    }
  }

  End run() {
    try {
      const int steps = 4 + random_.below(14);
      for (int i = 0; i < steps; ++i) step();
      for (int walks = 1 + random_.below(2); walks-- > 0;) walk();
      check_values();
    } catch (const cr::Error& e) {
      const std::string message = e.what();
      text_ << "  Error: " << message << '\n';
      const bool edited = message.find("edited in place since") != std::string::npos,
                 freed = message.find("walked already") != std::string::npos;
      if ((edited && clean_) || (freed && all_retained_) || !(edited || freed))
        complain("this program has no reason for an error");
      return complaint_.empty() ? End::refused : End::wrong;
    }
    return complaint_.empty() ? End::right : End::wrong;
  }
  std::string text() const { return text_.str() + complaint_; }

 private:
  Mirror& any() { return pool_[static_cast<std::size_t>(random_.below(static_cast<int>(pool_.size())))]; }
  bool recording() const { return cr::is_grad_enabled(); }

  /// A fresh result of `cells`.
  void keep(Real value, const std::vector<Dual>& cells, bool tracked, const std::string& what) {
    Mirror m;
    m.tensor = std::move(value);
    m.tracked = tracked && recording();
    for (Dual d : cells) {
      if (!m.tracked) d.slope = {};
      m.cells.push_back(std::make_shared<Dual>(d));
    }
    text_ << "  t" << pool_.size() << " = " << what << (recording() ? "" : "   (no_grad)") << '\n';
    pool_.push_back(m);
  }
  /// What an op gets: a view that was made under no_grad has no derivatives, although its cells have.
  static std::vector<Dual> read(const Mirror& m) {
    std::vector<Dual> all;
    for (const Cell& c : m.cells) {
      all.push_back(*c);
      if (!m.tracked) all.back().slope = {};
    }
    return all;
  }

  void step() {
    std::unique_ptr<cr::no_grad> off;
    if (random_.chance(15)) off = std::make_unique<cr::no_grad>();
    switch (random_.below(12)) {
      case 0:
      case 1: return op();
      case 2:
      case 3:
      case 4: return view();
      case 5:
      case 6:
      case 7:
      case 8: return edit();
      case 9: return hook();
      case 10: return random_.chance(50) ? detach() : copy();
      default: return walk();
    }
  }

  void op() {
    const Mirror a = any(), b = any();
    const std::vector<Dual> left = read(a), right = read(b);
    std::vector<Dual> cells;
    if (random_.chance(40) || a.cells.size() != b.cells.size() || !(a.tensor.shape() == b.tensor.shape())) {
      const bool square = random_.chance(50);
      for (const Dual& c : left) {
        const double e = std::exp(0.5 * c.value);
        cells.push_back(square ? c * c : Dual::combine(e, c, 0.5 * e, c, 0));
      }
      if (square) keep(a.tensor * a.tensor, cells, a.tracked, "a * a");
      else keep((a.tensor * 0.5).exp(), cells, a.tracked, "exp(a / 2)");
      return;
    }
    const bool sum = random_.chance(50);
    for (std::size_t i = 0; i < left.size(); ++i) cells.push_back(sum ? left[i] + right[i] : left[i] * right[i]);
    keep(sum ? a.tensor + b.tensor : a.tensor * b.tensor, cells, a.tracked || b.tracked, sum ? "a + b" : "a * b");
  }

  void view() {
    const Mirror m = any();
    const Real& x = m.tensor;
    const cr::Shape shape = x.shape();
    // The view of the positions shows which cells it has: the library's own views of integers, which no edit touches.
    const Tensor<std::int64_t> at = cr::arange(static_cast<std::int64_t>(m.cells.size())).view(shape);
    Real v;
    Tensor<std::int64_t> where;
    auto both = [&](auto f) { v = f(x), where = f(at); };
    bool expanded = m.expanded;
    switch (random_.below(6)) {
      case 0:
        if (x.dim() == 0) return;
        both([i = random_.below(static_cast<int>(std::max<std::int64_t>(1, shape[0])))](const auto& t) {
          return t.select(0, i);
        });
        break;
      case 1:
        if (x.dim() == 0) return;
        both([&, d = random_.below(x.dim()), s = random_.below(2)](const auto& t) { return t.slice(d, s, 9, 1 + s); });
        break;
      case 2:
        if (x.dim() < 2) return;
        both([](const auto& t) { return t.transpose(0, 1); });
        break;
      case 3: both([](const auto& t) { return t.unsqueeze(0); }); break;
      case 4:
        if (!x.is_contiguous()) return;
        both([](const auto& t) { return t.view({-1}); });
        break;
      default: {
        if (x.dim() == 0 || x.dim() > 2 || shape[0] != 1) return;
        cr::Shape wide = shape;
        wide[0] = 2;
        both([&](const auto& t) { return t.expand(wide); });
        expanded = true;
      }
    }
    if (v.numel() == 0 || v.dim() > 3) return;
    Mirror seen;
    seen.tensor = v;
    seen.tracked = m.tracked && recording();
    seen.expanded = expanded;
    for (std::int64_t i : where.to_vector()) seen.cells.push_back(m.cells[static_cast<std::size_t>(i)]);
    text_ << "  t" << pool_.size() << " = a view of an older one, shape " << v.shape().str()
          << (recording() ? "" : "   (no_grad)") << '\n';
    pool_.push_back(seen);
    views_without_history_ = views_without_history_ || (m.tracked && !recording());
  }

  void edit() {
    Mirror a = any();
    if (views_without_history_) return;  // what such a view has for derivatives depends on when it is looked at
    const Mirror b = any();
    const bool fits = b.tensor.shape() == a.tensor.shape();
    const int kind = random_.below(6);
    const std::vector<Dual> old = read(a), other = read(b);
    const double s = random_.value();
    text_ << "  edit " << kind << " of a tensor of shape " << a.tensor.shape().str()
          << (recording() ? "" : "   (no_grad)") << '\n';
    if (!fits && kind >= 2 && kind <= 4) return;
    if (kind == 5 && a.tensor.dim() == 0) return;
    try {
      switch (kind) {
        case 0: a.tensor.mul_(s); break;
        case 1: a.tensor.fill_(s); break;
        case 2: a.tensor.add_(b.tensor); break;
        case 3: a.tensor.mul_(b.tensor); break;
        case 4: a.tensor.copy_(b.tensor); break;
        default: a.tensor.index_put_({0}, s);
      }
    } catch (const cr::Error& e) {  // nothing has changed: check_values() looks
      const std::string message = e.what();
      const bool of_leaf = recording() && (a.tensor.shares_storage(leaf_[0]) || a.tensor.shares_storage(leaf_[1]));
      if (message.find("was expanded") != std::string::npos
              ? a.expanded
              : message.find("leaf that requires grad") != std::string::npos && of_leaf)
        return;
      throw;
    }
    clean_ = false;
    const std::size_t first = a.tensor.dim() == 0 ? 1 : a.cells.size() / static_cast<std::size_t>(a.tensor.shape()[0]);
    for (std::size_t i = 0; i < a.cells.size(); ++i) {
      Dual made = old[i];
      if (kind == 0) made = Dual::combine(old[i].value * s, old[i], s, old[i], 0);
      if (kind == 1) made = Dual::constant(s);
      if (kind == 2) made = old[i] + other[i];
      if (kind == 3) made = old[i] * other[i];
      if (kind == 4) made = other[i];
      if (kind == 5 && i < first) made = Dual::constant(s);
      if (recording()) *a.cells[i] = made;
      else a.cells[i]->value = made.value;  // the history stays what it was
    }
    if (!recording()) return;
    if (a.tracked || (fits && b.tracked && kind >= 2 && kind <= 4)) track_all_that_share(a);
  }
  // After a recorded edit every view of the memory has the new history.
  void track_all_that_share(const Mirror& a) {
    for (Mirror& m : pool_)
      if (m.tensor.shares_storage(a.tensor)) m.tracked = true;
  }

  void hook() {
    Mirror& m = any();
    if (!m.tracked || !m.tensor.requires_grad()) return;
    m.tensor.register_hook([](const Real& g) {
      const cr::enable_grad recording;  // a walk of its own inside of the walk; changes nothing
      auto x = cr::tensor<double>({1, 2}, {.requires_grad = true});
      if (cr::autograd::grad((x * x).sum(), x)[0].to_vector() != std::vector<double>{2, 4})
        cr::fail({}, "a walk inside of a walk is wrong");
      return g * 1;
    });
    text_ << "  a hook\n";
  }

  void copy() {
    const Mirror m = any();
    keep(m.tensor.clone(), read(m), m.tracked, "clone of a");
  }
  void detach() {  // and cloned: two histories over one memory are not what this test is about
    const Mirror m = any();
    std::vector<Dual> cells;
    for (const Cell& c : m.cells) cells.push_back(Dual::constant(c->value));
    keep(m.tensor.detach().clone(), cells, false, "a.detach().clone()");
  }

  void walk() {
    const Mirror m = any();
    if (!m.tensor.requires_grad()) return;
    std::vector<double> weights;
    for (std::size_t i = 0; i < m.cells.size(); ++i) weights.push_back(random_.value());
    const Real seed = cr::tensor(weights).reshape(m.tensor.shape());
    const bool retain = random_.chance(80), by_grad = random_.chance(50), graph = by_grad && random_.chance(30);
    std::array<double, inputs> expected{};
    for (std::size_t i = 0; i < m.cells.size(); ++i)
      for (std::size_t k = 0; k < inputs; ++k) expected[k] += weights[i] * m.cells[i]->slope[k];
    text_ << "  walk from a tensor of shape " << m.tensor.shape().str() << (retain ? " (retain_graph)" : "")
          << (by_grad ? " grad()" : " backward()") << '\n';
    all_retained_ = all_retained_ && (retain || graph);
    std::vector<Real> found;
    if (by_grad) {
      found = cr::autograd::grad({m.tensor}, {leaf_[0], leaf_[1], leaf_[0]}, {seed},
                                 {.retain_graph = retain, .create_graph = graph, .allow_unused = true});
      if (!same(found[0], found[2])) complain("grad({y}, {x, x}) gives two gradients that differ");
    } else {
      for (const Real& leaf : leaf_) leaf.zero_grad();
      m.tensor.backward(seed, {.retain_graph = retain});
      for (const Real& leaf : leaf_) found.push_back(leaf.grad());
      for (const Mirror& other : pool_)
        for (const Real& g : found)
          if (g.defined() && (g.shares_storage(other.tensor) || g.shares_storage(seed)))
            complain("a .grad shares memory");
    }
    for (std::size_t k = 0; k < leaves; ++k)
      for (std::size_t i = 0; i < leaf_size; ++i) {
        const double ours = found[k].defined() ? found[k].to_vector()[i] : 0, right = expected[k * leaf_size + i];
        if (std::abs(ours - right) > 1e-9 * (1 + std::abs(right)))
          complain("leaf " + std::to_string(k) + " element " + std::to_string(i) + ": gradient " +
                   std::to_string(ours) + ", right is " + std::to_string(right));
      }
  }
  static bool same(const Real& a, const Real& b) {
    return a.defined() == b.defined() && (!a.defined() || a.to_vector() == b.to_vector());
  }

  void check_values() {
    for (const Mirror& m : pool_) {
      const auto values = m.tensor.to_vector();
      for (std::size_t i = 0; i < values.size(); ++i)
        if (!(std::abs(values[i] - m.cells[i]->value) <= 1e-9 * (1 + std::abs(values[i]))))
          complain("a value is " + std::to_string(values[i]) + ", right is " + std::to_string(m.cells[i]->value));
      if (m.tracked && !m.tensor.requires_grad())
        complain("a tensor of shape " + m.tensor.shape().str() + " must require grad");
    }
  }
  void complain(const std::string& what) {
    if (complaint_.size() < 500) complaint_ += "  WRONG: " + what + '\n';
  }

  Random random_;
  std::vector<Mirror> pool_;
  Real leaf_[leaves];
  std::ostringstream text_;
  std::string complaint_;
  bool clean_ = true, all_retained_ = true;  // no edit so far; every walk so far kept the graph
  bool views_without_history_ = false;
};

void run_programs(std::uint64_t first, std::uint64_t count) {
  std::uint64_t refused = 0, wrong = 0;
  for (std::uint64_t seed = first; seed < first + count && wrong < 3; ++seed) {
    Program program(seed);
    const End end = program.run();
    refused += end == End::refused;
    if (end != End::wrong) continue;
    ++wrong;
    INFO("program " << seed << ":\n" << program.text());
    CHECK(false);
  }
  CHECK(wrong == 0);
  CHECK(refused < count / 2);
  std::printf("REPORT: autograd machine: %llu programs, %llu of them end in an error\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(refused));
}

}  // namespace

TEST_CASE("random programs of ops, views, edits and walks give the right gradients or an error",
          "[core][autograd][machine]") {
  run_programs(1, 10000);
}

TEST_CASE("a million more of them", "[core][autograd][machine][long]") { run_programs(100000, 1000000); }
