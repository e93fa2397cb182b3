#include "parity/parts/large_nets.hpp"

template chainrule_test::ParityNet<double> chainrule_test::large_net<double>(const std::string& name,
                                                                             std::int64_t classes);
