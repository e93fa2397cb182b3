// CIFAR-10 and CIFAR-100: the real files where they are, and small or damaged ones made here.

#include <chainrule/data.hpp>
#include <filesystem>
#include <set>
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/scratch_dir.hpp"

namespace cr = chainrule;
namespace data = chainrule::data;
namespace fs = std::filesystem;
using chainrule_test::Contains;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// Records of CIFAR-10: record i has label (i + first) mod 10, and pixel p of it is i + p mod 251.
Bytes records(int count, int first = 0, int label_bytes = 1) {
  Bytes all;
  for (int i = 0; i < count; ++i) {
    if (label_bytes == 2) all.push_back(static_cast<std::uint8_t>((i + first) % 20));
    all.push_back(static_cast<std::uint8_t>((i + first) % (label_bytes == 2 ? 100 : 10)));
    for (int p = 0; p < 3072; ++p) all.push_back(static_cast<std::uint8_t>((i + p) % 251));
  }
  return all;
}
/// A file of the right size that takes no room: all labels and pixels are 0.
void write_empty(const std::string& path, std::uintmax_t size) {
  std::ofstream(path, std::ios::binary).close();
  fs::resize_file(path, size);
}
std::vector<std::int64_t> counts(const cr::Tensor<std::int64_t>& labels, std::size_t classes) {
  std::vector<std::int64_t> n(classes, 0);
  for (auto label : labels.to_vector()) ++n[static_cast<std::size_t>(label)];
  return n;
}
/// CIFAR-10's files, unpacked into `scratch` where they are stored as .xz; "" if they cannot be had.
std::string unpacked(const chainrule_test::ScratchDir& scratch) {
  const std::string stored = chainrule_test::data_dir() + "/cifar-10-batches-bin";
  if (fs::exists(stored + "/data_batch_1.bin")) return stored;
  if (!chainrule_test::present(stored + "/data_batch_1.bin.xz")) return "";
  const std::string command = "for f in '" + stored + "'/*.bin.xz; do xz -dkc \"$f\" >'" + scratch.path() +
                              "'/$(basename \"$f\" .xz) & done; wait";
  if (std::system(command.c_str()) == 0 && fs::file_size(scratch.path("test_batch.bin")) > 0) return scratch.path();
  std::printf("SKIPPED: %s cannot be unpacked: no xz here\n", stored.c_str());
  return "";
}

}  // namespace

TEST_CASE("a file of CIFAR-10 is read record by record: label, red, green, blue", "[data][cifar]") {
  chainrule_test::ScratchDir dir;
  const auto all = data::read_cifar10(dir.write("three.bin", records(3, 8)));
  CHECK(all.images.shape() == cr::Shape{3, 3, 32, 32});
  CHECK(all.labels.to_vector() == std::vector<std::int64_t>{8, 9, 0});
  CHECK(!all.coarse_labels.defined());
  CHECK(all.images.at({2, 0, 0, 0}) == 2);
  CHECK(all.images.at({0, 0, 1, 2}) == 34);
  CHECK(all.images.at({1, 2, 31, 31}) == (1 + 3071) % 251);
}

TEST_CASE("a file of CIFAR-100 has two labels a record", "[data][cifar]") {
  chainrule_test::ScratchDir dir;
  const auto all = data::read_cifar100(dir.write("two.bin", records(2, 19, 2)));
  CHECK(all.images.shape() == cr::Shape{2, 3, 32, 32});
  CHECK(all.coarse_labels.to_vector() == std::vector<std::int64_t>{19, 0});
  CHECK(all.labels.to_vector() == std::vector<std::int64_t>{19, 20});
  CHECK(all.images.at({1, 0, 0, 1}) == 2);
}

TEST_CASE("damaged CIFAR files are refused, with their offset", "[data][cifar]") {
  chainrule_test::ScratchDir dir;
  CHECK_THROWS_WITH(data::read_cifar10(dir.write("a.bin", {})), Contains("a.bin: is empty"));
  auto bytes = records(2);
  bytes.pop_back();
  CHECK_THROWS_WITH(data::read_cifar10(dir.write("a.bin", bytes)),
                    Contains("record 1 begins at offset 3073 and needs 3073 bytes, but the file ends at offset 6145"));
  bytes = records(2);
  bytes[3073] = 10;
  CHECK_THROWS_WITH(data::read_cifar10(dir.write("a.bin", bytes)),
                    Contains("label 10 of record 1 (offset 3073) is not in 0..9"));
  bytes = records(2, 0, 2);
  bytes[3075] = 100;
  CHECK_THROWS_WITH(data::read_cifar100(dir.write("a.bin", bytes)),
                    Contains("label 100 of record 1 (offset 3075) is not in 0..99"));
  bytes[3075] = 1, bytes[3074] = 20;
  CHECK_THROWS_WITH(data::read_cifar100(dir.write("a.bin", bytes)),
                    Contains("coarse label 20 of record 1 (offset 3074) is not in 0..19"));
  CHECK_THROWS_WITH(data::read_cifar100(dir.write("a.bin", records(1))), Contains("binary version of CIFAR100"));
  CHECK_THROWS_WITH(data::read_cifar10(dir.path("b.bin")), Contains("b.bin: no such file"));
  CHECK_THROWS_WITH(data::read_cifar10(dir.path()), Contains("is a folder"));
  // What only the start of a file makes: the size is known, and refused, before anything is read.
  write_empty(dir.path("c.bin"), std::uintmax_t{1} << 40);
  CHECK_THROWS_WITH(data::read_cifar10(dir.path("c.bin")), Contains("the file ends at offset 1099511627776"));
}

TEST_CASE("CIFAR10 and CIFAR100 find their files in the folder, or in the one that the archive makes",
          "[data][cifar]") {
  for (const char* folder : {"", "cifar-10-batches-bin/", "cifar-100-binary/"}) {
    chainrule_test::ScratchDir dir;
    fs::create_directories(dir.path(folder));
    INFO(folder);
    if (std::string(folder).find("100") == std::string::npos) {
      write_empty(dir.path(std::string(folder) + "test_batch.bin"), 30730000);
      const data::CIFAR10 test(dir.path(), data::Split::test), same(dir.path(), false);
      CHECK(test.size() == 10000);
      CHECK(same.size() == 10000);
      CHECK(test.get(7).first.shape() == cr::Shape{3, 32, 32});
      CHECK(test.classes()[static_cast<std::size_t>(test.get(7).second)] == "airplane");
    }
    if (std::string(folder).find("10-") == std::string::npos) {
      write_empty(dir.path(std::string(folder) + "test.bin"), 30740000);
      const data::CIFAR100 test(dir.path(), false, cr::transforms::ToTensor{}),
          coarse(dir.path(), data::Split::test, cr::transforms::ToTensor{}, {.coarse = true});
      CHECK(test.size() == 10000);
      CHECK(test.classes().size() == 100);
      CHECK(test.classes()[0] == "apple");
      CHECK(coarse.classes().size() == 20);
      CHECK(coarse.classes()[0] == "aquatic_mammals");
      CHECK(coarse.fine_labels().shape() == cr::Shape{10000});
      CHECK(test.coarse_labels().shape() == cr::Shape{10000});
    }
  }
}

TEST_CASE("CIFAR10 says what is wrong with a folder", "[data][cifar]") {
  chainrule_test::ScratchDir dir;
  auto train = [&] { return data::CIFAR10(dir.path()); };
  CHECK_THROWS_WITH(data::CIFAR10(dir.path("nowhere")),
                    Contains("CIFAR10: the folder") && Contains("nowhere does not exist"));
  CHECK_THROWS_WITH(train(), Contains("neither data_batch_1.bin nor data_batch_1.bin.gz is in") &&
                                 Contains("unpacked from cifar-10-binary.tar.gz"));
  fs::create_directories(dir.path("cifar-10-batches-py"));
  CHECK_THROWS_WITH(train(), Contains("what is there is the version for Python"));
  dir.write("cifar-10-binary.tar.gz", records(1));
  CHECK_THROWS_WITH(train(), Contains("cifar-10-binary.tar.gz: is still packed; unpack it first: tar -C"));
  dir.write("data_batch_1.bin.xz", records(1));
  CHECK_THROWS_WITH(train(), Contains("data_batch_1.bin.xz: is still packed; unpack it first: xz -dk"));
  fs::remove(dir.path("cifar-10-binary.tar.gz"));
  for (int i = 1; i <= 4; ++i) write_empty(dir.path("data_batch_" + std::to_string(i) + ".bin"), 30730000);
  CHECK_THROWS_WITH(train(), Contains("neither data_batch_5.bin nor"));
  dir.write("data_batch_5.bin", records(7));
  CHECK_THROWS_WITH(train(), Contains("data_batch_5.bin: holds 7 records of 3073 bytes, expected 10000"));
  fs::rename(dir.path("data_batch_5.bin"), dir.path("data_batch_5.bin.gz"));
  CHECK_THROWS_WITH(train(), Contains("data_batch_5.bin.gz: holds 7 records of 3073 bytes, expected 10000"));
  fs::remove(dir.path("data_batch_5.bin.gz"));
  // One label of the last file is wrong: everything else is right, and it is found all the same.
  write_empty(dir.path("data_batch_5.bin"), 30730000);
  {
    std::fstream file(dir.path("data_batch_5.bin"), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(9999 * 3073);
    file.put(static_cast<char>(200));
  }
  CHECK_THROWS_WITH(train(), Contains("data_batch_5.bin: label 200 of record 9999 (offset 30726927)"));
}

TEST_CASE("the names of CIFAR's classes are all different", "[data][cifar]") {
  for (const auto* names : {&data::cifar10_classes(), &data::cifar100_classes(), &data::cifar100_coarse_classes()})
    CHECK(std::set<std::string>(names->begin(), names->end()).size() == names->size());
  CHECK(data::cifar10_classes().size() == 10);
  CHECK(data::cifar100_classes().size() == 100);
  CHECK(data::cifar100_coarse_classes().size() == 20);
  CHECK(data::cifar10_classes()[9] == "truck");
  CHECK(data::cifar100_classes()[99] == "worm");
  CHECK(data::cifar100_coarse_classes()[19] == "vehicles_2");
}

TEST_CASE("CIFAR-10 has 50,000 and 10,000 images, the ten classes alike", "[data][cifar][long]") {
  const chainrule_test::ScratchDir scratch;
  const std::string folder = unpacked(scratch);
  if (folder.empty()) return;
  const data::CIFAR10 train(folder, data::Split::train), test(folder, false);
  CHECK(train.size() == 50000);
  CHECK(test.size() == 10000);
  CHECK(counts(train.labels(), 10) == std::vector<std::int64_t>(10, 5000));
  CHECK(counts(test.labels(), 10) == std::vector<std::int64_t>(10, 1000));
  CHECK(counts(train.labels().slice(0, 0, 10000), 10) ==
        std::vector<std::int64_t>{1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981});
  CHECK(counts(train.labels().slice(0, 40000, 50000), 10) ==
        std::vector<std::int64_t>{1014, 1014, 952, 1016, 997, 1025, 980, 977, 1003, 1022});
  CHECK(train.labels().slice(0, 0, 10).to_vector() == std::vector<std::int64_t>{6, 9, 9, 4, 1, 1, 2, 7, 8, 3});
  CHECK(test.labels().slice(0, 0, 10).to_vector() == std::vector<std::int64_t>{3, 8, 8, 0, 6, 6, 1, 6, 3, 1});
  // The well-known means of the training images' channels.
  const auto means = train.images().to<float>().mean({0, 2, 3}).to_vector();
  CHECK(means[0] / 255 == Approx(0.4914).margin(1e-4));
  CHECK(means[1] / 255 == Approx(0.4822).margin(1e-4));
  CHECK(means[2] / 255 == Approx(0.4465).margin(1e-4));
}

TEST_CASE("the sample of CIFAR-100 has ten images of each class, each in its group", "[data][cifar]") {
  const std::string folder = chainrule_test::data_dir() + "/cifar-100-sample";
  if (!chainrule_test::present(folder)) return;
  const auto all = data::read_cifar100(folder + "/sample.bin");
  CHECK(all.images.shape() == cr::Shape{1000, 3, 32, 32});
  CHECK(counts(all.labels, 100) == std::vector<std::int64_t>(100, 10));
  CHECK(counts(all.coarse_labels, 20) == std::vector<std::int64_t>(20, 50));
  CHECK(all.labels.slice(0, 0, 5).to_vector() == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(data::cifar100_coarse_classes()[static_cast<std::size_t>(all.coarse_labels.at({0}))] ==
        "fruit_and_vegetables");  // an apple
  auto lines = [](const std::vector<std::string>& names) {
    std::string text;
    for (const auto& n : names) text += n + "\n";
    return text;
  };
  CHECK(lines(data::cifar100_classes()) == chainrule_test::read_text(folder + "/fine_label_names.txt"));
  CHECK(lines(data::cifar100_coarse_classes()) == chainrule_test::read_text(folder + "/coarse_label_names.txt"));
}
