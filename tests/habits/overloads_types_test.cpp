// Comparisons and where() across element types, dtype of reductions, index types. Expected numbers: PyTorch 2.15.

#include "support/catch.hpp"
#include <chainrule/api.hpp>
#include <type_traits>

namespace cr = chainrule;
using cr::tensor;
using Bools = std::vector<bool>;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

namespace {

Bools bools(const cr::Tensor<bool>& x) { return x.to_vector(); }
template <class T, class U> constexpr bool holds = std::is_same_v<T, cr::Tensor<U>>;

}  // namespace

TEST_CASE("tensors of different element types compare in their common type", "[ops][habits]") {
  const auto a = tensor<std::int64_t>({1, 2, 3});
  const auto b = tensor({1, 2.5, 3});
  CHECK(bools(a == b) == Bools{true, false, true});
  CHECK(bools(a != b) == Bools{false, true, false});
  CHECK(bools(a < b) == Bools{false, true, false});
  CHECK(bools(b > a) == Bools{false, true, false});
  CHECK(bools(a >= b.to<double>()) == Bools{true, false, true});
  CHECK(bools(b <= a) == Bools{true, false, true});
  CHECK(bools(eq(a, b)) == Bools{true, false, true});
  CHECK(bools(tensor<std::int64_t>({(1 << 24) + 1}) == tensor({1 << 24})) == Bools{true});  // equal as floats
  CHECK(bools(tensor<int>({300, 255}) == tensor<std::uint8_t>({44, 255})) == Bools{false, true});
  CHECK(bools(tensor<bool>({true, false}) == tensor<std::uint8_t>({2, 0})) == Bools{false, true});
  CHECK(bools(tensor({0.1f}) == tensor<double>({0.1})) == Bools{false});
  CHECK_THROWS_WITH(a == cr::zeros({2}), chainrule_test::Contains("do not broadcast"));
}

TEST_CASE("where gives the common type of its operands", "[ops][habits]") {
  const auto c = tensor<bool>({true, false, true});
  const auto a = tensor<std::int64_t>({1, 2, 3});
  const auto b = tensor({1, 2.5, 3}, {.requires_grad = true});
  CHECK(where(c, 1.0, a).to_vector() == Floats{1, 2, 1});
  CHECK(where(c, a, 1.5).to_vector() == Floats{1, 1.5, 3});
  CHECK(where(c, b, a).to_vector() == Floats{1, 2, 3});
  CHECK(where(c, 1, b).to_vector() == Floats{1, 2.5, 1});
  STATIC_REQUIRE(holds<decltype(where(c, b, b.to<double>())), double>);
  STATIC_REQUIRE(holds<decltype(where(c, a.to<int>(), a)), std::int64_t>);
  STATIC_REQUIRE(holds<decltype(where(c, 2, a)), std::int64_t>);
  where(c, b, a).sum().backward();
  CHECK(b.grad().to_vector() == Floats{1, 0, 1});
  CHECK_THROWS_WITH(where(c, 300, tensor<std::uint8_t>({1, 2, 3})),
                    chainrule_test::Contains("300 is no value of uint8"));
}

TEST_CASE("reductions and softmax compute in the type that is named", "[ops][habits]") {
  const auto x = tensor({1e8, 1, -1e8}, {.requires_grad = true});
  CHECK(cr::sum<double>(x).item() == 1);
  CHECK(x.sum<double>(0, true).to_vector() == std::vector<double>{1});
  x.sum<double>().backward();
  CHECK(x.grad().to_vector() == Floats{1, 1, 1});
  const auto bytes = tensor<std::uint8_t>({200, 100});
  CHECK(bytes.sum<std::uint8_t>().item() == 44);
  CHECK(tensor({1.7, 2.9}).sum<std::int64_t>().item() == 3);
  CHECK(tensor({1.5, 2}).prod<std::int64_t>().item() == 2);
  CHECK(cr::prod<double>(bytes, 0).item() == 20000);
  CHECK(cr::cumsum<float>(bytes, 0).to_vector() == Floats{200, 300});
  CHECK(cr::softmax<float>(tensor<std::int64_t>({1, 2}), 0).to_vector()[0] == Approx(0.26894142));
  const auto logs = tensor({1, 2}).log_softmax<double>(0);
  CHECK(logs.to_vector()[1] == Approx(-0.3132616875182228).epsilon(1e-14));
  CHECK(cr::sum(bytes).item() == 300);
}

TEST_CASE("int32 names rows and places, uint8 classes, as in PyTorch", "[ops][habits]") {
  const auto x = tensor({{1, 2}, {3, 4}, {5, 6}});
  const auto index = tensor<std::int32_t>({2, 0});
  CHECK(x.index_select(0, index).to_vector() == Floats{5, 6, 1, 2});
  CHECK(embedding(index, x).to_vector() == Floats{5, 6, 1, 2});
  CHECK(x.gather(1, tensor<std::int32_t>({{1}, {0}})).to_vector() == Floats{2, 3});
  const auto labels = tensor<std::uint8_t>({1, 0, 1});
  CHECK(nll_loss(x, labels).item() == nll_loss(x, labels.to<std::int64_t>()).item());
}
