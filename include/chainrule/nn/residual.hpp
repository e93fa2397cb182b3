#pragma once
// Residual: a skip connection around any module.

#include <chainrule/nn/flatten.hpp>
#include <chainrule/ops/add.hpp>

namespace chainrule::nn {

/// block(x) + shortcut(x); the shortcut is x itself unless a module is given that brings x to the block's shape.
/// Throws if the two shapes differ: they would broadcast by accident. Source: He, Zhang, Ren, Sun 2016.
///     nn::Residual skip(nn::Sequential{nn::Linear(8, 8), nn::Tanh()});
///     nn::Residual down(nn::Conv2d(64, 128, 3, {.stride = 2, .padding = 1}), nn::Conv2d(64, 128, 1, {.stride = 2}));
template <class Block, class Shortcut = Identity> struct Residual : Module<Residual<Block, Shortcut>> {
  static constexpr std::string_view module_name = "Residual";
  Block block;
  Shortcut shortcut;

  explicit Residual(Block b, Shortcut s = {}) : block(std::move(b)), shortcut(std::move(s)) {}
  using parts = members<&Residual::block, &Residual::shortcut>;

  template <class X>
  auto forward(const X& x, Location at = Location::here()) -> std::remove_cvref_t<decltype(block(x))> {
    auto y = block(x, at);
    auto skip = shortcut(x, at);
    check(y.shape() == skip.shape(), at, "the block gives shape ", y.shape(), ", the shortcut ", skip.shape(),
          "; give Residual a second module that brings the input to the block's shape, such as a 1x1 convolution");
    return chainrule::add(Operand(y, at), Operand(skip, at), at);
  }
};
template <class Block> Residual(Block) -> Residual<Block>;
template <class Block, class Shortcut> Residual(Block, Shortcut) -> Residual<Block, Shortcut>;

}  // namespace chainrule::nn
