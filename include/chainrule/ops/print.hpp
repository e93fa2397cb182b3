#pragma once
// Printing tensors as PyTorch prints them: aligned columns, "..." in large ones, and a tail that tells dtype and graph.

#include <chainrule/core/compiled.hpp>
#include <chainrule/ops/copy.hpp>
#include <chainrule/ops/view.hpp>
#include <cmath>
#include <cstdio>
#include <iosfwd>

namespace chainrule {

/// How tensors are printed; PyTorch's defaults.
struct PrintOptions {
  int precision = 4;                  ///< digits behind the point
  std::int64_t threshold = 1000;      ///< more elements than this are summarised
  std::int64_t edgeitems = 3;         ///< how many of a summarised dimension are shown at each end
  int linewidth = 80;                 ///< characters in a line
  std::optional<bool> sci_mode = {};  ///< 1.0000e-05 always or never; else where the range of the values asks for it
};

namespace detail {

inline thread_local PrintOptions print_options;

std::string spell_number(const char* format, int precision, double v);

/// Chooses one format for all elements: whole numbers as "2.", fractions as "0.5000", wide ranges as "1.0000e-05".
template <class T> class Formatter {
 public:
  Formatter(const std::vector<T>& values, const PrintOptions& options) : precision_(options.precision) {
    if constexpr (Real<T>) {
      double low = 0, high = 0;
      for (T v : values) {
        if (v == T(0) || !std::isfinite(v)) continue;
        double a = std::abs(static_cast<double>(v));
        low = low == 0 || a < low ? a : low;
        high = a > high ? a : high;
        if (v != std::ceil(v)) whole_ = false;
      }
      if (high == 0) return;
      scientific_ = options.sci_mode.value_or(high / low > 1000 || high > 1e8 || (!whole_ && low < 1e-4));
      for (T v : values)
        if (v != T(0) && std::isfinite(v)) width_ = std::max(width_, plain(v).size());
    } else {
      for (T v : values) width_ = std::max(width_, plain(v).size());
    }
  }
  std::size_t width() const { return width_; }
  std::string operator()(T v) const {
    std::string s = plain(v);
    return s.size() < width_ ? std::string(width_ - s.size(), ' ') + s : s;
  }

 private:
  std::string plain(T v) const {
    if constexpr (std::same_as<T, bool>) return v ? "True" : "False";
    else if constexpr (!Real<T>) return std::to_string(v);
    else if (std::isnan(v)) return "nan";
    else if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
    else if (scientific_) return spell_number("%.*e", precision_, static_cast<double>(v));
    else if (whole_) return spell_number("%.*f", 0, static_cast<double>(v)) + '.';
    else return spell_number("%.*f", precision_, static_cast<double>(v));
  }
  int precision_;
  std::size_t width_ = 1;
  bool whole_ = true, scientific_ = false;
};

template <class T> class Printer {
 public:
  explicit Printer(const Tensor<T>& x)
      : x_(x), summarise_(x.numel() > options_.threshold), format_(shown(), options_) {}

  std::string body(std::size_t indent) const { return x_.numel() == 0 ? "[]" : part(0, x_.data(), indent); }

 private:
  bool cut(std::int64_t n) const { return summarise_ && n > 2 * options_.edgeitems; }

  // The values that will be printed: they alone choose the format.
  std::vector<T> shown() const {
    std::vector<T> values;
    collect(0, x_.data(), values);
    return values;
  }
  void collect(int d, const T* p, std::vector<T>& out) const {
    if (x_.numel() == 0) return;
    if (d == x_.dim()) {
      out.push_back(*p);
      return;
    }
    for (std::int64_t i = 0; i < x_.shape()[d]; ++i) {
      if (cut(x_.shape()[d]) && i == options_.edgeitems) i = x_.shape()[d] - options_.edgeitems;
      collect(d + 1, p + i * x_.strides()[d], out);
    }
  }

  std::string part(int d, const T* p, std::size_t indent) const {
    if (d == x_.dim()) return format_(*p);
    const bool last = d + 1 == x_.dim();
    const auto per_line = std::max<std::int64_t>(
        1, (options_.linewidth - static_cast<std::int64_t>(indent)) / static_cast<std::int64_t>(format_.width() + 2));
    const std::string new_line =
        last ? ",\n" + std::string(indent + 1, ' ')
             : "," + std::string(static_cast<std::size_t>(x_.dim() - d - 1), '\n') + std::string(indent + 1, ' ');
    std::string s = "[";
    std::int64_t placed = 0;
    auto place = [&](const std::string& item) {
      if (placed > 0) s += last && placed % per_line != 0 ? ", " : new_line;
      s += item;
      ++placed;
    };
    for (std::int64_t i = 0; i < x_.shape()[d]; ++i) {
      if (cut(x_.shape()[d]) && i == options_.edgeitems) {
        place(last ? " ..." : "...");
        i = x_.shape()[d] - options_.edgeitems;
      }
      place(part(d + 1, p + i * x_.strides()[d], indent + 1));
    }
    return s + ']';
  }

  PrintOptions options_ = print_options;
  const Tensor<T>& x_;
  bool summarise_;
  Formatter<T> format_;
};

/// A tensor whose element type is known at run time only, such as one of named_buffers(). (A template, so that only
/// programs that print one compile six printers.)
template <std::same_as<TensorBase> X> std::string str_of(const X& x) {
  switch (x.dtype()) {
    case DType::float32: return Tensor<float>(x.share()).str();
    case DType::float64: return Tensor<double>(x.share()).str();
    case DType::int64: return Tensor<std::int64_t>(x.share()).str();
    case DType::int32: return Tensor<std::int32_t>(x.share()).str();
    case DType::uint8: return Tensor<std::uint8_t>(x.share()).str();
    default: return Tensor<bool>(x.share()).str();
  }
}

/// What print() writes for one part: as in error messages, but small numbers keep their digits (1e-07, not 0), and
/// lists are shown.
template <class P> void say(std::string& s, const P& part) {
  if constexpr (std::same_as<P, DType> || std::same_as<P, Device>) s += name_of(part);
  else if constexpr (std::same_as<P, TensorBase>) s += part.defined() ? str_of(part) : std::string("undefined");
  else if constexpr (requires {
                       typename P::value_type;
                       requires std::same_as<P, std::vector<typename P::value_type>>;
                     }) {
    s += '[';
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (i) s += ", ";
      say(s, static_cast<typename P::value_type>(part[i]));
    }
    s += ']';
  } else if constexpr (requires { part.values, part.indices; }) {  // max(x, 1), sort(x)
    s += "values=" + part.values.str() + ",\nindices=" + part.indices.str();
  } else if constexpr (std::same_as<P, bool>) {
    s += part ? "True" : "False";  // as in a tensor
  } else if constexpr (std::floating_point<P>) {
    if (part != 0 && std::abs(part) < P(1e-4)) s += spell_number("%.*g", 6, static_cast<double>(part));
    else append(s, part);
  } else append(s, part);
}

/// "mul" -> "MulBackward0", "max_pool2d" -> "MaxPool2dBackward0".
std::string grad_fn_name(const char* op);

}  // namespace detail

/// Sets how tensors are printed on this thread, from now on. What is left out gets its default again.
/// Source: torch.set_printoptions.
///     set_printoptions({.precision = 2, .sci_mode = false});
///     print(tensor({3.14159f, 1e-6f}));   // tensor([3.14, 0.00])
inline void set_printoptions(const PrintOptions& options = {}, Location at = Location::here()) {
  check(
      options.precision >= 0 && options.precision <= 60 && options.threshold >= 0 && options.edgeitems >= 0 &&
          options.linewidth > 0,
      at,
      "set_printoptions: precision must lie in 0..60, threshold and edgeitems be 0 or more, linewidth 1 or more, got ",
      options.precision, ", ", options.threshold, ", ", options.edgeitems, ", ", options.linewidth);
  detail::print_options = options;
}

/// As PyTorch prints it:
///     tensor({{1, 2.5f}, {3, 4}}).str()   // tensor([[1.0000, 2.5000],
///                                         //         [3.0000, 4.0000]])
template <class T> std::string Tensor<T>::str() const {
  if (!defined()) return "tensor(undefined)";
  no_grad guard;
  const Tensor here = device() == Device::cpu ? *this : chainrule::to_device(detach(), Device::cpu);
  std::string text = "tensor(" + detail::Printer<T>(here).body(7);
  std::vector<std::string> tail;
  if (device() != Device::cpu) tail.push_back(std::string("device='") + name_of(device()) + ":0'");
  if (numel() == 0 && dim() != 1) tail.push_back("size=" + shape().str());
  const bool plain = std::same_as<T, float> || std::same_as<T, bool> || std::same_as<T, std::int64_t>;
  if (!plain || (numel() == 0 && !std::same_as<T, float>))
    tail.push_back(std::string("dtype=torch.") + name_of(dtype()));
  if (grad_fn()) tail.push_back("grad_fn=<" + detail::grad_fn_name(grad_fn()->op) + ">");
  else if (requires_grad()) tail.push_back("requires_grad=True");
  std::size_t line = text.size() - (text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1) + 2;
  for (const auto& t : tail) {
    const bool fits = line + t.size() + 2 <= static_cast<std::size_t>(detail::print_options.linewidth);
    text += fits ? ", " : ",\n       ";
    text += t;
    line = fits ? line + t.size() + 2 : 7 + t.size();
  }
  return text + ')';
}

template <class Char, class Traits, class T>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Tensor<T>& x) {
  return out << x.str().c_str();
}
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Shape& s) {
  return out << s.str().c_str();
}

template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, DType t) {
  return out << name_of(t);
}
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, Device d) {
  return out << name_of(d);
}

/// Python's print: the parts with a space between them, and a new line. Tensors, shapes, modules (anything with str()),
/// element types, devices, text, numbers, and vectors of these.
template <class... Parts> void print(const Parts&... parts) {
  std::string line;
  bool first = true;
  ((line += first ? "" : " ", first = false, detail::say(line, parts)), ...);
  std::puts(line.c_str());
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE std::string grad_fn_name(const char* op) {
  std::string name;
  bool up = true;
  for (const char* c = op; *c; ++c) {
    if (*c == '_') up = true;
    else {
      name += up && *c >= 'a' && *c <= 'z' ? static_cast<char>(*c - 'a' + 'A') : *c;
      up = false;
    }
  }
  return name + "Backward0";
}

CHAINRULE_INLINE std::string spell_number(const char* format, int precision, double v) {
  char text[400];  // %.4f of the largest double has 314 characters
  std::snprintf(text, sizeof text, format, precision, v);
  return text;
}

}  // namespace chainrule::detail
#endif
