// The threads: every task once, whoever takes it, and from whatever thread of the program.

#include <chainrule/core/parallel.hpp>
#include <pthread.h>
#include <vector>

#include "support/catch.hpp"

namespace cr = chainrule;

namespace {

struct Threads {  // back to one at the end
  explicit Threads(int n) { cr::set_num_threads(n); }
  ~Threads() { cr::set_num_threads(1); }
};

bool each_once(std::int64_t tasks) {
  std::vector<int> count(static_cast<std::size_t>(tasks), 0);
  cr::parallel_for(tasks, [&](std::int64_t i) { ++count[static_cast<std::size_t>(i)]; });
  for (int c : count)
    if (c != 1) return false;
  return true;
}

}  // namespace

TEST_CASE("parallel_for runs every task once, for any number of threads and tasks", "[core][threads]") {
  for (int threads : {1, 2, 3, 7}) {
    Threads guard(threads);
    for (std::int64_t tasks : {0, 1, 2, 3, 8, 100})
      for (int round = 0; round < 200; ++round) REQUIRE(each_once(tasks));
  }
}

TEST_CASE("a task that calls parallel_for runs those tasks itself", "[core][threads]") {
  Threads guard(4);
  std::vector<int> sums(16, 0);
  cr::parallel_for(16, [&](std::int64_t i) {
    int mine = 0;  // no race: the inner tasks run on this thread
    cr::parallel_for(10, [&](std::int64_t j) { mine += static_cast<int>(j); });
    sums[static_cast<std::size_t>(i)] = mine;
  });
  CHECK(sums == std::vector<int>(16, 45));
}

TEST_CASE("several threads of a program may call parallel_for at once", "[core][threads]") {
  Threads guard(3);
  auto body = [](void* ok) -> void* {
    for (int round = 0; round < 500; ++round)
      if (!each_once(50)) *static_cast<bool*>(ok) = false;
    return nullptr;
  };
  pthread_t thread[4];
  bool ok[4] = {true, true, true, true};
  for (int t = 0; t < 4; ++t) REQUIRE(pthread_create(&thread[t], nullptr, body, &ok[t]) == 0);
  for (int t = 0; t < 4; ++t) pthread_join(thread[t], nullptr);
  for (bool each : ok) CHECK(each);
}

TEST_CASE("threads come and go with the number that is asked for", "[core][threads]") {
  for (int round = 0; round < 50; ++round) {
    Threads guard(1 + round % 5);
    REQUIRE(each_once(37));
  }
}
