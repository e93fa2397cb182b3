// The figures that the pages show: every text of every one can be read.

#include "support/catch.hpp"
#include "support/figure.hpp"
#include <filesystem>
#include <fstream>
#include <sstream>

TEST_CASE("no text of a page's figures overlaps another or is cut off", "[examples][docs]") {
  int figures = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CHAINRULE_SOURCE_DIR "/docs/tutorials")) {
    if (entry.path().extension() != ".svg") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    INFO(entry.path().string());
    chainrule_test::check_no_overlap(text.str());
    CHECK(text.str().find("<title") != std::string::npos);
    CHECK(text.str().find("<desc") != std::string::npos);
    ++figures;
  }
  CHECK(figures > 0);
}
