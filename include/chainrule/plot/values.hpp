#pragma once
// Values: what a chart is given. Any list of numbers, or a tensor, becomes doubles and a shape.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace chainrule::plot {

namespace detail {

/// A number of any type, and whether its type holds whole numbers only.
struct Number {
  double value;
  bool whole;
  template <Arithmetic N> Number(N n) : value(static_cast<double>(n)), whole(std::integral<N>) {}
};

/// A label. Not a std::string, which takes the 0 of a list of numbers for a pointer.
struct Text {
  std::string value;
  Text() = default;
  template <class S>
  requires std::convertible_to<const S&, std::string> Text(const S& text) : value(text) {}
};

}  // namespace detail

/// Numbers with a shape: from a vector, a list in braces or a tensor on any device. Whole numbers, as of epochs, get
/// ticks at whole numbers.
///     f.line({1, 2, 3}, losses);   // losses: std::vector<double> or Tensor<>
class Values {
 public:
  Values() = default;
  Values(std::initializer_list<detail::Number> numbers);
  template <Arithmetic N> Values(const std::vector<N>& numbers) : whole_(std::integral<N>) {
    numbers_.reserve(numbers.size());
    for (const N n : numbers) numbers_.push_back(static_cast<double>(n));
    shape_ = {static_cast<std::int64_t>(numbers_.size())};
  }
  Values(const TensorBase& tensor, Location at = Location::here());

  const std::vector<double>& numbers() const { return numbers_; }
  std::vector<double>& numbers() { return numbers_; }
  std::size_t size() const { return numbers_.size(); }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  bool whole() const { return whole_; }
  /// "(3, 2)"
  std::string shape_str() const;

 private:
  std::vector<double> numbers_;
  std::vector<std::int64_t> shape_{0};
  bool whole_ = false;
};

}  // namespace chainrule::plot

#if CHAINRULE_DEFINITIONS
namespace chainrule::plot {

[[gnu::cold]] CHAINRULE_INLINE Values::Values(std::initializer_list<detail::Number> numbers) : whole_(true) {
  for (const auto& n : numbers) {
    numbers_.push_back(n.value);
    whole_ = whole_ && n.whole;
  }
  shape_ = {static_cast<std::int64_t>(numbers_.size())};
}

[[gnu::cold]] CHAINRULE_INLINE Values::Values(const TensorBase& tensor, Location at) {
  check(tensor.defined(), at, "plot: the tensor is not defined; it was never assigned");
  whole_ = tensor.dtype() != DType::float32 && tensor.dtype() != DType::float64;
  const auto read = [&]<class T>(const Tensor<T>& typed) {
    no_grad guard;
    const auto flat = typed.detach().cpu(at).contiguous(at);
    numbers_.reserve(static_cast<std::size_t>(flat.numel()));
    for (std::int64_t i = 0; i < flat.numel(); ++i) numbers_.push_back(static_cast<double>(flat.data()[i]));
  };
  switch (tensor.dtype()) {
    case DType::float32: read(Tensor<float>(tensor.share())); break;
    case DType::float64: read(Tensor<double>(tensor.share())); break;
    case DType::int64: read(Tensor<std::int64_t>(tensor.share())); break;
    case DType::int32: read(Tensor<std::int32_t>(tensor.share())); break;
    case DType::uint8: read(Tensor<std::uint8_t>(tensor.share())); break;
    default: read(Tensor<bool>(tensor.share())); break;
  }
  shape_.clear();
  for (int d = 0; d < tensor.dim(); ++d) shape_.push_back(tensor.shape()[d]);
}

[[gnu::cold]] CHAINRULE_INLINE std::string Values::shape_str() const {
  std::string s = "(";
  for (std::size_t d = 0; d < shape_.size(); ++d) (s += d > 0 ? ", " : "") += std::to_string(shape_[d]);
  return s + (shape_.size() == 1 ? ",)" : ")");
}

}  // namespace chainrule::plot
#endif
