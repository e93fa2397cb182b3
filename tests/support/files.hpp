#pragma once
// Where the tests find their files. A test whose files are not there says so in a line that ctest counts as skipped.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace chainrule_test {

namespace detail {
inline std::string from_environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}
}  // namespace detail

/// Data sets: mnist/, ...
inline std::string data_dir() { return detail::from_environment("CHAINRULE_DATA_DIR", CHAINRULE_DATA_DIR); }
/// What PyTorch computed.
inline std::string parity_dir() { return detail::from_environment("CHAINRULE_PARITY_DIR", CHAINRULE_PARITY_DIR); }
/// The project's own files: docs/, include/.
inline std::string source_dir() { return CHAINRULE_SOURCE_DIR; }

/// True if the file or folder exists; else says that the test is skipped.
inline bool present(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return true;
  std::printf("SKIPPED: %s is not there\n", path.c_str());
  return false;
}

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace chainrule_test
