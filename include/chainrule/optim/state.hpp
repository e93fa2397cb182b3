#pragma once
// Writing and reading the state dictionaries of optimizers and schedulers: numbers are float64 scalars.

#include <chainrule/core/compiled.hpp>
#include <chainrule/nn/state_dict.hpp>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::optim {

/// Names and tensors, in a fixed order. state_dict() writes it, load_state_dict() reads it back.
using nn::StateDict;
using NamedTensors = std::vector<std::pair<std::string, TensorBase>>;

namespace detail {

/// A float64 scalar. (Made without ops: a program that trains in float need not compile those of double.)
[[gnu::cold]] TensorBase number_tensor(double value);

[[gnu::cold]] void put_number(StateDict& dict, const std::string& prefix, const char* key, double value);

/// Reads a dictionary entry by entry; knows in the end whether everything was used. `who` stands in its messages.
class StateReader {
 public:
  StateReader(const char* who, const NamedTensors& dict, Location at)
      : who_(who), dict_(&dict), used_(dict.size()), at_(at) {}

  /// The entry prefix + key, or null.
  [[gnu::cold]] const TensorBase* find(const std::string& prefix, const char* key);
  /// The number prefix + key into `value`, if there is one.
  [[gnu::cold, gnu::noinline]] bool number(const std::string& prefix, const char* key, double& value) {
    const TensorBase* t = find(prefix, key);
    if (!t) return false;
    check(t->dtype() == DType::float64 && t->numel() == 1 && t->device() == Device::cpu, at_, who_,
          ".load_state_dict: ", prefix, key, " should be one float64 number, got ", name_of(t->dtype()), " of shape ",
          t->shape());
    value = *Tensor<double>(t->share()).data();
    return true;
  }
  /// The number prefix + key, which must be there.
  [[gnu::cold, gnu::noinline]] double number(const std::string& prefix, const char* key) {
    double value = 0;
    check(number(prefix, key, value), at_, who_, ".load_state_dict: there is no ", *key ? "" : "number ", prefix, key,
          "; the state must come from one of the same kind, over as many groups and parameters");
    return value;
  }
  /// The tensor prefix + key, of this element type and shape, or null.
  [[gnu::cold]] const TensorBase* tensor(const std::string& prefix, const char* key, DType dtype, const Shape& shape);
  /// Throws unless every entry was asked for.
  [[gnu::cold]] void check_all_used() const;

 private:
  const char* who_;
  const NamedTensors* dict_;
  std::vector<bool> used_;
  Location at_;
};

}  // namespace detail
}  // namespace chainrule::optim

#if CHAINRULE_DEFINITIONS
namespace chainrule::optim::detail {

[[gnu::noinline]] CHAINRULE_INLINE TensorBase number_tensor(double value) {
  Tensor<double> t = chainrule::detail::allocate<double>({}, Device::cpu);
  *t.data() = value;
  return t;
}

[[gnu::noinline]] CHAINRULE_INLINE void put_number(StateDict& dict, const std::string& prefix, const char* key,
                                                   double value) {
  dict.emplace_back(prefix + key, number_tensor(value));
}

[[gnu::noinline]] CHAINRULE_INLINE const TensorBase* StateReader::find(const std::string& prefix, const char* key) {
  for (std::size_t i = 0; i < dict_->size(); ++i) {
    const std::string& name = (*dict_)[i].first;
    if (name.size() != prefix.size() + std::char_traits<char>::length(key) || !name.starts_with(prefix) ||
        !name.ends_with(key))
      continue;
    used_[i] = true;
    return &(*dict_)[i].second;
  }
  return nullptr;
}

[[gnu::noinline]] CHAINRULE_INLINE const TensorBase* StateReader::tensor(const std::string& prefix, const char* key,
                                                                         DType dtype, const Shape& shape) {
  const TensorBase* t = find(prefix, key);
  if (t)
    check(t->dtype() == dtype && t->shape() == shape, at_, who_, ".load_state_dict: ", prefix, key, " is ",
          name_of(t->dtype()), " of shape ", t->shape(), ", the parameter is ", name_of(dtype), " of shape ", shape);
  return t;
}

[[gnu::noinline]] CHAINRULE_INLINE void StateReader::check_all_used() const {
  for (std::size_t i = 0; i < used_.size(); ++i)
    check(used_[i], at_, who_, ".load_state_dict: does not know what ", (*dict_)[i].first,
          " is; it was saved from something else, or from more parameters");
}

}  // namespace chainrule::optim::detail
#endif
