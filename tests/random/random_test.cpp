// Random calls of every op agree with a plain reference: values, gradients, second derivatives, refusals. parts/ has
// them by family. A report begins with CHAINRULE_DRAW=op:number; set so, the environment variable runs that draw alone
// (and op without a number, that op). CHAINRULE_DRAW_SEED draws others; CHAINRULE_DRAW_TRACE tells each call before it
// is made.

#include <filesystem>
#include <set>
#include "random/draw.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/op_cases/op_case.hpp"

namespace chainrule_test::drawn {
namespace {

using Family = RandomOps (*)();
const std::vector<Family> families = {
    &unary_ops,     &activation_ops,    &binary_ops, &integer_ops,    &comparison_ops, &selection_ops,
    &reduction_ops, &order_ops,         &view_ops,   &joining_ops,    &indexing_ops,   &product_ops,
    &window_ops,    &normalisation_ops, &loss_ops,   &class_loss_ops, &creation_ops};

constexpr std::int64_t few = 1000;
#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t many = 5000;  // ten times slower, and the ordinary build draws the rest
#else
constexpr std::int64_t many = 100000;
#endif

void run(Family family, std::int64_t draws) {
  const int threads = cr::get_num_threads();
  cr::set_num_threads(1);  // tiny tensors
  const std::string report = disagreements(family(), draws);
  cr::set_num_threads(threads);
  INFO(report);
  CHECK(report.empty());
}

TEST_CASE("every op has random draws", "[random]") {
  std::set<std::string> drawn;
  for (auto* family : families)
    for (const auto& r : family()) drawn.insert(r.op);
  std::set<std::string> cased;
  for (const auto& c : op_cases()) cased.insert(c.op);
  for (const auto& op : cased) {
    INFO("the draws of " << op);
    CHECK(drawn.contains(op));
  }
  for (const auto& op : drawn) {
    INFO("the case of " << op);
    CHECK(cased.contains(op));
  }
}

TEST_CASE("random functions of one operand agree with a plain reference", "[random]") { run(&unary_ops, few); }
TEST_CASE("random activations agree with a plain reference", "[random]") { run(&activation_ops, few); }
TEST_CASE("random arithmetic agrees with a plain reference", "[random]") { run(&binary_ops, few); }
TEST_CASE("random arithmetic of integers agrees with a plain reference", "[random]") { run(&integer_ops, few); }
TEST_CASE("random comparisons agree with a plain reference", "[random]") { run(&comparison_ops, few); }
TEST_CASE("random selections agree with a plain reference", "[random]") { run(&selection_ops, few); }
TEST_CASE("random reductions agree with a plain reference", "[random]") { run(&reduction_ops, few); }
TEST_CASE("random orderings agree with a plain reference", "[random]") { run(&order_ops, few); }
TEST_CASE("random views agree with a plain reference", "[random]") { run(&view_ops, few); }
TEST_CASE("random joins agree with a plain reference", "[random]") { run(&joining_ops, few); }
TEST_CASE("random indexing agrees with a plain reference", "[random]") { run(&indexing_ops, few); }
TEST_CASE("random products agree with a plain reference", "[random]") { run(&product_ops, few); }
TEST_CASE("random windows agree with a plain reference", "[random]") { run(&window_ops, few); }
TEST_CASE("random normalisations agree with a plain reference", "[random]") { run(&normalisation_ops, few); }
TEST_CASE("random losses agree with a plain reference", "[random]") { run(&loss_ops, few); }
TEST_CASE("random class losses agree with a plain reference", "[random]") { run(&class_loss_ops, few); }
TEST_CASE("random copies and edits agree with a plain reference", "[random]") { run(&creation_ops, few); }

TEST_CASE("many random functions of one operand", "[random][long]") { run(&unary_ops, many); }
TEST_CASE("many random activations", "[random][long]") { run(&activation_ops, many); }
TEST_CASE("many random arithmetic", "[random][long]") { run(&binary_ops, many); }
TEST_CASE("many random arithmetic of integers", "[random][long]") { run(&integer_ops, many); }
TEST_CASE("many random comparisons", "[random][long]") { run(&comparison_ops, many); }
TEST_CASE("many random selections", "[random][long]") { run(&selection_ops, many); }
TEST_CASE("many random reductions", "[random][long]") { run(&reduction_ops, many); }
TEST_CASE("many random orderings", "[random][long]") { run(&order_ops, many); }
TEST_CASE("many random views", "[random][long]") { run(&view_ops, many); }
TEST_CASE("many random joins", "[random][long]") { run(&joining_ops, many); }
TEST_CASE("many random indexing", "[random][long]") { run(&indexing_ops, many); }
TEST_CASE("many random products", "[random][long]") { run(&product_ops, many); }
TEST_CASE("many random windows", "[random][long]") { run(&window_ops, many); }
TEST_CASE("many random normalisations", "[random][long]") { run(&normalisation_ops, many); }
TEST_CASE("many random losses", "[random][long]") { run(&loss_ops, many); }
TEST_CASE("many random class losses", "[random][long]") { run(&class_loss_ops, many); }
TEST_CASE("many random copies and edits", "[random][long]") { run(&creation_ops, many); }

}  // namespace
}  // namespace chainrule_test::drawn
