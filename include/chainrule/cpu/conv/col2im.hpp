#pragma once
// col2im: the gradient of the input of small maps (LeNet's second convolution). A product gives for each element of the
// window a row, what it sends back to the pixels that it read; then these rows are added to the image. The products are
// as many as those of the forward pass, where a convolution of dy inside a border of zeros computes several times that.

#include <chainrule/core/parallel.hpp>
#include <chainrule/core/simd.hpp>
#include <chainrule/cpu/conv/direct_rows.hpp>
#include <chainrule/ops/conv_shape.hpp>
#include <algorithm>

namespace chainrule::cpu::detail {

template <class T> bool col2im_applies(ConvInputGradient<T>& p) {
  const ConvShape& s = p.shape;
  return s.groups == 1 && s.stride_h == 1 && s.stride_w == 1 && s.oh * s.ow % (2 * kernels<T>().lanes) == 0;
}

/// Rows shorter than a vector, products that stay in the first caches. (measured)
template <class T> bool col2im_wins(ConvInputGradient<T>& p) {
  const ConvShape& s = p.shape;
  const std::int64_t pixels = s.oh * s.ow, window = s.c_in * s.kh * s.kw, lanes = kernels<T>().lanes;
  return s.kh * s.kw > 1 && s.ow < lanes && s.c_out >= 8 && s.c_out <= max_k_block &&
         window * pixels * static_cast<std::int64_t>(sizeof(T)) <= 64 * 1024 &&
         s.h * round_up(s.w, lanes) >= 2 * pixels;
}

/// `rows` rows of `width` elements are added to others.
template <int width, class T>
CHAINRULE_HD inline void add_rows(T* to, std::int64_t to_step, const T* from, std::int64_t from_step,
                                  std::int64_t rows) {
  for (std::int64_t y = 0; y < rows; ++y, to += to_step, from += from_step) {
    CHAINRULE_SIMD for (int k = 0; k < width; ++k) to[k] += from[k];
  }
}

/// dx of one image = its rows of products (c_in kh kw, oh ow), each added where its window element stood. For the body
/// of simd::run().
template <class T> CHAINRULE_HD inline void col2im_rows(const ConvShape& s, const T* products, T* dx) {
  const std::int64_t taps = s.kh * s.kw, pixels = s.oh * s.ow, plane = s.h * s.w;
  for (std::int64_t i = 0; i < s.c_in * plane; ++i) dx[i] = T(0);
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    const std::int64_t down = tap / s.kw * s.dil_h - s.pad_h, right = tap % s.kw * s.dil_w - s.pad_w;
    const std::int64_t top = down < 0 ? -down : 0,
                       bottom = s.oh < s.h - down ? s.oh : s.h - down;  // outputs that read a pixel
    const std::int64_t begin = right < 0 ? -right : 0, end = s.ow < s.w - right ? s.ow : s.w - right;
    for (std::int64_t c = 0; c < s.c_in;
         ++c) {  // the loop over channels is the inner one: a pixel just written would be waited for
      T* to = dx + c * plane + (top + down) * s.w + right;
      const T* from = products + (c * taps + tap) * pixels + top * s.ow;
      std::int64_t x = begin;
      for (; x + 8 <= end; x += 8) add_rows<8>(to + x, s.w, from + x, s.ow, bottom - top);
      if (x + 4 <= end) add_rows<4>(to + x, s.w, from + x, s.ow, bottom - top), x += 4;
      for (; x < end; ++x) add_rows<1>(to + x, s.w, from + x, s.ow, bottom - top);
    }
  }
}

template <class T>
void col2im_input_gradient(const KernelTable<T>& table, const ConvShape& s, const T* dy, const T* weight, T* dx) {
  const std::int64_t pixels = s.oh * s.ow, window = s.c_in * s.kh * s.kw, pair = 2 * table.lanes;
  const Workspace<T> packed(static_cast<std::size_t>(window * s.c_out));  // tiles of rows, in each [c_out][row]
  for (std::int64_t r = 0; r < window;) {
    const int rows = pair_tile(table, window - r).rows;
    table.pack(packed + r * s.c_out, rows, weight + r, 1, window, rows, s.c_out);
    r += rows;
  }
  const double work = static_cast<double>(window * s.c_out) * static_cast<double>(s.n * pixels);
  parallel_chunks(s.n, work < 0.75e6 ? s.n : 1, [&](std::int64_t first, std::int64_t last) {
    T* products = scratch<T>(Scratch::products, static_cast<std::size_t>(window * pixels));
    for (std::int64_t n = first; n < last; ++n) {
      const T* g = dy + n * s.c_out * pixels;
      for (std::int64_t r = 0; r < window;) {
        const PairTile tile = pair_tile(table, window - r);
        table.pairs[tile.index]({s.c_out, tile.rows, pixels}, packed + r * s.c_out, g, products + r * pixels, pixels,
                                nullptr, {table.lanes, table.lanes, pixels / pair, pair, pair});
        r += tile.rows;
      }
      T* to = dx + n * s.c_in * s.h * s.w;
      const ConvShape* shape = &s;
      const T* from = products;
      simd::run([=] { col2im_rows(*shape, from, to); });
    }
  });
}

template <class T> bool col2im_run(ConvInputGradient<T>& p) {
  col2im_input_gradient(kernels<T>(), p.shape, p.dy, p.weight, p.dx);
  return true;
}

}  // namespace chainrule::cpu::detail
