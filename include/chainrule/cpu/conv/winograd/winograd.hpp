#pragma once
// 3 x 3 convolution with stride 1 by Winograd's F(4 x 4, 3 x 3): forward, gradient of the input, gradient of the
// weight, float. 2 to 3 times less arithmetic in effect than the direct way, for a rounding error 3 to 6 times as large
// (see winograd_test.cpp).
// Bitwise the same for any number of threads.

#include <chainrule/cpu/conv/problem.hpp>
#include <chainrule/cpu/gemm/packing.hpp>
#include <chainrule/cpu/conv/winograd/transforms.hpp>
#include <type_traits>

namespace chainrule::cpu {

namespace detail {

/// A batch of planes, split into 4 x 4 tiles of the result; the 6 x 6 tile of the source begins `pad` above and left of
/// it.
struct TileGrid {
  std::int64_t images, h, w, pad_h, pad_w, oh, ow;
  std::int64_t down = (oh + 3) / 4, across = (ow + 3) / 4;
  std::int64_t count() const { return images * down * across; }
};

/// Where one tile is: its first pixel in a plane, and the part of size x size pixels there that exists.
struct TilePosition {
  std::int64_t image, y, x;     // of the first pixel
  std::int64_t y0, y1, x0, x1;  // existing rows and columns, from the first pixel
  bool whole;
};

inline TilePosition tile_position(const TileGrid& g, std::int64_t tile, bool of_source) {
  std::int64_t image = tile / (g.down * g.across), ty = tile / g.across % g.down, tx = tile % g.across;
  std::int64_t y = 4 * ty - (of_source ? g.pad_h : 0), x = 4 * tx - (of_source ? g.pad_w : 0), size = of_source ? 6 : 4;
  std::int64_t h = of_source ? g.h : g.oh, w = of_source ? g.w : g.ow;
  TilePosition p{};
  p.image = image, p.y = y, p.x = x;
  p.y0 = std::clamp<std::int64_t>(-y, 0, size), p.x0 = std::clamp<std::int64_t>(-x, 0, size);
  p.y1 = std::clamp<std::int64_t>(h - y, p.y0, size), p.x1 = std::clamp<std::int64_t>(w - x, p.x0, size);
  p.whole = p.y0 == 0 && p.x0 == 0 && p.y1 == size && p.x1 == size;
  return p;
}

inline constexpr std::int64_t patch_row = 8,
                              patch_size = 6 * patch_row;  // a tile at the edge, with zeros for what does not exist
inline constexpr std::int64_t max_lanes = 16;

/// Copies 1 to 6 elements: at these lengths a call of memcpy, which a loop would become, costs more than the copy.
inline void copy_few(float* to, const float* from, std::int64_t n) {
  if (n >= 4) {
    __builtin_memcpy(to, from, 16);
    if (n > 4) __builtin_memcpy(to + n - 2, from + n - 2, 8);
  } else {
    if (n & 2) __builtin_memcpy(to, from, 8);
    if (n & 1) to[n - 1] = from[n - 1];
  }
}

inline void fill_patch(const TilePosition& p, const float* at, std::int64_t row, float* patch) {
  const std::int64_t width = p.x1 - p.x0;
  if (width <= 0) return;
  for (std::int64_t y = p.y0; y < p.y1; ++y) copy_few(patch + y * patch_row + p.x0, at + y * row + p.x0, width);
}

/// One convolution by Winograd: y(image, m, .) = sum over channels of x(image, channel, .) * weight(m, channel), with m
/// and channels as the steps of weight say. Its adjoint takes what has the shape of y as x and gives what has the shape
/// of x as y: the gradient of the input, from as many tiles as the convolution itself has.
struct WinogradPass {
  TileGrid g;
  bool adjoint;
  std::int64_t channels, m;
  const float *x, *weight;
  std::int64_t m_step, channel_step;
  bool flipped;  // windows read from the last element to the first
  const float* bias;
  float* y;
};

/// Source tiles [t0, t1) of channels [c0, c1), one tile per lane: to[e][panel][channel][tile].
inline void transform_tiles(const KernelTable<float>& table, const WinogradTable& winograd, const WinogradPass& pass,
                            std::int64_t c0, std::int64_t c1, std::int64_t t0, std::int64_t t1, float* to,
                            std::int64_t e_step) {
  const TileGrid& g = pass.g;
  const std::int64_t row = pass.adjoint ? g.ow : g.w, plane = pass.adjoint ? g.oh * g.ow : g.h * g.w,
                     all = round_up(t1 - t0, table.lanes);
  alignas(64) float patches[max_lanes * patch_size];
  for (std::int64_t v = 0; v < all; v += table.lanes) {
    TilePosition positions[max_lanes];
    const float *first[max_lanes], *at[max_lanes];
    std::int64_t row_step[max_lanes];
    std::fill(patches, patches + max_lanes * patch_size, 0.f);
    for (std::int64_t l = 0; l < table.lanes; ++l) {
      TilePosition& p = positions[l] = tile_position(g, std::min(t0 + v + l, t1 - 1), !pass.adjoint);
      first[l] = pass.x + p.image * pass.channels * plane + p.y * row + p.x;
      row_step[l] = p.whole ? row : patch_row;
    }
    std::int64_t panel = v / table.columns * table.columns, width = std::min<std::int64_t>(all - panel, table.columns);
    for (std::int64_t c = c0; c < c1; ++c) {
      for (std::int64_t l = 0; l < table.lanes; ++l) {
        at[l] = first[l] + c * plane;
        if (!positions[l].whole)
          fill_patch(positions[l], at[l], row, patches + l * patch_size), at[l] = patches + l * patch_size;
      }
      (pass.adjoint ? winograd.gradient : winograd.input)(at, row_step,
                                                          to + panel * pass.channels + c * width + (v - panel), e_step);
    }
  }
}

/// Result tiles [t0, t1) of channels [m0, m1) from products[e][channel - m0][tile].
inline void finish_tiles(const KernelTable<float>& table, const WinogradTable& winograd, const WinogradPass& pass,
                         const float* products, std::int64_t e_step, std::int64_t product_row, std::int64_t m0,
                         std::int64_t m1, std::int64_t t0, std::int64_t t1) {
  const TileGrid& g = pass.g;
  const std::int64_t row = pass.adjoint ? g.w : g.ow, plane = pass.adjoint ? g.h * g.w : g.oh * g.ow;
  alignas(64) float patches[max_lanes * patch_size];
  for (std::int64_t v = 0; v < t1 - t0; v += table.lanes) {
    TilePosition positions[max_lanes];
    float *first[max_lanes], *at[max_lanes];
    std::int64_t row_step[max_lanes], lanes = std::min<std::int64_t>(table.lanes, t1 - t0 - v);
    for (std::int64_t l = 0; l < table.lanes; ++l) {
      TilePosition& p = positions[l] = tile_position(g, std::min(t0 + v + l, t1 - 1), pass.adjoint);
      p.whole = p.whole && l < lanes;
      first[l] = pass.y + p.image * pass.m * plane + p.y * row + p.x;
      row_step[l] = p.whole ? row : patch_row;
    }
    for (std::int64_t m = m0; m < m1; ++m) {
      const float* from = products + (m - m0) * product_row + v;
      for (std::int64_t l = 0; l < table.lanes; ++l) {
        at[l] = positions[l].whole ? first[l] + m * plane : patches + l * patch_size;
        if (pass.adjoint && !positions[l].whole) std::fill(at[l], at[l] + patch_size, 0.f);
      }
      if (pass.adjoint) winograd.spread(from, e_step, at, row_step);
      else winograd.output(from, e_step, pass.bias ? pass.bias[m] : 0.f, at, row_step);
      for (std::int64_t l = 0; l < lanes; ++l) {
        const TilePosition& p = positions[l];
        if (p.whole) continue;
        for (std::int64_t r = p.y0; r < p.y1; ++r) {
          float *to = first[l] + m * plane + r * row, *part = at[l] + r * patch_row;
          if (pass.adjoint) {
            for (std::int64_t i = p.x0; i < p.x1; ++i) to[i] += part[i];
          } else {
            copy_few(to, part, p.x1);
          }
        }
      }
    }
  }
}

/// Rows that are stored side by side: enough for a tile of the micro kernel and for a vector.
inline std::int64_t row_group(const KernelTable<float>& table) { return std::max(table.lanes, table.rows); }

/// Transformed weights [e][group][channel][row in group].
inline void transform_weights(const KernelTable<float>& table, const WinogradTable& winograd, const float* weight,
                              std::int64_t m, std::int64_t channels, std::int64_t m_step, std::int64_t channel_step,
                              bool flipped, float* to, std::int64_t e_step) {
  std::int64_t groups = ceil_div(m, table.lanes), blocks = ceil_div(channels, 32), side = row_group(table);
  auto run = [&](std::int64_t task) {
    alignas(64) float window[9 * max_lanes];
    std::int64_t group = task / blocks, i = group * table.lanes, rows = std::min<std::int64_t>(m - i, table.lanes);
    for (std::int64_t c = task % blocks * 32; c < std::min(task % blocks * 32 + 32, channels); ++c) {
      table.pack(window, table.lanes, weight + i * m_step + c * channel_step, m_step, 1, rows, 9);
      winograd.weight(window, flipped, to + i / side * side * channels + c * side + i % side, e_step);
    }
  };
  parallel_chunks(groups * blocks, m * channels < 4096 ? groups * blocks : 1,
                  [&](std::int64_t first, std::int64_t last) {
                    for (std::int64_t task = first; task < last; ++task) run(task);
                  });
}

/// How many tiles are worked on together: few stay in the second cache, many read the weights less often. Tiles of the
/// adjoint's result overlap, so that whole images must stay together: as many as leave few lanes empty.
inline std::int64_t tile_chunk(const KernelTable<float>& table, const WinogradPass& pass) {
  const std::int64_t per_image = pass.g.down * pass.g.across, tiles = pass.g.count();
  if (!pass.adjoint)
    return std::min<std::int64_t>((pass.channels * pass.m >= 128 * 128 ? 2 : 1) * table.columns,
                                  round_up(tiles, table.lanes));
  auto cost = [&](std::int64_t images) {  // a tile of one vector waits for its sums
    const std::int64_t all = round_up(images * per_image, table.lanes), tail = all % table.columns;
    return static_cast<double>(all + (tail == table.lanes ? table.lanes / 2 : 0)) /
           static_cast<double>(images * per_image);
  };
  std::int64_t best = 1;
  for (std::int64_t images = 2; images * per_image <= 2 * table.columns && images <= pass.g.images; ++images)
    if (cost(images) < 0.96 * cost(best)) best = images;
  return best * per_image;
}

inline void winograd_convolution(const WinogradPass& pass) {
  const KernelTable<float>& table = kernels<float>();
  const WinogradTable& winograd = winograd_kernels();
  const std::int64_t tiles = pass.g.count(), m = pass.m, channels = pass.channels;
  if (tiles <= 0) return;
  // Planes of the 36 positions do not begin at multiples of 4 KiB, which would compete for one set of the first cache.
  auto plane = [](std::int64_t size) { return round_up(size, 32) + 16; };

  const std::int64_t threads = chainrule::detail::inside_parallel ? 1 : get_num_threads(), side = row_group(table);
  const std::int64_t chunk = tile_chunk(table, pass), chunks = ceil_div(tiles, chunk);
  auto source_step = [&](std::int64_t t0, std::int64_t t1) { return plane(channels * round_up(t1 - t0, table.lanes)); };
  const std::int64_t row_block =
      std::clamp<std::int64_t>(64 * table.columns / round_up(chunk, table.lanes) / table.rows * table.rows, table.rows,
                               64);  // rows of products at a time
  // Rows [m0, m1) of the tiles [t0, t1); the weights are those of rows m0 and on.
  auto multiply = [&](std::int64_t t0, std::int64_t t1, std::int64_t m0, std::int64_t m1, const float* source,
                      const float* weights, std::int64_t weight_step) {
    std::int64_t width = round_up(t1 - t0, table.lanes), most = std::min(row_block, m1 - m0),
                 out_step = plane(most * width), e_step = source_step(t0, t1);
    float* products = scratch<float>(Scratch::products, static_cast<std::size_t>(36 * out_step));
    if (pass.adjoint) {  // which adds
      const std::int64_t size = pass.g.h * pass.g.w, per_image = pass.g.down * pass.g.across;
      for (std::int64_t image = t0 / per_image; image < t1 / per_image; ++image)
        std::fill(pass.y + (image * m + m0) * size, pass.y + (image * m + m1) * size, 0.f);
    }
    for (std::int64_t b = m0; b < m1; b += most) {
      std::int64_t end = std::min(b + most, m1);
      for (std::int64_t e = 0; e < 36; ++e) {
        for (std::int64_t p = 0; p < width; p += table.columns) {
          std::int64_t columns = std::min<std::int64_t>(width - p, table.columns);
          for (std::int64_t i = b; i < end;) {
            int rows = tile_rows(table.rows, end - i);
            const float* a = weights + e * weight_step + (i - m0) / side * side * channels + (i - m0) % side;
            multiply_tile<float>(table, rows, columns, {channels, side, columns}, a, packed_rows,
                                 source + e * e_step + p * channels, products + e * out_step + (i - b) * width + p,
                                 width, {});
            i += rows;
          }
        }
      }
      finish_tiles(table, winograd, pass, products, out_step, width, b, end, t0, t1);
    }
  };
  const std::int64_t source_size = 36 * source_step(0, chunk);  // of a whole chunk
  const std::int64_t weight_step = plane(round_up(m, side) * channels);
  const bool large_weights = 36 * weight_step > (2 << 20) && chunks * source_size <= (4 << 20);
  if (!large_weights && (threads == 1 || chunks >= 4 * threads)) {
    const Workspace<float> weights(static_cast<std::size_t>(36 * weight_step));
    transform_weights(table, winograd, pass.weight, m, channels, pass.m_step, pass.channel_step, pass.flipped, weights,
                      weight_step);
    parallel_for(chunks, [&](std::int64_t task) {
      std::int64_t t0 = task * chunk, t1 = std::min(t0 + chunk, tiles);
      const Workspace<float> source(static_cast<std::size_t>(36 * source_step(t0, t1)));
      transform_tiles(table, winograd, pass, 0, channels, t0, t1, source, source_step(t0, t1));
      multiply(t0, t1, 0, m, source, weights, weight_step);
    });
    return;
  }
  // Few tiles or large weights: first all of the source, split by channels; then blocks of rows, each with its
  // weights, over all tiles. Where that would need much memory, a part of the tiles after the other.
  const std::int64_t turns = ceil_div(36 * channels * tiles, 5 << 19), most = ceil_div(chunks, turns);
  const Workspace<float> source(static_cast<std::size_t>(most * source_size));
  const std::int64_t channel_parts = ceil_div(channels, 16), row_blocks = ceil_div(m, row_block),
                     row_block_step = plane(round_up(row_block, side) * channels);
  for (std::int64_t first = 0; first < chunks; first += most) {
    const std::int64_t count = std::min(most, chunks - first);
    parallel_for(count * channel_parts, [&](std::int64_t task) {
      const std::int64_t t0 = (first + task / channel_parts) * chunk, t1 = std::min(t0 + chunk, tiles),
                         c0 = task % channel_parts * 16;
      transform_tiles(table, winograd, pass, c0, std::min(c0 + 16, channels), t0, t1,
                      source + task / channel_parts * source_size, source_step(t0, t1));
    });
    parallel_for(row_blocks, [&](std::int64_t task) {
      const std::int64_t m0 = task * row_block, m1 = std::min(m0 + row_block, m);
      const Workspace<float> weights(static_cast<std::size_t>(36 * row_block_step));
      transform_weights(table, winograd, pass.weight + m0 * pass.m_step, m1 - m0, channels, pass.m_step,
                        pass.channel_step, pass.flipped, weights, row_block_step);
      for (std::int64_t c = 0; c < count; ++c)
        multiply((first + c) * chunk, std::min((first + c + 1) * chunk, tiles), m0, m1, source + c * source_size,
                 weights, row_block_step);
    });
  }
}

}  // namespace detail

/// Whether the shape is one that Winograd computes at all: 3 x 3, stride 1, no dilation, one group, padding of at most
/// 2.
inline bool is_winograd(const ConvShape& s) {
  return s.kh == 3 && s.kw == 3 && s.stride_h == 1 && s.stride_w == 1 && s.dil_h == 1 && s.dil_w == 1 &&
         s.groups == 1 && s.pad_h <= 2 && s.pad_w <= 2;
}

inline void winograd_forward(const ConvShape& s, const float* x, const float* weight, const float* bias_or_null,
                             float* y) {
  detail::winograd_convolution({{s.n, s.h, s.w, s.pad_h, s.pad_w, s.oh, s.ow},
                                false,
                                s.c_in,
                                s.c_out,
                                x,
                                weight,
                                s.c_in * 9,
                                9,
                                false,
                                bias_or_null,
                                y});
}

/// Whether the gradient of the input is cheaper as the adjoint of the forward pass, B [(G g G^T) * (A dy A^T)] B^T
/// added up where tiles overlap, than as a convolution of dy: without padding dx has more tiles than y.
inline bool winograd_prefers_adjoint(const ConvShape& s) {
  auto tiles = [](std::int64_t h, std::int64_t w) { return detail::ceil_div(h, 4) * detail::ceil_div(w, 4); };
  return tiles(s.oh, s.ow) * 6 <= tiles(s.h, s.w) * 5;
}

inline void winograd_backward_input(const ConvShape& s, const float* dy, const float* weight, float* dx) {
  if (winograd_prefers_adjoint(s)) {
    detail::winograd_convolution({{s.n, s.h, s.w, s.pad_h, s.pad_w, s.oh, s.ow},
                                  true,
                                  s.c_out,
                                  s.c_in,
                                  dy,
                                  weight,
                                  9,
                                  s.c_in * 9,
                                  false,
                                  nullptr,
                                  dx});
  } else {
    detail::winograd_convolution({{s.n, s.oh, s.ow, 2 - s.pad_h, 2 - s.pad_w, s.h, s.w},
                                  false,
                                  s.c_out,
                                  s.c_in,
                                  dy,
                                  weight,
                                  9,
                                  s.c_in * 9,
                                  true,
                                  nullptr,
                                  dx});
  }
}

/// dweight = G^T [sum over tiles of (A dy A^T) * (B^T x B)] G: for each of the 36 positions a product (c_out x tiles)
/// (tiles x c_in).
inline void winograd_backward_weight(const ConvShape& s, const float* x, const float* dy, float* dweight) {
  using namespace detail;
  const KernelTable<float>& table = kernels<float>();
  const WinogradTable& winograd = winograd_kernels();
  TileGrid g{s.n, s.h, s.w, s.pad_h, s.pad_w, s.oh, s.ow};
  std::int64_t tiles = g.count(), lanes = table.lanes;
  auto plane = [](std::int64_t size) { return round_up(size, 32) + 16; };
  std::int64_t inputs = round_up(s.c_in, lanes), side = row_group(table);
  std::int64_t chunk = std::min<std::int64_t>(tiles, 128);  // by size alone: it decides the order of the sum
  // Large weights: a block of output channels after the other, to keep the work memory small.
  const std::int64_t most = s.c_out * inputs > 128 * 256 ? 128 : s.c_out;
  std::int64_t source_step = plane(chunk * inputs), gradient_step = plane(chunk * round_up(most, side));
  const Workspace<float> source(static_cast<std::size_t>(36 * source_step));      // [e][panel][tile][c_in]
  const Workspace<float> gradient(static_cast<std::size_t>(36 * gradient_step));  // [e][group][tile][c_out]
  const std::int64_t input_groups = inputs / lanes, chunks = ceil_div(tiles, chunk), sum_step = plane(most * inputs);
  const Workspace<float> sums(static_cast<std::size_t>(chunks > 1 ? 36 * sum_step : 0));  // [e][c_out][c_in]

  for (std::int64_t turn = 0; turn < ceil_div(s.c_out, most) * chunks; ++turn) {
    const std::int64_t o0 = turn / chunks * most, o1 = std::min(o0 + most, s.c_out), t0 = turn % chunks * chunk;
    const std::int64_t first_group = chunks == 1 && o0 > 0 ? input_groups : 0;  // the source's tiles are there already
    std::int64_t count = std::min(chunk, tiles - t0), blocks = ceil_div(count, 32);
    parallel_for((input_groups - first_group + ceil_div(o1 - o0, lanes)) * blocks,
                 [&](std::int64_t task) {  // one channel per lane
                   alignas(64) float patches[max_lanes * patch_size];
                   std::int64_t group = first_group + task / blocks;
                   bool of_source = group < input_groups;
                   std::int64_t channels = of_source ? s.c_in : s.c_out,
                                c0 = of_source ? group * lanes : o0 + (group - input_groups) * lanes;
                   std::int64_t row = of_source ? s.w : s.ow, size = of_source ? s.h * s.w : s.oh * s.ow;
                   std::int64_t panel = c0 / table.columns * table.columns,
                                width = std::min<std::int64_t>(inputs - panel, table.columns);
                   const float* at[max_lanes];
                   std::int64_t row_step[max_lanes];
                   for (std::int64_t t = task % blocks * 32; t < std::min(task % blocks * 32 + 32, count); ++t) {
                     TilePosition p = tile_position(g, t0 + t, of_source);
                     const float* first = (of_source ? x : dy) + p.image * channels * size + p.y * row + p.x;
                     if (!p.whole) std::fill(patches, patches + lanes * patch_size, 0.f);
                     for (std::int64_t l = 0; l < lanes; ++l) {
                       at[l] = first + std::min(c0 + l, channels - 1) * size;
                       row_step[l] = p.whole ? row : patch_row;
                       if (!p.whole)
                         fill_patch(p, at[l], row, patches + l * patch_size), at[l] = patches + l * patch_size;
                     }
                     if (of_source) {
                       winograd.input(at, row_step, source + panel * count + t * width + (c0 - panel), source_step);
                     } else {
                       winograd.gradient(at, row_step,
                                         gradient + (c0 - o0) / side * side * count + t * side + (c0 - o0) % side,
                                         gradient_step);
                     }
                   }
                 });
    // Rows of dweight that are worked on together, from their products to the end where there is one chunk only.
    const std::int64_t row_block = chunks == 1 ? 32 : 64, parts = ceil_div(o1 - o0, row_block);
    auto multiply = [&](std::int64_t e, std::int64_t m0, std::int64_t m1, float* to) {
      Epilogue<float> epilogue;
      epilogue.load_c = t0 > 0;
      for (std::int64_t p = 0; p < inputs; p += table.columns) {
        std::int64_t width = std::min<std::int64_t>(inputs - p, table.columns);
        for (std::int64_t i = m0; i < m1;) {
          int rows = tile_rows(table.rows, m1 - i);
          multiply_tile<float>(table, rows, width, {count, side, width},
                               gradient + e * gradient_step + i / side * side * count + i % side, packed_rows,
                               source + e * source_step + p * count, to + (i - m0) * inputs + p, inputs, epilogue);
          i += rows;
        }
      }
    };
    auto finish = [&](std::int64_t m0, std::int64_t m1, const float* from, std::int64_t step) {
      for (std::int64_t o = m0; o < m1; ++o) {
        for (std::int64_t c = 0; c < s.c_in; c += lanes)
          winograd.weight_gradient(from + (o - m0) * inputs + c, step, dweight + ((o0 + o) * s.c_in + c) * 9,
                                   std::min<std::int64_t>(lanes, s.c_in - c));
      }
    };
    if (chunks == 1) {
      parallel_for(parts, [&](std::int64_t part) {
        const std::int64_t m0 = part * row_block, m1 = std::min(m0 + row_block, o1 - o0),
                           step = plane(row_block * inputs);
        const Workspace<float> own(static_cast<std::size_t>(36 * step));
        for (std::int64_t e = 0; e < 36; ++e) multiply(e, m0, m1, own + e * step);
        finish(m0, m1, own, step);
      });
      continue;
    }
    parallel_for(36 * parts, [&](std::int64_t task) {
      const std::int64_t e = task / parts, m0 = task % parts * row_block;
      multiply(e, m0, std::min(m0 + row_block, o1 - o0), sums + e * sum_step + m0 * inputs);
    });
    if (t0 + chunk >= tiles)
      parallel_for(parts, [&](std::int64_t part) {
        finish(part * row_block, std::min(part * row_block + row_block, o1 - o0), sums + part * row_block * inputs,
               sum_step);
      });
  }
}

namespace detail {

template <class Problem> bool winograd_applies(Problem& p) {
  return std::is_same_v<typename Problem::Element, float> && !p.exact && is_winograd(p.shape);
}

/// Enough channels to pay for the transforms, little waste where tiles overhang the result. (measured)
inline bool winograd_is_faster(const ConvShape& s, std::int64_t result_h, std::int64_t result_w) {
  const std::int64_t computed = ceil_div(result_h, 4) * ceil_div(result_w, 4) * 16;
  return s.c_in >= 8 && s.c_out >= 8 && computed * 2 <= result_h * result_w * 3 && s.n * computed >= 256;
}
template <class Problem> bool winograd_wins(Problem& p) { return winograd_is_faster(p.shape, p.shape.oh, p.shape.ow); }
template <class T> bool winograd_wins(ConvInputGradient<T>& p) {
  const ConvShape& s = p.shape;
  const bool adjoint = winograd_prefers_adjoint(s);
  return winograd_is_faster(s, adjoint ? s.oh : s.h, adjoint ? s.ow : s.w);
}

template <class T> bool winograd_run(ConvForward<T>& p) {
  if constexpr (std::is_same_v<T, float>) winograd_forward(p.shape, p.x, p.weight, p.bias, p.y);
  return std::is_same_v<T, float>;
}
template <class T> bool winograd_run(ConvInputGradient<T>& p) {
  if constexpr (std::is_same_v<T, float>) winograd_backward_input(p.shape, p.dy, p.weight, p.dx);
  return std::is_same_v<T, float>;
}
template <class T> bool winograd_run(ConvWeightGradient<T>& p) {
  if constexpr (std::is_same_v<T, float>) winograd_backward_weight(p.shape, p.x, p.dy, p.dweight);
  return std::is_same_v<T, float>;
}

}  // namespace detail

}  // namespace chainrule::cpu
