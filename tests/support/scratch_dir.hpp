#pragma once
// A folder for the files of one test, gone when the test ends.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <random>

namespace chainrule_test {

class ScratchDir {
 public:
  ScratchDir() {
    std::random_device random;  // tests run in parallel, each in its own folder
    do {
      path_ = std::filesystem::temp_directory_path() /
              ("chainrule-test-" + std::to_string(random()) + std::to_string(random()));
    } while (!std::filesystem::create_directories(path_));
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  std::string path(const std::string& name = "") const { return (path_ / name).string(); }

  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::span<const std::uint8_t> bytes) const {
    std::ofstream out(path_ / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path(name));
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace chainrule_test
