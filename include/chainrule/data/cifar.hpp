#pragma once
// CIFAR-10 and CIFAR-100 from the binary version of their archives: records of labels and 32x32 colour images.

#include <chainrule/core/compiled.hpp>
#include <chainrule/data/byte_images.hpp>
#include <string>
#include <vector>

namespace chainrule::data {

/// The records of a CIFAR file, or of several.
struct CifarRecords {
  Tensor<std::uint8_t> images;         ///< (N, 3, 32, 32): red, green, blue
  Tensor<std::int64_t> labels;         ///< (N,): 0..9; the fine labels 0..99 of CIFAR-100
  Tensor<std::int64_t> coarse_labels;  ///< (N,): 0..19, of CIFAR-100 only
};

/// Reads one file of CIFAR-10's binary version, of any number of records: 1 byte of label, then 1024 bytes red, 1024
/// green, 1024 blue, row by row. Plain, or packed with gzip. Throws an Error with `path` and the offset: no file,
/// empty, truncated, a label that is not in 0..9.
///     auto batch = read_cifar10("cifar-10-batches-bin/data_batch_1.bin");   // images (10000, 3, 32, 32)
CifarRecords read_cifar10(const std::string& path, Location at = Location::here());
/// The same for CIFAR-100: 1 byte of coarse label (0..19), 1 of fine label (0..99), then the 3072 bytes of the image.
///     auto test = read_cifar100("cifar-100-binary/test.bin");   // images (10000, 3, 32, 32)
CifarRecords read_cifar100(const std::string& path, Location at = Location::here());

/// The names of CIFAR-10's classes, of CIFAR-100's, and of CIFAR-100's 20 groups of five classes.
const std::vector<std::string>& cifar10_classes();
const std::vector<std::string>& cifar100_classes();
const std::vector<std::string>& cifar100_coarse_classes();

struct CIFAR100Options {
  bool coarse = false;  ///< the target is the group, 0..19, and not the class, 0..99
};

namespace detail {

/// All records of a split, from the files of the archive in `root` or in the folder that the archive makes.
[[gnu::cold]] CifarRecords read_cifar10_split(const std::string& root, Split split, Location at);
[[gnu::cold]] CifarRecords read_cifar100_split(const std::string& root, Split split, Location at);

}  // namespace detail

/// CIFAR-10: 50,000 training and 10,000 test images, 32x32 in colour, of ten classes (Krizhevsky 2009). Reads the
/// binary version (data_batch_1.bin to data_batch_5.bin, test_batch.bin; plain or .gz) from `root` or
/// root/cifar-10-batches-bin. A sample is (3, 32, 32) floats and the class; the transform gets (32, 32, 3) bytes.
///     data::CIFAR10 train("data", Split::train, to_floats);
///     data::CIFAR10 test("data", false, to_floats);   // torchvision's way to say it: train = false
///     test.classes()[3];                              // "cat"
template <class Transform = transforms::ToTensor> class CIFAR10 : public ByteImages<Transform> {
 public:
  explicit CIFAR10(const std::string& root, Split split = Split::train, Transform transform = {},
                   Location at = Location::here())
      : CIFAR10(detail::read_cifar10_split(root, split, at), std::move(transform), at) {}
  template <std::same_as<bool> Train>
  CIFAR10(const std::string& root, Train train, Transform transform = {}, Location at = Location::here())
      : CIFAR10(root, train ? Split::train : Split::test, std::move(transform), at) {}

 private:
  CIFAR10(const CifarRecords& all, Transform transform, Location at)
      : ByteImages<Transform>(all.images, all.labels, std::move(transform), cifar10_classes(), at) {}
};

/// CIFAR-100: the same form, 100 classes in 20 groups. Reads train.bin or test.bin (plain or .gz) from `root` or
/// root/cifar-100-binary. The target is the class; with {.coarse = true}, the group. Both are always at hand.
///     data::CIFAR100 train("data", Split::train, to_floats);
///     data::CIFAR100 groups("data", Split::train, to_floats, {.coarse = true});
///     train.coarse_labels();   // (50000,)
template <class Transform = transforms::ToTensor> class CIFAR100 : public ByteImages<Transform> {
 public:
  explicit CIFAR100(const std::string& root, Split split = Split::train, Transform transform = {},
                    CIFAR100Options options = {}, Location at = Location::here())
      : CIFAR100(detail::read_cifar100_split(root, split, at), std::move(transform), options, at) {}
  template <std::same_as<bool> Train>
  CIFAR100(const std::string& root, Train train, Transform transform = {}, CIFAR100Options options = {},
           Location at = Location::here())
      : CIFAR100(root, train ? Split::train : Split::test, std::move(transform), options, at) {}

  const Tensor<std::int64_t>& fine_labels() const { return fine_; }      ///< (N,), 0..99
  const Tensor<std::int64_t>& coarse_labels() const { return coarse_; }  ///< (N,), 0..19
  const std::vector<std::string>& fine_classes() const { return cifar100_classes(); }
  const std::vector<std::string>& coarse_classes() const { return cifar100_coarse_classes(); }

 private:
  CIFAR100(const CifarRecords& all, Transform transform, CIFAR100Options options, Location at)
      : ByteImages<Transform>(all.images, options.coarse ? all.coarse_labels : all.labels, std::move(transform),
                              options.coarse ? cifar100_coarse_classes() : cifar100_classes(), at),
        fine_(all.labels),
        coarse_(all.coarse_labels) {}

  Tensor<std::int64_t> fine_, coarse_;
};

}  // namespace chainrule::data

#if CHAINRULE_DEFINITIONS
#include <chainrule/io/gzip.hpp>

namespace chainrule::data::detail {

/// What distinguishes the two archives.
struct CifarArchive {
  const char* name;
  const char* folder;  // that the archive unpacks to
  const char* archive;
  const char* python;  // the folder of the version for Python, which holds other files
  std::size_t labels;  // bytes in front of an image; the last one is the class
  int classes, coarse_classes;
};
inline constexpr CifarArchive cifar10_archive{
    "CIFAR10", "cifar-10-batches-bin", "cifar-10-binary.tar.gz", "cifar-10-batches-py", 1, 10, 0};
inline constexpr CifarArchive cifar100_archive{
    "CIFAR100", "cifar-100-binary", "cifar-100-binary.tar.gz", "cifar-100-python", 2, 100, 20};
inline constexpr std::size_t cifar_image = 3 * 32 * 32;
inline constexpr std::uint64_t cifar_records = 10000;  // of each file of CIFAR-10, and of CIFAR-100's test file

/// Throws unless a file of `bytes` bytes holds `expected` whole records; 0: any number but none.
inline void check_cifar_size(std::uint64_t bytes, std::uint64_t expected, const CifarArchive& a,
                             const std::string& path, Location at) {
  const std::uint64_t record = a.labels + cifar_image, count = bytes / record;
  check(bytes > 0, at, path, ": is empty; copy or download the file again");
  check(bytes % record == 0, at, path, ": truncated, or not of the binary version of ", a.name, ": record ", count,
        " begins at offset ", count * record, " and needs ", record, " bytes, but the file ends at offset ", bytes);
  check(expected == 0 || count == expected, at, path, ": holds ", count, " records of ", record, " bytes, expected ",
        expected, " (the file ends at offset ", bytes, ", not ", expected * record,
        "); copy or download the file again");
}

/// The records of all the files, `expected` of each; of a single file, 0 takes any number.
inline CifarRecords read_cifar(const std::vector<std::string>& paths, std::uint64_t expected, const CifarArchive& a,
                               Location at) {
  for (const auto& path : paths)  // before memory is taken; what is packed, or no plain file, shows its size when read
    if (const auto size = io::detail::size_of_file(path);
        size > 0 && !path.ends_with(".gz") && !io::detail::is_folder(path))
      check_cifar_size(size, expected, a, path, at);
  CifarRecords all;
  std::int64_t done = 0;
  for (const auto& path : paths) {
    const auto bytes = io::read_maybe_gzip(path, at);
    check_cifar_size(bytes.size(), expected, a, path, at);
    const std::size_t record = a.labels + cifar_image, count = bytes.size() / record;
    for (std::size_t i = 0; i < count; ++i) {
      const int label = bytes[i * record + a.labels - 1];
      check(label < a.classes, at, path, ": label ", label, " of record ", i, " (offset ", i * record + a.labels - 1,
            ") is not in 0..", a.classes - 1);
      check(a.labels == 1 || bytes[i * record] < a.coarse_classes, at, path, ": coarse label ", int{bytes[i * record]},
            " of record ", i, " (offset ", i * record, ") is not in 0..", a.coarse_classes - 1);
    }
    if (!all.images.defined()) {
      const std::size_t n = count * paths.size();
      all = {allocate<std::uint8_t>({n, 3, 32, 32}), allocate<std::int64_t>({n}),
             a.labels == 1 ? Tensor<std::int64_t>() : allocate<std::int64_t>({n})};
    }
    for (std::size_t i = 0; i < count; ++i, ++done) {
      const std::uint8_t* from = bytes.data() + i * record;
      if (a.labels == 2) all.coarse_labels.data()[done] = from[0];
      all.labels.data()[done] = from[a.labels - 1];
      std::copy(from + a.labels, from + record, all.images.data() + done * static_cast<std::int64_t>(cifar_image));
    }
  }
  return all;
}

/// Where the file `name` is, plain or .gz, in `root` or in the archive's folder. Where it is not, says what is.
inline std::string find_cifar(const std::string& root, const std::string& name, const CifarArchive& a, Location at) {
  using io::detail::exists, io::detail::join_path;
  const std::string inside = join_path(root, a.folder);
  for (const auto& folder : {root, inside})
    for (const char* packed : {"", ".gz"})
      if (const auto path = join_path(folder, name) + packed; exists(path)) return path;
  for (const auto& folder : {root, inside})
    if (const auto path = join_path(folder, name + ".xz"); exists(path))
      fail(at, path, ": is still packed; unpack it first: xz -dk ", join_path(folder, "*.xz"));
  check(exists(root), at, a.name, ": the folder ", root, " does not exist (relative paths start at ",
        io::detail::current_folder(), ")");
  if (const auto path = join_path(root, a.archive); exists(path))
    fail(at, path, ": is still packed; unpack it first: tar -C ", root, " -xzf ", path);
  const bool python = exists(join_path(root, a.python));
  fail(at, a.name, ": neither ", name, " nor ", name, ".gz is in ", root, " or in ", inside, "; ",
       python ? "what is there is the version for Python; this reads the binary version, unpacked from "
              : "give the folder that holds what is unpacked from ",
       a.archive);
}

CHAINRULE_INLINE CifarRecords read_cifar10_split(const std::string& root, Split split, Location at) {
  std::vector<std::string> paths;
  if (split == Split::test) paths.push_back(find_cifar(root, "test_batch.bin", cifar10_archive, at));
  else
    for (int i = 1; i <= 5; ++i)
      paths.push_back(find_cifar(root, "data_batch_" + std::to_string(i) + ".bin", cifar10_archive, at));
  return read_cifar(paths, cifar_records, cifar10_archive, at);
}

CHAINRULE_INLINE CifarRecords read_cifar100_split(const std::string& root, Split split, Location at) {
  const bool train = split == Split::train;
  return read_cifar({find_cifar(root, train ? "train.bin" : "test.bin", cifar100_archive, at)},
                    cifar_records * (train ? 5 : 1), cifar100_archive, at);
}

}  // namespace chainrule::data::detail
namespace chainrule::data {

CHAINRULE_INLINE CifarRecords read_cifar10(const std::string& path, Location at) {
  return detail::read_cifar({path}, 0, detail::cifar10_archive, at);
}
CHAINRULE_INLINE CifarRecords read_cifar100(const std::string& path, Location at) {
  return detail::read_cifar({path}, 0, detail::cifar100_archive, at);
}

CHAINRULE_INLINE const std::vector<std::string>& cifar10_classes() {
  static const std::vector<std::string> names{"airplane", "automobile", "bird",  "cat",  "deer",
                                              "dog",      "frog",       "horse", "ship", "truck"};
  return names;
}

CHAINRULE_INLINE const std::vector<std::string>& cifar100_classes() {
  static const std::vector<std::string> names{
      "apple",      "aquarium_fish", "baby",         "bear",       "beaver",      "bed",         "bee",
      "beetle",     "bicycle",       "bottle",       "bowl",       "boy",         "bridge",      "bus",
      "butterfly",  "camel",         "can",          "castle",     "caterpillar", "cattle",      "chair",
      "chimpanzee", "clock",         "cloud",        "cockroach",  "couch",       "crab",        "crocodile",
      "cup",        "dinosaur",      "dolphin",      "elephant",   "flatfish",    "forest",      "fox",
      "girl",       "hamster",       "house",        "kangaroo",   "keyboard",    "lamp",        "lawn_mower",
      "leopard",    "lion",          "lizard",       "lobster",    "man",         "maple_tree",  "motorcycle",
      "mountain",   "mouse",         "mushroom",     "oak_tree",   "orange",      "orchid",      "otter",
      "palm_tree",  "pear",          "pickup_truck", "pine_tree",  "plain",       "plate",       "poppy",
      "porcupine",  "possum",        "rabbit",       "raccoon",    "ray",         "road",        "rocket",
      "rose",       "sea",           "seal",         "shark",      "shrew",       "skunk",       "skyscraper",
      "snail",      "snake",         "spider",       "squirrel",   "streetcar",   "sunflower",   "sweet_pepper",
      "table",      "tank",          "telephone",    "television", "tiger",       "tractor",     "train",
      "trout",      "tulip",         "turtle",       "wardrobe",   "whale",       "willow_tree", "wolf",
      "woman",      "worm"};
  return names;
}

CHAINRULE_INLINE const std::vector<std::string>& cifar100_coarse_classes() {
  // clang-format off
  static const std::vector<std::string> names{
      "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
      "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
      "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
      "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2"};
  // clang-format on
  return names;
}

}  // namespace chainrule::data
#endif
