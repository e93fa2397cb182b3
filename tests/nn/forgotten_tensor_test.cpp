// A tensor in a module that asks to be trained but is no Parameter: an error, not silence.

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include <chainrule/chainrule.hpp>

namespace cr = chainrule;
namespace nn = chainrule::nn;
using chainrule_test::Contains;
using chainrule_test::message_of;

namespace {

struct Data : nn::Module<Data> {  // tensors that are only data
  nn::Linear fc{2, 2};
  cr::Tensor<> mean = cr::zeros({2}), state;
  std::vector<cr::Tensor<>> history = {};
  cr::Tensor<> forward(const cr::Tensor<>& x) {
    state = fc(x - mean);  // it has a history, so it is nobody's parameter
    return state;
  }
};
struct Forgets : nn::Module<Forgets> {
  nn::Linear fc{2, 2};
  cr::Tensor<> gain = cr::ones({2}, {.requires_grad = true});
  cr::Tensor<> forward(const cr::Tensor<>& x) { return fc(x) * gain; }
};
struct ForgetsList : nn::Module<ForgetsList> {
  std::vector<cr::Tensor<>> gains = {cr::zeros({1}), cr::ones({1}, {.requires_grad = true})};
  cr::Tensor<> forward(const cr::Tensor<>& x) { return x * gains[1]; }
};

}  // namespace

TEST_CASE("a tensor that requires a gradient but is no Parameter is refused, by name", "[nn][module]") {
  Forgets forgets;
  ForgetsList list;
  const std::string text = message_of([&] { forgets.parameters(); });
  CHECK_THAT(text, Contains("member gain is a tensor that requires a gradient, but no nn::Parameter"));
  CHECK_THAT(text, Contains("nn::Parameter gain = ...;"));
  CHECK_THAT(message_of([&] { list.parameters(); }), Contains("member gains is a tensor that requires a gradient"));
  CHECK_THAT(message_of([&] { forgets.state_dict(); }), Contains("member gain"));
}

TEST_CASE("tensors that are data are left in peace", "[nn][module]") {
  Data net;
  CHECK(net.parameters().size() == 2);
  net.forward(cr::ones({1, 2}));
  net.history.push_back(net.state);
  CHECK(net.state.requires_grad());
  CHECK(net.parameters().size() == 2);
}
