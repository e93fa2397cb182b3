#pragma once
// Dropout: in training, elements are zeroed at random.

#include <chainrule/nn/module.hpp>
#include <chainrule/nn/unknown_option.hpp>
#include <chainrule/ops/dropout.hpp>

namespace chainrule::nn {

/// Options of Dropout.
struct DropoutOptions {
  bool inplace = false;            ///< taken for PyTorch's sake: the result is always a fresh tensor
  Generator* generator = nullptr;  ///< where the random numbers come from; the default generator if null
};

/// The same with the probability among them: Dropout({.p = 0.2}).
struct NamedDropoutOptions {
  chainrule::detail::NamedOnly by_name = chainrule::detail::NamedOnly();
  double p = 0.5;
  bool inplace = false;
  Generator* generator = nullptr;
};

/// In training: each element is 0 with probability p, else it is divided by 1 - p. In eval mode: x. Source: Srivastava
/// et al. 2014.
struct Dropout : Module<Dropout> {
  double p;
  DropoutOptions options;
  bool training = true;

  explicit Dropout(double probability = 0.5, DropoutOptions o = {}, Location at = Location::here())
      : p(probability), options(o) {
    check(p >= 0 && p <= 1, at, "Dropout: p is a probability, from 0 to 1, got ", repr::number(p));
  }
  explicit Dropout(NamedDropoutOptions o, Location at = Location::here())
      : Dropout(o.p, DropoutOptions{.inplace = o.inplace, .generator = o.generator}, at) {}
  template <std::same_as<bool> Inplace>
  Dropout(double probability, Inplace inplace, Location at = Location::here())
      : Dropout(probability, DropoutOptions{.inplace = inplace}, at) {}
  template <std::size_t N> Dropout(double probability, detail::UnknownOption<N> options);
  using parts = members<>;
  using others = members<&Dropout::p, &Dropout::options, &Dropout::training>;

  template <Real T> Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const {
    return dropout(x, p, training, options.generator, at);
  }
  std::string extra_repr() const { return "p=" + repr::number(p) + ", inplace=" + repr::boolean(options.inplace); }
};

}  // namespace chainrule::nn
