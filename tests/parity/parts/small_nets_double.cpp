#include "parity/parts/small_nets.hpp"

template chainrule_test::ParityNet<double> chainrule_test::small_net<double>(const std::string& name,
                                                                             std::int64_t classes);
