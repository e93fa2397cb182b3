#include "parity/parts/small_nets.hpp"

template chainrule_test::ParityNet<float> chainrule_test::small_net<float>(const std::string& name,
                                                                           std::int64_t classes);
