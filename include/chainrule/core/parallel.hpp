#pragma once
// Threads. Work is cut into tasks by its size, never by the number of threads, so a result is bitwise the same for any number
// of threads. Without OpenMP (no -fopenmp) everything runs on the calling thread.

#include <chainrule/core/error.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>

namespace chainrule {

namespace detail {

inline int default_threads() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
  if (const char* text = std::getenv("OMP_NUM_THREADS")) {
    int asked = std::atoi(text);
    if (asked > 0) return asked;
  }
  return std::max(1, cores);
}
inline std::atomic<int>& thread_setting() {
  static std::atomic<int> n{default_threads()};
  return n;
}
inline thread_local bool inside_parallel = false;  // a task never opens a second level of threads

}  // namespace detail

/// How many threads one op may use. Starts as OMP_NUM_THREADS, else the number of cores.
inline int get_num_threads() { return detail::thread_setting().load(std::memory_order_relaxed); }

/// Sets the number of threads of every op of the program. Results do not depend on it.
inline void set_num_threads(int n, Location at = Location::here()) {
  check(n >= 1, at, "set_num_threads: needs at least 1, got ", n);
  detail::thread_setting().store(n, std::memory_order_relaxed);
}

/// Calls task(i) for i in [0, tasks), on as many threads as allowed. Tasks must not throw and must write to different places.
/// The caller chooses the number of tasks from the size of the work alone; one task runs on the calling thread, which costs
/// nothing, where a parallel region costs about 1 microsecond.
template <class Task> void parallel_for(std::int64_t tasks, const Task& task) {
  int threads = static_cast<int>(std::min<std::int64_t>(get_num_threads(), tasks));
  if (threads <= 1 || detail::inside_parallel) {
    for (std::int64_t i = 0; i < tasks; ++i) task(i);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    detail::inside_parallel = true;
#pragma omp for schedule(static)
    for (std::int64_t i = 0; i < tasks; ++i) task(i);
    detail::inside_parallel = false;
  }
}

/// parallel_for over [0, n) in chunks of `grain`: task(begin, end).
template <class Task> void parallel_chunks(std::int64_t n, std::int64_t grain, const Task& task) {
  if (n <= grain) {
    if (n > 0) task(std::int64_t{0}, n);
    return;
  }
  parallel_for((n + grain - 1) / grain, [&](std::int64_t i) { task(i * grain, std::min(n, (i + 1) * grain)); });
}

}  // namespace chainrule
