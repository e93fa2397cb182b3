#pragma once
// Cases computed by PyTorch: NAME.json says what was done, NAME.safetensors holds the tensors as CASE/ROLE. Shapes,
// values, arguments and tolerances all come from the files.

#include <chainrule/api.hpp>
#include <chainrule/io/safetensors.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>
#include "support/files.hpp"

namespace chainrule_test {

namespace cr = chainrule;
using cr::Tensor;
using cr::TensorBase;

/// One group of cases, read whole.
struct ParityGroup {
  explicit ParityGroup(const std::string& group) : ParityGroup(group, parity_dir() + "/" + group) {}
  std::string name;
  cr::io::Safetensors file;
  cr::io::Json json;
  std::map<std::string, TensorBase> tensors;

  const std::vector<cr::io::Json>& cases() const { return json["cases"].items(); }

 private:
  ParityGroup(const std::string& group, const std::string& stem)
      : name(group),
        file(cr::io::load_safetensors(stem + ".safetensors")),
        json(cr::io::parse_json(read_text(stem + ".json"), stem + ".json")) {
    for (const auto& [key, t] : file.tensors) tensors.emplace(key, t);
  }
};

inline bool parity_present(const std::string& name) { return present(parity_dir() + "/" + name + ".json"); }

/// One case: its arguments, its tensors, and what an op row takes from it. Inputs in double are leaves that require a
/// gradient.
class ParityCase {
 public:
  ParityCase(const ParityGroup& group, const cr::io::Json& entry)
      : group_(group), json_(entry), name(entry["case"].string()), op(entry["op"].string()) {}

  // ---- tensors ----
  bool has(const std::string& role) const { return group_.tensors.contains(name + "/" + role); }
  const TensorBase& stored(const std::string& role) const {
    auto found = group_.tensors.find(name + "/" + role);
    cr::check(found != group_.tensors.end(), {}, "parity: ", name, " has no tensor ", role);
    return found->second;
  }
  template <class T> Tensor<T> stored_as(const std::string& role) const {
    const TensorBase& t = stored(role);
    cr::check(t.dtype() == cr::dtype_of<T>, {}, "parity: ", name, "/", role, " is ", name_of(t.dtype()));
    return Tensor<T>(t.share());
  }
  bool has_input(const std::string& input) const { return has("in." + input); }
  const Tensor<double>& real(const std::string& input) {
    auto& leaf = leaves_[input];
    if (!leaf.defined()) {
      leaf = stored_as<double>("in." + input).clone();
      leaf.requires_grad_();
    }
    return leaf;
  }
  const Tensor<double>& x() { return real("x"); }
  const Tensor<double>& y() { return real("y"); }
  Tensor<std::int64_t> integers(const std::string& input) const { return stored_as<std::int64_t>("in." + input); }
  Tensor<bool> mask(const std::string& input) const { return stored_as<bool>("in." + input); }
  const std::map<std::string, Tensor<double>>& leaves() const { return leaves_; }

  // ---- arguments ----
  const cr::io::Json* argument(const std::string& key) const { return json_["args"].find(key); }
  bool has_argument(const std::string& key) const { return argument(key) != nullptr; }
  double number(const std::string& key) const { return json_["args"][key].number(); }
  std::int64_t integer(const std::string& key) const { return json_["args"][key].integer(); }
  bool flag(const std::string& key, bool otherwise = false) const {
    return has_argument(key) ? json_["args"][key].boolean() : otherwise;
  }
  std::string text(const std::string& key, const std::string& otherwise = "") const {
    return has_argument(key) ? json_["args"][key].string() : otherwise;
  }
  /// A number, or a list of them.
  cr::Shape sizes(const std::string& key, const cr::Shape& otherwise = {}) const {
    const auto* a = argument(key);
    if (!a) return otherwise;
    if (a->is(cr::io::Json::Kind::number)) return cr::Shape(a->integer());
    cr::Shape s;
    for (const auto& v : a->items()) s.push_back(v.integer());
    return s;
  }
  Tensor<double> numbers(const std::string& key) const {
    std::vector<double> v;
    for (const auto& n : json_["args"][key].items()) v.push_back(n.number());
    return cr::tensor(v);
  }

  // ---- comparison ----
  double rtol() const { return json_["rtol"].number(); }
  double atol() const { return json_["atol"].number(); }
  std::vector<std::string> list(const std::string& key) const {
    std::vector<std::string> names;
    for (const auto& n : json_[key].items()) names.push_back(n.string());
    return names;
  }
  const cr::io::Json& json() const { return json_; }

  /// A tensor beside the outputs that has to agree with a stored one: running statistics.
  void also(const std::string& role, const TensorBase& ours) { others_.emplace_back(role, ours); }
  const std::vector<std::pair<std::string, TensorBase>>& others() const { return others_; }

 private:
  const ParityGroup& group_;
  const cr::io::Json& json_;
  std::map<std::string, Tensor<double>> leaves_;
  std::vector<std::pair<std::string, TensorBase>> others_;

 public:
  std::string name, op;
};

/// Calls f with the tensor as its own type.
template <class F> void with_type(const TensorBase& t, const F& f) {
  switch (t.dtype()) {
    case cr::DType::float32: return f(Tensor<float>(t.share()));
    case cr::DType::float64: return f(Tensor<double>(t.share()));
    case cr::DType::int64: return f(Tensor<std::int64_t>(t.share()));
    case cr::DType::int32: return f(Tensor<std::int32_t>(t.share()));
    case cr::DType::uint8: return f(Tensor<std::uint8_t>(t.share()));
    case cr::DType::boolean: return f(Tensor<bool>(t.share()));
  }
}

/// "" if ours agrees with the stored tensor, else where it does not. Shapes must be equal; integers, bools, NaN and
/// infinity exactly.
inline std::string disagreement(const TensorBase& ours, const TensorBase& stored, double rtol, double atol) {
  using cr::detail::concat;
  if (!ours.defined()) return "ours is not defined";
  if (!(ours.shape() == stored.shape())) return concat("shape ", ours.shape(), ", PyTorch's is ", stored.shape());
  if (ours.dtype() != stored.dtype()) return concat(name_of(ours.dtype()), ", PyTorch's is ", name_of(stored.dtype()));
  std::string found;
  with_type(ours, [&](const auto& typed) {
    using T = typename std::remove_cvref_t<decltype(typed)>::value_type;
    auto a = typed.detach().to_vector(), b = Tensor<T>(stored.share()).to_vector();
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto u = static_cast<double>(a[i]), v = static_cast<double>(b[i]);
      const double error = u == v || (u != u && v != v) ? 0 : std::abs(u - v),
                   excess = error - (atol + rtol * std::abs(v));
      if (error == 0 || excess <= 0 || (excess <= worst && !found.empty())) continue;
      worst = excess;
      char text[160];
      std::snprintf(text, sizeof text, "element %zu: %.17g, PyTorch's is %.17g (difference %.3g)", i, u, v, error);
      found = text;
    }
  });
  return found;
}

using ParityOutputs = std::vector<TensorBase>;
using ParityOp = ParityOutputs (*)(ParityCase&);
using ParityTable = std::map<std::string, ParityOp>;

}  // namespace chainrule_test
