// The transforms of images against torchvision, which made these cases with PIL images: uint8 (H, W, C).

#include <chainrule/data.hpp>
#include <set>
#include "support/catch.hpp"
#include "support/parity.hpp"

namespace chainrule_test {
namespace {

namespace F = cr::transforms::functional;
using Image = Tensor<std::uint8_t>;

cr::Size2d size_of(const ParityCase& c) {
  const auto sizes = c.sizes("size");
  return {sizes[0], sizes[sizes.size() - 1]};
}

/// What our function of the case's name makes of its image; not defined where there is none yet.
TensorBase ours(const ParityCase& c) {
  const Image image = c.stored_as<std::uint8_t>("in.image");
  if (c.op == "normalize") {
    const auto list = [&](const char* key) { return c.numbers(key).to<float>().to_vector(); };
    return F::normalize(F::to_tensor(image), list("mean"), list("std"));
  }
  if (c.op == "center_crop") return F::center_crop(image, size_of(c));
  if (c.op == "crop")
    return F::crop(image, c.integer("top"), c.integer("left"), c.integer("height"), c.integer("width"));
  if (c.op == "pad") return F::pad(image, c.integer("padding"));
  if (c.op == "hflip") return F::hflip(image);
  if (c.op == "vflip") return F::vflip(image);
  if (c.op == "rotate")
    return F::rotate(image, c.number("angle"), {.interpolation = std::string_view(c.text("interpolation"))});
  if (c.op == "grayscale") return F::to_grayscale(image, c.integer("channels"));
  if (c.op == "to_tensor") return F::to_tensor(image);
  return {};
}

/// The mean absolute difference, in grey levels.
double mean_difference(const TensorBase& a, const TensorBase& b) {
  const auto x = Image(a.share()).to_vector(), y = Image(b.share()).to_vector();
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i]));
  return sum / static_cast<double>(x.size());
}

TEST_CASE("transforms of images agree with torchvision", "[parity][data]") {
  if (!parity_present("images")) return;
  const ParityGroup group("images");
  int ran = 0;
  std::set<std::string> missing;
  for (const auto& json : group.cases()) {
    const ParityCase c(group, json);
    INFO(c.name);
    const TensorBase mine = ours(c);
    if (!mine.defined()) {
      missing.insert(c.op);
      continue;
    }
    ++ran;
    const TensorBase& stored = c.stored("out0");
    if (c.json().find("mean_abs") == nullptr) {
      CHECK(disagreement(mine, stored, c.rtol(), c.atol()) == "");
      continue;
    }
    REQUIRE(mine.dtype() == stored.dtype());
    REQUIRE(mine.shape() == stored.shape());
    const double difference = mean_difference(mine, stored), allowed = c.json()["mean_abs"].number();
    CHECK(difference <= allowed);
    if (difference > 0)
      std::printf("REPORT: parity: %s differs by %.4f grey levels in the mean (%.1f allowed)\n", c.name.c_str(),
                  difference, allowed);
  }
  std::printf("REPORT: parity: %d of %zu cases of images ran\n", ran, group.cases().size());
  for (const auto& op : missing) std::printf("REPORT: parity: no function %s yet\n", op.c_str());
  CHECK(ran > 0);
}

}  // namespace
}  // namespace chainrule_test
