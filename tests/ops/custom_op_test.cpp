// An op added outside of the library, as docs/adding-an-op.md tells: nothing in the library is touched, and the
// document's code is the code that runs here.

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/softsign.hpp"

namespace chainrule_test {
namespace {

namespace cr = chainrule;

// [composite]
template <class T> cr::Tensor<T> softsign_composite(const cr::Tensor<T>& x) { return x / (1 + cr::abs(x)); }
// [/composite]

TEST_CASE("an op added outside of the library", "[ops][docs]") {
  // [check]
  auto x = cr::tensor<double>({-1, 0.5, 3}, {.requires_grad = true});
  CHECK(softsign(x).to_vector() == std::vector<double>{-0.5, 1.0 / 3, 0.75});
  CHECK(cr::gradcheck([](const cr::Tensor<double>& in) { return softsign(in); }, {x}));
  CHECK(cr::gradgradcheck([](const cr::Tensor<double>& in) { return softsign(in); }, {x}));
  // [/check]
  CHECK(softsign_composite(x).to_vector() == softsign(x).to_vector());
  softsign(x).sum().backward();
  CHECK(x.grad().at({0}) == Approx(0.25));
  CHECK(std::string(softsign(x).grad_fn()->op) == "softsign");
  auto with_strides = cr::tensor({{1, 2}, {3, 4}}).t();
  CHECK(softsign(with_strides).at({1, 0}) == Approx(2.0 / 3));
}

// The lines between "// [name]" and "// [/name]", without the indentation of the first.
std::string region(const std::string& file, const std::string& name) {
  const auto text = read_text(source_dir() + "/" + file);
  const auto open = "// [" + name + "]\n", close = "// [/" + name + "]";
  auto begin = text.find(open);
  const auto end = text.find(close);
  if (begin == std::string::npos || end == std::string::npos) return "region " + name + " is not in " + file;
  const std::size_t indent = begin - (text.rfind('\n', begin) + 1);
  begin += open.size();
  std::string result, line;
  for (std::size_t i = begin; i < end; ++i) {
    line += text[i];
    if (text[i] != '\n') continue;
    result += line.size() > indent ? line.substr(indent) : "\n";
    line.clear();
  }
  return result;
}

// Every code block of a document that says where it comes from is, to the letter, what stands there:
//     <!-- from FILE: NAME -->
// Gives how many blocks there were.
int check_quotes(const std::string& document) {
  const auto text = read_text(source_dir() + "/" + document);
  const std::string mark = "<!-- from ";
  int blocks = 0;
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const auto colon = text.find(": ", at), close = text.find(" -->", at), fence = text.find("```cpp\n", at),
               end = text.find("```", fence + 7);
    REQUIRE(end != std::string::npos);
    const auto file = text.substr(at + mark.size(), colon - at - mark.size()),
               name = text.substr(colon + 2, close - colon - 2);
    INFO(file << ": " << name);
    CHECK(text.substr(fence + 7, end - fence - 7) == region(file, name));
    ++blocks;
  }
  return blocks;
}

TEST_CASE("documents quote code that is tested", "[ops][docs]") {
  CHECK(check_quotes("docs/adding-an-op.md") == 4);
  CHECK(check_quotes("docs/own-parts.md") == 9);
  CHECK(check_quotes("docs/coming-from-pytorch.md") == 7);
  CHECK(check_quotes("README.md") == 1);
}

}  // namespace
}  // namespace chainrule_test
