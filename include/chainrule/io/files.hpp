#pragma once
// What the readers and writers ask of the file system. Of POSIX, since <filesystem> costs each file that includes it
// half a second.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

namespace chainrule::io::detail {

bool exists(const std::string& path);                 // a file, a folder, a pipe
bool is_folder(const std::string& path);              // false if there is nothing
std::uint64_t size_of_file(const std::string& path);  // 0 if there is none; a first guess, for a pipe has no size
std::string current_folder();
bool move_over(const std::string& from, const std::string& to);  // in one step; false, and errno, if it cannot be
/// "folder/name", and "name" where the folder is "".
std::string join_path(const std::string& folder, const std::string& name);
/// Writes a file beside `path` and moves it there in one step: when it throws, what was at `path` still is.
[[gnu::cold]] void replace_file(const std::string& path, const void* bytes, std::size_t size, Location at);

}  // namespace chainrule::io::detail

#if CHAINRULE_DEFINITIONS
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace chainrule::io::detail {

CHAINRULE_INLINE bool exists(const std::string& path) {
  struct stat s;
  return ::stat(path.c_str(), &s) == 0;
}

CHAINRULE_INLINE bool is_folder(const std::string& path) {
  struct stat s;
  return ::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

CHAINRULE_INLINE std::uint64_t size_of_file(const std::string& path) {
  struct stat s;
  return ::stat(path.c_str(), &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

CHAINRULE_INLINE std::string current_folder() {
  char path[4096];
  return ::getcwd(path, sizeof path) ? path : ".";
}

CHAINRULE_INLINE bool move_over(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0;
}

CHAINRULE_INLINE std::string join_path(const std::string& folder, const std::string& name) {
  return folder.empty() || folder.back() == '/' ? folder + name : folder + '/' + name;
}

[[gnu::cold]] CHAINRULE_INLINE void replace_file(const std::string& path, const void* bytes, std::size_t size,
                                                 Location at) {
  const std::string beside = path + ".part";
  std::FILE* file = std::fopen(beside.c_str(), "wb");
  check(file != nullptr, at, path, ": cannot be written: ", std::string(std::strerror(errno)),
        "; does the folder exist?");
  bool ok = std::fwrite(bytes, 1, size, file) == size;
  ok = std::fclose(file) == 0 && ok;
  const bool moved = ok && move_over(beside, path);
  const std::string reason = !ok ? "is the disk full?" : std::strerror(errno);
  if (!moved) std::remove(beside.c_str());
  check(moved, at, path, ": cannot be written: ", reason);
}

}  // namespace chainrule::io::detail
#endif
