#pragma once
// How the CPU maps a functor over tensors of any strides: a functor has one loop, over arrays without gaps (row() in
// core/elementwise.hpp, a SIMD loop for each instruction set), and this file, which knows neither functor nor element
// type, copies the operands into that form. What lies in memory without gaps is passed as it is; anything else (a
// broadcast scalar, a transposed matrix, a column) goes through a block of 512 elements in the first-level cache.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/loop.hpp>
#include <chainrule/core/parallel.hpp>
#include <chainrule/core/simd.hpp>
#include <cstring>

namespace chainrule::detail {

inline constexpr std::int64_t elementwise_grain =
    16384;  // elements a task: a parallel region costs about as much as 4,000 cheap ones
inline constexpr std::int64_t block_size = 512;
inline constexpr std::int64_t wide_row = 256;  // from here on a row is worth a call of its own

inline constexpr int most_operands = 4;  // of a map, the output included

/// One operand: where its first element lies, and the size of an element.
struct Stream {
  char* data;
  int bytes;
};

/// Maps n elements: data[0] receives, the others are read, all without gaps.
using RowFunction = void(const void* functor, std::int64_t n, char* const* data);

typedef std::uint8_t Word1 __attribute__((may_alias));
typedef std::uint32_t Word4 __attribute__((may_alias));
typedef std::uint64_t Word8 __attribute__((may_alias));

// Calls body with a word of as many bytes.
template <class Body> void with_word(int bytes, const Body& body) {
  if (bytes == 4) body(Word4{});
  else if (bytes == 8) body(Word8{});
  else body(Word1{});
}

template <class Word> void fill_row(Word* to, Word value, std::int64_t n) {
  if (n < 128) {
    CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) to[i] = value;
  } else {
    simd::run([=] { CHAINRULE_SIMD for (std::int64_t i = 0; i < n; ++i) to[i] = value; });
  }
}
template <class Word> void gather_row(Word* to, const Word* from, std::int64_t stride, std::int64_t n) {
  if (stride == 0) fill_row(to, *from, n);
  else
    for (std::int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
}
template <class Word> void scatter_row(Word* to, const Word* from, std::int64_t stride, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i * stride] = from[i];
}

/// Whether operand k lies in memory in the order of the walk, without gaps.
inline bool is_linear(const AnyLoop& loop, int k) {
  std::int64_t step = 1;
  for (int d = loop.dims - 1; d >= 0; step *= loop.size[d--])
    if (loop.stride[k][d] != step) return false;
  return true;
}

/// Elements [begin, begin + n) lie in one or more rows: calls body(position in the block, offset in operand k, count)
/// for the part of each.
template <class Body>
void for_each_row_part(const AnyLoop& loop, int k, std::int64_t begin, std::int64_t n, const Body& body) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last], *stride = loop.stride[k];
  std::int64_t index[Shape::max_dims], offset = 0, rest = begin;
  for (int d = last; d >= 0; --d) {
    index[d] = rest % loop.size[d];
    rest /= loop.size[d];
    offset += index[d] * stride[d];
  }
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t count = std::min(width - index[last], n - done);
    body(done, offset, count);
    done += count;
    offset -= index[last] * stride[last];
    index[last] = 0;
    for (int d = last - 1; d >= 0; --d) {
      offset += stride[d];
      if (++index[d] < loop.size[d]) break;
      offset -= stride[d] * loop.size[d];
      index[d] = 0;
    }
  }
}

/// Whether operand k is the same row over and over: a bias.
inline bool is_periodic(const AnyLoop& loop, int k) {
  for (int d = 0; d < loop.dims - 1; ++d)
    if (loop.stride[k][d] != 0) return false;
  return true;
}

/// Elements [begin, begin + n) of operand k, side by side.
template <class Word>
void gather_block(const AnyLoop& loop, int k, std::int64_t begin, std::int64_t n, Word* to, const Word* from) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last], stride = loop.stride[k][last];
  if (!is_periodic(loop, k)) {
    for_each_row_part(loop, k, begin, n, [&](std::int64_t position, std::int64_t offset, std::int64_t count) {
      gather_row(to + position, from + offset, stride, count);
    });
    return;
  }
  std::int64_t done = std::min(width, n), column = begin % width;
  for (std::int64_t i = 0; i < done; ++i) {
    to[i] = from[column * stride];
    column = column + 1 == width ? 0 : column + 1;
  }
  for (; done < n; done *= 2)
    std::memcpy(to + done, to, static_cast<std::size_t>(std::min(done, n - done)) * sizeof(Word));
}

/// Rows are short: blocks of elements, a whole number of rows long, run across them.
void map_across_rows(const AnyLoop& loop, const Stream* streams, const bool* linear, RowFunction* row,
                     const void* functor, std::int64_t begin, std::int64_t end);

/// Rows are long: each is mapped by itself, in blocks where an operand has gaps.
void map_along_rows(const AnyLoop& loop, const Stream* streams, RowFunction* row, const void* functor,
                    std::int64_t begin, std::int64_t end);

/// Maps the whole loop, in parallel where there is enough work.
void map_blocks(const AnyLoop& loop, const Stream* streams, RowFunction* row, const void* functor);

}  // namespace chainrule::detail

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE void map_across_rows(const AnyLoop& loop, const Stream* streams, const bool* linear, RowFunction* row,
                                      const void* functor, std::int64_t begin, std::int64_t end) {
  alignas(64) char buffer[most_operands][block_size * 8];
  const std::int64_t block = block_size / loop.size[loop.dims - 1] * loop.size[loop.dims - 1];
  bool periodic[most_operands];
  for (int k = 0; k < loop.operands; ++k) periodic[k] = is_periodic(loop, k);
  char* data[most_operands];
  for (std::int64_t i = begin; i < end; i += block) {
    const std::int64_t n = std::min(block, end - i);
    for (int k = 0; k < loop.operands; ++k) {
      data[k] = linear[k] ? streams[k].data + i * streams[k].bytes : buffer[k];
      if (linear[k] || k == 0 || (periodic[k] && i > begin)) continue;
      with_word(streams[k].bytes, [&]<class Word>(Word) {
        gather_block(loop, k, i, n, reinterpret_cast<Word*>(buffer[k]), reinterpret_cast<const Word*>(streams[k].data));
      });
    }
    row(functor, n, data);
    if (linear[0]) continue;
    with_word(streams[0].bytes, [&]<class Word>(Word) {
      for_each_row_part(loop, 0, i, n, [&](std::int64_t position, std::int64_t offset, std::int64_t count) {
        scatter_row(reinterpret_cast<Word*>(streams[0].data) + offset,
                    reinterpret_cast<const Word*>(buffer[0]) + position, loop.stride[0][loop.dims - 1], count);
      });
    });
  }
}

CHAINRULE_INLINE void map_along_rows(const AnyLoop& loop, const Stream* streams, RowFunction* row, const void* functor,
                                     std::int64_t begin, std::int64_t end) {
  const int last = loop.dims - 1;
  const std::int64_t width = loop.size[last];
  alignas(64) char buffer[most_operands][block_size * 8];
  std::int64_t column = begin % width;
  Cursor<most_operands> at(loop, begin / width);
  for (std::int64_t i = begin; i < end; at.next(loop), column = 0) {
    const std::int64_t length = std::min(width - column, end - i);
    std::int64_t step = length;  // elements a call
    char *data[most_operands], *source[most_operands];
    for (int k = 0; k < loop.operands; ++k) {
      const std::int64_t stride = loop.stride[k][last];
      source[k] = streams[k].data + (at.offset[k] + column * stride) * streams[k].bytes;
      data[k] = stride == 1 ? source[k] : buffer[k];
      if (stride != 1) step = std::min(step, block_size);
    }
    for (int k = 1; k < loop.operands; ++k) {
      if (loop.stride[k][last] != 0) continue;
      with_word(streams[k].bytes, [&]<class Word>(Word) {
        gather_row(reinterpret_cast<Word*>(buffer[k]), reinterpret_cast<const Word*>(source[k]), 0, step);
      });
    }
    for (std::int64_t j = 0; j < length; j += step) {
      const std::int64_t n = std::min(step, length - j);
      for (int k = 0; k < loop.operands; ++k) {
        const std::int64_t stride = loop.stride[k][last];
        if (stride == 1) data[k] = source[k] + j * streams[k].bytes;
        if (k == 0 || stride == 0 || stride == 1) continue;
        with_word(streams[k].bytes, [&]<class Word>(Word) {
          gather_row(reinterpret_cast<Word*>(buffer[k]), reinterpret_cast<const Word*>(source[k]) + j * stride, stride,
                     n);
        });
      }
      row(functor, n, data);
      if (loop.stride[0][last] == 1) continue;
      with_word(streams[0].bytes, [&]<class Word>(Word) {
        scatter_row(reinterpret_cast<Word*>(source[0]) + j * loop.stride[0][last],
                    reinterpret_cast<const Word*>(buffer[0]), loop.stride[0][last], n);
      });
    }
    i += length;
  }
}

[[gnu::noinline]] CHAINRULE_INLINE void map_blocks(const AnyLoop& loop, const Stream* streams, RowFunction* row,
                                                   const void* functor) {
  if (loop.numel == 0) return;
  bool linear[most_operands], all = true, across = true;
  for (int k = 0; k < loop.operands; ++k) {
    linear[k] = is_linear(loop, k);
    all = all && linear[k];
    across = across && (linear[k] || is_periodic(loop, k));
  }
  across = loop.size[loop.dims - 1] < (across ? wide_row : wide_row / 4);
  const std::int64_t grain = loop.numel <= 2 * elementwise_grain
                                 ? loop.numel
                                 : elementwise_grain;  // a second thread comes too late for two tasks
  auto map_linear = [&](std::int64_t begin, std::int64_t end) {
    char* data[most_operands];
    for (int k = 0; k < loop.operands; ++k) data[k] = streams[k].data + begin * streams[k].bytes;
    row(functor, end - begin, data);
  };
  if (all && loop.numel <= grain) return map_linear(0, loop.numel);  // most ops of a small network
  parallel_chunks(loop.numel, grain, [&](std::int64_t begin, std::int64_t end) {
    if (all) {
      map_linear(begin, end);
    } else if (across) {
      map_across_rows(loop, streams, linear, row, functor, begin, end);
    } else {
      map_along_rows(loop, streams, row, functor, begin, end);
    }
  });
}

}  // namespace chainrule::detail
#endif
