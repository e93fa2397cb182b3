#pragma once
// The points of Winograd's F(4 x 4, 3 x 3): a 4 x 4 tile of a 3 x 3 convolution from 36 products instead of 144.
// Y = A^T [(G g G^T) * (B^T d B)] A with the Toom-Cook matrices of the points 0, a, -a, b, -b and infinity (Lavin &
// Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, have a = 1, b = 2; nearer to 1 on both sides rounds
// less).

namespace chainrule::cpu {

struct WinogradPoints {
  static constexpr float a = 0.625f, b = 1.5f;
  static constexpr float aa = a * a, bb = b * b;
  static constexpr float norm_0 = 1 / (aa * bb), norm_a = 1 / (2 * aa * (aa - bb)), norm_b = 1 / (2 * bb * (bb - aa));
};

}  // namespace chainrule::cpu
