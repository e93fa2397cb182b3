// The kernels of batch_norm and cross_entropy against their formulas, made of ops: values and gradients.

#include "support/catch.hpp"
#include <chainrule/api.hpp>

using namespace chainrule;

namespace {

template <class T> double tolerance() { return std::is_same_v<T, float> ? 2e-5 : 1e-12; }

template <class T> void check_close(const Tensor<T>& got, const Tensor<T>& want) {
  REQUIRE(got.shape() == want.shape());
  CHECK((got - want).abs().max().item() <= tolerance<T>() * (1 + want.abs().max().item()));
}

/// The same value from both, and the same gradients of every leaf, for a seed of the value's shape.
template <class T>
void check_same(const Tensor<T>& kernel, const Tensor<T>& formula, const std::vector<Tensor<T>>& leaves) {
  check_close(kernel.detach(), formula.detach());
  const Tensor<T> seed = randn<T>(kernel.shape());
  const auto got = autograd::grad(kernel, leaves, seed),
             want = autograd::grad(formula, leaves, seed, {.retain_graph = true});
  for (std::size_t i = 0; i < leaves.size(); ++i) check_close(got[i], want[i]);
}

template <class T> void check_batch_norm(const Shape& shape, bool training, bool relus) {
  INFO("shape " << shape.str() << ", training " << training << ", relu " << relus);
  const std::int64_t channels = shape[1];
  const auto leaf = [](const Shape& s) { return randn<T>(s).requires_grad_(); };
  const Tensor<T> x = leaf(shape), weight = leaf({channels}), bias = leaf({channels}), skip = leaf(shape),
                  mean = randn<T>({channels}), var = rand<T>({channels}) + 0.5;
  Shape column = Shape::filled(shape.size() - 1, 1);
  column[0] = channels;
  const auto as_column = [&](const Tensor<T>& v) { return v.reshape(column); };
  const Tensor<T> formula =
      detail::normalize_formula<T>(x, as_column(weight), as_column(bias), detail::all_but_channels(x.dim()), 1e-5,
                                   training ? Tensor<T>() : as_column(mean), training ? Tensor<T>() : as_column(var));
  const Tensor<T> running_mean = mean.clone(), running_var = var.clone();
  if (relus) {
    check_same<T>(batch_norm_relu<T>(x, mean.clone(), var.clone(), weight, bias, training), relu(formula),
                  {x, weight, bias});
    check_same<T>(batch_norm_relu<T>(x, running_mean, running_var, weight, bias, training, 0.1, 1e-5, skip),
                  relu(formula + skip), {x, weight, bias, skip});
  } else {
    check_same<T>(batch_norm<T>(x, running_mean, running_var, weight, bias, training), formula, {x, weight, bias});
  }
  const Dims dims = detail::all_but_channels(x.dim());
  check_close(running_mean, training ? 0.9 * mean + 0.1 * x.detach().mean(dims) : mean);
  check_close(running_var, training ? 0.9 * var + 0.1 * x.detach().var(dims) : var);
}

/// The gradient along a direction, differentiated again: the rule's own rule against that of the formula.
template <class T>
void check_second(const Tensor<T>& kernel, const Tensor<T>& formula, const std::vector<Tensor<T>>& leaves) {
  const Tensor<T> seed = randn<T>(kernel.shape()), along = randn<T>(leaves[0].shape());
  const auto second = [&](const Tensor<T>& y) {
    const Tensor<T> slope = (autograd::grad(y, {leaves[0]}, seed, {.create_graph = true})[0] * along).sum();
    return autograd::grad(slope, leaves, {.retain_graph = true, .allow_unused = true});
  };
  const auto got = second(kernel), want = second(formula);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    REQUIRE(got[i].defined() == want[i].defined());
    if (got[i].defined()) CHECK((got[i] - want[i]).abs().max().item() <= 1e-9 * (1 + want[i].abs().max().item()));
  }
}

template <class T> void check_cross_entropy(const Shape& shape, CrossEntropyOptions<T> options) {
  INFO("shape " << shape.str() << ", smoothing " << options.label_smoothing << ", ignored " << options.ignore_index);
  const int d = shape.size() == 1 ? 0 : 1;
  Shape rows = shape;
  rows.erase(d);
  const Tensor<T> x = randn<T>(shape).requires_grad_();
  const Tensor<std::int64_t> labels = randint(0, shape[d], rows);
  check_same<T>(cross_entropy(x, labels, options), detail::cross_entropy_formula(x, labels, options), {x});
}

}  // namespace

TEMPLATE_TEST_CASE("batch_norm computes its formula", "[ops]", float, double) {
  manual_seed(7);
  for (const Shape& shape : {Shape{5, 3}, Shape{70, 66}, Shape{4, 3, 7}, Shape{2, 5, 3, 4}, Shape{3, 2, 17, 9}})
    for (bool training : {true, false})
      for (bool relus : {false, true}) check_batch_norm<TestType>(shape, training, relus);
}

TEMPLATE_TEST_CASE("cross_entropy computes its formula", "[ops]", float, double) {
  manual_seed(8);
  for (const Shape& shape : {Shape{4}, Shape{5, 3}, Shape{33, 10}, Shape{2, 4, 5}, Shape{2, 3, 4, 2}})
    for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum})
      for (double smoothing : {0.0, 0.2})
        for (bool weighted : {false, true})
          for (std::int64_t ignored : {std::int64_t{-100}, std::int64_t{1}})
            check_cross_entropy<TestType>(
                shape, {.weight = weighted ? rand<TestType>({shape.size() == 1 ? shape[0] : shape[1]}) + 0.1
                                           : Tensor<TestType>(),
                        .ignore_index = shape.size() == 1 ? -100 : ignored,
                        .reduction = reduction,
                        .label_smoothing = smoothing});
}

TEST_CASE("second derivatives of batch_norm and cross_entropy are those of their formulas", "[ops]") {
  manual_seed(9);
  using D = Tensor<double>;
  const D x = randn<double>({4, 3, 5}).requires_grad_(), weight = randn<double>({3}).requires_grad_(),
          bias = randn<double>({3}).requires_grad_();
  const D formula = detail::normalize_formula<double>(x, weight.reshape({3, 1}), bias.reshape({3, 1}), {0, 2}, 1e-5);
  check_second<double>(batch_norm<double>(x, {}, {}, weight, bias, true), formula, {x, weight});
  const D scores = randn<double>({6, 4}).requires_grad_();
  const auto labels = randint(0, 4, {6});
  for (Reduction reduction : {Reduction::none, Reduction::mean}) {
    const CrossEntropyOptions<double> options{.reduction = reduction, .label_smoothing = 0.1};
    check_second<double>(cross_entropy(scores, labels, options), detail::cross_entropy_formula(scores, labels, options),
                         {scores});
  }
}

TEST_CASE("cross_entropy of probabilities is that of labels where one class has all of it", "[ops]") {
  manual_seed(10);
  const Tensor<double> scores = randn<double>({6, 4}).requires_grad_();
  const auto labels = randint(0, 4, {6});
  const Tensor<double> target = one_hot(labels, 4).to<double>();
  for (Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum})
    check_same<double>(cross_entropy(scores, target, {.reduction = reduction}),
                       cross_entropy(scores, labels, {.reduction = reduction}), {scores});
}
