#pragma once
// Command-line options of the examples: --help, --epochs, --seed, --threads, --data and what an example adds. Parsed by getopt_long.

#include <getopt.h>
#include <chainrule/chainrule.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

/// One option: its name, its default, and the line that --help prints.
struct Option {
  std::string name, value, help;
};

/// The options of one run. `Arguments args(argc, argv, "Trains ...", {{"epochs", "3", "passes over the data"}});`
class Arguments {
 public:
  Arguments(int argc, char** argv, const std::string& about, std::vector<Option> options) : options_(std::move(options)) {
    options_.push_back({"seed", "0", "start of all random numbers: the same seed gives the same run"});
    options_.push_back({"threads", std::to_string(chainrule::get_num_threads()), "threads to use; results do not depend on it"});
    std::vector<option> table;
    for (const auto& o : options_) table.push_back({o.name.c_str(), required_argument, nullptr, 0});
    table.push_back({"help", no_argument, nullptr, 'h'});
    table.push_back({nullptr, 0, nullptr, 0});
    int index = 0;
    for (int got; (got = getopt_long(argc, argv, "h", table.data(), &index)) != -1;) {
      if (got == 0) options_[static_cast<std::size_t>(index)].value = optarg;
      else leave(argv[0], about, got == 'h' ? 0 : 2);
    }
    if (optind < argc) {
      std::fprintf(stderr, "%s: what is '%s'?\n", argv[0], argv[optind]);
      leave(argv[0], about, 2);
    }
    chainrule::set_num_threads(static_cast<int>(integer("threads", 1)));
    chainrule::manual_seed(static_cast<std::uint64_t>(integer("seed", 0)));
  }

  const std::string& text(const std::string& name) const {
    for (const auto& o : options_)
      if (o.name == name) return o.value;
    chainrule::fail({}, "this example has no option --", name);
  }
  /// A whole number of at least `least`.
  long integer(const std::string& name, long least = 1) const {
    char* end = nullptr;
    const long v = std::strtol(text(name).c_str(), &end, 10);
    if (end == text(name).c_str() || *end || v < least) {
      std::fprintf(stderr, "--%s takes a whole number of at least %ld, not '%s'\n", name.c_str(), least, text(name).c_str());
      std::exit(2);
    }
    return v;
  }

 private:
  [[noreturn]] void leave(const char* program, const std::string& about, int code) const {
    std::FILE* out = code == 0 ? stdout : stderr;
    std::fprintf(out, "%s\n\nusage: %s [options]\n", about.c_str(), program);
    for (const auto& o : options_) std::fprintf(out, "  --%-12s %s (default: %s)\n", o.name.c_str(), o.help.c_str(), o.value.c_str());
    std::fprintf(out, "  --%-12s %s\n", "help", "print this");
    std::exit(code);
  }
  std::vector<Option> options_;
};

/// Runs an example; an Error is printed, not thrown at the user.
template <class Program> int run_example(const Program& program) {
  try {
    program();
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
