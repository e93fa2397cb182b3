// A second file of the same program that includes everything.

#include CONSUMER_HEADER

chainrule::Tensor<> twice(const chainrule::Tensor<>& x);
chainrule::Tensor<> twice(const chainrule::Tensor<>& x) { return x * 2; }
