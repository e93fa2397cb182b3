#pragma once
// Code that ends the program, run in a child process: its exit code, and what it wrote to stdout and stderr.

#include "support/catch.hpp"

#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace chainrule_test {

struct Ending {
  int code;  // -1 if the code did not end the program
  std::string out, error;
};

template <class F> Ending in_child(const F& f) {
  std::fflush(nullptr);
  int out[2], error[2];
  REQUIRE(pipe(out) == 0);
  REQUIRE(pipe(error) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(out[1], 1);
    dup2(error[1], 2);
    f();
    _exit(77);
  }
  Ending e{0, "", ""};
  const auto read_all = [](int(&ends)[2],
                           std::string& text) {  // a few lines: neither pipe fills while the other is read
    close(ends[1]);
    char buffer[256];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    close(ends[0]);
  };
  read_all(out, e.out);
  read_all(error, e.error);
  int status = 0;
  waitpid(child, &status, 0);
  e.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  if (e.code == 77) e.code = -1;
  return e;
}

}  // namespace chainrule_test
