#pragma once
// summary(): the layers of a network with the shapes of what they give and their numbers of parameters.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <string>
#include <vector>

namespace chainrule::training {

/// What summary() found; str() is the table.
struct Summary {
  struct Row {
    std::string name;         ///< "features.0", empty for the network itself
    std::string type;         ///< "Conv2d"
    int depth;                ///< 0 for the network itself
    Shape output;             ///< of the call
    bool has_output = false;  ///< false where it gives something that is no tensor
    std::int64_t parameters;  ///< its own, without those of modules in it
    bool again = false;       ///< was called before: its parameters are counted there
  };
  std::vector<Row> rows;        ///< calls, in the order in which they begin
  std::int64_t parameters = 0;  ///< of the whole network; each once
  std::int64_t trainable = 0;   ///< of these, those that require a gradient
  std::int64_t parameter_bytes = 0;
  std::int64_t input_bytes = 0;
  std::int64_t output_bytes = 0;  ///< of all modules that call no other: what a forward pass makes, about

  [[gnu::cold]] std::string str() const;

 private:
  static std::string grouped(std::int64_t n);
  static std::string mebibytes(std::int64_t bytes);
};

namespace detail {

class SummaryObserver final : public nn::ModuleObserver {
 public:
  SummaryObserver(nn::ModuleRef root, Summary& to) : to_(to) {
    nn::detail::walk_modules(root, "", [&](const std::string& path, nn::ModuleRef m) { paths_.emplace_back(m, path); });
  }
  CHAINRULE_INLINE void before(nn::ModuleRef m, const TensorBase*) override;
  CHAINRULE_INLINE void after(nn::ModuleRef, const TensorBase*, const TensorBase* output) override;

 private:
  Summary& to_;
  std::vector<std::pair<nn::ModuleRef, std::string>> paths_;
  std::vector<nn::ModuleRef> seen_;
  std::vector<std::size_t> open_;  // rows of the calls that have not returned
  std::vector<bool> leaf_;         // by row: it called no other module
};

/// Puts a tree of modules into evaluation mode, and each back into its own when it goes.
class EvalScope {
 public:
  explicit EvalScope(nn::ModuleRef root) {
    nn::detail::visit_modules(root, [&](nn::ModuleRef m) {
      was_.emplace_back(m, m.is_training());
      m.set_training(false);
    });
  }
  ~EvalScope() {  // backwards: what was met twice was met as it was at first
    for (auto i = was_.size(); i-- > 0;) was_[i].first.set_training(was_[i].second);
  }
  EvalScope(const EvalScope&) = delete;
  EvalScope& operator=(const EvalScope&) = delete;

 private:
  std::vector<std::pair<nn::ModuleRef, bool>> was_;
};

}  // namespace detail

/// Runs the network once on zeros of input_shape (with the batch dimension), in evaluation mode and without recording,
/// and lists every module that was called. Ops that are no modules (cr::relu in forward) do not appear. The network is
/// left as it was. Below the table stands what torchsummary prints: parameters, and memory in units of 2^20 bytes, where
/// the backward pass is counted as large as the forward pass.
/// Input names the element type of the input where it is not that of the parameters: summary<std::int64_t>(net, {1,
/// 20}).
///     print(summary(net, {1, 1, 28, 28}));
template <class Input = void, class M>
Summary summary(M& net, const Shape& input_shape, Location at = Location::here()) {
  using T = std::conditional_t<std::is_void_v<Input>, nn::detail::ScalarOf<M>, Input>;
  Summary result;
  const nn::ModuleRef root = nn::ref(net);
  Device device = Device::cpu;
  std::vector<TensorBase> counted;
  for (const auto& t : nn::named_tensors(root)) {
    if (!t.is_parameter) continue;
    bool known = false;
    for (const auto& c : counted) known = known || c.is_same(*t.tensor);
    if (known) continue;
    counted.push_back(*t.tensor);
    device = t.tensor->device();
    result.parameters += t.tensor->numel();
    result.parameter_bytes += t.tensor->numel() * static_cast<std::int64_t>(size_of(t.tensor->dtype()));
    if (t.tensor->requires_grad()) result.trainable += t.tensor->numel();
  }
  no_grad guard;
  detail::EvalScope eval(root);
  detail::SummaryObserver observer(root, result);
  nn::ObserveModules watch(observer);
  const Tensor<T> input = zeros<T>(input_shape, {.device = device}, at);
  result.input_bytes = input.numel() * static_cast<std::int64_t>(sizeof(T));
  net(input);
  return result;
}

}  // namespace chainrule::training

#if CHAINRULE_DEFINITIONS
namespace chainrule::training {

CHAINRULE_INLINE std::string Summary::str() const {
  std::vector<std::vector<std::string>> table{{"Layer (type)", "Output shape", "Parameters"}};
  for (const Row& r : rows) {
    std::string label(static_cast<std::size_t>(2 * r.depth), ' ');
    if (!r.name.empty()) {
      label += r.name;
      label += " (" + r.type + ')';
    } else {
      label += r.type;
    }
    table.push_back({label, r.has_output ? r.output.str() : "-",
                     r.again            ? "(again)"
                     : r.parameters > 0 ? grouped(r.parameters)
                                        : "-"});
  }
  std::size_t width[3] = {};
  for (const auto& row : table)
    for (std::size_t c = 0; c < 3; ++c) width[c] = std::max(width[c], row[c].size());
  const std::string rule(width[0] + width[1] + width[2] + 6, '-');
  std::string s;
  for (std::size_t r = 0; r < table.size(); ++r) {
    s += table[r][0] + std::string(width[0] - table[r][0].size() + 3, ' ');
    s += table[r][1] + std::string(width[1] - table[r][1].size() + 3, ' ');
    s += std::string(width[2] - table[r][2].size(), ' ') + table[r][2] + '\n';
    if (r == 0) s += rule + '\n';
  }
  s += rule + '\n';
  s += "Total params: " + grouped(parameters) + '\n';
  s += "Trainable params: " + grouped(trainable) + '\n';
  s += "Non-trainable params: " + grouped(parameters - trainable) + '\n';
  s += rule + '\n';
  s += "Input size (MB): " + mebibytes(input_bytes) + '\n';
  s += "Forward/backward pass size (MB): " + mebibytes(2 * output_bytes) + '\n';
  s += "Params size (MB): " + mebibytes(parameter_bytes) + '\n';
  s += "Estimated Total Size (MB): " + mebibytes(input_bytes + 2 * output_bytes + parameter_bytes);
  return s;
}

CHAINRULE_INLINE std::string Summary::grouped(std::int64_t n) {  // 1199882 -> "1,199,882"
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

CHAINRULE_INLINE std::string Summary::mebibytes(std::int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", static_cast<double>(bytes) / (1 << 20));
  return text;
}

}  // namespace chainrule::training
namespace chainrule::training::detail {

CHAINRULE_INLINE void SummaryObserver::before(nn::ModuleRef m, const TensorBase*) {
  std::string path;
  for (const auto& [module, name] : paths_)
    if (module == m) path = name;
  std::int64_t own = 0;
  for (const nn::Part& part : m.parts())
    if (part.tensor && part.is_parameter) own += part.tensor->numel();
  bool again = false;
  for (const auto& seen : seen_) again = again || seen == m;
  seen_.push_back(m);
  leaf_.push_back(true);
  for (std::size_t i : open_) leaf_[i] = false;
  open_.push_back(to_.rows.size());
  to_.rows.push_back({path, m.type_name(), static_cast<int>(open_.size()) - 1, {}, false, own, again});
}

CHAINRULE_INLINE void SummaryObserver::after(nn::ModuleRef, const TensorBase*, const TensorBase* output) {
  const std::size_t i = open_.back();
  open_.pop_back();
  if (!output || !output->defined()) return;
  to_.rows[i].output = output->shape();
  to_.rows[i].has_output = true;
  if (leaf_[i]) to_.output_bytes += output->numel() * static_cast<std::int64_t>(size_of(output->dtype()));
}

}  // namespace chainrule::training::detail
#endif
