#pragma once
// Threads. The size of the work decides how it is split into tasks, never the number of threads. So a result is bitwise
// the same for any number of threads.
//
// Four words name parts of work, here and in all kernels:
//     chunk   the work of one task, which one thread does
//     block   what fits a cache, and is computed while it is there
//     tile    what fits the registers: some rows and columns of a matrix, or of an image
//     lane    one element of a SIMD vector

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/environment.hpp>
#include <chainrule/core/error.hpp>
#include <chainrule/core/thread_pool.hpp>
#include <atomic>
#include <cstdint>
#include <sched.h>
#include <unistd.h>

namespace chainrule {

namespace detail {

#ifdef __linux__
// The cores this process may use: a container often has fewer than the machine. (<thread> costs 30,000 lines.)
int available_cores();
#else
inline int available_cores() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }
#endif

int default_threads();
inline std::atomic<int>& thread_setting() {
  static std::atomic<int> n{default_threads()};
  return n;
}

}  // namespace detail

/// How many threads one op may use. Starts as the environment variable CHAINRULE_THREADS, else OMP_NUM_THREADS, else
/// the number of cores. A variable that is no number of threads ends the program with a message.
inline int get_num_threads() { return detail::thread_setting().load(std::memory_order_relaxed); }

/// Sets the number of threads of every op of the program. Results do not depend on it.
inline void set_num_threads(int n, Location at = Location::here()) {
  check(n >= 1, at, "set_num_threads: needs at least 1, got ", n);
  detail::thread_setting().store(n, std::memory_order_relaxed);
}

namespace detail {

// The two ways to share work out. They know a task by its address only: what a kernel does for a task is compiled once,
// and not again for the case that one thread does it all.
void share_out(std::int64_t tasks, ThreadPool::Task* task, const void* job);

struct Chunks {
  std::int64_t n, grain;
  void (*task)(const void* job, std::int64_t begin, std::int64_t end);
  const void* job;

  void share_out() const {
    if (n > grain) detail::share_out((n - 1) / grain + 1, &run, this);
    else if (n > 0) task(job, 0, n);
  }

 private:
  static void run(const void* chunks, std::int64_t i) {
    const auto& c = *static_cast<const Chunks*>(chunks);
    c.task(c.job, i * c.grain, (i + 1) * c.grain < c.n ? (i + 1) * c.grain : c.n);
  }
};

}  // namespace detail

/// Calls task(i) for i in [0, tasks), on as many threads as allowed. Tasks must not throw and must write to different
/// memory. The caller chooses the number of tasks from the size of the work alone. A single task runs on the calling
/// thread, which costs nothing; more than one cost about 0.2 microseconds to start.
template <class Task> void parallel_for(std::int64_t tasks, const Task& task) {
  detail::share_out(
      tasks, [](const void* job, std::int64_t i) { (*static_cast<const Task*>(job))(i); }, &task);
}

/// parallel_for over [0, n) in chunks of `grain`: task(begin, end).
template <class Task> void parallel_chunks(std::int64_t n, std::int64_t grain, const Task& task) {
  detail::Chunks{
      n, grain,
      [](const void* job, std::int64_t begin, std::int64_t end) { (*static_cast<const Task*>(job))(begin, end); },
      &task}
      .share_out();
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

[[gnu::noinline]] CHAINRULE_INLINE void share_out(std::int64_t tasks, ThreadPool::Task* task, const void* job) {
  const int threads = static_cast<int>(tasks < get_num_threads() ? tasks : get_num_threads());
  if (threads <= 1 || inside_parallel) {
    for (std::int64_t i = 0; i < tasks; ++i) task(job, i);
    return;
  }
  ThreadPool::of_program().run(threads, tasks, task, job);
}

CHAINRULE_INLINE int available_cores() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed)
                                                             : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

CHAINRULE_INLINE int default_threads() {
  if (const int asked = threads_setting("CHAINRULE_THREADS")) return asked;
  if (const int asked = threads_setting("OMP_NUM_THREADS")) return asked;
  const int cores = available_cores();
  return cores > 1 ? cores : 1;
}

}  // namespace chainrule::detail
#endif
