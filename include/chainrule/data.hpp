#pragma once
// Data sets, transforms and the loader.

#include <chainrule/data/byte_images.hpp>
#include <chainrule/data/cifar.hpp>
#include <chainrule/data/collate.hpp>
#include <chainrule/data/dataset.hpp>
#include <chainrule/data/drawn_digits.hpp>
#include <chainrule/data/idx.hpp>
#include <chainrule/data/loader.hpp>
#include <chainrule/data/mnist.hpp>
#include <chainrule/data/synthetic.hpp>
#include <chainrule/data/transforms.hpp>
