#pragma once
// How each op of the parity files is called here: one row per op, split by family so that each file compiles quickly.

#include "support/parity.hpp"

namespace chainrule_test {

void add_elementwise_rows(ParityTable& table);
void add_reduction_rows(ParityTable& table);
void add_shape_rows(ParityTable& table);
void add_layer_rows(ParityTable& table);
void add_loss_rows(ParityTable& table);

}  // namespace chainrule_test
