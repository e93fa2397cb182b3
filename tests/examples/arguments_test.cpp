// The options of the examples: a wrong one ends the program before it begins, with one line on stderr and exit code 2.

#include "../../examples/arguments.hpp"
#include "support/child.hpp"
#include "support/scratch_dir.hpp"
#include <filesystem>

using chainrule_test::Contains;

namespace {

chainrule_test::Ending with(std::vector<std::string> words) {
  return chainrule_test::in_child([&] {
    words.insert(words.begin(), "program");
    std::vector<char*> argv;
    for (auto& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    optind = 0;  // getopt begins anew
    Arguments args(static_cast<int>(words.size()), argv.data(), "Trains.",
                   {{"epochs", "3", "passes over the data", Takes::number(1, 1000)},
                    {"activation", "relu", "the nonlinearity", Takes::one_of({"relu", "tanh"})},
                    {"save", "", "where to", Takes::new_file()},
                    {"augment", "no", "more pictures", Takes::flag()},
                    {"lr", "0.1", "learning rate", Takes::real_number(0, 10)},
                    {"image", "", "a picture", Takes::existing_file()},
                    {"out", ".", "where to", Takes::folder_to_write()}});
    std::printf("%ld %s %d", args.integer("epochs"), args.text("activation").c_str(), chainrule::get_num_threads());
    if (args.on("augment")) std::printf(" augmented %g", args.real("lr"));
    std::fflush(stdout);
  });
}

void refused(std::vector<std::string> words, const std::string& text) {
  const auto e = with(std::move(words));
  CHECK(e.code == 2);
  CHECK(e.out.empty());
  CHECK_THAT(e.error, Contains(text));
  CHECK(e.error.find('\n') == e.error.size() - 1);
}

}  // namespace

TEST_CASE("options of examples are checked before the program begins", "[examples]") {
  refused({"--epochs", "abc"}, "--epochs is 'abc'; it takes a whole number from 1 to 1000");
  for (const char* wrong : {"", "0", "1001", "-1", "3x", "1e2", "99999999999999999999"})
    refused({"--epochs", wrong}, "it takes a whole number from 1 to 1000");
  refused({"--threads", "4294967297"}, "--threads is '4294967297'; it takes a whole number from 1 to 65536");
  refused({"--seed=-1"}, "--seed is '-1'");
  refused({"--activation", "swish"}, "--activation is 'swish'; it takes one of relu, tanh");
  refused({"--save", "/no/such/folder/x.safetensors"}, "there is no folder /no/such/folder");
  refused({"--epochs"}, "--epochs needs a value");
  refused({"--batch", "3"},
          "there is no option --batch; the options are --epochs, --activation, --save, --augment, --lr, "
          "--image, --out, --seed, --threads, --help");
  for (const char* wrong : {"", "x", "1.5y", "-0.1", "11", "nan"})
    refused({"--lr", wrong}, "it takes a number from 0 to 10");
  refused({"--image", "/no/such/picture.png"}, "it takes a file, and there is none of this name");
  refused({"--image", "/"}, "it takes a file, and this is a folder");
  refused({"--image", "/dev/zero"}, "it takes a file, and this is a device or a pipe");
  refused({"7"}, "'7' belongs to no option");
}

TEST_CASE("options of examples that are right reach the program", "[examples]") {
  chainrule_test::ScratchDir folder;
  const std::string file = folder.path("net.safetensors");
  const auto e = with({"--epochs", "7", "--activation=tanh", "--threads", "1", "--save", file});
  CHECK(e.code == -1);
  CHECK(e.out == "7 tanh 1");
  CHECK(e.error.empty());
  CHECK(std::filesystem::is_empty(folder.path()));  // the check of --save leaves nothing behind
  refused({"--save", folder.path()}, "this is a folder");
  CHECK(with({"--augment", "--lr=2.5", "--threads=1"}).out == "3 relu 1 augmented 2.5");
  const auto help = with({"--help"});
  CHECK(help.code == 0);
  CHECK_THAT(help.out, Contains("the nonlinearity: relu, tanh (default: relu)"));
}

TEST_CASE("a folder to write into is made, but only if every option is right", "[examples]") {
  chainrule_test::ScratchDir folder;
  const std::string deep = folder.path("a/b");
  refused({"--out", deep, "--epochs", "0"}, "--epochs is '0'");
  CHECK(!std::filesystem::exists(folder.path("a")));
  CHECK(with({"--out", deep, "--threads", "1"}).error.empty());
  refused({"--out", "/proc/no_such_folder"}, "--out is '/proc/no_such_folder', a folder that cannot be made: ");
  CHECK(std::filesystem::is_directory(deep));
  std::fclose(std::fopen(folder.path("file").c_str(), "wb"));
  refused({"--out", folder.path("file/deep")}, "is a file; choose another name");
  refused({"--out", ""}, "it takes a folder to write into");
}
