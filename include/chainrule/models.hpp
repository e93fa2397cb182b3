#pragma once
// Ready-made networks. One header each in models/, if you want only one.

#include <chainrule/models/better_net.hpp>
#include <chainrule/models/blob_net.hpp>
#include <chainrule/models/cifar_nets.hpp>
#include <chainrule/models/enhanced_cnn.hpp>
#include <chainrule/models/lenet.hpp>
#include <chainrule/models/mnist_cnn.hpp>
#include <chainrule/models/resnet.hpp>
#include <chainrule/models/simple_net.hpp>
#include <chainrule/models/spiral_net.hpp>
