#pragma once
// How good a classifier is: accuracy, top-k accuracy, the confusion matrix.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <cstdio>
#include <iosfwd>
#include <string>
#include <vector>

namespace chainrule::training {

namespace detail {

/// Calls see(row, logits of the row, label) after checking shapes and labels.
template <class T, class See>
void for_each_row(const char* what, const Tensor<T>& logits, const Tensor<std::int64_t>& labels, Location at, See see) {
  check(logits.dim() == 2, at, what, ": expects scores of shape (N, classes), got ", logits.shape());
  check(labels.dim() == 1 && labels.shape()[0] == logits.shape()[0], at, what, ": scores of shape ", logits.shape(),
        " need labels of shape (", logits.shape()[0], ",), got ", labels.shape());
  no_grad guard;
  const auto scores = logits.detach().cpu(at).contiguous(at);
  const auto truth = labels.cpu(at).contiguous(at);
  const std::int64_t classes = scores.shape()[1];
  for (std::int64_t i = 0; i < truth.numel(); ++i) {
    const std::int64_t label = truth.data()[i];
    check(label >= 0 && label < classes, at, what, ": label ", label, " of row ", i, " is not in 0..", classes - 1);
    see(i, scores.data() + i * classes, label);
  }
}

/// How many rows have their label among the k largest scores; of equal scores the first counts as larger, as in argmax.
template <class T>
std::int64_t count_correct(const char* what, const Tensor<T>& logits, const Tensor<std::int64_t>& labels,
                           std::int64_t k, Location at) {
  check(k > 0, at, what, ": k must be above 0, got ", k);
  std::int64_t correct = 0;
  for_each_row(what, logits, labels, at, [&](std::int64_t, const T* row, std::int64_t label) {
    std::int64_t before = 0;  // scores that are not smaller: a NaN at the label is never right
    for (std::int64_t c = 0; c < logits.shape()[1]; ++c)
      before += c < label ? !(row[c] < row[label]) : c > label && !(row[c] <= row[label]);
    correct += before < k && row[label] == row[label];
  });
  return correct;
}

}  // namespace detail

/// The share of rows whose largest score is at the label; with k, whose label is among the k largest. NaN for no rows.
/// Of equal scores the first counts as the larger one, as in argmax.
///     accuracy(tensor({{0.1f, 0.9f}, {0.8f, 0.2f}}), tensor<std::int64_t>({1, 1}))   // 0.5
template <class T>
double accuracy(const Tensor<T>& logits, const Tensor<std::int64_t>& labels, std::int64_t k = 1,
                Location at = Location::here()) {
  const auto correct = detail::count_correct("accuracy", logits, labels, k, at);
  return static_cast<double>(correct) / static_cast<double>(labels.numel());
}

/// accuracy() over many batches.
///     Accuracy top5(5);
///     top5.add(net(images), labels);
///     top5.value();   // in [0, 1]
class Accuracy {
 public:
  explicit Accuracy(std::int64_t k = 1) : k_(k) {}
  template <class T>
  void add(const Tensor<T>& logits, const Tensor<std::int64_t>& labels, Location at = Location::here()) {
    correct_ += detail::count_correct("Accuracy", logits, labels, k_, at);
    n_ += labels.numel();
  }
  void reset() { correct_ = n_ = 0; }
  double value() const {
    return static_cast<double>(correct_) / static_cast<double>(n_);
  }  ///< NaN before the first row
  std::int64_t correct() const { return correct_; }
  std::int64_t n() const { return n_; }

 private:
  std::int64_t k_, correct_ = 0, n_ = 0;
};

/// How often each class was taken for each: rows are what it was, columns what was predicted.
///     ConfusionMatrix matrix(10);
///     matrix.add(net(images), labels);
///     print(matrix);   // a table, with recall by row and precision by column
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::int64_t classes, Location at = Location::here()) {
    check(classes > 0, at, "ConfusionMatrix: needs at least one class, got ", classes);
    check(classes <= 65536, at, "ConfusionMatrix: a table of ", classes, " x ", classes,
          " counts is too large; it takes up to 65536 classes");
    for (std::int64_t c = 0; c < classes; ++c) names_.push_back(std::to_string(c));
    counts_.resize(names_.size() * names_.size());
  }
  explicit ConfusionMatrix(std::vector<std::string> class_names, Location at = Location::here())
      : names_(std::move(class_names)), counts_(names_.size() * names_.size()) {
    check(!names_.empty(), at, "ConfusionMatrix: needs at least one class");
  }

  /// Scores (N, classes) and labels (N,).
  template <Real T>
  void add(const Tensor<T>& logits, const Tensor<std::int64_t>& labels, Location at = Location::here()) {
    check(logits.dim() == 2 && logits.shape()[1] == classes(), at, "ConfusionMatrix: expects scores of shape (N, ",
          classes(), "), got ", logits.shape());
    add(logits.detach().argmax(1), labels, at);
  }
  /// Predicted classes (N,) and labels (N,).
  void add(const Tensor<std::int64_t>& predicted, const Tensor<std::int64_t>& labels, Location at = Location::here());
  void reset() { counts_.assign(counts_.size(), 0); }

  std::int64_t classes() const { return static_cast<std::int64_t>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }  ///< "0", "1", ... unless they were given
  /// How often `truth` was taken for `predicted`.
  std::int64_t at(std::int64_t truth, std::int64_t predicted) const {
    return const_cast<ConfusionMatrix*>(this)->count(truth, predicted);
  }
  std::int64_t total() const;
  /// The share of all that was right; NaN for nothing.
  double accuracy() const;
  /// Of those that are class c, the share that was found. NaN where there are none.
  double recall(std::int64_t c) const;
  /// Of those that were taken for class c, the share that is. NaN where there are none.
  double precision(std::int64_t c) const;
  /// 2 * precision * recall / (precision + recall).
  double f1(std::int64_t c) const;

  /// The table: a row for each class with its recall at the end, the precisions below, the accuracy in the corner; all
  /// in percent.
  [[gnu::cold]] std::string str() const;

 private:
  std::int64_t& count(std::int64_t truth, std::int64_t predicted) {
    return counts_[static_cast<std::size_t>(truth * classes() + predicted)];
  }
  static double share(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  }
  static void put(std::string& line, const std::string& text, std::size_t width);
  static std::string percent(double share);

  std::vector<std::string> names_;
  std::vector<std::int64_t> counts_;  // [truth][predicted]
};

template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const ConfusionMatrix& m) {
  return out << m.str().c_str();
}

}  // namespace chainrule::training

#if CHAINRULE_DEFINITIONS
namespace chainrule::training {

CHAINRULE_INLINE void ConfusionMatrix::add(const Tensor<std::int64_t>& predicted, const Tensor<std::int64_t>& labels,
                                           Location at) {
  check(predicted.shape() == labels.shape(), at, "ConfusionMatrix: predictions of shape ", predicted.shape(),
        " and labels of shape ", labels.shape());
  const auto p = predicted.to_vector(), y = labels.to_vector();
  for (std::size_t i = 0; i < p.size(); ++i) {
    check(y[i] >= 0 && y[i] < classes(), at, "ConfusionMatrix: label ", y[i], " of row ", i, " is not in 0..",
          classes() - 1);
    check(p[i] >= 0 && p[i] < classes(), at, "ConfusionMatrix: prediction ", p[i], " of row ", i, " is not in 0..",
          classes() - 1);
  }
  for (std::size_t i = 0; i < p.size(); ++i) ++count(y[i], p[i]);
}

CHAINRULE_INLINE std::int64_t ConfusionMatrix::total() const {
  std::int64_t n = 0;
  for (auto c : counts_) n += c;
  return n;
}

CHAINRULE_INLINE double ConfusionMatrix::accuracy() const {
  std::int64_t right = 0;
  for (std::int64_t c = 0; c < classes(); ++c) right += at(c, c);
  return share(right, total());
}

CHAINRULE_INLINE double ConfusionMatrix::recall(std::int64_t c) const {
  std::int64_t n = 0;
  for (std::int64_t p = 0; p < classes(); ++p) n += at(c, p);
  return share(at(c, c), n);
}

CHAINRULE_INLINE double ConfusionMatrix::precision(std::int64_t c) const {
  std::int64_t n = 0;
  for (std::int64_t t = 0; t < classes(); ++t) n += at(t, c);
  return share(at(c, c), n);
}

CHAINRULE_INLINE std::string ConfusionMatrix::str() const {
  std::size_t first = 11, width = 5;  // "precision %", "98.92"
  for (const auto& name : names_) {
    first = std::max(first, name.size());
    width = std::max(width, std::min<std::size_t>(name.size(), 12));
  }
  for (auto c : counts_) width = std::max(width, std::to_string(c).size());
  std::string s(first, ' ');
  for (const auto& name : names_) put(s, name.substr(0, width), width + 1);
  put(s, "recall %", 9);
  for (std::int64_t t = 0; t < classes(); ++t) {
    s += '\n';
    put(s, names_[static_cast<std::size_t>(t)], first);
    for (std::int64_t p = 0; p < classes(); ++p) put(s, std::to_string(at(t, p)), width + 1);
    put(s, percent(recall(t)), 9);
  }
  s += '\n';
  put(s, "precision %", first);
  for (std::int64_t c = 0; c < classes(); ++c) put(s, percent(precision(c)), width + 1);
  put(s, percent(accuracy()), 9);
  return s;
}

CHAINRULE_INLINE std::string ConfusionMatrix::percent(double share) {
  if (share != share) return "-";
  char text[16];
  std::snprintf(text, sizeof text, share < 1 ? "%.2f" : "%.1f", 100 * share);
  return text;
}

}  // namespace chainrule::training
namespace chainrule::training {

CHAINRULE_INLINE void ConfusionMatrix::put(std::string& line, const std::string& text,
                                           std::size_t width) {  // to the right
  line.append(width > text.size() ? width - text.size() : 0, ' ').append(text);
}

CHAINRULE_INLINE double ConfusionMatrix::f1(std::int64_t c) const {
  const double p = precision(c), r = recall(c);
  return p + r > 0 ? 2 * p * r / (p + r) : p + r;
}

}  // namespace chainrule::training
#endif
