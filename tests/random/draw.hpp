#pragma once
// Random calls of every op, and what a slow plain reference says of them: its value, its gradient and its second
// derivative.
//
// A `Sample` is one call: values of the inputs, the call itself, and the reference, loops over a vector with index
// arithmetic that share no code with the library. The reference computes with `Number`, a truncated Taylor number: a
// value, its derivatives along two directions, and the mixed second derivative. Directional derivatives of the
// library's gradients must agree with them.

#include <chainrule/api.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace chainrule_test::drawn {

namespace cr = chainrule;
using Sizes = std::vector<std::int64_t>;
using Ints = cr::Tensor<std::int64_t>;
using Bools = cr::Tensor<bool>;

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

/// v + a e1 + b e2 + ab e1 e2, where e1^2 = e2^2 = 0. A derivative of 0 means "does not depend on it": 0 times NaN or
/// infinity is 0 there.
struct Number {
  double v = 0, a = 0, b = 0, ab = 0;
  Number(double value = 0) : v(value) {}
  Number(double value, double da, double db, double dab) : v(value), a(da), b(db), ab(dab) {}
};

Number chain(const Number& x, double f, double f1, double f2);  ///< f(x), given f, f' and f'' at x.v
Number operator+(const Number& x, const Number& y);
Number operator-(const Number& x, const Number& y);
Number operator*(const Number& x, const Number& y);
Number operator/(const Number& x, const Number& y);
Number operator-(const Number& x);
Number exp(const Number& x);
Number log(const Number& x);
Number sqrt(const Number& x);  ///< the derivatives at 0 count as 0
Number abs(const Number& x);   ///< derivative 0 at 0
Number power(const Number& x, double p);
Number sigmoid(const Number& x);
inline Number constant(const Number& x) { return x.v; }  ///< the value without its derivatives

/// A tensor of the reference, in row-major order.
struct Array {
  Sizes shape;
  std::vector<Number> x;
  std::vector<bool> same;  ///< dimensions along which all values are the same: they may be stored once

  std::int64_t numel() const { return static_cast<std::int64_t>(x.size()); }
  int dim() const { return static_cast<int>(shape.size()); }
  const Number& at(const Sizes& index) const;
  Number& at(const Sizes& index);
};
using Arrays = std::vector<Array>;

std::int64_t count(const Sizes& shape);
/// Position -> index, and back.
Sizes index_of(const Sizes& shape, std::int64_t position);
std::int64_t position_of(const Sizes& shape, const Sizes& index);
Array filled(const Sizes& shape, const Number& value);
/// The array whose element at `index` is f(index).
Array build(const Sizes& shape, const std::function<Number(const Sizes&)>& f);
Array map(const Array& x, const std::function<Number(const Number&)>& f);
/// f of elements at the same index, shapes broadcast from the right.
Array zip(const Array& x, const Array& y, const std::function<Number(const Number&, const Number&)>& f);
Sizes broadcast(const Sizes& x, const Sizes& y);
Array expand(const Array& x, const Sizes& shape);
Array reshape(const Array& x, const Sizes& shape);
/// f of all elements along `dims` (of all dimensions if empty), in row-major order.
Array reduce(const Array& x, const Sizes& dims, bool keepdim,
             const std::function<Number(const std::vector<Number>&)>& f);
/// Each line along `dim` replaced by f(line), of any one length. A scalar counts as one line of one element.
Array along(const Array& x, std::int64_t dim, const std::function<std::vector<Number>(const std::vector<Number>&)>& f);
inline std::int64_t wrap(std::int64_t d, int n) { return d < 0 ? d + n : d; }
std::string str(const Sizes& list);
cr::Shape shape_of(const Sizes& sizes);

/// How values are drawn: between low and high.
struct Spread {
  double low = -2, high = 2;
  bool ties = true;      ///< multiples of 1/2 too: equal values, exact zeros
  bool specials = true;  ///< NaN and infinities too
  bool same = true;      ///< equal along a dimension too, stored once (stride 0)
};

/// Counter-based random numbers: draw `number` of op `op` under `seed` is always the same.
class Draw {
 public:
  Draw(std::uint64_t seed, const std::string& op, std::int64_t number);

  std::uint64_t bits();
  std::int64_t between(std::int64_t low, std::int64_t high);  ///< both included
  bool chance(double p) { return uniform(0, 1) < p; }
  double uniform(double low, double high);
  template <class V> const V& any(const std::vector<V>& list) {
    return list[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(list.size()) - 1))];
  }
  double any(std::initializer_list<double> list) { return any(std::vector<double>(list)); }
  bool flag() { return (bits() & 1) != 0; }

  std::int64_t size(std::int64_t largest = 4);  ///< 0 and 1 often
  Sizes shape(int min_dims = 0, int max_dims = 4, std::int64_t largest = 4);
  Sizes shape_from(const Sizes& wide);  ///< one that broadcasts to `wide`
  double value(const Spread& spread);
  Array values(const Sizes& shape, const Spread& spread = {});
  Array integers(const Sizes& shape, std::int64_t low, std::int64_t high);  ///< both included
  /// A dimension of a tensor of n, from either end; seldom one that does not exist. A scalar counts as having one.
  std::int64_t dim(int n, bool& refused);
  Sizes dims(int n, bool& refused);  ///< some of them, in any order

  /// A tensor of these values, somewhere in a larger memory with strides of any kind. Not recorded.
  template <class T> cr::Tensor<T> tensor(const Array& values);
  Ints ints(const Array& values) { return tensor<std::int64_t>(values); }
  Bools bools(const Array& values) { return tensor<bool>(values); }
  template <class T> T* memory(std::int64_t n) {
    std::shared_ptr<T[]> p(new T[static_cast<std::size_t>(n)]);
    kept_.push_back(p);
    return p.get();
  }

 private:
  std::uint64_t key_, counter_ = 0;
  std::vector<std::shared_ptr<void>> kept_;
};

/// An input of a call: `leaf` is what gradients are taken of, x the leaf or a view of it, `from` tells which element of
/// the leaf each element of x is.
template <class T> struct Operand {
  cr::Tensor<T> leaf, x;
  Sizes from;
};
template <class T> Operand<T> operand(Draw& d, const Array& values, bool requires_grad);

/// Values of a tensor in row-major order.
template <class T> Array array_of(const cr::Tensor<T>& x) {
  Array a;
  for (auto s : x.shape()) a.shape.push_back(s);
  for (auto v : x.to_vector()) a.x.push_back(Number(static_cast<double>(v)));
  return a;
}

template <class T> using Tensors = std::vector<cr::Tensor<T>>;
template <class T> using Function = std::function<Tensors<T>(const Tensors<T>&)>;
enum class Level { value, first, second };

/// A call for both real types, of a generic lambda that takes the list of inputs and gives a tensor, or a list of them,
/// of any type.
struct Call {
  Function<double> in_double;
  Function<float> in_float;

  template <class F> static Call of_list(const F& f) {
    return {[f](const Tensors<double>& in) { return listed<double>(f(in)); },
            [f](const Tensors<float>& in) { return listed<float>(f(in)); }};
  }
  template <class F> static Call of_one(const F& f) {
    return of_list([f](const auto& in) { return f(in[0]); });
  }
  template <class F> static Call of_two(const F& f) {
    return of_list([f](const auto& in) { return f(in[0], in[1]); });
  }

 private:
  template <class T, class U> static Tensors<T> listed(const cr::Tensor<U>& one) { return {one.template to<T>()}; }
  template <class T> static Tensors<T> listed(const Tensors<T>& list) { return list; }
  template <class T> static Tensors<T> listed(const cr::ValueAndIndices<T>& r) {
    return {r.values, r.indices.template to<T>()};
  }
};

struct Sample {
  std::string call;  ///< with its arguments
  Arrays inputs;
  Call run;
  std::function<Arrays()> values;  ///< instead: a call whose result has no gradient, of any element type
  std::function<Arrays(const Arrays&)> reference;
  bool refused = false;         ///< an Error must come
  Level level = Level::second;  ///< what is defined everywhere
  bool nan_gradients = false;   ///< the gradient at an element that is NaN is the reference's
  bool double_only = false;     ///< the inputs are no floats
  double looser = 1;            ///< factor of the tolerance

  template <class F> void calls(const F& f) { run = Call::of_list(f); }
  template <class F> void expects(const F& f) {
    reference = [f](const Arrays& in) { return Arrays{f(in)}; };
  }
};

/// One way to draw a call of an op. `op` is the stem of its file in ops/.
struct RandomOp {
  std::string op;
  std::function<Sample(Draw&)> make;
};
using RandomOps = std::vector<RandomOp>;

// One function per family, each in a file of its own in parts/.
RandomOps unary_ops();
RandomOps activation_ops();
RandomOps binary_ops();
RandomOps integer_ops();
RandomOps comparison_ops();
RandomOps selection_ops();
RandomOps reduction_ops();
RandomOps order_ops();
RandomOps view_ops();
RandomOps joining_ops();
RandomOps indexing_ops();
RandomOps product_ops();
RandomOps window_ops();
RandomOps normalisation_ops();
RandomOps loss_ops();
RandomOps class_loss_ops();
RandomOps creation_ops();

/// Runs `draws` draws of each op of the list, or the one that CHAINRULE_DRAW=op:number names. Gives a report of what
/// disagrees.
std::string disagreements(const RandomOps& list, std::int64_t draws);

/// f(T{}) for an element type T at random. (double has the draws with gradients.)
template <class F> void with_any_type(Draw& d, const F& f) {
  switch (d.between(0, 4)) {
    case 0: return f(std::int64_t{});
    case 1: return f(std::int32_t{});
    case 2: return f(std::uint8_t{});
    case 3: return f(bool{});
    default: return f(float{});
  }
}
/// Values that an element type holds exactly.
template <class T> Array values_of(Draw& d, const Sizes& shape, const Spread& spread = {}) {
  if constexpr (cr::Real<T>) return d.values(shape, spread);
  else if constexpr (std::is_same_v<T, bool>) return d.integers(shape, 0, 1);
  else if constexpr (std::is_unsigned_v<T>) return d.integers(shape, 0, 5);
  else return d.integers(shape, -4, 4);
}

}  // namespace chainrule_test::drawn
