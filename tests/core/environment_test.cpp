// Settings from environment variables: one that is no choice ends the program, with the choices on one line of stderr
// and exit code 2.
#include "support/catch.hpp"

#include <chainrule/core/isa.hpp>
#include <chainrule/core/parallel.hpp>
#include <cstdlib>
#include <string>
#include "support/child.hpp"

using chainrule_test::Contains;
using chainrule_test::Ending;

namespace {

/// Runs f in a child with the variable set.
template <class F> Ending with_variable(const char* name, const char* value, const F& f) {
  return chainrule_test::in_child([&] {
    setenv(name, value, 1);
    f();
  });
}

Ending isa_of(const char* value) {
  return with_variable("CHAINRULE_ISA", value,
                       [] { static_cast<void>(chainrule::cpu::detail::isa_from_environment()); });
}
template <int expected> Ending threads_of(const char* name, const char* value) {
  return with_variable(name, value, [] {
    if (chainrule::detail::default_threads() != expected) _exit(78);
  });
}

}  // namespace

TEST_CASE("CHAINRULE_ISA names its choices when it is none of them", "[core][environment]") {
  for (const char* wrong : {"foo", "AVX2", "avx", "avx2 "}) {
    const Ending e = isa_of(wrong);
    CHECK(e.code == 2);
    CHECK_THAT(e.error, Contains("CHAINRULE_ISA is '" + std::string(wrong) + "'; it takes base"));
    CHECK(e.error.find('\n') == e.error.size() - 1);
  }
  CHECK(isa_of("base").code == -1);
  CHECK(isa_of("").code == -1);
  const auto best = chainrule::cpu::detail::best_isa();
  CHECK(isa_of(chainrule::cpu::name(best)).code == -1);
  if (best < chainrule::cpu::Isa::amx) {
    const Ending e = isa_of("amx");  // a choice, but not of this processor
    CHECK(e.code == 2);
    CHECK_THAT(e.error, Contains("this processor has no more"));
  }
}

TEST_CASE("numbers of threads that are none end the program", "[core][environment]") {
  for (const char* name : {"CHAINRULE_THREADS", "OMP_NUM_THREADS"}) {
    for (const char* wrong : {"abc", "0", "-3", "2x", "1e3", "99999999999999999999", " "}) {
      const Ending e = threads_of<0>(name, wrong);
      INFO(name << '=' << wrong);
      CHECK(e.code == 2);
      CHECK_THAT(e.error,
                 Contains(std::string(name) + " is '" + wrong + "'; it takes a number of threads, 1 to 65536"));
    }
    CHECK(threads_of<3>(name, "3").code == -1);
  }
  CHECK(threads_of<4>("OMP_NUM_THREADS", "4,2").code == -1);  // OpenMP's list for nested regions
  CHECK(with_variable("OMP_NUM_THREADS", "3", [] {
          setenv("CHAINRULE_THREADS", "2", 1);
          if (chainrule::detail::default_threads() != 2) _exit(78);
        }).code == -1);
}
