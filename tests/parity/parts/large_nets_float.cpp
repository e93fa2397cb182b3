#include "parity/parts/large_nets.hpp"

template chainrule_test::ParityNet<float> chainrule_test::large_net<float>(const std::string& name,
                                                                           std::int64_t classes);
