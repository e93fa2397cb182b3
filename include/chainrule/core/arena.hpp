#pragma once
// Memory of large tensors: one stretch of addresses, of which only what was touched costs memory. A block goes to the
// smallest gap that it fits, the lowest of them; blocks that are given back become one gap with their neighbours. So
// the gradients of one step and the activations of the next share memory, whatever their sizes. On Linux the stretch
// asks for huge pages; elsewhere there is no arena, and the pool does without.

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <unistd.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace chainrule::detail {

class Arena {
 public:
  static constexpr std::size_t smallest = std::size_t{256} << 10;  // smaller blocks are the pool's
  static constexpr std::size_t unit = std::size_t{64} << 10, margin = 4096;

  /// What a block for so many bytes takes.
  static std::size_t size_of(std::size_t bytes) { return (bytes + margin + unit - 1) / unit * unit; }

  struct Block {
    void* data = nullptr;
    bool fresh = false;  // memory that was never used before
  };

  /// The memory of the machine.
  static std::size_t physical_bytes() noexcept;

  /// No data where there is no arena, or no room in it.
  Block allocate(std::size_t bytes) noexcept {
    const std::size_t size = size_of(bytes);
    if (!base_ && !reserve()) return {};
    Piece* piece = nullptr;
    for (Piece* p = first_; p; p = p->next)
      if (!p->used && p->size >= size && (!piece || p->size < piece->size)) piece = p;
    if (!piece) return {};
    if (piece->size > size) {
      Piece* rest = new (std::nothrow) Piece{piece->begin + size, piece->size - size, false, piece, piece->next};
      if (!rest) return {};
      if (piece->next) piece->next->previous = rest;
      piece->next = rest;
      piece->size = size;
    }
    piece->used = true;
    used_ += piece->size;
    const bool fresh = piece->begin + size > touched_;
    if (fresh) touched_ = piece->begin + size;
    // Blocks begin at different places of their pages: arrays read side by side would else crowd one set of the first
    // cache.
    const std::size_t shift = 64 * (1 + turn_++ % (margin / 64 - 1));
    char* data = base_ + piece->begin + shift;
    *reinterpret_cast<Piece**>(data - sizeof(Piece*)) = piece;
    return {data, fresh};
  }

  bool owns(const void* p) const { return base_ && p >= base_ && p < base_ + reserved_; }

  void release(void* p) noexcept {
    Piece* piece = *reinterpret_cast<Piece**>(static_cast<char*>(p) - sizeof(Piece*));
    piece->used = false;
    used_ -= piece->size;
    if (piece->next && !piece->next->used) join(piece);
    if (piece->previous && !piece->previous->used) join(piece->previous);
  }

  /// Memory that was used and is free now.
  std::size_t free_bytes() const { return touched_ > used_ ? touched_ - used_ : 0; }

  /// Gives the memory of all gaps back to the system.
  void trim() noexcept;

 private:
  struct Piece {
    std::size_t begin, size;
    bool used;
    Piece *previous, *next;
  };

  // A piece and the next become one.
  static void join(Piece* piece) noexcept {
    Piece* gone = piece->next;
    piece->size += gone->size;
    piece->next = gone->next;
    if (gone->next) gone->next->previous = piece;
    delete gone;
  }
  bool reserve() noexcept;

  char* base_ = nullptr;
  std::size_t reserved_ = 0, touched_ = 0, used_ = 0, turn_ = 0;
  bool refused_ = false;
  Piece* first_ = nullptr;
};

inline std::size_t Arena::physical_bytes() noexcept {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

#if defined(__linux__)

inline bool Arena::reserve() noexcept {
  if (refused_) return false;
  const std::size_t huge_page = std::size_t{2} << 20;
  const std::size_t all = physical_bytes() / huge_page * huge_page;
  void* p = mmap(nullptr, all + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  first_ = p == MAP_FAILED ? nullptr : new (std::nothrow) Piece{0, all, false, nullptr, nullptr};
  refused_ = first_ == nullptr;
  if (refused_) return false;
  base_ = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(p) + huge_page - 1) / huge_page * huge_page);
  reserved_ = all;
#ifdef MADV_HUGEPAGE
  madvise(base_, all, MADV_HUGEPAGE);
#endif
  return true;
}
inline void Arena::trim() noexcept {
  for (Piece* piece = first_; piece; piece = piece->next) {
    if (piece->used || piece->begin >= touched_) continue;
    const std::size_t end = piece->next ? piece->begin + piece->size : touched_;
    madvise(base_ + piece->begin, end - piece->begin, MADV_DONTNEED);
    if (!piece->next) touched_ = piece->begin;  // what lies behind the last block was never used, again
  }
}

#else

inline bool Arena::reserve() noexcept { return false; }
inline void Arena::trim() noexcept {}

#endif

}  // namespace chainrule::detail
