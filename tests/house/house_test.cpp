// The house keeps its own rules: no include runs upward, no line is too long, the map names every folder and no file
// that is not there.

#include "support/catch.hpp"
#include "support/files.hpp"
#include <filesystem>
#include <map>
#include <vector>

namespace fs = std::filesystem;
using chainrule_test::read_text;
using chainrule_test::source_dir;

namespace {

// Of folders, and of the headers beside them. What includes lies as high as what is included, or higher.
const std::map<std::string, int> floor_of{
    {"fwd.hpp", 0},      {"core", 0},       {"ops", 10},        {"ops.hpp", 10},
    {"cpu", 15},         {"cpu.hpp", 15},   {"cuda", 15},       {"cuda.cuh", 70},
    {"autograd", 20},    {"nn", 30},        {"nn.hpp", 30},     {"optim", 40},
    {"api.hpp", 45},     {"eigen.hpp", 45}, {"optim.hpp", 40},  {"data", 50},
    {"data.hpp", 50},    {"io", 50},        {"io.hpp", 50},     {"train", 60},
    {"train.hpp", 60},   {"models", 60},    {"models.hpp", 60}, {"chainrule.hpp", 70},
    {"kernels.hpp", 80}, {"compiled", 40},  {"image", 50},      {"image.hpp", 50},
    {"plot", 61},        {"plot.hpp", 61}};  // plot draws what train collects

/// "ops/relu.hpp", "cpu/gemm/gemm.hpp", "api.hpp": the headers, from include/chainrule/ on.
std::vector<std::string> headers() {
  std::vector<std::string> all;
  const fs::path top = source_dir() + "/include/chainrule";
  for (const auto& entry : fs::recursive_directory_iterator(top))
    if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cuh" || entry.path().extension() == ".inc")
      all.push_back(fs::relative(entry.path(), top).generic_string());
  return all;
}
/// "ops" of "ops/relu.hpp"; "api.hpp" itself.
std::string folder(const std::string& header) { return header.substr(0, header.find('/')); }

/// What stands between `open` and `close`, wherever it does.
std::vector<std::string> quoted(const std::string& text, const std::string& open, const std::string& close) {
  std::vector<std::string> all;
  for (auto at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const auto begin = at + open.size(), end = text.find(close, begin);
    if (end != std::string::npos) all.push_back(text.substr(begin, end - begin));
  }
  return all;
}

/// One line for each include that runs upward, or that has no floor.
std::vector<std::string> upward(const std::string& header, const std::string& text) {
  std::vector<std::string> found;
  const auto mine = floor_of.find(folder(header));
  if (mine == floor_of.end()) return {header + " has no floor"};
  for (const auto& other : quoted(text, "#include <chainrule/", ">")) {
    const auto theirs = floor_of.find(folder(other));
    if (theirs == floor_of.end() || theirs->second > mine->second) found.push_back(header + " includes " + other);
  }
  return found;
}

}  // namespace

TEST_CASE("no include runs upward", "[house]") {
  CHECK(upward("core/x.hpp", "#include <chainrule/ops/add.hpp>\n#include <chainrule/core/node.hpp>").size() == 1);
  CHECK(upward("nn/x.hpp", "#include <chainrule/api.hpp>\n#include <chainrule/fwd.hpp>").size() == 1);
  CHECK(upward("ops/x.hpp", "#include <chainrule/cpu/gemm/gemm.hpp>").size() == 1);
  CHECK(upward("cellar/x.hpp", "").size() == 1);
  std::vector<std::string> found;
  for (const auto& header : headers())
    for (const auto& one : upward(header, read_text(source_dir() + "/include/chainrule/" + header)))
      found.push_back(one);
  CHECK(found == std::vector<std::string>{});
}

TEST_CASE("lines have at most 120 columns", "[house]") {
  std::vector<std::string> found;
  for (const char* top : {"include", "tests", "examples", "benchmarks"})
    for (const auto& entry : fs::recursive_directory_iterator(source_dir() + "/" + top)) {
      const auto ending = entry.path().extension();
      if (ending != ".hpp" && ending != ".cpp" && ending != ".cuh" && ending != ".cu" && ending != ".inc") continue;
      if (entry.path().string().find("compile_fail") != std::string::npos) continue;  // their sentences are one line
      std::string line;
      int number = 1;
      for (char c : read_text(entry.path().string())) {
        if (c != '\n') {
          line +=
              static_cast<unsigned char>(c) >> 6 != 2 ? std::string(1, c) : "";  // a character of UTF-8 is one column
          continue;
        }
        if (line.size() > 120) found.push_back(entry.path().string() + ":" + std::to_string(number));
        line.clear();
        ++number;
      }
    }
  CHECK(found == std::vector<std::string>{});
}

TEST_CASE("docs/map.md names every folder, and every file that it names is there", "[house][docs]") {
  const auto map = read_text(source_dir() + "/docs/map.md");
  const auto links = quoted(map, "](", ")");
  CHECK(links.size() > 40);
  for (const auto& link : links) {
    INFO(link);
    CHECK(fs::exists(source_dir() + "/docs/" + link));
  }
  for (const auto& header : headers()) {
    const auto slash = header.rfind('/');
    if (slash == std::string::npos) continue;
    INFO(header);
    CHECK(map.find("(../include/chainrule/" + header.substr(0, slash) + ")") != std::string::npos);
  }
}
