#pragma once
// Labelled images in memory, one byte a value, transformed when they are asked for: what MNIST, the drawn digits and
// CIFAR are made of.

#include <chainrule/data/dataset.hpp>
#include <chainrule/data/transforms.hpp>
#include <string>

namespace chainrule::data {

/// Which part of a data set.
enum class Split { train, test };

/// Images (N, H, W), or (N, C, H, W) with the channels apart, and one label each. Sample i is (transform(image),
/// label); the transform gets (H, W), or (H, W, C). Transforms of single bytes (ToTensor, with Normalize after it) do
/// whole batches through a table.
template <class Transform = transforms::ToTensor> class ByteImages {
  using Image = Tensor<std::uint8_t>;
  static constexpr bool draws = transforms::Draws<Transform, Image>;

 public:
  ByteImages(Image images, Tensor<std::int64_t> labels, Transform transform = {}, std::vector<std::string> classes = {},
             Location at = Location::here())
      : images_(std::move(images)),
        labels_(std::move(labels)),
        transform_(std::move(transform)),
        classes_(std::move(classes)) {
    check(images_.dim() == 3 || images_.dim() == 4, at,
          "ByteImages: expects images of shape (N, H, W) or (N, C, H, W), got ", images_.shape());
    check(labels_.dim() == 1 && labels_.shape()[0] == images_.shape()[0], at, "ByteImages: ", images_.shape()[0],
          " images need labels of shape (", images_.shape()[0], ",), got ", labels_.shape());
    images_ = images_.contiguous();
    labels_ = labels_.contiguous();
    if (!classes_.empty())
      for (std::int64_t i = 0; i < size(); ++i)
        check(labels_.data()[i] >= 0 && labels_.data()[i] < static_cast<std::int64_t>(classes_.size()), at, "label ",
              labels_.data()[i], " of sample ", i, " is no class: there are ", classes_.size());
    if constexpr (transforms::FromByte<Transform>) {
      transforms::detail::check_step(transform_, {channels(), height(), width()});
      for (std::int64_t c = 0; c < channels(); ++c)
        for (int v = 0; v < 256; ++v) table_.push_back(transform_.from_byte(static_cast<std::uint8_t>(v), c));
    }
  }

  std::int64_t size() const { return labels_.numel(); }
  auto get(std::int64_t i) const requires(!draws) { return std::pair(transform_(image(i)), label(i)); }
  auto operator[](std::int64_t i) const requires(!draws) { return get(i); }
  auto get(std::int64_t i, Generator& g) const requires draws { return std::pair(transform_(image(i), g), label(i)); }
  /// Images (B, C, H, W) and labels (B,): what get() gives, bit for bit.
  Batch<Tensor<>, Tensor<std::int64_t>> get_batch(std::span<const std::int64_t> indices) const requires
      transforms::FromByte<Transform> {
    const std::int64_t n = static_cast<std::int64_t>(indices.size()), plane = height() * width(),
                       all = channels() * plane;
    for (auto i : indices) detail::check_index(i, size(), "ByteImages", {});
    Batch batch{detail::allocate<float>({n, channels(), height(), width()}), detail::allocate<std::int64_t>({n})};
    parallel_chunks(
        n, std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, all)),
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t k = begin; k < end; ++k) {
            const std::int64_t i = indices[static_cast<std::size_t>(k)];
            if (k + 4 < end)  // shuffled images lie far apart: ask for one ahead of time while this one is done
              for (std::int64_t p = 0; p < all; p += 64)
                __builtin_prefetch(images_.data() + indices[static_cast<std::size_t>(k + 4)] * all + p);
            batch.target.data()[k] = labels_.data()[i];
            for (std::int64_t c = 0; c < channels(); ++c)
              look_up(table_.data() + 256 * c, images_.data() + i * all + c * plane, plane,
                      batch.data.data() + k * all + c * plane);
          }
        });
    return batch;
  }

  const Tensor<std::uint8_t>& images() const { return images_; }        ///< (N, H, W) or (N, C, H, W)
  const Tensor<std::int64_t>& labels() const { return labels_; }        ///< (N,)
  const std::vector<std::string>& classes() const { return classes_; }  ///< a name for each label; may be empty
  const Transform& transform() const { return transform_; }

 private:
  std::int64_t channels() const { return images_.dim() == 3 ? 1 : images_.shape()[1]; }
  std::int64_t height() const { return images_.shape()[images_.dim() - 2]; }
  std::int64_t width() const { return images_.shape()[images_.dim() - 1]; }
  Image image(std::int64_t i) const {
    detail::check_index(i, size(), "ByteImages", {});
    no_grad guard;
    return images_.dim() == 3 ? images_[i] : images_[i].permute({1, 2, 0});
  }
  static void look_up(const float* table, const std::uint8_t* from, std::int64_t n, float* to) {
    simd::run([=] { CHAINRULE_SIMD for (std::int64_t p = 0; p < n; ++p) to[p] = table[from[p]]; });
  }
  std::int64_t label(std::int64_t i) const { return labels_.data()[i]; }

  Image images_;
  Tensor<std::int64_t> labels_;
  Transform transform_;
  std::vector<std::string> classes_;
  std::vector<float> table_;  // [channel][byte]
};

}  // namespace chainrule::data
