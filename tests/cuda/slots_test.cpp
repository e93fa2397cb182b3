// Which ops have a kernel for the GPU? Asked without one: "GPU memory" is the computer's own, launches do nothing, and
// every op of the case list is run forward and backward. A kernel that is not registered throws, and its message names
// it.

#include <chainrule/cuda/dry_run.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include "support/catch.hpp"
#include "support/op_cases/op_case.hpp"
#include "support/softsign.hpp"

namespace chainrule_test {
namespace {

// Plays a GPU for as long as it lives.
class PretendGpu {
 public:
  PretendGpu() : was_(memory()) {
    memory().allocate = [](std::size_t n) { return std::calloc(n, 1); };
    memory().release = [](void* p, std::size_t) noexcept { std::free(p); };
    memory().copy = [](void* to, cr::Device, const void* from, cr::Device, std::size_t n) { std::memcpy(to, from, n); };
    cr::cuda::detail::DryRun<>::on = true;
  }
  ~PretendGpu() {
    cr::cuda::detail::DryRun<>::on = false;
    memory() = was_;
  }
  PretendGpu(const PretendGpu&) = delete;
  PretendGpu& operator=(const PretendGpu&) = delete;

 private:
  static cr::detail::DeviceMemory& memory() { return cr::detail::memory_of(cr::Device::cuda); }
  cr::detail::DeviceMemory was_;
};

template <class T> Inputs<T> on_gpu(const OpCase& c) {
  Inputs<T> in;
  for (const auto& x : c.inputs) {
    in.push_back(x.template to<T>().to(cr::Device::cuda));
    if (c.options.gradient) in.back().requires_grad_();
  }
  return in;
}

// "" if everything that the case needs is registered, else what was missing.
template <class T> std::string missing(const OpCase& c, const CaseFunction<T>& f) {
  try {
    auto y = f(on_gpu<T>(c));
    if (y.requires_grad()) y.backward(cr::ones_like(y.detach()));
  } catch (const cr::Error& e) { return e.message(); }
  return "";
}

std::set<std::string> ops_of(const OpCases& cases) {
  std::set<std::string> ops;
  for (const auto& c : cases) ops.insert(c.op);
  return ops;
}

TEST_CASE("the CUDA backend has kernels for elementwise ops, sums and matrix products", "[cuda]") {
  PretendGpu gpu;
  std::set<std::string> must = {"sum", "mean", "matmul", "linear", "view", "copy", "expand"};
  for (const auto& family : {arithmetic_cases(), function_cases(), selection_cases()}) must.merge(ops_of(family));
  std::map<std::string, std::string> gaps;  // op -> the first thing it lacks
  std::set<std::string> filled;
  for (const auto& c : op_cases()) {
    if (!c.options.on_device) continue;
    INFO(c.name());
    auto lack = missing<float>(c, c.in_float);
    if (lack.empty()) lack = missing<double>(c, c.in_double);
    if (lack.empty()) filled.insert(c.op);
    else gaps.emplace(c.op, c.name() + ": " + lack);
    if (must.contains(c.op)) CHECK(lack == "");
  }
  std::printf("registered for CUDA:");
  for (const auto& op : filled)
    if (!gaps.contains(op)) std::printf(" %s", op.c_str());
  std::printf("\nnot yet:\n");
  for (const auto& [op, lack] : gaps) std::printf("  %s\n", lack.c_str());
  std::printf("REPORT: CUDA: %zu ops registered, %zu not yet\n", filled.size(), gaps.size());
  CHECK(filled.size() > 25);
}

TEST_CASE("an op added outside of the library runs on the GPU by one line", "[cuda]") {
  PretendGpu gpu;
  auto x = cr::ones({3}).to(cr::Device::cuda);
  CHECK_NOTHROW(softsign(x));
  CHECK_THROWS_WITH(softsign(x.to<double>()), Contains("no cuda kernel"));  // registered for float only
}

TEST_CASE("a GPU gives what the CPU gives", "[cuda][gpu]") {
  if (!cr::cuda::is_available()) {
    std::printf("SKIPPED: this machine has no GPU\n");
    return;
  }
  int compared = 0;
  for (const auto& c : op_cases()) {
    if (!c.options.on_device) continue;
    INFO(c.name());
    try {
      const auto got = c.in_float(on_gpu<float>(c)).detach().to(cr::Device::cpu).to<double>();
      REQUIRE(got.shape() == c.expected.shape());
      const auto a = got.to_vector(), b = c.expected.to_vector();
      for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(2e-5).margin(2e-5));
      ++compared;
    } catch (const cr::Error& e) {
      if (e.message().find("no cuda kernel") == std::string::npos) FAIL_CHECK(e.what());
    }
  }
  CHECK(compared > 25);
}

}  // namespace
}  // namespace chainrule_test
