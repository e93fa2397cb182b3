// Tensors: creation, views that share storage, indexing, assignment, printing, borrowed memory, the pool's counters.
#include "support/catch.hpp"

#include <chainrule/chainrule.hpp>
#include <sstream>

using namespace chainrule;

namespace {
template <class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return "(no error)";
}
}  // namespace

TEST_CASE("tensor makes float from nested braces, and any type that is named", "[core][tensor]") {
  auto a = tensor({{1, 2, 3}, {4, 5, 6}});
  CHECK(a.shape() == Shape{2, 3});
  CHECK(a.dtype() == DType::float32);
  CHECK(a.at({1, 2}) == 6);
  CHECK(tensor<std::int64_t>({3, 1, 4}).to_vector() == std::vector<std::int64_t>{3, 1, 4});
  CHECK(tensor<bool>({true, false}).dtype() == DType::boolean);
  CHECK(tensor(2.5).dim() == 0);
  CHECK(tensor(2.5).item() == 2.5f);
  CHECK(tensor(std::vector<double>{1, 2}).dtype() == DType::float64);
  CHECK(tensor({{{1, 2}}, {{3, 4}}}).shape() == Shape{2, 1, 2});
  CHECK(tensor(std::vector<std::vector<double>>{{1, 2, 3}, {4, 5, 6}}).at({1, 0}) == 4);
  CHECK(message_of([] {
          (void)tensor(std::vector<std::vector<float>>{{1, 2}, {3}});
        }).find("row 0 has 2 values, row 1 has 1") != std::string::npos);
  CHECK(message_of([] { (void)zeros({-1}); }).find("zeros: sizes must not be negative") != std::string::npos);
  CHECK(message_of([] { (void)tensor({{1, 2}, {3}}); }).find("same shape") != std::string::npos);
}

TEST_CASE("ranges and fills give PyTorch's values", "[core][create]") {
  CHECK(arange(5).to_vector() == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(arange(1, 10, 3).to_vector() == std::vector<std::int64_t>{1, 4, 7});
  CHECK(arange(0.0, 1.0, 0.25).to_vector() == std::vector<float>{0, 0.25f, 0.5f, 0.75f});
  CHECK(arange(5, 0, -2).to_vector() == std::vector<std::int64_t>{5, 3, 1});
  CHECK(arange<float>(3).to_vector() == std::vector<float>{0, 1, 2});
  CHECK(linspace(0, 1, 5).to_vector() == std::vector<float>{0, 0.25f, 0.5f, 0.75f, 1});
  CHECK(linspace(3, 9, 1).to_vector() == std::vector<float>{3});
  CHECK(eye(2, 3).to_vector() == std::vector<float>{1, 0, 0, 0, 1, 0});
  CHECK(full({2}, 7).to_vector() == std::vector<float>{7, 7});
  CHECK(zeros_like(full<double>({2, 2}, 7)).to_vector() == std::vector<double>(4, 0));
  CHECK(zeros({0, 3}).numel() == 0);
  CHECK(message_of([] { (void)zeros({2, -1}); }).find("negative") != std::string::npos);
  CHECK(message_of([] { (void)arange(0, 5, -1); }).find("arange") != std::string::npos);
}

TEST_CASE("a view shares storage with its base", "[core][view]") {
  auto x = arange<float>(12).view({3, 4});
  auto row = x[1];
  row[2] = 100;
  CHECK(x.at({1, 2}) == 100);
  x.t()[0] = tensor({7, 8, 9});
  CHECK(x.select(1, 0).to_vector() == std::vector<float>{7, 8, 9});
  CHECK(x.narrow(0, 1, 2).shares_storage(x));
  CHECK(x.slice(1, 1, 4, 2).to_vector() == std::vector<float>{1, 3, 5, 7, 9, 11});
  CHECK(x.slice(1, -2, 100).shape() == Shape{3, 2});
  CHECK(x.unsqueeze(0).squeeze().shape() == Shape{3, 4});
  CHECK(x.unsqueeze(-1).shape() == Shape{3, 4, 1});
  CHECK(tensor({{1}, {2}}).expand({-1, 3}).to_vector() == std::vector<float>{1, 1, 1, 2, 2, 2});
  CHECK(x.flatten().shape() == Shape{12});
  CHECK(zeros({2, 3, 4, 5}).flatten(1).shape() == Shape{2, 60});
  CHECK(zeros({2, 3, 4, 5}).flatten(1, 2).shape() == Shape{2, 12, 5});
  CHECK(zeros({6, 2}).unflatten(0, {2, -1}).shape() == Shape{2, 3, 2});
}

TEST_CASE("view refuses what needs a copy, reshape copies", "[core][view]") {
  auto x = arange(6).view({2, 3});
  CHECK(message_of([&] { (void)x.t().view({6}); }).find("reshape") != std::string::npos);
  CHECK(x.t().reshape({6}).to_vector() == std::vector<std::int64_t>{0, 3, 1, 4, 2, 5});
  CHECK(!x.t().reshape({6}).shares_storage(x));
  CHECK(x.t().view({3, 2, 1}).at({2, 1, 0}) == 5);  // strides allow it
  CHECK(arange(24).view({2, 3, 4}).permute({2, 0, 1}).view({4, 6}).at({1, 5}) == 21);
  CHECK(message_of([&] { (void)x.view({4, -1}); }).find("does not fit") != std::string::npos);
  CHECK(message_of([&] { (void)x.view({-1, -1}); }).find("only one size") != std::string::npos);
  CHECK(message_of([&] { (void)x.permute({0, 0}); }).find("twice") != std::string::npos);
  CHECK(tensor(3).transpose(0, -1).item() == 3);  // dimensions 0 and -1 of a scalar, as in PyTorch
  CHECK(message_of([&] { (void)tensor(3).transpose(0, 1); }).find("dimension 1 does not exist") != std::string::npos);
  CHECK(message_of([&] { (void)x.transpose(0, 5); }).find("dimension 5 does not exist") != std::string::npos);
  CHECK(message_of([&] { (void)x[2]; }).find("index 2 does not exist in dimension 0 of size 2") != std::string::npos);
  CHECK(message_of([&] { (void)x.expand({2, 4}); }).find("only sizes of 1") != std::string::npos);
}

TEST_CASE("sizes stand in braces or side by side, as in PyTorch", "[core][view][create]") {
  auto x = arange<float>(12).view(4, 3);
  CHECK(x.shape() == Shape{4, 3});
  CHECK(x.view(2, 2, -1).shape() == Shape{2, 2, 3});
  CHECK(x.view(12).shape() == Shape{12});
  CHECK(x.view(-1).shape() == Shape{12});
  CHECK(x.permute(1, 0).shape() == Shape{3, 4});
  CHECK(x.reshape(2, -1).shape() == Shape{2, 6});
  CHECK(x[0].expand(2, 3).shape() == Shape{2, 3});
  CHECK(x.repeat(2, 1).shape() == Shape{8, 3});
  CHECK(x.flip(0, 1).at({0, 0}) == 11);
  CHECK(zeros(2, 3).shape() == Shape{2, 3});
  CHECK(ones<double>(2, 3).shape() == Shape{2, 3});
  CHECK(empty<std::int64_t>(2, 3, 4).shape() == Shape{2, 3, 4});
  const std::size_t rows = 2;
  CHECK(rand(rows, 3).shape() == Shape{2, 3});
  CHECK(randn(2, 3).shape() == Shape{2, 3});
  CHECK(zeros(2).shape() == Shape{2});
  CHECK(zeros({2}, {.requires_grad = true}).requires_grad());
  const std::string line = "tensor_test.cpp:" + std::to_string(__LINE__ + 1);
  const std::string message = message_of([&] { (void)x.view(5, 2); });
  CHECK(message.find(line) != std::string::npos);
}

TEST_CASE("a tensor that is not defined says so", "[core][tensor][errors]") {
  const auto says = [](auto f) { return message_of(f).find("this tensor is not defined") != std::string::npos; };
  const Tensor<> nothing;
  auto w = tensor({1, 2}, {.requires_grad = true});
  CHECK_FALSE(w.grad().defined());
  CHECK_FALSE(nothing.requires_grad());
  CHECK(nothing.is_same(w.grad()));
  CHECK(nothing.str() == "tensor(undefined)");
  CHECK(says([&] { (void)w.grad().sum(); }));
  CHECK(message_of([&] { (void)w.grad().sum(); }) ==
        "this tensor is not defined: a gradient before backward(), or a Tensor<>{} that was never assigned");
  CHECK(says([&] { (void)nothing.shape(); }));
  CHECK(says([&] { (void)nothing.sizes(); }));
  CHECK(says([&] { (void)nothing.strides(); }));
  CHECK(says([&] { (void)nothing.dim(); }));
  CHECK(says([&] { (void)nothing.numel(); }));
  CHECK(says([&] { (void)nothing.size(0); }));
  CHECK(says([&] { (void)nothing.dtype(); }));
  CHECK(says([&] { (void)nothing.device(); }));
  CHECK(says([&] { (void)nothing.is_contiguous(); }));
  CHECK(says([&] { (void)nothing.data(); }));
  CHECK(says([&] { (void)nothing.version(); }));
  CHECK(says([&] { (void)nothing.is_leaf(); }));
  CHECK(says([&] { (void)nothing.grad(); }));
  CHECK(says([&] { (void)nothing.item(); }));
  CHECK(says([&] { (void)nothing.to_vector(); }));
  CHECK(says([&] { (void)nothing.clone(); }));
  CHECK(says([&] { (void)nothing.detach(); }));
  CHECK(says([&] { (void)nothing.requires_grad_(); }));
  CHECK(says([&] { (void)nothing.zero_grad(); }));
  CHECK(says([&] { (void)nothing.zero_(); }));
  CHECK(says([&] { (void)nothing.add_(1); }));
  CHECK(says([&] { (void)nothing.view({2}); }));
  CHECK(says([&] { (void)nothing[0]; }));
  CHECK(says([&] { (void)nothing.t(); }));
  CHECK(says([&] { (void)nothing.relu(); }));
  CHECK(says([&] { (void)nothing.mean(); }));
  CHECK(says([&] { (void)nothing.max(0); }));
  CHECK(says([&] { (void)nothing.softmax(0); }));
  CHECK(says([&] { (void)(nothing + 1); }));
  CHECK(says([&] { (void)(w + nothing); }));
  CHECK(says([&] { (void)w.matmul(nothing); }));
  CHECK(says([&] { (void)nothing.matmul(w); }));
  CHECK(says([&] { (void)w.copy_(nothing); }));
  CHECK(says([&] { (void)nothing.topk(1); }));
  CHECK(says([&] { (void)nothing.to<double>(); }));
  CHECK(says([&] { (void)w.shares_storage(nothing); }));
}

TEST_CASE("assignment to an indexed tensor writes, assignment to a name rebinds", "[core][assign]") {
  auto x = zeros({2, 2});
  auto y = x;
  x[0] = 5;
  CHECK(y.at({0, 1}) == 5);
  x[1] = tensor({1, 2});
  CHECK(y.at({1, 1}) == 2);
  x = ones({3});
  CHECK(y.shape() == Shape{2, 2});
  auto before = y.version();
  y += 1;
  y *= y;
  CHECK(y.to_vector() == std::vector<float>{36, 36, 4, 9});
  CHECK(y.version() > before);
  CHECK(message_of([&] { y[0] = zeros({3}); }).find("(2,)") != std::string::npos);
}

TEST_CASE("types convert, and integers sum to int64", "[core][dtype]") {
  CHECK(tensor({1.9, -1.9}).to<std::int64_t>().to_vector() == std::vector<std::int64_t>{1, -1});
  CHECK(tensor<bool>({true, true, false}).sum().item() == 2);
  CHECK(tensor<std::uint8_t>({200, 100}).sum().item() == 300);
  static_assert(std::same_as<decltype(tensor<std::int32_t>({1}).sum()), Tensor<std::int64_t>>);
  auto x = tensor({2}, {.requires_grad = true});
  x.to<double>().sum().backward();
  CHECK(x.grad().item() == 1);
}

TEST_CASE("from_blob reads and writes the caller's memory", "[core][from_blob]") {
  std::vector<float> mine = {1, 2, 3, 4, 5, 6};
  auto x = Tensor<>::from_blob(mine.data(), {2, 3});
  x[0] = 9;
  CHECK(mine[2] == 9);
  auto columns = Tensor<>::from_blob(mine.data(), {3, 2}, {1, 3});
  CHECK(columns.at({0, 1}) == 4);
}

TEST_CASE("the pool serves a repeated computation without asking the system", "[core][pool]") {
  auto work = [] {
    auto x = randn({64, 64}, {.requires_grad = true});
    (x * x + x).relu().sum().backward();
  };
  work();
  work();
  auto before = memory_stats();
  for (int i = 0; i < 5; ++i) work();
  auto after = memory_stats();
  CHECK(after.system_allocations == before.system_allocations);
  CHECK(after.pool_hits > before.pool_hits);
  CHECK(after.live_bytes == before.live_bytes);
  auto t = zeros({3});
  CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
}

TEST_CASE("random numbers depend on seed and place alone", "[core][random]") {
  manual_seed(7);
  auto a = randn({1000, 17}), b = rand({5});
  auto threads = get_num_threads();
  set_num_threads(1);
  manual_seed(7);
  CHECK(randn({1000, 17}).to_vector() == a.to_vector());
  CHECK(rand({5}).to_vector() == b.to_vector());
  set_num_threads(threads);
  Generator own(3), same(3);
  CHECK(rand({4}, {.generator = &own}).to_vector() == rand({4}, {.generator = &same}).to_vector());
  CHECK(rand({4}, {.generator = &own}).to_vector() != rand({4}).to_vector());
  auto p = randperm(100).to_vector();
  std::vector<int> seen(100);
  for (auto i : p) ++seen[static_cast<std::size_t>(i)];
  CHECK(seen == std::vector<int>(100, 1));
  for (auto v : randint(3, 6, {200}).to_vector()) CHECK((v >= 3 && v < 6));
  auto u = rand<double>({20000}).to_vector(), n = randn<double>({20000}).to_vector();
  double mean = 0, square = 0, uniform = 0;
  for (std::size_t i = 0; i < n.size(); ++i) {
    mean += n[i] / 20000;
    square += n[i] * n[i] / 20000;
    uniform += u[i] / 20000;
  }
  CHECK(std::abs(mean) < 0.03);        // 4 standard deviations: 4 / sqrt(20000) = 0.028
  CHECK(std::abs(square - 1) < 0.04);  // 4 * sqrt(2 / 20000)
  CHECK(std::abs(uniform - 0.5) < 0.0085);
}

TEST_CASE("Philox in vectors gives what one counter after the other gives", "[core][random]") {
  const auto before = cpu::isa();
  for (auto isa : {cpu::Isa::base, cpu::Isa::avx2, cpu::Isa::avx512}) {
    cpu::set_isa(isa);
    for (std::uint64_t counter : {std::uint64_t{0}, std::uint64_t{4294967280}, std::uint64_t{0x123456789abcdef0}}) {
      for (std::int64_t blocks : {1, 2, 5}) {
        std::vector<std::uint32_t> words(static_cast<std::size_t>(64 * blocks + 1), 7), expected = words;
        chainrule::detail::philox_words(0xfedcba9876543210, 0x8899aabbccddeeff, counter, blocks, words.data());
        chainrule::detail::philox_words_plain(0xfedcba9876543210, 0x8899aabbccddeeff, counter, blocks, expected.data());
        CHECK(words == expected);
      }
    }
  }
  cpu::set_isa(before);
}

TEST_CASE("Philox gives the published test vectors", "[core][random]") {
  // Random123's known-answer test for philox4x32-10: counter and key all zero, and all ones.
  Philox zero(0, 0, 0);
  CHECK(zero.word[0] == 0x6627e8d5u);
  CHECK(zero.word[1] == 0xe169c58du);
  CHECK(zero.word[2] == 0xbc57ac4cu);
  CHECK(zero.word[3] == 0x9b00dbd8u);
  Philox full(~0ull, ~0ull, ~0ull);
  CHECK(full.word[0] == 0x408f276du);
  CHECK(full.word[1] == 0x41c83b0eu);
  CHECK(full.word[2] == 0xa20bc7c6u);
  CHECK(full.word[3] == 0x6d5451fdu);
}

TEST_CASE("tensors print as PyTorch prints them", "[core][print]") {
  CHECK(tensor({{1, 2.5}, {3, 4}}).str() == "tensor([[1.0000, 2.5000],\n        [3.0000, 4.0000]])");
  CHECK(tensor({1, 2}).str() == "tensor([1., 2.])");
  CHECK(arange(2000).str() == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])");
  CHECK(tensor({1e-5, 1.0, 1000.5}).str() == "tensor([1.0000e-05, 1.0000e+00, 1.0005e+03])");
  CHECK(tensor<bool>({true, false}).str() == "tensor([ True, False])");
  CHECK(tensor<double>({1.5}).str() == "tensor([1.5000], dtype=torch.float64)");
  CHECK(zeros({0, 3}).str() == "tensor([], size=(0, 3))");
  auto w = tensor({1, -2}, {.requires_grad = true});
  CHECK(w.str() == "tensor([ 1., -2.], requires_grad=True)");
  CHECK((w * w).sum().str() == "tensor(5., grad_fn=<SumBackward0>)");
  CHECK(ones({2, 1, 2}).str() == "tensor([[[1., 1.]],\n\n        [[1., 1.]]])");
}

TEST_CASE("element types and devices go to streams, lists and small numbers are printed", "[core][print]") {
  std::ostringstream out;
  out << DType::float32 << ' ' << Device::cpu;
  CHECK(out.str() == "float32 cpu");
  std::string line;
  detail::say(line, std::vector<double>{0.5, 1e-7});
  detail::say(line, DType::int64);
  CHECK(line == "[0.5, 1e-07]int64");
}
