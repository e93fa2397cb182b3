// What chainrule::compiled holds stands in lists, include/chainrule/compiled/*.inc. They are made from the headers:
// this test makes them again and says which lines are missing or too many.
//     CHAINRULE_WRITE_LISTS=1 house_tests "[instances]"     writes them

#include "support/catch.hpp"
#include "support/files.hpp"
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <vector>

namespace fs = std::filesystem;
using chainrule_test::read_text;
using chainrule_test::source_dir;

namespace {

/// Cannot be instantiated for float, or is only part of a larger name.
const std::set<std::string> left_out{"bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "type_name"};

/// Something in namespace `space` of which there is an instance for float.
struct Instance {
  std::string space, text;
};

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// Without comments, but for those that close a namespace, and without what strings say.
std::string code_of(const std::string& text) {
  std::string code;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool line_begins = i == 0 || text[i - 1] == '\n';
    if (line_begins && text.compare(i, 14, "}  // namespac") == 0) {
      while (i < text.size() && text[i] != '\n') code += text[i++];
    } else if (text.compare(i, 2, "//") == 0) {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (text[i] == '\'' && i + 3 < text.size() && (text[i + 2] == '\'' || text[i + 3] == '\'')) {
      i = text.find('\'', i + 2);  // a character
    } else if (text[i] == '"') {
      code += '"';
      while (text[++i] != '"')
        if (text[i] == '\\') ++i;
    }
    if (i < text.size()) code += text[i];
  }
  return code;
}

/// Every run of white space is one space; none after "(".
std::string on_one_line(const std::string& text) {
  std::string line;
  for (char c : text) {
    if (c == '\n') c = ' ';
    if (c == ' ' && (line.empty() || line.back() == ' ' || line.back() == '(')) continue;
    line += c;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

/// The parameters without default arguments.
std::string without_defaults(const std::string& parameters) {
  std::string kept;
  int depth = 0;
  bool in_default = false;
  for (char c : parameters) {
    if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '>' || c == '}' || c == ']') --depth;
    if (depth == 0 && c == '=') in_default = true;
    if (depth == 0 && c == ',') in_default = false;
    if (in_default) continue;
    if (c == ',')
      while (kept.back() == ' ') kept.pop_back();
    kept += c;
  }
  while (!kept.empty() && kept.back() == ' ') kept.pop_back();
  return kept;
}

/// The element type T becomes `type`.
std::string with_type(const std::string& text, const std::string& type) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool alone =
        text[i] == 'T' && (i == 0 || !is_letter(text[i - 1])) && (i + 1 == text.size() || !is_letter(text[i + 1]));
    result += alone ? type : std::string(1, text[i]);
  }
  return result;
}

/// The instance for float of the template whose text, from behind "template <...>" on, this is; empty if there is none.
std::string instance_of(const std::string& text, const std::string& space) {
  int depth = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '(') ++depth;
    if (text[end] == ')') --depth;
    if (depth == 0 && (text[end] == '{' || text[end] == ';')) break;
  }
  if (end == text.size() || text[end] == ';') return {};
  std::string head = on_one_line(text.substr(0, end));
  if (head.starts_with("[[")) head = on_one_line(head.substr(head.find("]]") + 2));
  const bool has_layers = space == "chainrule::nn" || space == "chainrule::optim";
  for (const std::string kind : {"class ", "struct "})
    if (head.starts_with(kind)) {
      const std::string name = head.substr(kind.size(), head.find_first_of(" :<", kind.size()) - kind.size());
      return has_layers ? kind + name + "<float>" : "";
    }
  const auto open = head.find('(');
  if (open == std::string::npos || !head.ends_with(')') || head.starts_with("requires")) return {};
  auto name = open;
  while (name > 0 && is_letter(head[name - 1])) --name;
  const std::string called = head.substr(name, open - name);
  std::string result = head.substr(0, name);
  if (result.starts_with("inline ")) result = result.substr(7);
  if (result.empty() || result.ends_with("::") || left_out.count(called)) return {};
  for (const char* word : {"constexpr", "auto", "operator", "using", "concept", "friend", "..."})
    if ((result + head.substr(open)).find(word) != std::string::npos) return {};
  return with_type(result + called + "<T>(" + without_defaults(head.substr(open + 1, head.size() - open - 2)) + ")",
                   "float");
}

/// Everything in a header that has an instance for float, but what only the library itself uses.
std::vector<Instance> instances_of(const std::string& text) {
  std::vector<Instance> found;
  std::vector<std::string> spaces;
  const std::string code = code_of(text);
  for (std::size_t at = 0, end; at < code.size(); at = end + 1) {
    end = std::min(code.find('\n', at), code.size());
    const std::string line = on_one_line(code.substr(at, end - at));
    if (line.starts_with("namespace ") && line.ends_with(" {")) spaces.push_back(line.substr(10, line.size() - 12));
    if (line.starts_with("} // namespac") && !spaces.empty()) spaces.pop_back();
    std::string space;
    for (const auto& s : spaces) space += (space.empty() ? "" : "::") + s;
    if (space.find("detail") != std::string::npos || space.ends_with("::fn") || space.ends_with("::math") ||
        space.ends_with("::simd"))
      continue;
    for (const std::string start :
         {"template <class T>", "template <Real T>", "template <Element T>", "template <class T = float>",
          "template <Real T = float>", "template <Element T = float>"})
      if (code[at] == start[0] && line.starts_with(start))
        if (auto text_of_it = instance_of(code.substr(at + start.size()), space); !text_of_it.empty())
          found.push_back({space, text_of_it});
  }
  return found;
}

/// The ops of a header that only declare their CPU kernel, for float and double.
std::vector<std::string> kernels_of(const std::string& text) {
  std::vector<std::string> found;
  for (auto at = text.find("[[gnu::weak]] static fn cpu;"); at != std::string::npos;
       at = text.find("[[gnu::weak]] static fn cpu;", at + 1)) {
    const auto begin = text.rfind("\ntemplate <", at) + 1, name = text.find("struct ", begin) + 7;
    const std::string op = text.substr(name, text.find(' ', name) - name);
    const bool two = text.compare(begin, 27, "template <class T, class I>") == 0;
    for (const std::string type : {"float", "double"})
      for (const std::string& index :
           two ? std::vector<std::string>{", std::int32_t", ", std::uint8_t"} : std::vector<std::string>{""})
        found.push_back("struct " + op + "<" + type + index + ">");
  }
  return found;
}

std::vector<std::string> headers_in(const std::string& folder) {
  std::vector<std::string> all;
  const fs::path top = source_dir() + "/include/chainrule";
  for (const auto& entry : fs::directory_iterator(top / folder))
    if (entry.path().extension() == ".hpp") all.push_back(fs::relative(entry.path(), top).generic_string());
  std::sort(all.begin(), all.end());
  return all;
}

/// The lists as they should be: file name -> lines.
std::map<std::string, std::vector<std::string>> lists() {
  std::map<std::string, std::vector<std::string>> all;
  std::map<std::string, std::string> space_of;
  const auto add = [&](const std::string& list, const Instance& instance) {
    std::string& space = space_of[list];
    if (space != instance.space) {
      if (!space.empty()) all[list].push_back("}  // namespace " + space);
      all[list].push_back("namespace " + instance.space + " {");
      space = instance.space;
    }
    all[list].push_back("CHAINRULE_INSTANCE " + instance.text + ";");
  };
  const std::map<std::string, std::string> list_of{{"autograd", "modules.inc"}, {"nn", "modules.inc"},
                                                   {"optim", "modules.inc"},    {"data", "data.inc"},
                                                   {"io", "data.inc"},          {"train", "data.inc"}};
  for (const std::string folder : {"core", "ops", "autograd", "nn", "optim", "data", "io", "train"})
    for (const auto& header : headers_in(folder)) {
      const auto text = read_text(source_dir() + "/include/chainrule/" + header);
      const auto known = list_of.find(folder);
      const bool early = header < "ops/i";
      for (const auto& instance : instances_of(text))
        add(known != list_of.end() ? known->second : early ? "ops_a_to_h.inc" : "ops_i_to_z.inc", instance);
      if (folder == "ops")
        for (const auto& kernel : kernels_of(text)) add("kernels.inc", {"chainrule::fn", kernel});
    }
  for (auto& [list, lines] : all) lines.push_back("}  // namespace " + space_of[list]);
  return all;
}

/// The lines of a list, whatever clang-format made of them, without those that close a namespace.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (char c : code_of(text)) {
    line += c;
    if (c == '\n' && line.find("}  // namespac") != std::string::npos) line.clear();
    if (c != ';' && c != '{') continue;
    lines.push_back(on_one_line(line));
    line.clear();
  }
  return lines;
}

}  // namespace

TEST_CASE("an instance is read from the text of a header", "[house][instances]") {
  const auto found = instances_of(
      "namespace chainrule {\n"
      "/// template <class T> void comment(T) {\n"
      "template <Real T>\n"
      "Tensor<T> both(const Tensor<T>& x, const std::type_identity_t<Options<T>>& o = {.a = 1},\n"
      "               Location at = Location::here()) {\n  return x;\n}\n"
      "template <class T> Tensor<T> only_declared(const Tensor<T>& x);\n"
      "template <class T, class F> void two(T, F) {}\n"
      "template <class T> Tensor<T> Tensor<T>::relu(Location at) const {}\n"
      "namespace detail {\ntemplate <class T> void inner(T) {}\n}  // namespace detail\n"
      "}  // namespace chainrule\n"
      "namespace chainrule::nn {\ntemplate <class T> struct BasicLinear : Module<BasicLinear<T>> {\n};\n}  // "
      "namespace x\n");
  REQUIRE(found.size() == 2);
  CHECK(
      found[0].text ==
      "Tensor<float> both<float>(const Tensor<float>& x, const std::type_identity_t<Options<float>>& o, Location at)");
  CHECK(found[1].space == "chainrule::nn");
  CHECK(found[1].text == "struct BasicLinear<float>");
  CHECK(kernels_of("\ntemplate <class T> struct Softmax {\n  [[gnu::weak]] static fn cpu;\n") ==
        std::vector<std::string>{"struct Softmax<float>", "struct Softmax<double>"});
}

TEST_CASE("the lists of chainrule::compiled name all that the headers have", "[house][instances]") {
  const bool writes = std::getenv("CHAINRULE_WRITE_LISTS") != nullptr;
  for (auto [list, lines] : lists()) {
    const std::string path = source_dir() + "/include/chainrule/compiled/" + list;
    if (writes) {
      std::ofstream file(path);
      file << "// Made from the headers, and compared with them, by tests/house/instances_test.cpp.\n\n";
      for (const auto& line : lines) file << line << '\n';
      continue;
    }
    std::erase_if(lines, [](const std::string& line) { return line.starts_with('}'); });
    INFO(list << ": CHAINRULE_WRITE_LISTS=1 house_tests \"[instances]\" makes it again; then clang-format -i");
    const auto there = lines_of(read_text(path));
    std::vector<std::string> missing, too_many;
    for (const auto& line : lines)
      if (std::find(there.begin(), there.end(), line) == there.end()) missing.push_back(line);
    for (const auto& line : there)
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) too_many.push_back(line);
    CHECK(missing == std::vector<std::string>{});
    CHECK(too_many == std::vector<std::string>{});
    CHECK(there.size() == lines.size());
  }
}
