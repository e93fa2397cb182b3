#pragma once
// The threads of the program. They sleep between ops, and nobody waits for a thread that has not begun: whoever is
// there takes the tasks, so that a core taken by another program costs its share of the time and no more. parallel.hpp
// is the way to them.

#include <atomic>
#include <cstdint>
#include <pthread.h>
#include <sched.h>

namespace chainrule::detail {

inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline thread_local bool inside_parallel = false;  // a task never opens a second level of threads

/// One per program. A job is a number of tasks; each thread begins with its own share of them, the same in every job,
/// since what a thread wrote in the last op lies in its cache; when it is through it helps the others.
class ThreadPool {
 public:
  using Task = void(const void* job, std::int64_t i);
  static constexpr int most = 256;

  static ThreadPool& of_program() {
    static ThreadPool* pool = new ThreadPool;  // never destroyed: its threads sleep until the program ends
    return *pool;
  }

  /// Calls task(job, i) for i in [0, tasks), on at most `threads` threads, the caller among them.
  void run(int threads, std::int64_t tasks, Task* task, const void* job) {
    if (busy_.test_and_set(std::memory_order_acquire)) {  // another thread of the program has them
      for (std::int64_t i = 0; i < tasks; ++i) task(job, i);
      return;
    }
    if (threads > most) threads = most;
    while (workers_ < threads - 1 && start_worker()) {}
    task_ = task, job_ = job, shares_ = threads;
    for (int s = 0; s < threads; ++s) {
      share_[s].next.store(tasks * s / threads, std::memory_order_relaxed);
      share_[s].end = tasks * (s + 1) / threads;
    }
    state_.store(open, std::memory_order_release);
    round_.fetch_add(1);
    round_.notify_all();
    work(0);
    state_.fetch_and(~open);  // all tasks are taken; who has not begun comes too late
    for (int spins = 0; state_.load(std::memory_order_acquire) != 0; ++spins) {
      if (spins < 2000) spin_pause();
      else sched_yield();  // its core may be ours
    }
    busy_.clear(std::memory_order_release);
  }

 private:
  struct alignas(64) Share {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };
  static constexpr std::uint32_t open = 1u << 31;  // in state_, above the number of workers at work
  static constexpr int spins_before_sleep = 4000;  // about 0.1 ms: most gaps between two ops are shorter

  void work(int own) {
    inside_parallel = true;
    for (int k = 0; k < shares_; ++k) {
      Share& s = share_[(own + k) % shares_];
      while (s.next.load(std::memory_order_relaxed) < s.end) {
        const std::int64_t i = s.next.fetch_add(1, std::memory_order_relaxed);
        if (i < s.end) task_(job_, i);
      }
    }
    inside_parallel = false;
  }

  bool enter() {
    std::uint32_t seen = state_.load(std::memory_order_relaxed);
    while (seen & open)
      if (state_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire)) return true;
    return false;
  }

  void serve(int own) {
    for (std::uint32_t seen = 0;;) {
      for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < spins_before_sleep; ++spins)
        spin_pause();
      round_.wait(seen, std::memory_order_acquire);
      seen = round_.load(std::memory_order_acquire);
      if (!enter()) continue;
      if (own < shares_) work(own);
      state_.fetch_sub(1, std::memory_order_release);
    }
  }

  bool start_worker() {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const bool started = pthread_create(&thread, &attributes, &begin, this) == 0;
    pthread_attr_destroy(&attributes);
    if (started) ++workers_;
    return started;
  }
  static void* begin(void* pool) {
    auto* self = static_cast<ThreadPool*>(pool);
    self->serve(1 + self->started_.fetch_add(1));
    return nullptr;
  }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  std::atomic<std::uint32_t> round_{0}, state_{0};
  std::atomic<int> started_{0};  // workers so far
  int workers_ = 0, shares_ = 0;
  Task* task_ = nullptr;
  const void* job_ = nullptr;
  Share share_[most];
};

}  // namespace chainrule::detail
