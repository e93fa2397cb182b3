#pragma once
// Memory of large tensors: one range of addresses, of which only the touched pages cost memory. A block goes to the
// smallest gap that it fits, the lowest of them; blocks that are given back become one gap with their neighbours. So
// the gradients of one step and the activations of the next share memory, whatever their sizes. On Linux the arena
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
    Region* region = nullptr;
    for (Region* p = first_; p; p = p->next)
      if (!p->used && p->size >= size && (!region || p->size < region->size)) region = p;
    if (!region) return {};
    if (region->size > size) {
      Region* rest = new (std::nothrow) Region{region->begin + size, region->size - size, false, region, region->next};
      if (!rest) return {};
      if (region->next) region->next->previous = rest;
      region->next = rest;
      region->size = size;
    }
    region->used = true;
    used_ += region->size;
    const bool fresh = region->begin + size > touched_;
    if (fresh) touched_ = region->begin + size;
    // Blocks begin at different offsets in their pages. Else arrays that are read side by side would compete for one
    // set of the first cache.
    const std::size_t shift = 64 * (1 + turn_++ % (margin / 64 - 1));
    char* data = base_ + region->begin + shift;
    *reinterpret_cast<Region**>(data - sizeof(Region*)) = region;
    return {data, fresh};
  }

  bool owns(const void* p) const { return base_ && p >= base_ && p < base_ + reserved_; }

  void release(void* p) noexcept {
    Region* region = *reinterpret_cast<Region**>(static_cast<char*>(p) - sizeof(Region*));
    region->used = false;
    used_ -= region->size;
    if (region->next && !region->next->used) join(region);
    if (region->previous && !region->previous->used) join(region->previous);
  }

  /// Memory that was used and is free now.
  std::size_t free_bytes() const { return touched_ > used_ ? touched_ - used_ : 0; }

  /// Gives the memory of all gaps back to the system.
  void trim() noexcept;

 private:
  struct Region {
    std::size_t begin, size;
    bool used;
    Region *previous, *next;
  };

  // A region and the next become one.
  static void join(Region* region) noexcept {
    Region* gone = region->next;
    region->size += gone->size;
    region->next = gone->next;
    if (gone->next) gone->next->previous = region;
    delete gone;
  }
  bool reserve() noexcept;

  char* base_ = nullptr;
  std::size_t reserved_ = 0, touched_ = 0, used_ = 0, turn_ = 0;
  bool refused_ = false;
  Region* first_ = nullptr;
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
  first_ = p == MAP_FAILED ? nullptr : new (std::nothrow) Region{0, all, false, nullptr, nullptr};
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
  for (Region* region = first_; region; region = region->next) {
    if (region->used || region->begin >= touched_) continue;
    const std::size_t end = region->next ? region->begin + region->size : touched_;
    madvise(base_ + region->begin, end - region->begin, MADV_DONTNEED);
    if (!region->next) touched_ = region->begin;  // what lies behind the last block was never used, again
  }
}

#else

inline bool Arena::reserve() noexcept { return false; }
inline void Arena::trim() noexcept {}

#endif

}  // namespace chainrule::detail
