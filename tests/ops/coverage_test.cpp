// Nothing is forgotten: every file of ops/ has a case, a line in ops.hpp and a row in docs/ops.md.

#include <algorithm>
#include <filesystem>
#include <set>
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/op_cases/op_case.hpp"

namespace chainrule_test {
namespace {

// Files of ops/ that hold no op of their own.
const std::set<std::string> not_ops = {"batch_norm_kernel", "class_labels",  "conv_shape", "edit_view", "gather_loop",
                                       "named_options",     "pairwise_loss", "print",      "reduction", "size2d"};

std::set<std::string> stems() {
  std::set<std::string> all;
  for (const auto& file : std::filesystem::directory_iterator(source_dir() + "/include/chainrule/ops"))
    if (file.path().extension() == ".hpp" && !not_ops.contains(file.path().stem().string()))
      all.insert(file.path().stem().string());
  return all;
}

TEST_CASE("every op has a case, an include in ops.hpp and a row in docs/ops.md", "[ops][docs]") {
  const auto includes = read_text(source_dir() + "/include/chainrule/ops.hpp"),
             table = read_text(source_dir() + "/docs/ops.md");
  std::set<std::string> cased;
  for (const auto& c : op_cases()) cased.insert(c.op);
  const auto ops = stems();
  CHECK(ops.size() > 50);
  for (const auto& op : ops) {
    INFO("ops/" << op << ".hpp");
    CHECK(cased.contains(op));
    CHECK(includes.find("#include <chainrule/ops/" + op + ".hpp>") != std::string::npos);
    CHECK(table.find("(../include/chainrule/ops/" + op + ".hpp)") != std::string::npos);
  }
  for (const auto& op : cased) {
    INFO("the cases of " << op);
    CHECK(ops.contains(op));
  }
}

}  // namespace
}  // namespace chainrule_test
