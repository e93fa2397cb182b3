#pragma once
// MNIST and Fashion-MNIST from their IDX files, and the drawn digits in the same form for when there are no files.

#include <chainrule/core/compiled.hpp>
#include <chainrule/data/byte_images.hpp>
#include <chainrule/data/drawn_digits.hpp>
#include <chainrule/data/idx.hpp>

namespace chainrule::data {

namespace detail {

struct LabelledImages {
  Tensor<std::uint8_t> images;
  Tensor<std::int64_t> labels;
};

/// The path without ".gz" of one of the four files, in `root` or where torchvision puts it.
[[gnu::cold]] std::string find_idx(const std::string& root, const std::string& folder, const std::string& name,
                                   Location at);

[[gnu::cold]] LabelledImages read_labelled_idx(const std::string& root, const std::string& folder, Split split,
                                               Location at);

inline const std::vector<std::string>& digit_names() {
  static const std::vector<std::string> names{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  return names;
}

}  // namespace detail

/// MNIST: 60,000 training and 10,000 test images, 28x28 grey, of handwritten digits (LeCun, Cortes, Burges). Reads the
/// four IDX files, plain or .gz, from `root` or root/MNIST/raw. A sample is (1, 28, 28) floats and the digit.
///     transforms::Compose to_floats(transforms::ToTensor{}, transforms::Normalize{{0.1307f}, {0.3081f}});
///     data::MNIST train("data/mnist", true, to_floats);
///     data::MNIST test("data/mnist", false);     // torchvision's way to say it: train = false
template <class Transform = transforms::ToTensor> class MNIST : public ByteImages<Transform> {
 public:
  explicit MNIST(const std::string& root, Split split = Split::train, Transform transform = {},
                 Location at = Location::here())
      : MNIST(detail::read_labelled_idx(root, "MNIST", split, at), std::move(transform), at) {}
  template <std::same_as<bool> Train>
  MNIST(const std::string& root, Train train, Transform transform = {}, Location at = Location::here())
      : MNIST(root, train ? Split::train : Split::test, std::move(transform), at) {}

 private:
  MNIST(detail::LabelledImages all, Transform transform, Location at)
      : ByteImages<Transform>(all.images, all.labels, std::move(transform), detail::digit_names(), at) {}
};

/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): articles of clothing in MNIST's form. In `root` or
/// root/FashionMNIST/raw.
template <class Transform = transforms::ToTensor> class FashionMNIST : public ByteImages<Transform> {
 public:
  explicit FashionMNIST(const std::string& root, Split split = Split::train, Transform transform = {},
                        Location at = Location::here())
      : FashionMNIST(detail::read_labelled_idx(root, "FashionMNIST", split, at), std::move(transform), at) {}
  template <std::same_as<bool> Train>
  FashionMNIST(const std::string& root, Train train, Transform transform = {}, Location at = Location::here())
      : FashionMNIST(root, train ? Split::train : Split::test, std::move(transform), at) {}

 private:
  FashionMNIST(detail::LabelledImages all, Transform transform, Location at)
      : ByteImages<Transform>(
            all.images, all.labels, std::move(transform),
            {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"},
            at) {}
};

/// `count` digits drawn by a wobbly pen, in MNIST's form, without any file. Image i depends on seed and i only; use
/// another seed for the test set.
///     data::DrawnDigits train(60000, 1), test(10000, 2);
template <class Transform = transforms::ToTensor> class DrawnDigits : public ByteImages<Transform> {
 public:
  explicit DrawnDigits(std::int64_t count, std::uint64_t seed = 0, Transform transform = {},
                       Location at = Location::here())
      : DrawnDigits(drawn_digits_bytes(count, seed, at), std::move(transform), at) {}

 private:
  DrawnDigits(const DrawnDigitsBytes& set, Transform transform, Location at)
      : ByteImages<Transform>(tensor(set.images).view({set.labels.size(), 28, 28}),
                              tensor(set.labels).template to<std::int64_t>(), std::move(transform),
                              detail::digit_names(), at) {}
};

}  // namespace chainrule::data

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::detail {

CHAINRULE_INLINE std::string find_idx(const std::string& root, const std::string& folder, const std::string& name,
                                      Location at) {
  using io::detail::join_path;
  std::string dotted = name;
  dotted[dotted.rfind("-idx")] = '.';  // "train-images.idx3-ubyte": the name in some archives
  const std::string inside = join_path(root, folder), raw = join_path(inside, "raw");
  for (const auto& place : {root, raw, inside, join_path(root, "raw")})
    for (const auto& file : {name, dotted})
      for (const char* packed : {"", ".gz"})
        if (io::detail::exists(join_path(place, file + packed))) return join_path(place, file);
  fail(at, folder, ": neither ", name, " nor ", name, ".gz is in ", root, " or in ", raw,
       "; give the folder that holds the four IDX files");
}

CHAINRULE_INLINE LabelledImages read_labelled_idx(const std::string& root, const std::string& folder, Split split,
                                                  Location at) {
  const std::string prefix = split == Split::train ? "train" : "t10k";
  const auto images_path = find_idx(root, folder, prefix + "-images-idx3-ubyte", at),
             labels_path = find_idx(root, folder, prefix + "-labels-idx1-ubyte", at);
  const IdxArray images = read_idx(images_path, at), labels = read_idx(labels_path, at);
  check(images.shape.size() == 3, at, images_path, ": holds ", images.shape.size(), " dimensions, images have 3");
  check(labels.shape.size() == 1, at, labels_path, ": holds ", labels.shape.size(), " dimensions, labels have 1");
  check(images.shape[0] == labels.shape[0], at, images_path, " holds ", images.shape[0], " images, but ", labels_path,
        " ", labels.shape[0], " labels");
  for (std::size_t i = 0; i < labels.values.size(); ++i)
    check(labels.values[i] < 10, at, labels_path, ": label ", int{labels.values[i]}, " of row ", i, " (offset ", 8 + i,
          ") is not in 0..9");
  LabelledImages all{allocate<std::uint8_t>(Shape(std::span(images.shape))),
                     allocate<std::int64_t>(Shape(std::span(labels.shape)))};
  std::copy(images.values.begin(), images.values.end(), all.images.data());
  std::copy(labels.values.begin(), labels.values.end(), all.labels.data());
  return all;
}

}  // namespace chainrule::data::detail
#endif
