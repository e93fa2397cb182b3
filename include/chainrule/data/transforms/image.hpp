#pragma once
// What the transforms of this folder work on, and the one kernel that moves pixels: a window onto an image, which may
// reach beyond its borders and may be flipped. Crops, pads and flips are windows.

#include <chainrule/api.hpp>
#include <chainrule/core/compiled.hpp>
#include <string_view>
#include <vector>

namespace chainrule::data::transforms {

/// An image is either of bytes, (H, W) or (H, W, C) uint8, where torchvision has a PIL image; or of floats (or
/// doubles), (..., C, H, W) or (H, W), where torchvision has a tensor.
template <class T>
concept ImageElement = Real<T> || std::same_as<T, std::uint8_t>;

/// What lies beyond the border of an image, written as in torchvision, "reflect", or as PaddingMode::reflect. Of a row
/// 1 2 3: constant gives a fill value; edge 1 1 [1 2 3] 3 3; reflect 3 2 [1 2 3] 2 1; symmetric 2 1 [1 2 3] 3 2.
class PaddingMode {
 public:
  enum Kind { constant, edge, reflect, symmetric };

  constexpr PaddingMode(Kind kind) : kind_(kind) {}
  PaddingMode(std::string_view word, Location at = Location::here());
  PaddingMode(const char* word, Location at = Location::here()) : PaddingMode(std::string_view(word), at) {}

  constexpr operator Kind() const { return kind_; }

 private:
  Kind kind_;
};

/// The value of pixels that come from nowhere: one for all channels, 0, or one for each, {255, 128, 0}. In bytes of a
/// uint8 image, in the units of a float image.
class Fill {
 public:
  template <Arithmetic N> Fill(N all) : all_(static_cast<double>(all)) {}
  Fill(std::initializer_list<double> each) : each_(each) {}
  Fill(std::vector<double> each) : each_(std::move(each)) {}

  double of(std::int64_t channel) const { return each_.empty() ? all_ : each_[each_.size() == 1 ? 0 : index(channel)]; }
  bool is_zero() const { return each_.empty() && all_ == 0; }
  /// Throws unless it has one value, or one for each of so many channels, and each fits into the type.
  void check_for(std::int64_t channels, DType dtype, const char* op, Location at) const;

 private:
  static std::size_t index(std::int64_t channel) { return static_cast<std::size_t>(channel); }
  double all_ = 0;
  std::vector<double> each_;
};

namespace detail {

using chainrule::detail::ImplRef;

/// Where the pixels of an image lie. A plane is a channel, or all channels where they lie side by side in each pixel.
struct Pixels {
  char* data;
  std::int64_t planes, channels, height, width;  // planes: of the whole tensor
  std::int64_t plane_stride, row_stride;         // bytes
  std::int64_t unit;                             // bytes of a pixel of a plane; they follow one another in a row

  bool interleaved() const { return planes == 1 && channels > 1; }
};

/// Whether pixels_of() can describe the image: the pixels of a row follow one another.
bool has_rows_of_pixels(const TensorBase& image);
/// Throws unless it is an image with pixels, on the CPU, and no gradient would be lost.
void check_image(const TensorBase& image, const char* op, Location at);
Pixels pixels_of(const TensorBase& image);
/// A fresh image of so many rows and columns, otherwise of the same form, its channels in the same order in memory.
ImplRef allocate_like(const TensorBase& image, std::int64_t height, std::int64_t width, const char* op, Location at);

/// Rows, or columns, of a result: number i is number first + step * i of the image, and step is 1 or -1.
struct Lines {
  std::int64_t first, count;
  int step = 1;
};
struct Window {
  Lines rows, columns;
  PaddingMode mode = PaddingMode::constant;
};

/// Position i of n, or which position stands for it beyond the border; -1 in a constant border.
std::int64_t position_at(std::int64_t i, std::int64_t n, PaddingMode mode);

ImplRef look_through(const TensorBase& image, const Window& window, const Fill& fill, const char* op, Location at);

/// Image (H, W, C) bytes -> (C, H, W) floats; byte v of channel c becomes table[c * stride + v].
Tensor<> look_up_bytes(const TensorBase& image, const float* table, std::int64_t stride, Location at);

/// The image itself, or a copy with its elements in order.
template <ImageElement T> Tensor<T> with_rows(const Tensor<T>& image, const char* op, Location at) {
  check_image(image, op, at);
  return has_rows_of_pixels(image) ? image : contiguous(image, at);
}

/// The part of an image, or of what lies around it, that a window shows.
template <ImageElement T>
Tensor<T> window_of(const Tensor<T>& image, const Window& window, const Fill& fill, const char* op, Location at) {
  return Tensor<T>(look_through(with_rows(image, op, at), window, fill, op, at));
}

/// n, or the end of [low, high] that it lies beyond.
inline std::int64_t within(std::int64_t n, std::int64_t low, std::int64_t high) {
  return std::min(std::max(n, low), high);
}

struct ImageSize {
  std::int64_t height, width;
};
inline ImageSize size_of_image(const TensorBase& image) {
  const int columns = image.dtype() == DType::uint8 ? 1 : image.dim() - 1;
  return {image.shape()[columns - 1], image.shape()[columns]};
}

}  // namespace detail

}  // namespace chainrule::data::transforms

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::transforms {

CHAINRULE_INLINE PaddingMode::PaddingMode(std::string_view word, Location at)
    : kind_(word == "edge"        ? edge
            : word == "reflect"   ? reflect
            : word == "symmetric" ? symmetric
                                  : constant) {
  check(kind_ != constant || word == "constant", at,
        "padding_mode is \"constant\", \"edge\", \"reflect\" or \"symmetric\", got \"", word, "\"");
}

CHAINRULE_INLINE void Fill::check_for(std::int64_t channels, DType dtype, const char* op, Location at) const {
  check(each_.size() <= 1 || static_cast<std::int64_t>(each_.size()) == channels, at, op, ": fill has ", each_.size(),
        " values, the image ", channels, " channels; give one value, or one for each channel");
  for (std::int64_t c = 0; c < channels && (c == 0 || each_.size() > 1); ++c) {
    if (dtype == DType::uint8) chainrule::detail::fitting<std::uint8_t>(of(c), op, at);
    if (dtype == DType::float32) chainrule::detail::fitting<float>(of(c), op, at);
  }
}

}  // namespace chainrule::data::transforms
namespace chainrule::data::transforms::detail {

CHAINRULE_INLINE void check_image(const TensorBase& image, const char* op, Location at) {
  check(image.defined(), at, op, ": the image is not defined");
  const bool bytes = image.dtype() == DType::uint8;
  check(bytes ? image.dim() == 2 || image.dim() == 3 : image.dim() >= 2, at, op, ": expects an image of shape ",
        bytes ? "(H, W) or (H, W, C)" : "(..., C, H, W) or (H, W)", ", got ", image.shape(), " of ",
        name_of(image.dtype()));
  check(image.numel() > 0, at, op, ": an image of shape ", image.shape(), " has no pixels");
  check(image.device() == Device::cpu, at, op, ": transforms run on the CPU, the image lies on ",
        name_of(image.device()), "; call .cpu() first");
  check(!(is_grad_enabled() && image.requires_grad()), at, op,
        ": transforms have no gradient, and the image requires one; call .detach() first");
}

CHAINRULE_INLINE bool has_rows_of_pixels(const TensorBase& image) {
  const Shape& shape = image.shape();
  const Strides& strides = image.strides();
  const int n = image.dim();
  if (image.dtype() == DType::uint8 && n == 3) {  // (H, W, C): interleaved, or the channels apart
    const bool lone = shape[1] == 1;
    return ((strides[2] == 1 || shape[2] == 1) && (lone || strides[1] == shape[2])) || lone || strides[1] == 1;
  }
  return (strides[n - 1] == 1 || shape[n - 1] == 1) && (n <= 3 || image.is_contiguous());
}

CHAINRULE_INLINE Pixels pixels_of(const TensorBase& image) {
  const Shape& shape = image.shape();
  const Strides& strides = image.strides();
  const int n = image.dim();
  const auto size = static_cast<std::int64_t>(size_of(image.dtype()));
  Pixels p{};
  p.data = static_cast<char*>(image.impl()->storage->data) + image.impl()->offset * size;
  p.planes = p.channels = 1;
  p.unit = size;
  if (image.dtype() == DType::uint8) {
    p.height = shape[0], p.width = shape[1], p.row_stride = strides[0];
    if (n == 2 || shape[2] == 1) return p;
    p.channels = shape[2];
    if (strides[2] == 1 && (shape[1] == 1 || strides[1] == shape[2])) p.unit = p.channels;
    else p.planes = p.channels, p.plane_stride = strides[2];
    return p;
  }
  p.height = shape[n - 2], p.width = shape[n - 1], p.row_stride = strides[n - 2] * size;
  for (int d = 0; d < n - 2; ++d) p.planes *= shape[d];
  if (n > 2) p.channels = shape[n - 3], p.plane_stride = strides[n - 3] * size;
  return p;
}

CHAINRULE_INLINE ImplRef allocate_like(const TensorBase& image, std::int64_t height, std::int64_t width, const char* op,
                                       Location at) {
  using chainrule::detail::allocate_untyped;
  const bool bytes = image.dtype() == DType::uint8, apart = bytes && pixels_of(image).planes > 1;
  Shape shape = image.shape();
  shape[bytes ? 0 : image.dim() - 2] = height;
  shape[bytes ? 1 : image.dim() - 1] = width;
  if (!apart) return allocate_untyped(shape, image.dtype(), size_of(image.dtype()), Device::cpu, op, at);
  const TensorBase planes(allocate_untyped({shape[2], height, width}, DType::uint8, 1, Device::cpu, op, at));
  return chainrule::detail::alias(planes, shape, Strides{width, 1, height * width}, 0);
}

CHAINRULE_INLINE std::int64_t position_at(std::int64_t i, std::int64_t n, PaddingMode mode) {
  if (i >= 0 && i < n) return i;
  if (mode == PaddingMode::constant) return -1;
  if (mode == PaddingMode::edge) return i < 0 ? 0 : n - 1;
  const bool repeats = mode == PaddingMode::symmetric;  // the last position stands twice
  const std::int64_t period = repeats ? 2 * n : std::max<std::int64_t>(1, 2 * n - 2);
  i = (i % period + period) % period;
  return i < n ? i : period - (repeats ? 1 : 0) - i;
}

/// to[i] = from[-i], pixels of `unit` bytes.
template <std::size_t unit> void copy_reversed(const char* from, char* to, std::int64_t count) {
  constexpr auto step = static_cast<std::int64_t>(unit);
  for (std::int64_t i = 0; i < count; ++i) std::memcpy(to + i * step, from - i * step, unit);
}
/// Bytes, eight at a time: the pixels of a plane.
template <> inline void copy_reversed<1>(const char* from, char* to, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, from - i - 7, 8);
    eight = __builtin_bswap64(eight);
    std::memcpy(to + i, &eight, 8);
  }
  for (; i < count; ++i) to[i] = from[-i];
}
inline void copy_reversed(const char* from, char* to, std::int64_t count, std::int64_t unit) {
  switch (unit) {
    case 1: return copy_reversed<1>(from, to, count);
    case 3: return copy_reversed<3>(from, to, count);
    case 4: return copy_reversed<4>(from, to, count);
    default:
      for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(to + i * unit, from - i * unit, static_cast<std::size_t>(unit));
  }
}

/// The bytes of a fill for each channel, one after the other; empty where all are 0.
inline std::vector<char> fill_bytes(const Fill& fill, std::int64_t channels, DType dtype) {
  std::vector<char> bytes;
  if (fill.is_zero()) return bytes;
  const auto size = size_of(dtype);
  bytes.resize(static_cast<std::size_t>(channels) * size);
  for (std::int64_t c = 0; c < channels; ++c) {
    const double v = fill.of(c);
    char* to = bytes.data() + static_cast<std::size_t>(c) * size;
    const auto byte = static_cast<std::uint8_t>(dtype == DType::uint8 ? v : 0);
    const auto single = static_cast<float>(v);
    const void* value = &v;
    if (dtype == DType::uint8) value = &byte;
    if (dtype == DType::float32) value = &single;
    std::memcpy(to, value, size);
  }
  return bytes;
}

/// Writes a constant pixel `count` times; 0 without one.
inline void write_pixels(char* to, const char* pixel, std::int64_t count, std::int64_t unit) {
  if (pixel == nullptr) std::memset(to, 0, static_cast<std::size_t>(count * unit));
  else
    for (std::int64_t i = 0; i < count; ++i) std::memcpy(to + i * unit, pixel, static_cast<std::size_t>(unit));
}

CHAINRULE_INLINE ImplRef look_through(const TensorBase& image, const Window& window, const Fill& fill, const char* op,
                                      Location at) {
  constexpr std::int64_t most = std::int64_t{1} << 31;  // rows and columns: positions fit in 64 bits whatever the step
  const Lines rows = window.rows, columns = window.columns;
  for (const Lines& l : {rows, columns})
    check(l.count > 0 && l.count < most && l.first > -most && l.first < most, at, op, ": the result would have ",
          rows.count, " rows from row ", rows.first, " on and ", columns.count, " columns from column ", columns.first,
          " on, of an image of shape ", image.shape());
  const Pixels in = pixels_of(image);
  if (window.mode == PaddingMode::constant) fill.check_for(in.channels, image.dtype(), op, at);
  const TensorBase result(allocate_like(image, rows.count, columns.count, op, at));
  const Pixels out = pixels_of(result);
  const auto filling = fill_bytes(fill, in.channels, image.dtype());
  // Columns [inside, behind) of the result show columns of the image itself.
  const bool forward = columns.step > 0;
  const std::int64_t begins = forward ? -columns.first : columns.first - in.width + 1,
                     ends = forward ? in.width - columns.first : columns.first + 1,
                     inside = within(begins, 0, columns.count), behind = within(ends, inside, columns.count);
  const PaddingMode mode = window.mode;
  const std::int64_t unit = in.unit;
  parallel_chunks(
      out.planes * out.height, std::max<std::int64_t>(1, 65536 / (out.width * unit)),
      [&](std::int64_t begin, std::int64_t end) {
        std::int64_t plane = begin / out.height, y = begin % out.height - 1;
        for (std::int64_t line = begin; line < end; ++line) {
          if (++y == out.height) ++plane, y = 0;
          const std::int64_t source = position_at(rows.first + rows.step * y, in.height, mode);
          char* to = out.data + plane * out.plane_stride + y * out.row_stride;
          const char* pixel =
              filling.empty() ? nullptr : filling.data() + (in.interleaved() ? 0 : plane % in.channels * unit);
          if (source < 0) {
            write_pixels(to, pixel, out.width, unit);
            continue;
          }
          const char* from = in.data + plane * in.plane_stride + source * in.row_stride;
          const auto border = [&](std::int64_t first, std::int64_t last) {
            if (mode == PaddingMode::constant) return write_pixels(to + first * unit, pixel, last - first, unit);
            for (std::int64_t x = first; x < last; ++x)
              std::memcpy(to + x * unit, from + position_at(columns.first + columns.step * x, in.width, mode) * unit,
                          static_cast<std::size_t>(unit));
          };
          border(0, inside);
          const char* run = from + (columns.first + columns.step * inside) * unit;
          if (forward) std::memcpy(to + inside * unit, run, static_cast<std::size_t>((behind - inside) * unit));
          else copy_reversed(run, to + inside * unit, behind - inside, unit);
          border(behind, out.width);
        }
      });
  return result.share();
}

CHAINRULE_INLINE Tensor<> look_up_bytes(const TensorBase& image, const float* table, std::int64_t stride, Location at) {
  const Pixels in = pixels_of(image);
  const Tensor<> out =
      chainrule::detail::allocate<float>({in.channels, in.height, in.width}, Device::cpu, "ToTensor", at);
  const bool whole = in.row_stride == in.width * in.unit;  // no gaps: a plane is one row
  const std::int64_t rows = whole ? 1 : in.height, width = whole ? in.height * in.width : in.width;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(in.data);
  const std::int64_t step = in.unit;
  for (std::int64_t c = 0; c < in.channels; ++c)
    for (std::int64_t y = 0; y < rows; ++y) {
      const std::uint8_t* from = bytes + (in.interleaved() ? c : c * in.plane_stride) + y * in.row_stride;
      float* to = out.data() + (c * in.height + y) * in.width;
      const float* of = table + c * stride;
      if (step == 1) simd::run([=] { CHAINRULE_SIMD for (std::int64_t x = 0; x < width; ++x) to[x] = of[from[x]]; });
      else simd::run([=] { CHAINRULE_SIMD for (std::int64_t x = 0; x < width; ++x) to[x] = of[from[x * step]]; });
    }
  return out;
}

}  // namespace chainrule::data::transforms::detail
#endif
