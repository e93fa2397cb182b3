// Whole networks against PyTorch: the group `nets`. Weights and inputs come from a hash of their names, the same in
// every language; compared are the scores in both modes, the losses of three steps of SGD, the first gradients, and the
// state after the steps.

#include <chainrule/optim.hpp>
#include "parity/parts/nets.hpp"
#include "support/catch.hpp"

namespace {

namespace cr = chainrule;
using chainrule_test::disagreement;
using chainrule_test::ParityCase;
using chainrule_test::ParityNet;

/// Element i of the tensor called `name`: splitmix64(fnv1a(name) + i), 24 bits of it, in [-bound, bound).
std::vector<double> hashed(const std::string& name, std::int64_t n, double bound) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    std::uint64_t z = h + static_cast<std::uint64_t>(i) + 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    values.push_back((2 * (static_cast<double>(z >> 40) / 16777216) - 1) * bound);
  }
  return values;
}

/// The value that the README of the parity files gives to a tensor of a state dictionary.
template <class T> cr::Tensor<T> initial_value(const std::string& key, const cr::Shape& shape) {
  const bool vector = shape.size() == 1, scale = vector && key.ends_with("weight"),
             variance = key.ends_with("running_var"), mean = key.ends_with("running_mean");
  double bound = 0.25;
  if (!scale && !variance && !mean) {
    const double fan = static_cast<double>(vector ? shape[0] : shape.numel() / shape[0]);
    bound = (vector ? 0.1 : 1) * std::sqrt(3 / fan) * (shape.size() == 4 ? 1.4 : 1);
  }
  std::vector<T> values;
  for (double v : hashed(key, shape.numel(), bound))
    values.push_back(static_cast<T>(static_cast<float>(v + (scale || variance ? 1 : 0))));
  return cr::tensor(values).reshape(shape);
}

class Comparison {
 public:
  Comparison(const ParityCase& c, bool in_float) : case_(c), in_float_(in_float) {}

  template <class T> void same(const std::string& role, const cr::Tensor<T>& ours) {
    const cr::TensorBase& stored = case_.stored(role);
    const bool widened = stored.dtype() == cr::DType::float32 && cr::dtype_of<T> == cr::DType::float64;
    const cr::TensorBase given = widened ? cr::TensorBase(ours.template to<float>()) : cr::TensorBase(ours);
    const std::string found = disagreement(given, stored, case_.rtol(), case_.atol());
    ++compared_;
    if (found.empty()) return;
    if (in_float_ && distance(given, stored) < flipped) {
      ++flips_;
      return;
    }
    if (complaints_.size() < 2000) complaints_ += "\n  " + role + ": " + found;
  }
  /// A large tensor is stored as its sum, its sum of squares and its first 64 elements.
  template <class T> void same_summary(const std::string& role, const cr::Tensor<T>& ours) {
    std::vector<double> stats{0, 0}, head;
    for (T v : ours.to_vector()) {
      const double d = static_cast<double>(v);
      stats[0] += d;
      stats[1] += d * d;
      if (head.size() < 64) head.push_back(d);
    }
    same(role + ".stats", cr::tensor(stats));
    same(role + ".head", cr::tensor(head));
  }
  void report() const {
    INFO("compared " << compared_ << " tensors" << complaints_);
    CHECK(complaints_.empty());
    CHECK(compared_ > 10);
    if (flips_ > 0)
      std::printf("REPORT: parity: %s: %d of %d tensors in float agree as vectors, not element by element\n",
                  case_.name.c_str(), flips_, compared_);
  }

 private:
  // In float, a relu whose argument is within rounding of 0 may open on one instruction set and stay shut on another.
  // That changes single elements of a gradient by more than the tolerance, but hardly the vector. The run in double has
  // no such excuse.
  static constexpr double flipped = 0.01;
  static double distance(const cr::TensorBase& ours, const cr::TensorBase& stored) {
    if (ours.dtype() != stored.dtype() || !(ours.shape() == stored.shape())) return 1;
    auto of = [](const cr::TensorBase& t) {
      return t.dtype() == cr::DType::float32 ? cr::Tensor<float>(t.share()).to<double>()
                                             : cr::Tensor<double>(t.share());
    };
    const auto a = of(ours), b = of(stored);
    return (a - b).norm().item() / b.norm().item();
  }

  const ParityCase& case_;
  bool in_float_;
  std::string complaints_;
  int compared_ = 0, flips_ = 0;
};

template <class T> void compare(const ParityCase& c, const ParityNet<T>& net) {
  REQUIRE(net.forward);  // the case names a network we have
  const auto& state = net.state;
  std::vector<std::pair<std::string, cr::Shape>> ours, theirs;
  for (const auto& [name, t] : state)
    if (!name.ends_with("num_batches_tracked")) ours.emplace_back(name, t.shape());
  for (const auto& entry : c.json()["state"].items()) {
    cr::Shape shape;
    for (const auto& s : entry.items()[1].items()) shape.push_back(s.integer());
    theirs.emplace_back(entry.items()[0].string(), shape);
  }
  REQUIRE(ours == theirs);
  for (const auto& [name, shape] : ours) state.template get<T>(name).copy_(initial_value<T>(name, shape));

  const cr::Shape input_shape = c.sizes("input_shape");
  cr::Tensor<T> x =
      cr::tensor(hashed(c.list("inputs").at(0), input_shape.numel(), 1)).reshape(input_shape).template to<T>();
  std::vector<std::int64_t> classes;
  for (const auto& label : c.json()["labels"].items()) classes.push_back(label.integer());
  const cr::Tensor<std::int64_t> labels = cr::tensor(classes);

  Comparison result(c, std::same_as<T, float>);
  {
    cr::no_grad guard;
    net.train(false);
    result.same("eval_logits", net.forward(x));
    net.train(true);
  }
  std::vector<cr::Tensor<T>> parameters;
  for (const auto& [name, p] : net.parameters) parameters.push_back(p);
  cr::optim::SGD<T> optimizer(parameters, {.lr = c.number("lr"), .momentum = c.number("momentum")});
  std::vector<double> losses;
  for (std::int64_t step = 0; step < c.integer("steps"); ++step) {
    optimizer.zero_grad();
    cr::Tensor<T> scores = net.forward(x), loss = cr::cross_entropy(scores, labels);
    loss.backward();
    losses.push_back(static_cast<double>(loss.item()));
    if (step == 0) {
      result.same("train_logits", scores);
      for (const auto& [name, p] : net.parameters) result.same_summary("grad." + name, p.grad());
    }
    optimizer.step();
  }
  result.same("losses", cr::tensor(losses));
  for (const auto& [name, shape] : ours) result.same_summary("after." + name, state.template get<T>(name));
  result.report();
}

}  // namespace

TEST_CASE("whole networks agree with PyTorch over three steps of training", "[parity][nets][data]") {
  if (!chainrule_test::parity_present("nets")) return;
  const chainrule_test::ParityGroup group("nets");
  // A relu that is within rounding of 0 flips, and with it gradients by far more than the tolerance: the fewer such,
  // the better.
  struct Exact {
    cr::ConvPrecision was = cr::conv_precision();
    Exact() { cr::set_conv_precision(cr::ConvPrecision::exact); }
    ~Exact() { cr::set_conv_precision(was); }
  } exact;
  int ran = 0;
  for (const auto& entry : group.cases()) {
    const ParityCase c(group, entry);
    DYNAMIC_SECTION(c.name) {
      const std::int64_t classes = c.integer("num_classes");
      auto net_of = [&]<class T>(std::type_identity<T>) {
        ParityNet<T> net = chainrule_test::small_net<T>(c.name, classes);
        return net.forward ? net : chainrule_test::large_net<T>(c.name, classes);
      };
      compare(c, net_of(std::type_identity<double>{}));
      // Batch norm over few values amplifies rounding in the deepest one: what PyTorch computed in double is not to be
      // had in float.
      if (c.json()["dtype"].string() == "float32") compare(c, net_of(std::type_identity<float>{}));
    }
    ++ran;
  }
  static bool told = false;  // Catch2 comes here once for each section
  if (!std::exchange(told, true)) std::printf("REPORT: parity: %d of %zu networks ran\n", ran, group.cases().size());
  CHECK(ran == static_cast<int>(group.cases().size()));
  CHECK(ran > 0);
}
