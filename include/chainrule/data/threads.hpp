#pragma once
// The threads, the lock and the conditions of a DataLoader's workers, of <pthread.h>: <thread>, <mutex> and
// <condition_variable> would cost each file that includes the loader a third of a second.

#include <chainrule/core/error.hpp>
#include <pthread.h>
#include <vector>

namespace chainrule::data::detail {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex() { pthread_mutex_destroy(&mutex_); }
  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

/// Holds the mutex as long as it lives.
class Lock {
 public:
  explicit Lock(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  ~Condition() { pthread_cond_destroy(&condition_); }

  /// Sleeps until `holds`, which is asked with the mutex locked, as it is before and afterwards.
  template <class Holds> void wait(Mutex& mutex, const Holds& holds) {
    while (!holds()) pthread_cond_wait(&condition_, &mutex.mutex_);
  }
  void notify_one() { pthread_cond_signal(&condition_); }
  void notify_all() { pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

/// Threads that are waited for when this dies.
class Threads {
 public:
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

  /// One more, which calls body(argument). Throws where the system gives none.
  void start(void* (*body)(void*), void* argument) {
    pthread_t thread;
    threads_.reserve(threads_.size() + 1);
    check(pthread_create(&thread, nullptr, body, argument) == 0, {},
          "DataLoader: the system gives no thread for worker ", threads_.size(), "; use a smaller num_workers");
    threads_.push_back(thread);
  }
  void join() {
    for (pthread_t thread : threads_) pthread_join(thread, nullptr);
    threads_.clear();
  }
  bool empty() const { return threads_.empty(); }

 private:
  std::vector<pthread_t> threads_;
};

}  // namespace chainrule::data::detail
