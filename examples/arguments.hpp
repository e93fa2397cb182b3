#pragma once
// Command-line options of the examples: --help, --seed, --threads, and what an example adds. Parsed by getopt_long. All
// of them are checked before the program begins: a wrong one ends it with one line on stderr (the value, the choices)
// and exit code 2.

#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>
#include <chainrule/chainrule.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

// Of files, by POSIX: <filesystem> would cost each program more than a second to compile.
inline bool is_folder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}
inline bool is_file(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}
inline bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }
/// The folder that a path lies in; "" for a name alone.
inline std::string folder_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1));
}

/// What an option takes.
struct Takes {
  enum Kind { text, integer, real, choice, flag_kind, file_to_read, file_to_write, folder } kind = text;
  double least = 0, most = 0;  // of a number
  std::vector<std::string> choices = {};

  static Takes number(long least, long most) { return {integer, double(least), double(most), {}}; }
  static Takes real_number(double least, double most) { return {real, least, most, {}}; }
  static Takes one_of(std::vector<std::string> choices) { return {choice, 0, 0, std::move(choices)}; }
  static Takes flag() { return {flag_kind, 0, 0, {}}; }  ///< nothing: it stands there or not
  static Takes existing_file() { return {file_to_read, 0, 0, {}}; }
  static Takes new_file() { return {file_to_write, 0, 0, {}}; }
  static Takes folder_to_write() { return {folder, 0, 0, {}}; }  ///< made if it is missing
};

/// One option: its name, its default, the line that --help prints, and what it takes.
struct Option {
  std::string name, value, help;
  Takes takes = {};
};

/// The options of one run.
///     Arguments args(argc, argv, "Trains ...", {{"epochs", "3", "passes over the data", Takes::number(1, 1000)}});
class Arguments {
 public:
  Arguments(int argc, char** argv, const std::string& about, std::vector<Option> options)
      : program_(argv[0]), options_(std::move(options)) {
    chainrule::cpu::isa();  // an environment variable that is wrong ends the program here as well
    options_.push_back({"seed", "0", "start of all random numbers: the same seed gives the same run",
                        Takes::number(0, 2'000'000'000)});
    options_.push_back({"threads", std::to_string(chainrule::get_num_threads()),
                        "threads to use; results do not depend on it", Takes::number(1, 65536)});
    std::vector<option> table;
    for (const auto& o : options_)
      table.push_back({o.name.c_str(), o.takes.kind == Takes::flag_kind ? no_argument : required_argument, nullptr, 0});
    table.push_back({"help", no_argument, nullptr, 'h'});
    table.push_back({nullptr, 0, nullptr, 0});
    opterr = 0;  // the messages are ours
    int index = 0;
    for (int got; (got = getopt_long(argc, argv, ":h", table.data(), &index)) != -1;) {
      if (got == 'h') help(about);
      else if (got == 0) options_[static_cast<std::size_t>(index)].value = optarg ? optarg : "yes";
      else if (got == ':') refuse(std::string(argv[optind - 1]) + " needs a value");
      else refuse(std::string("there is no option ") + argv[optind - 1] + "; the options are " + names());
    }
    if (optind < argc) refuse(std::string("'") + argv[optind] + "' belongs to no option; the options are " + names());
    for (const auto& o : options_) check(o);
    for (const auto& o : options_)  // only when all of them are right
      if (o.takes.kind == Takes::folder) make_folder(o);
    chainrule::set_num_threads(static_cast<int>(integer("threads")));
    chainrule::manual_seed(static_cast<std::uint64_t>(integer("seed")));
  }

  const std::string& text(const std::string& name) const { return find(name).value; }
  long integer(const std::string& name) const { return std::strtol(find(name).value.c_str(), nullptr, 10); }
  double real(const std::string& name) const { return std::strtod(find(name).value.c_str(), nullptr); }
  bool on(const std::string& name) const { return find(name).value == "yes"; }

  /// Ends the program: one line on stderr, exit code 2.
  [[noreturn]] void refuse(const std::string& what) const {
    std::fflush(stdout);
    std::fprintf(stderr, "%s: %s (--help explains them)\n", program_.c_str(), what.c_str());
    std::exit(2);
  }

 private:
  const Option& find(const std::string& name) const {
    for (const auto& o : options_)
      if (o.name == name) return o;
    chainrule::fail({}, "this example has no option --", name);
  }
  std::string names() const {
    std::string all;
    for (const auto& o : options_) all += "--" + o.name + ", ";
    return all + "--help";
  }

  void check(const Option& o) const {
    const std::string got = "--" + o.name + " is '" + o.value + "'; it takes ";
    if (o.takes.kind == Takes::integer) {
      char* end = nullptr;
      errno = 0;
      const double v = static_cast<double>(std::strtol(o.value.c_str(), &end, 10));
      if (o.value.empty() || *end || errno != 0 || v < o.takes.least || v > o.takes.most)
        refuse(got + "a whole number from " + std::to_string(static_cast<long>(o.takes.least)) + " to " +
               std::to_string(static_cast<long>(o.takes.most)));
    } else if (o.takes.kind == Takes::real) {
      char* end = nullptr;
      const double v = std::strtod(o.value.c_str(), &end);
      if (o.value.empty() || *end || !(v >= o.takes.least && v <= o.takes.most)) {
        char range[80];
        std::snprintf(range, sizeof range, "a number from %g to %g", o.takes.least, o.takes.most);
        refuse(got + range);
      }
    } else if (o.takes.kind == Takes::choice) {
      std::string known;
      for (const auto& c : o.takes.choices) {
        if (c == o.value) return;
        known += (known.empty() ? "" : ", ") + c;
      }
      refuse(got + "one of " + known);
    } else if (o.takes.kind == Takes::file_to_write && !o.value.empty()) {
      if (const std::string why = cannot_write(o.value); !why.empty())
        refuse(got + "a file that can be written: " + why);
    } else if (o.takes.kind == Takes::file_to_read && !o.value.empty()) {
      if (is_folder(o.value)) refuse(got + "a file, and this is a folder");
      if (!file_exists(o.value)) refuse(got + "a file, and there is none of this name");
      if (!is_file(o.value)) refuse(got + "a file, and this is a device or a pipe");
    } else if (o.takes.kind == Takes::folder) {
      if (const std::string why = cannot_be_folder(o.value); !why.empty())
        refuse(got + "a folder to write into: " + why);
    }
  }
  void make_folder(const Option& o) const {
    for (std::size_t end = 1; end <= o.value.size(); ++end)  // "a", "a/b", "a/b/c"
      if (end == o.value.size() || o.value[end] == '/') mkdir(o.value.substr(0, end).c_str(), 0777);
    if (!is_folder(o.value))
      refuse("--" + o.name + " is '" + o.value + "', a folder that cannot be made: " + std::strerror(errno) +
             "; choose another place");
  }
  /// Why a folder at `path` cannot be made or written into, or "". Makes nothing.
  static std::string cannot_be_folder(const std::string& path) {
    if (path.empty()) return "a name is missing; '.' is the present folder";
    std::string there = path;
    while (!there.empty() && !file_exists(there)) there = folder_of(there);
    if (there.empty()) there = ".";
    if (!is_folder(there)) return there + " is a file; choose another name";
    if (access(there.c_str(), W_OK) != 0) return "no right to write in " + there + "; choose another place";
    return "";
  }
  /// Why a file cannot be written at `path`, or "". Leaves what is there as it is.
  static std::string cannot_write(const std::string& path) {
    if (is_folder(path)) return "this is a folder; add a name";
    if (const auto folder = folder_of(path); !folder.empty() && !is_folder(folder))
      return "there is no folder " + folder + "; make it first";
    const std::string beside = path + ".part";  // what save() writes before it moves it into place
    const bool there = file_exists(beside);
    std::FILE* file = std::fopen(beside.c_str(), "ab");
    if (!file) return std::string(std::strerror(errno)) + "; choose another place";
    std::fclose(file);
    if (!there) std::remove(beside.c_str());
    return "";
  }

  [[noreturn]] void help(const std::string& about) const {
    std::printf("%s\n\nusage: %s [options]\n", about.c_str(), program_.c_str());
    for (const auto& o : options_) {
      std::string what = o.help;
      if (o.takes.kind == Takes::flag_kind) what += ", if it is given";
      for (const auto& c : o.takes.choices) what += (&c == &o.takes.choices.front() ? ": " : ", ") + c;
      if (!o.value.empty()) what += " (default: " + o.value + ')';
      std::printf("  --%-12s %s\n", o.name.c_str(), what.c_str());
    }
    std::printf("  --%-12s %s\n", "help", "print this");
    std::exit(0);
  }

  std::string program_;
  std::vector<Option> options_;
};

/// Writes a whole file: beside it first, then in its place, so that a failure leaves what was there.
inline void write_text(const std::string& path, const std::string& text) {
  const std::string beside = path + ".part";
  std::FILE* file = std::fopen(beside.c_str(), "wb");
  const bool written = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file && std::fclose(file) == 0;
  chainrule::check(written && closed && std::rename(beside.c_str(), path.c_str()) == 0, {}, "cannot write ", path, ": ",
                   std::strerror(errno));
}

/// Runs an example; an Error is printed, not thrown at the user.
template <class Program> int run_example(const Program& program) {
  try {
    program();
    return 0;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
