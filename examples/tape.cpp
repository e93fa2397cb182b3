// Watches one training step of a two-layer network: each forward op with the line of this file that called it, then
// each backward step with what came in and what it sends to each operand. An observer is all it takes; see
// <chainrule/core/observer.hpp>.

#include <chainrule/chainrule.hpp>
#include <cstring>
#include <map>

namespace cr = chainrule;

namespace {

std::string values(const cr::TensorBase& x) {
  if (!x.defined()) return "-";
  const auto spell = [](const auto& t) {
    std::string list;
    for (auto v : t.detach().to_vector()) {
      char number[32];
      std::snprintf(number, sizeof number, "%s%.6g", list.empty() ? "" : " ", static_cast<double>(v));
      list += number;
    }
    return list;
  };
  std::string s =
      x.dtype() == cr::DType::float64 ? spell(cr::Tensor<double>(x.share())) : spell(cr::Tensor<>(x.share()));
  return x.shape().str() + " [" + s + "]";
}

/// Prints what happens as it happens, so every number is the one that was used.
class Tape : public cr::Observer {
 public:
  void name(const cr::TensorBase& leaf, const char* text) { names_[leaf.impl()] = text; }

  void forward(const cr::ForwardEvent& e) override {
    const char* file = std::strrchr(e.at.file, '/');
    std::printf("forward   %-8s %s:%-3d -> %s\n", e.op, file ? file + 1 : e.at.file, e.at.line,
                values(e.output).c_str());
  }
  void backward(const cr::BackwardEvent& e) override {
    std::printf("backward  %-8s called in line %d, got %s\n", e.node.op, e.node.at.line, values(e.upstream).c_str());
    for (int i = 0; i < e.contributions.size(); ++i)
      std::printf("            sends to operand %d: %s\n", i, values(e.contributions[i]).c_str());
  }
  void leaf(const cr::LeafEvent& e) override {
    std::printf("            %s.grad += %s\n", names_[e.leaf.impl()], values(e.contribution).c_str());
  }

 private:
  std::map<const void*, const char*> names_;
};

}  // namespace

int main() {
  auto x = cr::tensor({{1, 2}});                                          // (1, 2)
  auto w1 = cr::tensor({{0.5, -1}, {1, 0.25}}, {.requires_grad = true});  // (2, 2)
  auto w2 = cr::tensor({{2}, {-1}}, {.requires_grad = true});             // (2, 1)
  auto target = cr::tensor({{1}});

  Tape tape;
  tape.name(w1, "w1");
  tape.name(w2, "w2");
  cr::Observe watch(tape);

  auto h = cr::matmul(x, w1);  // (1, 2)
  auto a = cr::relu(h);
  auto y = cr::matmul(a, w2);  // (1, 1)
  auto error = y - target;
  auto loss = (error * error).sum();
  loss.backward();

  std::printf("\nloss %g\n", static_cast<double>(loss.item()));
  cr::print("w1.grad =", w1.grad());
  cr::print("w2.grad =", w2.grad());
}
